"""The filter of standard error: the lines that it drops and those that have to pass."""

import os
import subprocess
import sys

import pytest

BEGIN = "import os, sys\nfrom keras_gans.terminal import quiet\nquiet.silence_libraries()\n"
NOISE = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1763775.123456    4711 port.cc:153] oneDNN custom operations are on.",
    "W0000 00:00:1763775.123456    4711 computation_placer.cc:177] already registered",
    "I20261122 01:44:13.000000 4711 cpu_feature_guard.cc:210] This TensorFlow binary",
    "E0000 00:00:1763775.1 4711 cuda_platform.cc:51] failed call to cuInit: INTERNAL: CUDA error",
    "E0000 00:00:1795317.0 10991 meta_optimizer.cc:967] remapper failed: INVALID_ARGUMENT: fanout",
]
WORDS = [
    "E0000 00:00:1763775.1 4711 executor.cc:9] something really went wrong",
    "F0000 00:00:1763775.1 4711 check.cc:9] Check failed",
    "Warning: yours",
    "WARNING: yours too",
    "Information that begins with an I",
    "I 1",
    "W1",
    "  I0000 in the middle",
    "",
]


def stderr_of(program):
    done = subprocess.run([sys.executable, "-c", BEGIN + program], capture_output=True, text=True)
    return done.stderr


def test_noise_is_dropped_and_everything_else_passes_in_order():
    lines = [line for pair in zip(WORDS, NOISE * 2, strict=False) for line in pair]
    text = "".join(f"{line}\n" for line in lines)
    assert stderr_of(f"os.write(2, {text.encode()!r})") == "".join(f"{w}\n" for w in WORDS)


def test_python_and_subprocesses_write_through_the_same_filter():
    child = f"import os; os.write(2, {(NOISE[2] + chr(10)).encode()!r} + b'from a child')"
    program = (
        f"print({NOISE[1]!r}, file=sys.stderr)\n"
        "print('from python', file=sys.stderr, flush=True)\n"
        "import subprocess\n"
        f"subprocess.run([sys.executable, '-c', {child!r}])\n"
    )
    assert stderr_of(program) == "from python\nfrom a child"


def test_warnings_of_tensorflow_are_dropped_and_those_of_others_pass():
    program = (
        "import logging\n"
        "logging.basicConfig(format='%(name)s %(message)s')\n"
        "for name in ('tensorflow', 'mine'):\n"
        "    logging.getLogger(name).warning('warns')\n"
        "    logging.getLogger(name).error('fails')\n"
    )
    assert stderr_of(program) == "tensorflow fails\nmine warns\nmine fails\n"


def test_traceback_passes_whole():
    said = stderr_of("def inner():\n    raise ValueError('I0000 is in it')\ninner()")
    assert said.startswith("Traceback (most recent call last):\n")
    assert said.endswith("ValueError: I0000 is in it\n")


def test_last_line_without_an_end_of_line_is_not_lost():
    assert stderr_of("os.write(2, b'the last words')") == "the last words"
    assert stderr_of("sys.stderr.write('W'); sys.exit(3)") == "W"
    assert stderr_of(f"os.write(2, {NOISE[1].encode()!r})") == ""


def test_many_lines_at_the_very_end_are_not_lost():
    assert len(stderr_of("os.write(2, b'x' * 79 + b'\\n')\n" * 2000)) == 2000 * 80


def test_standard_output_is_left_alone():
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + f"print({NOISE[1]!r})"], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == (NOISE[1] + "\n", "")


@pytest.fixture
def filtered():
    """Two functions: one writes bytes to the filter, one reads the bytes that have passed."""
    import threading

    from keras_gans.terminal.quiet import _filter

    source, write_end = os.pipe()
    read_end, target = os.pipe()
    thread = threading.Thread(target=_filter, args=(source, target))
    thread.start()
    yield (lambda data: os.write(write_end, data)), (lambda n: os.read(read_end, n))
    os.close(write_end)
    thread.join(timeout=10)
    for descriptor in (read_end, target):
        os.close(descriptor)


def test_prompt_and_bar_appear_before_their_line_ends(filtered):
    write, read = filtered
    for text in (b"Password: ", b"50 %\r", b"Iterations: ", b"Well? "):
        write(text)
        assert read(100) == text  # would block if it were held back


def test_line_that_comes_in_pieces_is_judged_as_a_whole(filtered):
    write, read = filtered
    for line in NOISE:
        for piece in (line[:1], line[1:3], line[3:20], line[20:] + "\n"):
            write(piece.encode())
            os.sched_yield()
    write(b"done\n")
    assert read(100) == b"done\n"


def test_text_after_a_prompt_is_part_of_its_line(filtered):
    write, read = filtered
    write(b"reading ")
    assert read(100) == b"reading "
    write(b"I0000 00:00 is a name\n")
    assert read(100) == b"I0000 00:00 is a name\n"
    write(b"I0000 00:00 is noise\nnext\n")
    assert read(100) == b"next\n"

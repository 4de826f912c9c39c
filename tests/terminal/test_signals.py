"""Signals, in processes of their own that import nothing slow."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading

import pytest

from keras_gans.terminal import signals

PROGRAM = """
import gc, sys, time
from keras_gans.terminal.signals import StopOnSignal, stop_with_parent
stop = StopOnSignal()
if sys.argv[1] == "child":
    stop_with_parent()
if sys.argv[1] == "collecting":
    gc.callbacks.append(lambda *_: (print("begun", flush=True), time.sleep(0.2)))
    gc.collect()
elif sys.argv[1] != "unasked":
    assert not stop()
print("begun", flush=True)
while sys.argv[1] in ("unasked", "collecting", "deaf") or not stop():
    time.sleep(0.005)
print("stopped", flush=True)
open(sys.argv[2], "w").write("stopped")
sys.exit(128 + stop.signal)
"""


@pytest.fixture(autouse=True)
def hearing():
    """`nohup make test` ignores SIGHUP, and children inherit what is ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def begin(tmp_path):
    """A function that starts the program and waits until it has begun."""

    def start(how, **options):
        command = [sys.executable, "-c", PROGRAM, how, tmp_path / "stopped"]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(command, **pipes, text=True, **options)
        started.append(process)
        assert process.stdout.readline() == "begun\n"
        return process

    started = []
    yield start
    for process in started:
        process.kill()
        process.wait()


BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


@BOTH
def test_a_signal_is_stored_until_the_next_call(begin, number):
    process = begin("asked")
    process.send_signal(number)
    assert process.communicate(timeout=30) == ("stopped\n", "")
    assert process.returncode == 128 + number


@BOTH
def test_a_signal_before_the_first_call_ends_at_once(begin, number):
    process = begin("unasked")
    process.send_signal(number)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 128 + number


@BOTH
def test_a_signal_is_not_lost_in_a_collection_of_garbage(begin, number):
    process = begin("collecting")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (set(out.split()), err) == ({"begun"}, "")
    assert process.returncode == 128 + number


def test_a_terminal_and_its_shell_may_both_send_the_same_signal(begin):
    process = begin("deaf")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_at_once(begin, number):
    process = begin("deaf")
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.3)
    process.send_signal(number)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 128 + number


def test_a_child_stops_when_its_parent_is_gone(begin, tmp_path):
    process = begin("child")
    process.stdin.close()  # as the kernel does when the parent dies
    process.stdout.close()
    assert process.wait(timeout=30) == 143
    assert (tmp_path / "stopped").read_text() == "stopped"


IN_THE_BACKGROUND = """
import os, pty, subprocess, sys, termios

child, terminal = pty.fork()
if not child:
    settings = termios.tcgetattr(1)
    settings[3] |= termios.TOSTOP
    termios.tcsetattr(1, termios.TCSANOW, settings)
    program = "from keras_gans.terminal import signals\\n"
    program += "signals.stop_with_parent()\\n" if sys.argv[1] == "child" else ""
    program += "print('written')"
    options = {"stdin": subprocess.PIPE, "process_group": 0}
    process = subprocess.Popen([sys.executable, "-c", program], **options)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    process.kill()
    os._exit(os.WIFSTOPPED(status))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="takes a terminal of Linux")
@pytest.mark.parametrize(("how", "suspended"), [("child", "0"), ("other", "1")])
def test_a_child_is_not_suspended_for_writing_to_the_terminal(how, suspended):
    command = [sys.executable, "-c", IN_THE_BACKGROUND, how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == (f"{suspended}\n", "")


# --- told at once -----------------------------------------------------------------------------


@pytest.fixture
def stop():
    """`StopOnSignal` in this process, whose handlers are put back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    stop = signals.StopOnSignal()
    assert not stop()
    yield stop
    for number, handler in before.items():
        signal.signal(number, handler)


@BOTH
def test_a_signal_that_is_stored_is_told(stop, number):
    heard = threading.Event()
    with stop.told(heard.set):
        os.kill(os.getpid(), number)
        assert heard.wait(10)
    assert stop.signal == number
    assert signal.set_wakeup_fd(-1) == -1  # nothing is left of it


def test_nothing_is_told_without_a_signal_or_of_another_one(stop):
    told, threads = [], threading.active_count()
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    with stop.told(lambda: told.append(1)):
        os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
    assert told == [] and threading.active_count() == threads


def test_a_signal_is_told_before_python_handles_it():
    """Hashing stands for training: it leaves Python's instructions, and takes a second."""
    program = """
import hashlib, os, signal, threading
from keras_gans.terminal.signals import StopOnSignal
stop = StopOnSignal()
stop()
with stop.told(lambda: print("told", stop.signal, flush=True)):
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 3_000_000)
    print("back", stop.signal, flush=True)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "told None\nback 2\n", done.stderr


def test_nohup_is_respected(begin):
    process = begin("asked", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.3)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30) == ("stopped\n", "")


def test_a_terminal_that_closes_stops_a_process_which_still_prints(tmp_path):
    """Without another place for its output, `print` would fail before the work is saved."""
    ours, theirs = pty.openpty()

    def lead():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    command = [sys.executable, "-c", PROGRAM, "asked", tmp_path / "stopped"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=lead)
    os.close(theirs)
    with open(ours, "rb", buffering=0) as terminal:  # which closes it
        assert terminal.readline() == b"begun\r\n"
    assert process.wait(timeout=30) == 128 + signal.SIGHUP
    assert (tmp_path / "stopped").read_text() == "stopped"

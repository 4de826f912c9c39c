"""Signals, in processes of their own that import nothing slow."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import sys, time
from keras_gans.terminal.signals import StopOnSignal, stop_with_parent
stop = StopOnSignal()
if sys.argv[1] == "child":
    stop_with_parent()
if sys.argv[1] != "unasked":
    assert not stop()
print("begun", flush=True)
while sys.argv[1] in ("unasked", "deaf") or not stop():
    time.sleep(0.005)
print("stopped", flush=True)
open(sys.argv[2], "w").write("stopped")
sys.exit(128 + stop.signal)
"""


@pytest.fixture
def begin(tmp_path):
    """A function that starts the program and waits until it has begun."""

    def start(how):
        command = [sys.executable, "-c", PROGRAM, how, tmp_path / "stopped"]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(command, **pipes, text=True)
        started.append(process)
        assert process.stdout.readline() == "begun\n"
        return process

    started = []
    yield start
    for process in started:
        process.kill()
        process.wait()


BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


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

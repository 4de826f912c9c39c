"""Harmful files are refused in one line, within seconds and in bounded memory."""

import json
import subprocess
import sys

import fuzz
import hostile
import pytest


@pytest.fixture(scope="module")
def outcome(shared):
    """The result of opening all files in one process of its own, as a command does."""

    def make(folder):
        paths = {name: str(path) for name, path in hostile.make(folder).items()}
        (folder / "list.json").write_text(json.dumps(paths))
        command = [sys.executable, hostile.__file__, str(folder / "list.json")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    folder, said = shared("hostile", make)
    return said, folder


def test_there_are_many():
    assert len(hostile.FILES) >= 100


@pytest.mark.parametrize("name", hostile.FILES)
def test_refused_in_one_line_and_soon(outcome, name):
    found, folder = outcome
    how, message, seconds = found["files"][name]
    assert how == "refused", message
    assert "\n" not in message and len(message) < 1_000
    table_of_a_row = hostile.FILES[name][1] == ".yaml"
    assert str(folder / name) in message or table_of_a_row
    assert message.count(str(folder)) <= 1
    assert seconds < 5  # of CPU time


def test_memory_stays_bounded(outcome):
    memory = outcome[0]["memory"]
    assert max(memory.values()) < 1.5e9, memory


def test_corrupted_inputs_open_or_are_refused():
    counts, failures = fuzz.fuzz(160)
    failures = {number: how for number, how in failures.items() if not how.startswith("slow")}
    assert not failures
    assert counts["refused"] > 40 and counts["opened"] > 10

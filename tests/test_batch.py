"""Several runs, each in a process of its own, where scripts stand for the processes."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from keras_gans import batch, cli
from keras_gans.experiment import Run, read_table


def options_of(*arguments):
    return cli._experiment_parser().parse_args(["--table", "quickstart", *arguments])


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"batch_size": 3, "clip": None, "loss": "mse"},
        {"optimizer.learning_rate": 5e-05, "generator.alpha": 1e20},
        {"dataset": "a folder: of 'mine' " + "with a long name " * 10 + "# 1"},
        {"dataset": "123", "optimizer": {"name": "adam", "learning_rate": 1e-7}},
    ],
)
def test_a_child_is_asked_for_what_this_run_is(tmp_path, changed):
    given = ["--exp", "1", "--results", str(tmp_path), "--skip-damaged"]
    options = cli._experiment_parser().parse_args(given)
    table = read_table("akel2022")
    run = Run("akel2022", 1, table.experiment(1, changed), 7, changed, tmp_path)
    child = cli._experiment_parser().parse_args(batch.arguments(run, options))
    assert cli._plan(table, child) == [run]
    assert child.child and child.skip_damaged


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A function that runs rows of the quickstart table, a shell script standing for Python.

    The script knows the row as $row, and adds a line to the file `begun` for each.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(script, *arguments, skipped=()):
        program = tmp_path / "program"
        beginning = (
            f'while [ "$1" != --exp ]; do shift; done; row=$2; echo $row >> {tmp_path}/begun'
        )
        program.write_text(f"#!/bin/sh\n{beginning}\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        options = options_of(*(arguments or ("--exp", "1-3")))
        runs = cli._plan(read_table("quickstart"), options)
        finished = [run for run in runs if run.number in skipped]
        return batch.run_several([r for r in runs if r not in finished], finished, options)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def begun(folder):
    return sorted((folder / "begun").read_text().split())


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "status 3"),
        ("echo 'run_experiment.py: quickstart 2 seed 0: no room' >&2; exit 1", "no room"),
        ("echo Traceback >&2; echo 'KeyError: 1' >&2; exit 1", "KeyError: 1"),
        ("kill -9 $$", "ended by SIGKILL, out of memory?"),
        ("kill -11 $$", "ended by SIGSEGV"),
        ("kill -15 $$", "ended by SIGTERM"),
    ],
)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_ends_one_run_leaves_the_others_alone(jobs, script, reason, stand_in, tmp_path, capfd):
    script = f"echo a line; if [ $row = 2 ]; then {script}; fi"
    assert stand_in(script, "--exp", "1-3", "--jobs", jobs) == 1
    assert begun(tmp_path) == ["1", "2", "3"]
    lines = capfd.readouterr().out.splitlines()
    assert lines == ["a line"] * 3 + [
        "quickstart 1 seed 0: done",
        f"quickstart 2 seed 0: failed: {reason}",
        "quickstart 3 seed 0: done",
    ]


def test_what_is_finished_is_skipped_and_named(stand_in, tmp_path, capfd):
    assert stand_in("exit 0", skipped=(1, 3)) == 0
    assert begun(tmp_path) == ["2"]
    folders = {n: f"results/quickstart/{n}/seed-0" for n in (1, 3)}
    assert capfd.readouterr().out.splitlines() == [
        f"quickstart 1 seed 0: skipped: finished already, see {folders[1]}",
        "quickstart 2 seed 0: done",
        f"quickstart 3 seed 0: skipped: finished already, see {folders[3]}",
    ]


@pytest.mark.parametrize(("name", "status"), [("INT", 130), ("TERM", 143)])
def test_a_signal_is_passed_on_and_nothing_more_is_begun(name, status, stand_in, tmp_path, capfd):
    script = f"trap 'exit {status}' {name}\nkill -{name} $PPID\nwhile :; do sleep 0.05; done"
    assert stand_in(script) == status
    assert begun(tmp_path) == ["1"]
    assert capfd.readouterr().out.splitlines() == [
        "quickstart 1 seed 0: stopped: the same command resumes it",
        "quickstart 2 seed 0: not begun",
        "quickstart 3 seed 0: not begun",
    ]


def test_a_second_signal_is_passed_on_too(stand_in, tmp_path):
    script = f"trap 'echo once >> {tmp_path}/got; trap \"exit 143\" TERM; kill -TERM $PPID' TERM\n"
    script += "kill -TERM $PPID\nwhile :; do sleep 0.05; done"
    assert stand_in(script) == 143
    assert (tmp_path / "got").read_text() == "once\n"


@pytest.mark.parametrize(
    ("jobs", "skipped", "threads"),
    [("1", (), ""), ("2", (), "2"), ("2", (1, 2), "2"), ("9", (), "1")],
)
def test_how_many_threads_a_run_has_is_a_matter_of_the_request(
    jobs, skipped, threads, stand_in, tmp_path, monkeypatch
):
    """Otherwise what a killed table still misses would end with other digits."""
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    script = f"echo $TF_NUM_INTRAOP_THREADS >> {tmp_path}/threads"
    assert stand_in(script, "--exp", "1-3", "--jobs", jobs, skipped=skipped) == 0
    assert set((tmp_path / "threads").read_text().splitlines()) == {threads}


PARENT = """
import sys
from keras_gans import batch, cli
from keras_gans.experiment import read_table
sys.executable = sys.argv[1]
options = cli._experiment_parser().parse_args(
    ["--table", "quickstart", "--exp", "1-3", "--jobs", "2"])
batch.run_several(cli._plan(read_table("quickstart"), options), [], options)
"""
CHILD = """#!{python}
import os, sys, time
sys.path.insert(0, {root!r})
from keras_gans.signals import StopOnSignal, stop_with_parent
stop = StopOnSignal()
stop_with_parent()
stop()
open({folder!r} + "/" + str(os.getpid()), "w").close()
while not stop():
    time.sleep(0.01)
    print("a line", flush=True)
os.rename({folder!r} + "/" + str(os.getpid()), {folder!r} + "/saved-" + str(os.getpid()))
"""


def test_children_of_a_killed_parent_save_and_end(tmp_path):
    """SIGKILL leaves the parent no time to tell them."""
    program, folder = tmp_path / "child", tmp_path / "children"
    folder.mkdir()
    root = os.path.dirname(os.path.dirname(cli.__file__))
    program.write_text(CHILD.format(python=sys.executable, root=root, folder=str(folder)))
    program.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, program], stdout=subprocess.DEVNULL
    ) as parent:
        wait_for(lambda: len(list(folder.iterdir())) == 2)
        parent.kill()
    wait_for(lambda: all(path.name.startswith("saved-") for path in folder.iterdir()))
    children = [int(re.sub(r"\D", "", path.name)) for path in folder.iterdir()]
    assert len(children) == 2  # and no third one was begun
    wait_for(lambda: not any(os.path.exists(f"/proc/{child}/cwd") for child in children))


def wait_for(condition):
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)

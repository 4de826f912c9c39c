"""Several runs, each in a process of its own, where scripts stand for the processes."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from running import plan, quickstart

import keras_gans
from keras_gans import files
from keras_gans.cli import run as verb
from keras_gans.cli.arguments import Parser
from keras_gans.errors import UsageError
from keras_gans.rows import read_table
from keras_gans.runs import executors, rates
from keras_gans.runs.costs import Costs
from keras_gans.runs.executors import Job
from keras_gans.runs.rates import Rate
from keras_gans.terminal import line


def options_of(arguments):
    parser = Parser()
    verb.describe(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"batch_size": 3, "loss": "mse", "measure": [], "save_at": [1, 2]},
        {"optimizer.learning_rate": 5e-05, "generator.alpha": 1e20},
        {"optimizer": None, "d_optimizer": "adam", "g_optimizer": {"name": "sgd", "momentum": 0.5}},
        {"turns": {"d_steps": 3, "update": "joint"}, "loss.real": [0.8, 1.1]},
        {"dataset": "a folder: of 'mine' " + "with a long name " * 10 + "# 1"},
        {"dataset": "some where", "dataset.resize": 64, "dataset.crop": "center"},
        {"dataset": "123", "constraint": {"name": "clip", "limit": 1e-7}},
    ],
)
def test_a_child_is_asked_for_what_this_run_is(tmp_path, changed):
    planned = plan("akel2022", 1, tmp_path, changed, seed=7)
    data_dir = str(tmp_path / "some where")
    os.mkdir(data_dir)
    job = Job(planned, "akel2022", data_dir=data_dir, damaged="skip", restart=True)
    child = options_of(["--child", *job.arguments()])
    assert verb._plan(read_table(child.table), child) == [planned]
    assert (child.child, child.damaged, child.restart) == (True, "skip", True)
    assert child.data_dir == data_dir
    plain = options_of(Job(planned, "akel2022").arguments())
    assert (plain.child, plain.damaged, plain.restart) == (False, "refuse", False)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A function that runs rows of the quickstart table, a shell script standing for Python.

    The script knows the row as $row, and adds a line to the file `begun` for each.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(script, side_by_side=1, skipped=()):
        program = tmp_path / "program"
        beginning = (
            f'while [ "$1" != --exp ]; do shift; done; row=$2; echo $row >> {tmp_path}/begun'
        )
        program.write_text(f"#!/bin/sh\n{beginning}\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        jobs = [Job(plan("quickstart", n, "results"), "quickstart") for n in (1, 2, 3)]
        costs = Costs(jobs, ["new"] * 3, side_by_side)
        finished = [job.planned for job in jobs if job.planned.number in skipped]
        jobs = [job for job in jobs if job.planned not in finished]
        return executors.run_several(jobs, finished, executors.Processes(jobs, costs))

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def begun(folder):
    return sorted((folder / "begun").read_text().split())


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "status 3"),
        ("echo 'keras-gans run: quickstart 2 seed 0: no room' >&2; exit 1", "no room"),
        ("echo Traceback >&2; echo 'KeyError: 1' >&2; exit 1", "KeyError: 1"),
        ("kill -9 $$", "ended by SIGKILL, out of memory?"),
        ("kill -11 $$", "ended by SIGSEGV"),
        ("kill -15 $$", "ended by SIGTERM"),
    ],
)
@pytest.mark.parametrize("side_by_side", [1, 2])
def test_what_ends_one_run_leaves_the_others_alone(
    side_by_side, script, reason, stand_in, tmp_path, capfd
):
    script = f"echo a line; if [ $row = 2 ]; then {script}; fi"
    assert stand_in(script, side_by_side) == 1
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
    lines = capfd.readouterr().out.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["skipped", "done", "skipped"]
    assert "results/quickstart/1/seed-0" in lines[0]
    assert "results/quickstart/3/seed-0" in lines[2]


@pytest.mark.parametrize("side_by_side", [1, 2])
def test_where_all_are_finished_nothing_is_begun(side_by_side, stand_in, tmp_path, capfd):
    assert stand_in("exit 0", side_by_side, skipped=(1, 2, 3)) == 0
    assert not (tmp_path / "begun").exists()
    lines = capfd.readouterr().out.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["skipped"] * 3


def test_runs_go_on_when_nobody_reads_their_lines(stand_in, tmp_path, monkeypatch):
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as unread:
        monkeypatch.setattr(sys, "stdout", unread)
        script = f"echo a line; echo $row >> {tmp_path}/ended; [ $row != 2 ]"
        assert stand_in(script, side_by_side=2) == 1
    assert begun(tmp_path) == sorted((tmp_path / "ended").read_text().split()) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("restart", "advice"),
    [(False, "the same command resumes it"), (True, "the same command without --restart resumes")],
)
def test_what_resumes_a_stopped_run_is_named(restart, advice, tmp_path):
    job = Job(plan("quickstart", 1, tmp_path), "quickstart", restart=restart)
    workers = SimpleNamespace(signal=signal.SIGINT)
    outcome = executors.Workers.outcome(workers, job, 130, "")
    assert outcome.word == "stopped" and outcome.reason.startswith(advice)


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


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_runs_are_a_group_of_their_own_in_the_session_of_the_user(stand_in, tmp_path):
    """So Ctrl-C comes once, and `nice` holds against other work, which Linux groups by sessions."""
    assert stand_in(f"cat /proc/$$/stat > {tmp_path}/stat-$row") == 0
    for row in (1, 2, 3):
        fields = (tmp_path / f"stat-{row}").read_text().rpartition(")")[2].split()
        process_group, session = int(fields[2]), int(fields[3])
        assert session == os.getsid(0)
        assert process_group != os.getpgid(0)


def test_a_second_signal_is_passed_on_too(stand_in, tmp_path):
    script = f"trap 'echo once >> {tmp_path}/got; trap \"exit 143\" TERM; kill -TERM $PPID' TERM\n"
    script += "kill -TERM $PPID\nwhile :; do sleep 0.05; done"
    assert stand_in(script) == 143
    assert (tmp_path / "got").read_text() == "once\n"


@pytest.mark.parametrize(
    ("side_by_side", "skipped", "threads"),
    [(1, (), ""), (2, (), "2"), (2, (1, 2), "2"), (9, (), "1")],
)
def test_how_many_threads_a_run_has_follows_from_the_request(
    side_by_side, skipped, threads, stand_in, tmp_path, monkeypatch
):
    """Otherwise what a killed table still misses would end with other digits."""
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(4))
    script = f"echo $TF_NUM_INTRAOP_THREADS >> {tmp_path}/threads"
    assert stand_in(script, side_by_side, skipped) == 0
    assert set((tmp_path / "threads").read_text().splitlines()) == {threads}


def keep_rates(monkeypatch, folder, seconds, side_by_side):
    """Keeps rates in a data folder of the test; the rows of `stand_in` take `seconds` each."""
    monkeypatch.setenv("KERAS_GANS_DATA", str(folder / "data"))
    jobs = [Job(plan("quickstart", number, "results"), "quickstart") for number in seconds]
    costs = Costs(jobs, ["new"] * len(jobs), side_by_side)
    for job in jobs:
        iteration = seconds[job.planned.number] / job.planned.experiment.iterations
        rates.keep(costs._keys[job], Rate(0.0, iteration, 0.0, 0.0, 1))


def test_one_at_a_time_is_told_how_long_those_after_it_take(stand_in, tmp_path, monkeypatch):
    keep_rates(monkeypatch, tmp_path, {1: 100, 2: 20, 3: 3}, side_by_side=1)
    assert stand_in(f"echo $KERAS_GANS_REST >> {tmp_path}/rest") == 0
    assert [float(x) for x in (tmp_path / "rest").read_text().split()] == [23, 3, 0]


def test_where_a_later_run_is_unknown_nothing_is_told(stand_in, tmp_path, monkeypatch):
    keep_rates(monkeypatch, tmp_path, {1: 100, 2: 20}, side_by_side=1)
    assert stand_in(f'echo "rest:$KERAS_GANS_REST" >> {tmp_path}/rest') == 0
    assert (tmp_path / "rest").read_text().split() == ["rest:", "rest:", "rest:0.0"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ({1: 600, 2: 500, 3: 400}, "quickstart: 0/3  15:00 left"),
        ({1: 600, 3: 400}, "quickstart: 0/3  10:00 left, 1 of unknown time"),
        ({}, "quickstart: 0/3  3 of unknown time"),
    ],
)
def test_runs_side_by_side_have_a_line_for_all(
    seconds, expected, stand_in, tmp_path, monkeypatch, capfd
):
    keep_rates(monkeypatch, tmp_path, seconds, side_by_side=2)
    monkeypatch.setattr(line, "_PLAIN_EVERY", 0.0)
    assert stand_in("sleep 0.5", side_by_side=2) == 0
    said = [text for text in capfd.readouterr().out.splitlines() if ": 0/3 " in text]
    assert said[0] == expected


PARENT = """
import sys
from pathlib import Path
from keras_gans.rows import PlannedRun, read_table
from keras_gans.runs import costs, executors
sys.executable = sys.argv[1]
row = read_table("quickstart").experiment(1)
runs = [PlannedRun("quickstart", 1, row, seed, {}, Path("results")) for seed in range(3)]
jobs = [executors.Job(run, "quickstart") for run in runs]
workers = executors.Processes(jobs, costs.Costs(jobs, ["new"] * 3, 2))
executors.run_several(jobs, [], workers)
"""
CHILD = """#!{python}
import os, sys, time
sys.path.insert(0, {root!r})
from keras_gans.terminal.signals import StopOnSignal, stop_with_parent
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
    root = str(Path(keras_gans.__file__).parents[1])
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


# --- one run in this process -------------------------------------------------------------------


@pytest.fixture
def in_this_process(monkeypatch):
    """Keeps or puts back what `run_one` changes until the end of the process."""
    monkeypatch.setattr(executors.quiet, "silence_libraries", lambda: None)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


one_run = pytest.mark.usefixtures("in_this_process", "without_xla")
SHORT = {"iterations": 4, "save_every": 2}


@one_run
def test_the_result_is_printed_with_every_metric(tmp_path, capfd):
    planned = quickstart(6, tmp_path, SHORT)
    assert executors.run_one(Job(planned, "quickstart")) == 0
    said = capfd.readouterr().out
    assert f"{planned.title}: 4 iterations in" in said
    for name in ("discriminator", "modes50_values", "high_quality50_values", "000004.png"):
        assert name in said
    assert planned.state == "finished"


@one_run
def test_the_result_of_a_run_that_a_rule_ended_is_that_of_its_last_iteration(tmp_path, capfd):
    rule = {"name": "flat", "change": 1e6, "iterations": 2}
    changed = {**SHORT, "iterations": 40, "measure": [], "stop": rule}
    planned = quickstart(6, tmp_path, changed)
    assert executors.run_one(Job(planned, "quickstart")) == 0
    said = capfd.readouterr().out.splitlines()
    last = planned.result()["stopped_at"]
    assert last < 40
    assert any(line.startswith(f"{planned.title}: {last} iterations in") for line in said)
    assert said[-1] == f"  {planned.folder / 'samples' / f'{last:06d}.png'}"


@pytest.mark.parametrize(
    ("better", "first", "best", "noted"),
    [("lower", 500.0, 600.0, True), ("lower", 500.0, 400.0, False), ("higher", 0.5, 0.4, True)],
)
def test_a_result_that_is_no_better_than_untrained_says_so(
    better, first, best, noted, tmp_path, capsys
):
    value = {"better": better, "first": first, "last": best, "best": best, "best_iteration": 40}
    metrics = {
        "iterations": 40, "iterations_per_second": 9.0, "seconds": {"wall": 4.0},
        "final": {"d_loss": 0.5, "g_loss": 1.0}, "diverged_at": None, "measured": {"m": value},
    }  # fmt: skip
    executors._print_result(quickstart(1, tmp_path, {"iterations": 40}), metrics)
    assert ("no better than untrained" in capsys.readouterr().out) == noted


def test_accuracies_are_among_the_results(tmp_path, capsys):
    final = {"d_loss": 0.5, "g_loss": 1.0, "d_accuracy_real": 0.75, "d_accuracy_fake": 0.5}
    metrics = {
        "iterations": 40, "iterations_per_second": 1.0, "seconds": {"wall": 1.0}, "final": final,
        "diverged_at": None, "measured": {},
    }  # fmt: skip
    executors._print_result(quickstart(1, tmp_path, {"iterations": 40}), metrics)
    told = capsys.readouterr().out
    assert "losses at the end: discriminator 0.5, generator 1\n" in told
    assert "judged right at the end: 0.75 of real samples, 0.5 of generated ones\n" in told


@one_run
def test_a_run_of_another_process_is_named_before_anything_is_read(tmp_path, monkeypatch):
    planned = quickstart(1, tmp_path)
    planned.folder.mkdir(parents=True)
    read = []
    monkeypatch.setattr(executors.datasets, "load", lambda *a, **k: read.append(a) or 1 / 0)
    with files.locked(planned.folder), pytest.raises(UsageError, match="in use by process"):
        executors.run_one(Job(planned, "quickstart"))
    assert not read

    # A folder that cannot be locked is told where it is written to.
    def refuse(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(executors.files, "locked", refuse)
    with pytest.raises(ZeroDivisionError):
        executors.run_one(Job(planned, "quickstart"))
    assert read


@one_run
def test_a_run_that_diverges_fails_and_says_how_to_go_on(tmp_path, capfd):
    huge = {f"{side}_optimizer.learning_rate": 1e30 for side in "dg"}
    planned = quickstart(3, tmp_path, {**SHORT, **huge, "iterations": 40, "measure": []})
    assert executors.run_one(Job(planned, "quickstart")) == 1
    (line,) = [x for x in capfd.readouterr().err.splitlines() if planned.title in x]
    assert "finite" in line
    assert "on_divergence=continue" in line
    assert "what it saved" not in line
    (planned.folder / "generator_model_000010.h5").touch()
    said = executors._saved_before(planned.folder)
    assert said == f"what it saved before is in {planned.folder}, and "


@one_run
def test_a_signal_stops_it_at_a_checkpoint(tmp_path, capfd, monkeypatch):
    planned = quickstart(6, tmp_path, SHORT)
    original = executors.StopOnSignal.__call__

    def told(stop):
        assert original(stop) is False
        os.kill(os.getpid(), signal.SIGTERM)
        return original(stop)

    monkeypatch.setattr(executors.StopOnSignal, "__call__", told)
    assert executors.run_one(Job(planned, "quickstart")) == 143
    assert planned.state == "interrupted"
    assert (planned.folder / "checkpoint" / "000002" / "manifest.json").is_file()
    assert "iteration 2 of 4" in capfd.readouterr().out


@one_run
def test_a_full_disk_fails_in_one_line(tmp_path, capfd, monkeypatch):
    planned = quickstart(6, tmp_path, SHORT)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_gans.runs.checkpoints.save", full)
    assert executors.run_one(Job(planned, "quickstart")) == 1
    (line,) = [x for x in capfd.readouterr().err.splitlines() if planned.title in x]
    assert "No space left on device" in line


@pytest.mark.parametrize("status", [255, 0xC0000005])
def test_a_status_that_is_no_signal_is_called_a_status(status, tmp_path):
    workers = SimpleNamespace(signal=None)
    job = Job(plan("quickstart", 1, tmp_path), "quickstart")
    outcome = executors.Workers.outcome(workers, job, status, "")
    assert (outcome.word, outcome.reason) == ("failed", f"status {status}")


def test_where_there_are_no_signals_a_child_is_told_by_its_input(monkeypatch):
    """On Windows `send_signal` ends a process at once; a closed input lets it save first."""
    monkeypatch.setattr(executors, "os", SimpleNamespace(name="nt"))
    program = "import sys, time; sys.stdin.read(); print('told', flush=True); time.sleep(60)"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], **pipes, text=True) as child:
        executors._send(child, signal.SIGINT)
        assert child.stdout.readline() == "told\n"
        assert child.poll() is None
        executors._send(child, signal.SIGINT)  # a second one ends it at once
        assert child.wait(30) != 0


def test_a_run_for_which_there_is_no_process_fails_alone():
    job = SimpleNamespace(planned=object())

    def run(job):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    outcome = executors._after(None, run, job)
    assert (outcome.planned, outcome.word) == (job.planned, "failed")
    assert "Resource temporarily unavailable" in outcome.reason

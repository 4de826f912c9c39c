"""Trials, where scripts stand for their processes, and one in this process."""

import os
import signal
import sys
import tempfile
import threading
import time

import pytest
from running import Silent, plan, quickstart

from keras_gans import datasets
from keras_gans.runs import executors, rates, trial
from keras_gans.runs.costs import Costs
from keras_gans.runs.executors import Job
from keras_gans.runs.run import run


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A function that measures rows of the quickstart table, a shell script standing for Python.

    The script knows the row as $row and the folder of its results as $results.
    """
    places = tmp_path / "temporary"
    places.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(places))

    def measure(script, side_by_side=1):
        program = tmp_path / "program"
        beginning = 'shift 5; while [ "$1" ]; do case $1 in --exp) row=$2;; --results) results=$2;;'
        program.write_text(f"#!/bin/sh\n{beginning} esac; shift; done\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        jobs = [Job(plan("quickstart", number, "mine"), "quickstart") for number in (1, 2, 3)]
        costs = Costs(jobs, ["new"] * 3, side_by_side)
        failed, interrupted = trial.measure(jobs, costs, Silent())
        assert list(places.iterdir()) == []
        return {job.planned.number: reason for job, reason in failed.items()}, interrupted

    return measure


@pytest.mark.parametrize("side_by_side", [1, 2])
def test_each_is_measured_in_a_folder_that_goes_away(side_by_side, stand_in, tmp_path):
    script = f"test -d $results && touch $results/file && echo $row >> {tmp_path}/begun"
    assert stand_in(script, side_by_side) == ({}, False)
    assert sorted((tmp_path / "begun").read_text().split()) == ["1", "2", "3"]


def test_what_fails_has_its_reason_and_leaves_the_others_alone(stand_in):
    script = "case $row in 1) echo 'keras-gans run: no room' >&2; exit 1;; 2) exit 3;; esac"
    assert stand_in(script) == ({1: "no room", 2: "its trial ended with 3"}, False)


class Interrupting:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_in_a_destructor_is_not_lost(stand_in, monkeypatch):
    """Python prints an exception that is raised there and goes on."""
    monkeypatch.setattr(Silent, "update", lambda *_: Interrupting() and None)
    before = signal.getsignal(signal.SIGINT)
    assert stand_in("[ $row = 1 ] && exit 0; exec sleep 60") == ({}, True)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_ends_all_of_them_at_once(stand_in, tmp_path):
    def interrupt():
        until = time.monotonic() + 20
        while not (tmp_path / "begun").exists() and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    script = f"[ $row = 1 ] && exit 0; echo $row $$ >> {tmp_path}/begun; exec sleep 60"
    begun = time.monotonic()
    assert stand_in(script, side_by_side=1)[1] is True
    thread.join()
    assert time.monotonic() - begun < 30
    ((row, process),) = [x.split() for x in (tmp_path / "begun").read_text().splitlines()]
    assert row == "2"  # and the third was not begun
    assert not os.path.exists(f"/proc/{process}/cwd")


# --- one trial ---------------------------------------------------------------------------------


def test_a_trial_has_the_rate_of_its_row():
    row = plan("quickstart", 2, "mine").experiment
    assert rates.key(trial.of(row)) == rates.key(row)


def test_a_trial_needs_room_for_what_it_saves():
    row = plan("quickstart", 2, "mine", {"save_every": 1, "iterations": 60_000}).experiment
    assert row.saves_left(100) == 59_900
    assert trial.of(row).saves_left(0) == 3


def test_a_trial_saves_twice_when_the_clock_says_so(monkeypatch):
    now = 0.0
    monkeypatch.setattr(trial.time, "monotonic", lambda: now)
    tried = trial.of(plan("quickstart", 2, "mine").experiment)
    saved = []
    for iteration in range(1, 100):
        if tried.saves(iteration):
            saved.append(iteration)
            now += 30.0  # saving takes no time of training
        assert tried.measures(iteration) == (iteration in saved)
        assert tried.clock.is_over() == (len(saved) >= 2)
        if tried.clock.is_over():
            break
        now += 0.5
    assert saved == [6, 12]
    assert tried.saves(trial.ITERATIONS)


@pytest.mark.usefixtures("without_xla")
def test_a_trial_is_a_run_that_leaves_its_rate(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.1)
    monkeypatch.setattr(executors.quiet, "silence_libraries", lambda: None)
    monkeypatch.setattr(trial, "StopOnSignal", lambda: None)
    monkeypatch.setattr(trial, "stop_with_parent", lambda: None)
    planned = quickstart(3, tmp_path / "results", {"measure_samples": 30})
    job = Job(planned, "quickstart", data_dir=tmp_path / "data")
    assert trial.run(job) == 0
    rate = rates.read(rates.key(planned.experiment), tmp_path / "data")
    assert 0 < rate.iterations < trial.ITERATIONS
    assert min(rate.start, rate.iteration, rate.saving, rate.measuring) > 0
    assert not (planned.folder / "metrics.json").exists()


@pytest.mark.usefixtures("without_xla")
def test_a_run_leaves_its_rate(tmp_path):
    planned = quickstart(6, tmp_path / "results")
    run(planned, datasets.load("ring"), tmp_path / "data", Silent())
    rate = rates.read(rates.key(planned.experiment), tmp_path / "data")
    assert rate.iterations == 40 - 10  # without the first execution

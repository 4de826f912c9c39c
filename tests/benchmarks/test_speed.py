"""The clock of the benchmark, and that its tables say what was measured."""

import itertools
import json
import subprocess
import sys

import pytest
import speed


def ticking(monkeypatch, seconds):
    """`perf_counter` goes on by these seconds from call to call."""
    times = itertools.accumulate(seconds)
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(times))


def test_the_first_iterations_and_slow_ones_do_not_count(monkeypatch):
    clock = speed.Clock(seconds=4)
    ticking(monkeypatch, [60, 9, *[0.5] * 6, 3, *[0.5] * 30])
    with pytest.raises(speed.Clock.Enough):
        for iteration in range(50, 10**4, 50):
            clock(iteration)
    assert clock.ms == 10  # half a second for 50 iterations
    assert 69 + 4 < clock.marks[-1][1] < 69 + 4 + 3


def test_a_slow_way_is_measured_three_times_at_least(monkeypatch):
    clock = speed.Clock(seconds=1)
    ticking(monkeypatch, [100, 8, 7, 8, 9, 8, 8])
    with pytest.raises(speed.Clock.Enough):
        for iteration in range(1, 9):
            clock(iteration)
    assert len(clock.marks) == 6
    assert clock.ms == 8000


def test_a_table_has_ratios_of_the_same_repeat(capsys):
    def one(ms):
        return {"ms": ms, "gflop": 8.0, "matrix_product": 400.0, "first": 2.0, "gib": 1.0}

    speed.print_row(2, {"ours": [one(50), one(100)], "torch": [one(100), one(150)]})
    said = capsys.readouterr().out
    assert "needs 8 GFLOP; ours reaches 107 GFLOP/s, 27% of a matrix product" in said
    assert "| torch | 125 (100 to 150) | 1.75x (1.50 to 2.00) | 2.0 s | 1.00 GiB |" in said


def test_the_costs_of_a_run_are_those_of_a_real_one():
    command = [sys.executable, speed.__file__, "--one", json.dumps(["cost", 1, 4])]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = json.loads(said.splitlines()[-1])
    parts = "SaveNetworks", "DrawSamples", "Measure", "DrawCurves", "SaveCheckpoint"
    assert all(found[part] > 0 for part in parts)
    assert found["wall"] > found["training"] > 0

"""Runs that are killed end as if nothing had happened; `tools/kill_harness.py --help` says more."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import kill_harness
import pytest

TOOLS = Path(__file__).parents[1] / "tools"


def test_a_run_that_is_killed_at_random_moments_ends_with_the_same_bytes():
    # In a process of its own: what is forked must not have computed anything yet.
    command = [sys.executable, TOOLS / "kill_harness.py", "--kills", "3", "--kinds", "dense"]
    done = subprocess.run(
        [*command, "--seed", "1"], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.stdout, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, summary["different"]) == (0, [])
    assert summary["kills"] >= 3
    assert summary["runs"] >= 1


def test_the_harness_watches_functions_that_there_are():
    for owner, name in kill_harness.PHASES:
        module, *kind = owner.split(".")
        module = import_module(f"keras_gans.runs.{module}")
        assert callable(getattr(getattr(module, *kind) if kind else module, name))


@pytest.mark.parametrize("kind", kill_harness.KINDS)
def test_every_kind_of_the_harness_is_a_row_with_changes(kind, tmp_path):
    run = kill_harness.planned(kind, tmp_path)
    assert run.experiment.iterations == (3 if kind == "classifier" else 60)
    assert run.number == kill_harness.KINDS[kind][0]


def test_the_harness_has_a_run_of_every_kind_of_data():
    rows = {k: kill_harness.planned(k, Path("x")).experiment for k in kill_harness.KINDS}
    assert rows.pop("classifier").stage == "classifier"
    assert {row.generator.name for row in rows.values()} == {
        "vanilla", "dcgan", "wgan", "conditional", "conditional_convolutional", "points",
    }  # fmt: skip
    assert sum(row.optimizer is not None for row in rows.values()) == 1

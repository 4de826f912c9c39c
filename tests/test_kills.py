"""Runs that are killed end as if nothing had happened; `kill_harness.py --help` says more."""

import json
import subprocess
import sys
from pathlib import Path


def test_a_run_that_is_killed_at_random_moments_ends_with_the_same_bytes():
    # In a process of its own: what is forked must not have computed anything yet.
    harness = Path(__file__).with_name("kill_harness.py")
    command = [sys.executable, harness, "--kills", "3", "--kinds", "dense", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, summary["different"]) == (0, [])
    assert summary["kills"] >= 3
    assert summary["runs"] >= 1

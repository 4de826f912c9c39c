"""Results as runs write them."""

import json

import pytest

METRICS = {
    "table": "akel2022",
    "experiment": 1,
    "changed": {},
    "seed": 0,
    "derived_from": "GAN",
    "data": "mnist.npz",
    "samples": 60000,
    "iterations": 30000,
    "final": {"d_loss": 0.5, "g_loss": 1.0},
    "diverged_at": None,
    "measured": {
        "fid5k_lenet": {
            "metric": "fid",
            "better": "lower",
            "first": 812.34,
            "last": 9.8765,
            "best": 8.5,
            "best_iteration": 29500,
        }
    },
    "printed": {"fid_thesis": 53.7039},
    "seconds": {"wall": 2248.3, "training": 2100.0, "saving": 8.0},
    "iterations_per_second": 72.7,
    "sha256": {},
}


@pytest.fixture
def fid():
    """A function that makes an entry of `measured`, of fid5k_lenet."""

    def entry(first, last, best, best_iteration=29500):
        values = {"first": first, "last": last, "best": best, "best_iteration": best_iteration}
        return {"fid5k_lenet": METRICS["measured"]["fid5k_lenet"] | values}

    return entry


@pytest.fixture
def write_run(tmp_path):
    """A function that writes a finished run under `tmp_path`; returns its metrics.json."""

    def write(folder="1", **changes):
        metrics = {**METRICS, **changes}
        run = tmp_path / metrics["table"] / folder / f"seed-{metrics['seed']}"
        (run / "samples").mkdir(parents=True)
        (run / "samples" / f"{metrics['iterations']:06d}.png").write_bytes(b"")
        path = run / "metrics.json"
        path.write_text(json.dumps(metrics))
        return path

    return write

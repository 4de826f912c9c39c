"""Results as runs write them."""

import json
import random

import pytest
import yaml
from PIL import Image

from keras_gans.rows import read_table

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


ENVIRONMENT = {
    "keras_gans": "0.5.0",
    "commit": "0123abcd",
    "packages": {"keras": "3.15.1"},
    "processor": "a processor",
    "cores": 2,
    "command": "keras-gans run --exp 1",
    "data": {"source": "mnist.npz", "shape": [60000, 28, 28, 1], "sha256": "ab12"},
}


@pytest.fixture
def write_whole_run(write_run):
    """A function that writes a run with log, pictures and environment; returns its folder.

    With `until` it is one that is not finished, at that iteration.
    """

    def write(folder="1", until=None, pictures=(500, 1000, 30000), scale=1.0, **changes):
        metrics = write_run(folder, **changes)
        content = json.loads(metrics.read_text())
        place, last = metrics.parent, content["iterations"]
        steps = range(0, (until or last) + 1, max(last // 60, 1))
        values = {at: 800 * scale / (1 + at / 1000) for at in steps}
        lines = [{"iteration": at, "fid5k_lenet": value} for at, value in values.items()]
        lines += [{"iteration": at, "d_loss": 0.5 + at / 1e6, "g_loss": 1.0} for at in steps if at]
        lines.sort(key=lambda line: line["iteration"])
        (place / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        (place / "environment.json").write_text(json.dumps(ENVIRONMENT))
        for path in (place / "samples").glob("*.png"):
            path.unlink()
        for at in pictures:
            picture = Image.frombytes("L", (60, 60), random.Random(at).randbytes(3600))
            picture.save(place / "samples" / f"{at:06d}.png")
        if until is not None:
            metrics.unlink()
            about = {name: content[name] for name in ("table", "experiment", "seed", "changed")}
            about["row"] = read_table("akel2022").experiment(1).to_dict() | {"iterations": last}
            (place / "experiment.yaml").write_text(yaml.safe_dump(about))
        return place

    return write


CLAIMS = {
    1: ("holds", {"name": "ordered", "rows": [1, 2]}),
    2: ("does not hold", {"name": "ordered", "rows": [2, 1]}),
    3: ("not decided", {"name": "ordered", "rows": [1, 3]}),
    4: ("not tested", None),
}


@pytest.fixture
def claimed(tmp_path, write_whole_run, fid):
    """Rows 1 and 2 with three seeds, and a table with one claim for each verdict of `CLAIMS`."""
    row = {"derived_from": "GAN", "dataset": "mnist", "iterations": 30000, "batch_size": 32}
    row |= {"save_every": 500, "measure": ["fid"]}
    row |= {"latents": {"size": 100}, "loss": "mse", "generator": "vanilla", "optimizer": "adam"}
    claims = {
        number: {"says": f"Claim <{number}> {word}.", "where": "section 4"}
        | ({"test": test} if test else {"untested": "no number <is> given"})
        for number, (word, test) in CLAIMS.items()
    }
    table = {"source": "A. Author, <A document>", "command": "", "expected": "", "claims": claims}
    table["rows"] = {n: {**row, "discriminator": "vanilla"} for n in (1, 2, 3)}
    path = tmp_path / "akel2022.yaml"
    path.write_text(yaml.safe_dump(table))
    read_table(path).keep(tmp_path)
    for number in (1, 2):
        for seed in range(3):
            best = 10.0**number + seed / 10
            measured = fid(800.0, best, best, 30000)
            options = {"experiment": number, "seed": seed, "measured": measured}
            write_whole_run(str(number), scale=number, **options)
    return tmp_path

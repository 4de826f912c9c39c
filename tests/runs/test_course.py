"""Phases before the iterations in which both networks move, and rules that end a run early."""

import json
from itertools import pairwise

import numpy as np
import pytest
from running import StopAt, quickstart, records, train

from keras_gans import datasets, generators, reports
from keras_gans.runs import run as runs
from keras_gans.runs.building import build

pytestmark = [pytest.mark.usefixtures("without_xla"), pytest.mark.backends]
SMALL = {
    "generator": {"name": "points", "hidden": [8]},
    "discriminator": {"name": "points", "hidden": [8]},
    "latents": {"size": 4},
    "measure": [],
}
PHASES = [{"iterations": 10, "train": "discriminator"}, {"iterations": 20, "train": "generator"}]


def weights(planned, role, iteration):
    path = planned.folder / f"{role}_model_{iteration:06d}.h5"
    if role == "generator":
        return generators.load(path).network.get_weights()
    return generators.load_discriminator(path)[0].get_weights()


def equal(a, b):
    return [np.array_equal(x, y) for x, y in zip(a, b, strict=True)]


def test_each_phase_moves_one_network(tmp_path):
    planned = quickstart(6, tmp_path, {**SMALL, "phases": PHASES})
    with pytest.raises(runs.Stopped, match="iteration 20 of 40"):
        train(planned, stop=StopAt(2))
    train(planned)
    gan = build(planned.experiment, datasets.load("ring"), 0)
    start = {"generator": gan.generator.get_weights()}
    start["discriminator"] = gan.discriminator.get_weights()
    moved = {}
    for role, before in start.items():
        states = [before, *(weights(planned, role, i) for i in (10, 20, 30, 40))]
        moved[role] = [not all(equal(a, b)) for a, b in pairwise(states)]
    assert moved == {
        "discriminator": [True, False, False, True],
        "generator": [False, True, True, True],
    }
    found = records(planned)
    assert [r["iteration"] for r in found] == [10, 20, 30, 40]
    assert np.isfinite([r[name] for r in found for name in ("d_loss", "g_loss")]).all()


def test_a_run_that_a_rule_ends_is_finished_and_says_why(tmp_path):
    rule = {"name": "flat", "change": 1e6, "iterations": 10}
    planned = quickstart(6, tmp_path, {**SMALL, "stop": rule, "save_at": [5]})
    content, progress = train(planned)
    said = "flat: losses within 1e+06 for 10 iterations"
    assert (content["iterations"], content["stopped_at"], content["why"]) == (40, 10, said)
    assert progress.notes[-1] == f"ended at iteration 10: {said}"
    assert records(planned)[-1] == {"iteration": 10, "stopped": said}
    assert {"samples/000010.png", "generator_model_000010.h5"} <= set(content["sha256"])
    assert planned.state == "finished"
    assert (planned.folder / "checkpoint" / "000010").is_dir()

    # What a kill took of the last files comes again, without another iteration.
    (planned.folder / "generator_model_000010.h5").unlink()
    assert planned.state == "interrupted"  # the checkpoint brings it back
    for name in ("metrics.json", "samples/000010.png"):
        (planned.folder / name).unlink()
    assert planned.state == "interrupted"
    again, progress = train(planned)
    assert progress.begun == (40, 10)
    assert again["sha256"] == content["sha256"]
    assert planned.state == "finished"

    (run,) = reports.results.finished(planned.folder.parents[1])
    assert (run.iterations, run.stopped_at) == (40, 10)
    (path,) = reports.write(planned.results)
    page = path.read_text()
    assert "40 (stopped at 10)" in page
    assert "samples/000010.png" in page


def test_a_rule_judges_the_iterations_after_the_phases(tmp_path):
    rule = {"name": "flat", "change": 1e6, "iterations": 10}
    planned = quickstart(6, tmp_path, {**SMALL, "phases": PHASES[:1], "stop": rule})
    content, _ = train(planned)
    assert content["stopped_at"] == 20


def test_a_rule_that_finds_no_reason_changes_no_file_but_the_row(tmp_path):
    rule = {"name": "collapse", "below": 1e-6, "iterations": 10}
    ends = {}
    for name, changed in (("with", {"stop": rule}), ("without", {})):
        planned = quickstart(6, tmp_path / name, {**SMALL, **changed})
        content, _ = train(planned)
        assert "stopped_at" not in content
        ends[name] = (planned.folder / "log.jsonl").read_bytes()
    assert ends["with"] == ends["without"]
    assert json.loads(ends["with"].splitlines()[-1])["iteration"] == 40

"""A longer run that begins with a shorter one ends as one from the start."""

import re
from dataclasses import replace

import pytest
from kill_harness import digest
from running import StopAt, quickstart, train

from keras_gans import datasets
from keras_gans.metrics import features as extractors
from keras_gans.metrics.features import WeightsMissing
from keras_gans.rows.stored import records
from keras_gans.runs import environment
from keras_gans.runs import run as runs

pytestmark = pytest.mark.usefixtures("without_xla")

LONG = {"iterations": 40, "measure_every": 5}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The digest of a run of 40 iterations in one go."""
    planned = quickstart(6, tmp_path_factory.mktemp("whole"), LONG)
    train(planned)
    return digest(planned.folder)


def begun(planned, **options):
    """The iteration at which a run begins, which it then is trained from, and what it says."""
    _, progress = train(planned, **options)
    return progress.begun[1], [note for note in progress.notes if "begins with" in note]


@pytest.mark.backends
@pytest.mark.parametrize(
    ("shorter", "start"),
    [
        ({"iterations": 20}, 20),
        ({"iterations": 25}, 20),  # where the longer run saves nothing
    ],
)
def test_it_ends_the_same(whole, shorter, start, tmp_path):
    train(quickstart(6, tmp_path, {**LONG, **shorter}))
    longer = quickstart(6, tmp_path, LONG)
    assert begun(longer)[0] == start
    found = digest(longer.folder)
    assert longer.state == "finished" and found.keys() == whole.keys()
    # Networks of the shorter run name it as their origin, and metrics.json vouches for the best.
    other = {name for name in whole if found[name] != whole[name]}
    of_shorter = r"(?:.*/(?:kept-)?)?generator_model_best.h5|metrics.json"
    saved = {n for n in other if (m := re.search(r"_model_(\d+)", n)) and int(m[1]) <= start}
    assert {n for n in other - saved if not re.fullmatch(of_shorter, n)} == set()


def test_a_shorter_run_that_was_interrupted_is_enough(whole, tmp_path):
    half = quickstart(6, tmp_path, {**LONG, "iterations": 30})
    with pytest.raises(runs.Stopped, match="iteration 15 of 30"):
        train(half, stop=StopAt(3))
    longer = quickstart(6, tmp_path, LONG)
    start, (note,) = begun(longer)
    assert start == 15 and str(half.folder) in note
    assert digest(longer.folder)["log.jsonl"] == whole["log.jsonl"]


def test_the_longest_of_several_is_taken(tmp_path):
    for iterations in (10, 30, 20):
        train(quickstart(6, tmp_path, {**LONG, "iterations": iterations}))
    assert begun(quickstart(6, tmp_path, LONG))[0] == 30


@pytest.mark.parametrize(
    "other",
    [
        {"iterations": 60},
        {"iterations": 20, "batch_size": 4},
        {"iterations": 20, "save_every": 5},
        {"iterations": 20, "stop": {"name": "flat", "change": 1e-9}},
        {"iterations": 60, "phases": [{"iterations": 50, "train": "discriminator"}]},
    ],
)
def test_runs_that_are_not_its_beginning_are_left_alone(other, tmp_path):
    train(quickstart(6, tmp_path, {**LONG, **other}))
    assert begun(quickstart(6, tmp_path, LONG)) == (0, [])


def test_other_seeds_are_left_alone(tmp_path):
    train(quickstart(6, tmp_path, {**LONG, "iterations": 20}, seed=1))
    assert begun(quickstart(6, tmp_path, LONG)) == (0, [])


def test_other_data_are_left_alone(tmp_path):
    short = quickstart(6, tmp_path, {**LONG, "iterations": 20})
    data = datasets.load(short.experiment.dataset)
    train(short, data=replace(data, values=data.values[::-1].copy()))
    assert begun(quickstart(6, tmp_path, LONG), data=data) == (0, [])


def test_runs_of_other_versions_are_left_alone(tmp_path, monkeypatch):
    train(quickstart(6, tmp_path, {**LONG, "iterations": 20}))
    monkeypatch.setattr(environment, "changes", lambda then, now: "keras 3.14.0 is now 3.15.1")
    assert begun(quickstart(6, tmp_path, LONG)) == (0, [])


def test_values_that_can_be_measured_now_are_not_left_out(tmp_path, monkeypatch):
    short = quickstart(6, tmp_path, {**LONG, "iterations": 20})
    longer = quickstart(6, tmp_path, LONG)

    def missing(extractor, folder):
        raise WeightsMissing("no weights")

    with monkeypatch.context() as patched:
        patched.setattr(extractors, "get", missing)
        train(short)
    assert begun(longer)[0] == 0
    assert None not in records(longer.folder)[0].values()


def test_a_stop_rule_is_not_passed_by(tmp_path):
    """The shorter run does not apply its rule at its end; the longer one has to."""
    rule = {"stop": {"name": "flat", "change": 1e6, "iterations": 20}}
    train(quickstart(6, tmp_path, {**LONG, **rule, "iterations": 20}))
    longer = quickstart(6, tmp_path, {**LONG, **rule})
    _, progress = train(longer)
    assert progress.begun[1] < 20
    assert longer.result()["stopped_at"] == 20


def test_restart_begins_at_the_start(tmp_path):
    train(quickstart(6, tmp_path, {**LONG, "iterations": 20}))
    assert begun(quickstart(6, tmp_path, LONG), restart=True) == (0, [])

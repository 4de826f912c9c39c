"""Runs that are stopped, killed or damaged on the way end as if nothing had happened."""

import resource
import shutil
from dataclasses import replace

import numpy as np
import pytest
from kill_harness import digest
from running import StopAt, quickstart, train

from keras_gans import datasets, files, generators
from keras_gans.datasets import Images, Points
from keras_gans.errors import UsageError
from keras_gans.runs import checkpoints
from keras_gans.runs import run as runs
from keras_gans.runs.building import build
from keras_gans.runs.folder import CannotWrite

pytestmark = pytest.mark.usefixtures("without_xla")


def assert_same_end(a, b):
    one, two = digest(a.folder), digest(b.folder)
    assert {name for name in {**one, **two} if one.get(name) != two.get(name)} == set()


def test_a_convolutional_run_that_is_stopped_and_resumed_ends_the_same(tmp_path):
    """Dropout, batch normalization, a shared optimizer, an average and drawn targets."""
    changed = {
        "iterations": 12,
        "save_every": 8,
        "generator": "vanilla",
        "discriminator": {"name": "dcgan", "filters": 8},
        "optimizer": "adam",
        "d_optimizer": None,
        "g_optimizer": None,
        "loss": {"name": "binary_crossentropy", "real": [0.8, 1.1]},
        "average": {"name": "exponential", "decay": 0.9},
    }
    whole, halves = (quickstart(2, tmp_path / name, changed) for name in "ab")
    train(whole)
    with pytest.raises(runs.Stopped, match="iteration 4 of 12"):
        train(halves, stop=StopAt(1))
    assert halves.state == "interrupted"
    _, progress = train(halves)
    assert progress.begun == (12, 4)
    assert halves.state == "finished"
    assert_same_end(whole, halves)


MOVES = {
    "unrolled": {
        "turns": {"unroll": 2, "g_steps": 2, "latents": "shared"},
        "discriminator": {"name": "points", "hidden": [8]},
    },
    "adaptive": {"turns": {"update": "adaptive", "d_steps": 2}, "accuracy": True},
    "weighted": {"turns": {"update": {"name": "weighted", "real": 0.5, "fake": 2.0}}},
    "phases": {
        "phases": [
            {"iterations": 5, "train": "discriminator"},
            {"iterations": 10, "train": "generator"},
        ]
    },
    "stop": {"stop": {"name": "flat", "change": 1e6, "iterations": 15}},
}


@pytest.mark.backends
@pytest.mark.parametrize("kind", MOVES)
def test_every_move_of_the_game_resumes_exactly(kind, tmp_path):
    """Stopped at iteration 10 of 20, of which a rule leaves 15: in the middle of a phase."""
    changed = {"iterations": 20, "save_at": [5], "measure": [], **MOVES[kind]}
    whole, halves = (quickstart(6, tmp_path / name, changed) for name in "ab")
    train(whole)
    with pytest.raises(runs.Stopped, match="iteration 10 of 20"):
        train(halves, stop=StopAt(2))
    _, progress = train(halves)
    assert progress.begun == (20, 10)
    assert halves.state == "finished"
    assert_same_end(whole, halves)


# --- points: quick runs, stopped at iteration 15 of 20 ----------------------------------------

DENSE = {"iterations": 20, "measure_every": 5}


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """The folders of results of a run of 20 iterations and of one that was stopped at 15."""
    whole, half = (tmp_path_factory.mktemp(name) for name in ("whole", "half"))
    train(quickstart(6, whole, DENSE))
    with pytest.raises(runs.Stopped, match="iteration 15 of 20"):
        train(quickstart(6, half, DENSE), stop=StopAt(3))
    return whole, half


@pytest.fixture
def whole(dense):
    return quickstart(6, dense[0], DENSE)


@pytest.fixture
def halfway(dense, tmp_path):
    """The stopped run, in a folder of its own."""
    shutil.copytree(dense[1], tmp_path / "results")
    return quickstart(6, tmp_path / "results", DENSE)


@pytest.mark.backends
def test_every_backend_resumes_exactly(whole, halfway):
    _, progress = train(halfway)
    assert progress.begun == (20, 15)
    assert_same_end(whole, halfway)


def test_a_kill_between_checkpoints_goes_back_to_the_last_one(whole, halfway):
    """A kill leaves later records and files; the run starts at its checkpoint all the same."""
    with (halfway.folder / "log.jsonl").open("a") as log:
        log.write('{"iteration": 20, "d_loss": 1')
    (halfway.folder / "generator_model_000020.h5").write_bytes(b"half a file")
    (halfway.folder / "generator_model_best.h5").write_bytes(b"of iteration 20")
    (halfway.folder / ".lock").write_text("12345\n")
    partial = halfway.folder / "checkpoint" / ".partial-7-000020"
    partial.mkdir()
    (partial / "state.bin").write_bytes(b"half a file")
    train(halfway)
    assert_same_end(whole, halfway)
    generators.load(halfway.folder / "generator_model_000020.h5")


def test_a_damaged_checkpoint_is_named_and_the_one_before_used(whole, halfway):
    newest = halfway.folder / "checkpoint" / "000015" / "state.bin"
    newest.write_bytes(newest.read_bytes()[:1000])
    _, progress = train(halfway)
    assert progress.begun == (20, 10)
    (note,) = [note for note in progress.notes if "000015" in note]
    assert "state.bin is damaged" in note
    assert_same_end(whole, halfway)


def change_checkpoint(planned, **changes):
    folder = planned.folder / "checkpoint"
    found, _ = checkpoints.latest(folder)
    shutil.rmtree(folder)
    checkpoints.save(folder, replace(found, **changes))


@pytest.mark.parametrize("dropped", ["nothing", "seeds", "optimizers", "position"])
def test_nothing_of_the_state_can_be_left_out(dropped, whole, halfway, monkeypatch):
    """What a checkpoint holds is needed: without any part of it the run ends otherwise."""
    arrays = list(checkpoints.latest(halfway.folder / "checkpoint")[0].arrays)
    if dropped == "seeds":
        seeds = [i for i, a in enumerate(arrays) if a.shape == (2,) and a.dtype.kind in "iu"]
        assert seeds
        arrays = [np.zeros_like(a) if i in seeds else a for i, a in enumerate(arrays)]
    if dropped == "optimizers":
        # The moments alone: the learning rates and the counts among them stay.
        gan = build(halfway.experiment, datasets.load("ring"), 0)
        begin = len(arrays) - len(gan.optimizer.variables)
        arrays[begin:] = [a if a.ndim == 0 else np.zeros_like(a) for a in arrays[begin:]]
    if dropped == "position":
        batches = runs.batches
        monkeypatch.setattr(runs, "batches", lambda v, y, s, begin, end: batches(v, y, s, 0, 5))
    change_checkpoint(halfway, arrays=arrays)
    train(halfway)
    states = [digest(p.folder)["checkpoint/000020/state.bin"] for p in (whole, halfway)]
    assert (states[0] == states[1]) == (dropped == "nothing")


def test_what_was_killed_after_the_last_checkpoint_is_finished(dense, whole, tmp_path):
    shutil.copytree(dense[0], tmp_path / "results")
    planned = quickstart(6, tmp_path / "results", DENSE)
    (planned.folder / "metrics.json").unlink()
    (planned.folder / "generator_model_000020.h5").write_bytes(b"half")
    (planned.folder / "discriminator_model_000020.h5").unlink()
    (planned.folder / "samples" / "000020.png").unlink()
    (planned.folder / "plot_loss.png").unlink()
    _, progress = train(planned)
    assert progress.begun == (20, 20)
    assert_same_end(planned, whole)


def test_networks_that_were_deleted_after_the_end_come_back(dense, whole, tmp_path):
    shutil.copytree(dense[0], tmp_path / "results")
    planned = quickstart(6, tmp_path / "results", DENSE)
    assert planned.state == "finished"
    for name in ("generator_model_best.h5", "generator_model_000020.h5"):
        (planned.folder / name).unlink()
        assert planned.state == "interrupted"
    _, progress = train(planned)
    assert progress.begun == (20, 20)
    assert_same_end(planned, whole)
    # Without the checkpoint, as published, weights may be missing.
    (planned.folder / "generator_model_best.h5").unlink()
    shutil.rmtree(planned.folder / "checkpoint")
    assert planned.state == "finished"


def test_other_versions_are_noted_and_no_reason_to_refuse(halfway, monkeypatch):
    environment = runs.environment
    monkeypatch.setattr(
        runs, "environment", lambda *args: {**environment(*args), "threads": 64, "python": "3.9"}
    )
    _, progress = train(halfway)
    (note,) = [note for note in progress.notes if "became" in note]
    assert "became 3.9" in note
    assert "threads" in note


# --- what is refused, and leaves everything as it was ------------------------------------------


def test_other_data_are_refused(halfway):
    ring = datasets.load("ring")
    other = Points("ring", ring.values + 1, ring.labels, ring.source, centers=ring.centers, std=1)
    before = digest(halfway.folder)
    with pytest.raises(UsageError, match=r"other data.*--restart"):
        train(halfway, data=other)
    assert digest(halfway.folder) == before


def test_other_labels_of_a_conditional_run_are_refused(tmp_path):
    planned = quickstart(5, tmp_path, {"iterations": 20, "measure": []})
    digits = datasets.load("digits")
    with pytest.raises(runs.Stopped):
        train(planned, data=digits, stop=StopAt(1))
    others = Images(digits.name, digits.values, (digits.labels + 1) % 10, digits.source)
    assert others.fingerprint == digits.fingerprint
    with pytest.raises(UsageError, match=r"other data.*--restart"):
        train(planned, data=others)


def test_a_checkpoint_of_other_networks_is_refused(halfway):
    arrays = checkpoints.latest(halfway.folder / "checkpoint")[0].arrays
    change_checkpoint(halfway, arrays=arrays[:-1])
    with pytest.raises(UsageError, match="shapes differ; --restart"):
        train(halfway)


def test_a_folder_in_use_is_refused(halfway):
    before = digest(halfway.folder)
    with files.locked(halfway.folder), pytest.raises(UsageError, match="in use by process"):
        train(halfway)
    assert digest(halfway.folder) == before


def test_a_disk_that_takes_no_more_stops_the_run_and_loses_nothing(whole, halfway):
    state = halfway.folder / "checkpoint" / "000015" / "state.bin"
    before = files.sha256(state)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (state.stat().st_size - 1, hard))
    try:
        with pytest.raises(CannotWrite) as caught:
            train(halfway)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    message = str(caught.value)
    assert message.startswith(f"cannot write to {halfway.folder}: File too large")
    assert "\n" not in message
    assert files.sha256(state) == before
    assert not list(halfway.folder.rglob(".*"))
    train(halfway)
    assert_same_end(halfway, whole)


def test_a_disk_without_room_is_refused_before_training(halfway, monkeypatch):
    usage = shutil.disk_usage(halfway.folder)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UsageError, match=r"1 MB of room, .* needs \d+ MB for 1 "):
        train(halfway)


def test_a_run_goes_on_where_a_killed_one_left_no_checkpoint(halfway, whole):
    shutil.rmtree(halfway.folder / "checkpoint")
    _, progress = train(halfway)
    assert progress.begun == (20, 0)
    assert_same_end(halfway, whole)

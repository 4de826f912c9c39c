"""Checkpoints survive whatever happens to the process, the disk and the bytes."""

import os
import random
import resource
import shutil
from contextlib import contextmanager

import keras
import numpy as np
import pytest
from running import Silent

from keras_gans import files, networks
from keras_gans.errors import UsageError
from keras_gans.gan import GAN
from keras_gans.runs import checkpoints
from keras_gans.runs.checkpoints import Checkpoint

SECONDS = {"wall": 2.5, "training": 2.0, "saving": 0.5}


def make(iteration):
    """A checkpoint of arrays of several kinds, all of it a function of the iteration."""
    numbers = np.random.default_rng(iteration)
    arrays = [
        numbers.random((17, 9), "float32"),
        numbers.integers(2**32, size=2, dtype="uint32"),
        np.array(iteration, "int32"),
        np.zeros((0, 3), "float32"),
    ]
    history = [{"iteration": iteration, "d_loss": numbers.random(), "fid5k_lenet": None}]
    about = {"run": "r", "data": "d", "environment": {"threads": 2}}
    return Checkpoint(iteration, arrays, history, SECONDS, about, {"a.h5": numbers.bytes(50)})


def assert_same(found, expected):
    for array, other in zip(found.arrays, expected.arrays, strict=True):
        assert array.dtype == other.dtype
        np.testing.assert_array_equal(array, other, strict=True)
    for name in ("iteration", "history", "seconds", "about", "kept"):
        assert getattr(found, name) == getattr(expected, name)


@pytest.fixture
def folder(tmp_path):
    """A folder with the checkpoints of iterations 10 and 20."""
    for iteration in (10, 20):
        checkpoints.save(tmp_path / "checkpoint", make(iteration))
    return tmp_path / "checkpoint"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_round_trip_of_everything(folder):
    found, passed = checkpoints.latest(folder)
    assert_same(found, make(20))
    assert passed == []


def test_the_last_two_are_kept_and_nothing_partial(tmp_path):
    for iteration in (999_500, 999_999, 1_000_000):
        checkpoints.save(tmp_path, make(iteration))
    assert names(tmp_path) == ["1000000", "999999"]
    assert checkpoints.latest(tmp_path)[0].iteration == 1_000_000


def test_no_checkpoint_is_no_error(tmp_path):
    assert checkpoints.latest(tmp_path / "none") == (None, [])


def test_one_of_another_run_is_passed_over(folder):
    assert checkpoints.latest(folder, run="r")[0].iteration == 20
    found, passed = checkpoints.latest(folder, run="other")
    assert found is None
    assert [(path.name, reason) for path, reason in passed] == [
        ("000020", "it is one of other settings"),
        ("000010", "it is one of other settings"),
    ]


def test_a_damaged_one_is_replaced_and_never_kept_instead_of_a_whole_one(folder):
    (folder / "000020" / "state.bin").write_bytes(b"")
    checkpoints.save(folder, make(15))  # stopped on the way
    assert names(folder) == ["000010", "000015"]
    (folder / "000015" / "state.bin").write_bytes(b"")
    checkpoints.save(folder, make(15))
    assert_same(checkpoints.latest(folder)[0], make(15))


def make_gan(seed=0, shape=(8, 8, 1), **rules):
    keras.utils.set_random_seed(seed)
    generator = networks.build("vanilla", "generator", shape, 4)
    gan = GAN(generator, networks.build("lsgan", "discriminator", shape))
    rules = rules or {"d_optimizer": "adam", "g_optimizer": "adam"}
    gan.compile(loss="mse", **rules)
    return gan


def test_arrays_go_from_one_model_into_another_of_the_same_networks():
    one, other = make_gan(), make_gan(seed=1)
    arrays = [array.copy() for array in checkpoints.capture(one)]
    pairs = list(zip(arrays, checkpoints.capture(other), strict=True))
    assert any(not np.array_equal(a, b) for a, b in pairs)
    checkpoints.restore(other, arrays)
    for a, b in zip(arrays, checkpoints.capture(other), strict=True):
        np.testing.assert_array_equal(a, b, strict=True)
    for another in (make_gan(shape=(12, 12, 1)), make_gan(optimizer="adam")):
        with pytest.raises(ValueError, match="not one of this model"):
            checkpoints.restore(another, arrays)


def test_everything_that_training_changes_is_captured():
    """Weights, the averaged copy, moments, counters of steps and iterations, and seeds."""
    gan = make_gan(optimizer="adam", average="exponential")
    networks = 2 * len(gan.generator.weights) + len(gan.discriminator.weights)
    trained = len(gan.generator.trainable_weights) + len(gan.discriminator.trainable_weights)
    arrays = checkpoints.capture(gan)
    assert len(arrays) == networks + 2 * trained + len(("steps", "rate", "iteration", "seed"))


# --- resuming ----------------------------------------------------------------------------------

BEST = "generator_model_best.h5"


def begun(place, **changed):
    """Writes the checkpoint of a model to the folder of a run; returns the model and its about."""
    gan = make_gan()
    gan.iteration.assign(20)
    about = {"run": "r", "data": "d" * 64, "environment": {"threads": 2, "backend": "jax"}}
    values = {"kept": {BEST: b"as it was"}, "about": about, **changed}
    arrays = [array.copy() for array in checkpoints.capture(gan)]
    checkpoints.save(
        place / "checkpoint", Checkpoint(20, arrays, [{"iteration": 20}], SECONDS, **values)
    )
    return about


def resume(place, about, gan=None, backend="jax"):
    """Resumes another model; returns (checkpoint, model, notes)."""
    gan, progress = gan or make_gan(seed=1), Silent()
    about = {**about, "environment": {"threads": 2, "packages": {}, "backend": backend}}
    return checkpoints.resume(place, gan, about, progress), gan, progress.notes


def test_resuming_brings_back_the_model_and_the_best_generator(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints.environment, "changes", lambda there, now: "")
    about = begun(tmp_path)
    (tmp_path / BEST).write_bytes(b"of a later iteration")
    checkpoint, gan, notes = resume(tmp_path, about)
    assert (tmp_path / BEST).read_bytes() == b"as it was"
    assert (checkpoint.history, checkpoint.seconds) == ([{"iteration": 20}], SECONDS)
    assert gan.iterations == 20
    for a, b in zip(checkpoint.arrays, checkpoints.capture(gan), strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(notes) == 1 and "20" in notes[0]


def test_a_best_generator_of_after_the_checkpoint_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints.environment, "changes", lambda there, now: "")
    about = begun(tmp_path, kept={})
    (tmp_path / BEST).write_bytes(b"of a later iteration")
    resume(tmp_path, about)
    assert not (tmp_path / BEST).exists()


def test_without_a_checkpoint_a_run_begins_without_a_best_generator(tmp_path):
    (tmp_path / BEST).write_bytes(b"of a run that was killed early")
    checkpoint, gan, notes = resume(tmp_path, {"run": "r", "data": "d"})
    assert (checkpoint, gan.iterations, notes) == (None, 0, [])
    assert not (tmp_path / BEST).exists()


def test_other_data_and_other_models_are_refused(tmp_path):
    about = begun(tmp_path)
    (tmp_path / BEST).write_bytes(b"of a later iteration")
    with pytest.raises(UsageError, match=r"other data.*--restart"):
        resume(tmp_path, {**about, "data": "e" * 64})
    with pytest.raises(UsageError, match=r"shapes differ.*--restart"):
        resume(tmp_path, about, make_gan(shape=(12, 12, 1)))
    assert (tmp_path / BEST).read_bytes() == b"of a later iteration"


def test_another_backend_has_other_variables(tmp_path):
    about, other = begun(tmp_path), make_gan(shape=(12, 12, 1))
    said = r"begun on jax, and networks on torch have other variables: set KERAS_BACKEND=jax$"
    with pytest.raises(UsageError, match=said):
        resume(tmp_path, about, other, backend="torch")


# --- damage -----------------------------------------------------------------------------------


def assert_never_silently_different(folder):
    """Either the newest is read as it was written, or it is named and the one before is read."""
    found, passed = checkpoints.latest(folder)
    assert_same(found, make(found.iteration))
    assert [path.name for path, _ in passed] == (["000020"] if found.iteration == 10 else [])
    return found.iteration == 10


FILES = ["state.bin", "log.jsonl", "kept-a.h5", "manifest.json"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_noticed(name, folder):
    path = folder / "000020" / name
    content = path.read_bytes()
    for part in range(20):
        path.write_bytes(content[: len(content) * part // 20])
        assert assert_never_silently_different(folder), f"cut at {part}/20"
    path.write_bytes(content + b"\n")
    assert_never_silently_different(folder)
    path.unlink()
    assert assert_never_silently_different(folder)


def test_a_flipped_bit_is_noticed_or_changes_nothing(folder):
    numbers, noticed = random.Random(0), 0
    contents = {name: (folder / "000020" / name).read_bytes() for name in FILES}
    for _ in range(200):
        name = numbers.choice(FILES)
        content = bytearray(contents[name])
        content[numbers.randrange(len(content))] ^= 1 << numbers.randrange(8)
        (folder / "000020" / name).write_bytes(content)
        noticed += assert_never_silently_different(folder)
        (folder / "000020" / name).write_bytes(contents[name])
    assert noticed > 150  # a manifest may say the same in other white space
    assert checkpoints.latest(folder)[0].iteration == 20


@pytest.mark.parametrize("text", ["[]", "{}", '{"sha256": 1, "content": []}', "[" * 100_000])
def test_a_manifest_of_something_else_is_passed_over(text, folder):
    (folder / "000020" / "manifest.json").write_text(text)
    assert assert_never_silently_different(folder)


def test_a_manifest_reads_no_file_elsewhere(folder, monkeypatch):
    state = folder / "000020" / "state.bin"
    shutil.move(state, folder / "state.bin")
    manifest = folder / "000020" / "manifest.json"
    content = checkpoints.json.loads(manifest.read_text())["content"]
    content["files"]["../state.bin"] = content["files"].pop("state.bin")
    whole = {"sha256": checkpoints._digest(content), "content": content}
    manifest.write_text(checkpoints.json.dumps(whole))
    assert assert_never_silently_different(folder)


# --- faults -----------------------------------------------------------------------------------

CALLS = ("mkdir", "open", "write", "read", "fsync", "replace", "unlink", "rmdir")


class Killed(BaseException):
    """Stands for SIGKILL: nothing that comes after it has an effect."""


@contextmanager
def fault(kind, number, monkeypatch):
    """Lets the call with this number fail, or kill; yields the list of the calls made.

    Args:
        kind: "fails" with an error of the disk, "kills" before the call, or "tears": half of what
            was to be written is, and then it kills.
        number: Of the call, from 0; None for no fault.
    """
    made = []

    def patch(name):
        original = getattr(os, name)

        def call(*args, **kwargs):
            dead = kind != "fails" and number is not None and len(made) > number
            made.append(name)
            if dead:
                raise Killed
            if len(made) - 1 == number:
                if kind == "fails":
                    raise OSError(28, "No space left on device")
                if kind == "tears" and name == "write":
                    original(args[0], args[1][: len(args[1]) // 2])
                raise Killed
            return original(*args, **kwargs)

        context.setattr(os, name, call)

    with monkeypatch.context() as context:
        for name in CALLS:
            patch(name)
        yield made


@pytest.mark.parametrize("kind", ["fails", "kills", "tears"])
@pytest.mark.parametrize("iteration", [20, 30])
def test_a_fault_at_any_call_leaves_the_old_or_the_new(kind, iteration, folder, monkeypatch):
    """Iteration 20 is there already, but damaged: it is made anew, as 30 is made new."""
    # What is made to fail is the call; waiting for a disk hundreds of times shows nothing more.
    monkeypatch.setattr(os, "fsync", lambda file: None)
    damaged = iteration == 20
    if damaged:
        (folder / "000020" / "state.bin").write_bytes(b"")
    old = 10 if damaged else 20
    template = folder.with_name("template")
    shutil.copytree(folder, template)
    with fault("fails", None, monkeypatch) as calls:
        checkpoints.save(folder, make(iteration))
    assert {"mkdir", "write", "fsync", "replace", "unlink"} <= set(calls)
    ends = set()
    for number in range(len(calls)):
        shutil.rmtree(folder)
        shutil.copytree(template, folder)
        try:
            with fault(kind, number, monkeypatch):
                checkpoints.save(folder, make(iteration))
        except (OSError, Killed):
            pass
        found, _ = checkpoints.latest(folder)
        assert found.iteration in (old, iteration), f"call {number}: {calls[number]}"
        assert_same(found, make(found.iteration))
        ends.add(found.iteration)
        # Whatever it left, the next process goes on from it.
        files.remove_partial(folder)
        checkpoints.save(folder, make(40))
        assert_same(checkpoints.latest(folder)[0], make(40))
        assert len(names(folder)) == 2
    assert ends == {old, iteration}


def test_everything_is_on_the_disk_before_it_has_its_name(folder, monkeypatch):
    events, paths = [], {}
    opening, fsync, replace = os.open, os.fsync, os.replace

    def note_open(path, *args, **kwargs):
        opened = opening(path, *args, **kwargs)
        paths[opened] = os.fspath(path)
        return opened

    def note_fsync(opened):
        fsync(opened)
        events.append(paths[opened])

    def note_replace(source, target):
        replace(source, target)
        events.append((os.fspath(source), os.fspath(target)))

    with monkeypatch.context() as context:
        for name, call in (("open", note_open), ("fsync", note_fsync), ("replace", note_replace)):
            context.setattr(os, name, call)
        checkpoints.save(folder, make(30))
    partial = next(e[0] for e in events if e[1:] == (str(folder / "000030"),))
    assert events[:7] == [
        *(f"{partial}/{name}" for name in ("state.bin", "log.jsonl", "kept-a.h5")),
        f"{partial}/manifest.json",
        partial,
        (partial, str(folder / "000030")),
        str(folder),
    ]


@contextmanager
def largest_file(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 30, 300])
def test_a_limit_on_file_sizes_leaves_the_checkpoint_before(size, folder):
    with largest_file(size), pytest.raises(OSError, match="File too large"):
        checkpoints.save(folder, make(30))
    assert names(folder) == ["000010", "000020"]
    assert_same(checkpoints.latest(folder)[0], make(20))


def test_a_full_disk_is_asked_before_anything_is_written(folder, monkeypatch):
    usage = shutil.disk_usage(folder)._replace(free=1_000_000)
    monkeypatch.setattr(checkpoints.shutil, "disk_usage", lambda _: usage)
    with fault("fails", None, monkeypatch) as calls, pytest.raises(OSError, match="No space left"):
        checkpoints.save(folder, make(30))
    assert set(calls) <= {"mkdir"}
    assert names(folder) == ["000010", "000020"]

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import checkpoints, files, losses, networks
from keras_gans.gan import GAN


def make_gan(seed=0, shape=(8, 8, 1)):
    keras.utils.set_random_seed(seed)
    gan = GAN(networks.generator("vanilla", shape, 4), networks.discriminator("lsgan", shape))
    objective = losses.get("mse")
    gan.compile(
        keras.optimizers.Adam(),
        keras.optimizers.Adam(),
        objective.discriminator,
        objective.generator,
    )
    return gan


def arrays(gan):
    return [np.array(ops.convert_to_numpy(v)) for v in gan.state]


def at(gan, iteration):
    gan.g_optimizer.iterations.assign(iteration)
    return gan


SECONDS = {"wall": 2.5, "training": 2.0}


def test_round_trip_of_every_array_and_the_history(tmp_path):
    gan = at(make_gan(), 30)
    history = [{"iteration": 30, "d_loss": 0.1 + 0.2, "fid5k_lenet": None}]
    checkpoints.save(tmp_path / "checkpoint", gan, history, SECONDS)
    found, damaged = checkpoints.latest(tmp_path / "checkpoint")
    assert (found.iteration, found.history, found.seconds) == (30, history, SECONDS)
    assert damaged == []
    other = make_gan(seed=1)
    assert any(not np.array_equal(a, b) for a, b in zip(arrays(gan), arrays(other), strict=True))
    checkpoints.restore(other, found)
    for a, b in zip(arrays(gan), arrays(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_last_two_are_kept_and_nothing_partial(tmp_path):
    gan = make_gan()
    for iteration in (999_500, 999_999, 1_000_000):
        checkpoints.save(tmp_path, at(gan, iteration), [], SECONDS)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1000000.npz", "999999.npz"]
    assert checkpoints.latest(tmp_path)[0].iteration == 1_000_000


def test_no_checkpoint_is_no_error(tmp_path):
    assert checkpoints.latest(tmp_path / "none") == (None, [])


@pytest.mark.parametrize("fault", ["truncated", "flipped", "empty", "text"])
def test_a_damaged_file_gives_way_to_the_one_before(fault, tmp_path):
    gan = make_gan()
    checkpoints.save(tmp_path, at(gan, 10), [{"iteration": 10}], SECONDS)
    checkpoints.save(tmp_path, at(gan, 20), [{"iteration": 20}], SECONDS)
    newest = tmp_path / "000020.npz"
    content = bytearray(newest.read_bytes())
    if fault == "flipped":
        content[len(content) // 2] ^= 1  # one bit, in the middle of the weights
    damaged = {
        "truncated": content[:-100],
        "flipped": content,
        "empty": b"",
        "text": b"not a checkpoint",
    }
    newest.write_bytes(damaged[fault])
    found, unreadable = checkpoints.latest(tmp_path)
    assert found.iteration == 10
    assert unreadable == [newest]


def test_arrays_of_another_model_are_refused(tmp_path):
    checkpoints.save(tmp_path, make_gan(), [], SECONDS)
    found, _ = checkpoints.latest(tmp_path)
    with pytest.raises(ValueError, match="not one of this model"):
        checkpoints.restore(make_gan(shape=(12, 12, 1)), found)


def test_a_failed_write_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    gan = make_gan()
    checkpoints.save(tmp_path, at(gan, 10), [], SECONDS)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save(tmp_path, at(gan, 20), [], SECONDS)
    assert [p.name for p in tmp_path.iterdir()] == ["000010.npz"]
    assert checkpoints.latest(tmp_path)[0].iteration == 10

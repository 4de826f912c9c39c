import keras
import numpy as np
import pytest

from keras_gans.batches import Sampler, batches


def test_a_batch_is_a_function_of_seed_and_step_alone():
    sampler = Sampler(1000, 32, seed=7)
    later = sampler.indices(20_000)
    for step in range(5):
        sampler.indices(step)
    np.testing.assert_array_equal(Sampler(1000, 32, seed=7).indices(20_000), later)
    assert not np.array_equal(sampler.indices(20_001), later)
    assert not np.array_equal(Sampler(1000, 32, seed=8).indices(20_000), later)


def test_with_replacement_every_sample_is_equally_likely():
    sampler = Sampler(10, 64, seed=0)
    counts = np.bincount(np.concatenate([sampler.indices(s) for s in range(1000)]), minlength=10)
    # chi-squared with 9 degrees of freedom: 33.7 is its 1 - 1e-4 quantile.
    assert ((counts - 6400) ** 2 / 6400).sum() < 33.7
    drawn = sampler.indices(0)
    assert len(set(drawn)) < len(drawn), "64 draws out of 10 repeat"


@pytest.mark.parametrize(("count", "batch_size"), [(10, 3), (7, 20), (6, 6)])
def test_without_replacement_every_epoch_is_a_new_order_of_all(count, batch_size):
    sampler = Sampler(count, batch_size, seed=1, replacement=False)
    drawn = np.concatenate([sampler.indices(s) for s in range(30)])
    epochs = drawn[: len(drawn) // count * count].reshape(-1, count)
    assert (np.sort(epochs, axis=1) == np.arange(count)).all()
    assert len({tuple(epoch) for epoch in epochs}) > len(epochs) / 2
    # Asked out of order it says the same.
    np.testing.assert_array_equal(
        Sampler(count, batch_size, seed=1, replacement=False).indices(17),
        drawn[17 * batch_size : 18 * batch_size],
    )


def test_the_two_ways_of_drawing_are_independent():
    assert not np.array_equal(
        Sampler(1000, 32, 0).indices(0), Sampler(1000, 32, 0, replacement=False).indices(0)
    )


SAMPLER = Sampler(50, 8, seed=0)


def drawn(values, labels):
    """The batches of steps 3 to 5, as arrays."""
    found = [
        [keras.ops.convert_to_numpy(array) for array in batch]
        for batch in batches(values, labels, SAMPLER, 3, 6)
    ]
    assert len(found) == 3
    return found


@pytest.mark.backends
@pytest.mark.parametrize(("shape", "dtype"), [((4, 4, 1), "uint8"), ((2,), "float32")])
def test_batches_are_the_values_of_the_indices(shape, dtype, random):
    values = (255 * random.random((50, *shape))).astype(dtype)
    for step, (batch,) in enumerate(drawn(values, None), start=3):
        assert batch.dtype == dtype
        np.testing.assert_array_equal(batch, values[SAMPLER.indices(step)])


@pytest.mark.backends
def test_labels_travel_with_their_values(random):
    values = random.integers(0, 256, (50, 4, 4, 1), dtype="uint8")
    labels = random.integers(0, 10, 50)
    for step, (batch, of_batch) in enumerate(drawn(values, labels), start=3):
        np.testing.assert_array_equal(batch, values[SAMPLER.indices(step)])
        np.testing.assert_array_equal(of_batch, labels[SAMPLER.indices(step)])
        assert of_batch.dtype == np.int32

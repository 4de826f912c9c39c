import keras
import numpy as np
import pytest

from keras_gans.sampling import Sampler, batches


def test_a_batch_is_a_function_of_seed_and_step_alone():
    sampler = Sampler(1000, 32, seed=7)
    later = sampler.indices(20_000)
    for step in range(5):
        sampler.indices(step)
    np.testing.assert_array_equal(Sampler(1000, 32, seed=7).indices(20_000), later)
    assert not np.array_equal(sampler.indices(20_001), later)
    assert not np.array_equal(Sampler(1000, 32, seed=8).indices(20_000), later)


def test_with_replacement_every_image_is_equally_likely():
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


@pytest.mark.backends
def test_batches_are_the_images_of_the_indices(random):
    images = random.integers(0, 256, (50, 4, 4, 1), dtype="uint8")
    sampler = Sampler(50, 8, seed=0)
    found = []
    for batch in batches(images, sampler, 3, 6):
        batch = batch[0] if isinstance(batch, tuple) else batch
        found.append(keras.ops.convert_to_numpy(batch))
    assert len(found) == 3
    for step, batch in enumerate(found, start=3):
        assert batch.dtype == np.uint8
        np.testing.assert_array_equal(batch, images[sampler.indices(step)])

"""Which images make up a batch: a pure function of (seed, step).

Nothing is drawn from a stream that would have to be saved: step 20,000 of a run is the same
batch whether the run got there in one go, was resumed, or starts there.
"""

from dataclasses import dataclass

import keras
import numpy as np


@dataclass(frozen=True)
class Sampler:
    """Draws the indices of each step's batch.

    Args:
        count: Number of images to draw from, >= 1.
        batch_size: Indices a step, >= 1.
        seed: The run's seed, >= 0.
        replacement: True draws each index independently; False goes through the images in a
            new random order every epoch, a batch running on into the next epoch.
    """

    count: int
    batch_size: int
    seed: int
    replacement: bool = True

    def indices(self, step):
        """Indices of step `step` (from 0): int64 array `(batch_size,)` in [0, count)."""
        if self.replacement:
            return self._random(0, step).integers(self.count, size=self.batch_size)
        positions = step * self.batch_size + np.arange(self.batch_size)
        epochs, places = np.divmod(positions, self.count)
        orders = {epoch: self._order(epoch) for epoch in np.unique(epochs)}
        return np.array([orders[e][p] for e, p in zip(epochs, places, strict=True)])

    def _order(self, epoch):
        cached = self.__dict__.setdefault("_orders", {})
        if epoch not in cached:
            cached.clear()
            cached[epoch] = self._random(1, epoch).permutation(self.count)
        return cached[epoch]

    def _random(self, purpose, number):
        # Philox is counter-based: a key for the run, a counter for the place in it.
        return np.random.Generator(
            np.random.Philox(key=self.seed, counter=[0, 0, purpose, int(number)])
        )


def batches(images, sampler, start, stop):
    """The batches of steps `start` to `stop`, for `GAN.fit`.

    Args:
        images: uint8 `(n, height, width, channels)`; kept in memory once, as it is.
        sampler: `Sampler` over `len(images)`.
        start: First step.
        stop: One past the last step.

    Returns:
        What `fit` takes as `x`: on TensorFlow a `tf.data.Dataset` that gathers from one
        resident tensor, elsewhere a generator. Either yields uint8
        `(batch_size, height, width, channels)`.
    """
    if keras.config.backend() != "tensorflow":
        return ((images[sampler.indices(step)],) for step in range(start, stop))
    import tensorflow as tf

    indices = np.stack([sampler.indices(step) for step in range(start, stop)]).astype("int32")
    resident = tf.constant(images)
    return (
        tf.data.Dataset.from_tensor_slices(indices)
        .map(lambda batch: tf.gather(resident, batch), num_parallel_calls=1)
        .prefetch(8)
    )

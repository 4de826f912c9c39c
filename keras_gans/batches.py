"""Which samples make up a batch: a pure function of (seed, step).

Nothing is drawn from a stream that would have to be saved: step 20,000 of a run is the same
batch whether the run got there in one go, was resumed, or starts there.
"""

from dataclasses import dataclass

import keras
import numpy as np

_INDEX = "int32"


@dataclass(frozen=True)
class Sampler:
    """Draws the indices of each step's batch.

    Args:
        count: Number of samples to draw from, >= 1.
        batch_size: Indices a step, >= 1.
        seed: The run's seed, >= 0.
        replacement: True draws each index independently; False goes through the samples
            in a new random order every epoch; a batch may run on into the next epoch.
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


def batches(values, labels, sampler, start, stop):
    """The batches of steps `start` to `stop`, for `GAN.fit`.

    Args:
        values: Array `(n, ...)`; kept in memory once, as it is.
        labels: Integers `(n,)`, or None.
        sampler: `Sampler` over `len(values)`.
        start: First step.
        stop: One past the last step.

    Returns:
        What `fit` takes as `x`: on TensorFlow a `tf.data.Dataset` that gathers from resident
        tensors, elsewhere a generator. Either yields tuples: values `(batch_size, ...)`, and
        labels `(batch_size,)` where there are some.
    """
    arrays = [values] if labels is None else [values, np.asarray(labels, "int32")]
    if keras.config.backend() != "tensorflow":
        chosen = (sampler.indices(step) for step in range(start, stop))
        return (tuple(array[indices] for array in arrays) for indices in chosen)
    import tensorflow as tf

    indices = np.empty((stop - start, sampler.batch_size), _INDEX)
    for place, step in enumerate(range(start, stop)):
        indices[place] = sampler.indices(step)
    resident = [tf.constant(array) for array in arrays]
    return (
        tf.data.Dataset.from_tensor_slices(indices)
        .map(lambda batch: tuple(tf.gather(r, batch) for r in resident), num_parallel_calls=1)
        .prefetch(8)
    )


def memory(batch_size, steps):
    """Bytes of the indices that `batches` draws before the first step.

    Args:
        batch_size: Indices a step.
        steps: How many.
    """
    drawn = keras.config.backend() == "tensorflow"
    # TensorFlow keeps a copy of the array.
    return drawn * 2 * np.dtype(_INDEX).itemsize * batch_size * steps

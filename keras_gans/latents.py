"""Distributions of latents: drawn by the training step, and sampled for everything else.

A training step draws through a saved `SeedGenerator`, in the backend. Grids, measurements and
`generate` sample with NumPy: the same seed gives the same latents on every backend and machine.
"""

import inspect
from abc import ABC, abstractmethod

import keras
import numpy as np

from keras_gans import parts
from keras_gans.errors import UsageError
from keras_gans.parts import Count, Positive, Recorded


class Latents(Recorded, ABC):
    """A distribution of latents `(n, size)` with independent components."""

    def __init__(self, size: Count):
        self.size = size

    @abstractmethod
    def draw(self, n, seed):
        """Latents for a training step.

        Args:
            n: How many.
            seed: `keras.random.SeedGenerator`.

        Returns:
            Float tensor `(n, size)`.
        """

    def sample(self, n, seed=0):
        """Latents as a function of the arguments alone.

        Args:
            n: How many.
            seed: Integer >= 0, or a list of them for a stream of its own.

        Returns:
            float32 array `(n, size)`.

        Raises:
            UsageError: `n` is no number of latents.
        """
        n = parts.natural(n, "latents")
        return self._sample(np.random.Generator(np.random.Philox(seed)), (n, self.size))

    @property
    def plain(self):
        """The distribution as YAML has it; options that have their default are left out.

        Raises:
            UsageError: It is none of `LATENTS`.
        """
        name = next((name for name, kind in LATENTS.items() if type(self) is kind), None)
        if name is None:
            raise UsageError(
                f"latents of the class {type(self).__name__} cannot be written down: use "
                f"{' or '.join(kind.__name__ for kind in LATENTS.values())}"
            )
        defaults = inspect.signature(type(self)).parameters
        changed = {k: v for k, v in self.get_config().items() if v != defaults[k].default}
        return {"name": name, **changed}


@keras.saving.register_keras_serializable("keras_gans")
class Normal(Latents):
    """Independent normal components, by default standard ones.

    Args:
        size: Components of one latent, >= 1.
        mean: Of each component.
        std: Standard deviation of each component, > 0.
    """

    def __init__(self, size: Count, mean: float = 0.0, std: Positive = 1.0):
        super().__init__(size)
        if not std > 0:
            raise ValueError(f"std is {std} and must be positive")
        self.mean, self.std = mean, std

    def draw(self, n, seed):
        return keras.random.normal((n, self.size), self.mean, self.std, seed=seed)

    def _sample(self, random, shape):
        drawn = random.standard_normal(shape, dtype="float32")
        if (self.mean, self.std) == (0, 1):
            return drawn
        return np.float32(self.mean) + np.float32(self.std) * drawn


@keras.saving.register_keras_serializable("keras_gans")
class Uniform(Latents):
    """Independent uniform components.

    Args:
        size: Components of one latent, >= 1.
        low: Least value.
        high: Greatest value, > low.
    """

    def __init__(self, size: Count, low: float = -1.0, high: float = 1.0):
        super().__init__(size)
        if not low < high:
            raise ValueError(f"low is {low} and must be less than high, {high}")
        self.low, self.high = low, high

    def draw(self, n, seed):
        return keras.random.uniform((n, self.size), self.low, self.high, seed=seed)

    def _sample(self, random, shape):
        return random.uniform(self.low, self.high, shape).astype("float32")


def shared_out(drawn):
    """Drawn latents `(n, size)`, of which each device has its share where devices share a batch."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return drawn
    layout = distribution.get_data_layout(drawn.shape)
    return keras.distribution.distribute_tensor(drawn, layout)


LATENTS = {"normal": Normal, "uniform": Uniform}


def get(identifier, size=None):
    """The distribution of an identifier: a name, a mapping, a `Part`, or an object itself.

    Args:
        identifier: As `parts.get` takes it.
        size: Components of one latent, where the identifier does not say.

    Raises:
        UsageError: It is unknown, or an option is, or it is another kind of object.
    """
    return parts.get("latents", identifier, Latents, **({} if size is None else {"size": size}))

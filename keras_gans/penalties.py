"""Penalties added to the discriminator's loss: (discriminator, real, fake, seed) -> scalar.

`discriminator` is a function from samples to scores `(n, 1)`, `real` and `fake` are float tensors
`(n, ...)` of one shape, `seed` is a `keras.random.SeedGenerator`.
"""

from typing import Literal

import keras
from keras import ops

from keras_gans import parts
from keras_gans.autodiff import input_gradient
from keras_gans.parts import Positive, Recorded


def _squared_norm(gradient):
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))


class Penalty(Recorded):
    """Base of all penalties: a weight > 0."""

    def __init__(self, weight: Positive = 10.0):
        self.weight = weight


def _excess(discriminator, samples, sides):
    """E[(|grad D(x)| - 1)^2], with `sides` 1 only of norms above 1.

    1e-12 under the root keeps its derivative finite.
    """
    norm = ops.sqrt(_squared_norm(input_gradient(discriminator, samples)) + 1e-12)
    excess = norm - 1.0
    return ops.mean(ops.square(ops.relu(excess) if sides == 1 else excess))


def _place(samples, seed):
    """One number of U(0, 1) for each sample, in a shape that multiplies samples."""
    ones = [1] * (len(samples.shape) - 1)
    return keras.random.uniform((ops.shape(samples)[0], *ones), dtype=samples.dtype, seed=seed)


@keras.saving.register_keras_serializable("keras_gans")
class GradientPenalty(Penalty):
    """weight * E[(|grad D(x)| - 1)^2] on lines between real and fake samples.

    x = real + a (fake - real) with one a ~ U(0, 1) a sample (Gulrajani et al. 2017,
    arXiv 1704.00028, equation 3).

    Args:
        weight: Factor of the penalty, > 0; the paper's lambda is 10.
        sides: 2, or 1 for max(0, |grad D(x)| - 1)^2, which lets the norm be less than 1 (Petzka et
            al. 2018, arXiv 1709.08894, equation 8).
    """

    def __init__(self, weight: Positive = 10.0, sides: Literal[1, 2] = 2):
        super().__init__(weight)
        self.sides = sides

    def __call__(self, discriminator, real, fake, seed):
        samples = real + _place(real, seed) * (fake - real)
        return self.weight * _excess(discriminator, samples, self.sides)


@keras.saving.register_keras_serializable("keras_gans")
class DRAGAN(Penalty):
    """weight * E[(|grad D(x)| - 1)^2] around real samples.

    Kodali et al. 2017, arXiv 1705.07215, equation 1 with k = 1. Their public code decides what the
    noise is: x = real + a s u / 2, with the standard deviation s of all numbers of the batch, one
    u ~ U(0, 1) for each number and one a ~ U(0, 1) for each sample. So the noise is never negative.

    Args:
        weight: Factor of the penalty, > 0; the paper's lambda is 10.
    """

    def __call__(self, discriminator, real, fake, seed):
        noise = keras.random.uniform(ops.shape(real), dtype=real.dtype, seed=seed)
        noise *= ops.std(real) / 2
        return self.weight * _excess(discriminator, real + _place(real, seed) * noise, sides=2)


@keras.saving.register_keras_serializable("keras_gans")
class R1(Penalty):
    """weight / 2 * E[|grad D(x)|^2] on real samples.

    Mescheder et al. 2018, arXiv 1801.04406, equation 9.

    Args:
        weight: The paper's gamma, > 0; it uses 10.
    """

    def __call__(self, discriminator, real, fake, seed):
        return self.weight / 2 * ops.mean(_squared_norm(input_gradient(discriminator, real)))


@keras.saving.register_keras_serializable("keras_gans")
class R2(Penalty):
    """weight / 2 * E[|grad D(x)|^2] on fake samples.

    Mescheder et al. 2018, arXiv 1801.04406, equation 10.

    Args:
        weight: The paper's gamma, > 0; it uses 10.
    """

    def __call__(self, discriminator, real, fake, seed):
        return self.weight / 2 * ops.mean(_squared_norm(input_gradient(discriminator, fake)))


PENALTIES = {"gradient_penalty": GradientPenalty, "dragan": DRAGAN, "r1": R1, "r2": R2}


def get(identifier):
    """The penalty of a name, a mapping or a `Part`; None and an object are returned.

    Raises:
        UsageError: It is unknown, or an option is, or it is another kind of object.
    """
    return parts.get("penalties", identifier, Penalty | None)

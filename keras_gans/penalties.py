"""Penalties added to the discriminator's loss: (discriminator, real, fake, seed) -> scalar.

`discriminator` is a function from samples to scores `(n, 1)`, `real` and `fake` are float tensors
`(n, ...)` of one shape, `seed` is a `keras.random.SeedGenerator`.
"""

import keras
from keras import ops

from keras_gans import parts
from keras_gans.autodiff import input_gradient
from keras_gans.parts import Positive, Recorded


def _squared_norm(gradient):
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))


class Penalty(Recorded):
    """A weight, > 0, and how Keras writes a penalty down."""

    def __init__(self, weight: Positive = 10.0):
        self.weight = weight


@keras.saving.register_keras_serializable("keras_gans")
class GradientPenalty(Penalty):
    """weight * E[(|grad D(x)| - 1)^2] on lines between real and fake samples.

    x = real + a (fake - real) with one a ~ U(0, 1) a sample (Gulrajani et al. 2017,
    arXiv 1704.00028, equation 3). 1e-12 under the root keeps its derivative finite.

    Args:
        weight: Factor of the penalty, > 0; the paper's lambda is 10.
    """

    def __call__(self, discriminator, real, fake, seed):
        ones = [1] * (len(real.shape) - 1)
        a = keras.random.uniform((ops.shape(real)[0], *ones), seed=seed)
        gradient = input_gradient(discriminator, real + a * (fake - real))
        norm = ops.sqrt(_squared_norm(gradient) + 1e-12)
        return self.weight * ops.mean(ops.square(norm - 1.0))


@keras.saving.register_keras_serializable("keras_gans")
class R1(Penalty):
    """weight / 2 * E[|grad D(x)|^2] on real samples.

    Mescheder et al. 2018, arXiv 1801.04406, equation 9.

    Args:
        weight: The paper's gamma, > 0; it uses 10.
    """

    def __call__(self, discriminator, real, fake, seed):
        return self.weight / 2 * ops.mean(_squared_norm(input_gradient(discriminator, real)))


PENALTIES = {"gradient_penalty": GradientPenalty, "r1": R1}


def get(identifier):
    """The penalty of a name, a mapping or a `Part`; None and an object are returned."""
    return parts.get("penalties", identifier)

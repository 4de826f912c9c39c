"""Penalties added to the discriminator's loss: (discriminator, real, fake, seed) -> scalar.

`discriminator` is a function from images to scores, `real` and `fake` are float tensors
`(n, height, width, channels)`, `seed` is a `keras.random.SeedGenerator`.
"""

import keras
from keras import ops

from keras_gans.autodiff import input_gradient


def _squared_norm(gradient):
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))


class Penalty:
    """What penalties share: a weight, > 0, and how Keras writes it down."""

    def __init__(self, weight=10.0):
        self.weight = weight

    def get_config(self):
        return {"weight": self.weight}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable("keras_gans")
class GradientPenalty(Penalty):
    """weight * E[(|grad D(x)| - 1)^2] on lines between reals and fakes.

    x = real + a (fake - real) with one a ~ U(0, 1) an image (Gulrajani et al. 2017,
    arXiv 1704.00028, equation 3). 1e-12 under the root keeps its derivative finite.

    Args:
        weight: Factor of the penalty, > 0; the paper's lambda is 10.
    """

    def __call__(self, discriminator, real, fake, seed):
        a = keras.random.uniform((ops.shape(real)[0], 1, 1, 1), seed=seed)
        gradient = input_gradient(discriminator, real + a * (fake - real))
        norm = ops.sqrt(_squared_norm(gradient) + 1e-12)
        return self.weight * ops.mean(ops.square(norm - 1.0))


@keras.saving.register_keras_serializable("keras_gans")
class R1(Penalty):
    """weight / 2 * E[|grad D(x)|^2] on reals (Mescheder et al. 2018, arXiv 1801.04406, eq. 9).

    Args:
        weight: The paper's gamma, > 0; it uses 10.
    """

    def __call__(self, discriminator, real, fake, seed):
        return self.weight / 2 * ops.mean(_squared_norm(input_gradient(discriminator, real)))

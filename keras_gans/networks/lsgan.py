"""The perceptrons of the LSGAN rows: vanilla's, with a discriminator that ends in a score."""

from typing import Literal

from keras_gans.networks import vanilla
from keras_gans.networks.vanilla import generator
from keras_gans.parts import NonNegative

__all__ = ["discriminator", "generator"]


def discriminator(
    shape,
    *,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    spectral: bool = False,
    last_activation: Literal["sigmoid", None] = None,
):
    """`vanilla.discriminator` with a linear output (Akel 2022, section 2.7.3)."""
    return vanilla.discriminator(
        shape,
        activation=activation,
        alpha=alpha,
        spectral=spectral,
        last_activation=last_activation,
    )

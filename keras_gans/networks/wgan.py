"""The convolutional pair of the WGAN rows: dcgan's with other kernels and a narrow critic.

Experiments 4, 10 and 14 (Akel 2022, appendix N).
"""

from typing import Literal

from keras_gans.networks import dcgan
from keras_gans.parts import Count, NonNegative, Rate


def generator(
    shape,
    latent_size,
    *,
    activation: Literal["relu", "leaky_relu"] = "relu",
    alpha: NonNegative = 0.2,
    momentum: Rate | None = 0.8,
    kernel_size: Count = 4,
    last_activation: Literal["tanh", "linear"] = "tanh",
):
    """`dcgan.generator` with 4x4 kernels; 1,028,673 parameters at 28x28x1 and latent 100."""
    return dcgan.generator(
        shape,
        latent_size,
        activation=activation,
        alpha=alpha,
        momentum=momentum,
        kernel_size=kernel_size,
        last_activation=last_activation,
    )


def discriminator(
    shape,
    *,
    filters: Count = 16,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    momentum: Rate | None = 0.8,
    strides: Count = 2,
    kernel_size: Count = 3,
    dropout: Rate = 0.25,
    spectral: bool = False,
    last_activation: Literal["sigmoid", None] = None,
):
    """`dcgan.discriminator` with half the filters and a linear output, a critic.

    100,097 parameters at 28x28x1.
    """
    return dcgan.discriminator(
        shape,
        filters=filters,
        activation=activation,
        alpha=alpha,
        momentum=momentum,
        strides=strides,
        kernel_size=kernel_size,
        dropout=dropout,
        spectral=spectral,
        last_activation=last_activation,
    )

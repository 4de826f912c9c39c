"""The convolutional pair of the WGAN rows: dcgan's with other kernels and a narrow critic.

Experiments 4, 10 and 14 (Akel 2022, appendix N).
"""

from typing import Literal

from keras_gans.networks import dcgan


def generator(
    image_shape,
    latent_dim,
    activation: Literal["relu", "leaky_relu"] = "relu",
    alpha: float = 0.2,
    momentum: float | None = 0.8,
    kernel_size: int = 4,
    last_activation: Literal["tanh", "linear"] = "tanh",
):
    """`dcgan.generator` with 4x4 kernels; 1,028,673 parameters at 28x28x1 and latent 100."""
    return dcgan.generator(
        image_shape, latent_dim, activation, alpha, momentum, kernel_size, last_activation
    )


def discriminator(
    image_shape,
    filters: int = 16,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: float = 0.2,
    momentum: float | None = 0.8,
    strides: int = 2,
    kernel_size: int = 3,
    dropout: float = 0.25,
    last_activation: Literal["sigmoid", None] = None,
):
    """`dcgan.discriminator` with half the filters and a linear output, a critic.

    100,097 parameters at 28x28x1.
    """
    return dcgan.discriminator(
        image_shape,
        filters,
        activation,
        alpha,
        momentum,
        strides,
        kernel_size,
        dropout,
        last_activation,
    )

"""Upsampling against strided convolutions: experiments 2 and 12 (Akel 2022, appendix B)."""

from typing import Literal

from keras import Sequential, layers

from keras_gans.networks import blocks
from keras_gans.parts import Count, NonNegative, Rate


def generator(
    shape,
    latent_size,
    *,
    activation: Literal["relu", "leaky_relu"] = "relu",
    alpha: NonNegative = 0.2,
    momentum: Rate | None = 0.8,
    kernel_size: Count = 3,
    last_activation: Literal["tanh", "linear"] = "tanh",
):
    """A quarter-size map, twice UpSampling2D and Conv2D (128, then 64 filters), Conv2D.

    Args:
        shape: `(height, width, channels)`; height and width divisible by 4.
        latent_size: Size of the latent vector, >= 1.
        activation: "relu" or "leaky_relu".
        alpha: Slope of the leaky ReLU below zero.
        momentum: Of BatchNormalization's moving statistics; None for no normalization.
        kernel_size: Of every convolution, in pixels.
        last_activation: Of the image; "tanh" gives [-1, 1].

    Returns:
        `keras.Sequential`; 856,193 parameters at 28x28x1 and latent 100.
    """
    height, width = blocks.divide(shape, by=4)
    units = 128 * height * width
    if activation == "relu":
        first = [layers.Dense(units, activation="relu")]
    else:
        first = [layers.Dense(units), blocks.activation(activation, alpha)]
    convolutions = []
    for filters in (128, 64):
        convolutions += [layers.UpSampling2D(), layers.Conv2D(filters, kernel_size, padding="same")]
        convolutions += [*blocks.normalization(momentum), blocks.activation(activation, alpha)]
    return Sequential(
        [
            layers.Input((latent_size,)),
            *first,
            layers.Reshape((height, width, 128)),
            *convolutions,
            layers.Conv2D(shape[-1], kernel_size, padding="same"),
            *blocks.output(last_activation),
        ],
        name="generator",
    )


def discriminator(
    shape,
    *,
    filters: Count = 32,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    momentum: Rate | None = 0.8,
    strides: Count = 2,
    kernel_size: Count = 3,
    dropout: Rate = 0.25,
    spectral: bool = False,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Four convolutions of 1, 2, 4 and 8 times `filters`; the last has stride 1.

    The second is followed by one row and one column of zeros, as in the source's drawing, so
    that 28x28 images reach 4x4.

    Args:
        shape: `(height, width, channels)`, any size.
        filters: Of the first convolution.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        momentum: Of BatchNormalization's moving statistics; None for no normalization.
        strides: Of the first three convolutions.
        kernel_size: Of every convolution, in pixels.
        dropout: Rate after every block, in [0, 1).
        spectral: Whether all kernels have `custom.SpectralNormalization`.
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 393,729 parameters at 28x28x1.
    """

    def convolution(times, strides):
        return layers.Conv2D(times * filters, kernel_size, strides=strides, padding="same")

    def activated():
        return [blocks.activation(activation, alpha), blocks.dropout(dropout)]

    to_score = [
        *[convolution(1, strides), *activated()],
        *[convolution(2, strides), layers.ZeroPadding2D(((0, 1), (0, 1)))],
        *[*blocks.normalization(momentum), *activated()],
        *[convolution(4, strides), *blocks.normalization(momentum), *activated()],
        *[convolution(8, 1), *blocks.normalization(momentum), *activated()],
        layers.Flatten(),
        layers.Dense(1),
    ]
    return Sequential(
        [
            layers.Input(shape),
            *blocks.spectral(spectral, to_score),
            *blocks.output(last_activation),
        ],
        name="discriminator",
    )

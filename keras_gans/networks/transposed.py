"""Transposed against strided convolutions: experiments 17 and 18 (Akel 2022, appendix R)."""

from typing import Literal

from keras import Sequential, layers

from keras_gans.networks import blocks
from keras_gans.parts import Count, NonNegative, Rate


def generator(
    shape,
    latent_size,
    *,
    filters: Count = 128,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    kernel_size: Count = 4,
    last_activation: Literal["tanh", "linear"] = "tanh",
):
    """An eighth-size map, three Conv2DTranspose of stride 2, Conv2D 5x5.

    Args:
        shape: `(height, width, channels)`; height and width divisible by 8.
        latent_size: Size of the latent vector, >= 1.
        filters: Of every transposed convolution.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        kernel_size: Of the transposed convolutions, in pixels.
        last_activation: Of the image; "tanh" gives [-1, 1].

    Returns:
        `keras.Sequential`; 1,119,619 parameters at 40x40x3 and latent 100.
    """
    height, width = blocks.divide(shape, by=8)
    convolutions = []
    for _ in range(3):
        convolutions += [
            layers.Conv2DTranspose(filters, kernel_size, strides=2, padding="same"),
            blocks.activation(activation, alpha),
        ]
    return Sequential(
        [
            layers.Input((latent_size,)),
            layers.Dense(filters * height * width),
            blocks.activation(activation, alpha),
            layers.Reshape((height, width, filters)),
            *convolutions,
            layers.Conv2D(shape[-1], 5, padding="same", activation=last_activation),
        ],
        name="generator",
    )


def discriminator(
    shape,
    *,
    filters: Count = 128,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    strides: Count = 2,
    kernel_size: Count = 5,
    dropout: Rate = 0.4,
    spectral: bool = False,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Conv2D of stride 1, three of stride 2, Flatten, Dropout, Dense 1.

    Args:
        shape: `(height, width, channels)`, any size.
        filters: Of every convolution.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        strides: Of the last three convolutions.
        kernel_size: Of every convolution, in pixels.
        dropout: Rate before the last Dense, in [0, 1).
        spectral: Whether all kernels have `custom.SpectralNormalization`.
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 1,242,113 parameters at 40x40x3.
    """
    convolutions = []
    for stride in (1, strides, strides, strides):
        convolutions += [
            layers.Conv2D(filters, kernel_size, strides=stride, padding="same"),
            blocks.activation(activation, alpha),
        ]
    return Sequential(
        [
            layers.Input(shape),
            *blocks.spectral(spectral, convolutions),
            layers.Flatten(),
            blocks.dropout(dropout),
            *blocks.spectral(spectral, [layers.Dense(1)]),
            *blocks.output(last_activation),
        ],
        name="discriminator",
    )

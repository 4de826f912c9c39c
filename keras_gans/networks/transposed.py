"""Transposed against strided convolutions: experiments 17 and 18 (Akel 2022, appendix R)."""

from typing import Literal

from keras import Sequential, layers

from keras_gans.networks import activation as activation_layer
from keras_gans.networks import divide, output
from keras_gans.networks import dropout as dropout_layer


def generator(
    image_shape,
    latent_dim,
    filters: int = 128,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: float = 0.2,
    kernel_size: int = 4,
    last_activation: Literal["tanh", "linear"] = "tanh",
):
    """An eighth-size map, three Conv2DTranspose of stride 2, Conv2D 5x5.

    Args:
        image_shape: `(height, width, channels)`; height and width divisible by 8.
        latent_dim: Size of the latent vector, >= 1.
        filters: Of every transposed convolution.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        kernel_size: Of the transposed convolutions, in pixels.
        last_activation: Of the image; "tanh" gives [-1, 1].

    Returns:
        `keras.Sequential`; 1,119,619 parameters at 40x40x3 and latent 100.
    """
    height, width = divide(image_shape, by=8)
    blocks = []
    for _ in range(3):
        blocks += [
            layers.Conv2DTranspose(filters, kernel_size, strides=2, padding="same"),
            activation_layer(activation, alpha),
        ]
    return Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(filters * height * width),
            activation_layer(activation, alpha),
            layers.Reshape((height, width, filters)),
            *blocks,
            layers.Conv2D(image_shape[-1], 5, padding="same", activation=last_activation),
        ],
        name="generator",
    )


def discriminator(
    image_shape,
    filters: int = 128,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: float = 0.2,
    strides: int = 2,
    kernel_size: int = 5,
    dropout: float = 0.4,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Conv2D of stride 1, three of stride 2, Flatten, Dropout, Dense 1.

    Args:
        image_shape: `(height, width, channels)`, any size.
        filters: Of every convolution.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        strides: Of the last three convolutions.
        kernel_size: Of every convolution, in pixels.
        dropout: Rate before the last Dense, in [0, 1).
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 1,242,113 parameters at 40x40x3.
    """
    blocks = []
    for stride in (1, strides, strides, strides):
        blocks += [
            layers.Conv2D(filters, kernel_size, strides=stride, padding="same"),
            activation_layer(activation, alpha),
        ]
    return Sequential(
        [
            layers.Input(image_shape),
            *blocks,
            layers.Flatten(),
            dropout_layer(dropout),
            layers.Dense(1),
            *output(last_activation),
        ],
        name="discriminator",
    )

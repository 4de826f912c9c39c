"""Multilayer perceptrons: the GAN of experiments 1 and 11 (Akel 2022, Figures 4.4 and 4.5)."""

from math import prod
from typing import Literal

from keras import Sequential, layers

from keras_gans.networks import blocks
from keras_gans.parts import NonNegative, Rate


def generator(
    shape,
    latent_size,
    *,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    momentum: Rate | None = 0.8,
    last_activation: Literal["tanh", "linear"] = "tanh",
):
    """Dense 256, 512, 1024, each with activation and then batch normalization.

    Args:
        shape: `(height, width, channels)`, any size.
        latent_size: Size of the latent vector, >= 1.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        momentum: Of BatchNormalization's moving statistics; None for no normalization.
        last_activation: Of the image; "tanh" gives [-1, 1].

    Returns:
        `keras.Sequential`; 1,493,520 parameters at 28x28x1 and latent 100.
    """
    hidden = []
    for units in (256, 512, 1024):
        hidden += [layers.Dense(units), blocks.activation(activation, alpha)]
        hidden += blocks.normalization(momentum)
    return Sequential(
        [
            layers.Input((latent_size,)),
            *hidden,
            layers.Dense(prod(shape), activation=last_activation),
            layers.Reshape(shape),
        ],
        name="generator",
    )


def discriminator(
    shape,
    *,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Flatten, Dense 512, Dense 256, Dense 1.

    Args:
        shape: `(height, width, channels)`, any size.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 533,505 parameters at 28x28x1.
    """
    return Sequential(
        [
            layers.Input(shape),
            layers.Flatten(),
            layers.Dense(512),
            blocks.activation(activation, alpha),
            layers.Dense(256),
            blocks.activation(activation, alpha),
            layers.Dense(1),
            *blocks.output(last_activation),
        ],
        name="discriminator",
    )

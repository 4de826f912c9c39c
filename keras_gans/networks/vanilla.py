"""Multilayer perceptrons: the GAN of experiments 1 and 11 (Akel 2022, Figures 4.4 and 4.5)."""

from math import prod
from typing import Literal

from keras import Sequential, layers

from keras_gans.networks import activation as activation_layer
from keras_gans.networks import normalization, output


def generator(
    image_shape,
    latent_dim,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: float = 0.2,
    momentum: float | None = 0.8,
    last_activation: Literal["tanh", "linear"] = "tanh",
):
    """Dense 256, 512, 1024, each with activation and then batch normalization.

    Args:
        image_shape: `(height, width, channels)`, any size.
        latent_dim: Size of the latent vector, >= 1.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        momentum: Of BatchNormalization's moving statistics; None for no normalization.
        last_activation: Of the image; "tanh" gives [-1, 1].

    Returns:
        `keras.Sequential`; 1,493,520 parameters at 28x28x1 and latent 100.
    """
    hidden = []
    for units in (256, 512, 1024):
        hidden += [layers.Dense(units), activation_layer(activation, alpha)]
        hidden += normalization(momentum)
    return Sequential(
        [
            layers.Input((latent_dim,)),
            *hidden,
            layers.Dense(prod(image_shape), activation=last_activation),
            layers.Reshape(image_shape),
        ],
        name="generator",
    )


def discriminator(
    image_shape,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: float = 0.2,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Flatten, Dense 512, Dense 256, Dense 1.

    Args:
        image_shape: `(height, width, channels)`, any size.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 533,505 parameters at 28x28x1.
    """
    return Sequential(
        [
            layers.Input(image_shape),
            layers.Flatten(),
            layers.Dense(512),
            activation_layer(activation, alpha),
            layers.Dense(256),
            activation_layer(activation, alpha),
            layers.Dense(1),
            *output(last_activation),
        ],
        name="discriminator",
    )

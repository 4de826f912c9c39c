"""Multilayer perceptrons.

The defaults are the GAN of experiments 1 and 11 (Akel 2022, Figures 4.4 and 4.5).
"""

from math import prod
from typing import Literal

from keras import Sequential, layers

from keras_gans.networks import blocks
from keras_gans.parts import Count, NonNegative, Rate


def generator(
    shape,
    latent_size,
    *,
    hidden: tuple[Count, ...] = (256, 512, 1024),
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    momentum: Rate | None = 0.8,
    last_activation: Literal["tanh", "linear", "sigmoid"] = "tanh",
):
    """Dense layers, each with activation and then batch normalization.

    Args:
        shape: Of one sample, any.
        latent_size: Size of the latent vector, >= 1.
        hidden: Units of each hidden layer.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        momentum: Of BatchNormalization's moving statistics; None for no normalization.
        last_activation: Of the sample; "tanh" gives [-1, 1], "sigmoid" [0, 1].

    Returns:
        `keras.Sequential`; 1,493,520 parameters at 28x28x1 and latent 100.
    """
    perceptron = []
    for units in hidden:
        perceptron += [layers.Dense(units), blocks.activation(activation, alpha)]
        perceptron += blocks.normalization(momentum)
    return Sequential(
        [
            layers.Input((latent_size,)),
            *perceptron,
            layers.Dense(prod(shape), activation=last_activation),
            layers.Reshape(shape),
        ],
        name="generator",
    )


def discriminator(
    shape,
    *,
    hidden: tuple[Count, ...] = (512, 256),
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    momentum: Rate | None = None,
    dropout: Rate | None = None,
    spectral: bool = False,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Flatten, Dense layers, Dense 1.

    Args:
        shape: Of one sample, any.
        hidden: Units of each hidden layer.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        momentum: Of the moving statistics of BatchNormalization, which follows each activation;
            None for no normalization.
        dropout: Rate at the end of each hidden layer, in [0, 1); None for no dropout.
        spectral: Whether all kernels have `custom.SpectralNormalization`.
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 533,505 parameters at 28x28x1.
    """
    perceptron = []
    for units in hidden:
        perceptron += [layers.Dense(units), blocks.activation(activation, alpha)]
        perceptron += [*blocks.normalization(momentum), *blocks.dropouts(dropout)]
    return Sequential(
        [
            layers.Input(shape),
            layers.Flatten(),
            *blocks.spectral(spectral, [*perceptron, layers.Dense(1)]),
            *blocks.output(last_activation),
        ],
        name="discriminator",
    )

"""Conditional perceptrons: samples of the class that is asked for.

Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014, with the sizes of Sundar 2018:
latents and one-hot label to 128 to the image, image and one-hot label to 128 to a score.

The label is encoded by `CategoryEncoding`, which has no weights: clipping and averaging cannot
change the code, and parameter counts are those of the source.
"""

from math import prod
from typing import Literal

from keras import Input, Model, layers

from keras_gans.networks import blocks
from keras_gans.parts import Count, NonNegative


def generator(
    shape,
    latent_size,
    classes,
    *,
    hidden: tuple[Count, ...] = (128,),
    alpha: NonNegative = 0.2,
    normalization: Literal["batch", "virtual", None] = None,
    last_activation: Literal["tanh", "linear"] = "tanh",
):
    """Dense layers with leaky ReLU on the latents and the one-hot label.

    Args:
        shape: Of one sample, any.
        latent_size: Size of the latent vector, >= 1.
        classes: Number of classes.
        hidden: Units of each hidden layer.
        alpha: Slope of the leaky ReLU below zero.
        normalization: Of the hidden layers, before the activation: "batch" (`BatchNormalization`,
            momentum 0.9), "virtual" (`custom.VirtualBatchNormalization`) or None.
        last_activation: Of the sample; "tanh" gives [-1, 1].

    Returns:
        `keras.Model` of [latents, labels]; 115,344 parameters at 28x28x1, 10 classes, latent 100.
    """
    latents = Input((latent_size,), name="latents")
    labels = label_input()
    x = _hidden([latents, one_hot(labels, classes)], hidden, alpha, normalization)
    x = layers.Dense(prod(shape), activation=last_activation)(x)
    return Model([latents, labels], layers.Reshape(shape)(x), name="generator")


def discriminator(
    shape,
    classes,
    *,
    hidden: tuple[Count, ...] = (128,),
    alpha: NonNegative = 0.2,
    normalization: Literal["batch", "virtual", None] = None,
    spectral: bool = False,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Dense layers with leaky ReLU on the flattened sample and the one-hot label.

    Args:
        shape: Of one sample, any.
        classes: Number of classes.
        hidden: Units of each hidden layer.
        alpha: Slope of the leaky ReLU below zero.
        normalization: Of the hidden layers, before the activation: "batch" (`BatchNormalization`,
            momentum 0.9), "virtual" (`custom.VirtualBatchNormalization`) or None.
        spectral: Whether all kernels have `custom.SpectralNormalization`.
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Model` of [values, labels]; 101,889 parameters at 28x28x1 and 10 classes.
    """
    values = Input(shape, name="values")
    labels = label_input()
    inputs = [layers.Flatten()(values), one_hot(labels, classes)]
    x = _hidden(inputs, hidden, alpha, normalization, spectral)
    for layer in [*blocks.spectral(spectral, [layers.Dense(1)]), *blocks.output(last_activation)]:
        x = layer(x)
    return Model([values, labels], x, name="discriminator")


def label_input():
    """The input for integer labels `(n,)`."""
    return Input((), dtype="int32", name="labels")


def one_hot(labels, classes):
    """Labels as vectors `(n, classes)`."""
    return layers.CategoryEncoding(classes, output_mode="one_hot")(labels)


def _hidden(inputs, units, alpha, normalization, spectral=False):
    made = []
    for n in units:
        made += blocks.spectral(spectral, [layers.Dense(n)]) + blocks.normalizing(normalization)
        made += [blocks.activation("leaky_relu", alpha)]
    x = layers.Concatenate()(inputs)
    for layer in blocks.with_reference(made):
        x = layer(x)
    return x

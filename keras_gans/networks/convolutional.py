"""Transposed against strided convolutions, any number of them: DCGAN and its simplifications.

Radford et al. 2016, arXiv 1511.06434: every convolution has stride 2, a generator's maps grow and
its filters shrink, a discriminator does the opposite, and batch normalization stands before the
activation. With two convolutions each, the defaults, these are the small networks of Vedal 2017
and Sundar 2018; with four, encoder and decoder blocks (Sabiri 2022). None of the three prints
filters or kernels: those here are inferred, from the public DCGAN code where it has them.
"""

from typing import Literal

from keras import Sequential, layers

from keras_gans.networks import blocks
from keras_gans.networks.custom import MinibatchDiscrimination
from keras_gans.parts import Count, Natural, NonNegative, Rate


def generator(
    shape,
    latent_size,
    *,
    filters: tuple[Count, ...] = (128, 64),
    kernel_size: Count = 5,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    normalization: Literal["batch", "virtual", None] = None,
    last_activation: Literal["tanh", "linear", "sigmoid"] = "tanh",
):
    """A small map, and for each entry of `filters` a Conv2DTranspose that doubles it.

    Args:
        shape: `(height, width, channels)`; height and width divisible by 2 for each entry.
        latent_size: Size of the latent vector, >= 1.
        filters: Of the maps that the convolutions take; the last one makes the image.
        kernel_size: Of every convolution, in pixels.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        normalization: Of every map but the image, before its activation: "batch"
            (`BatchNormalization`, momentum 0.9), "virtual" (`custom.VirtualBatchNormalization`) or
            None.
        last_activation: Of the image; "tanh" gives [-1, 1], "sigmoid" [0, 1].

    Returns:
        `keras.Sequential`; 839,937 parameters at 28x28x1 and latent 100.
    """
    growing = upwards(shape, filters, kernel_size, activation, alpha, normalization)
    return Sequential(
        [
            layers.Input((latent_size,)),
            *blocks.with_reference(growing),
            *blocks.output(last_activation),
        ],
        name="generator",
    )


def discriminator(
    shape,
    *,
    filters: tuple[Count, ...] = (64, 128),
    kernel_size: Count = 5,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    normalization: Literal["batch", "virtual", None] = None,
    normalize_first: bool = False,
    spectral: bool = False,
    dropout: Rate | None = None,
    minibatch: Natural = 0,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """A Conv2D of stride 2 for each entry of `filters`, Flatten, Dense 1.

    Args:
        shape: `(height, width, channels)`, any size.
        filters: Of each convolution.
        kernel_size: Of every convolution, in pixels.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        normalization: Of the convolutions, before the activation: "batch", "virtual" or None, as
            in the generator.
        normalize_first: Whether the first convolution is normalized too; DCGAN's is not.
        spectral: Whether all kernels have `custom.SpectralNormalization`.
        dropout: Rate after each convolution, in [0, 1); None for no dropout.
        minibatch: Kernels of 5 numbers of a `custom.MinibatchDiscrimination` after Flatten; 0 for
            none.
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 212,865 parameters at 28x28x1.
    """
    shrinking = downwards(
        filters, kernel_size, activation, alpha, normalization, normalize_first, spectral, dropout
    )
    return Sequential(
        [
            layers.Input(shape),
            *blocks.with_reference(shrinking),
            *([MinibatchDiscrimination(minibatch)] if minibatch else []),
            *blocks.spectral(spectral, [layers.Dense(1)]),
            *blocks.output(last_activation),
        ],
        name="discriminator",
    )


def upwards(shape, filters, kernel_size, activation, alpha, normalization):
    """List of the layers of a generator, from a vector to the image before its activation."""
    height, width = blocks.divide(shape, by=2 ** len(filters))
    first, *others = *filters, shape[-1]
    made = [layers.Dense(height * width * first), layers.Reshape((height, width, first))]
    for n in others:
        made += [*blocks.normalizing(normalization), blocks.activation(activation, alpha)]
        made += [layers.Conv2DTranspose(n, kernel_size, strides=2, padding="same")]
    return made


def downwards(
    filters,
    kernel_size,
    activation,
    alpha,
    normalization,
    normalize_first,
    spectral=False,
    dropout=None,
):
    """List of the layers of a discriminator, from an image to a vector."""
    made = []
    for n in filters:
        convolution = layers.Conv2D(n, kernel_size, strides=2, padding="same")
        made += blocks.spectral(spectral, [convolution])
        if len(made) > 1 or normalize_first:
            made += blocks.normalizing(normalization)
        made += [blocks.activation(activation, alpha), *blocks.dropouts(dropout)]
    return [*made, layers.Flatten()]

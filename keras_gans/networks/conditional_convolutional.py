"""The networks of `convolutional` with labels: conditional DCGAN (Mirza and Osindero 2014).

The defaults are those of Vedal 2017: three convolutions with batch normalization and leaky ReLU in
the discriminator, ReLU and a tanh in the generator. Filters, kernels and how the label enters are
inferred: one-hot, beside the latents, and as maps of zeros and ones beside the channels.
"""

from typing import Literal

from keras import Input, Model, layers

from keras_gans.networks import blocks, convolutional
from keras_gans.networks.conditional import label_input, one_hot
from keras_gans.parts import Count, NonNegative


def generator(
    shape,
    latent_size,
    classes,
    *,
    filters: tuple[Count, ...] = (128, 64),
    kernel_size: Count = 5,
    activation: Literal["relu", "leaky_relu"] = "relu",
    alpha: NonNegative = 0.2,
    normalization: Literal["batch", "virtual", None] = "batch",
    last_activation: Literal["tanh", "linear", "sigmoid"] = "tanh",
):
    """`convolutional.generator` of the latents and the one-hot label.

    Args:
        classes: Number of classes.
        shape, latent_size, filters, kernel_size, activation, alpha, normalization,
            last_activation: As there.

    Returns:
        `keras.Model` of [latents, labels]; 903,425 parameters at 28x28x1, 10 classes, latent 100.
    """
    latents = Input((latent_size,), name="latents")
    labels = label_input()
    x = layers.Concatenate()([latents, one_hot(labels, classes)])
    growing = convolutional.upwards(shape, filters, kernel_size, activation, alpha, normalization)
    for layer in [*blocks.with_reference(growing), *blocks.output(last_activation)]:
        x = layer(x)
    return Model([latents, labels], x, name="generator")


def discriminator(
    shape,
    classes,
    *,
    filters: tuple[Count, ...] = (64, 128, 256),
    kernel_size: Count = 5,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    normalization: Literal["batch", "virtual", None] = "batch",
    normalize_first: bool = True,
    spectral: bool = False,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """`convolutional.discriminator` of the image and one map for each class.

    Args:
        shape: `(height, width, channels)`, any size.
        classes: Number of classes.
        filters, kernel_size, activation, alpha, normalization, normalize_first, spectral,
            last_activation: As there.

    Returns:
        `keras.Model` of [values, labels]; 1,047,937 parameters at 28x28x1 and 10 classes.
    """
    values = Input(shape, name="values")
    labels = label_input()
    x = layers.Reshape((1, 1, classes))(one_hot(labels, classes))
    x = layers.Concatenate()([values, layers.UpSampling2D(shape[:2])(x)])
    shrinking = convolutional.downwards(
        filters, kernel_size, activation, alpha, normalization, normalize_first, spectral
    )
    scoring = [*blocks.spectral(spectral, [layers.Dense(1)]), *blocks.output(last_activation)]
    for layer in [*blocks.with_reference(shrinking), *scoring]:
        x = layer(x)
    return Model([values, labels], x, name="discriminator")

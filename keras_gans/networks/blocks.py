"""Building blocks that the networks share."""

import random

import keras

from keras_gans.errors import UsageError
from keras_gans.networks import custom


def divide(shape, by):
    """Divides the height and width of images, for the size of the first feature maps.

    Args:
        shape: `(height, width, channels)`.
        by: Divisor.

    Returns:
        (height, width), divided.

    Raises:
        UsageError: `by` does not divide them, or the shape is not that of an image.
    """
    if len(shape) != 3:
        raise UsageError(f"samples of the shape {tuple(shape)}: this network makes images")
    height, width, _ = shape
    if height % by or width % by:
        near = "x".join(str(max(1, round(side / by)) * by) for side in (height, width))
        raise UsageError(
            f"images of {height}x{width}: this network needs height and width divisible by {by}: "
            f"resize them, such as to {near}"
        )
    return height // by, width // by


def activation(name, alpha):
    """Creates an activation layer; `alpha` is the slope of "leaky_relu" below zero."""
    if name == "leaky_relu":
        return keras.layers.LeakyReLU(negative_slope=alpha)
    return keras.layers.Activation(name)


def normalization(momentum):
    """Returns a list of one BatchNormalization with this momentum, or of none for None."""
    return [] if momentum is None else [keras.layers.BatchNormalization(momentum=momentum)]


def normalizing(kind):
    """Returns a list of one layer: "batch" (momentum 0.9) or "virtual"; or of none for None."""
    if kind == "virtual":
        return [custom.VirtualBatchNormalization()]
    return normalization(None if kind is None else 0.9)


def with_reference(layers):
    """Puts a reference batch through a list of layers, if one of them is normalized by it."""
    if not any(isinstance(layer, custom.VirtualBatchNormalization) for layer in layers):
        return layers
    return [custom.AddReference(), *layers, custom.DropReference()]


def dropout(rate):
    """Creates a Dropout layer with a seed that `keras.utils.set_random_seed` determines.

    Without a seed, Keras on PyTorch uses the random numbers of the process, whose state is not
    saved.
    """
    return keras.layers.Dropout(rate, seed=random.randint(1, 10**9))


def dropouts(rate):
    """Returns a list of one Dropout layer, or of none for None."""
    return [] if rate is None else [dropout(rate)]


def spectral(wanted, layers):
    """Returns a list of layers; where wanted, kernels have `custom.SpectralNormalization`."""
    kernels = keras.layers.Dense, keras.layers.Conv2D
    return [
        custom.SpectralNormalization(layer) if wanted and isinstance(layer, kernels) else layer
        for layer in layers
    ]


def output(last_activation):
    """Returns a list of one Activation layer, or of none for None."""
    return [] if last_activation is None else [keras.layers.Activation(last_activation)]

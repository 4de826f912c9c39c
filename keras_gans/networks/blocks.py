"""Building blocks that the networks share."""

import random

import keras

from keras_gans.errors import UsageError


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
        raise UsageError(
            f"images of {height}x{width}: this network needs height and width divisible by {by}"
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


def dropout(rate):
    """Creates a Dropout layer with a seed that `keras.utils.set_random_seed` determines.

    Without a seed, Keras on PyTorch uses the random numbers of the process, whose state is not
    saved.
    """
    return keras.layers.Dropout(rate, seed=random.randint(1, 10**9))


def output(last_activation):
    """Returns a list of one Activation layer, or of none for None."""
    return [] if last_activation is None else [keras.layers.Activation(last_activation)]

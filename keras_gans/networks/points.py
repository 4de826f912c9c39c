"""Small perceptrons for points in the plane.

Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks", ICLR 2017: the
toy networks of the published code, two hidden layers of 128 with tanh.
"""

from typing import Literal

from keras import Sequential, layers

from keras_gans.errors import UsageError
from keras_gans.networks import blocks
from keras_gans.parts import Count


def generator(
    shape,
    latent_size,
    *,
    hidden: tuple[Count, ...] = (128, 128),
    activation: Literal["tanh", "relu"] = "tanh",
):
    """Dense layers, the last one linear.

    Args:
        shape: `(d,)`, (2,) in the plane.
        latent_size: Size of the latent vector, >= 1.
        hidden: Units of each hidden layer.
        activation: "tanh" or "relu".

    Returns:
        `keras.Sequential`; 29,698 parameters at two dimensions and latent 100.
    """
    return _perceptron(latent_size, hidden, activation, _dimensions(shape), None, "generator")


def discriminator(
    shape,
    *,
    hidden: tuple[Count, ...] = (128, 128),
    activation: Literal["tanh", "relu"] = "tanh",
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Dense layers; the last one has one unit.

    Args:
        shape: `(d,)`, (2,) in the plane.
        hidden: Units of each hidden layer.
        activation: "tanh" or "relu".
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 17,025 parameters at two dimensions.
    """
    size = _dimensions(shape)
    return _perceptron(size, hidden, activation, 1, last_activation, "discriminator")


def _perceptron(inputs, hidden, activation, outputs, last_activation, name):
    return Sequential(
        [
            layers.Input((inputs,)),
            *[layers.Dense(units, activation=activation) for units in hidden],
            layers.Dense(outputs),
            *blocks.output(last_activation),
        ],
        name=name,
    )


def _dimensions(shape):
    if len(shape) != 1:
        raise UsageError(f"samples of the shape {shape}: this network makes points, (d,)")
    return shape[0]

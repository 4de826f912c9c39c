"""Small perceptrons for points in the plane.

Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks", ICLR 2017: the
toy networks of the published code, two hidden layers of 128 with tanh. Their appendix A has others:
ReLU, orthogonal weights of gain 0.8, and a discriminator with one hidden layer and its input
divided by 4.
"""

from typing import Literal

from keras import Sequential, initializers, layers

from keras_gans.errors import UsageError
from keras_gans.networks import blocks
from keras_gans.parts import Count, Positive


def generator(
    shape,
    latent_size,
    *,
    hidden: tuple[Count, ...] = (128, 128),
    activation: Literal["tanh", "relu"] = "tanh",
    gain: Positive | None = None,
):
    """Dense layers, the last one linear.

    Args:
        shape: `(d,)`, (2,) in the plane.
        latent_size: Size of the latent vector, >= 1.
        hidden: Units of each hidden layer.
        activation: "tanh" or "relu".
        gain: Of orthogonal initial weights; None for Keras's own, those of Glorot.

    Returns:
        `keras.Sequential`; 29,698 parameters at two dimensions and latent 100.
    """
    dense = _perceptron(hidden, activation, gain, _dimensions(shape))
    return Sequential([layers.Input((latent_size,)), *dense], name="generator")


def discriminator(
    shape,
    *,
    hidden: tuple[Count, ...] = (128, 128),
    activation: Literal["tanh", "relu"] = "tanh",
    gain: Positive | None = None,
    scale: Positive = 1.0,
    spectral: bool = False,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Dense layers; the last one has one unit.

    Args:
        shape: `(d,)`, (2,) in the plane.
        hidden: Units of each hidden layer.
        activation: "tanh" or "relu".
        gain: As in the generator.
        scale: Factor of the points.
        spectral: Whether all kernels have `custom.SpectralNormalization`.
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 17,025 parameters at two dimensions.
    """
    return Sequential(
        [
            layers.Input((_dimensions(shape),)),
            *([layers.Rescaling(scale)] if scale != 1 else []),
            *blocks.spectral(spectral, _perceptron(hidden, activation, gain, 1)),
            *blocks.output(last_activation),
        ],
        name="discriminator",
    )


def _perceptron(hidden, activation, gain, outputs):
    def dense(units, activation=None):
        kernel = "glorot_uniform" if gain is None else initializers.Orthogonal(gain)
        return layers.Dense(units, activation, kernel_initializer=kernel)

    return [*(dense(units, activation) for units in hidden), dense(outputs)]


def _dimensions(shape):
    if len(shape) != 1:
        raise UsageError(f"samples of the shape {shape}: this network makes points, (d,)")
    return shape[0]

"""The two-convolution discriminator of experiments 5, 6, 9, 15 and 16.

Inferred: the thesis's drawings of these rows are lost. Its Table 4.5 gives kernel 3, stride 2,
leaky ReLU 0.2, dropout 0.4, no batch normalization and a sigmoid, which are the settings of a
well-known MNIST tutorial; the number of convolutions (two, of 64 filters) is that tutorial's.
"""

from typing import Literal

from keras import Sequential, layers

from keras_gans.networks import blocks
from keras_gans.parts import Count, NonNegative, Rate


def discriminator(
    shape,
    *,
    filters: Count = 64,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: NonNegative = 0.2,
    strides: Count = 2,
    kernel_size: Count = 3,
    dropout: Rate = 0.4,
    spectral: bool = False,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Conv2D, activation and Dropout, twice; then Dense 1.

    Args:
        shape: `(height, width, channels)`, any size.
        filters: Of both convolutions.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        strides: Of both convolutions.
        kernel_size: Of both convolutions, in pixels.
        dropout: Rate, in [0, 1).
        spectral: Whether all kernels have `custom.SpectralNormalization`.
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 40,705 parameters at 28x28x1.
    """
    convolutions = []
    for _ in range(2):
        convolutions += [
            layers.Conv2D(filters, kernel_size, strides=strides, padding="same"),
            blocks.activation(activation, alpha),
            blocks.dropout(dropout),
        ]
    return Sequential(
        [
            layers.Input(shape),
            *blocks.spectral(spectral, [*convolutions, layers.Flatten(), layers.Dense(1)]),
            *blocks.output(last_activation),
        ],
        name="discriminator",
    )

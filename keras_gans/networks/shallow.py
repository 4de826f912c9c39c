"""The two-convolution discriminator of experiments 5, 6, 9, 15 and 16.

Inferred: the thesis's drawings of these rows are lost. Its Table 4.5 gives kernel 3, stride 2,
leaky ReLU 0.2, dropout 0.4, no batch normalization and a sigmoid, which are the settings of a
well-known MNIST tutorial; the number of convolutions (two, of 64 filters) is that tutorial's.
"""

from typing import Literal

from keras import Sequential, layers

from keras_gans.networks import activation as activation_layer
from keras_gans.networks import dropout as dropout_layer
from keras_gans.networks import output


def discriminator(
    image_shape,
    filters: int = 64,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    alpha: float = 0.2,
    strides: int = 2,
    kernel_size: int = 3,
    dropout: float = 0.4,
    last_activation: Literal["sigmoid", None] = "sigmoid",
):
    """Twice Conv2D, activation and Dropout; then Dense 1.

    Args:
        image_shape: `(height, width, channels)`, any size.
        filters: Of both convolutions.
        activation: "leaky_relu" or "relu".
        alpha: Slope of the leaky ReLU below zero.
        strides: Of both convolutions.
        kernel_size: Of both convolutions, in pixels.
        dropout: Rate, in [0, 1).
        last_activation: "sigmoid" for a probability, None for a score.

    Returns:
        `keras.Sequential`; 40,705 parameters at 28x28x1.
    """
    blocks = []
    for _ in range(2):
        blocks += [
            layers.Conv2D(filters, kernel_size, strides=strides, padding="same"),
            activation_layer(activation, alpha),
            dropout_layer(dropout),
        ]
    return Sequential(
        [
            layers.Input(image_shape),
            *blocks,
            layers.Flatten(),
            layers.Dense(1),
            *output(last_activation),
        ],
        name="discriminator",
    )

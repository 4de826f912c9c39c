"""Perceptrons of other sizes than those of the defaults."""

import keras
import pytest

from keras_gans import networks

MNIST = (28, 28, 1)


@pytest.mark.parametrize(
    ("role", "options", "expected"),
    [  # three hidden layers each (the f-GAN of a course, 2023), inferred sizes
        ("generator", {"momentum": None},
         101 * 256 + 257 * 512 + 513 * 1024 + 1025 * 784),
        ("discriminator", {"hidden": [1024, 512, 256]},
         785 * 1024 + 1025 * 512 + 513 * 256 + 257),
        # one hidden layer (the WGAN of Vedal 2017)
        ("generator", {"hidden": [128], "momentum": None, "last_activation": "sigmoid"},
         101 * 128 + 129 * 784),
        ("discriminator", {"hidden": [128], "activation": "relu", "last_activation": None},
         785 * 128 + 129),
        ("generator", {"hidden": [8, 16]}, 101 * 8 + 4 * 8 + 9 * 16 + 4 * 16 + 17 * 784),
        ("discriminator", {"hidden": [16, 8], "momentum": 0.9},
         785 * 16 + 4 * 16 + 17 * 8 + 4 * 8 + 9),
        ("discriminator", {"hidden": []}, 785),
    ],
)  # fmt: skip
def test_parameters(role, options, expected):
    assert networks.build("vanilla", role, MNIST, 100, **options).count_params() == expected


def test_dropout_ends_each_hidden_layer():
    network = networks.build("vanilla", "discriminator", MNIST, momentum=0.8, dropout=0.3)
    assert [type(layer).__name__ for layer in network.layers] == (
        ["Flatten"]
        + ["Dense", "LeakyReLU", "BatchNormalization", "Dropout"] * 2
        + ["Dense", "Activation"]
    )
    assert {x.rate for x in network.layers if isinstance(x, keras.layers.Dropout)} == {0.3}


def test_images_and_points_of_any_shape():
    for shape in ((2,), (4, 6, 3)):
        generator = networks.build("vanilla", "generator", shape, 5)
        assert generator.output_shape == (None, *shape)
        discriminator = networks.build("vanilla", "discriminator", shape)
        assert discriminator.input_shape == (None, *shape)

"""Perceptrons for points."""

import keras
import numpy as np
import pytest

from keras_gans import networks
from keras_gans.errors import UsageError


def test_points_in_and_out(random):
    for dimensions in (1, 2, 3):
        generator = networks.build("points", "generator", (dimensions,), 5)
        points = generator(random.standard_normal((4, 5)).astype("float32"))
        assert tuple(points.shape) == (4, dimensions)
        discriminator = networks.build("points", "discriminator", (dimensions,))
        assert tuple(discriminator(points).shape) == (4, 1)


def test_layers_and_options():
    generator = networks.build("points", "generator", (2,), 5)
    assert [x.units for x in generator.layers] == [128, 128, 2]
    assert [x.activation.__name__ for x in generator.layers] == ["tanh", "tanh", "linear"]
    network = networks.build(
        "points", "discriminator", (2,), hidden=[8], activation="relu", last_activation=None
    )
    assert [x.units for x in network.layers] == [8, 1]
    assert network.layers[0].activation is keras.activations.relu
    last = networks.build("points", "discriminator", (2,)).layers[-1]
    assert last.activation is keras.activations.sigmoid


def test_orthogonal_weights_and_a_scale(random):
    network = networks.build(
        "points", "discriminator", (2,), hidden=[8], gain=0.8, scale=0.25, last_activation=None
    )
    plain = networks.build("points", "discriminator", (2,), hidden=[8], last_activation=None)
    kernel = np.asarray(network.weights[0])
    np.testing.assert_allclose(kernel @ kernel.T, 0.64 * np.eye(2), atol=1e-6)
    plain.set_weights(network.get_weights())
    x = random.standard_normal((5, 2)).astype("float32")
    np.testing.assert_allclose(network(x), plain(x / 4), rtol=1e-5)
    generator = networks.build("points", "generator", (2,), 5, hidden=[4], gain=2.0)
    kernel = np.asarray(generator.weights[0])
    np.testing.assert_allclose(kernel.T @ kernel, 4 * np.eye(4), atol=1e-5)


def test_a_generator_of_points_is_not_bounded(random):
    generator = networks.build("points", "generator", (2,), 5)
    generator.layers[-1].bias.assign([7.0, -9.0])
    points = np.asarray(generator(random.standard_normal((4, 5)).astype("float32")))
    assert points[:, 0].min() > 4 and points[:, 1].max() < -6


@pytest.mark.parametrize("role", ["generator", "discriminator"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (4, 2)])
def test_other_shapes(role, shape):
    with pytest.raises(UsageError, match="makes points"):
        networks.build("points", role, shape, 5)

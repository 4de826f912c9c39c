"""Models are built of Keras's own layers, and only of layers that Keras builds as expected."""

import keras
import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.generators.foreign import network, parsing, weights
from keras_gans.generators.foreign.inference import infer


def parsed(*layers, shape=(6,)):
    model = keras.Sequential([keras.layers.Input(shape), *layers])
    described = parsing.parse(model.to_json())
    infer(described, legacy=False)
    values = {
        (owner, name): np.full(size, 0.5, "float32")
        for layer in described.layers.values()
        for owner, name, size, *_ in weights._flat(layer)
    }
    return described, values


def test_first_batch_normalization_is_reported(outputs_of):
    k = keras.layers
    described, values = parsed(k.Dense(3), k.BatchNormalization(epsilon=0.25), k.Dense(2))
    model, normalization = network.build(described, 0, values)
    assert model.output_shape == (None, 2)
    assert normalization.epsilon == 0.25
    for values in (normalization.means, normalization.variances):
        np.testing.assert_allclose(values, 0.5)
    latents = np.ones((1, 6), "float32")
    np.testing.assert_allclose(outputs_of(normalization.inputs, [latents]), [[3.5] * 3])
    assert network.build(*_with_output(parsed(k.Dense(3))))[1] is None


def _with_output(pair):
    return pair[0], 0, pair[1]


def test_layer_with_other_weights_than_expected_is_refused():
    described, values = parsed(keras.layers.Dense(3))
    layer = next(layer for layer in described.layers.values() if layer.kind == "Dense")
    layer.weights = layer.weights[:1]
    with pytest.raises(UsageError, match="other weights in this version of Keras"):
        network.build(described, 0, values)


def test_error_of_keras_is_one_of_the_file():
    described, values = parsed(keras.layers.Dense(3))
    described.shapes = ((2, -5),)
    with pytest.raises(UsageError, match="Keras cannot build its network"):
        network.build(described, 0, values)

"""Shapes, bounds and costs are inferred before anything is built."""

import json

import keras
import pytest

from keras_gans.errors import UsageError
from keras_gans.generators.foreign import inference
from keras_gans.generators.foreign.parsing import parse


def infer(*layers, shape=(6,), change=lambda text: text):
    model = keras.Sequential([keras.layers.Input(shape), *layers])
    return inference.infer(parse(change(model.to_json())), legacy=False), model


def test_cost_of_a_network():
    k = keras.layers
    ((signal,), found), model = infer(k.Dense(8 * 8 * 2), k.Reshape((8, 8, 2)), k.Conv2D(3, 3))
    assert signal.shape == (6, 6, 3)
    assert found.parameters == model.count_params()
    assert found.activations == 128 + 128 + 108
    assert found.work == 6 * 128 + 36 * (9 * 2 * 3)


@pytest.mark.parametrize(
    ("layers", "bounds"),
    [
        ([keras.layers.Dense(4, activation="tanh")], (-1, 1)),
        ([keras.layers.Activation("sigmoid"), keras.layers.Reshape((2, 3))], (0, 1)),
        ([keras.layers.Activation("tanh"), keras.layers.Rescaling(-2, 1)], (-1, 3)),
        ([keras.layers.Activation("tanh"), keras.layers.Dense(3)], None),
        ([keras.layers.Activation("tanh"), keras.layers.Activation("linear")], (-1, 1)),
        ([keras.layers.Activation("tanh"), keras.layers.ReLU()], None),
        ([keras.layers.Dense(4)], None),
    ],
)
def test_bounds_follow_from_the_last_layers(layers, bounds):
    ((signal,), _), _ = infer(*layers)
    assert signal.bounds == bounds


@pytest.mark.parametrize(
    ("interpolation", "bounds"), [("nearest", (-1, 1)), ("bilinear", (-1, 1)), ("bicubic", None)]
)
def test_interpolation_that_overshoots_has_no_bounds(interpolation, bounds):
    k = keras.layers
    layers = [k.Activation("tanh"), k.UpSampling2D(interpolation=interpolation)]
    ((signal,), _), _ = infer(*layers, shape=(4, 4, 1))
    assert signal.bounds == bounds


def test_embedded_inputs_are_known_through_layers_that_keep_values():
    k = keras.layers
    (_, found), _ = infer(k.Reshape((1, 1)), k.Flatten(), k.Embedding(7, 3), shape=(1,))
    assert found.labels == {0: 7}
    (_, found), _ = infer(k.CategoryEncoding(5, output_mode="one_hot"), shape=(1,))
    assert found.labels == {0: 5}


def test_shared_layer_counts_once_and_its_inputs_must_fit():
    k = keras.layers
    shared, one, other = k.Dense(4), k.Input((3,)), k.Input((3,))
    model = keras.Model([one, other], k.Add()([shared(one), shared(other)]))
    _, found = inference.infer(parse(model.to_json()), legacy=False)
    assert found.parameters == model.count_params() == 16
    config = json.loads(model.to_json())
    config["config"]["layers"][1]["config"]["batch_shape"] = [None, 5]
    with pytest.raises(UsageError, match="inputs that need different weights"):
        inference.infer(parse(json.dumps(config)), legacy=False)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("MAX_PARAMETERS", "more than 10 parameters"),
        ("MAX_ACTIVATIONS", "too much memory or time"),
        ("MAX_WORK", "too much memory or time"),
    ],
)
def test_costs_are_bounded(monkeypatch, limit, message):
    monkeypatch.setattr(inference, limit, 10)
    with pytest.raises(UsageError, match=message):
        infer(keras.layers.Dense(11))


def test_inputs_without_a_size_are_refused():
    with pytest.raises(UsageError, match=r"inputs of any size \(any x any x 3\)"):
        infer(keras.layers.Conv2D(3, 3), shape=(None, None, 3))
    text = json.dumps(
        {"class_name": "Sequential", "config": [
            {"class_name": "Dense", "config": {"name": "d", "units": 3}}]}
    )  # fmt: skip
    with pytest.raises(UsageError, match="is not recorded"):
        inference.infer(parse(text), legacy=True)


def test_messages_name_the_layer():
    def change(text):
        return text.replace('"units": 4', '"units": -4')

    with pytest.raises(UsageError, match=r"layer 'last' \(Dense\): units is -4"):
        infer(keras.layers.Dense(4, name="last"), change=change)

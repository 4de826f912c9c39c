"""Descriptions become networks of known layers, or are refused by the name of what is unknown."""

import json

import pytest

from keras_gans.errors import UsageError
from keras_gans.generators.foreign.inference import infer
from keras_gans.generators.foreign.parsing import MAX_CONFIG, MAX_DEPTH, parse


def sequential(*layers, **config):
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers), **config}}


def layer(kind="Dense", **entry):
    name = entry.pop("name", kind.lower())
    return {"class_name": kind, "config": {"name": name, "units": 3}, **entry}


def read(config):
    return parse(config if isinstance(config, str) else json.dumps(config))


@pytest.mark.parametrize(
    ("place", "shape"),
    [
        ({"config": {"batch_input_shape": [None, 7]}}, (7,)),
        ({"config": {"batch_shape": [32, 7, 7, 2]}}, (7, 7, 2)),
        ({"config": {"input_shape": [7]}}, (7,)),
        ({"config": {"input_dim": 7}}, (7,)),
        ({"config": {"batch_input_shape": [[None, 7.0]]}}, (7,)),
        ({"build_config": {"input_shape": [None, 7]}}, (7,)),
        ({"config": {"batch_input_shape": [None, None, 1]}}, (None, 1)),
        ({}, None),
    ],
)
def test_shapes_of_inputs_are_found_where_keras_has_stored_them(place, shape):
    entry = {"class_name": "Dense", **place}
    entry["config"] = {"name": "d", "units": 3, **entry.get("config", {})}
    assert read(sequential(entry)).shapes == (shape,)


def test_shape_of_a_sequential_network_that_was_built_later():
    assert read(sequential(layer(), build_input_shape=[None, 7])).shapes == ((7,),)


def test_sequential_network_of_keras_2_0_is_a_list():
    entry = {**layer(), "config": {"name": "d", "units": 3, "batch_input_shape": [None, 7]}}
    network = read({"class_name": "Sequential", "config": [entry]})
    assert [part.kind for part in network.layers.values()] == ["InputLayer", "Dense"]
    assert network.order == [(network.inputs[0], 0), ("d", 0)]


def test_nested_networks_are_found():
    inner = sequential(layer(name="inner"), name="n")
    network = read(sequential(inner, layer()))
    assert [part.name for part in network.networks()] == ["n"]
    assert network.layers["n"].title == "layer 'n' (Sequential)"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "not that of a network"),
        ({"class_name": 3}, "not that of a network"),
        ({"class_name": "MyGan"}, "the network, of the class 'MyGan'"),
        ({"class_name": "Sequential", "module": "mine"}, "the network, of the class 'Sequential'"),
        ({"class_name": "Sequential", "config": 3}, "no list of layers"),
        (sequential(), "has no layers"),
        (sequential(3), "has no class"),
        (sequential({"class_name": "Dense"}), "has no settings"),
        (sequential(layer("Lambda")), "holds Python code, which is never run"),
        (sequential(layer("PixelNorm")), "'pixelnorm', of the class 'PixelNorm', is not supported"),
        (
            sequential(layer("Bidirectional")),
            "'Bidirectional', is a layer of Keras .* not supported",
        ),
        (sequential(layer("Bidirectional", module="mine")), "only the code that defines it"),
        (sequential({"class_name": "Mine", "config": {}}), "a layer, of the class 'Mine', is not"),
        (sequential(layer(module="os")), "is not supported"),
        (sequential(layer(registered_name="mine>Dense")), "is not supported"),
        *(
            (sequential(entry), "is of this package .* keras.models.load_model opens it")
            for entry in (
                layer("AddReference", registered_name="keras_gans>AddReference"),
                layer("keras_gans>AddReference"),
            )
        ),
        (sequential(layer(), layer()), "two layers of the name 'dense'"),
        (sequential(layer(build_config={"input_shape": [None, -1]})), "an input has the size -1"),
        (sequential(*[layer(name=f"d{n}") for n in range(2001)]), "more than 2,000 layers"),
        (sequential(layer("TFOpLambda")), "the operation None"),
        (" " * (MAX_CONFIG + 1), "its description has 8,388,609 characters"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_refused(config, message):
    with pytest.raises(UsageError, match=message):
        read(config)


def test_an_input_without_a_name_has_no_made_up_one():
    """The key that stands for it is not shown."""
    entry = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 6]}}
    named = {"class_name": "InputLayer", "config": {"name": "a", "batch_input_shape": [None, 6]}}
    inner = {"layers": [entry, named], "input_layers": [["a", 0, 0]]}
    network = read({"class_name": "Model", "config": inner | {"output_layers": [["\x000", 0, 0]]}})
    with pytest.raises(UsageError, match=r"^a layer InputLayer is not one of its inputs"):
        infer(network, legacy=True)


def test_nesting_is_bounded():
    config = layer()
    for _ in range(MAX_DEPTH + 1):
        config = sequential(config)
    read(config)
    with pytest.raises(UsageError, match="nests more than 12 networks"):
        read(sequential(config))


@pytest.mark.parametrize("module", ["keras.layers", "keras.src.layers.core", "tf_keras.layers"])
def test_modules_of_keras_are_known(module):
    assert "dense" in read(sequential(layer(module=module))).layers

"""Networks are recognized by their inputs and outputs."""

import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.generators import Input
from keras_gans.generators.foreign import kinds


@pytest.mark.parametrize(
    ("shape", "image"),
    [
        ((784,), (28, 28, 1)),
        ((3072,), (32, 32, 3)),
        ((16, 16), (16, 16, 1)),
        ((3, 16, 12), (16, 12, 3)),
        ((12, 16, 4), (12, 16, 3)),
        ((100, 1), (10, 10, 1)),
    ],
)
def test_outputs_that_are_images(simple, shape, image):
    k = keras.layers
    saved, _ = simple(k.Dense(int(np.prod(shape)), activation="tanh"), k.Reshape(shape))
    assert saved.shape == image
    assert saved.sample(2).shape == (2, *image)


@pytest.mark.parametrize("shape", [(30,), (7, 7, 1), (16, 16, 2), (8, 33), (4, 4, 4, 3), ()])
def test_outputs_that_are_no_images(shape):
    assert kinds.image_of(shape)[0] is None


def test_flat_images_of_an_unusual_size_are_noted(simple):
    assert not any("were read as" in note for note in simple(keras.layers.Dense(784))[0].notes)
    saved, _ = simple(keras.layers.Dense(100))
    assert any("its 100 numbers were read as (10, 10, 1)" in note for note in saved.notes)


@pytest.mark.parametrize(
    ("shape", "layers", "what"),
    [
        ((6,), [keras.layers.Dense(30)], "whose output, [30], is no image"),
        ((16, 16, 1), [keras.layers.Conv2D(3, 3)], "makes images of images"),
        ((16, 16, 1), [keras.layers.Flatten(), keras.layers.Dense(1)], "judges images"),
        ((9,), [keras.layers.Embedding(5, 8), keras.layers.LSTM(64)], "for text or other"),
    ],
)
def test_networks_that_are_no_generators_are_named(simple, shape, layers, what):
    with pytest.raises(UsageError, match=rf"g\.h5 is a network.*{re.escape(what)}"):
        simple(*layers, shape=shape)


def inputs(*named, labels=()):
    network = SimpleNamespace(inputs=[n for n, _ in named], shapes=[shape for _, shape in named])
    return kinds.inputs_of(network, SimpleNamespace(labels=dict(labels)))


def test_roles_of_inputs():
    assert inputs(("z", (100,))) == ((Input("latents", (100,)),), False)
    assert inputs(("x", (16, 16, 3)))[0][0].role == "image"
    found, guessed = inputs(("y", (1,)), ("z", (9,)), labels={0: 7})
    assert found == (Input("labels", (1,), 7), Input("latents", (9,))) and not guessed
    assert inputs(("text", (9,)), labels={0: 7})[0][0].role == "tokens"


def test_labels_are_found_by_name_and_else_by_size():
    found, guessed = inputs(("label", (50,)), ("noise", (9,)))
    assert found == (Input("one-hot", (50,), 50), Input("latents", (9,))) and not guessed
    found, guessed = inputs(("a", (1,)), ("b", (9,)))
    assert found == (Input("labels", (1,), 10), Input("latents", (9,))) and guessed


def test_inputs_of_many_numbers_stay_latents():
    found, guessed = inputs(("a", (2000,)), ("b", (3000,)))
    assert [entry.role for entry in found] == ["latents", "latents"] and not guessed

"""Generators of strangers: what every Keras since 2.0 has saved opens, and makes what it made."""


import keras
import numpy as np
import pytest
import strangers

from keras_gans import generators


@pytest.fixture(scope="module")
def networks():
    """Each network once, with random weights."""
    keras.utils.set_random_seed(0)
    return {name: strangers.randomize(make()) for name, make in strangers.NETWORKS.items()}


def made(model, given):
    return keras.ops.convert_to_numpy(model(given if len(given) > 1 else given[0], training=False))


@pytest.mark.parametrize("style", strangers.STYLES)
@pytest.mark.parametrize("name", strangers.NETWORKS)
def test_files_of_every_keras_make_what_they_made(networks, tmp_path, name, style):
    model = networks[name]
    strangers.save(model, tmp_path / "g.h5", style)
    loaded, recipe = generators.load(tmp_path / "g.h5")
    given = strangers.inputs_of(model)
    np.testing.assert_array_equal(made(loaded, given), made(model, given))
    assert recipe["source"] == "foreign" and recipe["keras_version"] == style
    assert recipe["kind"] is None
    assert recipe["parameters"] == model.count_params()
    images = generators.sample(loaded, recipe, 5, seed=3)
    assert images.dtype == np.uint8 and images.shape == (5, *recipe["image_shape"])
    np.testing.assert_array_equal(generators.sample(loaded, recipe, 5, seed=3), images)

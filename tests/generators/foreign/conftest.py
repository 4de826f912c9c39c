"""Fixtures of the tests of foreign files."""

import foreign_files
import keras
import pytest

from keras_gans import generators


@pytest.fixture
def simple(tmp_path):
    """Function: saves a Sequential network and loads it: (`Saved`, the network)."""

    def make(*layers, shape=(6,), change=None, **options):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Input(shape), *layers])
        foreign_files.randomize(model)
        foreign_files.save(model, tmp_path / "g.h5", "2.8.0", change=change)
        return generators.load(tmp_path / "g.h5", **options), model

    return make

"""Fixtures of the tests of runs."""

import keras
import pytest

from keras_gans.runs import pace


@pytest.fixture(scope="package", autouse=True)
def own_data_folder(tmp_path_factory):
    """A data folder of the tests, so that features are cached there and no weights are found."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as context:
        context.setenv("KERAS_GANS_DATA", str(folder))
        yield folder


@pytest.fixture(scope="module")
def without_xla():
    """Compiles steps with TensorFlow alone, in half the time, where a module has many runs."""
    with pytest.MonkeyPatch.context() as context:
        context.setattr(pace, "jit_compile", lambda *_: keras.config.backend() == "jax")
        yield

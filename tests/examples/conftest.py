"""Fixtures of the tests of examples."""

import keras
import pytest

from keras_gans.runs import pace


@pytest.fixture
def without_xla(monkeypatch):
    """Compiles steps with TensorFlow alone, in half the time."""
    monkeypatch.setattr(pace, "jit_compile", lambda *_: keras.config.backend() == "jax")

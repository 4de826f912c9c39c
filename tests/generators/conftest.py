"""Fixtures of the tests of generators."""

import json

import foreign_files
import keras
import numpy as np
import pytest

from keras_gans import networks, parts
from keras_gans.datasets.sources import Images
from keras_gans.generators import Saved
from keras_gans.generators.foreign import hdf5
from keras_gans.generators.foreign.hdf5_index import described
from keras_gans.latents import Normal


@pytest.fixture
def one_process(monkeypatch):
    """Describes files in this process: faster, and `test_hdf5.py` tests the child process."""
    monkeypatch.setattr(hdf5, "_ask", lambda path: json.loads(json.dumps(described(path))))


@pytest.fixture(scope="session")
def saved():
    """A generator of 8x8 images, with statistics that differ from those of a new network."""
    keras.utils.set_random_seed(0)
    part = parts.check("networks", {"name": "dcgan", "kernel_size": 3}, "generator", "generator")
    network = networks.build(part, "generator", (8, 8, 1), 4)
    random = np.random.default_rng(0)
    for weight in network.weights:
        values = random.normal(0.0, 0.1, weight.shape)
        weight.assign(np.abs(values) if len(weight.shape) == 1 else values)  # variances
    source = Images("noise", random.integers(0, 256, (9, 8, 8, 1), "uint8"), None, "noise")
    return Saved.of(network, part, Normal(4), source, {"seed": 7})


@pytest.fixture(scope="session")
def foreign_networks():
    """Each network of `foreign_files` once, with random weights."""
    keras.utils.set_random_seed(0)
    made = {name: make() for name, make in foreign_files.NETWORKS.items()}
    return {name: foreign_files.randomize(model) for name, model in made.items()}


@pytest.fixture(scope="session")
def outputs_of():
    """Function: the output of a model, in inference mode, for a list of inputs."""

    def call(model, given):
        given = given if len(given) > 1 else given[0]
        return keras.ops.convert_to_numpy(model(given, training=False))

    return call

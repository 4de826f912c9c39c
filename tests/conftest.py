"""What every test shares: a quiet backend, folders made once, and tiny data."""

import gc
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import pytest
from filelock import FileLock


def pytest_configure():
    gc.disable()  # until all modules are imported, of which nothing is garbage


def pytest_collection_finish():
    """Half a million objects of imported modules need no look at each collection of garbage."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """Function that makes a folder once for all processes of this test session."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def get(name, make):
        folder, result = base / f"shared-{name}", base / f"shared-{name}.json"
        with FileLock(base / f"shared-{name}.lock"):
            if not result.exists():
                folder.mkdir()
                result.write_text(json.dumps(make(folder)))
        return folder, json.loads(result.read_text())

    return get


@pytest.fixture(scope="module")
def eager():
    """Runs the steps of TensorFlow eagerly: a few of them take less than compiling one."""
    import keras

    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    """A data folder with the files of data sets: 64 random images of the right sizes each."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    digits, faces, larger = (28, 28, 1), (40, 40, 3), (64, 64, 3)
    shapes = {"mnist": digits, "celeba": faces, "lfw": larger, "lfw_full": larger}
    for name, shape in shapes.items():
        np.savez(folder / f"{name}.npz", images=random.integers(0, 256, (64, *shape), "uint8"))
    return folder

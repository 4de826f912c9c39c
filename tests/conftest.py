"""What every test shares: a quiet backend, and tiny data."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import pytest


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    """A data folder with mnist, celeba and lfw.npz of 64 random images of the right sizes."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    for name, shape in (("mnist", (28, 28, 1)), ("celeba", (40, 40, 3)), ("lfw", (64, 64, 3))):
        np.savez(folder / f"{name}.npz", images=random.integers(0, 256, (64, *shape), "uint8"))
    return folder

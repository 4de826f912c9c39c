"""Where real weights and data are looked for; tests that need them skip where they are not."""

import os
from pathlib import Path

import numpy as np
import pytest

BESIDE = Path(__file__).resolve().parents[2].parent / "shared"
FOLDERS = [
    Path(os.environ.get("KERAS_GANS_DATA", "~/.cache/keras-gans")).expanduser(),
    BESIDE / "weights",
    BESIDE / "data",
]


def find(pattern):
    found = [path for folder in FOLDERS for path in sorted(folder.glob(pattern))]
    return found[0] if found else pytest.skip(f"no {pattern} here")


@pytest.fixture(scope="session")
def inception_folder():
    return find("inception_2015_12_05*.npz").parent


@pytest.fixture(scope="session")
def mnist():
    """(x_test uint8 [10000, 28, 28, 1], y_test)."""
    with np.load(find("mnist*.npz")) as arrays:
        return arrays["x_test"][..., None], arrays["y_test"]


@pytest.fixture(scope="session")
def random_folder(tmp_path_factory):
    """A data folder whose FID network is whole and random, with activations of order one."""
    from keras_gans.metrics import archive, inception

    rng = np.random.default_rng(0)
    arrays = {}
    for layer in inception.convolutions(inception.build(2048, 75)):
        shape = tuple(layer.kernel.shape)
        scale = np.float32(np.sqrt(2 / np.prod(shape[:3])))
        arrays[f"{layer.name}/kernel"] = rng.standard_normal(shape, np.float32) * scale
        arrays[f"{layer.name}/bias"] = rng.standard_normal(shape[-1:], np.float32) * np.float32(0.1)
    folder = tmp_path_factory.mktemp("random-inception")
    archive.write_arrays(folder / inception.FILE, arrays)
    return folder

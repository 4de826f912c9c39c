"""Published weights and data; tests that need them are skipped if they are missing."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
FOLDERS = [
    Path(os.environ.get("KERAS_GANS_DATA", "~/.cache/keras-gans")).expanduser(),
    SHARED / "weights",
    SHARED / "data",
]


def find(pattern):
    found = [path for folder in FOLDERS for path in sorted(folder.glob(pattern))]
    return found[0] if found else pytest.skip(f"no {pattern} here")


@pytest.fixture(scope="session")
def inception_folder():
    return find("inception_2015_12_05*.npz").parent


@pytest.fixture(scope="session")
def imagenet_folder():
    return find("inception_v3_imagenet*.npz").parent


@pytest.fixture(scope="session")
def mnist():
    """(x_test uint8 `(10000, 28, 28, 1)`, y_test)."""
    with np.load(find("mnist*.npz")) as arrays:
        return arrays["x_test"][..., None], arrays["y_test"]


@pytest.fixture(scope="session")
def random_folder(tmp_path_factory, unfolded):
    """A data folder with a complete FID network of random weights, with activations of order 1."""
    from keras_gans.metrics.features import archive, imagenet, inception

    arrays = {}
    for node, parts in unfolded.items():
        arrays |= parts if node == "softmax" else imagenet.fold(node, **parts)
    folder = tmp_path_factory.mktemp("random-inception")
    archive.write_arrays(folder / inception.FILE, arrays)
    return folder


@pytest.fixture(scope="session")
def unfolded():
    """Random weights of the FID network before folding, in the published form.

    {node: {kernel, gamma, beta, mean, variance}}, and {"softmax": the head with our keys}.
    """
    from keras_gans.metrics.features import inception

    rng = np.random.default_rng(0)

    def normal(shape, scale):
        return rng.standard_normal(shape, np.float32) * np.float32(scale)

    found = {}
    for layer in inception.convolutions(inception.build(2048, 75)):
        shape = tuple(layer.kernel.shape)
        found[layer.name] = {
            "kernel": normal(shape, np.sqrt(2 / np.prod(shape[:3]))),
            "gamma": rng.uniform(0.8, 1.2, shape[-1]).astype(np.float32),
            "beta": normal(shape[-1], 0.1),
            "mean": normal(shape[-1], 0.1),
            "variance": rng.uniform(0.7, 1.4, shape[-1]).astype(np.float32),
        }
    found["softmax"] = {key: normal(shape, 0.02) for key, (shape, _) in inception.HEAD.items()}
    return found


@pytest.fixture(scope="session")
def keras_arrays():
    """Random weights of InceptionV3 with the keys of our file, with activations of order 1."""
    from keras_gans.metrics.features import imagenet, inception

    rng = np.random.default_rng(1)
    arrays = {}
    for key, (shape, _) in imagenet.layout(inception.build(2048, 75)).items():
        if key.endswith("kernel"):
            scale = np.float32(np.sqrt(2 / np.prod(shape[:3])))
            arrays[key] = rng.standard_normal(shape, np.float32) * scale
        elif key.endswith("variance"):
            arrays[key] = rng.uniform(0.7, 1.4, shape).astype(np.float32)
        else:
            arrays[key] = rng.standard_normal(shape, np.float32) * np.float32(0.1)
    return arrays


@pytest.fixture(scope="session")
def keras_model(keras_arrays, keras_model_of):
    return keras_model_of(keras_arrays)


@pytest.fixture(scope="session")
def keras_model_of():
    """Function that assigns arrays of our file to `keras.applications.InceptionV3`.

    Layers are taken in the order of their numbers; missing arrays are skipped.
    """
    import keras

    def build(arrays):
        model = keras.applications.InceptionV3(include_top=False, weights=None)
        for kind in ("conv2d", "batch_normalization"):
            layers = [x for x in model.layers if re.fullmatch(rf"{kind}(_\d+)?", x.name)]
            layers.sort(key=lambda layer: int(layer.name[len(kind) + 1 :] or 0))
            for i, layer in enumerate(layers):
                for variable in layer.weights:
                    if f"{i:02d}/{variable.name}" in arrays:
                        variable.assign(arrays[f"{i:02d}/{variable.name}"])
        return model

    return build

"""MNIST: the real files, and tensorflow-datasets giving the same array as they do."""

import sys

import numpy as np
import pytest

from keras_gans.datasets import load, mnist
from keras_gans.errors import UsageError

TRAIN = "4eec492105744830760915d0f45109c4629ef14d4cb35cb2c20604b0b388ac5d"
TEST = "7d6db313aa5e2f0d341c67fd1c8a6c3af3cc5ff49251341a7bc72aa79670430f"


def test_the_real_one(real):
    folder = real("mnist.npz").parent
    train, test = load("mnist", folder), load("mnist", folder, "test")
    assert train.values.shape == (60000, 28, 28, 1) and test.values.shape == (10000, 28, 28, 1)
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9] and test.labels[:3].tolist() == [7, 2, 1]
    assert train.source == "mnist.npz"
    assert (train.fingerprint, test.fingerprint) == (TRAIN, TEST)


def test_tensorflow_datasets_in_the_original_order(prepared, tmp_path, rng):
    sizes = {"train": 30, "test": 12}
    images = {split: rng.integers(0, 256, (n, 28, 28, 1), np.uint8) for split, n in sizes.items()}
    labels = {split: rng.integers(0, 10, n) for split, n in sizes.items()}
    prepared(
        tmp_path,
        "mnist",
        {
            split: {
                index: {"image": images[split][index], "label": labels[split][index]}
                for index in range(n)
            }
            for split, n in sizes.items()
        },
    )
    for split in sizes:
        data = load("mnist", tmp_path, split)
        assert data.source == "tensorflow-datasets mnist 3.0.1"
        assert np.array_equal(data.values, images[split])
        assert data.labels.tolist() == labels[split].tolist()


def test_without_a_network(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow_datasets")
    monkeypatch.setattr(mnist, "KERAS_FILE", "https://nowhere.invalid/mnist.npz")
    with pytest.raises(UsageError) as error:
        load("mnist", tmp_path)
    assert "\n" not in str(error.value)
    for part in ("mnist from tensorflow-datasets", "put https://", str(tmp_path), "network"):
        assert part in str(error.value)


def test_prepared_files_that_are_broken(prepared, tmp_path):
    image = np.zeros((28, 28, 1), np.uint8)
    prepared(tmp_path, "mnist", {"train": {0: {"image": image, "label": 1}}})
    (record,) = tmp_path.rglob("*.tfrecord*")
    record.write_bytes(record.read_bytes()[:-9])
    with pytest.raises(
        UsageError,
        match=r"mnist from tensorflow-datasets cannot be read \(Data"
        r"LossError",
    ) as error:
        load("mnist", tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="test"):
        load("mnist", tmp_path, "test")


def test_without_tensorflow_datasets(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(UsageError, match=r"ModuleNotFoundError.*put https://"):
        load("mnist", tmp_path)

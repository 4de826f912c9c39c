"""MNIST, Fashion-MNIST and CIFAR-10: the real files, and tensorflow-datasets giving the same."""

import sys

import numpy as np
import pytest

from keras_gans.datasets import cifar10, fashion_mnist, load, mnist
from keras_gans.errors import UsageError

TRAIN = "4eec492105744830760915d0f45109c4629ef14d4cb35cb2c20604b0b388ac5d"
TEST = "7d6db313aa5e2f0d341c67fd1c8a6c3af3cc5ff49251341a7bc72aa79670430f"
SHAPES = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}


def test_the_real_one(real):
    folder = real("mnist.npz").parent
    train, test = load("mnist", folder), load("mnist", folder, "test")
    assert train.values.shape == (60000, 28, 28, 1) and test.values.shape == (10000, 28, 28, 1)
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9] and test.labels[:3].tolist() == [7, 2, 1]
    assert train.source == "mnist.npz"
    assert (train.fingerprint, test.fingerprint) == (TRAIN, TEST)


@pytest.mark.parametrize("name", SHAPES)
def test_tensorflow_datasets_in_the_original_order(prepared, tmp_path, rng, name):
    sizes, shape = {"train": 30, "test": 12}, SHAPES[name]
    images = {split: rng.integers(0, 256, (n, *shape), np.uint8) for split, n in sizes.items()}
    labels = {split: rng.integers(0, 10, n) for split, n in sizes.items()}
    prepared(
        tmp_path,
        name,
        {
            split: {
                index: {"image": images[split][index], "label": labels[split][index]}
                for index in range(n)
            }
            for split, n in sizes.items()
        },
    )
    for split in sizes:
        data = load(name, tmp_path, split)
        assert (data.name, data.source[:20]) == (name, "tensorflow-datasets ")
        assert name in data.source
        assert np.array_equal(data.values, images[split])
        assert data.labels.tolist() == labels[split].tolist()


@pytest.mark.parametrize("name", SHAPES)
def test_files_in_the_layout_of_keras(tmp_path, rng, name):
    """keras.datasets gives grey images without a channel, and labels of CIFAR-10 as (n, 1)."""
    shape = SHAPES[name][:2] if name.endswith("mnist") else SHAPES[name]
    column = (1,) if name == "cifar10" else ()
    arrays = {}
    for split, count in (("train", 6), ("test", 4)):
        arrays[f"x_{split}"] = rng.integers(0, 256, (count, *shape), np.uint8)
        arrays[f"y_{split}"] = rng.integers(0, 10, (count, *column)).astype(np.uint8)
    np.savez(tmp_path / f"{name}.npz", **arrays)
    for split in ("train", "test"):
        data = load(name, tmp_path, split)
        assert data.shape == SHAPES[name] and data.source == f"{name}.npz"
        assert np.array_equal(data.values.reshape(arrays[f"x_{split}"].shape), arrays[f"x_{split}"])
        assert np.array_equal(data.labels, arrays[f"y_{split}"].reshape(-1))


@pytest.mark.parametrize(
    ("module", "address", "put"),
    [
        (mnist, "KERAS_FILE", "put https://"),
        (fashion_mnist, "URL", "put fashion_mnist.npz with x_train"),
        (cifar10, "URL", "put cifar10.npz with x_train"),
    ],
)
def test_without_a_network(tmp_path, monkeypatch, module, address, put):
    pytest.importorskip("tensorflow_datasets")
    monkeypatch.setattr(module, address, "https://nowhere.invalid/file")
    name = module.__name__.rpartition(".")[2]
    with pytest.raises(UsageError) as error:
        load(name, tmp_path)
    assert "\n" not in str(error.value)
    for part in (f"{name} from tensorflow-datasets", put, str(tmp_path), "network"):
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

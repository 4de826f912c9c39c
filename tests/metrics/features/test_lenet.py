import random

import numpy as np
import pytest
from keras import ops

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics.features import archive, lenet

# Distances are comparable only with these weights; other weights need another name.
SHA256 = "4b43eac77d5ef5ae979830f34309c93eac6a801c3554d20676afa5f034029019"


def digits():
    from sklearn.datasets import load_digits

    data = load_digits()
    large = np.repeat(np.repeat(data.images * 255 / 16, 3, axis=1), 3, axis=2)
    return np.pad(large, [(0, 0), (2, 2), (2, 2)]).astype(np.uint8), data.target


def test_the_packaged_weights_have_their_hash_and_their_metadata():
    assert sha256(lenet.PACKAGED) == SHA256
    metadata = lenet.metadata()
    assert metadata["test_accuracy"] >= 0.988
    assert (metadata["images"], metadata["test_images"]) == (60000, 10000)
    assert metadata["seed"] == 0
    assert {"keras", "numpy", "python"} <= set(metadata["versions"])


def test_the_recorded_accuracy_is_reproduced(mnist):
    assert lenet.accuracy(lenet.load(), *mnist) == pytest.approx(
        lenet.metadata()["test_accuracy"], abs=2e-4
    )


def test_the_architecture():
    model = lenet.load()
    assert model.count_params() == 61_706
    assert [tuple(output.shape) for output in model.outputs] == [(None, 84), (None, 10)]


def test_the_forward_pass_is_its_formula():
    images = digits()[0][:5, ..., None]
    with np.load(lenet.PACKAGED) as w:

        def conv(x, name, pad):
            x = np.pad(x, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
            windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), axis=(1, 2))
            y = np.einsum("nhwcij,ijcf->nhwf", windows, w[f"{name}/kernel"]) + w[f"{name}/bias"]
            n, height, width, filters = y.shape
            y = y.reshape(n, height // 2, 2, width // 2, 2, filters).max(axis=(2, 4))
            return np.maximum(y, 0)

        def dense(x, name):
            return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]

        x = conv(conv(images / np.float32(255), "conv_1", 2), "conv_2", 0).reshape(5, -1)
        features = np.maximum(dense(np.maximum(dense(x, "dense_1"), 0), "dense_2"), 0)
        expected = features, dense(features, "logits")
    found = lenet.load().predict_on_batch(images)
    for f, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(f, e, rtol=0, atol=1e-5 * np.abs(e).max())


def test_training_depends_on_its_arguments_only_and_draws_no_global_number():
    images, labels = digits()
    states = random.getstate(), np.random.get_state()[1].copy()

    def train(seed):
        model = lenet.train(images[:300], labels[:300], seed, epochs=1)
        return np.concatenate([ops.convert_to_numpy(ops.copy(v)).ravel() for v in model.weights])

    first, again, other = train(1), train(1), train(2)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert random.getstate() == states[0]
    assert np.array_equal(np.random.get_state()[1], states[1])


def test_train_and_save_learns_and_writes_its_measured_accuracy(tmp_path):
    images, labels = digits()
    out = tmp_path / "folder" / "lenet.npz"
    train, test = slice(0, 1400), slice(1400, None)
    metadata = lenet.train_and_save(
        images[train], labels[train], images[test], labels[test], out, seed=3, epochs=8
    )
    assert metadata == lenet.metadata(out)
    assert metadata["seed"] == 3
    assert metadata["test_accuracy"] > 0.85
    assert lenet.accuracy(lenet.load(out), images[test], labels[test]) == metadata["test_accuracy"]


def test_other_files_and_images_are_refused(tmp_path):
    archive.write_arrays(tmp_path / "x.npz", {"conv_1/kernel": np.zeros((5, 5, 1, 7), np.float32)})
    with pytest.raises(UsageError, match="conv_1/kernel"):
        lenet.load(tmp_path / "x.npz")
    with pytest.raises(UsageError, match="uint8 images of 28x28x1"):
        lenet.train(np.zeros((3, 28, 28)), np.zeros(3))
    with pytest.raises(UsageError, match="uint8 images of 28x28x1"):
        lenet.train(np.zeros((3, 32, 32), np.uint8), np.zeros(3))
    with pytest.raises(UsageError, match="3 images with labels"):
        lenet.train(np.zeros((3, 28, 28), np.uint8), np.zeros(2))


def test_training_can_go_on_with_a_model_and_tells_of_each_epoch():
    images, labels = digits()
    told = []
    model = lenet.train(images[:256], labels[:256], 0, 2, each=lambda *of: told.append(of))
    first = [ops.convert_to_numpy(ops.copy(weight)) for weight in model.weights]
    assert [epoch for epoch, _ in told] == [1, 2] and told[1][1] < told[0][1]
    same = lenet.train(images[:256], labels[:256], 0, 1, model)
    assert same is model
    assert not any(np.array_equal(a, b) for a, b in zip(first, model.weights, strict=True))

"""The data set that needs no file and no network."""

import numpy as np

from keras_gans.datasets import load

DIGITS = "46f7a2122c870b3d7575652097ddf99232d5cef1d2ae3afc44e732764a885bb6"


def test_digits(tmp_path):
    digits = load("digits", tmp_path)
    assert digits.values.shape == (1797, 28, 28, 1) and digits.values.dtype == np.uint8
    assert digits.labels.dtype == np.int64 and digits.labels[:10].tolist() == list(range(10))
    assert digits.source.startswith("scikit-learn ")
    assert digits.fingerprint == DIGITS


def test_they_look_like_mnist(tmp_path):
    images = load("digits", tmp_path).values[..., 0]
    assert images.min() == 0 and images.max() == 255
    edges = np.ones((28, 28), bool)
    edges[2:-2, 2:-2] = False
    assert images[:, edges].max() < 40  # a dark margin
    centre = images[:, 8:20, 8:20].mean()
    assert centre > 100 > 60 > images.mean()


def test_a_digit_is_nearest_to_its_own_kind(tmp_path):
    digits = load("digits", tmp_path)
    flat, labels = digits.values.reshape(len(digits), -1).astype(float), digits.labels
    means = np.stack([flat[:1000][labels[:1000] == label].mean(axis=0) for label in range(10)])
    distances = ((flat[1000:, np.newaxis] - means) ** 2).sum(axis=-1)
    assert (distances.argmin(axis=1) == labels[1000:]).mean() > 0.85

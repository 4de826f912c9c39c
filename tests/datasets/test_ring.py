"""The ring of Gaussians: its modes, their spread, and the same points every time."""

import numpy as np
import pytest

from keras_gans.datasets import Points, load
from keras_gans.errors import UsageError

RING = "d17a2920c33ae452fce53be176b53fcfe85edfe0b9971ddce6fba8d223356fd0"


def test_the_ring_is_always_the_same(tmp_path):
    ring = load("ring", tmp_path)
    assert type(ring) is Points and ring.values.shape == (50000, 2) and ring.name == "ring"
    assert ring.fingerprint == RING
    np.savez(tmp_path / "ring.npz", points=np.zeros((3, 2)))  # cannot follow the options
    assert load("ring", tmp_path).fingerprint == RING


def test_eight_distinct_modes(tmp_path):
    ring = load("ring", tmp_path)
    assert ring.std == 0.02 and ring.classes == 8
    angles = np.degrees(np.arctan2(ring.centers[:, 1], ring.centers[:, 0])) % 360
    assert np.allclose(angles, np.arange(8) * 45, atol=1e-4)
    assert np.allclose(np.linalg.norm(ring.centers, axis=1), 1)
    counts = np.bincount(ring.labels)
    assert np.abs(counts - 6250).max() < 4 * np.sqrt(6250)


def test_the_spread_of_each_mode(tmp_path):
    ring = load("ring", tmp_path)
    offsets = ring.values - ring.centers[ring.labels]
    for mode in range(8):
        of_mode = offsets[ring.labels == mode]
        assert np.allclose(np.cov(of_mode.T), 0.02**2 * np.eye(2), atol=0.02**2 * 0.08)
        assert np.abs(of_mode.mean(axis=0)).max() < 4 * 0.02 / np.sqrt(len(of_mode))


def test_options(tmp_path):
    ring = load({"name": "ring", "modes": 5, "std": 0.5, "radius": 3, "samples": 100}, tmp_path)
    assert len(ring) == 100 and ring.std == 0.5 and ring.centers.shape == (5, 2)
    assert np.allclose(np.linalg.norm(ring.centers, axis=1), 3)
    assert ring.labels.max() == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"modes": 0}, "at least 1"),
        ({"std": 0.0}, "positive"),
        ({"radius": -1.0}, "positive"),
        ({"spread": 1.0}, "unknown option 'spread'"),
        ({"samples": 10**15}, "ring cannot be read .*fewer samples"),
    ],
)
def test_mistakes(tmp_path, options, says):
    with pytest.raises(UsageError, match=says) as error:
        load({"name": "ring", **options}, tmp_path)
    assert "\n" not in str(error.value)

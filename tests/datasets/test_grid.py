"""The grid of Gaussians: its modes, their spread, and the same points every time."""

import numpy as np
import pytest

from keras_gans.datasets import Points, load
from keras_gans.errors import UsageError


def test_twenty_five_modes_in_their_places(tmp_path):
    grid = load("grid", tmp_path)
    assert type(grid) is Points and grid.values.shape == (50000, 2)
    assert grid.classes == 25 and grid.std == 0.05
    assert sorted(map(tuple, grid.centers)) == [
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    ]
    assert tuple(grid.centers[1]) == (-2, -4)  # from the left, then from below
    assert np.abs(np.bincount(grid.labels) - 2000).max() < 4.5 * np.sqrt(2000)


def test_the_spread_of_each_mode(tmp_path):
    grid = load("grid", tmp_path)
    offsets = grid.values - grid.centers[grid.labels]
    assert np.allclose(np.cov(offsets.T), 0.05**2 * np.eye(2), atol=0.05**2 * 0.03)
    assert np.abs(offsets).max() < 0.05 * 6


def test_the_grid_is_always_the_same_and_follows_its_options(tmp_path):
    assert load("grid", tmp_path).fingerprint == load("grid", tmp_path).fingerprint
    grid = load({"name": "grid", "side": 2, "std": 0.5, "spacing": 3, "samples": 100}, tmp_path)
    assert len(grid) == 100 and grid.std == 0.5
    assert sorted(map(tuple, grid.centers)) == [(x, y) for x in (-1.5, 1.5) for y in (-1.5, 1.5)]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"side": 0}, "at least 1"),
        ({"spacing": 0.0}, "positive"),
        ({"modes": 25}, "unknown option 'modes'"),
        ({"samples": 10**15}, "grid cannot be read .*fewer samples"),
        ({"side": 10**7}, "grid cannot be read .*fewer samples or modes"),
    ],
)
def test_mistakes(tmp_path, options, says):
    with pytest.raises(UsageError, match=says) as error:
        load({"name": "grid", **options}, tmp_path)
    assert "\n" not in str(error.value)

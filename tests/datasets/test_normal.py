"""The normal distribution: its moments, its quantiles, and the same numbers every time."""

from statistics import NormalDist

import numpy as np
import pytest

from keras_gans.datasets import Points, load
from keras_gans.errors import UsageError


def test_numbers_of_a_standard_normal_distribution(tmp_path):
    normal = load("normal", tmp_path)
    assert type(normal) is Points and normal.values.shape == (50000, 1) and normal.labels is None
    assert normal.fingerprint == load("normal", tmp_path).fingerprint
    for share in (0.01, 0.25, 0.5, 0.9, 0.999):
        below = np.mean(normal.values < NormalDist().inv_cdf(share))
        assert below == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 50000))


def test_options(tmp_path):
    normal = load({"name": "normal", "mean": -3, "std": 0.1, "samples": 9000}, tmp_path)
    assert normal.values.mean() == pytest.approx(-3, abs=0.005)
    assert normal.values.std() == pytest.approx(0.1, rel=0.04)
    assert normal.summary.startswith("9,000 points of 1 number from normal distribution")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"std": 0.0}, "positive"),
        ({"mean": "0"}, "not float"),
        ({"samples": 10**16}, "normal cannot be read .*fewer samples"),
    ],
)
def test_mistakes(tmp_path, options, says):
    with pytest.raises(UsageError, match=says) as error:
        load({"name": "normal", **options}, tmp_path)
    assert "\n" not in str(error.value)

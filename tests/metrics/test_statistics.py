import numpy as np
import pytest

from keras_gans.metrics.statistics import Statistics


def rows(n=200, d=7, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 100


def test_equals_numpy():
    x = rows()
    statistics = Statistics(x)
    np.testing.assert_allclose(statistics.mean, x.mean(0), rtol=1e-14)
    np.testing.assert_allclose(statistics.covariance, np.cov(x, rowvar=False), rtol=1e-12)


def test_a_large_mean_cancels_no_digits():
    x = rows() * 1e-3 + 1e6
    np.testing.assert_allclose(Statistics(x).covariance, np.cov(x, rowvar=False), rtol=1e-6)


def test_float32_is_computed_in_float64():
    x = rows().astype(np.float32)
    assert Statistics(x).covariance.dtype == np.float64
    expected = Statistics(x.astype(np.float64))
    np.testing.assert_array_equal(Statistics(x).covariance, expected.covariance)


def test_the_input_is_not_changed():
    x = rows()
    before = x.copy()
    Statistics(x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_refused(value):
    bad = rows(5)
    bad[3, 2] = value
    with pytest.raises(ValueError, match="not finite"):
        Statistics(bad)


def test_an_overflowing_covariance_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        Statistics(rows() * 1e200)


def test_two_samples_are_enough():
    for few in (0, 1):
        with pytest.raises(ValueError, match=f"at least 2 samples; there are {few}"):
            Statistics(rows(few))
    two = Statistics([[0.0, 0.0], [2.0, 4.0]])
    np.testing.assert_array_equal(two.covariance, [[2, 4], [4, 8]])


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (5, 0)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        Statistics(np.zeros(shape))


@pytest.mark.parametrize("name", ["mean", "covariance", "factor"])
def test_the_statistics_cannot_be_changed_from_outside(name):
    with pytest.raises(ValueError, match="read-only"):
        getattr(Statistics(rows()), name)[0] = 5


@pytest.mark.parametrize(("n", "d"), [(200, 7), (8, 7), (7, 7), (3, 7), (2, 40), (50, 1)])
def test_the_factor_times_itself_is_the_covariance(n, d):
    statistics = Statistics(rows(n, d))
    factor, covariance = statistics.factor, statistics.covariance
    assert factor.shape == (d, min(n - 1, d))
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-14 * np.trace(covariance))


def test_the_factor_of_dependent_and_of_constant_features_stops_at_the_rank():
    x = rows(5000, 6)
    x = np.concatenate([x, x @ np.random.default_rng(1).normal(size=(6, 5)), x[:, :2]], axis=1)
    x[:, 3] = 7
    statistics = Statistics(x)
    covariance = statistics.covariance
    assert statistics.factor.shape == (13, 6)
    np.testing.assert_allclose(statistics.factor @ statistics.factor.T, covariance,
                               atol=1e-13 * np.trace(covariance))  # fmt: skip
    assert Statistics(np.full((9, 4), 0.5)).factor.shape == (4, 0)


def test_a_small_feature_is_kept_among_large_ones():
    scale = 10.0 ** -np.arange(0, 21, 3)
    statistics = Statistics(rows() * scale)
    assert statistics.factor.shape == (7, 7)
    found = statistics.factor / scale[:, None]
    expected = statistics.covariance / np.outer(scale, scale)
    np.testing.assert_allclose(found @ found.T, expected, rtol=1e-12, atol=1e-14)


def test_the_factor_is_computed_once():
    statistics = Statistics(rows())
    assert statistics.factor is statistics.factor


def test_variance_is_the_trace():
    statistics = Statistics(rows())
    assert statistics.variance == pytest.approx(np.trace(statistics.covariance), rel=1e-14)

import numpy as np
import pytest

from keras_gans.metrics.statistics import Statistics


def rows(n=200, d=7, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 100


def test_equals_numpy():
    x = rows()
    statistics = Statistics.from_features(x)
    assert statistics.n == 200
    assert statistics.dimension == 7
    np.testing.assert_allclose(statistics.mean, x.mean(0), rtol=1e-14)
    np.testing.assert_allclose(statistics.covariance, np.cov(x, rowvar=False), rtol=1e-12)


@pytest.mark.parametrize("splits", [[1], [1, 2, 3], [0, 100, 100, 199], range(1, 200), [64, 128]])
def test_the_split_into_batches_does_not_matter(splits):
    x = rows()
    whole, parts = Statistics.from_features(x), Statistics()
    for batch in np.split(x, list(splits)):
        parts.update(batch)
    assert parts.n == whole.n
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-14)
    np.testing.assert_allclose(parts.covariance, whole.covariance, rtol=0, atol=1e-12)


def test_a_large_mean_cancels_no_digits():
    x = rows() * 1e-3 + 1e6
    parts = Statistics()
    for batch in np.split(x, 20):
        parts.update(batch)
    np.testing.assert_allclose(parts.covariance, np.cov(x, rowvar=False), rtol=1e-6)


def test_float32_is_accumulated_in_float64():
    x = rows().astype(np.float32)
    assert Statistics.from_features(x).covariance.dtype == np.float64
    expected = Statistics.from_features(x.astype(np.float64))
    np.testing.assert_array_equal(Statistics.from_features(x).covariance, expected.covariance)


def test_the_input_is_not_changed():
    x = rows()
    before = x.copy()
    Statistics.from_features(x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_refused_and_not_added(value):
    statistics = Statistics.from_features(rows())
    bad = rows(5)
    bad[3, 2] = value
    with pytest.raises(ValueError, match="not finite"):
        statistics.update(bad)
    np.testing.assert_array_equal(statistics.mean, Statistics.from_features(rows()).mean)


def test_an_overflowing_covariance_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        Statistics.from_features(rows() * 1e200)


def test_too_few_samples():
    with pytest.raises(ValueError, match="at least 1"):
        _ = Statistics().mean
    with pytest.raises(ValueError, match="at least 2 samples; there are 1"):
        _ = Statistics.from_features(rows(1)).covariance
    two = Statistics.from_features([[0.0, 0.0], [2.0, 4.0]])
    np.testing.assert_array_equal(two.covariance, [[2, 4], [4, 8]])


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (5, 0)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        Statistics.from_features(np.zeros(shape))


def test_another_dimension_is_refused():
    with pytest.raises(ValueError, match="dimension 3 after 7"):
        Statistics.from_features(rows()).update(np.zeros((2, 3)))


def test_known_moments_can_be_updated():
    x = rows()
    taken = Statistics.from_moments(150, x[:150].mean(axis=0), np.cov(x[:150], rowvar=False))
    taken.update(x[150:])
    whole = Statistics.from_features(x)
    assert taken.n == whole.n
    np.testing.assert_allclose(taken.covariance, whole.covariance, rtol=1e-12)
    np.testing.assert_allclose(taken.mean, whole.mean, rtol=1e-12)


IMPOSSIBLE = {
    "asymmetric": (5, [0, 0], [[1, 0.5], [0, 1]]),
    "negative eigenvalue": (5, [0, 0], [[1, 2], [2, 1]]),
    "negative variance": (5, [0, 0], [[-1, 0], [0, 1]]),
    "rank above n - 1": (2, [0, 0], [[1, 0], [0, 1]]),
    "one row": (1, [0, 0], [[1, 0], [0, 1]]),
    "shapes": (5, [0, 0, 0], [[1, 0], [0, 1]]),
    "NaN in the mean": (5, [0, np.nan], [[1, 0], [0, 1]]),
    "NaN in the covariance": (5, [0, 0], [[1, np.nan], [np.nan, 1]]),
    "complex": (5, [0, 0], [[1, 1j], [-1j, 1]]),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_moments_of_no_sample_are_refused(case):
    with pytest.raises(ValueError, match=r"covariance|finite|real numbers"):
        Statistics.from_moments(*IMPOSSIBLE[case])


def test_float32_moments_of_fewer_rows_than_features_are_accepted():
    x = rows(5, 7) - 100
    mean, covariance = x.mean(axis=0).astype("f4"), np.cov(x, rowvar=False).astype("f4")
    assert Statistics.from_moments(5, mean, covariance).factor.shape == (7, 4)


def test_the_statistics_cannot_be_changed_from_outside():
    given = np.zeros(2)
    statistics = Statistics.from_moments(9, given, np.eye(2))
    given[0] = 5
    assert statistics.mean[0] == 0
    statistics.mean[0] = statistics.covariance[0] = 5
    assert statistics.mean[0] == 0 and statistics.covariance[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        statistics.factor[0] = 5


@pytest.mark.parametrize(("n", "d"), [(200, 7), (8, 7), (7, 7), (3, 7), (2, 40), (50, 1)])
def test_the_factor_times_itself_is_the_covariance(n, d):
    statistics = Statistics.from_features(rows(n, d))
    factor, covariance = statistics.factor, statistics.covariance
    assert factor.shape == (d, min(n - 1, d))
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-14 * np.trace(covariance))


def test_the_factor_of_dependent_and_of_constant_features_stops_at_the_rank():
    x = rows(5000, 6)
    x = np.concatenate([x, x @ np.random.default_rng(1).normal(size=(6, 5)), x[:, :2]], axis=1)
    x[:, 3] = 7
    statistics = Statistics.from_features(x)
    covariance = statistics.covariance
    assert statistics.factor.shape == (13, 6)
    np.testing.assert_allclose(statistics.factor @ statistics.factor.T, covariance,
                               atol=1e-13 * np.trace(covariance))  # fmt: skip
    assert Statistics.from_features(np.full((9, 4), 0.5)).factor.shape == (4, 0)


def test_a_small_feature_is_kept_among_large_ones():
    scale = 10.0 ** -np.arange(0, 21, 3)
    statistics = Statistics.from_features(rows() * scale)
    assert statistics.factor.shape == (7, 7)
    found = statistics.factor / scale[:, None]
    expected = statistics.covariance / np.outer(scale, scale)
    np.testing.assert_allclose(found @ found.T, expected, rtol=1e-12, atol=1e-14)


def test_the_factor_is_kept_until_the_next_update():
    statistics = Statistics.from_features(rows())
    first = statistics.factor
    assert statistics.factor is first
    statistics.update(rows(5, seed=1))
    assert not np.array_equal(statistics.factor, first)


def test_variance_is_the_trace():
    statistics = Statistics.from_features(rows())
    assert statistics.variance == pytest.approx(np.trace(statistics.covariance), rel=1e-14)
    for few in (Statistics(), Statistics.from_features(rows(1))):
        with pytest.raises(ValueError, match="at least 2 samples"):
            _ = few.variance
        with pytest.raises(ValueError, match="at least 2 samples"):
            _ = few.factor

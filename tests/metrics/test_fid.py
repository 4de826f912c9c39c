from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from keras_gans.metrics import statistics
from keras_gans.metrics.fid import fid, frechet_distance
from keras_gans.metrics.statistics import Statistics


def normal(n, d, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ (np.eye(d) + 0.3 * rng.normal(size=(d, d))) + shift


def with_moments(mean, covariance):
    """What `frechet_distance` reads of `Statistics`, for a diagonal covariance."""
    mean, covariance = np.atleast_1d(mean).astype(float), np.atleast_2d(covariance).astype(float)
    return SimpleNamespace(mean=mean, variance=np.trace(covariance), factor=np.sqrt(covariance))


def total(x):
    return np.var(x, axis=0, ddof=1).sum()


@pytest.mark.parametrize(("m1", "s1", "m2", "s2"), [(0, 1, 3, 1), (1, 2, -1, 5), (0, 0, 2, 3)])
def test_two_normal_distributions_on_a_line(m1, s1, m2, s2):
    found = frechet_distance(with_moments(m1, s1**2), with_moments(m2, s2**2))
    assert found == pytest.approx((m1 - m2) ** 2 + (s1 - s2) ** 2, rel=1e-14)


def test_independent_coordinates_add():
    s1, s2 = np.array([1.0, 2.0, 0.5, 0.0]), np.array([3.0, 2.0, 0.1, 1.0])
    found = frechet_distance(with_moments(s1, np.diag(s1**2)), with_moments(s2, np.diag(s2**2)))
    assert found == pytest.approx(2 * ((s1 - s2) ** 2).sum(), rel=1e-14)


def test_with_equal_covariances_it_is_the_squared_distance_of_the_means():
    x = normal(300, 12, 0)
    shift = np.linspace(-1, 2, 12)
    assert fid(x, x + shift) == pytest.approx(shift @ shift, rel=1e-12)


@pytest.mark.parametrize(("n", "d"), [(500, 8), (5, 40), (2, 30), (64, 64), (200, 1)])
def test_identical_sets_have_distance_zero(n, d):
    x = normal(n, d, 1)
    assert 0 <= fid(x, x) <= 1e-12 * np.sum(np.var(x, axis=0, ddof=1))


def test_it_grows_with_the_square_of_the_scale():
    x, y = normal(100, 6, 0), normal(90, 6, 1, 1.0)
    assert fid(10 * x, 10 * y) == pytest.approx(100 * fid(x, y), rel=1e-12)


@pytest.mark.parametrize(("n", "m", "d"), [(200, 150, 10), (6, 9, 25)])
def test_rotation_and_order_do_not_matter(n, m, d):
    x, y = normal(n, d, 0), normal(m, d, 1, 0.5)
    q, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(d, d)))
    expected = fid(x, y)
    assert fid(x @ q, y @ q) == pytest.approx(expected, rel=1e-12)
    assert fid(y, x) == pytest.approx(expected, rel=1e-12)
    assert fid(x[::-1], y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("d", [1, 2, 16, 64])
def test_equals_sqrtm_for_regular_covariances(d):
    x, y = normal(40 * d + 50, d, 3), normal(30 * d + 50, d, 4, 0.2)
    a, b = np.cov(x, rowvar=False).reshape(d, d), np.cov(y, rowvar=False).reshape(d, d)
    root = np.real(sqrtm(a @ b)).reshape(d, d)
    expected = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(a + b - 2 * root)
    assert fid(x, y) == pytest.approx(expected, rel=1e-9)


def forty_digits(x, y):
    """The distance, from the features, with 40 digits."""
    mp = pytest.importorskip("mpmath")
    d = x.shape[1]
    with mp.workdps(40):

        def moments(z):
            z = mp.matrix(z.tolist())
            k = z.rows
            mean = [mp.fsum(z[i, j] for i in range(k)) / k for j in range(d)]
            centred = mp.matrix(k, d)
            for i in range(k):
                for j in range(d):
                    centred[i, j] = z[i, j] - mean[j]
            return mean, centred / mp.sqrt(k - 1)

        (m1, c1), (m2, c2) = moments(x), moments(y)
        # The nuclear norm of C1 C2^T equals that of L1^T L2 and needs no covariance.
        cross = c1 * c2.T
        square = cross * cross.T if len(x) <= len(y) else cross.T * cross
        values = mp.eigsy(square, eigvals_only=True)
        trace = mp.fsum(mp.sqrt(max(v, 0)) for v in values)
        shift = mp.fsum((p - q) ** 2 for p, q in zip(m1, m2, strict=True))
        return shift + mp.fsum(v**2 for v in c1) + mp.fsum(v**2 for v in c2) - 2 * trace


def hard_pairs():
    """{name: (x, y, tolerance)}: cases in which sqrtm or eigenvalues lose digits."""
    scales = 10.0 ** -np.arange(8)
    turn, _ = np.linalg.qr(np.random.default_rng(20).normal(size=(8, 8)))
    few, more = normal(20, 4, 10), normal(24, 4, 11, 0.2)
    dependent = np.random.default_rng(21).normal(size=(4, 4))
    dead = normal(20, 8, 12)
    dead[:, 2], dead[:, 3] = 0, dead[:, 4]
    collapsed = np.float32(1e-6) * normal(16, 8, 13).astype(np.float32) + np.float32(0.7)
    return {
        "scales": (normal(20, 8, 14) * scales, normal(18, 8, 15) * scales, 1e-13),
        "opposite scales": (normal(20, 8, 14) * scales, normal(18, 8, 15) * scales[::-1], 1e-13),
        # A float64 covariance has no digits below 1e-16 of its largest value.
        "badly conditioned": ((normal(20, 8, 14) * scales) @ turn, normal(18, 8, 15), 1e-9),
        "dependent on both sides": (
            np.hstack([few, few @ dependent]), np.hstack([more, more @ dependent]), 1e-13,
        ),
        "dependent on one side": (np.hstack([few, few @ dependent]), normal(20, 8, 16), 1e-13),
        "dead units": (dead, normal(20, 8, 16), 1e-13),
        "duplicates": (normal(6, 8, 17)[[0, 1, 2, 3, 4, 5] * 3], normal(20, 8, 16), 1e-13),
        "collapsed": (normal(20, 8, 16), collapsed, 1e-13),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("n", "m", "d"), [(40, 30, 6), (4, 5, 8), (4, 30, 8), (9, 8, 8), (2, 2, 5)]
)
def test_equals_forty_digits(n, m, d):
    x, y = normal(n, d, 5), normal(m, d, 6, 0.3)
    assert abs(fid(x, y) / forty_digits(x, y) - 1) < 1e-13


@pytest.mark.parametrize("name", hard_pairs())
def test_equals_forty_digits_in_hard_cases(name):
    x, y, tolerance = hard_pairs()[name]
    expected = forty_digits(x.astype(float), y.astype(float))
    assert abs(fid(x, y) / expected - 1) < tolerance


def test_the_real_side_is_factored_once(monkeypatch):
    calls = []
    real_factor = statistics.dpstrf
    monkeypatch.setattr(
        statistics, "dpstrf", lambda *a, **k: calls.append(1) or real_factor(*a, **k)
    )
    real = Statistics(normal(50, 6, 0))
    for seed in range(4):
        frechet_distance(real, Statistics(normal(50, 6, seed)))
    assert len(calls) == 5


def test_fewer_samples_than_features_equal_the_formula_of_the_features():
    x, y = normal(20, 300, 7), normal(25, 300, 8, 0.1)
    cx, cy = (x - x.mean(0)) / np.sqrt(19), (y - y.mean(0)) / np.sqrt(24)
    trace = np.linalg.svd(cx @ cy.T, compute_uv=False).sum()
    expected = ((x.mean(0) - y.mean(0)) ** 2).sum() + total(x) + total(y) - 2 * trace
    assert fid(x, y) == pytest.approx(expected, rel=1e-12)


def test_two_samples_on_each_side():
    # Each pair spans a line; the trace term is the projection of one line on the other.
    x, y = np.array([[0.0, 0, 0], [2, 0, 0]]), np.array([[0.0, 0, 0], [0, 2, 0]])
    assert fid(x, y) == pytest.approx(2 + 2 + 2, rel=1e-14)
    assert fid(x, x + np.array([0, 0, 5])) == pytest.approx(25, rel=1e-14)


def test_constant_features():
    x, constant = normal(50, 4, 0), np.full((50, 4), 3.0)
    assert fid(constant, constant) == 0
    assert fid(constant, constant + 1) == 4
    expected = ((x.mean(0) - 3) ** 2).sum() + total(x)
    assert fid(x, constant) == pytest.approx(expected, rel=1e-14)
    x[:, 1] = 0  # a unit that is always 0
    assert np.isfinite(fid(x, normal(50, 4, 1)))


def test_the_singular_case_needs_no_epsilon():
    x = normal(400, 30, 9)
    x = np.concatenate([x, x @ np.ones((30, 20))], axis=1)
    x -= x.mean(axis=0)
    assert fid(x, 1.1 * x) == pytest.approx(total(x) * (1 - 1.1) ** 2, rel=1e-9)
    assert type(fid(x, x[:200])) is float


@given(
    n=st.integers(2, 12), m=st.integers(2, 12), d=st.integers(1, 9), seed=st.integers(0, 2**32),
    scale=st.sampled_from([1e-8, 1.0, 1e8]),
)  # fmt: skip
@settings(max_examples=60, deadline=None, derandomize=True)
def test_it_is_a_float_of_at_least_zero(n, m, d, seed, scale):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 3, (n, d)) * scale, rng.integers(0, 3, (m, d)) * scale
    value = fid(x, y)
    assert isinstance(value, float) and np.isfinite(value) and value >= 0
    shift = np.sum((x.mean(0) - y.mean(0)) ** 2)
    assert value >= shift * (1 - 1e-12)


@given(
    n=st.integers(2, 14), m=st.integers(2, 14), d=st.integers(1, 8), seed=st.integers(0, 2**32),
    scale=st.sampled_from([1e-8, 1.0, 1e8]),
)  # fmt: skip
@settings(max_examples=60, deadline=None, derandomize=True)
def test_properties(n, m, d, seed, scale):
    x, y = scale * normal(n, d, seed), scale * normal(m, d, seed + 1, 0.5)
    value, near = fid(x, y), {"rel": 1e-9, "abs": 1e-11 * (total(x) + total(y))}
    assert fid(y, x) == pytest.approx(value, **near)
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))
    assert fid(x @ q, y @ q) == pytest.approx(value, **near)
    assert fid(x + scale, y + scale) == pytest.approx(value, **near)
    assert 0 <= fid(x, x) <= 1e-12 * total(x)
    shift = scale * np.arange(d)
    assert fid(x, x + shift) == pytest.approx(shift @ shift, **near)
    # Doubled rows change only n - 1.
    doubled = np.concatenate([x, x])
    grown = np.sqrt((2 * n - 2) / (2 * n - 1))
    assert fid(doubled, x) == pytest.approx(total(x) * (1 - grown) ** 2, **near)
    if d == 1:
        expected = (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
        assert value == pytest.approx(expected, **near)


def test_refusals():
    x = normal(10, 3, 0)
    with pytest.raises(ValueError, match="dimension 3 and 4"):
        fid(x, normal(10, 4, 0))
    with pytest.raises(ValueError, match="at least 2"):
        fid(x, x[:1])
    for rows in (x, x[:2]):
        with pytest.raises(ValueError, match="not finite"):
            fid(x, rows * np.nan)
        with pytest.raises(ValueError, match="covariance is not finite"):
            fid(x, rows * 1e200)
    with pytest.raises(ArithmeticError, match="rounding does not explain"):
        impossible = SimpleNamespace(mean=np.zeros(2), variance=2.0, factor=3 * np.eye(2))
        frechet_distance(impossible, impossible)

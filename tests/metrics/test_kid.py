import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_gans.metrics.kid import kid, mmd2


def normal(n, d, seed, shift=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def by_hand(x, y):
    """The definition, over all pairs of different rows."""

    def kernel(a, b):
        return (float(np.dot(a, b)) / len(a) + 1) ** 3

    def within(z):
        return np.mean([kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j])

    return within(x) + within(y) - 2 * np.mean([kernel(a, b) for a in x for b in y])


@pytest.mark.parametrize(("n", "m", "d"), [(2, 2, 1), (5, 9, 3), (12, 12, 20), (2, 7, 4)])
def test_equals_the_definition(n, m, d):
    x, y = normal(n, d, 0), normal(m, d, 1, 0.5)
    assert mmd2(x, y) == pytest.approx(by_hand(x, y), rel=1e-12)


def test_two_rows_on_each_side():
    # k(x, x') = (1 * 2 + 1)^3, k(y, y') = 1, k(x, y) = 1.
    assert mmd2([[1.0], [2.0]], [[0.0], [0.0]]) == pytest.approx(27 + 1 - 2, rel=1e-15)


def test_it_is_unbiased():
    values = [mmd2(normal(40, 5, seed), normal(40, 5, seed + 1000)) for seed in range(200)]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))


def test_mean_and_deviation_are_those_of_the_subsets_of_the_seed():
    x, y = normal(50, 4, 0), normal(60, 4, 1, 0.3)
    rng = np.random.Generator(np.random.Philox(5))
    values = []
    for _ in range(8):
        a = x[rng.choice(50, 30, replace=False)]
        values.append(mmd2(a, y[rng.choice(60, 30, replace=False)]))
    found = kid(x, y, subsets=8, subset_size=30, seed=5)
    assert found == pytest.approx((np.mean(values), np.std(values)), rel=1e-14)
    assert found == kid(x, y, subsets=8, subset_size=30, seed=5)
    assert found != kid(x, y, subsets=8, subset_size=30, seed=6)
    assert all(type(value) is float for value in found)


def test_subsets_of_all_rows_have_no_deviation():
    x, y = normal(50, 4, 0), normal(50, 4, 1, 0.3)
    mean, std = kid(x, y, subsets=3, subset_size=50)
    assert mean == pytest.approx(mmd2(x, y), rel=1e-12)
    assert std < 1e-12


def test_identical_sets_differ_by_the_excluded_pairs():
    x = normal(30, 6, 0)
    diagonal = np.mean(((x * x).sum(1) / 6 + 1) ** 3)
    off = by_hand(x, x * 0)  # within(x) + 1 - 2
    assert mmd2(x, x) == pytest.approx(-2 * (diagonal - (off + 1)) / 30, rel=1e-10)


def test_constant_features_give_exactly_zero():
    constant = np.full((20, 3), 2.0)
    assert kid(constant, constant, subsets=4, subset_size=10) == (0, 0)


def test_larger_shifts_give_larger_distances():
    x = normal(200, 6, 0)
    found = [kid(x, normal(200, 6, 1, shift), 10, 100)[0] for shift in (0, 0.3, 1, 3)]
    assert found == sorted(found)


@given(n=st.integers(2, 9), m=st.integers(2, 9), d=st.integers(1, 6), seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_symmetry_order_of_rows_and_rotation(n, m, d, seed):
    x, y = normal(n, d, seed), normal(m, d, seed + 1)
    expected = mmd2(x, y)
    scale = np.mean(np.abs(((x @ y.T) / d + 1) ** 3)) + 1
    q, _ = np.linalg.qr(normal(d, d, seed + 2))
    for found in (mmd2(y, x), mmd2(x[::-1], y), mmd2(x @ q, y @ q)):
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-11 * scale)


def test_refusals():
    x = normal(10, 3, 0)
    for function in (mmd2, lambda a, b: kid(a, b, 2, 5)):
        with pytest.raises(ValueError, match="dimension 3 and 4"):
            function(x, normal(10, 4, 0))
        with pytest.raises(ValueError, match="not finite"):
            function(x, x * np.nan)
        with pytest.raises(ValueError, match="at least 2"):
            function(x, x[:1])
        with pytest.raises(ValueError, match="kernel distance is not finite"):
            function(x, x * 1e60)
        with pytest.raises(ValueError, match="real numbers"):
            function(x, x * 1j)
    with pytest.raises(ValueError, match=r"subset of 1000 rows needs .* got 10 and 10"):
        kid(x, x)
    with pytest.raises(ValueError, match="subset of 1 rows"):
        kid(x, x, subset_size=1)
    with pytest.raises(ValueError, match="at least 1; got 0"):
        kid(x, x, subsets=0, subset_size=5)

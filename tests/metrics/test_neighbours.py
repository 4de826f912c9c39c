import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_gans.metrics import neighbours
from keras_gans.metrics.neighbours import balls


def by_hand(centres, points, k):
    """(around, inside) from differences, exact for integers."""

    def squared(a, b):
        return ((a[:, None] - b) ** 2).sum(axis=2)

    own = squared(centres, centres)
    own = np.array([np.sort(np.delete(row, i)) for i, row in enumerate(own)])
    within = squared(centres, points) <= own[:, k - 1 : k]
    return within.sum(axis=0), within.sum(axis=1)


def check(found, centres, points):
    for k, ball in found.items():
        around, inside = by_hand(centres, points, k)
        assert ball.k == k
        np.testing.assert_array_equal(ball.around, around)
        np.testing.assert_array_equal(ball.inside, inside)


@given(
    n=st.integers(6, 40), m=st.integers(4, 40), d=st.integers(1, 12), seed=st.integers(0, 2**32),
    most=st.integers(1, 9), block=st.sampled_from([1, 3, 8, 16, 1000]),
    offset=st.sampled_from([0, 1000]),
)  # fmt: skip
@settings(max_examples=60, deadline=None, derandomize=True)
def test_equals_all_pairs_at_any_block_size(n, m, d, seed, most, block, offset):
    # With integers many distances are equal, and `by_hand` is exact.
    rng = np.random.default_rng(seed)
    x, y = (rng.integers(0, most + 1, (count, d)).astype(float) for count in (n, m))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "BLOCK", block)
        of_real, of_fake = balls(x + offset, y + offset, (2, 5), (1, 3))
    check(of_real, x, y)
    check(of_fake, y, x)


@pytest.mark.parametrize(("n", "m", "d"), [(70, 50, 3), (30, 40, 100), (8, 9, 2048)])
def test_equals_all_pairs_of_floats(n, m, d, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(n, d)) + 20, 0.9 * rng.normal(size=(m, d)) + 20
    monkeypatch.setattr(neighbours, "BLOCK", 16)
    of_real, of_fake = balls(x, y, (1, 3), (2,))
    check(of_real, x, y)
    check(of_fake, y, x)


@pytest.mark.parametrize("scale", [1e-30, 1e-8, 1.0, 1e8, 1e100])
def test_equal_rows_have_distance_zero(scale):
    # Four copies of each row: the ball to the third neighbour is a point and contains all four.
    rng = np.random.default_rng(1)
    x = np.repeat(rng.normal(size=(40, 300)), 4, axis=0) * scale
    of_real, of_fake = balls(x, x[::-1], (3,), (3,))
    for ball in (of_real[3], of_fake[3]):
        np.testing.assert_array_equal(ball.around, np.full(160, 4))
        np.testing.assert_array_equal(ball.inside, np.full(160, 4))


def test_a_copy_of_the_kth_neighbour_is_inside():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 64))
    of_real, _ = balls(x, x, (5,))
    # The row and its five neighbours, independent of rounding.
    np.testing.assert_array_equal(of_real[5].inside, np.full(300, 6))


@pytest.mark.parametrize("d", [1, 3, 300, 20_000])
def test_equal_rows_have_distance_zero_at_the_largest_rounding_error(d):
    # All products of a row are equal, and so are their errors.
    x = np.repeat(np.random.default_rng(6).random((12, 1)), 3, axis=0) * np.full(d, 0.1)
    of_real, _ = balls(x, x, (2,))
    np.testing.assert_array_equal(of_real[2].inside, np.full(36, 3))


@pytest.mark.parametrize("d", [2, 30])
def test_rotation_scale_and_origin_do_not_matter(d):
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(80, d)), rng.normal(size=(70, d))
    q, _ = np.linalg.qr(rng.normal(size=(d, d)))
    expected, _ = balls(x, y, (3,))
    for change in (lambda z: z @ q, lambda z: 1e-7 * z, lambda z: z + 1e5):
        found, _ = balls(change(x), change(y), (3,))
        np.testing.assert_array_equal(found[3].around, expected[3].around)


def test_memory_is_a_few_blocks(monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK", 100)
    x = np.random.default_rng(8).normal(size=(2500, 8))
    tracemalloc.start()
    balls(x, x + 0.1, (3, 5), (3,))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < x.nbytes + 10 * 100 * 100 * 8 < 2500 * 2500 * 8 / 20


def test_a_point_just_outside_is_outside():
    x = np.array([[0.0], [1.0], [2.5]])
    of_real, _ = balls(x, [[-1.0], [-1 - 1e-9], [-1 + 1e-9]], (1,))
    np.testing.assert_array_equal(of_real[1].around, [1, 0, 1])


def test_float32_and_integers_give_the_same_counts():
    x = np.random.default_rng(3).integers(0, 9, (50, 6))
    y = x[:40] + 1
    expected, _ = balls(x.astype(float), y.astype(float), (3,))
    for kind in (np.float32, np.uint8, np.int64):
        found, _ = balls(x.astype(kind), y.astype(kind), (3,))
        np.testing.assert_array_equal(found[3].around, expected[3].around)
    before = x.copy()
    balls(x, y, (3,), (3,))
    np.testing.assert_array_equal(x, before)


def test_balls_of_one_side_only():
    x = np.random.default_rng(4).normal(size=(9, 2))
    of_real, of_fake = balls(x, x[:1], (2, 2))
    assert list(of_real) == [2] and of_fake == {}
    assert balls(x, x[:1], ())[0] == {}


def test_refusals():
    x = np.random.default_rng(5).normal(size=(10, 3))
    with pytest.raises(ValueError, match="dimension 3 and 2"):
        balls(x, x[:, :2], (3,))
    with pytest.raises(ValueError, match=r"k is \(3, 10\) and n is 10"):
        balls(x, x, (3, 10))
    with pytest.raises(ValueError, match=r"k is \(3,\) and n is 3"):
        balls(x, x[:3], (3,), (3,))
    with pytest.raises(ValueError, match=r"k is \(0,\)"):
        balls(x, x, (0,))
    with pytest.raises(ValueError, match="shape"):
        balls(x[0], x, (1,))
    with pytest.raises(ValueError, match="real numbers"):
        balls(x, x * 1j, (1,))
    for value in (np.nan, np.inf, 1e200):
        bad = x.copy()
        bad[4, 1] = value
        for pair in ((x, bad), (bad, x)):
            with pytest.raises(ValueError, match="not finite"):
                balls(*pair, (3,), (3,))


@pytest.mark.parametrize(
    ("distance", "dtype"), [(2**10, float), (2**20, float), (2**30, float), (2**12, np.float32)]
)
def test_clusters_far_apart_keep_their_radii(distance, dtype):
    # Multiples of 1 / 256: the rows are exact in both types, and so is `by_hand`.
    rng = np.random.default_rng(9)
    centers = distance * np.eye(4)[rng.integers(0, 4, 150)]
    x, y = (
        (centers[:n] + np.round(rng.normal(size=(n, 4)) * 256) / 256).astype(dtype)
        for n in (150, 120)
    )
    of_real, of_fake = balls(x, y, (1, 5), (3,))
    check(of_real, x.astype(float), y.astype(float))
    check(of_fake, y.astype(float), x.astype(float))
    assert of_real[5].inside.max() < 40  # and not the whole cluster


def test_a_collapse_is_counted_as_fast_as_anything_else(monkeypatch):
    """Equal rows have balls of no size; none of them is looked at twice unless it has points."""
    rng = np.random.default_rng(10)
    x, y = rng.normal(size=(300, 64)), np.tile(rng.normal(size=64), (300, 1))
    monkeypatch.setattr(neighbours._Set, "exact", None)
    _, of_fake = balls(x, y, (5,), (3,))
    assert not of_fake[3].inside.any()

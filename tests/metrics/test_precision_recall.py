import numpy as np
import pytest

from keras_gans.metrics.neighbours import balls
from keras_gans.metrics.precision_recall import from_balls, precision_recall


def normal(n, seed, scale=1.0, d=8):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


def test_a_collapsed_generator_has_high_precision_and_low_recall():
    real = normal(300, 0)
    precision, recall = precision_recall(real, real[:1] + 0.01 * normal(300, 1))
    assert precision == 1 and recall < 0.05


def test_a_scattered_generator_has_low_precision_and_high_recall():
    precision, recall = precision_recall(normal(300, 0), normal(300, 1, 4.0))
    assert precision < 0.2 and recall > 0.9


def test_half_of_the_fakes_are_far_away():
    real = normal(200, 0)
    fake = np.concatenate([real[:100], real[:100] + 1000])
    precision, _ = precision_recall(real, fake)
    assert precision == 0.5


def test_half_of_the_reals_are_missing():
    real = np.concatenate([normal(100, 0), normal(100, 1) + 1000])
    precision, recall = precision_recall(real, normal(100, 0))
    assert (precision, recall) == (1, 0.5)


def test_identical_sets_and_disjoint_sets():
    real = normal(60, 0)
    assert precision_recall(real, real) == (1, 1)
    assert precision_recall(real, real + 1e4) == (0, 0)
    constant = np.full((10, 3), 0.1)
    assert precision_recall(constant, constant) == (1, 1)
    assert precision_recall(constant, constant + 1) == (0, 0)


def test_swapping_the_sets_swaps_the_values():
    real, fake = normal(80, 0), normal(90, 1, 1.5)
    assert precision_recall(real, fake) == precision_recall(fake, real)[::-1]


def test_a_line_by_hand():
    # k = 1: the radii are 1, 1, 3 of the reals and 6, 6 of the fakes.
    real, fake = [[0.0], [1.0], [4.0]], [[-1.0], [-7.0]]
    assert precision_recall(real, fake, k=1) == (0.5, 1.0)
    assert precision_recall(real, [[8.0], [7.5]], k=1) == (0, 0)


def test_both_grow_with_k():
    real, fake = normal(100, 0), normal(100, 1, 1.3)
    found = np.array([precision_recall(real, fake, k) for k in (1, 3, 9, 99)])
    assert (np.diff(found, axis=0) >= 0).all() and (found[-1] > 0.95).all()


def test_from_balls_of_several_k():
    real, fake = normal(50, 0), normal(40, 1)
    of_real, of_fake = balls(real, fake, (3, 5), (3,))
    assert from_balls(of_real[3], of_fake[3]) == precision_recall(real, fake)


def test_few_samples_are_refused():
    with pytest.raises(ValueError, match="n is 3"):
        precision_recall(normal(9, 0), normal(3, 1))

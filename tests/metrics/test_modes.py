import math

import numpy as np
import pytest

from keras_gans.metrics.modes import Modes, mode_counts, stacked_modes

RING = np.array([[math.cos(a), math.sin(a)] for a in 2 * np.pi * np.arange(8) / 8])


def test_all_modes_equally_frequent():
    assert mode_counts(np.repeat(RING, 5, axis=0), RING, 0.01) == Modes(8, 1.0, 0.0)


def test_collapse_onto_one_mode():
    found = mode_counts(np.repeat(RING[:1], 50, axis=0), RING, 0.01)
    assert found[:2] == (1, 1.0)
    assert found.reverse_kl == pytest.approx(math.log(8), rel=1e-15)


def test_one_good_sample_covers_a_mode():
    samples = np.concatenate([np.repeat(RING[:1], 99, axis=0), RING[1:2]])
    found = mode_counts(samples, RING, 0.01)
    assert found.covered == 2
    expected = 0.99 * math.log(0.99 * 8) + 0.01 * math.log(0.01 * 8)
    assert found.reverse_kl == pytest.approx(expected, rel=1e-14)


def test_three_standard_deviations():
    near = np.array([[0.0, 0.0], [2.9, 0], [0, -3.0], [3.1, 0], [2.2, 2.2]])
    found = mode_counts(near, [[0.0, 0.0]], 1.0)
    assert found == Modes(1, 0.6, 0.0)
    assert mode_counts(near * 1e-3 + 5, [[5.0, 5.0]], 1.1e-3).high_quality == 1.0


def test_samples_of_low_quality_are_not_counted():
    samples = np.concatenate([RING, np.zeros((8, 2)), RING[:1] * 2])
    assert mode_counts(samples, RING, 0.01) == Modes(8, pytest.approx(8 / 17), 0.0)


def test_without_high_quality_samples_the_divergence_is_infinite():
    assert mode_counts(np.zeros((9, 2)), RING, 0.01) == Modes(0, 0.0, math.inf)


def test_in_overlapping_balls_the_nearest_mode_counts():
    found = mode_counts([[0.4], [0.6], [0.9]], [[0.0], [1.0]], 1.0)
    assert found.covered == 2
    p = np.array([1, 2]) / 3
    assert found.reverse_kl == pytest.approx(np.sum(p * np.log(2 * p)), rel=1e-14)


def test_of_samples_of_the_mixture_one_in_ninety_is_outside():
    rng = np.random.default_rng(0)
    samples = RING[rng.integers(0, 8, 20_000)] + 0.01 * rng.normal(size=(20_000, 2))
    found = mode_counts(samples, RING, 0.01)
    assert found.covered == 8
    assert found.high_quality == pytest.approx(1 - math.exp(-4.5), abs=2e-3)
    assert found.reverse_kl < 1e-3


def test_the_types_are_those_of_json():
    covered, share, kl = mode_counts(RING, RING, 0.1)
    assert type(covered) is int and type(share) is float and type(kl) is float
    covered, kl = stacked_modes([[1, 2, 3]])
    assert type(covered) is int and type(kl) is float


def digits(numbers):
    numbers = np.asarray(numbers)
    return np.stack([numbers // 100, numbers // 10 % 10, numbers % 10], axis=1)


def test_all_thousand_modes():
    assert stacked_modes(digits(np.repeat(np.arange(1000), 3))) == (
        1000,
        pytest.approx(0, abs=1e-12),
    )


def test_some_of_a_thousand_modes():
    covered, kl = stacked_modes(digits([7] * 30 + [70] * 10 + [700] * 10).astype(np.uint8))
    p = np.array([0.6, 0.2, 0.2])
    assert covered == 3
    assert kl == pytest.approx(math.log(1000) + np.sum(p * np.log(p)), rel=1e-14)


def test_uniform_samples_cover_all_modes():
    # A mode has 26 samples on average; the probability that it has none is 5e-12.
    covered, kl = stacked_modes(np.random.default_rng(0).integers(0, 10, (26_000, 3)))
    assert covered == 1000
    assert kl == pytest.approx(999 / 2 / 26_000, rel=0.2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.zeros((0, 2)), RING, 1.0), "at least a row"),
        ((np.zeros((3, 3)), RING, 1.0), "same d"),
        ((np.full((3, 2), np.nan), RING, 1.0), "samples are not finite"),
        ((RING, RING + np.inf, 1.0), "centers are not finite"),
        ((RING, RING, 0.0), "more than 0"),
        ((RING, RING, math.nan), "more than 0"),
    ],
)
def test_mixtures_that_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        mode_counts(*arguments)


@pytest.mark.parametrize("labels", [[[1, 2]], [1, 2, 3], [[1, 2, 10]], [[-1, 2, 3]], [[0.0, 1, 2]],
                                    np.zeros((0, 3), int)])  # fmt: skip
def test_labels_that_are_refused(labels):
    with pytest.raises(ValueError, match="labels"):
        stacked_modes(labels)

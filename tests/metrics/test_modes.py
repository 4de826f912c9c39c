import math

import numpy as np
import pytest

from keras_gans.metrics.modes import Modes, mode_counts

RING = np.array([[math.cos(a), math.sin(a)] for a in 2 * np.pi * np.arange(8) / 8])


def test_all_modes_equally_frequent():
    assert mode_counts(np.repeat(RING, 5, axis=0), RING, 0.01) == Modes(8, 1.0)


def test_collapse_onto_one_mode():
    assert mode_counts(np.repeat(RING[:1], 50, axis=0), RING, 0.01) == Modes(1, 1.0)


def test_one_good_sample_covers_a_mode():
    samples = np.concatenate([np.repeat(RING[:1], 99, axis=0), RING[1:2]])
    assert mode_counts(samples, RING, 0.01) == Modes(2, 1.0)


def test_three_standard_deviations():
    near = np.array([[0.0, 0.0], [2.9, 0], [0, -3.0], [3.1, 0], [2.2, 2.2]])
    found = mode_counts(near, [[0.0, 0.0]], 1.0)
    assert found == Modes(1, 0.6)
    assert mode_counts(near * 1e-3 + 5, [[5.0, 5.0]], 1.1e-3).high_quality == 1.0


def test_samples_of_low_quality_are_not_counted():
    samples = np.concatenate([RING, np.zeros((8, 2)), RING[:1] * 2])
    assert mode_counts(samples, RING, 0.01) == Modes(8, pytest.approx(8 / 17))


def test_there_may_be_no_sample_of_high_quality():
    assert mode_counts(np.zeros((9, 2)), RING, 0.01) == Modes(0, 0.0)


def test_in_overlapping_balls_the_nearest_mode_counts():
    assert mode_counts([[0.4], [0.6], [0.9]], [[0.0], [1.0]], 1.0) == Modes(2, 1.0)
    assert mode_counts([[0.6], [0.9]], [[0.0], [1.0]], 1.0) == Modes(1, 1.0)


def test_of_samples_of_the_mixture_one_in_ninety_is_outside():
    rng = np.random.default_rng(0)
    samples = RING[rng.integers(0, 8, 20_000)] + 0.01 * rng.normal(size=(20_000, 2))
    found = mode_counts(samples, RING, 0.01)
    assert found.covered == 8
    assert found.high_quality == pytest.approx(1 - math.exp(-4.5), abs=2e-3)


def test_the_types_are_those_of_json():
    covered, share = mode_counts(RING, RING, 0.1)
    assert type(covered) is int and type(share) is float


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

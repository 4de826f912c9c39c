import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_gans.metrics.inception_score import inception_score


def certain(labels, classes=10, logit=1000.0):
    return logit * np.eye(classes)[labels]


def test_certain_logits_of_all_classes_give_the_number_of_classes():
    assert inception_score(certain(np.arange(100) % 10)) == pytest.approx((10, 0), abs=1e-13)


def test_one_class_gives_one():
    assert inception_score(certain(np.zeros(50, int))) == pytest.approx((1, 0), abs=1e-15)


def test_equal_logits_give_one():
    assert inception_score(np.zeros((40, 7))) == pytest.approx((1, 0), abs=1e-13)


def test_half_of_the_classes():
    assert inception_score(certain(np.arange(50) % 5))[0] == pytest.approx(5, rel=1e-13)


def test_two_classes_in_closed_form():
    p, q = 0.8, 0.3  # of class 0, in the two halves
    rows = np.log([[p, 1 - p]] * 4 + [[q, 1 - q]] * 4) + 17.0
    m = (p + q) / 2
    kl = [a * np.log(a / m) + (1 - a) * np.log((1 - a) / (1 - m)) for a in (p, q)]
    assert inception_score(rows, splits=1)[0] == pytest.approx(np.exp(np.mean(kl)), rel=1e-14)
    # Each of two splits has rows of one kind.
    assert inception_score(rows, splits=2) == pytest.approx((1, 0), abs=1e-13)


def test_splits_are_ranges_of_rows_and_the_deviation_is_theirs():
    rows = np.concatenate([certain(np.arange(20) % 2), certain(np.arange(20) % 4)])
    assert inception_score(rows, splits=2) == pytest.approx((3, 1), rel=1e-13)
    # 7 rows in 3 splits: 2, 2, 3.
    rows = certain(np.array([0, 1, 2, 2, 3, 4, 5]))
    scores = [2, 1, 3]
    assert inception_score(rows, 3) == pytest.approx((np.mean(scores), np.std(scores)), rel=1e-13)


def test_large_logits_do_not_overflow():
    rows = np.array([[1e300, -1e300], [-1e300, 1e300]])
    assert inception_score(rows, splits=1) == pytest.approx((2, 0))


@given(n=st.integers(1, 30), classes=st.integers(1, 8), seed=st.integers(0, 2**32),
       scale=st.sampled_from([1e-3, 1.0, 50.0]))  # fmt: skip
@settings(max_examples=40, deadline=None, derandomize=True)
def test_it_lies_between_one_and_the_number_of_classes(n, classes, seed, scale):
    rows = scale * np.random.default_rng(seed).normal(size=(n, classes))
    mean, std = inception_score(rows, splits=1)
    assert 1 - 1e-12 <= mean <= classes * (1 + 1e-12) and std == 0
    # A constant added to a row changes no probability.
    assert inception_score(rows + 5.0, splits=1)[0] == pytest.approx(mean, rel=1e-10)
    assert type(mean) is float


def test_refusals():
    rows = np.zeros((5, 3))
    with pytest.raises(ValueError, match="10 splits of 5 rows"):
        inception_score(rows)
    with pytest.raises(ValueError, match="0 splits"):
        inception_score(rows, splits=0)
    with pytest.raises(ValueError, match="logits are not finite"):
        inception_score(rows + np.inf, splits=1)
    with pytest.raises(ValueError, match="logits must have shape"):
        inception_score(rows[0], splits=1)

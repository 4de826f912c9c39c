import numpy as np
import pytest

from keras_gans.metrics.classifier_accuracy import classifier_accuracy


def test_the_share_of_correct_classes():
    logits = np.eye(4)[[0, 1, 2, 3, 0]] - 3.0
    assert classifier_accuracy(logits, [0, 1, 2, 3, 0]) == 1.0
    assert classifier_accuracy(logits, [0, 1, 2, 3, 1]) == 0.8
    assert classifier_accuracy(logits, [1, 2, 3, 0, 1]) == 0.0
    assert type(classifier_accuracy(logits, np.zeros(5, np.uint8))) is float


def test_the_first_of_equal_scores_counts():
    assert classifier_accuracy(np.zeros((2, 3)), [0, 1]) == 0.5


def test_guessing_is_one_in_ten():
    rng = np.random.default_rng(0)
    found = classifier_accuracy(rng.normal(size=(5000, 10)), rng.integers(0, 10, 5000))
    assert abs(found - 0.1) < 0.02


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1], "one for each of 3 rows"),
        ([[0], [1], [2]], "one for each"),
        ([0, 1, 4], "0 to 3"),
        ([0, 1, -1], "0 to 3"),
        ([0.0, 1.0, 2.0], "integers"),
    ],
)
def test_labels_that_are_refused(labels, words):
    with pytest.raises(ValueError, match=words):
        classifier_accuracy(np.zeros((3, 4)), labels)


def test_logits_that_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        classifier_accuracy([[np.nan, 0]], [0])
    with pytest.raises(ValueError, match="one for each of 0"):
        classifier_accuracy(np.zeros((0, 4)), np.zeros(0, int))

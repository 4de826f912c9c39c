"""Accuracies and maxima: closed forms."""

import numpy as np
import pytest
from keras import ops

from keras_gans import losses
from keras_gans.errors import UsageError
from keras_gans.losses import reported

pytestmark = pytest.mark.backends


@pytest.mark.parametrize(
    ("loss", "middle"),
    [
        ("binary_crossentropy", 0.0),
        ({"name": "binary_crossentropy", "real": 0.9}, np.log(0.45 / 0.55)),
        ("mse", 0.5),
        ("kl", 1.0),
        ("jensen_shannon", 0.0),
        ("pearson", 0.0),
    ],
)
def test_accuracies_are_shares_on_the_right_side_of_equal_densities(loss, middle):
    scores = [ops.convert_to_tensor(np.float32(s) + middle) for s in (REAL, FAKE)]
    found = reported.accuracies(losses.get(loss), *scores)
    assert [float(ops.convert_to_numpy(x)) for x in found] == pytest.approx([0.75, 0.4])


def test_scores_that_are_not_numbers_have_no_accuracy():
    scores = ops.convert_to_tensor(np.float32([[np.nan], [1.0]]))
    found = reported.accuracies(losses.get("binary_crossentropy"), scores, -scores)
    assert np.isnan([float(ops.convert_to_numpy(x)) for x in found]).all()


REAL = [[0.1], [0.3], [-0.1], [0.2]]
FAKE = [[0.1], [0.3], [-0.1], [0.2], [-0.3]]


@pytest.mark.parametrize("loss", ["wasserstein", "hinge", "relativistic"])
def test_losses_that_tell_no_right_from_wrong_are_refused(loss):
    with pytest.raises(UsageError, match=r"accuracy: .* do not say whether .*: leave it out"):
        reported.check_accuracy(losses.get(loss))


def test_the_largest_value_since_the_last_reset():
    peak = reported.Maximum()
    for value in (-3.0, -1.0, -2.0):
        peak.update_state(value)
    assert float(peak.result()) == -1.0
    peak.reset_state()
    peak.update_state(-5.0)
    assert float(peak.result()) == -5.0

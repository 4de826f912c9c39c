"""Names of measurements: directions and order."""

import pytest

from keras_gans.metrics import measures
from keras_gans.reports.measurements import better, ordered


@pytest.mark.parametrize("metric", measures.names())
def test_short_and_full_names_have_the_direction_of_the_table(metric):
    expected = measures.MEASURES[metric].better
    assert better(metric) == better(f"{metric}5k_lenet") == expected


def test_higher_accuracies_of_classifiers_are_better():
    assert better("test_accuracy") == better("test_accuracy_untuned") == "higher"


@pytest.mark.parametrize("name", ["d_loss", "loss", "iteration", "-", "unheard5k_of", ""])
def test_other_names_have_no_direction(name):
    assert better(name) is None


def test_measurements_are_in_the_order_of_the_table():
    names = ["test_accuracy", "recall5k_lenet", "fid5k_lenet", "d_loss", "fid10k_lenet", "kid5k_a"]
    expected = ["fid10k_lenet", "fid5k_lenet", "kid5k_a", "recall5k_lenet", "test_accuracy"]
    assert ordered(names) == expected

"""Requests that cannot be measured are refused by name, without Keras."""

import numpy as np
import pytest

from keras_gans import datasets
from keras_gans.datasets import Images, Points
from keras_gans.errors import UsageError
from keras_gans.metrics.features import WeightsMissing
from keras_gans.metrics.measures import MEASURES, feature_names
from keras_gans.metrics.requirements import (
    applies,
    check_data,
    check_directions,
    check_labels,
    check_names,
)

DIGITS = datasets.load("digits")
COLOUR = Images("colour", np.zeros((99, 32, 32, 3), "uint8"), None, "colour")
RING = Points("ring", np.zeros((200, 2), "float32"), None, "ring", centers=np.eye(2), std=1.0)


def check(name, source, features, count=99):
    check_data(name, feature_names(name, features, source.name), source, count)


@pytest.mark.parametrize("name", MEASURES)
def test_one_sample_less_than_the_least_is_refused(name):
    of_points = "modes" in MEASURES[name].needs
    source, features = (RING, "values") if of_points else (DIGITS, "lenet")
    least = MEASURES[name].least
    check(name, source, features, least)
    with pytest.raises(UsageError, match=f"^{name} needs at least {least} samples"):
        check(name, source, features, least - 1)


def test_modes_must_be_known():
    for name in ("modes", "high_quality"):
        check(name, RING, "values")
        with pytest.raises(UsageError, match=f"^{name} needs a data set with known modes"):
            check(name, DIGITS, "lenet")


def test_extractors_must_take_the_samples():
    check("fid", COLOUR, "inception768")
    with pytest.raises(UsageError, match=r"^lenet takes images of 28x28x1, not images of 32x32x3"):
        check("fid", COLOUR, "lenet")


def test_classes_are_those_of_the_extractor():
    for name in ("inception_score", "classifier_accuracy"):
        check(name, COLOUR, "inception2048", 100)
        with pytest.raises(UsageError, match=f"^{name}: inception768 has no classes; lenet, "):
            check(name, COLOUR, "inception768", 100)


def test_labels_are_among_the_classes():
    check_labels("fid", None, "values")
    check_labels("classifier_accuracy", np.array([0, 9]), "lenet")
    with pytest.raises(UsageError, match=r"have none; take a conditional generator, or give an"):
        check_labels("classifier_accuracy", None, "lenet")
    with pytest.raises(UsageError, match=r"classes of lenet are 0 to 9, .* up to 10"):
        check_labels("classifier_accuracy", np.array([0, 10]), "lenet")


def test_other_generators_have_no_directions():
    check_directions("fid", None, 10, 8)
    check_directions("principal_angle", np.eye(2, 8), 3, 8)
    with pytest.raises(UsageError, match="principal_angle needs a linear generator"):
        check_directions("principal_angle", None, 10, 8)


@pytest.mark.parametrize(("count", "size"), [(3, 8), (10, 2)])
def test_more_directions_than_components_are_refused(count, size):
    with pytest.raises(UsageError, match=f"3 directions need more .* not {count} of {size}"):
        check_directions("principal_share", np.eye(3, size), count, size)


def test_names_are_known_and_all_stands_alone():
    assert check_names("fid") == ("fid",) and check_names(["fid", "kid"]) == ("fid", "kid")
    assert check_names("all") == ("all",)
    with pytest.raises(UsageError, match="unknown metric 'all'"):
        check_names(("fid", "all"))
    with pytest.raises(
        UsageError, match="unknown feature extractor 'lenett'; did you mean 'lenet'"
    ):
        check_names("fid", "lenett")


def test_a_metric_applies_without_its_weights():
    assert applies(None) and applies(WeightsMissing("no file"))
    assert not applies(UsageError("no labels"))

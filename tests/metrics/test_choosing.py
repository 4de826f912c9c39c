"""Which metrics: names are checked, and `all` are those that apply."""

import numpy as np
import pytest

from keras_gans.datasets import Images, Points
from keras_gans.errors import UsageError
from keras_gans.metrics import measures
from keras_gans.metrics.choosing import ALL, applicable, check_names, choose

IMAGES = ("fid", "kid", "precision", "recall", "density", "coverage")


def images(labels=None, size=28):
    values = np.zeros((200, size, size, 1), "uint8")
    return Images("noise", values, labels, "noise")


class Notes(list):
    note = list.append


@pytest.mark.parametrize(
    ("source", "labels", "features", "expected"),
    [
        (images(), None, None, (*IMAGES, "inception_score", "fid_thesis")),
        (
            images(),
            np.arange(200) % 10,
            None,
            (*IMAGES, "inception_score", "classifier_accuracy", "fid_thesis"),
        ),
        (images(), np.arange(200) % 47, None, (*IMAGES, "inception_score", "fid_thesis")),
        (images(size=32), np.arange(200) % 10, None, (*IMAGES, "fid_thesis")),
        (
            images(size=32),
            np.arange(200) % 10,
            "inception2048",
            (*IMAGES, "inception_score", "classifier_accuracy", "fid_thesis"),
        ),
        (Points("plane", np.zeros((200, 2), "float32"), None, "plane"), None, None, IMAGES),
        (
            Points("r", np.zeros((9, 2), "float32"), None, "r", centers=np.eye(2), std=1.0),
            None,
            None,
            ("precision", "recall", "density", "coverage", "modes", "high_quality"),
        ),
    ],
)
def test_all_are_those_that_apply(source, labels, features, expected):
    names, reasons = applicable(source, labels, len(source), features)
    assert names == expected
    assert set(reasons) == set(measures.names()) - set(names)


def test_each_that_does_not_apply_is_noted_with_its_reason():
    notes = Notes()
    names = choose(ALL, images(), images(), None, None, notes)
    assert len(notes) == len(measures.names()) - len(names) == 5
    assert notes[0].startswith("classifier_accuracy is left out: ")


def test_names_stay_as_they_are():
    notes = Notes()
    assert choose(("kid", "fid"), images(), None, None, 9, notes) == ("kid", "fid")
    assert not notes


def test_all_stands_alone():
    check_names(ALL)
    check_names(("fid", "kid"))
    with pytest.raises(UsageError, match="unknown metric 'all'"):
        check_names(("fid", "all"))

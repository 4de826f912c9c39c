"""The table of measures: every entry works, says what it is and turns mistakes into one line."""

import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.metrics import measures
from keras_gans.metrics.fid import fid
from keras_gans.metrics.measures import MEASURES, Comparison, Reals

REAL = np.random.default_rng(0).standard_normal((60, 8)).astype("f4")
FAKE = np.random.default_rng(1).standard_normal((60, 8)).astype("f4") + 1


class Extractor:
    """Logits are the first three features."""

    name = "three"

    def logits(self, features):
        return features[:, :3]


def compare(real=REAL, fake=FAKE, labels=None):
    return Comparison(Reals(real), fake, Extractor(), labels)


@pytest.mark.parametrize("name", measures.names())
def test_every_measure_gives_a_number_and_tells_near_from_far(name):
    labels = np.argmax(REAL[:, :3], axis=1)
    near, far = (
        measures.compute(name, compare(fake=fake, labels=labels))
        for fake in (REAL + np.float32(1e-3), np.tile(REAL[:1] + 9, (60, 1)))
    )
    assert all(isinstance(value, float) for value, _ in (near, far))
    assert (near[1] is None) == (name not in ("kid", "inception_score"))
    if MEASURES[name].better == "lower":
        assert near[0] < far[0]
    else:
        assert near[0] > far[0]
    assert len(MEASURES[name].about) > 20


def test_the_two_sides_are_not_mixed_up():
    """Precision asks about the generated images, recall about the real ones."""
    one_mode = np.tile(REAL[:1], (60, 1))
    found = {
        name: measures.compute(name, compare(fake=one_mode))[0] for name in ("precision", "recall")
    }
    assert found["precision"] == 1
    assert found["recall"] < 0.1


def test_fid_is_that_of_the_features():
    assert measures.compute("fid", compare())[0] == pytest.approx(fid(REAL, FAKE), rel=1e-12)


def test_accuracy_needs_labels():
    with pytest.raises(UsageError, match=r"these images have none; give an \.npz with the array"):
        measures.compute("classifier_accuracy", compare())


@pytest.mark.parametrize("name", ["fid", "kid", "precision", "density", "inception_score"])
def test_features_that_are_not_finite_are_refused_by_every_measure(name):
    broken = FAKE.copy()
    broken[3, 1] = np.nan
    with pytest.raises(UsageError, match=f"^{name}: .*finite"):
        measures.compute(name, compare(fake=broken))


@pytest.mark.parametrize(("name", "n"), [("precision", 3), ("coverage", 5), ("inception_score", 9)])
def test_too_few_images_are_refused(name, n):
    with pytest.raises(UsageError, match=f"^{name}: "):
        measures.compute(name, compare(REAL[:n], FAKE[:n]))


def test_reals_are_summed_up_once():
    reals = Reals(REAL)
    assert reals.statistics is reals.statistics
    assert reals.statistics.n == 60


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("fid", "lenet", "mnist"), ("lenet", "lenet")),
        (("kid", None, "drawings"), (None, None)),
        (("fid_thesis", "lenet", "mnist"), ("imagenet2048", "imagenet2048_signed")),
        (("fid_thesis", None, "celeba"), ("imagenet2048_signed", "imagenet2048_signed")),
        (("fid_thesis", "imagenet768", "mnist"), ("imagenet768", "imagenet768_signed")),
    ],
)
def test_only_the_thesis_looks_at_the_two_sides_differently(arguments, names):
    assert measures.feature_names(*arguments) == names

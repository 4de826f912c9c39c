"""The table of metrics: every entry works, is documented, and has clear errors."""

import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.metrics import measures
from keras_gans.metrics.fid import fid
from keras_gans.metrics.inception_score import inception_score
from keras_gans.metrics.kid import kid, mmd2
from keras_gans.metrics.measures import MEASURES, Comparison, Reals
from keras_gans.metrics.subspaces import principal_components

CENTERS = np.random.default_rng(2).standard_normal((5, 8)) * 9
REAL = CENTERS[np.arange(120) % 5] + np.random.default_rng(0).standard_normal((120, 8))
REAL = REAL.astype("f4")
FAKE = REAL + np.random.default_rng(1).standard_normal((120, 8)).astype("f4") + 1


class Extractor:
    """An extractor whose logits are the first three features."""

    def logits(self, features):
        return features[:, :3]


def compare(real=REAL, fake=FAKE, labels=None, seed=0, directions=None):
    return Comparison(Reals(real, CENTERS, 1.0), fake, Extractor(), labels, seed, directions)


@pytest.mark.parametrize("name", measures.names())
def test_every_metric_is_a_number_that_separates_near_from_far(name):
    labels = np.argmax(REAL[:, :3], axis=1)
    components = principal_components(REAL, 8)
    near, far = (
        measures.compute(name, compare(fake=fake, labels=labels, directions=directions))
        for fake, directions in (
            (REAL + np.float32(1e-3), components[:2]),
            (np.tile(REAL[:1] + 99, (120, 1)), components[2:4]),
        )
    )
    assert all(isinstance(value, float) for value, _ in (near, far))
    assert (near[1] is None) == (name != "inception_score")
    if MEASURES[name].better == "lower":
        assert near[0] < far[0]
    else:
        assert near[0] > far[0]
    assert len(MEASURES[name].about) > 20


def test_the_two_sides_are_not_swapped():
    """Precision depends on the generated samples, recall on the real ones."""
    one_mode = np.tile(REAL[:1], (120, 1))
    found = {
        name: measures.compute(name, compare(fake=one_mode))[0] for name in ("precision", "recall")
    }
    assert found["precision"] == 1
    assert found["recall"] < 0.1


def test_fid_is_that_of_the_features():
    assert measures.compute("fid", compare())[0] == pytest.approx(fid(REAL, FAKE), rel=1e-12)


def test_kid_is_the_distance_of_all_samples_where_there_are_no_more_than_a_subset():
    assert measures.compute("kid", compare()) == (mmd2(REAL, FAKE), None)


@pytest.mark.parametrize(("n", "has_std"), [(51, False), (99, False), (100, True)])
def test_kid_has_a_deviation_where_subsets_can_be_disjoint(n, has_std, monkeypatch):
    assert (measures.KID_SUBSETS, measures.KID_SUBSET) == (100, 1000)
    monkeypatch.setattr(measures, "KID_SUBSET", 50)
    real, fake = REAL[:n], FAKE[:n]
    mean, std = kid(real, fake, 100, 50, seed=5)
    found = measures.compute("kid", compare(real, fake, seed=5))
    assert found == (mean, std if has_std else None)


def test_the_inception_score_shuffles_with_the_seed():
    rows = np.repeat(50 * np.eye(3, dtype="f4"), 40, axis=0)  # sorted by class
    assert inception_score(rows)[0] < 1.2
    first, again, other = (
        measures.compute("inception_score", compare(fake=rows, seed=seed)) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert first[0] > 2.5


def test_modes_are_those_of_the_points():
    fake = np.repeat(CENTERS[:2], 50, axis=0)
    fake[:10] += 99
    assert measures.compute("modes", compare(fake=fake)) == (2, None)
    assert measures.compute("high_quality", compare(fake=fake)) == (0.9, None)


@pytest.mark.parametrize("name", ["fid", "kid", "precision", "density", "inception_score"])
def test_features_that_are_not_finite_are_refused_by_every_metric(name):
    broken = FAKE.copy()
    broken[3, 1] = np.nan
    with pytest.raises(UsageError, match=f"^{name}: .*finite"):
        measures.compute(name, compare(fake=broken))


@pytest.mark.parametrize("name", measures.names())
def test_the_least_number_of_samples_is_enough(name):
    least = MEASURES[name].least
    labels = np.zeros(least, int)
    given = compare(REAL[:least], FAKE[:least], labels, directions=np.eye(1, 8))
    value, _ = measures.compute(name, given)
    assert np.isfinite(value)


def test_a_linear_generator_that_finds_the_principal_components_is_whole():
    """Any basis of them will do."""
    first = principal_components(REAL, 3)
    found = [
        measures.compute(name, compare(directions=np.array([[1, 2, 0], [0, 1, 0], [3, 0, 2]]) @ d))
        for d in (first, first + [[0.0], [0.0], [1.0]] * principal_components(REAL, 4)[3])
        for name in ("principal_share", "principal_angle")
    ]
    (share, _), (angle, _), (less, _), (half, _) = found
    assert share == pytest.approx(1) and angle == pytest.approx(0, abs=1e-5)
    assert less < 1 and half == pytest.approx(45)


def test_a_note_on_the_bias_of_small_samples():
    assert measures.note("fid", 168, 84) is None
    assert "167 samples in 84 features" in measures.note("fid", 167, 84)
    assert measures.note("kid", 10, 2048) is None


def test_statistics_of_reals_are_computed_once():
    reals = Reals(REAL)
    assert reals.statistics is reals.statistics


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("fid", "lenet", "mnist"), ("lenet", "lenet")),
        (("kid", None, "drawings"), (None, None)),
        (("modes", "lenet", "ring"), ("values", "values")),
        (("principal_share", "lenet", "mnist"), ("pixels", "pixels")),
        (("principal_angle", "values", "own"), ("values", "values")),
        (("fid_thesis", "lenet", "mnist"), ("imagenet2048", "imagenet2048_signed")),
        (("fid_thesis", None, "celeba"), ("imagenet2048_signed", "imagenet2048_signed")),
        (("fid_thesis", "imagenet768", "mnist"), ("imagenet768", "imagenet768_signed")),
        (("fid_thesis", "imagenet768_unit", "mnist"), ("imagenet768", "imagenet768_signed")),
        (
            ("fid_thesis", "imagenet2048_signed", "celeba"),
            ("imagenet2048_signed", "imagenet2048_signed"),
        ),
    ],
)
def test_only_the_thesis_has_different_extractors_for_the_two_sides(arguments, names):
    assert measures.feature_names(*arguments) == names

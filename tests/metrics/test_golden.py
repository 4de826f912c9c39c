"""All metrics against independent implementations: against their committed values, and live if
they are installed (`make test-oracles`)."""

import functools
import json

import golden
import numpy as np
import pytest

from keras_gans.metrics.density_coverage import density_coverage
from keras_gans.metrics.fid import fid
from keras_gans.metrics.inception_score import inception_score
from keras_gans.metrics.kid import kid, mmd2
from keras_gans.metrics.precision_recall import precision_recall

FEATURES, LOGITS = golden.features(), golden.logits()
SINGULAR = {"fewer_than_dimensions", "dependent"}


@functools.cache
def measured_now():
    return golden.measure()


@pytest.fixture(params=["committed", "live"])
def numbers(request):
    if request.param == "committed":
        return json.loads(golden.FILE.read_text())
    if not golden.installed():
        pytest.skip(f"{', '.join(golden.ORACLES)} are not installed: make test-oracles")
    return measured_now()


@pytest.fixture(params=FEATURES)
def case(request):
    return request.param


def test_fid(numbers, case):
    real, fake = FEATURES[case]
    # They take the root of a singular matrix, which loses half of the digits.
    tolerance = 1e-6 if case in SINGULAR else 1e-9
    for expected in numbers["fid"][case].values():
        assert fid(real, fake) == pytest.approx(expected, rel=tolerance)


def test_kernel_distance(numbers, case):
    real, fake = FEATURES[case]
    n = min(len(real), len(fake))
    for expected in numbers["mmd2"][case].values():
        assert mmd2(real[:n], fake[:n]) == pytest.approx(expected, rel=1e-12)
    expected = numbers["kid"][case]["torch-fidelity"]
    found = kid(real, fake, golden.SUBSETS, golden.SUBSET_SIZE, golden.SEED)
    assert found == pytest.approx(expected, rel=1e-12)


def test_precision_and_recall(numbers, case):
    found = precision_recall(*FEATURES[case], k=golden.K["precision_recall"])
    for name, expected in numbers["precision_recall"][case].items():
        # torch-fidelity computes the mean in float32.
        assert found == pytest.approx(expected, abs=1e-7 if name == "torch-fidelity" else 1e-15)


def test_density_and_coverage(numbers, case):
    if case == "integers":
        pytest.skip("samples lie on the edges of balls; prdc counts them as outside")
    expected = numbers["density_coverage"][case]["prdc"]
    found = density_coverage(*FEATURES[case], k=golden.K["density_coverage"])
    assert found == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("case", LOGITS)
def test_inception_score(numbers, case):
    expected = numbers["inception_score"][case]["torch-fidelity"]
    assert inception_score(LOGITS[case]) == pytest.approx(expected, rel=1e-12)


def test_float32_features_give_the_value_of_their_float64_copy(case):
    real, fake = (side.astype(np.float32) for side in FEATURES[case])
    assert fid(real, fake) == fid(real.astype(float), fake.astype(float))
    assert precision_recall(real, fake) == precision_recall(real.astype(float), fake.astype(float))

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans.penalties import R1, GradientPenalty

pytestmark = pytest.mark.backends


def linear(weights):
    """D(x) = sum(w x), whose gradient is w everywhere."""
    return lambda x: ops.sum(ops.convert_to_tensor(weights) * x, axis=(1, 2, 3))[:, None]


@pytest.fixture
def images(random):
    return [
        ops.convert_to_tensor(random.standard_normal((6, 4, 4, 2)).astype("float32"))
        for _ in range(2)
    ]


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def seed():
    return keras.random.SeedGenerator(0)


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
def test_closed_form_on_a_linear_discriminator(scale, images, random):
    weights = random.standard_normal((4, 4, 2)).astype("float32")
    weights *= scale / np.linalg.norm(weights)
    expected = 10 * (np.sqrt(scale**2 + 1e-12) - 1) ** 2
    assert number(GradientPenalty(10.0)(linear(weights), *images, seed())) == pytest.approx(
        expected, rel=1e-5, abs=1e-10
    )
    assert number(R1(10.0)(linear(weights), *images, seed())) == pytest.approx(5 * scale**2)


def test_gradient_penalty_looks_between_reals_and_fakes(images):
    """D = |x|^2 / 2 has gradient x, so the penalty tells where it was taken."""
    real, fake = ops.zeros((512, 1, 1, 1)), ops.ones((512, 1, 1, 1))

    def discriminator(x):
        return ops.sum(ops.square(x) / 2, axis=(1, 2, 3))[:, None]

    # E (a - 1)^2 = 1/3 for a ~ U(0, 1); one draw for all images would miss it widely.
    found = number(GradientPenalty(1.0)(discriminator, real, fake, seed()))
    assert found == pytest.approx(1 / 3, abs=0.05)
    assert number(R1(2.0)(discriminator, fake, real, seed())) == pytest.approx(1.0)


def test_configuration_round_trip():
    for penalty in (GradientPenalty(3.0), R1(0.5)):
        config = keras.saving.serialize_keras_object(penalty)
        copy = keras.saving.deserialize_keras_object(config)
        assert type(copy) is type(penalty)
        assert copy.weight == penalty.weight

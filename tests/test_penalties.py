import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import penalties
from keras_gans.penalties import R1, GradientPenalty

pytestmark = pytest.mark.backends
SHAPES = [(4, 4, 2), (2,)]


def linear(weights):
    """D(x) = sum(w x), whose gradient is w everywhere."""
    axes = tuple(range(1, weights.ndim + 1))
    return lambda x: ops.sum(ops.convert_to_tensor(weights) * x, axis=axes)[:, None]


def squares(x):
    """D(x) = |x|^2 / 2, whose gradient is x."""
    return ops.sum(ops.square(x) / 2, axis=tuple(range(1, len(x.shape))))[:, None]


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def seed():
    return keras.random.SeedGenerator(0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
def test_closed_form_on_a_linear_discriminator(scale, shape, random):
    samples = [
        ops.convert_to_tensor(random.standard_normal((6, *shape)).astype("float32"))
        for _ in range(2)
    ]
    weights = random.standard_normal(shape).astype("float32")
    weights *= scale / np.linalg.norm(weights)
    expected = 10 * (np.sqrt(scale**2 + 1e-12) - 1) ** 2
    assert number(GradientPenalty(10.0)(linear(weights), *samples, seed())) == pytest.approx(
        expected, rel=1e-5, abs=1e-10
    )
    assert number(R1(10.0)(linear(weights), *samples, seed())) == pytest.approx(5 * scale**2)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1,)])
def test_gradient_penalty_looks_between_reals_and_fakes(shape):
    """The gradient of D is x, so the penalty tells where it was taken."""
    real, fake = ops.zeros((512, *shape)), ops.ones((512, *shape))
    # E (a - 1)^2 = 1/3 for a ~ U(0, 1); one draw for all samples would miss it widely.
    found = number(GradientPenalty(1.0)(squares, real, fake, seed()))
    assert found == pytest.approx(1 / 3, abs=0.05)
    assert number(R1(2.0)(squares, fake, real, seed())) == pytest.approx(1.0)


def test_one_place_on_the_line_for_all_numbers_of_a_sample():
    real, fake = ops.zeros((2000, 2)), ops.ones((2000, 2))
    # The norm of the gradient at a * (1, 1) is a sqrt(2).
    expected = np.mean((np.linspace(0, 1, 100_001) * np.sqrt(2) - 1) ** 2)
    found = number(GradientPenalty(1.0)(squares, real, fake, seed()))
    assert found == pytest.approx(expected, rel=0.05)


def test_every_penalty_of_the_table_is_tested_here():
    assert set(penalties.PENALTIES.values()) == {GradientPenalty, R1}
    assert penalties.get("r1").weight == penalties.get("gradient_penalty").weight == 10.0


def test_configuration_round_trip():
    for penalty in (GradientPenalty(3.0), R1(0.5)):
        config = keras.saving.serialize_keras_object(penalty)
        copy = keras.saving.deserialize_keras_object(config)
        assert type(copy) is type(penalty)
        assert copy.weight == penalty.weight

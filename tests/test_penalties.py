import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import penalties
from keras_gans.gan import GAN
from keras_gans.penalties import DRAGAN, R1, R2, GradientPenalty

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
    excess = np.sqrt(scale**2 + 1e-12) - 1
    expected = {
        GradientPenalty(10.0): 10 * excess**2,
        GradientPenalty(10.0, sides=1): 10 * max(0, excess) ** 2,
        DRAGAN(10.0): 10 * excess**2,
        R1(10.0): 5 * scale**2,
        R2(10.0): 5 * scale**2,
    }
    for penalty, value in expected.items():
        found = number(penalty(linear(weights), *samples, seed()))
        assert found == pytest.approx(value, rel=1e-5, abs=1e-10), penalty


@pytest.mark.parametrize("shape", [(1, 1, 1), (1,)])
def test_gradient_penalty_looks_between_reals_and_fakes(shape):
    """The gradient of D is x, so the penalty tells where it was taken."""
    real, fake = ops.zeros((512, *shape)), ops.ones((512, *shape))
    # E (a - 1)^2 = 1/3 for a ~ U(0, 1); one draw for all samples would miss it widely.
    found = number(GradientPenalty(1.0)(squares, real, fake, seed()))
    assert found == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.parametrize("shape", [(2, 2, 1), (4,)])
def test_r1_looks_at_reals_and_r2_at_fakes(shape):
    """The gradient of D is x, and the squared norm of a sample of ones is 4."""
    real, fake = ops.zeros((3, *shape)), ops.ones((3, *shape))
    found = [number(kind(2.0)(squares, *xs, seed())) for kind in (R1, R2)
             for xs in ((real, fake), (fake, real))]  # fmt: skip
    assert found == [0.0, 4.0, 4.0, 0.0]


@pytest.mark.parametrize("sides", [1, 2])
def test_a_one_sided_penalty_leaves_small_gradients_alone(sides):
    """Norms are a * 2 with a ~ U(0, 1): half of them are below 1."""
    real, fake = ops.zeros((4000, 4)), ops.ones((4000, 4))
    norms = 2 * np.linspace(0, 1, 100_001)
    expected = np.mean((norms - 1) ** 2 * (norms > 1 if sides == 1 else 1))
    found = number(GradientPenalty(1.0, sides)(squares, real, fake, seed()))
    assert found == pytest.approx(expected, rel=0.06)


def test_dragan_looks_around_reals():
    """Samples 3 and 1 have the deviation 1: x = 3 + v and 1 + v, where v = a u / 2."""
    real = ops.convert_to_tensor(np.tile([[3.0], [1.0]], (20_000, 1)).astype("float32"))
    far = ops.ones((40_000, 1)) * 100  # fakes play no part
    # E v = 1/8 and E v^2 = 1/36, for independent a and u of U(0, 1).
    expected = (4 + 4 / 8 + 2 / 36) / 2
    assert number(DRAGAN(1.0)(squares, real, far, seed())) == pytest.approx(expected, rel=0.01)


def test_dragan_draws_noise_for_each_number_and_a_place_for_each_sample():
    real = ops.convert_to_tensor(np.tile([[1.0, 1.0], [-1.0, -1.0]], (20_000, 1)), "float32")

    def difference(x):
        return ops.square(x[:, :1] - x[:, 1:]) / 2

    # The norm is sqrt(2) a |u_1 - u_2| / 2, where E |u_1 - u_2| = 1/3 and E (u_1 - u_2)^2 = 1/6.
    expected = 1 - np.sqrt(2) / 2 / 3 + 1 / 3 / 6 / 2
    found = number(DRAGAN(1.0)(difference, real, None, seed()))
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("name", penalties.PENALTIES)
def test_a_discriminator_without_a_gradient_stays_finite(name, random):
    """The derivative of a norm has no value at 0."""
    pair = [keras.Sequential([keras.Input((2,)), keras.layers.Dense(size)]) for size in (2, 1)]
    pair[1].set_weights([np.zeros((2, 1)), np.zeros(1)])
    gan = GAN(*pair)
    gan.compile("wasserstein", "sgd", penalty=name, jit_compile=False)
    gan.fit(random.standard_normal((8, 2)).astype("float32"), batch_size=8, verbose=0)
    assert all(np.isfinite(ops.convert_to_numpy(w)).all() for w in pair[1].weights)


@pytest.mark.parametrize("name", penalties.PENALTIES)
def test_samples_may_be_of_another_type_than_new_weights(name, random):
    weights = random.standard_normal((3,)).astype("float32")
    samples = ops.convert_to_tensor(random.standard_normal((5, 3)).astype("float32"))
    floatx = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        value = penalties.get(name)(linear(weights), samples, samples, seed())
    finally:
        keras.config.set_floatx(floatx)
    assert keras.backend.standardize_dtype(value.dtype) == "float32" and number(value) >= 0


def test_every_penalty_of_the_table_is_tested_here():
    assert set(penalties.PENALTIES.values()) == {GradientPenalty, DRAGAN, R1, R2}
    assert {penalties.get(name).weight for name in penalties.PENALTIES} == {10.0}
    assert penalties.get("gradient_penalty").sides == 2


def test_configuration_round_trip():
    for penalty in (GradientPenalty(3.0, sides=1), DRAGAN(2.0), R1(0.5), R2(4.0)):
        config = keras.saving.serialize_keras_object(penalty)
        copy = keras.saving.deserialize_keras_object(config)
        assert type(copy) is type(penalty)
        assert copy.get_config() == penalty.get_config()

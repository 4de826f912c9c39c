import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import constraints, networks
from keras_gans.constraints import Clip
from keras_gans.errors import UsageError

pytestmark = pytest.mark.backends


@pytest.fixture
def critic(random):
    """A critic whose weights, and moving statistics, lie on both sides of the limit."""
    critic = networks.build("wgan", "discriminator", (8, 8, 1))
    for weight in critic.weights:
        weight.assign(0.1 * random.standard_normal(weight.shape))
    return critic


def values(variables):
    return {v.path: np.array(ops.convert_to_numpy(v)) for v in variables}


@pytest.mark.parametrize("weights", ["all", "trainable"])
@pytest.mark.parametrize("limit", [0.01, 0.1])
def test_clipping_is_that_of_numpy_on_the_chosen_weights(weights, limit, critic):
    before = values(critic.variables)
    Clip(limit, weights)(critic)
    after = values(critic.variables)
    statistics = {path for path in before if "moving" in path}
    seeds = {path for path in before if "seed" in path}
    assert statistics and seeds
    for path, value in before.items():
        clipped = path not in seeds and (weights == "all" or path not in statistics)
        expected = np.clip(value, -limit, limit) if clipped else value
        np.testing.assert_allclose(after[path], expected, rtol=1e-6, err_msg=path)
        if clipped and value.size > 1:
            assert not np.array_equal(after[path], value), path


def test_statistics_of_a_network_within_are_clipped_too():
    inner = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization()])
    outer = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(1)])
    Clip(0.01, "all")(outer)
    assert np.abs(inner.layers[-1].moving_variance).max() <= 0.01  # it begins at 1


def test_a_reference_batch_is_no_weight():
    critic = networks.build({"name": "convolutional", "normalization": "virtual"},
                            "discriminator", (8, 8, 1))  # fmt: skip
    (reference,) = [v for v in critic.variables if v.path.endswith("/reference")]
    before = ops.convert_to_numpy(reference)
    Clip(0.01, "all")(critic)
    np.testing.assert_array_equal(ops.convert_to_numpy(reference), before)
    assert max(np.abs(v).max() for v in values(critic.trainable_variables).values()) <= 0.01


def test_the_default_is_that_of_the_paper():
    assert (Clip().limit, Clip().weights) == (0.01, "trainable")
    found = constraints.get({"name": "clip", "limit": 1, "weights": "all"})
    assert (found.limit, found.weights) == (1.0, "all")
    assert constraints.get(None) is None
    with pytest.raises(UsageError, match=r"constraint: .*: give a name, such as 'clip'"):
        constraints.get(object())
    for wrong in ({"limit": 0}, {"weights": "some"}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            constraints.get({"name": "clip", **wrong})


def test_configuration_round_trip():
    config = keras.saving.serialize_keras_object(Clip(0.5, "all"))
    copy = keras.saving.deserialize_keras_object(config)
    assert (type(copy), copy.limit, copy.weights) == (Clip, 0.5, "all")

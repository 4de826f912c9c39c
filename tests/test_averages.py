import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import averages, networks
from keras_gans.averages import Exponential
from keras_gans.errors import UsageError

pytestmark = pytest.mark.backends


def generator(name="dcgan", **options):
    keras.utils.set_random_seed(0)
    return networks.build(name, "generator", (8, 8, 1), 4, **options)


def values(network):
    """Weights layer by layer: the list of a frozen network has another order."""
    return [np.array(ops.convert_to_numpy(w)) for layer in network.layers for w in layer.weights]


def change(network, random):
    for weight in network.weights:
        weight.assign(random.standard_normal(weight.shape))


@pytest.mark.parametrize("decay", [0.0, 0.75, 0.999])
def test_the_copy_moves_by_the_formula(decay, random):
    network, average = generator(), Exponential(decay)
    copied = average.copy(network)
    expected = values(network)
    assert any("moving" in w.path for w in network.weights)
    for _ in range(3):
        change(network, random)
        average.update(copied, network)
        pairs = zip(expected, values(network), strict=True)
        expected = [decay * old + (1 - decay) * new for old, new in pairs]
        for found, exact in zip(values(copied), expected, strict=True):
            np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-6)


def test_the_copy_is_equal_apart_and_not_trained(random):
    network = generator()
    copied = Exponential().copy(network)
    latents = random.standard_normal((3, 4)).astype("float32")
    made = ops.convert_to_numpy(network(latents))
    np.testing.assert_array_equal(ops.convert_to_numpy(copied(latents)), made)
    assert not set(map(id, copied.variables)) & set(map(id, network.variables))
    assert copied.trainable_weights == []
    change(network, random)
    np.testing.assert_array_equal(ops.convert_to_numpy(copied(latents)), made)
    assert network.trainable_weights, "the original still is"


def test_a_conditional_generator_has_an_average_too(random):
    network = generator("conditional", classes=3)
    average = Exponential(0.0)
    copied = average.copy(network)
    change(network, random)
    average.update(copied, network)
    inputs = [random.standard_normal((4, 4)).astype("float32"), np.arange(4, dtype="int32") % 3]
    np.testing.assert_allclose(
        ops.convert_to_numpy(copied(inputs)), ops.convert_to_numpy(network(inputs)), rtol=1e-5
    )


def test_seeds_and_counters_are_not_averaged(random):
    network = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dropout(0.5)])
    average = Exponential(0.5)
    copied = average.copy(network)
    seeds = [np.array(ops.convert_to_numpy(v)) for v in copied.variables if "seed" in v.path]
    assert seeds
    network(random.standard_normal((2, 4)).astype("float32"), training=True)
    average.update(copied, network)
    after = [np.array(ops.convert_to_numpy(v)) for v in copied.variables if "seed" in v.path]
    np.testing.assert_array_equal(seeds, after)


def test_networks_inside_networks_are_averaged(random):
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization()])
    network = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2)])
    average = Exponential(0.0)
    copied = average.copy(network)
    change(network, random)
    for weight in network.weights:
        if "variance" in weight.path:
            weight.assign(np.ones(weight.shape))
    average.update(copied, network)
    x = random.standard_normal((5, 4)).astype("float32")
    np.testing.assert_allclose(
        ops.convert_to_numpy(copied(x)), ops.convert_to_numpy(network(x)), rtol=1e-5, atol=1e-6
    )


def test_identifiers_and_configuration():
    assert averages.get("exponential").decay == 0.999
    assert averages.get({"name": "exponential", "decay": 0.5}).decay == 0.5
    assert averages.get(None) is None
    with pytest.raises(UsageError, match="decay"):
        averages.get({"name": "exponential", "decay": 1.0})
    config = keras.saving.serialize_keras_object(Exponential(0.25))
    copy = keras.saving.deserialize_keras_object(config)
    assert (type(copy), copy.decay) == (Exponential, 0.25)


def test_an_average_of_ones_own_is_taken_as_an_object(random):
    class Latest(averages.Average):
        def update(self, copied, network):
            copied.set_weights(network.get_weights())

    latest, network = Latest(), generator(momentum=None)
    assert averages.get(latest) is latest
    copied = latest.copy(network)
    change(network, random)
    latest.update(copied, network)
    for found, expected in zip(values(copied), values(network), strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(UsageError, match=r"average: .*: give a name, such as 'exponential'"):
        averages.get(object())

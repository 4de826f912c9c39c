"""Rewritten networks: the same function of the same weights, for every topology."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import networks
from keras_gans.errors import UsageError
from keras_gans.networks.rewriting import before_sigmoid, cheaper, halves, last_hidden

pytestmark = pytest.mark.backends
MNIST = (28, 28, 1)


def outputs(network, inputs, **options):
    return ops.convert_to_numpy(network(inputs, **options))


def ids(variables):
    return [id(variable) for variable in variables]


def kinds(network):
    return [type(layer).__name__ for layer in network.layers]


def sequential():
    return keras.Sequential(
        [keras.Input((6,)), layers.Dense(4, "relu"), layers.Dense(1), layers.Activation("sigmoid")]
    )


def dense():
    return keras.Sequential([keras.Input((6,)), layers.Dense(4), layers.Dense(1, "sigmoid")])


def functional():
    x = keras.Input((6,))
    skip = layers.Dense(3)(x)
    y = layers.Concatenate()([skip, layers.Dense(4, "relu")(skip)])
    return keras.Model(x, layers.Dense(1, activation="sigmoid")(y))


def convolutional():
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Reshape((2, 3, 1)),
            layers.Conv2D(1, 2, padding="same", activation="sigmoid"),
        ]
    )


def nested():
    x = keras.Input((6,))
    return keras.Model(x, dense()(x))


def reused():
    """The layers were first called in another network."""
    first = sequential()
    x = keras.Input((6,))
    y = x
    for layer in first.layers:
        y = layer(y)
    return keras.Model(x, y)


def moved():
    """Layers that only move values come after the sigmoid."""
    x = keras.Input((6,))
    y = layers.Reshape((1, 1, 1))(layers.Dense(1, activation="sigmoid")(x))
    return keras.Model(x, layers.Activation("linear")(layers.Flatten()(y)))


def operation():
    x = keras.Input((6,))
    return keras.Model(x, layers.Identity()(ops.sigmoid(layers.Dense(1)(x))))


def moved_by_operations():
    x = keras.Input((6,))
    y = ops.squeeze(layers.Dense(1, activation="sigmoid")(x), axis=1)
    return keras.Model(x, ops.expand_dims(ops.cast(ops.reshape(y, (-1,)), "float32"), 1))


def compiled():
    network = sequential()
    network.compile("sgd", "binary_crossentropy")
    return network


@pytest.mark.parametrize(
    "make",
    [
        *(sequential, dense, functional, convolutional, nested, reused, moved, operation),
        *(moved_by_operations, compiled),
    ],
)
def test_the_score_before_the_probability(make, random):
    network = make()
    scores = before_sigmoid(network)
    assert scores is not network
    inputs = random.standard_normal((5, 6)).astype("float32")
    probability, score = outputs(network, inputs), outputs(scores, inputs)
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-score)), rtol=1e-5)
    assert ids(scores.weights) == ids(network.weights)
    assert ids(scores.trainable_variables) == ids(network.trainable_variables)


@pytest.mark.parametrize("last_activation", ["sigmoid", None])
def test_a_network_of_two_inputs(last_activation, random):
    network = networks.build(
        "conditional", "discriminator", MNIST, classes=10, last_activation=last_activation
    )
    scores = before_sigmoid(network)
    if last_activation is None:
        assert scores is network
        return
    inputs = [random.standard_normal((5, *MNIST)).astype("float32"), np.arange(5, dtype="int32")]
    score = outputs(scores, inputs)
    np.testing.assert_allclose(outputs(network, inputs), 1 / (1 + np.exp(-score)), rtol=1e-5)
    assert [x.name for x in scores.inputs] == ["values", "labels"]


def test_named_inputs_keep_their_names(random):
    inputs = {"a": keras.Input((2,), name="a"), "b": keras.Input((3,), name="b")}
    x = layers.Concatenate()([inputs["b"], inputs["a"]])
    network = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    values = {
        "a": random.standard_normal((4, 2)).astype("float32"),
        "b": random.standard_normal((4, 3)).astype("float32"),
    }
    score = outputs(before_sigmoid(network), values)
    np.testing.assert_allclose(outputs(network, values), 1 / (1 + np.exp(-score)), rtol=1e-5)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = layers.Dense(1, activation="sigmoid")

    def call(self, x):
        return self.last(x)


def two_outputs():
    x = keras.Input((6,))
    y = layers.Dense(1, activation="sigmoid")(x)
    return keras.Model(x, [layers.Dense(1)(y), y])


def not_built():
    return keras.Sequential([layers.Dense(1, activation="sigmoid")])


def tanh():
    return keras.Sequential([keras.Input((6,)), layers.Dense(1, activation="tanh")])


def layer_as_activation():
    last = layers.Dense(1, activation=layers.Activation("sigmoid"))
    return keras.Sequential([keras.Input((6,)), last])


def inner_score():
    x = keras.Input((6,))
    return keras.Model(x, tanh()(x))


@pytest.mark.parametrize(
    "make", [Subclassed, two_outputs, not_built, tanh, inner_score, layer_as_activation]
)
def test_networks_that_do_not_end_in_a_sigmoid_stay_themselves(make):
    network = make()
    assert before_sigmoid(network) is network
    assert cheaper(network) is network


@pytest.mark.parametrize("make", [sequential, dense, functional, nested, reused, operation])
def test_the_last_layer_makes_the_output_of_the_last_hidden_one(make, random):
    network = make()
    hidden = last_hidden(network)
    values = random.standard_normal((5, 6)).astype("float32")
    kernel, bias = (outputs(lambda v: v, w) for w in network.weights[-2:])
    score = outputs(hidden, values) @ kernel + bias
    np.testing.assert_allclose(outputs(network, values), 1 / (1 + np.exp(-score)), rtol=1e-5)
    assert set(ids(hidden.weights)) == set(ids(network.weights[:-2]))


def test_the_last_layer_may_be_wrapped_by_spectral_normalization(random):
    part = {"name": "vanilla", "hidden": [4, 3], "spectral": True}
    network = networks.build(part, "discriminator", MNIST)
    images = random.standard_normal((5, *MNIST)).astype("float32")
    hidden = last_hidden(network)
    assert hidden.output_shape == (None, 3)
    score = outputs(network.layers[-2], outputs(hidden, images))
    np.testing.assert_allclose(outputs(network.layers[-1], score), outputs(network, images))


@pytest.mark.parametrize("make", [Subclassed, not_built])
def test_a_network_without_a_graph_has_no_known_last_hidden_layer(make):
    with pytest.raises(UsageError, match="Sequential and functional"):
        last_hidden(make())


def test_an_output_of_several_branches_has_no_last_hidden_layer():
    values, label = keras.Input((6,)), keras.Input((1,), dtype="int32")
    embedded = layers.Flatten()(layers.Embedding(4, 1)(label))
    hidden = layers.Dense(3)(values)
    added = keras.Model([values, label], layers.Add()([layers.Dense(1)(hidden), embedded]))
    with pytest.raises(UsageError, match="it does not end in one such layer"):
        last_hidden(added)
    merged = layers.Concatenate()([hidden, embedded])
    found = last_hidden(keras.Model([values, label], layers.Dense(1)(merged)))
    assert found.output_shape == (None, 4)


def test_dropout_draws_what_it_would_have_drawn(random):
    images = random.standard_normal((3, *MNIST)).astype("float32")
    found = []
    for rewrite in (lambda network: network, before_sigmoid):
        keras.utils.set_random_seed(3)
        network = networks.build("shallow", "discriminator", MNIST)
        rewrite(network)
        found.append(outputs(network, images, training=True))
    assert np.array_equal(*found)


def saved(network, tmp_path):
    network.save(tmp_path / "network.h5")
    return keras.models.load_model(tmp_path / "network.h5", compile=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["shallow", "conditional"])
def test_the_network_can_still_be_saved(name, random, tmp_path):
    network = networks.build(name, "discriminator", MNIST, classes=4)
    before_sigmoid(network)
    inputs = random.standard_normal((3, *MNIST)).astype("float32")
    if name == "conditional":
        inputs = [inputs, np.arange(3, dtype="int32")]
    again = saved(network, tmp_path)
    assert np.array_equal(outputs(again, inputs), outputs(network, inputs))


# upsampling


@pytest.mark.parametrize("name", ["dcgan", "wgan"])
@pytest.mark.parametrize("training", [True, False])
def test_a_fused_generator_is_the_same_function_of_the_same_weights(name, training, random):
    generator = networks.build(name, "generator", (16, 16, 1), 10)
    fused = cheaper(generator)
    assert kinds(fused).count("UpsampledConv2D") == 2
    assert kinds(fused).count("BlockwiseConv2D") == 1
    assert not {"UpSampling2D", "Conv2D"} & set(kinds(fused))
    assert ids(fused.trainable_variables) == ids(generator.trainable_variables)
    assert set(ids(fused.variables)) == set(ids(generator.variables))
    latents = random.standard_normal((4, 10)).astype("float32")
    start = [ops.convert_to_numpy(v) for v in generator.weights]
    one = outputs(generator, latents, training=training)
    for variable, value in zip(generator.weights, start, strict=True):
        variable.assign(value)
    two = outputs(fused, latents, training=training)
    np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


def upsampled(x, filters=8):
    return layers.Conv2D(filters, 3, padding="same")(layers.UpSampling2D()(x))


def branches():
    """Two inputs, a skip connection, and an upsampling that two layers read."""
    latents, labels = keras.Input((6,)), keras.Input((), dtype="int32")
    x = layers.Concatenate()([latents, layers.CategoryEncoding(3, output_mode="one_hot")(labels)])
    x = layers.Reshape((4, 4, 1))(layers.Dense(16)(x))
    shared = layers.UpSampling2D()(x)
    x = layers.Add()([upsampled(x), layers.Conv2D(8, 3, padding="same")(shared), shared])
    return keras.Model([latents, labels], upsampled(x, 1))


def inner():
    latents, labels = keras.Input((6,)), keras.Input((), dtype="int32")
    generator = keras.Sequential([keras.Input((6,)), layers.Reshape((2, 3, 1)), layers.Flatten()])
    decoder = keras.Sequential([keras.Input((2, 3, 1)), layers.UpSampling2D(), layers.Conv2D(
        1, 3, padding="same")])  # fmt: skip
    x = layers.Reshape((2, 3, 1))(generator(latents))
    return keras.Model([latents, labels], layers.Add()([decoder(x), decoder(x)]))


def twice():
    latents, labels = keras.Input((6,)), keras.Input((), dtype="int32")
    convolution = layers.Conv2D(1, 3, padding="same")
    x = layers.Reshape((2, 3, 1))(latents)
    for _ in range(2):
        x = convolution(layers.UpSampling2D()(x))
    return keras.Model([latents, labels], x)


@pytest.mark.parametrize(("make", "left"), [(branches, 1), (inner, 0), (twice, 0)])
def test_networks_that_are_no_chain(make, left, random):
    network = make()
    fused = cheaper(network)
    assert fused is not network and kinds(fused).count("UpSampling2D") == left
    inputs = [random.standard_normal((3, 6)).astype("float32"), np.arange(3, dtype="int32")]
    np.testing.assert_allclose(
        outputs(network, inputs), outputs(fused, inputs), rtol=1e-4, atol=1e-5
    )
    assert set(ids(fused.variables)) == set(ids(network.variables))


def test_networks_without_such_layers_stay_themselves():
    for name in ("vanilla", "conditional"):
        generator = networks.build(name, "generator", (16, 16, 1), 10, 3)
        assert cheaper(generator) is generator


def masked():
    x = keras.Input((8, 8, 3))
    mask = keras.ops.ones((1, 8, 8), "bool")
    return keras.Model(x, layers.BatchNormalization()(x, mask=mask))


def test_a_layer_that_is_called_with_more_than_a_tensor_stays_itself():
    network = masked()
    assert cheaper(network) is network


# halves


def dropped():
    x = keras.Input((6,))
    return keras.Model(x, layers.Dense(2)(layers.Dropout(0.5, seed=1)(layers.Dense(4)(x))))


def skipping():
    """The first part would have to hand over two tensors."""
    x = keras.Input((6,))
    y = layers.Dense(4)(x)
    return keras.Model(x, layers.Add()([layers.BatchNormalization()(y), layers.Dense(4)(y), y]))


def over_an_input():
    x = keras.Input((6,))
    y = layers.BatchNormalization()(layers.Dense(6)(x))
    return keras.Model(x, layers.Add()([x, y]))


@pytest.mark.parametrize(
    ("make", "first"),
    [
        (lambda: networks.build("transposed", "generator", (16, 16, 1), 6), 12),
        (lambda: cheaper(networks.build("dcgan", "generator", (16, 16, 1), 6)), 4),
        (lambda: networks.build("vanilla", "generator", (16, 16, 1), 6), 3),
        (dropped, 2),
    ],
)
@pytest.mark.parametrize("training", [False, True])
def test_the_halves_of_a_network_make_up_the_whole(make, first, training, random):
    keras.utils.set_random_seed(0)
    whole = make()
    begin, finish = halves(whole)
    assert len(begin.layers) in (first, first - 1)  # Sequential lists no InputLayer
    inputs = random.standard_normal((3, 6)).astype("float32")
    before = [ops.convert_to_numpy(v) for v in whole.variables]
    expected = outputs(whole, inputs, training=training)
    after = [ops.convert_to_numpy(v) for v in whole.variables]
    for variable, value in zip(whole.variables, before, strict=True):
        variable.assign(value)
    middle = begin(inputs, training=not training)  # which makes no difference
    found = ops.convert_to_numpy(finish(middle, training=training) if finish else middle)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    for variable, value in zip(whole.variables, after, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(variable), value)


@pytest.mark.parametrize("make", [over_an_input, skipping, Subclassed, two_outputs, not_built])
def test_networks_that_cannot_be_divided(make):
    network = make()
    assert halves(network) == (None, network)


def test_nothing_is_shared_before_a_first_dropout():
    network = keras.Sequential([keras.Input((6,)), layers.Dropout(0.5), layers.Dense(2)])
    assert halves(network) == (None, network)

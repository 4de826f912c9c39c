"""What a GAN asks of its two networks, and the range of what a generator makes."""

import keras
import pytest
from keras import layers, ops

from keras_gans.errors import UsageError
from keras_gans.networks import pairs


def network(given, *inside):
    return keras.Sequential([layers.Input(given), *inside])


def generator(latents=4, shape=(8, 8, 1)):
    size = shape[0] * shape[1] * shape[2]
    return network((latents,), layers.Dense(size), layers.Reshape(shape))


def discriminator(shape=(8, 8, 1)):
    return network(shape, layers.Flatten(), layers.Dense(1))


@pytest.mark.parametrize("latents", [1, 4])
def test_swapped_networks_are_refused(latents):
    pairs.check(generator(latents), discriminator())
    with pytest.raises(UsageError, match=r"swapped: write GAN\(generator, discriminator\)"):
        pairs.check(discriminator(), generator(latents))


def test_numbers_on_a_line_are_a_game_too():
    pairs.check(network((1,), layers.Dense(1)), network((1,), layers.Dense(1)))


def test_networks_of_different_shapes_are_refused():
    with pytest.raises(UsageError, match=r"\(8, 8, 1\) and the discriminator takes \(4, 4, 1\)"):
        pairs.check(generator(), discriminator((4, 4, 1)))


@pytest.mark.parametrize(
    "last", [[layers.Dense(2)], [layers.Dense(1), layers.Reshape(())], [layers.Reshape((8, 8, 1))]]
)
def test_a_discriminator_gives_one_number(last):
    judge = network((8, 8, 1), layers.Flatten(), *last)
    with pytest.raises(UsageError, match=r"takes one number, \(1,\): end it with .*Dense\(1\)"):
        pairs.check(generator(), judge)


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize("shapeless", [keras.Sequential([layers.Dense(1)]), Subclassed()])
def test_networks_without_a_shape_are_refused(shapeless):
    with pytest.raises(UsageError, match="the generator has no shape yet"):
        pairs.check(shapeless, discriminator())
    with pytest.raises(UsageError, match="the discriminator has no shape yet"):
        pairs.check(generator(), shapeless)


@pytest.mark.parametrize(
    ("last", "bounds"),
    [
        ([layers.Dense(64, activation="tanh")], (-1, 1)),
        ([layers.Conv1D(1, 1, activation="sigmoid")], (0, 1)),
        ([layers.Activation("tanh"), layers.Reshape((8, 8)), layers.Flatten()], (-1, 1)),
        ([layers.Activation("sigmoid"), layers.Activation("linear")], (0, 1)),
        ([layers.Activation("sigmoid"), layers.GlobalAveragePooling1D()], (0, 1)),
        ([layers.Activation("tanh"), layers.MaxPooling1D(2)], (-1, 1)),
        ([layers.Activation("tanh"), layers.Dropout(0.1)], None),
        ([layers.Activation("tanh"), layers.Rescaling(255)], None),
        ([layers.Dense(64, activation="relu")], None),
        ([layers.Dense(64)], None),
        ([layers.LeakyReLU()], None),
    ],
)
def test_bounds_follow_from_the_last_activation(last, bounds):
    assert pairs.bounds(network((4, 16), layers.Dense(16), *last)) == bounds


def test_bounds_are_found_inside_networks_and_before_branches():
    inner = network((4,), layers.Dense(4, activation="sigmoid"))
    assert pairs.bounds(network((4,), layers.Dense(4), inner)) == (0, 1)
    given = keras.Input((4,))
    summed = layers.Add()([inner(given), inner(given)])
    assert pairs.bounds(keras.Model(given, summed)) is None
    assert pairs.bounds(keras.Model(given, layers.Activation("tanh")(summed))) == (-1, 1)


def test_an_operation_has_bounds_too():
    given = keras.Input((4,))
    assert pairs.bounds(keras.Model(given, ops.tanh(given))) == (-1, 1)
    assert pairs.bounds(keras.Model(given, ops.square(given))) is None
    moved = ops.cast(ops.reshape(ops.sigmoid(given), (-1, 2, 2)), "float32")
    assert pairs.bounds(keras.Model(given, moved)) == (0, 1)
    assert pairs.bounds(keras.Model(given, ops.mean(moved, axis=1))) == (0, 1)
    assert pairs.bounds(keras.Model(given, ops.sum(moved, axis=1))) is None


def test_an_activation_may_be_a_layer():
    last = layers.Dense(1, activation=layers.Activation("sigmoid"))
    assert pairs.bounds(network((4,), last)) == (0, 1)
    with pytest.raises(UsageError, match="between 0 and 1"):
        pairs.check_scores(network((4,), last))
    assert pairs.bounds(network((4,), layers.Dense(1, activation=layers.LeakyReLU()))) is None


def test_networks_that_share_weights_are_refused():
    label, embedding = keras.Input((), dtype="int32"), layers.Embedding(10, 4, name="names")
    latents, values = keras.Input((4,)), keras.Input((4,))
    made = keras.Model([latents, label], layers.Add()([latents, embedding(label)]))
    score = layers.Dense(1)(layers.Add()([values, embedding(label)]))
    with pytest.raises(UsageError, match="share weights, names/embeddings"):
        pairs.check(made, keras.Model([values, label], score))


@pytest.mark.parametrize("name", ["tensorflow", "jax", "torch"])
def test_the_spectral_normalization_of_keras_is_for_tensorflow(name, monkeypatch):
    judge = network((8, 8, 1), layers.Flatten(), layers.SpectralNormalization(layers.Dense(1)))
    monkeypatch.setattr(keras.config, "backend", lambda: name)
    if name == "tensorflow":
        pairs.check(generator(), judge)
        return
    with pytest.raises(UsageError, match=f"on {name} fails or takes another step"):
        pairs.check(generator(), judge)


@pytest.mark.parametrize("where", ["kernel_regularizer", "activity_regularizer"])
def test_regularizers_are_refused(where):
    judge = network((8, 8, 1), layers.Flatten(), layers.Dense(1, name="last", **{where: "l2"}))
    with pytest.raises(UsageError, match="the discriminator's layer 'last' has a regularizer"):
        pairs.check(generator(), judge)


class WithCall(keras.Model):
    """A functional network whose class computes something else than its graph."""

    def __init__(self, *given, **named):
        super().__init__(*given, **named)

    def call(self, inputs, training=None, mask=None):
        return super().call(0.0 * inputs, training=training)


class WithoutCall(keras.Model):
    def __init__(self):
        inputs = keras.Input((8, 8, 1))
        super().__init__(inputs, layers.Dense(1)(layers.Flatten()(inputs)))


class SequentialWithCall(keras.Sequential):
    def call(self, inputs, training=None, mask=None):
        return super().call(0.0 * inputs, training=training)


def test_a_network_does_no_more_than_its_graph():
    """Training takes the graph, and would leave the rest out."""
    pairs.check(generator(), WithoutCall())
    inner = discriminator()
    within = network((8, 8, 1), WithCall(inner.inputs, inner.outputs, name="within"))
    after = SequentialWithCall(inner.layers, name="after")
    after.build((None, 8, 8, 1))
    for judge, name in ((within, "within"), (after, "after")):
        with pytest.raises(UsageError, match=f"discriminator's '{name}' has a call.. of its own"):
            pairs.check(generator(), judge)


def test_classes_are_those_of_the_layers_that_encode_the_labels():
    samples, label = keras.Input((2,)), keras.Input((1,), dtype="int32")

    def judge(*before):
        encoded = label
        for layer in (*before, layers.Embedding(4, 3), layers.Flatten()):
            encoded = layer(encoded)
        score = layers.Dense(1)(layers.Concatenate()([samples, encoded]))
        return keras.Model([samples, label], score)

    assert pairs.classes(judge()) == 4
    assert pairs.classes(judge(layers.Identity(), layers.Reshape((1,)))) == 4
    plain = keras.Model([samples, label], layers.Concatenate()([samples, label]))
    assert pairs.classes(plain) is None


def test_scores_have_no_bounds():
    pairs.check_scores(discriminator())
    patches = network((8, 1), layers.Conv1D(1, 3, activation="sigmoid"))
    with pytest.raises(UsageError, match="between 0 and 1"):
        pairs.check_scores(network((8, 1), patches, layers.GlobalAveragePooling1D()))
    with pytest.raises(UsageError, match="scores, and the discriminator's are between -1 and 1"):
        pairs.check_scores(network((8,), layers.Dense(1, activation="tanh")))
    with pytest.raises(UsageError, match="between 0 and 1"):
        pairs.check_scores(network((8,), layers.Dense(1, activation="softmax")))


def test_float16_is_refused():
    pairs.check_precision(map(keras.DTypePolicy, ("mixed_bfloat16", "float32", "float64")))
    for name in ("mixed_float16", "float16"):
        with pytest.raises(UsageError, match="use mixed_bfloat16"):
            pairs.check_precision([keras.DTypePolicy(name)])


def test_weights_stay_in_float32():
    assert pairs.precision(None) is None
    assert pairs.precision("mixed_bfloat16").compute_dtype == "bfloat16"
    assert pairs.precision(keras.DTypePolicy("float32")).compute_dtype == "float32"
    for name in ("float64", "bfloat16"):
        with pytest.raises(UsageError, match=f"precision='{name}': weights stay in float32"):
            pairs.precision(name)
    with pytest.raises(UsageError, match="use mixed_bfloat16"):
        pairs.precision("mixed_float16")


def test_latents_are_vectors():
    """Generators of PyTorch often take (n, 1, 1)."""
    made = keras.layers.Conv2DTranspose(1, 28, activation="tanh")
    generator = keras.Sequential([keras.Input((1, 1, 8)), made])
    judge = [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    with pytest.raises(
        UsageError, match=r"takes latents of \(1, 1, 8\): .*keras\.Input\(\(size,\)\)"
    ):
        pairs.check(generator, keras.Sequential(judge))

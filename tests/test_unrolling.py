"""The generator's gradient through further turns of the discriminator."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import networks, optimizers
from keras_gans.autodiff import Provisional, gradients, minimize
from keras_gans.errors import UsageError
from keras_gans.gan import GAN
from keras_gans.unrolling import differentiable

pytestmark = [pytest.mark.backends, pytest.mark.usefixtures("eager")]
RATE = 0.1


def numbers(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


def train(gan, data, **kwargs):
    return gan.fit(data, batch_size=len(data), shuffle=False, verbose=0, **kwargs).history


# --- one weight each: D(x) = w x, G(z) = t z ----------------------------------------------------

W, T, Z, REAL = 0.7, 0.4, np.array([[1.0], [3.0]]), np.array([[2.0], [5.0]])


def linear_gan(loss, d_optimizer, update="joint", **turns):
    """After its iteration the generator's weight has moved by minus the gradient."""
    pair = [
        keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)]) for _ in range(2)
    ]
    for network, value in zip(pair, (T, W), strict=True):
        network.set_weights([np.array([[value]])])
    gan = GAN(*pair)
    gan.compile(
        loss=loss,
        d_optimizer=d_optimizer,
        g_optimizer={"name": "sgd", "learning_rate": 1.0},
        turns={"train": "generator", "update": update, **turns},
        jit_compile=False,
    )
    gan.draw_latents = lambda n: ops.convert_to_tensor(Z, "float32")
    return gan


def sgd(rate=RATE, **options):
    return {"name": "sgd", "learning_rate": rate, **options}


def gradient(gan):
    train(gan, REAL.astype("float32"))
    assert numbers(gan.discriminator.weights)[0].item() == np.float32(W), "D is as it was"
    return T - numbers(gan.generator.weights)[0].item()


def test_one_turn_of_a_critic_has_the_gradient_worked_out_by_hand():
    """D's loss is -w E[x] + w t E[z], so w_1 = w + r (E[x] - t E[z]).

    G's loss -w_1 t E[z] has the derivative -w_1 E[z] + r t E[z]^2.
    """
    mean_x, mean_z = REAL.mean(), Z.mean()
    after = W + RATE * (mean_x - T * mean_z)
    found = gradient(linear_gan("wasserstein", sgd(), unroll=1))
    assert found == pytest.approx(-after * mean_z + RATE * T * mean_z**2, rel=1e-5)
    assert gradient(linear_gan("wasserstein", sgd())) == pytest.approx(-W * mean_z, rel=1e-5)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step_of_cross_entropy(w, t):
    """The discriminator's gradient, and how that depends on w and on t."""
    fake = t * Z
    s, q = sigmoid(w * REAL), sigmoid(w * fake)
    slope = np.mean((s - 1) * REAL) + np.mean(q * fake)
    by_w = np.mean(s * (1 - s) * REAL**2) + np.mean(q * (1 - q) * fake**2)
    by_t = np.mean(q * Z) + np.mean(q * (1 - q) * w * Z * fake)
    return slope, by_w, by_t


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_cross_entropy_has_the_gradient_of_the_chain_rule(turns):
    """dw_k+1/dt = dw_k/dt (1 - r d2L/dw2) - r d2L/dw dt, and at the end that of log D(t z)."""
    w, by_t = W, 0.0
    for _ in range(turns):
        slope, of_w, of_t = step_of_cross_entropy(w, T)
        w, by_t = w - RATE * slope, by_t * (1 - RATE * of_w) - RATE * of_t
    miss = sigmoid(w * T * Z) - 1
    expected = np.mean(miss * w * Z) + by_t * np.mean(miss * T * Z)
    found = gradient(linear_gan("binary_crossentropy", sgd(), unroll=turns))
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_loss_of_pairs_has_the_gradient_of_the_chain_rule():
    """Relativistic: D's loss is the mean of softplus(-w m), m = x - t z; G's of softplus(w_1 m)."""
    margin = REAL - T * Z
    miss = sigmoid(-W * margin)
    after = W + RATE * np.mean(miss * margin)
    by_t = RATE * np.mean(-miss * Z + miss * (1 - miss) * W * Z * margin)
    lead = sigmoid(after * margin)
    expected = np.mean(lead * (by_t * margin - after * Z))
    found = gradient(linear_gan("relativistic", sgd(), unroll=1))
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_turns_are_those_of_the_update():
    """Weights 2 and 1/2 of the losses on real and fake samples; a step on each of them."""
    mean_x, mean_z = REAL.mean(), Z.mean()
    weighted = {"name": "weighted", "real": 2.0, "fake": 0.5}
    found = gradient(linear_gan("wasserstein", sgd(), weighted, unroll=1))
    after = W + RATE * (2 * mean_x - T * mean_z / 2)
    assert found == pytest.approx(-after * mean_z + RATE * T * mean_z**2 / 2, rel=1e-5)
    # Its gradients do not depend on w, so two steps of the critic are one on both.
    found = gradient(linear_gan("wasserstein", sgd(), "separate", unroll=1))
    assert found == pytest.approx(gradient(linear_gan("wasserstein", sgd(), unroll=1)), rel=1e-5)


def test_weights_of_an_adaptive_update_are_constants_of_its_turn():
    """D judges reals right, so it follows f and, at an obtuse angle, r; both have length 1."""
    r = np.mean((sigmoid(W * REAL) - 1) * REAL)
    q = sigmoid(W * T * Z)
    f = np.mean(q * T * Z)
    of_t = np.mean(q * Z) + np.mean(q * (1 - q) * W * Z * T * Z)
    after = W - RATE * (r / abs(r) + f / abs(f) + 0.05 * (r + f))
    by_t = -RATE * (1 / abs(f) + 0.05) * of_t
    miss = sigmoid(after * T * Z) - 1
    expected = np.mean(miss * after * Z) + by_t * np.mean(miss * T * Z)
    found = gradient(linear_gan("binary_crossentropy", sgd(), "adaptive", unroll=1))
    assert found == pytest.approx(expected, rel=1e-5)


# --- the steps of an optimizer --------------------------------------------------------------------

ADAM = {"name": "adam", "learning_rate": 0.02, "beta_1": 0.5}


@pytest.mark.parametrize(
    "options", [sgd(), sgd(momentum=0.9), sgd(momentum=0.9, nesterov=True), ADAM]
)
def test_its_steps_are_those_of_keras_and_have_a_derivative(options):
    """Three steps on t a w^2, after one; the last weight has no gradient and no moment."""
    a = ops.convert_to_tensor(np.array([1.0, -2.0, 0.0], "float32"))
    t, w = keras.Variable(1.0), keras.Variable(np.array([1.0, 2.0, 3.0], "float32"))
    optimizer = optimizers.get(options)
    optimizer.build([w])

    def step(optimizer):
        minimize(lambda: (ops.sum(t * a * ops.square(w)),), [w], optimizer)

    step(optimizer)
    before = numbers([w, *optimizer.variables])

    def objective():
        with Provisional([w, *optimizer.variables]):
            for _ in range(3):
                step(differentiable(optimizer))
            values = [ops.convert_to_tensor(v) for v in (w, *optimizer.variables)]
            return (ops.sum(w.value), *values)

    (_, *found), (slope,) = gradients(objective, [t])
    assert np.isfinite(numbers([slope])).all() and numbers([slope])[0] != 0.0
    for old, now in zip(before, numbers([w, *optimizer.variables]), strict=True):
        np.testing.assert_array_equal(old, now)
    for _ in range(3):
        step(optimizer)
    for ahead_of, now in zip(numbers(found), numbers([w, *optimizer.variables]), strict=True):
        np.testing.assert_allclose(ahead_of, now, rtol=1e-5, atol=1e-7)


def test_its_steps_keep_the_constraint_of_a_layer():
    network = keras.Sequential([keras.Input((2,)), layers.Dense(2, kernel_constraint="unit_norm")])
    (kernel, _), optimizer = network.trainable_variables, optimizers.get(sgd())
    optimizer.build(network.trainable_variables)
    steps = [differentiable(optimizer), optimizer]
    found, before = [], numbers([kernel])[0]
    for step in steps:
        kernel.assign(before)
        gradient = [ops.ones(v.shape) for v in network.trainable_variables]
        step.apply(gradient, network.trainable_variables)
        found.append(numbers([kernel])[0])
    np.testing.assert_allclose(*found, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found[0], axis=0), 1.0, rtol=1e-5)


@pytest.mark.parametrize(
    ("optimizer", "said"),
    [
        ("rmsprop", "a step of RMSprop is not differentiated; give D sgd or adam"),
        ("rmsprop_keras2", "RMSpropKeras2"),
        ("adamw", "weight_decay of D's optimizer"),
        (sgd(clipnorm=1.0, weight_decay=0.1), "clipnorm, weight_decay of D's optimizer"),
        ({"name": "adam", "amsgrad": True}, "amsgrad"),
    ],
)
def test_other_optimizers_are_refused(optimizer, said):
    with pytest.raises(UsageError, match=said):
        linear_gan("wasserstein", optimizer, unroll=1)
    linear_gan("wasserstein", optimizer)


# --- networks with batch normalization ------------------------------------------------------------

SHAPE = (8, 8, 1)
LATENTS = np.random.default_rng(0).standard_normal((8, 4)).astype("float32")


@pytest.fixture
def images(random):
    return np.tanh(random.standard_normal((8, *SHAPE))).astype("float32")


def normalized(*sizes, shape, end=()):
    """A perceptron with batch normalization after each hidden layer."""
    hidden = [
        layer
        for size in sizes
        for layer in (layers.Dense(size, activation="tanh"), layers.BatchNormalization())
    ]
    return keras.Sequential([keras.Input(shape), layers.Flatten(), *hidden, *end])


@pytest.fixture
def pair():
    keras.utils.set_random_seed(0)
    image = [layers.Dense(64, activation="tanh"), layers.Reshape(SHAPE)]
    return normalized(16, shape=(4,), end=image), normalized(16, shape=SHAPE, end=[layers.Dense(1)])


def compiled(pair, d_optimizer, g_rate, penalty=None, loss="binary_crossentropy", **turns):
    gan = GAN(*pair)
    gan.compile(
        loss=loss,
        d_optimizer=d_optimizer,
        g_optimizer=sgd(g_rate),
        penalty=penalty,
        turns={"train": "generator", **turns},
        jit_compile=False,
    )
    for velocity in getattr(gan.d_optimizer, "_velocities", []):
        velocity.assign(0.01 * np.ones(velocity.shape))  # the first steps of Adam are but signs
    gan.draw_latents = lambda n: ops.convert_to_tensor(LATENTS)
    return gan


@pytest.mark.parametrize(
    ("optimizer", "rules"),
    [
        (sgd(0.05), {}),
        (sgd(0.05, momentum=0.9, nesterov=True), {"batch_norm": "frozen"}),
        (ADAM, {}),
        (sgd(0.02), {"penalty": "r1"}),
        (sgd(0.02), {"penalty": {"name": "gradient_penalty", "weight": 1.0}}),
    ],
)
def test_the_gradient_of_three_turns_is_that_of_finite_differences(optimizer, rules, pair, images):
    """Along the gradient itself, whose length the difference has to give."""
    weights = pair[0].trainable_weights
    start, state = numbers(weights), pair[1].get_weights()
    fakes = ops.stop_gradient(pair[0](LATENTS))
    gan = compiled(pair, optimizer, 1.0, **rules, unroll=3)
    gan._fakes = lambda latents, labels: ([fakes], None)  # those of D's own turn stay

    def loss_at(values):
        for weight, value in zip(weights, values, strict=True):
            weight.assign(value)
        pair[1].set_weights(state)
        return train(gan, images)["g_loss"][0]

    loss_at(start)
    slopes = [a - b for a, b in zip(start, numbers(weights), strict=True)]
    length = np.sqrt(sum(np.sum(s**2) for s in slopes))
    losses = [
        loss_at([w + step * s / length for w, s in zip(start, slopes, strict=True)])
        for step in (0.01, -0.01)
    ]
    assert (losses[0] - losses[1]) / 0.02 == pytest.approx(length, rel=0.02)


def test_no_turns_ahead_is_the_plain_gan_bit_for_bit(pair, images):
    ends = []
    start = [network.get_weights() for network in pair]
    for turns in ({}, {"unroll": 0}):
        for network, values in zip(pair, start, strict=True):
            network.set_weights(values)
        gan = compiled(pair, ADAM, 0.1, train="both", **turns)
        train(gan, images, epochs=2)
        ends.append(numbers(gan.state))
    for a, b in zip(*ends, strict=True):
        np.testing.assert_array_equal(a, b)


def test_convolutions_dropout_labels_and_a_constraint_are_looked_ahead_through(images):
    """All that a turn may hold, with one optimizer: only the generator's step counts."""
    keras.utils.set_random_seed(0)
    samples, labels = keras.Input(SHAPE), keras.Input((), dtype="int32")
    y = layers.Conv2D(4, 3, strides=2, padding="same")(samples)
    y = layers.Dropout(0.25)(layers.LeakyReLU()(layers.BatchNormalization()(y)))
    y = layers.Concatenate()([layers.Flatten()(y), layers.Embedding(3, 4)(labels)])
    discriminator = keras.Model([samples, labels], layers.Dense(1)(y))
    gan = GAN(networks.build("conditional", "generator", SHAPE, 4, classes=3), discriminator)
    gan.compile(
        loss="wasserstein",
        constraint="clip",
        optimizer=ADAM,
        turns={"unroll": 2, "latents": "shared", "train": "generator"},
        jit_compile=False,
    )
    before = [numbers(n.trainable_weights) for n in (discriminator, gan.generator)]
    history = gan.fit(images, np.arange(8) % 3, batch_size=8, verbose=0).history
    assert np.isfinite(history["g_loss"]).all()
    after = [numbers(n.trainable_weights) for n in (discriminator, gan.generator)]
    of_d, of_g = ([np.array_equal(*two) for two in zip(*n)] for n in zip(before, after))  # noqa: B905
    assert all(of_d)
    assert not any(of_g)
    assert int(ops.convert_to_numpy(gan.d_optimizer.iterations)) == 1

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import networks
from keras_gans.averages import Exponential
from keras_gans.datasets.sources import Images
from keras_gans.errors import UsageError
from keras_gans.gan import GAN
from keras_gans.latents import Uniform
from keras_gans.networks import custom
from keras_gans.networks.rewriting import before_sigmoid, last_hidden
from keras_gans.networks.trained import frozen_statistics
from keras_gans.penalties import GradientPenalty
from keras_gans.turns import Turns

pytestmark = [pytest.mark.backends, pytest.mark.usefixtures("eager")]
SHAPE = (8, 8, 1)


CRITIC = {"name": "clip", "limit": 0.01}
RULES = ("loss", "penalty", "constraint", "average", "optimizer")


def make_gan(network="vanilla", rate=1e-3, seed=0, momentum=0.8, compiled=None, **rules):
    """A small GAN; rules that are not arguments of `compile` are fields of `Turns`."""
    keras.utils.set_random_seed(seed)
    generator = networks.build(network, "generator", SHAPE, 4, momentum=momentum)
    discriminator = networks.build(network, "discriminator", SHAPE, last_activation=None)
    gan = GAN(generator, discriminator, seed=seed)
    given = {key: rules.pop(key) for key in RULES if key in rules}
    if "optimizer" not in given:
        given |= {f"{side}_optimizer": keras.optimizers.Adam(rate) for side in "dg"}
    gan.compile(turns=rules, jit_compile=False, **given, **(compiled or {}))
    return gan


def values(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


def train(gan, images, batch_size=8, **kwargs):
    options = {"shuffle": False, "verbose": 0, "epochs": 1, **kwargs}
    return gan.fit(images, batch_size=batch_size, **options).history


def moved(before, after):
    return [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]


@pytest.fixture
def images(random):
    return np.tanh(random.standard_normal((8, *SHAPE))).astype("float32")


@pytest.mark.parametrize(("update", "steps"), [("joint", 1), ("separate", 2)])
@pytest.mark.parametrize("d_steps", [1, 3])
def test_optimizer_steps_of_an_iteration(update, steps, d_steps, images):
    gan = make_gan(update=update, d_steps=d_steps)
    train(gan, np.concatenate([images] * 3), batch_size=24)
    assert int(ops.convert_to_numpy(gan.d_optimizer.iterations)) == steps * d_steps
    assert gan.iterations == 1


def test_losses_reported_are_those_of_the_networks_before_their_steps(images):
    """With rates too small to move anything the reported losses have a closed form."""
    gan = make_gan(rate=1e-12, fakes="inference", latents="shared")
    latents = np.random.default_rng(1).standard_normal((8, 4)).astype("float32")
    gan.draw_latents = lambda n: ops.convert_to_tensor(latents)
    on_real = ops.convert_to_numpy(gan.discriminator(images))
    fakes = gan.generator(latents, training=False)
    on_fake = ops.convert_to_numpy(gan.discriminator(fakes))
    history = train(gan, images)
    fooled = ops.convert_to_numpy(gan.discriminator(gan.generator(latents, training=True)))
    softplus = lambda x: np.logaddexp(0, x).mean()  # noqa: E731
    assert history["d_loss_real"][0] == pytest.approx(softplus(-on_real), rel=1e-5)
    assert history["d_loss_fake"][0] == pytest.approx(softplus(on_fake), rel=1e-4)
    assert history["g_loss"][0] == pytest.approx(softplus(-fooled), rel=1e-4)
    mean = (history["d_loss_real"][0] + history["d_loss_fake"][0]) / 2
    assert history["d_loss"][0] == pytest.approx(mean)


@pytest.mark.parametrize("update", ["joint", "separate", {"name": "adaptive"}])
def test_accuracies_reported_are_those_of_the_discriminator_before_its_steps(update, images):
    """A rate of 1 turns the judgement over, so afterwards they would be others."""
    gan = make_gan(rate=1.0, compiled={"accuracy": True}, update=update)
    latents = np.random.default_rng(1).standard_normal((8, 4)).astype("float32")
    gan.draw_latents = lambda n: ops.convert_to_tensor(latents)

    def accuracies():
        both = images, gan.generator(latents, training=True)
        real, fake = (ops.convert_to_numpy(gan.discriminator(x, training=True)) for x in both)
        return [(real > 0).mean(), (fake < 0).mean()]

    def reported():
        logs = train(gan, images)
        return [logs[name][0] for name in ("d_accuracy_real", "d_accuracy_fake")]

    gan.train_only("discriminator")
    known = 1 if update == "separate" else 2  # where fake samples come after the step on real ones
    before, found, after = accuracies(), reported(), accuracies()
    assert found[:known] == pytest.approx(before[:known])
    assert found[:known] != pytest.approx(after[:known])
    gan.train_only("generator")
    before = accuracies()
    assert reported() == pytest.approx(before)


def test_accuracies_are_reported_where_they_are_asked_for(images):
    gan = make_gan(compiled={"accuracy": True})
    names = {"d_accuracy_real", "d_accuracy_fake"}
    assert names < set(train(gan, images))
    gan.compile(optimizer="adam")
    assert not names & set(train(gan, images))
    gan.compile(optimizer="adam", accuracy=True)
    assert names < set(train(gan, images))


def test_each_turn_sees_reals_of_its_own(images):
    """The critic ends where three single turns on the three parts end."""
    latents = np.random.default_rng(1).standard_normal((4, 4)).astype("float32")

    def critic_after(batches, d_steps):
        gan = make_gan(loss="wasserstein", d_steps=d_steps, momentum=None)
        gan.draw_latents = lambda n: ops.convert_to_tensor(latents)
        gan.g_optimizer.learning_rate = 0.0
        for batch in batches:
            train(gan, batch, batch_size=len(batch))
        return values(gan.discriminator.weights)

    parts = [images[:4], images[4:] * 0.5, images[:4] * -1.0]
    together = critic_after([np.concatenate(parts)], 3)
    apart = critic_after(parts, 1)
    same_reals = critic_after([parts[0]] * 3, 1)
    for a, b in zip(together, apart, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert any(np.abs(a - b).max() > 1e-5 for a, b in zip(together, same_reals, strict=True))


def test_an_incomplete_last_batch_never_leaves_a_turn_without_reals(images):
    gan = make_gan(d_steps=5)
    history = train(gan, images[:7], batch_size=5)  # a batch of 5 and one of 2
    assert gan.iterations == 2
    assert np.isfinite(list(history.values())).all()


def test_uint8_images_are_scaled_to_the_unit_range(random):
    pixels = random.integers(0, 256, (8, *SHAPE), dtype="uint8")
    scaled = pixels.astype("float32") / 127.5 - 1.0
    from_pixels = train(make_gan(), pixels, epochs=2)
    from_floats = train(make_gan(), scaled, epochs=2)
    for name, losses_of_pixels in from_pixels.items():
        assert losses_of_pixels == pytest.approx(from_floats[name], rel=1e-5), name


def batch_norm_statistics(network):
    return [v for v in network.weights if "moving" in v.path]


@pytest.mark.parametrize(("fakes", "updates"), [("training", 2), ("inference", 1)])
def test_generator_statistics_move_in_training_mode_only(fakes, updates, images):
    """Each pass in training mode moves a moving mean by the momentum 0.8 of what it was."""
    gan = make_gan(fakes=fakes, rate=1e-12)
    first = batch_norm_statistics(gan.generator)[1]
    assert "variance" in first.path
    gan.draw_latents = lambda n: ops.zeros((n, 4))
    train(gan, images)
    # Equal latents have variance 0: the moving variance is 0.8 ** (number of passes).
    np.testing.assert_allclose(values([first])[0], 0.8**updates, rtol=1e-5)


@pytest.mark.parametrize(("mode", "passes"), [("batch", 3), ("frozen", 2)])
def test_discriminator_statistics_in_the_generators_turn(mode, passes, images):
    gan = make_gan("dcgan", batch_norm=mode, rate=1e-12)
    normalization = next(
        layer for layer in gan.discriminator.layers if isinstance(layer, layers.BatchNormalization)
    )
    seen = []
    call = type(normalization).call

    def spy(inputs, training=None, mask=None):
        seen.append((bool(training), normalization.trainable))
        return call(normalization, inputs, training=training, mask=mask)

    normalization.call = spy
    gan.run_eagerly = True
    train(gan, images)
    on_batch_statistics = [training and trainable for training, trainable in seen]
    assert on_batch_statistics == [True, True, mode == "batch"]
    assert sum(on_batch_statistics) == passes
    assert all(layer.trainable for layer in gan.discriminator.layers), "left as they were"


def test_frozen_generator_turn_uses_moving_statistics(images):
    """A discriminator that is one BatchNormalization tells which statistics it used."""
    bn = layers.BatchNormalization(momentum=0.5, epsilon=0.0)
    discriminator = keras.Sequential(
        [layers.Input(SHAPE), layers.Flatten(), bn, layers.Dense(1, kernel_initializer="ones")]
    )
    generator = keras.Sequential([layers.Input((4,)), layers.Dense(64), layers.Reshape(SHAPE)])
    found = {}
    for mode in ("frozen", "batch"):
        bn.moving_mean.assign(np.full(64, 2.0))
        bn.moving_variance.assign(np.full(64, 1.0))
        gan = GAN(generator, discriminator)
        gan.compile(
            loss="wasserstein",
            d_optimizer=keras.optimizers.SGD(1e-12),
            g_optimizer=keras.optimizers.SGD(1e-12),
            turns={"batch_norm": mode},
            jit_compile=False,
        )
        found[mode] = train(gan, images)["g_loss"][0]
    # Batch statistics centre every feature, so the mean score is 0; the moving mean of about 0.5
    # after two updates of momentum 0.5 shifts the 64 features the other way.
    assert found["batch"] == pytest.approx(0.0, abs=1e-3)
    assert found["frozen"] > 5.0


def test_a_layer_that_its_user_froze_stays_frozen():
    network = keras.Sequential(
        [layers.Input((3,)), layers.BatchNormalization(), layers.BatchNormalization()]
    )
    network.layers[0].trainable = False
    with frozen_statistics(network):
        assert [layer.trainable for layer in network.layers] == [False, False]
    assert [layer.trainable for layer in network.layers] == [False, True]


def test_weights_that_the_user_froze_stay_frozen(images):
    gan = make_gan("dcgan", batch_norm="frozen")
    norm = next(x for x in gan.discriminator.layers if isinstance(x, layers.BatchNormalization))
    norm.gamma.trainable = False
    gan.compile(d_optimizer="adam", g_optimizer="adam", turns={"batch_norm": "frozen"})
    before = values([norm.gamma, norm.beta])
    train(gan, images, epochs=3)
    assert moved(before, values([norm.gamma, norm.beta])) == [False, True]
    assert [norm.gamma.trainable, norm.beta.trainable] == [False, True]


@pytest.mark.parametrize("which", ["all", "trainable"])
def test_clipping(which, images):
    gan = make_gan("wgan", loss="wasserstein", constraint={**CRITIC, "weights": which})
    train(gan, images)
    for weight in gan.discriminator.weights:
        bound = np.abs(values([weight])[0]).max()
        if which == "all" or weight.trainable:
            assert bound <= np.float32(0.01), weight.path
        elif "variance" in weight.path:
            assert bound > 0.5, weight.path


@pytest.mark.parametrize(("latents", "draws"), [("shared", 2), ("fresh", 3)])
def test_draws_of_latents(latents, draws, images):
    gan = make_gan(latents=latents, d_steps=2, compiled={"run_eagerly": True})
    original, drawn = gan.draw_latents, []

    def spy(n):
        drawn.append(n)
        return original(n)

    gan.draw_latents = spy
    train(gan, images)
    assert [int(n) for n in drawn] == [4] * draws


@pytest.mark.parametrize("latents", ["shared", "fresh"])
def test_each_turn_of_the_generator_has_latents_of_its_own(latents, images):
    gan = make_gan(latents=latents, g_steps=3, compiled={"run_eagerly": True})
    drawn, taken = [], []
    draw, turn = gan.draw_latents, gan._generator_turn
    gan.draw_latents = lambda n: drawn.append(draw(n)) or drawn[-1]
    gan._generator_turn = lambda z, *rest: taken.append(z) or turn(z, *rest)
    train(gan, images)
    assert len({id(z) for z in taken}) == 3
    assert (taken[0] is drawn[0]) == (latents == "shared")
    assert len(drawn) == (3 if latents == "shared" else 4)
    assert int(ops.convert_to_numpy(gan.g_optimizer.iterations)) == 3
    assert gan.iterations == 1


@pytest.mark.parametrize("who", ["discriminator", "generator"])
def test_one_network_trained_alone_leaves_the_other_as_it_was(who, images):
    """Both losses are reported, those of the network at rest too, and it goes on afterwards."""
    gan = make_gan("wgan", loss="wasserstein", constraint=CRITIC)
    train(gan, images)
    gan.train_only(who)
    pair = {"discriminator": gan.discriminator, "generator": gan.generator}
    before = {name: values(network.trainable_weights) for name, network in pair.items()}
    history = train(gan, images)
    assert np.isfinite([history["d_loss"], history["g_loss"]]).all()
    for name, network in pair.items():
        assert any(moved(before[name], values(network.trainable_weights))) == (name == who)
    counts = [int(ops.convert_to_numpy(o.iterations)) for o in (gan.d_optimizer, gan.g_optimizer)]
    assert counts == ([2, 1] if who == "discriminator" else [1, 2])
    gan.train_only("both")
    train(gan, images)
    assert gan.iterations == 3
    for name, network in pair.items():
        assert any(moved(before[name], values(network.trainable_weights)))


@pytest.mark.parametrize("who", ["discriminator", "generator"])
@pytest.mark.parametrize(
    "turns", [{}, {"fakes": "inference", "latents": "shared", "batch_norm": "frozen"}]
)
def test_the_network_at_rest_keeps_its_statistics_and_its_average(who, turns, images):
    """Those of batch normalization in both, and of spectral normalization."""
    gan = make_gan("wgan", loss="wasserstein", average="exponential", **turns)
    spectral = custom.SpectralNormalization(layers.Dense(1))
    judge = keras.Sequential([keras.Input(SHAPE), *gan.discriminator.layers[:-1], spectral])
    gan = GAN(gan.generator, judge)
    rules = {"loss": "wasserstein", "optimizer": "adam", "average": "exponential"}
    gan.compile(turns=turns, jit_compile=False, **rules)
    train(gan, images)
    gan.train_only(who)
    sides = {"discriminator": gan.discriminator, "generator": gan.generator}
    sides |= {"averaged": gan.averaged}
    before = {name: values(network.weights) for name, network in sides.items()}
    train(gan, images)
    changed = {name for name, n in sides.items() if any(moved(before[name], values(n.weights)))}
    assert changed == ({"discriminator"} if who == "discriminator" else {"generator", "averaged"})


def test_fakes_of_a_generator_at_rest_are_made_as_the_turns_say(images):
    """In training mode of statistics of the batch: the loss on them is that of both moving."""
    for fakes in ("training", "inference"):
        first, second = make_gan("wgan", fakes=fakes), make_gan("wgan", fakes=fakes)
        second.train_only("discriminator")
        assert train(first, images)["d_loss_fake"] == train(second, images)["d_loss_fake"]


def test_the_discriminators_loss_does_not_move_the_generator(images):
    gan = make_gan(update="separate", fakes="inference")
    gan.g_optimizer.learning_rate = 0.0
    before = values(gan.generator.trainable_weights)
    critic = values(gan.discriminator.weights)
    train(gan, images)
    assert not any(moved(before, values(gan.generator.trainable_weights)))
    assert all(moved(critic, values(gan.discriminator.weights)))


def test_a_penalty_trains_both_networks(images):
    gan = make_gan(loss="wasserstein", penalty=GradientPenalty(10.0))
    before = values(gan.trainable_weights)
    history = train(gan, images, epochs=2)
    assert np.isfinite(history["d_loss"]).all()
    kernels = [
        m
        for m, v in zip(
            moved(before, values(gan.trainable_weights)), gan.trainable_weights, strict=True
        )
        if "kernel" in v.path
    ]
    assert all(kernels)


def test_same_seed_same_run_and_another_seed_another(images):
    runs = [make_gan("dcgan", seed=seed) for seed in (3, 3, 4)]
    for gan in runs:
        train(gan, images, epochs=3)
    a, b, c = (values(gan.state) for gan in runs)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert any(not np.array_equal(x, y) for x, y in zip(a, c, strict=True))


def test_draws_of_one_seed_are_not_those_of_the_next():
    """Keras's seeds of torch would be the same ones, one draw later."""
    draws = [make_gan(seed=seed) for seed in (0, 1, 2)]
    found = {values([gan.draw_latents(3)])[0].tobytes() for gan in draws for _ in range(4)}
    assert len(found) == 12


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="replicas are TensorFlow's")
def test_replicas_that_would_take_steps_of_their_own_are_refused(images, monkeypatch):
    gan = make_gan()
    one = gan.distribute_strategy
    replicas = {"num_replicas_in_sync": 2, "extended": one.extended}
    replicas["experimental_distribute_dataset"] = one.experimental_distribute_dataset
    monkeypatch.setattr(GAN, "distribute_strategy", SimpleNamespace(**replicas))
    with pytest.raises(UsageError, match="would draw the same latents"):
        train(gan, images)


def test_state_is_all_that_a_run_goes_on_from(images):
    """Seeds of dropout and latents, statistics and optimizers: nothing may be missing."""
    straight, first, second = (make_gan("dcgan", update="separate") for _ in range(3))
    train(straight, images, epochs=4)
    train(first, images, epochs=2)
    for variable, value in zip(second.state, values(first.state), strict=True):
        variable.assign(value)
    train(second, images, epochs=2)
    for a, b in zip(values(straight.state), values(second.state), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "rules",
    [
        {"d_steps": 2, "penalty": GradientPenalty(2.0), "constraint": "clip",
         "average": {"name": "exponential", "decay": 0.9}},
        {"unroll": 1, "g_steps": 2, "update": {"name": "adaptive", "normalized": False}},
        {"train": "discriminator", "update": {"name": "weighted", "real": 0.3, "fake": 0.7}},
        {"compiled": {"accuracy": True}},
    ],
)  # fmt: skip
def test_keras_file_round_trip_goes_on_training_identically(rules, images, tmp_path):
    gan = make_gan(**rules)
    train(gan, images)
    gan.save(tmp_path / "gan.keras")
    copy = keras.models.load_model(tmp_path / "gan.keras")
    assert copy.get_compile_config() == gan.get_compile_config()
    assert set(train(gan, images)) == set(train(copy, images))
    for a, b in zip(values(gan.weights), values(copy.weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"update": "both"}, "unknown update 'both'.*joint, separate"),
        ({"fakes": "eval"}, "turns.fakes: 'eval' is not known.*training, inference"),
        ({"latents": "same"}, "turns.latents"),
        ({"batch_norm": "off"}, "turns.batch_norm"),
        ({"d_steps": 0}, "turns.d_steps: 0 must be at least 1"),
        ({"constraint": {"name": "clip", "limit": -1.0}}, "limit: -1.0 must be positive"),
        ({"constraint": {"name": "clip", "weights": "some"}}, "weights: 'some' is not known"),
        (
            {"penalty": GradientPenalty(), "update": "separate"},
            "update to joint or weighted",
        ),
        (
            {"penalty": GradientPenalty(), "update": "adaptive"},
            "update to joint or weighted",
        ),
        ({"loss": "mse", "update": "adaptive"}, "'adaptive' compares probabilities: it needs"),
        ({"unroll": 1, "optimizer": "rmsprop"}, "a step of RMSprop is not differentiated"),
        ({"penalty": "gradient"}, "unknown penalty.*gradient_penalty"),
        ({"loss": "bce"}, "unknown loss 'bce'"),
        ({"average": {"name": "exponential", "decay": 1.0}}, "decay: 1.0 must be in"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, message):
    with pytest.raises(ValueError, match=message):
        make_gan(**rules)


@pytest.mark.parametrize("given", [(), ("optimizer", "d_optimizer"), ("d_optimizer",)])
def test_optimizers_are_one_or_two(given):
    with pytest.raises(ValueError, match="either optimizer, or d_optimizer and g_optimizer"):
        make_gan().compile(**dict.fromkeys(given, "adam"))


def test_a_shared_optimizer_counts_every_step_and_has_moments_of_its_own(images):
    gan = make_gan(optimizer={"name": "adam", "beta_1": 0.5}, update="separate")
    assert gan.d_optimizer is gan.g_optimizer
    train(gan, images, epochs=2)
    assert int(ops.convert_to_numpy(gan.optimizer.variables[0])) == 6
    assert gan.iterations == 2
    weights = len(gan.generator.trainable_weights) + len(gan.discriminator.trainable_weights)
    assert len(gan.optimizer.variables) == 2 + 2 * weights


def test_a_shared_adam_takes_the_steps_of_two_with_another_bias_correction(images):
    """Adam's rate is lr sqrt(1 - b2^t) / (1 - b1^t): only t differs, 3 for G's first step."""
    b1, b2 = 0.5, 0.999
    steps = {}
    for kind in ("optimizer", "two"):
        one, two = (keras.optimizers.Adam(1e-6, b1, b2, epsilon=1e-12) for _ in range(2))
        gan = make_gan(update="separate")
        given = {kind: one} if kind == "optimizer" else {"d_optimizer": one, "g_optimizer": two}
        gan.compile(turns={"update": "separate"}, jit_compile=False, **given)
        kernel = gan.generator.trainable_weights[-1]
        before = values([kernel])[0].astype("float64")
        train(gan, images)
        steps[kind] = values([kernel])[0] - before
    rate = lambda t: np.sqrt(1 - b2**t) / (1 - b1**t)  # noqa: E731
    ratio = np.median(steps["optimizer"] / steps["two"])
    assert ratio == pytest.approx(rate(3) / rate(1), rel=0.02)


def test_names_objects_and_mappings_are_the_same_rules(images):
    adam = {"name": "adam", "learning_rate": 1e-3}
    named, made = make_gan(), make_gan()
    named.compile("mse", d_optimizer=adam, g_optimizer=adam, jit_compile=False)
    made.compile(
        keras.losses.MeanSquaredError(),
        d_optimizer=keras.optimizers.Adam(1e-3),
        g_optimizer=keras.optimizers.Adam(1e-3),
        jit_compile=False,
    )
    assert train(named, images) == train(made, images)


REFUSED = [
    {"constraint": "nope"}, {"average": "nope"}, {"augment": "nope"}, {"penalty": object()},
    {"precision": "float64"}, {"update": object()}, {"accuracy": True},
    {"loss": keras.losses.BinaryCrossentropy()},
]  # fmt: skip


class NotSerializable(layers.Layer):
    def __init__(self, function, **options):
        super().__init__(**options)
        self.function = function

    def call(self, values):
        return self.function(values)


def test_a_compile_that_fails_leaves_the_rules_of_the_last_one(images):
    gan = make_gan()
    generator = keras.Sequential(
        [layers.Input((4,)), *gan.generator.layers, NotSerializable(lambda values: values)]
    )
    gan = GAN(generator, gan.discriminator)
    gan.compile(loss="mse", optimizer="adam", jit_compile=False)
    with pytest.raises(NotImplementedError):  # it cannot be copied
        gan.compile(loss="wasserstein", optimizer="adam", average="exponential")
    assert (type(gan.objective).__name__, gan.average) == ("MeanSquaredError", None)
    train(gan, images)


@pytest.mark.parametrize("refused", REFUSED, ids=lambda given: next(iter(given)))
def test_a_refused_compile_leaves_the_rules_of_the_last_one(refused, images):
    gan, same = make_gan(update="separate"), make_gan(update="separate")
    turns = {"d_steps": 2, **{k: v for k, v in refused.items() if k == "update"}}
    given = {k: v for k, v in refused.items() if k != "update"}
    with pytest.raises(UsageError):
        gan.compile(**{"loss": "wasserstein", "optimizer": "sgd", "turns": turns, **given})
    assert (gan.turns, type(gan.update)) == (same.turns, type(same.update))
    assert train(gan, images) == train(same, images)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (keras.losses.BinaryCrossentropy(), "takes probabilities, and the discriminator has no"),
        (keras.losses.BinaryCrossentropy(from_logits=True, reduction=None), "has no reduction"),
    ],
)
def test_losses_that_do_not_fit_the_discriminator_are_refused(loss, message):
    with pytest.raises(UsageError, match=message):
        make_gan(loss=loss)


OF_KERAS = ["spectral of Keras"] if keras.backend.backend() == "tensorflow" else []


@pytest.mark.parametrize("final", ["layer", "dense", "spectral", *OF_KERAS])
def test_a_final_sigmoid_is_looked_through_where_the_loss_is_of_scores(final, images):
    """Cross-entropy of a saturated probability gives no gradient; of its score it does."""

    def gan_with(last, of=None):
        keras.utils.set_random_seed(0)
        generator = networks.build("vanilla", "generator", SHAPE, 4)
        bias = keras.initializers.Constant(200.0)
        kind = last or of
        dense = layers.Dense(
            1, bias_initializer=bias, activation="sigmoid" if last not in (None, "layer") else None
        )
        if kind == "spectral":
            dense = custom.SpectralNormalization(dense)
        if kind == "spectral of Keras":
            dense = layers.SpectralNormalization(dense)
        ends = [layers.Activation("sigmoid")] if last == "layer" else []
        discriminator = keras.Sequential([layers.Input(SHAPE), layers.Flatten(), dense, *ends])
        gan = GAN(generator, discriminator)
        adam = {"name": "adam", "learning_rate": 1e-3}
        gan.compile(d_optimizer=adam, g_optimizer=adam, jit_compile=False)
        return train(gan, images)

    found, expected = gan_with(final), gan_with(None, of=final)
    assert found["d_loss_fake"][0] == pytest.approx(200, rel=0.05)
    for name in found:
        assert found[name] == pytest.approx(expected[name], rel=1e-6), name


def test_mse_is_of_the_probability(images):
    keras.utils.set_random_seed(0)
    generator = networks.build("vanilla", "generator", SHAPE, 4)
    discriminator = networks.build("shallow", "discriminator", SHAPE, dropout=0.0)
    gan = GAN(generator, discriminator)
    sgd = {"name": "sgd", "learning_rate": 1e-12}
    gan.compile("mse", d_optimizer=sgd, g_optimizer=sgd, jit_compile=False)
    expected = np.mean((ops.convert_to_numpy(discriminator(images)) - 1) ** 2)
    assert train(gan, images)["d_loss_real"][0] == pytest.approx(expected, rel=1e-5)


def test_maxima_are_those_of_the_iterations_since_the_last_reset(images):
    one, many = make_gan(), make_gan()
    each = [train(one, images[:4] if step % 2 else images, batch_size=8) for step in range(4)]
    data = [images[:4] if step % 2 else images for step in range(4)]
    batches = ((batch,) for batch in data)
    together = many.fit(batches, steps_per_epoch=4, shuffle=False, verbose=0).history
    for name in ("d_loss", "g_loss"):
        alone = [history[name][0] for history in each]
        assert together[f"{name}_max"][0] == pytest.approx(max(alone), rel=1e-5)
        assert together[name][0] == pytest.approx(np.mean(alone), rel=1e-5)


def test_an_average_follows_the_weights(images):
    gan = make_gan("dcgan", average=Exponential(0.75))
    start = values(gan.averaged.weights)
    train(gan, images)
    found, now = values(gan.averaged.weights), values(gan.generator.weights)
    for name, a, b, c in zip(gan.generator.weights, start, now, found, strict=True):
        np.testing.assert_allclose(c, 0.75 * a + 0.25 * b, rtol=1e-5, atol=1e-7, err_msg=name.path)
    assert gan.sampling_generator is gan.averaged
    gan = make_gan()
    assert gan.sampling_generator is gan.generator


def test_predict_makes_the_samples_of_the_averaged_generator_where_there_is_one(images):
    latents = np.random.Generator(np.random.Philox(0)).normal(size=(3, 4)).astype("float32")

    def samples(network):
        return network.predict(latents, verbose=0)

    gan = make_gan("dcgan")
    train(gan, images)
    np.testing.assert_allclose(samples(gan), samples(gan.generator), atol=1e-6)
    gan.compile(d_optimizer="sgd", g_optimizer="sgd", average=Exponential(0.75))
    train(gan, images)
    np.testing.assert_allclose(samples(gan), samples(gan.averaged), atol=1e-6)
    assert not np.allclose(samples(gan.averaged), samples(gan.generator), atol=1e-5)
    # Statistics of the batch belong to the weights that are trained.
    both = gan(latents, training=True), gan.generator(latents, training=True)
    np.testing.assert_allclose(*map(ops.convert_to_numpy, both), atol=1e-6)


def test_a_network_that_was_frozen_after_compile_is_refused(images):
    gan = make_gan()
    gan.discriminator.trainable = False
    for begin in (gan.fit, gan.train_on_batch):
        with pytest.raises(UsageError, match="discriminator has no weights that can be trained"):
            begin(images)
    gan.train_only("generator")
    train(gan, images)
    gan.train_only("both")
    with pytest.raises(UsageError, match="discriminator has no weights"):
        gan.fit(images)


def test_labels_that_no_network_takes_are_refused(images):
    gan = make_gan()
    for begin in (gan.fit, gan.train_on_batch):
        with pytest.raises(UsageError, match="y: these networks take no labels: leave it out"):
            begin(images, np.zeros(8, "int32"))
    batches = ((images, np.zeros(8, "int32")) for _ in range(2))  # as Keras reads folders
    gan.fit(batches, steps_per_epoch=2, verbose=0)
    assert gan.iterations == 2


def test_what_needs_rules_asks_for_compile():
    pair = [networks.build("vanilla", role, SHAPE, 4) for role in ("generator", "discriminator")]
    gan = GAN(*pair)
    for use in (lambda: gan.train_only("both"), lambda: gan.state):
        with pytest.raises(ValueError, match=r"call `compile\(\)`"):
            use()


def test_latents_are_of_the_distribution_that_is_given():
    keras.utils.set_random_seed(0)
    pair = [networks.build("vanilla", role, SHAPE, 4) for role in ("generator", "discriminator")]
    drawn = ops.convert_to_numpy(GAN(*pair, latents=Uniform(4, 2.0, 3.0)).draw_latents(1000))
    assert drawn.shape == (1000, 4)
    assert (drawn.min(), drawn.max()) == (pytest.approx(2, abs=0.01), pytest.approx(3, abs=0.01))
    with pytest.raises(ValueError, match="latents of 5, where the generator takes 4"):
        GAN(*pair, latents=Uniform(5))


def test_networks_that_do_not_fit_are_refused():
    generator = networks.build("vanilla", "generator", SHAPE, 4)
    discriminator = networks.build("vanilla", "discriminator", SHAPE)
    with pytest.raises(ValueError, match="swapped"):
        GAN(discriminator, generator)
    with pytest.raises(ValueError, match="inputs"):
        GAN(generator, networks.build("conditional", "discriminator", SHAPE, classes=3))


def conditional_gan():
    keras.utils.set_random_seed(0)
    pair = [
        networks.build("conditional", role, SHAPE, 4, classes=3)
        for role in ("generator", "discriminator")
    ]
    gan = GAN(*pair)
    gan.compile(d_optimizer="adam", g_optimizer="adam", jit_compile=False)
    return gan


def test_labels_reach_both_networks(images):
    labels = np.arange(8) % 3
    found = [train(conditional_gan(), images, y=y) for y in (labels, labels, (labels + 1) % 3)]
    assert found[0] == found[1]
    assert found[0]["d_loss_real"] != found[2]["d_loss_real"]
    assert found[0]["g_loss"] != found[2]["g_loss"]


@pytest.mark.parametrize("loss", ["binary_crossentropy", "feature_matching"])
def test_the_generators_turn_has_the_samples_of_the_last_share(loss, images):
    """With rates too small to move anything its loss has a closed form."""
    gan = conditional_gan()
    still = {"name": "sgd", "learning_rate": 1e-12}
    turns = {"d_steps": 2, "latents": "shared"}
    gan.compile(loss, d_optimizer=still, g_optimizer=still, turns=turns, jit_compile=False)
    latents = np.random.default_rng(1).standard_normal((4, 4)).astype("float32")
    gan.draw_latents = lambda n: ops.convert_to_tensor(latents)
    labels = np.array([0, 0, 0, 0, 2, 1, 2, 0])
    found = train(gan, images, y=labels)["g_loss"][0]
    images, latents, labels = map(ops.convert_to_tensor, (images[4:], latents, labels[4:]))
    fakes = gan.generator([latents, labels], training=True)
    if loss == "feature_matching":
        hidden = last_hidden(gan.discriminator)
        real, fake = (
            ops.convert_to_numpy(hidden([x, labels])).mean(axis=0) for x in (images, fakes)
        )
        expected = np.sum((real - fake) ** 2)
    else:
        scores = ops.convert_to_numpy(before_sigmoid(gan.discriminator)([fakes, labels]))
        expected = np.logaddexp(0, -scores).mean()
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("update", ["joint", "separate", "adaptive"])
def test_a_discriminator_may_embed_its_labels(update, images):
    keras.utils.set_random_seed(0)
    generator = conditional_gan().generator
    image, label = layers.Input(SHAPE), layers.Input((), dtype="int32")
    embedded = layers.Embedding(3, 8)(label)
    score = layers.Dense(1)(layers.Concatenate()([layers.Flatten()(image), embedded]))
    gan = GAN(generator, keras.Model([image, label], score))
    gan.compile(optimizer="adam", turns={"update": update}, jit_compile=False)
    before = values(gan.discriminator.trainable_weights)
    train(gan, images, y=np.arange(8) % 3)
    assert all(moved(before, values(gan.discriminator.trainable_weights)))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "needs labels"),
        (np.arange(8), "labels are 0 to 7, and the networks have 3 classes"),
        (np.arange(8) % 3 - 1, "labels are -1 to 1"),
        (np.arange(8) % 3 / 3, r"labels are float64 of the shape \(8,\): give integers"),
        (np.eye(3)[np.arange(8) % 3], r"labels are float64 of the shape \(8, 3\)"),
    ],
)
def test_labels_that_the_networks_do_not_know_are_refused(labels, message, images):
    gan = conditional_gan()
    with pytest.raises(UsageError, match=message):
        train(gan, images, y=labels)
    assert gan.iterations == 0


def test_labels_of_networks_without_known_classes_are_integers_too(images):
    gan, label = make_gan(), keras.Input((1,))
    latents, samples = keras.Input((4,)), keras.Input(SHAPE)
    made = layers.Dense(4)(layers.Concatenate()([latents, label]))
    score = layers.Add()([gan.discriminator(samples), layers.Dense(1)(label)])
    networks = [latents, label], gan.generator(made), [samples, label], score
    gan = GAN(keras.Model(*networks[:2]), keras.Model(*networks[2:]))
    gan.compile(optimizer="adam", jit_compile=False)
    with pytest.raises(UsageError, match="labels are float64"):  # they would be cut to 0
        train(gan, images, y=np.linspace(0, 0.9, 8))
    with pytest.raises(UsageError, match="needs labels"):
        train(gan, images)
    train(gan, images, y=np.arange(8))


@pytest.mark.parametrize(
    ("shape", "message"),
    [(SHAPE[:2], r"give x\[..., None\]"), ((3, *SHAPE[1:]), "give samples of that shape")],
)
def test_samples_of_another_shape_are_refused(shape, message):
    gan = conditional_gan()
    with pytest.raises(UsageError, match=message):
        train(gan, np.zeros((8, *shape), "float32"), y=np.zeros(8, int))


def test_each_turn_has_the_labels_of_its_reals():
    values_, labels = np.arange(6.0)[:, None], np.arange(6)
    shares = [
        [ops.convert_to_numpy(part) for part in share]
        for share in Turns(d_steps=3).shares(values_, labels)
    ]
    for values_of_turn, labels_of_turn in shares:
        np.testing.assert_array_equal(values_of_turn[:, 0], labels_of_turn)
    assert np.concatenate([labels for _, labels in shares]).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_source_brings_its_scale(random):
    pixels = random.integers(0, 256, (8, *SHAPE), dtype="uint8")
    source = Images("pixels", pixels, None, "pixels")
    gan = make_gan()
    assert train(gan, source) == train(make_gan(), pixels)
    assert gan.scale == source.scale


def test_labels_beside_a_source_are_refused(random):
    pixels = random.integers(0, 256, (8, *SHAPE), dtype="uint8")
    source = Images("pixels", pixels, np.arange(8) % 3, "pixels")
    with pytest.raises(UsageError, match="y: a Source has labels of its own"):
        train(conditional_gan(), source, y=source.labels)


def test_calling_it_makes_images():
    gan = make_gan()
    assert tuple(gan(np.zeros((3, 4), "float32")).shape) == (3, *SHAPE)


@pytest.mark.parametrize(
    ("network", "rules"),
    [
        ("transposed", {"latents": "shared", "fakes": "inference"}),
        ("dcgan", {"latents": "shared", "fakes": "inference", "batch_norm": "frozen"}),
        ("dcgan", {"latents": "shared", "update": "separate"}),
        ("dcgan", {"latents": "shared", "fakes": "training", "d_steps": 2}),
        ("wgan", {"latents": "shared", "fakes": "inference", "d_steps": 3, "constraint": CRITIC}),
        ("wgan", {"latents": "fresh", "fakes": "inference", "d_steps": 2}),
    ],
)
def test_less_arithmetic_takes_the_same_steps(network, rules, images, monkeypatch):
    """Rewritten networks, a shared first half and fakes of all turns at once change nothing."""

    def after():
        # SGD: Adam divides gradients that are zero but for rounding by their own size. A small
        # rate: where a ReLU is at its kink, rounding decides a gradient.
        given = dict(rules) if rules.get("constraint") is None else {**rules, "loss": "wasserstein"}
        optimizers = {f"{side}_optimizer": keras.optimizers.SGD(0.002) for side in "dg"}
        keras.utils.set_random_seed(0)
        generator = networks.build(network, "generator", SHAPE, 4)
        discriminator = networks.build(network, "discriminator", SHAPE, last_activation=None)
        gan = GAN(generator, discriminator, seed=0)
        parts = {key: given.pop(key) for key in RULES if key in given}
        gan.compile(turns=given, jit_compile=False, **optimizers, **parts)
        data = np.tile(images, (rules.get("d_steps", 1), 1, 1, 1))
        start = values([*generator.weights, *discriminator.weights])
        losses = [train(gan, data, batch_size=len(data)) for _ in range(2)]
        end = values([*generator.weights, *discriminator.weights])
        steps = [(b - a).ravel() for a, b in zip(start, end, strict=True)]
        return losses, np.concatenate(steps)

    losses, steps = after()
    monkeypatch.setattr("keras_gans.networks.trained.cheaper", lambda network: network)
    monkeypatch.setattr("keras_gans.networks.trained.halves", lambda network: (None, network))
    at_once = GAN._fakes

    def one_by_one(self, latents, labels):
        turns = zip(latents, labels, strict=True)
        return [at_once(self, [z], [y])[0][0] for z, y in turns], None

    monkeypatch.setattr(GAN, "_fakes", one_by_one)
    expected_losses, expected_steps = after()
    for found, expected, rel in zip(losses, expected_losses, (1e-5, 1e-4), strict=True):
        for name, (value,) in expected.items():
            assert found[name][0] == pytest.approx(value, rel=rel, abs=1e-6), name
    # Not each weight: where a ReLU is at its kink, rounding decides.
    difference = np.linalg.norm(steps - expected_steps) / np.linalg.norm(expected_steps)
    assert difference < 1e-3


def test_lower_precision_trains_float32_weights(images):
    """Close to float32, not equal to it; what is saved and sampled stays float32."""
    latents = np.random.default_rng(1).standard_normal((8, 4)).astype("float32")
    found = {}
    for precision in (None, "mixed_bfloat16"):
        gan = make_gan(compiled={"precision": precision}, latents="shared")
        gan.draw_latents = lambda n: ops.convert_to_tensor(latents)
        found[precision] = train(gan, images)["d_loss_real"][0]
        assert {v.dtype for v in gan.generator.weights} == {"float32"}
        assert {layer.dtype_policy.name for layer in gan.generator.layers} == {"float32"}
        made = ops.convert_to_numpy(gan.generator(latents))
        assert made.dtype == "float32"
    rounded = abs(found["mixed_bfloat16"] / found[None] - 1)
    assert 1e-7 < rounded < 0.02
    assert keras.saving.deserialize_keras_object(gan.get_compile_config()["precision"]).name == (
        "mixed_bfloat16"
    )

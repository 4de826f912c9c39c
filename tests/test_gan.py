import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import losses, networks
from keras_gans.gan import GAN
from keras_gans.penalties import GradientPenalty

pytestmark = pytest.mark.backends
SHAPE = (8, 8, 1)


def make_gan(
    loss="binary_crossentropy", network="vanilla", rate=1e-3, seed=0, momentum=0.8, **rules
):
    keras.utils.set_random_seed(seed)
    generator = networks.generator(network, SHAPE, 4, momentum=momentum)
    discriminator = networks.discriminator(network, SHAPE, last_activation=None)
    gan = GAN(generator, discriminator, seed=seed)
    objective = losses.get(loss)
    rules = {"jit_compile": False, **rules}
    gan.compile(
        d_optimizer=keras.optimizers.Adam(rate),
        g_optimizer=keras.optimizers.Adam(rate),
        d_loss=objective.discriminator,
        g_loss=objective.generator,
        **rules,
    )
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
    gan = make_gan(d_update=update, d_steps=d_steps)
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
    gan = make_gan(network="dcgan", g_turn_batch_norm=mode, rate=1e-12)
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
            d_optimizer=keras.optimizers.SGD(1e-12),
            g_optimizer=keras.optimizers.SGD(1e-12),
            d_loss=losses.get("wasserstein").discriminator,
            g_loss=losses.get("wasserstein").generator,
            g_turn_batch_norm=mode,
            jit_compile=False,
        )
        found[mode] = train(gan, images)["g_loss"][0]
    # Batch statistics centre every feature, so the mean score is 0; the moving mean of about 0.5
    # after two updates of momentum 0.5 shifts the 64 features the other way.
    assert found["batch"] == pytest.approx(0.0, abs=1e-3)
    assert found["frozen"] > 5.0


@pytest.mark.parametrize("which", ["all", "trainable"])
def test_clipping(which, images):
    gan = make_gan(loss="wasserstein", network="wgan", clip=0.01, clip_weights=which)
    train(gan, images)
    for weight in gan.discriminator.weights:
        bound = np.abs(values([weight])[0]).max()
        if which == "all" or weight.trainable:
            assert bound <= np.float32(0.01), weight.path
        elif "variance" in weight.path:
            assert bound > 0.5, weight.path


@pytest.mark.parametrize(("latents", "draws"), [("shared", 2), ("fresh", 3)])
def test_draws_of_latents(latents, draws, images):
    gan = make_gan(latents=latents, d_steps=2, run_eagerly=True)
    original, drawn = gan.draw_latents, []

    def spy(n):
        drawn.append(n)
        return original(n)

    gan.draw_latents = spy
    train(gan, images)
    assert [int(n) for n in drawn] == [4] * draws


def test_the_discriminators_loss_does_not_move_the_generator(images):
    gan = make_gan(d_update="separate", fakes="inference")
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
    runs = [make_gan(network="dcgan", seed=seed) for seed in (3, 3, 4)]
    for gan in runs:
        train(gan, images, epochs=3)
    a, b, c = (values(gan.state) for gan in runs)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert any(not np.array_equal(x, y) for x, y in zip(a, c, strict=True))


def test_state_is_all_that_a_run_goes_on_from(images):
    """Seeds of dropout and latents, statistics and optimizers: nothing may be missing."""
    straight, first, second = (make_gan(network="dcgan", d_update="separate") for _ in range(3))
    train(straight, images, epochs=4)
    train(first, images, epochs=2)
    for variable, value in zip(second.state, values(first.state), strict=True):
        variable.assign(value)
    train(second, images, epochs=2)
    for a, b in zip(values(straight.state), values(second.state), strict=True):
        np.testing.assert_array_equal(a, b)


def test_keras_file_round_trip_goes_on_training_identically(images, tmp_path):
    gan = make_gan(d_steps=2, clip=0.5, penalty=GradientPenalty(2.0))
    train(gan, images)
    gan.save(tmp_path / "gan.keras")
    copy = keras.models.load_model(tmp_path / "gan.keras")
    assert copy.get_compile_config() == gan.get_compile_config()
    train(gan, images)
    train(copy, images)
    for a, b in zip(values(gan.weights), values(copy.weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"d_update": "both"}, "d_update must be one of joint, separate"),
        ({"fakes": "eval"}, "fakes must be one of"),
        ({"latents": "same"}, "latents must be one of"),
        ({"g_turn_batch_norm": "off"}, "g_turn_batch_norm must be one of"),
        ({"clip_weights": "some"}, "clip_weights must be one of"),
        ({"d_steps": 0}, "d_steps must be at least 1"),
        ({"clip": -1.0}, "clip must be positive"),
        ({"penalty": GradientPenalty(), "d_update": "separate"}, "needs d_update='joint'"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, message):
    with pytest.raises(ValueError, match=message):
        make_gan(**rules)


def test_one_optimizer_for_two_networks_is_refused():
    gan = make_gan()
    shared = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="an optimizer each"):
        gan.compile(shared, shared, gan.d_loss, gan.g_loss)


def test_calling_it_makes_images():
    gan = make_gan()
    assert tuple(gan(np.zeros((3, 4), "float32")).shape) == (3, *SHAPE)

"""A GAN as users of Keras meet it: their data, optimizers, policies, callbacks and files."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans.datasets.sources import Images, Scale
from keras_gans.errors import UsageError
from keras_gans.gan import GAN
from keras_gans.losses import BinaryCrossentropy, MeanSquaredError

SHAPE = (8, 8, 1)
RULES = {"d_optimizer": "adam", "g_optimizer": "adam", "jit_compile": False}


def make_gan(last="tanh", dropout=0.0, scale=None, **rules):
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [layers.Input((4,)), layers.Dense(64, activation=last), layers.Reshape(SHAPE)]
    )
    discriminator = keras.Sequential(
        [layers.Input(SHAPE), layers.Flatten(), layers.Dropout(dropout, seed=1), layers.Dense(1)]
    )
    gan = GAN(generator, discriminator, scale=scale)
    gan.compile(**{**RULES, **rules})
    return gan


def train(gan, x, epochs=1, **kwargs):
    return gan.fit(x, batch_size=4, epochs=epochs, shuffle=False, verbose=0, **kwargs).history


def values(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(values(a), values(b), strict=True))


@pytest.fixture
def pixels(random):
    return random.integers(0, 256, (8, *SHAPE), dtype="uint8")


@pytest.fixture
def images(pixels):
    return (pixels / 127.5 - 1).astype("float32")


# --- data -------------------------------------------------------------------------------------


@pytest.mark.backends
@pytest.mark.parametrize(("last", "by", "shift"), [("tanh", 127.5, 1), ("sigmoid", 255, 0)])
def test_pixels_are_scaled_to_the_last_activation(last, by, shift, pixels):
    scaled = (pixels / by - shift).astype("float32")
    expected = train(make_gan(last), scaled)
    for given in (make_gan(last), make_gan(last, scale=Scale("uint8", by, shift))):
        found = train(given, pixels)
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, rel=1e-5), name
    floats = make_gan(last, scale=Scale("float32", by, shift))
    assert train(floats, pixels.astype("float32"))["d_loss"] == pytest.approx(
        expected["d_loss"], rel=1e-5
    )


@pytest.mark.backends
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_arrays_of_0_to_255_are_refused_before_training(dtype, pixels):
    gan = make_gan()
    with pytest.raises(UsageError, match=r"do not fit.*x / 127.5 - 1"):
        train(gan, pixels.astype(dtype))
    assert gan.iterations == 0


def test_a_folder_of_images_is_refused_and_trains_once_it_is_rescaled(pixels, tmp_path):
    for number, image in enumerate(pixels):
        keras.utils.save_img(tmp_path / f"{number}.png", image, scale=False)
    data = keras.utils.image_dataset_from_directory(
        tmp_path,
        labels=None,
        color_mode="grayscale",
        image_size=(8, 8),
        batch_size=4,
        verbose=False,
    )
    gan = make_gan()
    with pytest.raises(UsageError, match=r"float32 from .* do not fit"):
        gan.fit(data, verbose=0)
    rescaled = data.map(lambda batch: batch / 127.5 - 1)
    gan.fit(rescaled.cache(str(tmp_path / "cache")), epochs=2, verbose=0)
    assert gan.iterations == 4


def test_a_generator_of_batches_loses_none(images):
    expected = make_gan()
    train(expected, images)
    found = make_gan()
    found.fit(((images[start : start + 4],) for start in (0, 4)), steps_per_epoch=2, verbose=0)
    assert found.iterations == 2
    assert same(found.weights, expected.weights)


@pytest.mark.parametrize(("last", "by", "shift"), [("tanh", 127.5, 1), ("sigmoid", 255, 0)])
def test_a_source_of_pixels_goes_to_the_last_activation(last, by, shift, pixels):
    found, expected = make_gan(last), make_gan(last)
    assert train(found, Images("few", pixels, None, "few")) == train(expected, pixels)
    assert found.scale == Scale("uint8", by, shift)
    assert same(found.weights, expected.weights)


def test_a_source_that_is_refused_leaves_no_scale(pixels):
    gan = make_gan("tanh")
    with pytest.raises(UsageError, match=r"give GAN\(scale="):
        train(gan, Images("few", pixels, None, "few", scale=Scale("uint8", 12.5, 1.0)))
    train(gan, pixels)
    assert gan.scale is None and gan.iterations == 2


def test_each_fit_has_the_scale_of_its_own_data(pixels):
    source = Images("few", pixels, None, "few")
    gan = make_gan(None)
    for given in (source, source.standardized()):
        train(gan, given)
        assert gan.scale == given.scale
    expected = make_gan(None)
    train(expected, source.scale.to_network(pixels))
    train(expected, source.standardized().scale.to_network(pixels))
    for one, other in zip(gan.generator.weights, expected.generator.weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-6)
    train(gan, pixels.astype("float32"))  # and none where the data have none


def test_points_and_linear_outputs_train_as_they_are(pixels, random):
    train(make_gan(None), random.standard_normal((8, *SHAPE)).astype("float32"))
    train(make_gan(None), pixels.astype("float32"))


@pytest.mark.parametrize("given", ["validation_data", "validation_split", "evaluate"])
def test_validation_is_refused_at_once(given, images):
    gan = make_gan()
    with pytest.raises(UsageError, match="MeasureGenerator"):
        if given == "evaluate":
            gan.evaluate(images)
        else:
            gan.fit(images, **{given: (images,) if given == "validation_data" else 0.5})
    assert gan.iterations == 0


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("fit", {"sample_weight": np.ones(8)}, "sample_weight: .* leave the weights out"),
        ("fit", {"class_weight": {0: 1.0}}, "class_weight: "),
        ("compile", {"metrics": ["accuracy"]}, "metrics: .*MeasureGenerator"),
        ("compile", {"weighted_metrics": ["accuracy"]}, "weighted_metrics: "),
        ("compile", {"loss_weights": [1, 2]}, "loss_weights: .*'weighted'"),
    ],
)
def test_what_would_be_ignored_is_refused(method, given, message, images):
    gan = make_gan()
    with pytest.raises(UsageError, match=message):
        gan.fit(images, **given) if method == "fit" else gan.compile(**RULES, **given)
    assert gan.iterations == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample_weight": np.ones(8)}, "sample_weight: .* leave the weights out"),
        ({"class_weight": {0: 1.0}}, "class_weight: "),
        ({"x": np.full((8, *SHAPE), 255.0, "float32")}, "give x / 127.5 - 1"),
        (
            {"x": Images("own", np.zeros((8, *SHAPE), "uint8"), None, "own")},
            r"give x.values\[:32\]",
        ),
    ],
)
def test_a_single_batch_is_refused_where_a_fit_is(given, message, images):
    gan = make_gan()
    with pytest.raises(UsageError, match=message):
        gan.train_on_batch(**{"x": images, **given})
    assert gan.iterations == 0
    gan.train_on_batch(images)
    assert gan.iterations == 1


def test_what_asks_for_nothing_is_not_refused(images):
    gan = make_gan()
    gan.compile(**RULES, metrics=[], weighted_metrics=(), loss_weights={})
    gan.fit(images, verbose=0, validation_split=0.0)
    assert gan.iterations == 1


def test_weights_of_samples_in_a_batch_are_refused(images):
    batches = ((images, np.zeros(8), np.ones(8)) for _ in range(2))
    with pytest.raises(UsageError, match="third part"):
        make_gan().fit(batches, steps_per_epoch=2, verbose=0)


def test_the_arguments_of_fit_have_the_order_of_keras(images, capsys):
    seen = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))
    make_gan().fit(images, None, 4, 2, 0, [seen])
    assert capsys.readouterr().out.split() == ["0", "1"]


# --- compile ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "loss"),
    [
        (("mse", "adam"), MeanSquaredError),
        (("adam", "mse"), MeanSquaredError),
        (("adam",), BinaryCrossentropy),
        ((keras.optimizers.Adam(), keras.losses.MeanSquaredError()), object),
        (({"name": "adam", "beta_1": 0.5},), BinaryCrossentropy),
    ],
)
def test_the_optimizer_may_come_first_as_in_keras(given, loss, images):
    gan = make_gan()
    gan.compile(*given, jit_compile=False)
    assert isinstance(gan.objective, loss)
    assert gan.d_optimizer is gan.g_optimizer
    assert isinstance(gan.d_optimizer, keras.optimizers.Adam)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scale": 127.5}, r"scale: 127.5 is none; give datasets.Scale\("),
        ({"latents": 16}, "latents: 16: give a name, such as 'normal'"),
    ],
)
def test_arguments_of_other_types_are_refused(given, message):
    gan = make_gan()
    with pytest.raises(UsageError, match=message):
        GAN(gan.generator, gan.discriminator, **given)


def test_one_object_given_twice_is_shared():
    adam = keras.optimizers.Adam()
    gan = make_gan(d_optimizer=adam, g_optimizer=adam)
    weights = len(gan.generator.trainable_weights) + len(gan.discriminator.trainable_weights)
    assert len(gan.optimizer.variables) == 2 + 2 * weights


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"loss": "bce", "optimizer": "adam"}, "unknown loss 'bce'; there is binary_crossentropy"),
        (
            {"loss": keras.losses.MeanSquaredError, "optimizer": "adam"},
            "is a class: give Mean",
        ),
        ({"loss": lambda real, fake: 0, "optimizer": "adam"}, "loss: .* one of the names"),
        ({"optimizer": "lion"}, "unknown optimizer 'lion'; there is adam"),
        ({"optimizer": 0.1}, "optimizer: 0.1: give a name, such as 'adam'"),
        ({"optimizer": keras.optimizers.Adam}, r"optimizer: Adam is a class: give Adam\(\)"),
        ({"optimizer": ["adam", "adam"]}, "optimizer: .* or an object"),
        ({"optimizer": len}, "optimizer: .* is none"),
        ({"optimizer": keras.optimizers.Adam(loss_scale_factor=2.0)}, "scales losses"),
        (
            {"optimizer": keras.optimizers.Adam(gradient_accumulation_steps=2)},
            "gradient_accumulation_steps: two networks that share an optimizer",
        ),
        ({}, "either optimizer, or d_optimizer and g_optimizer"),
        ({**RULES, "turns": "fast"}, "turns: 'fast': give Turns or a dict"),
        ({**RULES, "turns": {"d_step": 2}}, "unknown field 'd_step'; did you mean 'd_steps'"),
        ({**RULES, "average": 3}, "average: 3: give a name, such as 'exponential'"),
        ({**RULES, "penalty": [10.0]}, "penalty: .*: give a name"),
        ({**RULES, "augment": True}, "augmentation: True: give a name"),
    ],
)
def test_what_compile_does_not_know_is_answered_with_what_it_does(rules, message):
    with pytest.raises(UsageError, match=message):
        make_gan().compile(**rules)


# --- precision --------------------------------------------------------------------------------


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.mark.backends
@pytest.mark.parametrize("penalty", ["gradient_penalty", "r1"])
def test_networks_of_mixed_precision_train_with_a_penalty(penalty, policy, images):
    """Losses are means of float32, close to those of float32 networks and not equal to them."""
    found = {}
    for name in ("float32", "mixed_bfloat16"):
        policy(name)
        gan = make_gan(loss="wasserstein", penalty=penalty)
        found[name] = train(gan, images, epochs=2)["d_loss_real"]
        assert {v.dtype for v in gan.weights if "float" in v.dtype} == {"float32"}
    assert found["mixed_bfloat16"] == pytest.approx(found["float32"], abs=0.02)
    assert found["mixed_bfloat16"] != found["float32"]


def test_float16_is_refused(policy):
    with pytest.raises(UsageError, match="use mixed_bfloat16"):
        make_gan(precision="mixed_float16")
    policy("mixed_float16")
    with pytest.raises(UsageError, match="use mixed_bfloat16"):
        make_gan()


# --- callbacks --------------------------------------------------------------------------------


def test_early_stopping_puts_the_best_weights_back(images):
    stop = keras.callbacks.EarlyStopping("g_loss", mode="max", patience=1, min_delta=1e6,
                                         restore_best_weights=True)  # fmt: skip
    gan, once = make_gan(), make_gan()
    assert len(train(gan, images, epochs=5, callbacks=[stop])["g_loss"]) == 2
    train(once, images)
    assert same(gan.trainable_weights, once.trainable_weights)


def rates(gan):
    return [float(o.learning_rate) for o in (gan.d_optimizer, gan.g_optimizer)]


@pytest.mark.parametrize("shared", [False, True])
def test_a_rate_that_is_assigned_is_that_of_every_optimizer(shared):
    """As `model.optimizer.learning_rate = ...` in callbacks of one's own."""
    d, g = keras.optimizers.Adam(0.4), keras.optimizers.Adam(0.1)
    gan = make_gan(d_optimizer=d, g_optimizer=d if shared else g)
    gan.optimizer.learning_rate = 0.2
    assert rates(gan) == pytest.approx([0.2, 0.2])
    if shared:
        assert float(gan.optimizer.learning_rate) == pytest.approx(0.2)
    else:
        with pytest.raises(AttributeError, match=r"gan\.d_optimizer or of gan\.g_optimizer"):
            gan.optimizer.learning_rate  # noqa: B018


def test_a_game_is_not_exported(tmp_path, images):
    gan = make_gan()
    train(gan, images)
    with pytest.raises(UsageError, match=r"sampling_generator\.export\(path\)"):
        gan.export(tmp_path / "game")
    assert not (tmp_path / "game").exists()


@pytest.mark.backends
@pytest.mark.parametrize("shared", [False, True])
def test_schedules_change_the_rate_of_every_optimizer(shared, images):
    d, g = keras.optimizers.Adam(0.4), keras.optimizers.Adam(0.1)
    pair = {"d_optimizer": d, "g_optimizer": d if shared else g}
    half = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    gan = make_gan(**pair)
    train(gan, images, epochs=2, callbacks=[half])
    assert rates(gan) == pytest.approx([0.1, 0.1 if shared else 0.025])
    plateau = keras.callbacks.ReduceLROnPlateau(
        "g_loss", factor=0.5, mode="max", patience=1, min_delta=1e9
    )
    train(gan, images, epochs=2, callbacks=[plateau])
    assert rates(gan) == pytest.approx([0.05, 0.05 if shared else 0.0125])


def test_averages_of_an_optimizer_are_swapped_in(images):
    gan = make_gan(g_optimizer=keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.5))
    plain = make_gan(g_optimizer=keras.optimizers.Adam(0.1))
    train(plain, images)
    train(gan, images, callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True)])
    averages = gan.g_optimizer._model_variables_moving_average
    assert same(averages, gan.generator.trainable_weights)
    assert not same(gan.generator.trainable_weights, plain.generator.trainable_weights)


@pytest.mark.backends
def test_averages_of_an_optimizer_are_the_weights_at_the_end(images):
    """As `keras.Model.fit` leaves them, without a callback."""
    gan = make_gan(d_optimizer=keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.5))
    train(gan, images)
    averages = gan.d_optimizer._model_variables_moving_average
    assert same(averages, gan.discriminator.trainable_weights)


@pytest.mark.backends
def test_averages_of_an_optimizer_that_took_no_step_are_left_alone(images):
    gan = make_gan(g_optimizer=keras.optimizers.Adam(0.1, use_ema=True))
    before = values(gan.generator.trainable_weights)
    train(gan, images, epochs=0)
    gan.train_only("discriminator")
    train(gan, images)
    for old, now in zip(before, values(gan.generator.trainable_weights), strict=True):
        np.testing.assert_array_equal(old, now)


@pytest.mark.backends
def test_a_second_compile_leaves_nothing_of_the_first(images):
    once, twice = make_gan(average="exponential"), make_gan(average="exponential")
    twice.compile(**RULES, average="exponential")
    assert [v.shape for v in twice.state] == [v.shape for v in once.state]
    train(once, images)
    train(twice, images)
    assert same(once.state, twice.state)
    twice.compile(**RULES)
    assert len(twice.variables) == len(make_gan().variables)


def test_scores_with_bounds_are_refused(images):
    discriminator = keras.Sequential(
        [layers.Input(SHAPE), layers.Flatten(), layers.Dense(1, activation="tanh")]
    )
    gan = GAN(make_gan().generator, discriminator)
    with pytest.raises(UsageError, match="the loss takes scores"):
        gan.compile(loss="wasserstein", **RULES)
    gan.compile(loss="mse", **RULES)


@pytest.mark.parametrize("frozen", ["generator", "discriminator"])
def test_a_frozen_network_is_refused_unless_it_is_to_stay_as_it_is(frozen, images):
    """Old scripts freeze the discriminator themselves: docs/old_code.md."""
    gan = make_gan()
    getattr(gan, frozen).trainable = False
    with pytest.raises(UsageError, match=f"the {frozen} has no weights that can be trained"):
        gan.compile(**RULES)
    other = {"generator": "discriminator", "discriminator": "generator"}[frozen]
    gan.compile(**RULES, turns={"train": other})
    train(gan, images)
    getattr(gan, frozen).trainable = True
    gan.compile(**RULES)


@keras.saving.register_keras_serializable("tests")
class Loses(layers.Layer):
    """Adds a loss, as layers of variational networks do."""

    def call(self, values):
        self.add_loss(ops.mean(values))
        return values


@pytest.mark.backends
@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_a_loss_that_a_layer_adds_is_refused(role, images):
    gan = make_gan()
    networks = {"generator": gan.generator, "discriminator": gan.discriminator}
    given = layers.Input(networks[role].input_shape[1:])
    networks[role] = keras.Sequential([given, *networks[role].layers, Loses()], name=role)
    gan = GAN(**networks)
    gan.compile(**RULES)
    with pytest.raises(UsageError, match=f"a layer of '{role}' adds a loss of its own"):
        train(gan, images)


class Partly(layers.Layer):
    """Has a weight that it does not use."""

    def build(self, shape):
        self.used, self.unused = (self.add_weight(shape=(), initializer="ones") for _ in range(2))

    def call(self, values):
        return values * self.used


@pytest.mark.backends
@pytest.mark.parametrize("turns", [{}, {"update": "adaptive"}, {"unroll": 1}], ids=str)
def test_a_weight_that_is_not_used_stays_as_it_is(turns, images):
    gan = make_gan()
    few = [*gan.discriminator.layers[:-1], Partly(), layers.Dense(1)]
    partly = keras.Sequential([layers.Input(SHAPE), *few])
    gan = GAN(gan.generator, partly)
    gan.compile(optimizer="adam", turns=turns, jit_compile=False)
    train(gan, images)
    used, unused = values(partly.layers[-2].trainable_weights)
    assert used != 1 and unused == 1


class Interrupted(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


@pytest.mark.backends
def test_a_backup_goes_on_as_if_nothing_had_happened(images, tmp_path):
    """Seeds of dropout and latents are part of a weights file, as optimizers and averages are."""
    rules = {"dropout": 0.5, "average": "exponential"}
    straight, first, second = (make_gan(**rules) for _ in range(3))
    train(straight, images, epochs=4)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        train(first, images, epochs=4, callbacks=[backup, Interrupted()])
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    assert len(train(second, images, epochs=4, callbacks=[backup])["g_loss"]) == 2
    assert second.iterations == straight.iterations == 8
    assert same(straight.state, second.state)


def test_a_backup_goes_on_where_data_are_shuffled_the_same_way_each_epoch(images, tmp_path):
    import tensorflow as tf

    def data():
        found = tf.data.Dataset.from_tensor_slices(images)
        return found.shuffle(8, seed=1, reshuffle_each_iteration=False).batch(4)

    def fit(gan, *callbacks):
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
        gan.fit(data(), epochs=4, verbose=0, callbacks=[backup, *callbacks] if callbacks else None)

    straight, first, second = (make_gan(dropout=0.5) for _ in range(3))
    fit(straight)
    with pytest.raises(KeyboardInterrupt):
        fit(first, Interrupted())
    fit(second, keras.callbacks.Callback())
    assert same(straight.state, second.state)


@pytest.mark.backends
def test_a_loaded_gan_is_compiled_as_it_was(tmp_path):
    gan = make_gan()
    given = {"jit_compile": False, "steps_per_execution": 2, "run_eagerly": False}
    gan.compile(optimizer="adam", **given)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert {name: getattr(loaded, name) for name in given} == given


def test_checkpoints_load_and_go_on(images, tmp_path):
    gan = make_gan(dropout=0.5)
    keep = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    weights = keras.callbacks.ModelCheckpoint(
        tmp_path / "{epoch}.weights.h5", save_weights_only=True
    )
    train(gan, images, epochs=2, callbacks=[keep, weights])
    whole = keras.models.load_model(tmp_path / "1.keras")
    alone = make_gan(dropout=0.5)
    alone.load_weights(tmp_path / "1.weights.h5")
    for copy in (whole, alone):
        train(copy, images)
        assert same(copy.weights, gan.weights)


def test_weights_of_version_0_4_0_have_no_seeds_of_layers(images, tmp_path, monkeypatch):
    gan = make_gan(dropout=0.5)
    train(gan, images)
    own = GAN._own_variables.fget
    few = property(lambda self: dict(list(own(self).items())[:2]))
    with monkeypatch.context() as patched:
        patched.setattr(GAN, "_own_variables", few)
        gan.save_weights(tmp_path / "old.weights.h5")
    copy = make_gan(dropout=0.5)
    copy.load_weights(tmp_path / "old.weights.h5")
    assert same(copy.weights, gan.weights) and copy.iterations == 2


def test_tensorboard_gets_the_losses(images, tmp_path):
    pytest.importorskip("tensorboard")
    board = keras.callbacks.TensorBoard(tmp_path, write_graph=False, write_steps_per_second=True)
    train(make_gan(), images, callbacks=[board])
    (events,) = (tmp_path / "train").glob("events*")
    assert b"epoch_g_loss" in events.read_bytes() and b"per_second" in events.read_bytes()


def test_a_gan_without_rules_is_saved_without_them(tmp_path):
    made = make_gan()
    GAN(made.generator, made.discriminator, seed=5).save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert (loaded.compiled, loaded.seed) == (False, 5)
    assert same(loaded.generator.weights, made.generator.weights)


def test_a_loaded_gan_takes_the_scale_of_its_next_data(pixels, images, tmp_path):
    gan = make_gan()
    train(gan, Images("pixels", pixels, None, "pixels"))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.scale == gan.scale == Scale("uint8", 127.5, 1.0)
    assert train(loaded, images) == train(gan, images)
    assert loaded.scale == gan.scale is None
    asked = make_gan(scale=Scale("uint8", 255.0, 0.0), last="sigmoid")
    asked.save(tmp_path / "gan.keras")
    with pytest.raises(UsageError, match="uint8"):
        train(keras.models.load_model(tmp_path / "gan.keras"), images)


def test_a_whole_gan_is_no_h5_file(tmp_path):
    for name in ("gan.h5", "gan.hdf5"):
        with pytest.raises(UsageError, match=r"gan.save\('gan.keras'\)"):
            make_gan().save(tmp_path / name)
    assert not list(tmp_path.iterdir())


# --- an example of keras.io ---------------------------------------------------------------------


def deep_convolutional():
    """The networks of "DCGAN to generate face images": both end in a sigmoid."""
    strided = {"kernel_size": 4, "strides": 2, "padding": "same"}
    discriminator = keras.Sequential(
        [
            keras.Input((64, 64, 3)),
            layers.Conv2D(64, **strided),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(128, **strided),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(128, **strided),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    generator = keras.Sequential(
        [
            keras.Input((128,)),
            layers.Dense(8 * 8 * 128),
            layers.Reshape((8, 8, 128)),
            layers.Conv2DTranspose(128, **strided),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(256, **strided),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(512, **strided),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(3, kernel_size=5, padding="same", activation="sigmoid"),
        ]
    )
    return generator, discriminator


def test_the_networks_of_the_keras_example_train_unchanged(random):
    import tensorflow as tf

    faces = random.integers(0, 256, (4, 64, 64, 3)).astype("float32")
    gan = GAN(*deep_convolutional())
    adam = {"name": "adam", "learning_rate": 1e-4}
    gan.compile(d_optimizer=adam, g_optimizer=adam, jit_compile=False)
    data = tf.data.Dataset.from_tensor_slices(faces).batch(2)
    with pytest.raises(UsageError, match="makes 0 to 1; give x / 255"):
        gan.fit(data, verbose=0)
    before = values(gan.trainable_weights)
    history = gan.fit(data.map(lambda batch: batch / 255.0), verbose=0).history
    assert gan.iterations == 2
    assert np.isfinite(list(history.values())).all()
    after = values(gan.trainable_weights)
    assert not any(np.array_equal(a, b) for a, b in zip(before, after, strict=True))

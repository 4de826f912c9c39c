"""What `MeasureGenerator` logs, and that Keras's callbacks can monitor it."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_gans import datasets, networks
from keras_gans.callbacks import MeasureGenerator, TerminateOnNotFinite
from keras_gans.datasets import Images, Points, Scale
from keras_gans.errors import UsageError
from keras_gans.evaluation import Measuring
from keras_gans.gan import GAN
from keras_gans.generators import Saved


def network(given, *inside):
    return keras.Sequential([layers.Input(given), *inside])


def game(shape, last=None, **options):
    keras.utils.set_random_seed(0)
    size = int(np.prod(shape))
    generator = network((2,), layers.Dense(size, activation=last), layers.Reshape(shape))
    gan = GAN(generator, network(shape, layers.Flatten(), layers.Dense(1)), **options)
    gan.compile(optimizer="adam", jit_compile=False)
    return gan


def fit(gan, x, callbacks, epochs=1):
    return gan.fit(x, batch_size=32, epochs=epochs, verbose=0, callbacks=callbacks).history


@pytest.fixture
def points(random):
    return Points("points", random.standard_normal((64, 2), dtype="float32"), None, "points")


@pytest.mark.backends
def test_values_are_those_of_the_generator_after_each_epoch(points, tmp_path):
    gan, seen = game((2,)), []
    measure = MeasureGenerator(points, ["fid", "recall"], seed=3, data_dir=tmp_path)

    def keep(epoch, logs):
        saved = Saved.of(gan.generator, None, gan.latents, points, {})
        results = Measuring(points, ["fid", "recall"], data_dir=tmp_path)(saved, 3)
        seen.append([result.value for result in results])
        assert [logs[name] for name in measure.names] == seen[-1]

    after = keras.callbacks.LambdaCallback(on_epoch_end=keep)
    history = fit(gan, points, [measure, after], epochs=2)
    assert [list(pair) for pair in zip(*(history[n] for n in measure.names), strict=True)] == seen
    assert seen[0] != seen[1]
    assert measure.names == ["val_fid64_values", "val_recall64_values"]


def test_keras_monitors_what_is_measured(points, tmp_path):
    measure = MeasureGenerator(points, data_dir=tmp_path)
    (name,) = measure.names
    keep = keras.callbacks.ModelCheckpoint(
        str(tmp_path / "best.keras"), name, mode="min", save_best_only=True
    )
    stop = keras.callbacks.EarlyStopping(name, mode="min", patience=1, min_delta=1e9)
    history = fit(game((2,)), points, [measure, keep, stop], epochs=5)
    assert len(history[name]) == 2
    best = keras.models.load_model(tmp_path / "best.keras")
    saved = Saved.of(best.generator, None, best.latents, points, {})
    (result,) = Measuring(points, data_dir=tmp_path)(saved, 0)
    assert result.value == pytest.approx(min(history[name]), rel=1e-4)


@pytest.mark.parametrize(
    ("last", "scale", "factor", "shift"),
    [
        ("tanh", None, 127.5, 1.0),
        ("sigmoid", None, 255.0, 0.0),
        (None, None, 127.5, 1.0),
        (None, Scale("uint8", 255.0, 0.0), 255.0, 0.0),
        (None, Scale("float32", 1.0, 0.0), 127.5, 1.0),
        (None, Scale("float32", 255.0, 0.0), 255.0, 0.0),  # of floats of 0 to 255
        (None, Scale("float32", 0.5, 1.0), 127.5, 1.0),  # of 0 to 1
        ("tanh", Scale("float32", 127.5, 1.0), 127.5, 1.0),
    ],
)
def test_pixels_are_those_of_the_last_activation(last, scale, factor, shift):
    digits = datasets.load("digits")
    source = Images("few", digits.values[:64], None, "few")
    measure = MeasureGenerator(source, count=16)
    measure.set_model(game(source.shape, last, scale=scale))
    saved = measure._saved()
    made = saved.network.predict(saved.latents.sample(16, seed=0), verbose=0)
    pixels = np.clip(np.rint((made + shift) * factor), 0, 255)
    assert np.abs(saved.sample(16, seed=0) - pixels).max() <= 1


def test_what_cannot_be_measured_is_refused_before_training(points, tmp_path):
    measure = MeasureGenerator(points, data_dir=tmp_path)
    gan = game((3,))
    with pytest.raises(UsageError, match=r"the generator has samples of 3 .* of 2"):
        fit(gan, np.zeros((32, 3), "float32"), [measure])
    assert gan.iterations == 0
    plain = network((2,), layers.Dense(1))
    plain.compile("adam", "mse")
    with pytest.raises(UsageError, match=r"the generator of a keras_gans\.GAN"):
        plain.fit(points.values, points.values[:, :1], verbose=0, callbacks=[measure])
    with pytest.raises(UsageError, match="unknown metric"):
        MeasureGenerator(points, ["fad"])


def conditional(classes):
    pair = [
        networks.build("conditional", role, (2,), 2, classes=classes, **options)
        for role, options in (
            ("generator", {"last_activation": "linear"}), ("discriminator", {}),
        )
    ]  # fmt: skip
    gan = GAN(*pair)
    gan.compile(optimizer="adam", jit_compile=False)
    return gan


def labelled(points, labels):
    return Points("points", points.values, labels, "points")


def test_a_conditional_generator_is_measured_on_the_classes_of_the_source(points, tmp_path):
    labels = np.arange(64) % 3
    gan, few = conditional(3), labelled(points, labels % 2)
    measure = MeasureGenerator(few, data_dir=tmp_path)
    fit(gan, labelled(points, labels), [measure])
    assert measure._saved().classes == 2


@pytest.mark.parametrize(
    ("labels", "message"),
    [(None, "the source of MeasureGenerator has no labels"), (np.arange(64) % 5, "has 5 classes")],
)
def test_a_source_of_other_classes_is_refused(labels, message, points, tmp_path):
    gan = conditional(3)
    measure = MeasureGenerator(labelled(points, labels), data_dir=tmp_path)
    with pytest.raises(UsageError, match=message):
        fit(gan, labelled(points, np.arange(64) % 3), [measure])
    assert gan.iterations == 0


@pytest.mark.backends
def test_losses_that_are_not_finite_end_training(points):
    gan, stop = game((2,)), TerminateOnNotFinite()
    fit(gan, points, [stop])
    assert gan.iterations == 2
    values = points.values.copy()
    values[40] = np.inf
    with pytest.warns(UserWarning, match="training ends at iteration 5: d_loss, .* not finite"):
        gan.fit(values, batch_size=16, epochs=2, shuffle=False, verbose=0, callbacks=[stop])
    assert gan.iterations == 5

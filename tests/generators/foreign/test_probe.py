"""Running a generator once tells the range of its pixels, and some of its faults."""

import re

import foreign_files
import keras
import numpy as np
import pytest

from keras_gans import generators, parts
from keras_gans.errors import UsageError
from keras_gans.generators.foreign import probe


def latents(text):
    return parts.from_text("latents", text, "--latents")


@pytest.mark.parametrize(
    ("activation", "factor", "expected", "note"),
    [
        ("tanh", 1, [-1, 1], None),
        ("sigmoid", 1, [0, 1], None),
        ("linear", 0.2, [-1, 1], "nothing bounds its values"),
        ("relu", 0.2, [0, 1], "nothing bounds its values"),
        ("softplus", 300, [0, 255], "nothing bounds its values"),
    ],
)
def test_range_follows_from_bounds_or_values(tmp_path, activation, factor, expected, note):
    k = keras.layers
    layers = [k.Dense(64, activation="tanh"), k.Dense(784, use_bias=False)]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([k.Input((6,)), *layers, k.Activation(activation)])
    foreign_files.randomize(model)
    layers[1].kernel.assign(layers[1].kernel * factor)
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    saved = generators.load(tmp_path / "g.h5")
    assert saved.origin["output_range"] == expected
    low, high = expected
    assert saved.scale.divisor == 255 / (high - low) and saved.scale.shift == -low
    assert [text[: len(note or "")] for text in saved.notes] == ([note] if note else [])


def test_pixels_of_0_to_1_from_a_tanh_are_noticed(simple):
    k = keras.layers
    saved, _ = simple(k.Dense(784, activation="relu"), k.Activation("tanh"))
    assert saved.origin["output_range"] == [0, 1]
    assert "hardly any below 0" in saved.notes[0] and "--range" in saved.notes[0]


@pytest.mark.parametrize(
    ("mean", "deviation", "expected"),
    [
        (0.6, 0.25, [0, 1]),  # 1 % below 0, none below -0.5: pixels of 0 to 1
        (0.5, 0.6, [-1, 1]),  # bright pixels of -1 to 1
        (0.0, 0.02, [-1, 1]),  # hardly trained
        (-1.0, 1.0, [-1, 1]),
    ],
)
def test_pixels_of_0_to_1_without_black_are_noticed(tmp_path, mean, deviation, expected):
    k = keras.layers
    layer = k.Dense(784, activation="tanh")
    model = keras.Sequential([k.Input((50,)), layer])
    random = np.random.default_rng(0)
    layer.kernel.assign(random.normal(0, deviation / 50**0.5, (50, 784)))
    layer.bias.assign(np.full(784, mean))
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    saved = generators.load(tmp_path / "g.h5")
    assert saved.origin["output_range"] == expected
    notes = [note for note in saved.notes if "hardly any below 0" in note]
    assert len(notes) == (expected == [0, 1])


def test_range_that_the_user_gives_counts(simple, outputs_of):
    saved, model = simple(keras.layers.Dense(784, activation="tanh"), output_range=(-2.0, 2.0))
    assert saved.origin["output_range"] == [-2.0, 2.0]
    given = saved.latents.sample(3)
    expected = np.rint((outputs_of(model, [given]) + 2) / 4 * 255).reshape(3, 28, 28, 1)
    np.testing.assert_allclose(saved.make(given).astype(int), expected, atol=1)


@pytest.mark.parametrize("output_range", [None, (0.0, 1.0), (0.0, 255.0), (-0.3, 0.9)])
def test_pixels_are_rounded_after_a_map_to_minus_1_to_1(simple, output_range):
    saved, _ = simple(keras.layers.Dense(784, activation="tanh"), output_range=output_range)
    low, high = output_range or (-1.0, 1.0)
    given = saved.latents.sample(500, 3)
    outputs = saved.network.predict(given, batch_size=500, verbose=0)
    unit = (outputs - low) * (2 / (high - low)) - 1
    expected = np.rint((np.clip(unit, -1, 1) + 1) * 127.5).astype("uint8")
    np.testing.assert_array_equal(saved.make(given).reshape(500, -1), expected)


@pytest.mark.parametrize("pixels", [0, 1, 7])
def test_collapsed_generator_is_noticed_whatever_a_few_pixels_do(tmp_path, pixels):
    k = keras.layers
    layer = k.Dense(784, activation="tanh")
    model = foreign_files.randomize(keras.Sequential([k.Input((6,)), layer]))
    layer.kernel.assign(layer.kernel * (np.arange(784) < pixels) * 20)
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    assert "has collapsed" in generators.load(tmp_path / "g.h5").notes[0]


def test_sparse_images_that_differ_are_no_collapse(tmp_path):
    k = keras.layers
    layer = k.Dense(784, activation="sigmoid", bias_initializer=keras.initializers.Constant(-9.0))
    model = keras.Sequential([k.Input((6,)), layer])
    kernel = np.random.default_rng(0).normal(size=(6, 784)) * (np.arange(784) % 20 == 0)
    layer.kernel.assign(9 * kernel)
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    assert not generators.load(tmp_path / "g.h5").notes


def test_output_that_is_not_finite_is_refused(simple):
    k = keras.layers
    with pytest.raises(UsageError, match="not finite"):
        simple(k.Rescaling(1e6), k.Dense(784, activation="exponential"))


def dense():
    k = keras.layers
    layers = k.Dense(50), k.BatchNormalization(), k.LeakyReLU(), k.Dense(784, activation="tanh")
    return keras.Sequential([k.Input((100,)), *layers])


def after_relu():
    k = keras.layers
    layers = k.Dense(50, activation="relu"), k.BatchNormalization(), k.Dense(784, activation="tanh")
    return keras.Sequential([k.Input((100,)), *layers])


def deconvolution():
    k = keras.layers
    return keras.Sequential(
        [
            k.Input((100,)), k.Dense(4 * 4 * 8), k.Reshape((4, 4, 8)),
            k.Conv2DTranspose(16, 3, strides=2, padding="same"), k.BatchNormalization(), k.ReLU(),
            k.Conv2DTranspose(1, 3, strides=2, padding="same", activation="tanh"),
        ]
    )  # fmt: skip


@pytest.fixture(params=[dense, after_relu, deconvolution])
def notes_with(request, tmp_path):
    """Function: notes on a file whose moving statistics are those of latents."""

    def notes(drawn, **options):
        keras.utils.set_random_seed(3)
        model = foreign_files.settle(request.param(), drawn)
        foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
        found = generators.load(tmp_path / "g.h5", **options).notes
        return [note for note in found if "batch normalization" in note]

    return notes


NORMAL = np.random.default_rng(5).normal(size=(2000, 100))
UNIFORM = np.random.default_rng(5).uniform(size=(2000, 100))


@pytest.mark.parametrize("count", [2000, 100])
def test_statistics_of_standard_normal_latents_get_no_note(notes_with, count):
    assert not notes_with(NORMAL[:count])


@pytest.mark.parametrize(
    ("drawn", "best"),
    [
        (UNIFORM, "--latents uniform:0,1 fits better"),
        (2 * UNIFORM - 1, "--latents uniform fits better"),
        (NORMAL - 1, "--latents normal:-1,1 fits better"),
        (0.3 * NORMAL, "--latents"),
        (30 * NORMAL, "give --latents"),
    ],
    ids=["0 to 1", "-1 to 1", "mean -1", "x 0.3", "x 30"],
)
def test_latents_that_the_statistics_do_not_fit_are_noticed(notes_with, drawn, best):
    (note,) = notes_with(drawn)
    assert "was trained on other values" in note and best in note
    # The user chose the latents: no note.
    assert not notes_with(drawn, latents=latents("normal"))


def test_statistics_before_any_training_get_no_note(tmp_path):
    foreign_files.save(dense(), tmp_path / "g.h5", "2.8.0")
    assert not generators.load(tmp_path / "g.h5").notes


def test_the_divergence_is_that_of_normal_distributions(tmp_path):
    """KL(N(0, 1) || N(m, v)) = (log v + (1 + m^2) / v - 1) / 2, for values that are the latents."""
    k = keras.layers
    norm = k.BatchNormalization(epsilon=0)
    model = keras.Sequential([k.Input((100,)), norm, k.Dense(784, activation="tanh")])
    norm.moving_mean.assign(np.full(100, 0.5))
    norm.moving_variance.assign(np.full(100, 2.0))
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    (note,) = generators.load(tmp_path / "g.h5").notes
    expected = (np.log(2) + (1 + 0.25) / 2 - 1) / 2
    found = float(re.search(r"divergence ([\d.]+)", note)[1])
    assert found == pytest.approx(expected, abs=0.02)


def test_latents_are_those_of_the_part(simple):
    saved, _ = simple(keras.layers.Dense(784, activation="tanh"), latents=latents("uniform:0,2"))
    assert saved.latents.plain == {"name": "uniform", "size": 6, "low": 0.0, "high": 2.0}
    drawn = saved.latents.sample(1000)
    assert drawn.min() >= 0 and 1.9 < drawn.max() <= 2


@pytest.mark.parametrize("text", ["normal:0,1e9", "uniform:-inf,0", "uniform:nan,0", "uniform:1,0"])
def test_latents_out_of_range_are_refused(text):
    with pytest.raises(UsageError):
        probe.latents_of(latents(text), 4)


def test_names_of_other_latents_are_those_of_the_command_line():
    for text, part in probe.OTHERS.items():
        expected = probe.latents_of(latents(text), 3)
        assert expected.plain == probe.distributions.get(part, 3).plain

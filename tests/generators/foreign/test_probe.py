"""Running a generator once tells the range of its pixels, and some of its faults."""

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


def test_collapsed_generator_is_noticed(tmp_path):
    k = keras.layers
    layer = k.Dense(784, activation="tanh")
    model = foreign_files.randomize(keras.Sequential([k.Input((6,)), layer]))
    layer.kernel.assign(layer.kernel * 0)
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    assert "has collapsed" in generators.load(tmp_path / "g.h5").notes[0]


def test_output_that_is_not_finite_is_refused(simple):
    k = keras.layers
    with pytest.raises(UsageError, match="not finite"):
        simple(k.Rescaling(1e6), k.Dense(784, activation="exponential"))


def test_latents_that_the_statistics_do_not_fit_are_noticed(tmp_path):
    k = keras.layers
    dense, norm = k.Dense(50, use_bias=False), k.BatchNormalization()
    model = foreign_files.randomize(
        keras.Sequential([k.Input((6,)), dense, norm, k.Dense(784, activation="tanh")])
    )
    # Statistics of latents that are 30 times as large.
    drawn = probe.latents_of(None, 6).sample(5000, 5)
    values = drawn @ keras.ops.convert_to_numpy(dense.kernel) * 30
    norm.moving_mean.assign(values.mean(axis=0))
    norm.moving_variance.assign(values.var(axis=0))
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    (note,) = generators.load(tmp_path / "g.h5").notes
    assert "it may have been trained with other latents" in note
    # The user chose the latents: no note.
    assert not generators.load(tmp_path / "g.h5", latents=latents("normal")).notes
    norm.moving_variance.assign(values.var(axis=0) / 900)
    norm.moving_mean.assign(values.mean(axis=0) / 30)
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    assert not generators.load(tmp_path / "g.h5").notes


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

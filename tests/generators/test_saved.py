"""Saved: values, labels and latents of a generator, whatever it comes from."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from keras_gans import networks, parts
from keras_gans.datasets.sources import PIXELS, PLAIN, Images, Points, Scale
from keras_gans.errors import UsageError
from keras_gans.generators import Input, Saved, interpolate, round_trip
from keras_gans.latents import Normal

SHAPE = (8, 8, 1)


class Echo:
    """A network whose output is one of its inputs, in place of a `keras.Model`."""

    def __init__(self, *dtypes, output=0):
        self.inputs = [keras.KerasTensor((None, 3), dtype) for dtype in dtypes]
        self.output, self.calls = output, []

    def predict_on_batch(self, given):
        self.calls.append(len(given[0]) if isinstance(given, list) else len(given))
        return given[self.output] if isinstance(given, list) else given


def echo(outputs, scale, shape=None):
    """What a generator makes of the outputs of its network."""
    outputs = np.asarray(outputs, "float32")
    size = int(np.prod(outputs.shape[1:]))
    saved = Saved(
        Echo("float32"), Normal(size), shape or outputs.shape[1:], scale,
        inputs=(Input("latents", outputs.shape[1:]),),
    )  # fmt: skip
    return saved.make(outputs.reshape(len(outputs), -1))


# --- values -----------------------------------------------------------------------------------


def test_values_are_pixels_whatever_the_batch_size(saved):
    latents = saved.latents.sample(61)
    images = saved.make(latents)
    assert (images.shape, images.dtype) == ((61, *SHAPE), np.uint8)
    outputs = saved.network.predict(latents, verbose=0)
    np.testing.assert_array_equal(images, PIXELS.to_values(outputs))
    np.testing.assert_allclose(
        replace(saved, batch_size=4).make(latents).astype(int), images, atol=1
    )


def test_many_values_are_made_in_pieces():
    network = Echo("float32")
    saved = Saved(network, Normal(3), (3,), PLAIN, inputs=(Input("latents", (3,)),), batch_size=2)
    latents = Normal(3).sample(45)
    np.testing.assert_array_equal(saved.make(latents), latents)
    assert network.calls == [2] * 22 + [1]
    assert saved.make(latents[:0]).shape == (0, 3)


def test_sample_is_a_function_of_the_seed(saved):
    np.testing.assert_array_equal(saved.sample(7, 3), saved.make(saved.latents.sample(7, 3)))
    np.testing.assert_array_equal(
        saved.sample(7, [3, 1]), saved.make(saved.latents.sample(7, [3, 1]))
    )
    assert not np.array_equal(saved.sample(7, 3), saved.sample(7, [3, 1]))


@pytest.mark.parametrize("low, high", [(-1, 1), (0, 1), (0, 255), (-2.5, 0.75), (3, 4)])
def test_pixels_of_a_range_are_rounded_in_one_way(random, low, high):
    """Black and white are the ends of the range; ties are rounded as after a map to [-1, 1]."""
    outputs = random.uniform(low - 0.2, high + 0.2, (4, 64, 64, 3)).astype("float32")
    found = echo(outputs, Scale("uint8", 255 / (high - low), -low))
    unit = (outputs - low) * (2 / (high - low)) - 1
    expected = np.rint((np.clip(unit, -1, 1) + 1) * 127.5).astype("uint8")
    np.testing.assert_array_equal(found, expected)
    assert found.min() == 0 and found.max() == 255


def test_standardized_pixels_come_back_and_are_clipped(random):
    source = Images("a", random.integers(20, 90, (16, 4, 4, 1), np.uint8), None, "a")
    scale = source.standardized().scale
    np.testing.assert_array_equal(echo(scale.to_network(source.values), scale), source.values)
    assert echo([[[[-99.0]], [[99.0]]]], scale).ravel().tolist() == [0, 255]


def test_points_are_numbers(random):
    outputs = random.normal(size=(9, 2))
    found = echo(outputs, PLAIN)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, outputs.astype("float32"))
    np.testing.assert_allclose(echo(outputs, Scale("float32", 2.0, 1.0)), 2 * (outputs + 1), 1e-5)


@pytest.mark.parametrize("scale", [PIXELS, PLAIN, Scale("uint8", 255.0, 0.0)])
def test_nan_is_refused(scale):
    with pytest.raises(UsageError, match="NaN"):
        echo([[[[0.5]], [[np.nan]]]], scale)


def test_layouts_of_the_output(random):
    outputs = random.uniform(-1, 1, (2, 3, 8, 9)).astype("float32")
    last = np.moveaxis(outputs, 1, -1)
    expected = PIXELS.to_values(last)
    saved = Saved(Echo("float32"), Normal(216), (8, 9, 3), PIXELS)
    first = replace(saved, inputs=(Input("latents", (3, 8, 9)),), layout="first")
    np.testing.assert_array_equal(first.make(outputs.reshape(2, -1)), expected)
    flat = replace(saved, inputs=(Input("latents", (216,)),), layout="flat")
    np.testing.assert_array_equal(flat.make(last.reshape(2, -1)), expected)
    grey = np.concatenate([last[..., :1], np.ones((2, 8, 9, 3), "float32")], -1)
    alpha = replace(saved, inputs=(Input("latents", (8, 9, 4)),), shape=(8, 9, 1))
    alpha = replace(alpha, latents=Normal(288))
    np.testing.assert_array_equal(alpha.make(grey.reshape(2, -1)), expected[..., :1])


def linear(shape, activation=None):
    dense = keras.layers.Dense(int(np.prod(shape)), activation, bias_initializer="ones")
    return keras.Sequential([keras.Input((4,)), dense, keras.layers.Reshape(shape)])


@pytest.mark.parametrize(
    ("outputs", "layout", "shape"),
    [
        ((8, 9, 3), "last", (8, 9, 3)),
        ((3, 8, 9), "first", (8, 9, 3)),
        ((8, 9, 4), "last", (8, 9, 1)),
    ],
)
def test_directions_span_the_samples_of_a_linear_generator(outputs, layout, shape, random):
    saved = Saved(linear(outputs), Normal(4), shape, PLAIN, layout=layout)
    saved = replace(saved, inputs=(Input("latents", (4,)),))
    latents = random.standard_normal((5, 4)).astype("float32")
    spanned = (latents @ saved.directions).reshape(5, *shape)
    np.testing.assert_allclose(saved.make(latents), 1 + spanned, rtol=1e-4, atol=1e-5)


def test_other_generators_have_no_directions(saved):
    assert saved.directions is None
    assert replace(saved, network=linear((8, 8, 1), "tanh")).directions is None


def test_latents_of_another_size_are_refused(saved):
    with pytest.raises(UsageError, match=r"latents \(n, 4\)"):
        saved.make(np.zeros((3, 5), "float32"))


# --- labels -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conditional():
    """A generator of 3 classes whose images show nothing but the label."""
    latents, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    grey = keras.ops.cast(labels, "float32") / 2 + 0 * latents[:, 0]
    image = keras.layers.UpSampling2D(8)(keras.ops.reshape(grey, (-1, 1, 1, 1)))
    network = keras.Model([latents, labels], image)
    values = np.zeros((6, *SHAPE), "uint8")
    source = Images("grey", values, np.array([0, 1, 2, 0, 1, 2]), "grey")
    part = parts.Part("networks", "conditional", {})
    return Saved.of(network, part, Normal(4), source, {})


def test_conditional_generator_of_a_run(conditional):
    assert conditional.classes == 3
    assert conditional.inputs == (Input("latents", (4,)), Input("labels", (), 3))


def test_without_labels_classes_come_in_turns(conditional):
    images = conditional.sample(7)
    # 0, 0.5 and 1 in [-1, 1]
    assert images[:, 0, 0, 0].tolist() == [128, 191, 255, 128, 191, 255, 128]
    assert conditional.turns_of_labels(4).tolist() == [0, 1, 2, 0]


def test_labels_are_those_asked_for(conditional):
    assert conditional.sample(3, labels=[2, 2, 0])[:, 0, 0, 0].tolist() == [255, 255, 128]
    np.testing.assert_array_equal(
        conditional.make(np.zeros((1200, 4), "float32"), np.arange(1200) % 3),
        conditional.make(np.zeros((1200, 4), "float32")),
    )


@pytest.mark.parametrize(
    ("labels", "message"), [([3], "0 to 2"), ([-1], "0 to 2"), ([0, 1], "need 1 labels")]
)
def test_labels_that_do_not_fit(conditional, labels, message):
    with pytest.raises(UsageError, match=message):
        conditional.sample(1, labels=labels)


def test_generator_without_classes_takes_no_labels(saved):
    assert saved.turns_of_labels(5) is None
    with pytest.raises(UsageError, match="takes no labels"):
        saved.sample(7, 3, labels=[1] * 7)


def test_one_hot_labels_and_divided_latents():
    network = Echo("float32", "float32", "float32", output=1)
    inputs = (Input("latents", (2, 1)), Input("one-hot", (3,), 3), Input("latents", (4,)))
    saved = Saved(network, Normal(6), (3,), PLAIN, 3, inputs)
    np.testing.assert_array_equal(saved.sample(3, labels=[2, 0, 1]), np.eye(3)[[2, 0, 1]])
    latents = np.arange(12, dtype="float32").reshape(2, 6)
    first, _, last = saved.arrays(latents, np.array([0, 1]))
    assert first.tolist() == [[[0], [1]], [[6], [7]]]
    assert last.tolist() == [[2, 3, 4, 5], [8, 9, 10, 11]]


def test_labels_have_the_type_of_their_input():
    network = Echo("float32", "int32", "float32")
    inputs = (Input("latents", (1,)), Input("labels", (), 5), Input("labels", (1,), 2))
    saved = Saved(network, Normal(1), (1,), PLAIN, 5, inputs)
    _, labels, others = saved.arrays(np.zeros((3, 1)), np.array([0, 3, 4]))
    assert (labels.dtype, labels.tolist()) == (np.int32, [0, 3, 4])
    assert (others.dtype, others.tolist()) == (np.float32, [[0], [1], [0]])


# --- a run's generator ------------------------------------------------------------------------


def test_generator_of_a_run_takes_shape_and_scale_of_its_data():
    part = parts.check("networks", "points", "generator", "generator")
    network = networks.build(part, "generator", (2,), 4)
    labels = np.array([0, 1, 2])
    source = Points("ring", np.zeros((3, 2), "float32"), labels, "ring", PLAIN)
    saved = Saved.of(network, part, Normal(4), source, {"seed": 1})
    assert (saved.shape, saved.scale, saved.classes) == ((2,), PLAIN, None)
    assert (saved.part, saved.origin, saved.inputs) == (
        part,
        {"seed": 1},
        (Input("latents", (4,)),),
    )
    assert saved.sample(5).shape == (5, 2)


# --- interpolation ----------------------------------------------------------------------------


@pytest.mark.parametrize("spherical", [False, True])
@pytest.mark.parametrize("steps", [2, 3, 9])
def test_interpolation_includes_both_ends(steps, spherical):
    start, end = Normal(10).sample(2, 1)
    points = interpolate(start, end, steps, spherical)
    assert (points.shape, points.dtype) == ((steps, 10), np.float32)
    np.testing.assert_array_equal(points[0], start)
    np.testing.assert_array_equal(points[-1], end)


def test_line_has_equal_steps():
    start, end = Normal(10).sample(2, 1)
    steps = np.diff(interpolate(start, end, 7), axis=0)
    np.testing.assert_allclose(steps, np.tile((end - start) / 6, (6, 1)), atol=1e-6)


def test_arc_between_ends_of_equal_length_keeps_it_and_turns_by_equal_angles():
    start, end = Normal(10).sample(2, 1).astype("float64")
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    points = interpolate(start, end, 7, spherical=True)
    lengths = np.linalg.norm(points, axis=1)
    np.testing.assert_allclose(lengths, np.linalg.norm(start), rtol=1e-6)
    cosines = np.sum(points[1:] * points[:-1], axis=1) / lengths[1:] / lengths[:-1]
    whole = np.arccos(start @ end / np.linalg.norm(start) ** 2)
    np.testing.assert_allclose(np.arccos(cosines), whole / 6, rtol=1e-3)


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, 0.0])
def test_arc_between_parallel_ends_is_the_line(factor):
    start = Normal(10).sample(1, 1)[0]
    line = interpolate(start, factor * start, 5)
    with np.errstate(all="raise"):
        arc = interpolate(start, factor * start, 5, spherical=True)
    np.testing.assert_array_equal(arc, line)
    assert np.isfinite(arc).all()


@pytest.mark.parametrize("spherical", [False, True])
@pytest.mark.parametrize("steps", [1, 5])
def test_a_round_trip_passes_each_latent_once_and_closes(spherical, steps):
    latents = np.random.default_rng(0).normal(size=(4, 20)).astype("float32")
    points = round_trip(latents, steps, spherical)
    assert points.shape == (4 * steps, 20) and points.dtype == np.float32
    np.testing.assert_allclose(points[::steps], latents, atol=1e-6)
    closed = np.vstack([points, points[:1]])
    for start in range(0, 4 * steps, steps):
        way = interpolate(closed[start], closed[start + steps], steps + 1, spherical)
        np.testing.assert_allclose(closed[start : start + steps + 1], way, atol=1e-6)

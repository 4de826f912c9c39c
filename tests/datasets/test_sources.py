"""Scales, and the checks of images, labels and points."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from keras_gans.datasets.sources import PIXELS, PLAIN, Images, Points, Scale, Source
from keras_gans.errors import UsageError

EVERY_PIXEL = np.arange(256, dtype=np.uint8)


@pytest.fixture
def colours(rng):
    return rng.integers(0, 256, (5, 6, 4, 3), np.uint8)


# scales


def test_scale_is_exact_on_every_pixel_value():
    unit = PIXELS.to_network(EVERY_PIXEL)
    assert unit.dtype == np.float32 and unit[0] == -1 and unit[255] == 1
    assert np.array_equal(unit, (np.float32(1) * EVERY_PIXEL / np.float32(127.5)) - np.float32(1))
    assert np.array_equal(PIXELS.to_values(unit), EVERY_PIXEL)


@pytest.mark.backends
@pytest.mark.parametrize("scale", [PIXELS, Scale("uint8", 255.0, 0.0)])
def test_tensors_are_scaled_as_arrays_are(scale):
    network = scale.to_network(ops.convert_to_tensor(EVERY_PIXEL))
    assert not isinstance(network, np.ndarray)
    assert keras.backend.standardize_dtype(network.dtype) == "float32"
    network = ops.convert_to_numpy(network)
    assert np.allclose(network, scale.to_network(EVERY_PIXEL), rtol=0, atol=2e-7)
    expected = ops.cast(ops.convert_to_tensor(EVERY_PIXEL), "float32") / scale.divisor - scale.shift
    assert np.array_equal(network, ops.convert_to_numpy(expected))  # to the last bit
    assert np.array_equal(scale.to_values(network), EVERY_PIXEL)


def test_tensors_inside_a_compiled_step():
    tf = pytest.importorskip("tensorflow")
    if keras.config.backend() != "tensorflow":
        pytest.skip("a step of TensorFlow")
    found, expected = (
        tf.function(function)(tf.constant(EVERY_PIXEL)).numpy()
        for function in (PIXELS.to_network, lambda x: ops.cast(x, "float32") / 127.5 - 1.0)
    )
    assert np.array_equal(found, expected)  # TensorFlow may multiply by the inverse
    assert np.allclose(found, PIXELS.to_network(EVERY_PIXEL), rtol=0, atol=2e-7)


@pytest.mark.parametrize("low_high", [(-1, 1), (0, 1), (-0.5, 0.5), (0, 255)])
def test_pixels_come_back_through_every_range(low_high):
    low, high = low_high
    scale = Scale("uint8", 255 / (high - low), float(-low))
    network = scale.to_network(EVERY_PIXEL)
    assert np.allclose([network[0], network[255]], [low, high])
    assert np.array_equal(scale.to_values(network), EVERY_PIXEL)
    assert np.array_equal(scale.to_values(np.array([low - 9.0, high + 9.0])), [0, 255])


@given(st.floats(width=32, allow_nan=False))
def test_pixels_are_rounded_and_clipped(value):
    pixel = int(PIXELS.to_values(np.float32(value)))
    assert abs(pixel - min(max((value + 1) * 127.5, 0), 255)) <= 0.5001


def test_standardized_data_have_mean_0_and_std_1_and_come_back(rng):
    images = Images("a", rng.integers(20, 90, (2100, 5, 5, 1), np.uint8), None, "a")
    points = Points("p", rng.normal(7, 3, (2100, 2)), np.arange(2100) % 3, "p", std=0.5)
    for source in (images, points):
        new = source.standardized()
        assert type(new) is type(source) and new.fingerprint == source.fingerprint
        network = new.scale.to_network(new.values)
        assert network.mean(dtype="float64") == pytest.approx(0, abs=1e-6)
        assert network.std(dtype="float64") == pytest.approx(1, abs=1e-6)
        assert np.allclose(new.scale.to_values(network), source.values, atol=1e-5)
        assert Scale(**new.scale.plain) == new.scale
    assert points.standardized().classes == 3 and points.standardized().std == 0.5
    assert np.array_equal(images.standardized().scale.to_values(
        images.standardized().scale.to_network(EVERY_PIXEL)), EVERY_PIXEL)  # fmt: skip


def test_equal_values_cannot_be_standardized():
    with pytest.raises(UsageError, match="all values are 7"):
        Points("p", np.full((5, 2), 7), None, "p").standardized()


def test_plain_numbers_stay_as_they_are(rng):
    values = rng.standard_normal((5, 2)).astype(np.float32)
    assert np.array_equal(PLAIN.to_network(values), values)
    assert np.array_equal(PLAIN.to_values(values), values)
    assert PLAIN.to_network(values.astype(np.float64)).dtype == np.float32


def test_floats_are_scaled_back(rng):
    scale = Scale("float32", 4.0, 0.5)
    values = rng.standard_normal((5, 2)).astype(np.float32)
    assert np.array_equal(scale.to_network(values), values / 4 - np.float32(0.5))
    assert np.allclose(scale.to_values(scale.to_network(values)), values, atol=1e-6)


@pytest.mark.parametrize("scale", [PIXELS, PLAIN])
def test_scaling_leaves_its_argument_alone(scale):
    unit = np.linspace(-1, 1, 7, dtype=np.float32)
    kept = unit.copy()
    scale.to_values(unit)
    assert np.array_equal(unit, kept)


@pytest.mark.parametrize(("scale", "bad"), [(PIXELS, np.nan), (PLAIN, np.nan), (PLAIN, -np.inf)])
def test_outputs_of_a_diverged_network_are_refused(scale, bad):
    with pytest.raises(UsageError, match=r"NaN or infinity: the network .*has diverged"):
        scale.to_values(np.array([0, bad]))


def test_scaling_twice_is_refused():
    once = PIXELS.to_network(np.zeros(3, np.uint8))
    for values in (once, ops.convert_to_tensor(once)):
        with pytest.raises(UsageError, match="takes uint8 values, not float32"):
            PIXELS.to_network(values)


def test_a_scale_is_plain_values():
    assert PIXELS.plain == {"dtype": "uint8", "divisor": 127.5, "shift": 1.0}
    assert Scale(**PIXELS.plain) == PIXELS != PLAIN


@pytest.mark.parametrize(
    "arguments",
    [
        ("int32", 1.0, 0.0),
        (["uint8"], 1.0, 0.0),
        ("uint8", 0.0, 0.0),
        ("uint8", -1.0, 0.0),
        ("uint8", float("nan"), 0.0),
        ("uint8", 1.0, float("inf")),
        ("uint8", "1", 0.0),
        ("uint8", True, 0.0),
    ],
)
def test_scales_that_are_none(arguments):
    with pytest.raises(UsageError, match="no scale"):
        Scale(*arguments)


# images


def test_images_are_read_only(colours):
    data = Images("own", colours, None, "memory")
    assert len(data) == 5 and data.shape == (6, 4, 3) and data.scale == PIXELS
    with pytest.raises(ValueError, match="read-only"):
        data.values[0] = 0


@pytest.mark.parametrize("of", [lambda x: x, lambda x: x[:3], lambda x: x[..., 0], lambda x: x.T.T])
def test_what_becomes_of_an_array_does_not_change_the_data(colours, of):
    """Nor of one that is read-only, but a view of another that is not."""
    for array in (of(colours), of(colours).view()):
        array.flags.writeable = array.base is None
        data = Images("own", array, None, "memory")
        before, fingerprint = data.values.copy(), data.fingerprint
        colours ^= 1  # still the caller's own
        assert np.array_equal(data.values, before)
        assert Images("own", data.values, None, "memory").fingerprint == fingerprint
        assert Images("own", array, None, "memory").fingerprint != fingerprint


def test_an_array_that_nobody_can_write_to_is_not_copied(colours):
    colours.flags.writeable = False
    data = Images("own", colours[1:], None, "memory")
    for source in (data, data.standardized()):
        assert np.shares_memory(source.values, colours)


def test_points_and_their_centers_are_the_callers_no_longer():
    points, centers = np.ones((4, 2), np.float32), np.zeros((3, 2), np.float32)
    data = Points("own", points, None, "memory", centers=centers, std=0.1)
    points[:], centers[:] = 7, 7
    assert (data.values == 1).all() and (data.centers == 0).all()


def test_the_fingerprint_is_of_the_content(colours):
    first = Images("a", colours, None, "here").fingerprint
    assert first == Images("b", np.asfortranarray(colours), np.arange(5), "there").fingerprint
    assert len(first) == 64
    other = colours.copy()
    other[4, 5, 3, 2] ^= 1
    assert first != Images("a", other, None, "here").fingerprint
    assert first != Images("a", colours[::-1], None, "here").fingerprint
    assert first != Images("a", colours.reshape(5, 4, 6, 3), None, "here").fingerprint


def test_the_fingerprint_of_known_pixels_stays():
    """Results name data by it, so its definition must not change."""
    data = Images("a", np.arange(12, dtype=np.uint8).reshape(1, 3, 4), None, "")
    assert data.fingerprint.startswith("fc8e51bff4e5056d")


def test_images_are_equal_only_to_themselves(colours):
    one, two = (Images("a", colours, None, "") for _ in range(2))
    assert one == one and one != two and len({one, two}) == 2


def test_floats_of_a_tanh_become_pixels():
    unit = PIXELS.to_network(EVERY_PIXEL).reshape(1, 16, 16)
    for images in (unit, unit * np.float32(1 + 1e-6)):  # rounding past the ends
        data = Images("own", images, None, "own.npz")
        assert np.array_equal(data.values.ravel(), EVERY_PIXEL)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda x: x / 255,
            r"float64 from 0 to .*, which looks like \[0, 1\].*; save them as uint8",
        ),
        (lambda x: x / 255 - 1e-7, r"float64 from -1e-07 to .*, which looks like \[0, 1\]"),
        (lambda x: x / 255 - 0.5, r"which looks like .*\[-0.5, 0.5\]; save them as uint8"),
        (lambda x: x - 0.5, "float64 from -0.5 to .*; save them as uint8"),
        (lambda x: x / 127.5 - 1.01, "float64 from -1.01 to .*; save them as uint8"),
        (lambda x: np.full_like(x, 0.5, float) * np.nan, "float64 from nan"),
        (lambda x: x.astype(np.int64), "int64; save them as uint8"),
        (lambda x: x % 2, "the pixels are all 0, 1 or 255"),
        (lambda x: x[0, 0], r"shape \(4, 3\)"),
        (lambda x: x[:0], "no images"),
        (lambda x: x[:, :0], "no images"),
        (lambda x: x[..., :2], "2 channels"),
        (lambda x: x.transpose(0, 3, 1, 2), "4 channels .* as the last axis"),
    ],
)
def test_images_that_are_none(colours, change, says):
    colours[0, 0, 0, 0] = 0
    colours[0, 0, 0, 1] = 255
    with pytest.raises(UsageError, match=says):
        Images("own", change(colours), None, "own.npz")


def one_other(images, value):
    images.flat[1234] = value
    return images


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (lambda x: one_other(x / 255, -1e-7), r"looks like \[0, 1\]"),
        (lambda x: one_other(x / 255, -0.9), r"looks like \[0, 1\]"),
        (lambda x: one_other(x / 255 - 0.5, -0.6), r"\[-0.5, 0.5\]"),
        (lambda x: one_other(x // 128, 7), "nearly all 0, 1 or 255"),
        (lambda x: one_other(x // 16, 255), "nearly all 0 to 16"),
        (lambda x: one_other(x // 16, 0), "all 0 to 16"),
    ],
)
def test_one_value_hides_no_wrong_scale(rng, images, says):
    digits = rng.integers(0, 256, (40, 28, 28)).astype(np.uint8)
    with pytest.raises(UsageError, match=says):
        Images("own", images(digits), None, "own.npz")


def test_unusual_pixels_of_the_right_scale_are_taken(rng):
    sparse = np.zeros((40, 28, 28), np.uint8)
    sparse[:, 3, 4] = 200
    dark = rng.integers(0, 12, (40, 28, 28)).astype(np.uint8)
    dark[:, 5, ::9] = 255
    drawings = rng.choice(np.array([0, 255], np.uint8), (40, 28, 28))
    drawings.flat[:100] = rng.integers(0, 256, 100)
    unit = PIXELS.to_network(dark.clip(0, 12))
    for images in (sparse, dark, drawings, dark.clip(0, 7), unit, np.zeros_like(dark)):
        assert len(Images("own", images, None, "own.npz")) == 40


@pytest.mark.parametrize("labels", [np.arange(4), np.zeros(5), np.zeros((5, 2), int)])
def test_labels_that_are_none(colours, labels):
    with pytest.raises(UsageError, match="save one integer for each of the 5 samples"):
        Images("own", colours, labels, "own.npz")


def test_labels_below_zero(colours):
    with pytest.raises(UsageError, match="lowest label is -1; number the classes from 0"):
        Images("own", colours, np.arange(5) - 1, "own.npz")


def test_labels_of_one_column(colours):
    given = np.array([[0], [7], [2], [3], [4]], np.uint8)
    data = Images("own", colours, given, "")
    assert data.labels.dtype == np.int64 and data.labels.tolist() == [0, 7, 2, 3, 4]
    assert data.classes == 8
    with pytest.raises(ValueError, match="read-only"):
        data.labels[0] = 1
    assert Images("own", colours, None, "").classes is None


# points


def test_points_are_float32(rng):
    points, labels = rng.standard_normal((6, 2)), np.arange(6) % 3
    data = Points("own", points, labels, "memory", centers=[[0, 1], [1, 0], [1, 1]], std=0.1)
    assert np.array_equal(data.values, points.astype(np.float32))
    assert (len(data), data.shape, data.classes, data.scale) == (6, (2,), 3, PLAIN)
    assert data.centers.dtype == np.float32 and data.centers.shape == (3, 2) and data.std == 0.1
    for array in (data.values, data.centers):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    points[0] = 0
    assert data.fingerprint != Points("own", points, labels, "memory").fingerprint


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"values": np.zeros(4)}, r"give numbers \(n, d\)"),
        ({"values": np.zeros((4, 0))}, r"give numbers \(n, d\)"),
        ({"values": np.zeros((4, 2), complex)}, r"give numbers \(n, d\)"),
        ({"values": np.array([["a", "b"]])}, r"give numbers \(n, d\)"),
        ({"values": np.full((4, 2), np.nan)}, "NaN or infinity"),
        ({"values": np.full((4, 2), 1e300)}, "NaN or infinity"),
        ({"labels": np.arange(3)}, "one integer for each of the 4"),
        ({"centers": np.zeros((8, 3))}, "centers of 3 numbers and points of 2"),
        ({"centers": np.zeros(8)}, r"centers: .*give numbers \(n, d\)"),
        ({"std": 0.0}, "give a positive number"),
        ({"std": float("nan")}, "give a positive number"),
    ],
)
def test_points_that_are_none(arguments, says):
    with pytest.raises(UsageError, match=says):
        Points(**{"name": "own", "values": np.zeros((4, 2)), "labels": None, "source": "own.npz",
                  **arguments})  # fmt: skip


def test_a_source_has_the_dtype_of_its_scale():
    scale = Scale("uint8", 255.0, 0.0)
    data = Source("own", np.zeros((4, 3), np.uint8), None, "memory", scale)
    assert data.scale == scale and data.shape == (3,)
    for values in (np.zeros((4, 3)), np.zeros((0, 3), np.uint8), np.zeros(4, np.uint8)):
        with pytest.raises(UsageError, match=r"give uint8 \(n, \.\.\.\) with at least one"):
            Source("own", values, None, "memory", scale)

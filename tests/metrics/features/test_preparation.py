"""The conventions by which images are resized and scaled, against their definitions."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import ops
from scipy import ndimage

from keras_gans.errors import UsageError
from keras_gans.metrics.features import preparation

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (3, 40, 40, 3)).astype(np.uint8)


@pytest.mark.backends
def test_the_conventions_in_closed_form_on_every_backend():
    """A black and a white pixel, and the ramp between them in each convention."""
    images = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)
    i = np.arange(299)
    for prepare, expected in (
        (
            partial(preparation.as_in_graph, size=299),
            (255 * np.clip(i * 2 / 299, 0, 1) - 128) / 128,
        ),
        (preparation.as_pytorch_fid, 2 * np.clip((i + 0.5) * 2 / 299 - 0.5, 0, 1) - 1),
        (preparation.as_keras, np.where(i < 149, -1, 1)),
    ):
        found = ops.convert_to_numpy(prepare(images))
        assert found.shape == (1, 299, 299, 3)
        np.testing.assert_allclose(found[0, 7, :, 1], expected, rtol=0, atol=1e-6)


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="compares with TensorFlow")
@pytest.mark.parametrize("size", [299, 75])
@pytest.mark.parametrize("shape", [(28, 28, 1), (40, 40, 3), (64, 64, 3), (178, 218, 3), (1, 2, 3)])
def test_the_resize_is_that_of_tensorflow_1_bit_for_bit(shape, size):
    import tensorflow as tf

    images = RNG.integers(0, 256, (2, *shape)).astype(np.uint8)
    expected = tf.compat.v1.image.resize_bilinear(
        images, (size, size), align_corners=False, half_pixel_centers=False
    ).numpy()
    found = preparation.resize(ops.convert_to_tensor(images.astype(np.float32)), (size, size))
    np.testing.assert_array_equal(ops.convert_to_numpy(found), expected)
    prepared = ops.convert_to_numpy(preparation.as_in_graph(images, size))
    np.testing.assert_array_equal(prepared, np.repeat((expected - 128) / 128, 3 // shape[2], -1))


def test_the_resize_is_asymmetric():
    row = np.array([0, 10, 20], np.float32).reshape(1, 1, 3, 1)
    found = ops.convert_to_numpy(preparation.resize(row, (1, 6))).ravel()
    np.testing.assert_array_equal(found, [0, 5, 10, 15, 20, 20])


HALF_PIXEL_SHAPES = [(28, 28, 1), (40, 40, 3), (1, 2, 3), (299, 64, 3), (400, 512, 3)]


def half_pixel(images, size):
    """The resize with half-pixel centres as two float64 matrices."""
    for axis, after in zip((1, 2), size, strict=True):
        before = images.shape[axis]
        place = np.maximum((np.arange(after) + 0.5) * before / after - 0.5, 0)
        # A hat function of width 1 around each place; at the edges the weight is kept.
        distance = np.abs(np.minimum(place, before - 1)[:, None] - np.arange(before))
        matrix = np.maximum(1 - distance, 0)
        images = np.moveaxis(np.tensordot(matrix, images, (1, axis)), 0, axis)
    return images


@pytest.mark.parametrize("shape", HALF_PIXEL_SHAPES)
def test_the_preparation_of_pytorch_fid_is_its_closed_form(shape):
    images = RNG.integers(0, 256, (2, *shape)).astype(np.uint8)
    found = ops.convert_to_numpy(preparation.as_pytorch_fid(images))
    expected = 2 * half_pixel(images / 255, (299, 299)) - 1
    assert found.dtype == np.float32
    # Places are rounded to float32, as in torch: 2^-17 of a pixel at 100.
    np.testing.assert_allclose(
        found, np.repeat(expected, 3 // shape[2], -1), rtol=0, atol=3e-7 * max(shape[:2]) + 5e-7
    )


@pytest.mark.parametrize("shape", HALF_PIXEL_SHAPES)
def test_the_preparation_of_pytorch_fid_is_that_of_torch(shape):
    torch = pytest.importorskip("torch")
    images = RNG.integers(0, 256, (2, *shape)).astype(np.uint8)
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    x = torch.nn.functional.interpolate(x, (299, 299), mode="bilinear", align_corners=False)
    expected = (2 * x - 1).permute(0, 2, 3, 1).numpy()
    found = ops.convert_to_numpy(preparation.as_pytorch_fid(images))
    np.testing.assert_allclose(found, np.repeat(expected, 3 // shape[2], -1), rtol=0, atol=1e-6)


def test_the_two_preparations_differ():
    images = COLOUR
    one, other = preparation.as_in_graph(images, 299), preparation.as_pytorch_fid(images)
    difference = ops.convert_to_numpy(one) - ops.convert_to_numpy(other)
    assert np.abs(difference).max() > 0.05
    with pytest.raises(UsageError, match="1 or 3 channels; these have 2"):
        preparation.as_pytorch_fid(images[..., :2])


@pytest.mark.parametrize("before", [1, 3, 28, 40, 64, 178, 299, 400])
def test_nearest_takes_the_pixel_that_contains_the_centre(before):
    row = np.arange(before, dtype=np.float64)
    found = preparation.nearest(row.reshape(1, 1, before, 1), (1, 299)).ravel()
    centres = (2 * np.arange(299) + 1) * before  # in 598ths of a source pixel
    inside = centres % 598 != 0
    np.testing.assert_array_equal(found[inside], (centres // 598)[inside])
    np.testing.assert_array_equal(
        found, ndimage.zoom(row, 299 / before, order=0, mode="mirror", grid_mode=True)
    )


def test_nearest_treats_height_and_width_alike():
    found = preparation.nearest(np.arange(6).reshape(1, 2, 3, 1), (4, 5))[0, ..., 0]
    np.testing.assert_array_equal(found, np.array([[0, 0, 1, 2, 2]] * 2 + [[3, 3, 4, 5, 5]] * 2))


@pytest.mark.parametrize(
    ("presented", "black", "white"),
    [("0..255", -1, 1), ("-1..1", -1 / 127.5 - 1, 1 / 127.5 - 1), ("0..1", -1, 1 / 127.5 - 1)],
)
def test_the_range_to_which_images_are_scaled(presented, black, white):
    images = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)
    found = ops.convert_to_numpy(preparation.as_keras(images, presented))
    assert found.shape == (1, 299, 299, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0, :, 0], np.full((299, 3), black), rtol=0, atol=1e-7)
    np.testing.assert_allclose(found[0, :, -1], np.full((299, 3), white), rtol=0, atol=1e-7)


def test_preprocess_input_is_that_of_keras():
    x = preparation.nearest(COLOUR.astype(np.float32), (299, 299))
    for presented, shown in (("0..255", x), ("-1..1", x / 127.5 - 1), ("0..1", x / 255)):
        expected = keras.applications.inception_v3.preprocess_input(shown.copy())
        found = ops.convert_to_numpy(preparation.as_keras(COLOUR, presented))
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-7)

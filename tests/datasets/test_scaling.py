"""The scale of data follows from the generator where they have none of their own."""

import numpy as np
import pytest
from keras import ops

from keras_gans.datasets import Images, scaling
from keras_gans.datasets.sources import PIXELS, PLAIN, Scale
from keras_gans.errors import UsageError

TANH, SIGMOID = (-1.0, 1.0), (0.0, 1.0)
LEVELS = np.arange(256, dtype="uint8").reshape(1, 16, 16, 1)


@pytest.mark.parametrize(
    ("bounds", "scale"),
    [(TANH, PIXELS), (None, PIXELS), (SIGMOID, Scale("uint8", 255.0, 0.0))],
)
def test_pixels_go_to_the_range_of_the_generator(bounds, scale):
    found = scaling.scale_of("uint8", bounds)
    assert found.to_network(LEVELS) == pytest.approx(scale.to_network(LEVELS))
    assert scaling.scale_of("float32", bounds) == PLAIN


def test_a_source_keeps_a_scale_of_its_own():
    images = Images("levels", LEVELS, None, "levels")
    assert scaling.matched(images, TANH) is images
    moved = scaling.matched(images, SIGMOID)
    assert moved.scale.to_network(LEVELS).min() == 0 and moved.scale.to_network(LEVELS).max() == 1
    standardized = images.standardized()
    assert scaling.matched(standardized, SIGMOID) is standardized


def test_a_batch_becomes_values_and_labels_of_the_networks():
    values, labels = scaling.network_values((LEVELS, np.array([7], "int64")), None, TANH, True)
    assert ops.convert_to_numpy(values) == pytest.approx(LEVELS / 127.5 - 1, abs=1e-6)
    found = ops.convert_to_numpy(labels)
    assert found.tolist() == [7] and found.dtype == "int32"
    assert scaling.network_values(LEVELS, None, TANH, False)[1] is None
    with pytest.raises(ValueError, match="a conditional GAN needs labels"):
        scaling.network_values(LEVELS, None, TANH, True)


@pytest.mark.parametrize("white", [1, 255])
def test_floats_that_were_learned_from_tell_the_scale_of_pixels(white):
    """The same image as pixels and as floats of 0 to white gives the same network values."""
    floats = Scale("float32", white / 2, 1.0)
    pixels = scaling.of_pixels(floats)
    as_floats = floats.to_network((LEVELS / 255 * white).astype("float32"))
    assert pixels.to_network(LEVELS) == pytest.approx(as_floats, abs=1e-6)
    assert scaling.of_pixels(None, SIGMOID) == scaling.scale_of("uint8", SIGMOID)


def test_what_is_no_scale_is_refused():
    scaling.check_scale(None)
    with pytest.raises(UsageError, match="scale: 2 is none"):
        scaling.check_scale(2)

"""Samples as pictures: every pixel of a grid in its place, every point of a scatter plot."""

import importlib

import numpy as np
import pytest

from keras_gans import pictures
from keras_gans.pictures.samples import grid

# `pictures.samples` is the function, which hides the module of the same name.
module = importlib.import_module("keras_gans.pictures.samples")

BLUE, GREY = (31, 79, 216), (180, 180, 180)


# --- images -----------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_every_pixel_of_a_grid_is_in_its_place(channels):
    images = np.random.default_rng(0).integers(0, 255, (6, 4, 5, channels), "uint8")
    found = np.asarray(grid(images, columns=3, scale=2))
    assert found.shape == (2 + 2 * (8 + 2), 2 + 3 * (10 + 2)) + ((3,) if channels == 3 else ())
    found = found.reshape(*found.shape[:2], channels)
    margin = np.ones(found.shape[:2], bool)
    for i, image in enumerate(images):
        top, left = 2 + (i // 3) * 10, 2 + (i % 3) * 12
        margin[top : top + 8, left : left + 10] = False
        for row in range(8):
            for column in range(10):
                pixel = found[top + row, left + column]
                np.testing.assert_array_equal(pixel, image[row // 2, column // 2])
    assert (found[margin] == 255).all()


def test_grey_images_stay_grey_and_coloured_ones_coloured():
    assert pictures.samples(np.zeros((1, 8, 8, 1), "uint8"), 1).mode == "L"
    assert pictures.samples(np.zeros((1, 8, 8, 3), "uint8"), 1).mode == "RGB"


def test_incomplete_last_row_is_white():
    found = np.asarray(grid(np.zeros((4, 2, 2, 1), "uint8"), columns=3, scale=1))
    assert found.shape == (2 + 2 * 4, 2 + 3 * 4)
    assert (found[6:8, 2:4] == 0).all()
    assert (found[6:8, 6:] == 255).all()


@pytest.mark.parametrize(("width", "scale"), [(8, 8), (28, 3), (40, 2), (63, 2), (64, 1), (299, 1)])
def test_images_are_enlarged_to_64_pixels_at_least(width, scale):
    found = pictures.samples(np.zeros((1, 4, width, 1), "uint8"), 1)
    assert found.size == (width * scale + 4, 4 * scale + 4)


def test_samples_of_images_are_their_grid():
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), "uint8")
    found = pictures.samples(images, 3, reals=images)
    np.testing.assert_array_equal(np.asarray(found), np.asarray(grid(images, 3)))


@pytest.mark.parametrize("channels", [1, 3])
def test_single_image_has_the_pixels_of_the_array(channels):
    image = np.random.default_rng(0).integers(0, 256, (4, 5, channels), "uint8")
    found = np.asarray(pictures.single(image)).reshape(image.shape)
    np.testing.assert_array_equal(found, image)


# --- points -----------------------------------------------------------------------------------


@pytest.fixture
def reals():
    """Two Gaussians, at (-1, 0) and (1, 0)."""
    random = np.random.default_rng(0)
    centers = np.repeat([[-1.0, 0.0], [1.0, 0.0]], 500, axis=0)
    return (centers + 0.05 * random.normal(size=centers.shape)).astype("float32")


@pytest.fixture
def drawn(monkeypatch):
    """The figures of the scatter plots that a test draws."""
    figures = []
    rendered = module.rendered
    monkeypatch.setattr(module, "rendered", lambda f: figures.append(f) or rendered(f))
    return figures


def image_of(picture):
    return np.asarray(picture.convert("RGB")).astype(int)


def test_generated_points_lie_over_the_real_ones(reals, count_colour):
    apart = image_of(pictures.samples(reals[:500] + np.float32([1.0, 0.5]), 5, reals))
    over = image_of(pictures.samples(reals, 5, reals))
    legend = 40  # pixels of a mark
    assert count_colour(apart, GREY) > 500
    assert count_colour(apart, BLUE) > 100
    assert count_colour(over, GREY) < count_colour(apart, GREY) / 2
    assert count_colour(over, GREY) > legend


def test_limits_come_from_the_reals_so_that_frames_can_be_compared(reals, drawn):
    sizes = {
        pictures.samples(points, 5, reals).size
        for points in (reals[:10], reals * 0.01, np.full((100, 2), 50.0, "float32"))
    }
    assert len(sizes) == 1
    limits = {(f.axes[0].get_xlim(), f.axes[0].get_ylim()) for f in drawn}
    assert len(limits) == 1
    ((x, y),) = limits
    assert x[0] < reals[:, 0].min() < reals[:, 0].max() < x[1]
    assert x[1] - x[0] == pytest.approx(y[1] - y[0]) == pytest.approx(1.2 * np.ptp(reals[:, 0]))


def test_axes_have_one_scale(reals, drawn):
    pictures.samples(reals, 5, reals)
    box = drawn[0].axes[0].get_window_extent()
    assert box.width == pytest.approx(box.height, rel=0.01)
    assert box.width > 0.85 * drawn[0].bbox.width  # little of the picture is frame


def test_points_outside_are_counted(reals, drawn):
    points = reals[:100].copy()
    points[:3] = [[0, 9], [9, 0], [np.nan, 0]]
    pictures.samples(points, 5, reals)
    pictures.samples(reals[:100], 5, reals)
    labels = [f.axes[0].get_legend_handles_labels()[1] for f in drawn]
    assert labels == [["real", "generated (3 of 100 outside)"], ["real", "generated"]]


@pytest.mark.parametrize(
    "points", [np.zeros((1, 2)), np.full((5, 2), np.nan), np.zeros((0, 2)), np.eye(2) * 1e30]
)
def test_points_without_reals_or_spread_are_drawn(points):
    assert pictures.samples(points.astype("float32"), 5).size == (440, 467)


# --- numbers ----------------------------------------------------------------------------------


@pytest.fixture
def numbers():
    return np.random.default_rng(0).normal(2.0, 0.5, (4000, 1)).astype("float32")


def bars(figure):
    """Label, heights and edges of each histogram."""
    return [
        (s.get_label(), s.get_data().values, s.get_data().edges) for s in figure.axes[0].patches
    ]


def test_numbers_are_histograms_of_area_one(numbers, drawn):
    pictures.samples(numbers, 5, numbers[:1000])
    (_, real, edges), (label, generated, same) = bars(drawn[0])
    assert label.startswith("generated")
    assert np.array_equal(edges, same)
    assert real.sum() * np.diff(edges)[0] == pytest.approx(1, abs=1e-6)
    middle = np.exp(-(((edges[:-1] + edges[1:]) / 2 - 2) ** 2) / (2 * 0.25)) / (0.5 * 2.5066)
    assert np.abs(generated - middle).max() < 0.08  # the density of the normal distribution


def test_limits_of_both_axes_come_from_the_real_numbers(numbers, drawn):
    for points in (numbers, numbers * 0.01, np.full((100, 1), np.nan, "float32")):
        pictures.samples(points, 5, numbers)
    assert len({(f.axes[0].get_xlim(), f.axes[0].get_ylim()) for f in drawn}) == 1
    label, heights, _ = bars(drawn[2])[1]
    assert label == "generated (100 of 100 outside)" and not heights.any()
    low, high = drawn[0].axes[0].get_xlim()
    assert low < numbers.min() and high > numbers.max()


def test_generated_numbers_lie_over_the_real_ones(numbers, count_colour):
    picture = image_of(pictures.samples(numbers, 5, numbers))
    assert count_colour(picture, GREY) > 5000 and count_colour(picture, BLUE) > 300


@pytest.mark.parametrize("points", [np.zeros((1, 1)), np.full((5, 1), np.nan), np.zeros((0, 1))])
def test_numbers_without_reals_or_spread_are_drawn(points):
    assert pictures.samples(points.astype("float32"), 5).size == (440, 467)


@pytest.mark.parametrize("shape", [(5,), (5, 8, 8)])
def test_other_samples_are_refused(shape):
    with pytest.raises(ValueError, match="neither images nor points"):
        pictures.samples(np.zeros(shape), 5)


def test_of_points_of_more_numbers_the_first_two_are_drawn(reals, count_colour):
    more = np.concatenate([reals, np.full((len(reals), 2), 1e6)], axis=1)
    few, many = (image_of(pictures.samples(r[:10], 5, r)) for r in (reals, more))
    assert count_colour(many, BLUE) > 0.5 * count_colour(few, BLUE) > 0  # names of the axes


def test_limits_may_come_from_other_points(reals, drawn):
    pictures.samples(reals[:10], 5, within=reals)
    pictures.samples(reals[:10] * 0.5, 5, within=reals)
    assert drawn[0].axes[0].get_xlim() == drawn[1].axes[0].get_xlim()
    assert drawn[0].axes[0].get_legend_handles_labels()[1] == ["samples"]


def test_images_may_be_enlarged_further():
    assert pictures.samples(np.zeros((1, 8, 8, 1), "uint8"), 1, scale=20).size == (164, 164)

"""Pictures: pixels in their places, curves and drawings whole."""

import numpy as np
import pytest
from PIL import Image

from keras_gans import networks, plots
from keras_gans.networks import names

NAME = "fid5000_lenet"


def pixels(path):
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")).astype(int)


def has_colour(image, colour, tolerance=12):
    """How many pixels have about this colour."""
    return int((np.abs(image - colour) <= tolerance).all(axis=-1).sum())


BLUE, ORANGE, GREEN, RED = (31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40)


# --- grids ------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_every_pixel_of_a_grid_is_in_its_place(channels):
    images = np.random.default_rng(0).integers(0, 255, (6, 4, 5, channels), "uint8")
    grid = np.asarray(plots.grid(images, columns=3, scale=2))
    assert grid.shape == (2 + 2 * (8 + 2), 2 + 3 * (10 + 2)) + ((3,) if channels == 3 else ())
    grid = grid.reshape(*grid.shape[:2], channels)
    margin = np.ones(grid.shape[:2], bool)
    for i, image in enumerate(images):
        top, left = 2 + (i // 3) * 10, 2 + (i % 3) * 12
        margin[top : top + 8, left : left + 10] = False
        for row in range(8):
            for column in range(10):
                found = grid[top + row, left + column]
                np.testing.assert_array_equal(found, image[row // 2, column // 2])
    assert (grid[margin] == 255).all()


def test_grey_images_stay_grey_and_coloured_ones_coloured():
    assert plots.grid(np.zeros((1, 8, 8, 1), "uint8"), 1).mode == "L"
    assert plots.grid(np.zeros((1, 8, 8, 3), "uint8"), 1).mode == "RGB"


def test_incomplete_last_row_is_white():
    grid = np.asarray(plots.grid(np.zeros((4, 2, 2, 1), "uint8"), columns=3, scale=1))
    assert grid.shape == (2 + 2 * 4, 2 + 3 * 4)
    assert (grid[6:8, 2:4] == 0).all()
    assert (grid[6:8, 6:] == 255).all()


@pytest.mark.parametrize(("width", "scale"), [(8, 8), (28, 3), (40, 2), (63, 2), (64, 1), (299, 1)])
def test_images_are_enlarged_to_64_pixels_at_least(width, scale):
    grid = plots.grid(np.zeros((1, 4, width, 1), "uint8"), 1)
    assert grid.size == (width * scale + 4, 4 * scale + 4)


@pytest.mark.parametrize("channels", [1, 3])
def test_picture_has_the_pixels_of_the_array(channels):
    image = np.random.default_rng(0).integers(0, 256, (4, 5, channels), "uint8")
    found = np.asarray(plots.picture(image)).reshape(image.shape)
    np.testing.assert_array_equal(found, image)


def test_saved_image_loses_nothing_and_leaves_no_partial_file(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), "uint8")
    plots.save_image(plots.picture(image), tmp_path / "a.png")
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), image)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_failing_save_leaves_the_file_before_and_no_partial_one(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"the one before")
    with pytest.raises(OSError, match="mode"):
        plots.save_image(Image.new("F", (2, 2)), path)  # PNG has no pixels of this kind
    assert path.read_bytes() == b"the one before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


# --- curves -----------------------------------------------------------------------------------


def history(n, distance=None):
    random = np.random.default_rng(0)
    records = []
    for i in range(1, n + 1):
        d_loss, g_loss = random.normal([0.5, 2.0], 0.1)
        records.append({"iteration": 50 * i, "d_loss": d_loss, "g_loss": g_loss})
        if distance is not None:
            records.append({"iteration": 50 * i, NAME: distance(i)})
    return records


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_losses_of_any_number_of_records(tmp_path, n):
    plots.losses(tmp_path / "plot_loss.png", history(n, distance=lambda i: 1.0))
    image = pixels(tmp_path / "plot_loss.png")
    assert image.shape == (495, 880, 3)
    # More than the lines of the legend, which are 40 pixels of each.
    curves = image[:, : 880 - 380] if n == 1 else image
    assert has_colour(curves, BLUE) > (2 if n == 1 else 100)
    assert has_colour(curves, ORANGE) > (2 if n == 1 else 100)
    assert [path.name for path in tmp_path.iterdir()] == ["plot_loss.png"]


def test_negative_losses_of_a_critic(tmp_path):
    records = [{"iteration": i, "d_loss": -1e-5 * i, "g_loss": -3.0} for i in range(1, 30)]
    plots.losses(tmp_path / "a.png", records)
    assert has_colour(pixels(tmp_path / "a.png"), ORANGE) > 500


def test_curve_is_higher_where_the_loss_is(tmp_path):
    records = [{"iteration": i, "d_loss": 0.0, "g_loss": float(i)} for i in range(100)]
    plots.losses(tmp_path / "a.png", records)
    orange = (np.abs(pixels(tmp_path / "a.png") - ORANGE) <= 12).all(axis=-1)
    orange[:80, :450] = False  # the legend
    height = [np.mean(np.nonzero(column)[0]) for column in orange.T if column.any()]
    assert height[0] - height[-1] > 300
    assert (np.diff(height[5:-5]) <= 1).all()


def test_smoothing_is_a_running_mean_of_one_percent_to_each_side():
    values = np.random.default_rng(0).normal(size=300)
    smooth = plots._smooth(values)
    np.testing.assert_allclose(smooth[100], values[97:104].mean())
    np.testing.assert_allclose(smooth[0], values[:4].mean())
    np.testing.assert_allclose(smooth[-1], values[-4:].mean())


def test_short_curve_is_not_smoothed():
    np.testing.assert_array_equal(plots._smooth(np.array([3.0, 1.0, 7.0])), [3.0, 1.0, 7.0])


@pytest.mark.parametrize(
    "values",
    [[5.0], [5.0, 4.0], [800.0, 0.5, 3.0], [7.0, None, 3.0], [None, 3.0], [5.0, 0.0], [0.0, 0.0]],
)
def test_distances_of_any_kind(tmp_path, values):
    records = [{"iteration": 500 * i, NAME: value} for i, value in enumerate(values, 1)]
    plots.measured(tmp_path / "plot_fid.png", [*history(3), *records], NAME)
    image = pixels(tmp_path / "plot_fid.png")
    assert has_colour(image, RED, 40) > 100  # the best, twice: on the curve and in the legend
    assert [path.name for path in tmp_path.iterdir()] == ["plot_fid.png"]


def test_best_distance_is_that_of_a_trained_generator(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "_finish", lambda figure, axes, path: drawn.append(axes))
    records = [{"iteration": i, NAME: value} for i, value in enumerate([1.0, 9.0, 4.0, 6.0])]
    plots.measured(tmp_path / "a.png", records, NAME)
    plots.measured(tmp_path / "a.png", records[:1], NAME)
    labels = [axes.get_legend_handles_labels()[1] for axes in drawn]
    assert labels == [[NAME, "best: 4 at 2"], [NAME]]


def test_a_printed_value_is_a_line_and_higher_may_be_better(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "_finish", lambda figure, axes, path: drawn.append(axes))
    records = [{"iteration": i, NAME: value} for i, value in enumerate([0.1, 0.4, 0.3])]
    plots.measured(tmp_path / "a.png", records, NAME, "higher", printed=0.25)
    (axes,) = drawn
    assert axes.get_legend_handles_labels()[1] == [NAME, "best: 0.4 at 1", "printed: 0.25"]
    assert set(axes.lines[-1].get_ydata()) == {0.25}


def test_scale_is_logarithmic_where_that_shows_more_and_only_there(tmp_path, monkeypatch):
    scales = []
    monkeypatch.setattr(plots, "_finish", lambda figure, axes, path: scales.append(axes))
    for values in ([100.0, 1.0], [100.0, 50.0], [100.0, 0.0], [100.0, -0.1]):
        records = [{"iteration": i, NAME: value} for i, value in enumerate(values, 1)]
        plots.measured(tmp_path / "a.png", records, NAME)
    assert [axes.get_yscale() for axes in scales] == ["log", "linear", "linear", "linear"]


# --- the drawing of both networks -------------------------------------------------------------


def pair(name):
    shape = (40, 40, 3) if name == "transposed" else (28, 28, 1)
    generator = networks.generator("vanilla" if name == "shallow" else name, shape, 100)
    return generator, networks.discriminator(name, shape)


@pytest.mark.parametrize("name", names())
def test_drawing_of_every_network_is_whole_and_small(tmp_path, name):
    plots.networks(tmp_path / "model_plot.png", *pair(name))
    image = pixels(tmp_path / "model_plot.png")
    for border in (image[:5], image[-5:], image[:, :5], image[:, -5:]):
        assert (border == 255).all()  # nothing is cut off
    assert (image != 255).any()
    assert (tmp_path / "model_plot.png").stat().st_size < 60_000
    assert [path.name for path in tmp_path.iterdir()] == ["model_plot.png"]


@pytest.mark.parametrize("name", names())
def test_no_two_boxes_of_a_drawing_overlap(tmp_path, monkeypatch, name):
    figures = []
    monkeypatch.setattr(plots, "_save", lambda figure, path: figures.append(figure))
    plots.networks(tmp_path / "a.png", *pair(name))
    figure = figures[0]
    figure.canvas.draw()
    boxes = [t.get_bbox_patch().get_window_extent() for t in figure.axes[0].texts if t.get_text()]
    assert len(boxes) == sum(len(plots._boxes(network)) for network in pair(name))
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_boxes_say_layer_activation_shape_and_parameters():
    generator, discriminator = pair("dcgan")
    words = [box[:2] for box in plots._boxes(generator)]
    assert words[:4] == [
        ("generator: input", "100"),
        ("Dense (relu)", "6272   633,472 parameters"),
        ("Reshape", "7 x 7 x 128"),
        ("UpSampling2D", "14 x 14 x 128"),
    ]
    assert words[-1] == ("Activation (tanh)", "28 x 28 x 1")
    assert len(words) == 1 + len(generator.layers)
    words = [box[:2] for box in plots._boxes(discriminator)]
    assert words[0] == ("discriminator: input", "28 x 28 x 1")
    assert words[-1] == ("Activation (sigmoid)", "1")

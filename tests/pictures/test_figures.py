"""Figures and PNG files: whole, small, in the right colours."""

import numpy as np
import pytest
from PIL import Image

from keras_gans import pictures
from keras_gans.pictures import curves


def test_saved_image_loses_nothing_and_leaves_no_partial_file(tmp_path, pixels):
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), "uint8")
    pictures.save(pictures.single(image), tmp_path / "a.png")
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), image)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_failing_save_keeps_the_earlier_file_and_leaves_no_partial_one(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"the earlier file")
    with pytest.raises(OSError, match="mode"):
        pictures.save(Image.new("F", (2, 2)), path)  # PNG has no pixels of this kind
    assert path.read_bytes() == b"the earlier file"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_figure_has_one_axes_or_a_row_of_panels():
    figure, axes = curves.figure(size=(4, 3))
    assert figure.axes == [axes]
    figure, panels = curves.figure(size=(4, 3), panels=3)
    assert figure.axes == list(panels)
    assert len(panels) == 3


def test_saved_figure_has_its_size_and_keeps_the_colour_of_a_small_mark(
    tmp_path, pixels, count_colour
):
    figure, axes = curves.figure(size=(4, 3))
    axes.imshow(np.random.default_rng(0).random((20, 20)))  # many colours
    axes.plot(10, 10, "o", color=(1, 0, 0))
    curves.save_figure(figure, tmp_path / "a.png")
    image = pixels(tmp_path / "a.png")
    assert image.shape == (330, 440, 3)
    assert count_colour(image, (255, 0, 0)) > 5
    assert (image[:3] == 255).all()
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_figures_leave_pyplot_alone():
    import subprocess
    import sys

    program = (
        "import sys; from keras_gans.pictures import curves; curves.figure();"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_the_first_of_panels_in_several_rows_fills_what_would_be_empty():
    figure, panels = curves.figure(size=(4, 3), panels=3, columns=2)
    assert figure.axes == list(panels)
    first, second, third = (panel.get_position() for panel in panels)
    assert first.y0 > second.y1 and second.y0 == third.y0
    assert (first.x0, first.x1) == (second.x0, third.x1)


def test_full_rows_have_panels_of_one_size():
    panels = curves.figure(size=(4, 3), panels=4, columns=2)[1]
    assert len({round(panel.get_position().width, 9) for panel in panels}) == 1

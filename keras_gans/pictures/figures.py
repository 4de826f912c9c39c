"""Matplotlib figures without pyplot, and PNG files that are written atomically."""

import numpy as np
from PIL import Image

from keras_gans.files import replacing

_DPI = 110


def figure(size=(8, 4.5), panels=None, columns=None):
    """A figure with axes, independent of pyplot's global state and of a display.

    Args:
        size: Width and height in inches, 110 pixels each.
        panels: Number of axes; None for a single one.
        columns: Axes in a row; None for all in one. The first axes get the places that would
            else be empty.

    Returns:
        Pair of the `matplotlib.figure.Figure` and its axes: one object where `panels` is None,
        else an array of `panels` objects.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    new = Figure(figsize=size, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(new)
    if panels is None:
        return new, new.subplots()
    columns = columns or panels
    places = new.add_gridspec(-(-panels // columns), columns)
    spare = -panels % columns
    first = new.add_subplot(places[0, : spare + 1])
    others = [new.add_subplot(places[divmod(n + spare, columns)]) for n in range(1, panels)]
    return new, np.array([first, *others])


def rendered(figure, colours=64):
    """A figure as a `PIL.Image.Image` of few colours.

    64 take a third of the bytes of all, without a visible difference where there are few curves.
    Hundreds of these files are committed. Texts are drawn as they are: names hold dollar signs,
    and Matplotlib would read formulas between them.
    """
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    figure.canvas.draw()
    pixels = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
    # Rare colours, as that of a single mark, keep their place among the 64.
    return pixels.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def save_figure(figure, path, colours=64):
    """Writes a figure as PNG; see `rendered` and `save`."""
    save(rendered(figure, colours), path)


def save(image, path):
    """Writes a `PIL.Image.Image` as PNG; the file appears complete or not at all."""
    with replacing(path) as partial:
        image.save(partial, format="PNG", optimize=True)

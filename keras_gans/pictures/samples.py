"""Samples as a picture: a grid of images, a scatter plot of points, or the density of numbers."""

import numpy as np
from PIL import Image

from keras_gans.errors import UsageError
from keras_gans.pictures.figures import figure, rendered

WIDEST = 20
"""Columns of a grid with one class a column, at most."""
_MARGIN = 2
_GENERATED, _REAL = "#1f4fd8", "#b4b4b4"
_BINS = 40


def samples(values, columns, reals=None, scale=None, within=None):
    """The picture of several samples.

    Args:
        values: Images, uint8 `(n, height, width, channels)`, or points, float `(n, d)`, of which
            the first two numbers are shown.
        columns: Images in a row of the grid, >= 1; points ignore it.
        reals: Real points, float `(m, d)`, for the background and the limits of a plot; images
            ignore them.
        scale: Of images, as `grid` takes it; points ignore it.
        within: Of points, as `scatter` and `density` take it; images ignore it.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        UsageError: The samples have another shape.
    """
    if values.ndim == 4:
        return grid(values, columns, scale)
    if values.ndim == 2:
        return (density if values.shape[1] == 1 else scatter)(values, reals, within)
    raise UsageError(f"samples of shape {values.shape[1:]} are neither images nor points")


def grid(images, columns, scale=None):
    """Images in a grid, row by row.

    Args:
        images: uint8 `(n, height, width, channels)`, 1 or 3 channels.
        columns: Images in a row, >= 1.
        scale: Width and height of a pixel in the grid; None for the least that makes an image 64
            pixels wide.

    Returns:
        A `PIL.Image.Image`.
    """
    n, height, width, channels = images.shape
    scale = scale or -(-64 // width)
    rows = -(-n // columns)
    step = (height * scale + _MARGIN, width * scale + _MARGIN)
    canvas = np.full((rows * step[0] + _MARGIN, columns * step[1] + _MARGIN, channels), 255, "u1")
    for i, image in enumerate(images):
        top, left = (i // columns) * step[0] + _MARGIN, (i % columns) * step[1] + _MARGIN
        enlarged = image.repeat(scale, axis=0).repeat(scale, axis=1)
        canvas[top : top + height * scale, left : left + width * scale] = enlarged
    return single(canvas)


def single(value):
    """One image, uint8 `(height, width, channels)`, as a `PIL.Image.Image`."""
    return Image.fromarray(value[..., 0] if value.shape[-1] == 1 else value)


def scatter(points, reals=None, within=None):
    """Generated points over real ones.

    The limits come from the real points alone, so that pictures of one data set can be compared.
    The legend counts generated points outside of them. Of points of more than two numbers the first
    two are shown, and the axes say so.

    Args:
        points: Generated points, float `(n, d)`, d >= 2.
        reals: Real points, float `(m, d)`; None for a picture of `points` alone.
        within: Other points that the limits come from, float `(k, d)`, or None.

    Returns:
        A `PIL.Image.Image`.
    """
    drawing, axes = figure(size=(4, 4.25))
    if (numbers := points.shape[1]) > 2:
        axes.set_xlabel(f"number 1 of {numbers}", fontsize=8, color="0.3")
        axes.set_ylabel(f"number 2 of {numbers}", fontsize=8, color="0.3")
    points, reals, within = (p if p is None else p[:, :2] for p in (points, reals, within))
    center, half, outside = _limits(points, reals, within)
    layers = [] if reals is None else [("real", reals, _REAL, 1.0)]
    label = _label(outside, reals)
    for name, shown, colour, opacity in [*layers, (label, points[~outside], _GENERATED, 0.6)]:
        size = np.clip(8000 / max(len(shown), 1), 4, 16)
        style = {"s": size, "color": colour, "alpha": opacity, "linewidths": 0}
        axes.scatter(shown[:, 0], shown[:, 1], label=name, **style)
    axes.set_aspect("equal")
    axes.set_ylim(center[1] - half, center[1] + half)
    marks = _dressed(drawing, axes, center[0] - half, center[0] + half, gap=0.1)
    for mark in marks.legend_handles:
        mark.set_alpha(1.0)
        mark.set_sizes([25])
    return rendered(drawing)


def density(points, reals=None, within=None):
    """Histograms of numbers, generated ones over real ones, each with the area 1.

    The limits of both axes come from the real numbers alone, as in `scatter`; a bar that is higher
    is cut off.

    Args:
        points: Generated numbers, float `(n, 1)`.
        reals: Real numbers, float `(m, 1)`; None for a picture of `points` alone.
        within: Other numbers that the limits come from, float `(k, 1)`, or None.

    Returns:
        A `PIL.Image.Image`.
    """
    drawing, axes = figure(size=(4, 4.25))
    (center,), half, outside = _limits(points, reals, within)
    edges = np.linspace(center - half, center + half, _BINS + 1)
    layers = [] if reals is None else [("real", reals, {"fill": True, "color": _REAL})]
    generated = {"color": _GENERATED, "linewidth": 1.4}
    heights = []
    for name, shown, style in [*layers, (_label(outside, reals), points, generated)]:
        counts, _ = np.histogram(shown[np.isfinite(shown)], edges)
        heights.append(counts / (max(len(shown), 1) * (edges[1] - edges[0])))
        axes.stairs(heights[-1], edges, label=name, **style)
    axes.set_ylim(0, 2 * heights[0].max() or 1.0)
    _dressed(drawing, axes, center - half, center + half, gap=0.6)
    return rendered(drawing)


def _limits(points, reals, within):
    """Center and half the side of the square to show, and which points lie outside of it."""
    center, half = _square(next(given for given in (within, reals, points) if given is not None))
    return center, half, ~(np.abs(points - center) <= half).all(axis=1)  # True for NaN


def _label(outside, reals):
    label, count = "samples" if reals is None else "generated", np.count_nonzero(outside)
    return label + (f" ({count:,} of {len(outside):,} outside)" if count else "")


def _dressed(drawing, axes, low, high, gap):
    """Gives axes their limits and their quiet look; returns the legend below them."""
    axes.set_xlim(low, high)
    axes.tick_params(direction="in", labelsize=8, color="0.5", labelcolor="0.3")
    for spine in axes.spines.values():
        spine.set_color("0.5")
    axes.set_axisbelow(True)
    legend = {"ncols": 2, "frameon": False, "fontsize": 8, "handletextpad": gap, "borderpad": 0}
    return drawing.legend(loc="outside lower center", **legend)


def _square(points):
    """Center and half the side of a square around the finite points, with a margin."""
    finite = points[np.isfinite(points).all(axis=1)]
    if not len(finite):
        return np.zeros(points.shape[1]), 1.0
    low, high = finite.min(axis=0), finite.max(axis=0)
    return (low + high) / 2, 0.6 * (high - low).max() or 1.0

"""Pictures inside a page of HTML: small curves, numbers for large ones, and samples."""

import base64
import io
from functools import lru_cache
from itertools import pairwise
from math import log10

import numpy as np
from PIL import Image

from keras_gans.pictures import animations, curves
from keras_gans.reports.results import leaving_out

MOST_POINTS = 1000
"""Points of one curve; a longer log has the means of as many intervals of equal length."""
MOST_FRAMES, LEAST_FRAMES = 24, 3
"""Pictures of one run, where there is much and where there is little room."""
ROOM = 1_800_000
"""Bytes that all pictures of a page may take, about, while each run has `LEAST_FRAMES`."""
_WIDTH, _HEIGHT, _MARGIN = 112, 30, 3
_WIDEST = 480  # pixels of an embedded picture
_QUALITIES = (80, 60, 45)  # of photographs, the less room, the less
_COLOURS = {"L": 20, "RGB": 96}  # of a palette; samples are small and coarse
_FEW = 256  # colours of a drawing; photographs have more, and lose theirs in a palette


def sparkline(pairs, lower):
    """The points of a small curve.

    Args:
        pairs: List of (iteration, value), finite.
        lower: Whether lower values are better.

    Returns:
        Dict with "width", "height", "points" (the attribute of a polyline), "best" (x, y of the
        best value after training began) and "log", whether its height is logarithmic; None for
        fewer than two points.
    """
    if len(pairs) < 2:
        return None
    pairs = thinned(pairs, _WIDTH)
    values = [value for _, value in pairs]
    is_log = curves.is_wide(values)
    heights = [log10(value) for value in values] if is_log else values
    low, span = min(heights), (max(heights) - min(heights)) or 1.0
    first, length = pairs[0][0], (pairs[-1][0] - pairs[0][0]) or 1
    points = [
        (
            round(_MARGIN + (at - first) / length * (_WIDTH - 2 * _MARGIN), 1),
            round(_HEIGHT - _MARGIN - (height - low) / span * (_HEIGHT - 2 * _MARGIN), 1),
        )
        for (at, _), height in zip(pairs, heights, strict=True)
    ]
    trained = [number for number, (at, _) in enumerate(pairs) if at] or range(len(pairs))
    best = points[(min if lower else max)(trained, key=values.__getitem__)]
    joined = " ".join(f"{x:g},{y:g}" for x, y in points)
    return {"width": _WIDTH, "height": _HEIGHT, "points": joined, "best": best, "log": is_log}


def thinned(pairs, most=MOST_POINTS):
    """A curve of so many points at most.

    Args:
        pairs: List of (iteration, value).
        most: >= 1.

    Returns:
        List of (iteration, value): the pairs themselves, or the means of intervals, each at its
        last iteration.
    """
    if len(pairs) <= most:
        return pairs
    bounds = [i * len(pairs) // most for i in range(most + 1)]
    parts = [pairs[a:b] for a, b in pairwise(bounds)]
    return [(part[-1][0], sum(value for _, value in part) / len(part)) for part in parts]


def smoothed(pairs):
    """The running mean of a curve, as in plot_loss.png.

    Args:
        pairs: List of (iteration, value), finite.
    """
    at = [iteration for iteration, _ in pairs]
    values = curves.smooth(np.array([value for _, value in pairs], "float64"))
    return list(zip(at, values.tolist(), strict=True))


def frames(samples, damaged=None):
    """The samples of several runs, each as a few embedded pictures.

    Args:
        samples: List of dicts from iteration to `Path`, one for each run.
        damaged: As for `results.leaving_out`, of pictures.

    Returns:
        List of dicts from iteration to the address of the embedded picture, in order.

    Raises:
        UsageError: A file is not a picture.
    """

    def chosen(found, iterations, quality):
        pictures = {}
        for at in iterations:
            with leaving_out(damaged):
                pictures[at] = embedded(found[at], quality)
        return pictures

    for quality in _QUALITIES:
        last = [chosen(found, list(found)[-1:], quality) for found in samples]
        size = sum(len(address) for one in last for address in one.values())
        each = ROOM // max(size, 1)
        if each >= LEAST_FRAMES:
            break
    most = max(LEAST_FRAMES, min(MOST_FRAMES, each))
    return [chosen(found, animations.spread(list(found), most), quality) for found in samples]


def embedded(path, quality=_QUALITIES[0]):
    """A picture as an address that holds it: a PNG with few colours, or a photograph as JPEG.

    Args:
        path: PNG of samples.
        quality: Of a JPEG, 1 to 95.

    Raises:
        UsageError: It is not a picture.
    """
    about = path.stat()
    return _embedded(path, quality, about.st_mtime_ns, about.st_size)


@lru_cache(4096)  # a page that is watched is written again and again
def _embedded(path, quality, changed, size):
    picture = animations.opened(path)
    picture = picture.convert("L" if picture.mode in ("L", "1") else "RGB")
    file = io.BytesIO()
    if picture.mode == "RGB" and picture.getcolors(_FEW) is None:
        kind, picture = "jpeg", _in_own_pixels(picture)
        picture.thumbnail((_WIDEST, _WIDEST))
        picture.save(file, "JPEG", quality=quality, subsampling=0)
    else:
        kind, colours = "png", _COLOURS[picture.mode]
        picture.thumbnail((_WIDEST, _WIDEST))
        # Without dithering, which is noise to a PNG.
        picture = picture.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        picture.save(file, "PNG", optimize=True)
    return f"data:image/{kind};base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _in_own_pixels(picture):
    """The picture before each of its pixels was enlarged to several, which a browser does, too."""
    for by in (4, 3, 2):
        own = picture.resize((picture.width // by, picture.height // by), Image.Resampling.NEAREST)
        if own.resize(picture.size, Image.Resampling.NEAREST).tobytes() == picture.tobytes():
            return own
    return picture

"""Pictures one after the other, as an animation in GIF or WebP, or side by side in a strip."""

import warnings
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from keras_gans.errors import UsageError
from keras_gans.files import replacing

FORMATS = {".gif": "GIF", ".webp": "WEBP"}
"""Formats of animations by the suffix of their file."""
_TEXT = 15  # pixels
_STRIP = 26
_GAP = 8


def spread(items, most):
    """At most so many items at equal intervals, the first and the last among them.

    Args:
        items: List.
        most: >= 2.
    """
    if len(items) <= most:
        return items
    return [items[i * (len(items) - 1) // (most - 1)] for i in range(most)]


def opened(path):
    """Reads a picture of samples.

    Args:
        path: A PNG.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        UsageError: It is not a picture, or a huge one.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG",)) as picture:
                picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombWarning) as error:
        raise UsageError(f"{path} is not a picture that a run draws: {error}") from None
    return picture


def save(frames, path, milliseconds, last=None):
    """Writes an animation that begins again at its end; the file appears complete or not at all.

    Args:
        frames: List of `PIL.Image.Image` of one size, >= 1.
        path: File with a suffix of `FORMATS`.
        milliseconds: How long each frame is shown; a GIF counts in tens of them.
        last: How long the last one is shown; None for as long as the others.
    """
    durations = [milliseconds] * (len(frames) - 1) + [last or milliseconds]
    kind = FORMATS[Path(path).suffix.lower()]
    # Pixels of a grid are squares with sharp edges: without loss they are small, too.
    options = {"lossless": True} if kind == "WEBP" else {"optimize": False}
    frames = [frame.convert("RGB") for frame in frames] if kind == "WEBP" else _reduced(frames)
    first, *others = frames
    with replacing(path) as partial:
        first.save(
            partial,
            kind,
            save_all=True,
            append_images=others,
            duration=durations,
            loop=0,
            **options,
        )


def strip(frames, heading):
    """Pictures side by side.

    Args:
        frames: List of `PIL.Image.Image` of one size, >= 1.
        heading: Text above them; it is cut where it has no room.

    Returns:
        A `PIL.Image.Image`.
    """
    mode = "L" if all(frame.mode == "L" for frame in frames) else "RGB"
    width, height = frames[0].size
    canvas = Image.new(mode, (len(frames) * (width + _GAP) - _GAP, height), "white")
    for number, frame in enumerate(frames):
        canvas.paste(frame.convert(mode), (number * (width + _GAP), 0))
    return captioned(canvas, heading, "")


def captioned(image, left, right):
    """A picture with a line of text above it.

    Args:
        image: `PIL.Image.Image`.
        left: Text at the left; it is cut where both have no room.
        right: Text at the right.

    Returns:
        A `PIL.Image.Image` that is 26 pixels higher.
    """
    font = _font()
    image = image if image.mode == "L" else image.convert("RGB")
    canvas = Image.new(image.mode, (image.width, image.height + _STRIP), "white")
    canvas.paste(image, (0, _STRIP))
    draw = ImageDraw.Draw(canvas)
    room = image.width - 3 * 6 - draw.textlength(right, font)
    draw.text((image.width - 6, _STRIP / 2), right, "black", font, anchor="rm")
    shown = left
    while left and draw.textlength(shown, font) > room:
        left = left[:-1]
        shown = f"{left.rstrip(' :,')}..."
    if left:
        draw.text((6, _STRIP / 2), shown, "gray", font, anchor="lm")
    return canvas


def _font():
    """The typeface of the plots."""
    import matplotlib

    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", _TEXT)


def _reduced(frames):
    """Frames with the 256 colours of a GIF: one palette for all, so that nothing flickers."""
    if all(frame.mode == "L" for frame in frames):
        return frames
    frames = [frame.convert("RGB") for frame in frames]
    some = frames[:: max(1, len(frames) // 16)][-16:]
    width, height = frames[0].size
    sheet = Image.new("RGB", (width, height * len(some)))
    for number, frame in enumerate(some):
        sheet.paste(frame, (0, number * height))
    palette = sheet.quantize(256, Image.Quantize.FASTOCTREE)
    # Without dithering the error is smaller, and the file too.
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]

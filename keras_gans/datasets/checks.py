"""Whether arrays can be images, points or labels: shapes, types, and the scale of pixels."""

import numpy as np

from keras_gans.errors import UsageError

_ROUNDING = 1e-4
_DARK = 1e-3  # least share of values below -0.5, that is of pixels below 64
_MANY = 1 << 22  # values that are looked at
_FEW = 1e-3  # share of values that may be the exceptions of a wrong scale
_LEVELS = 16


def check_images(shape, dtype, source):
    """Checks that an array can be a set of images, from its header alone.

    Args:
        shape: Of the array: `(n, height, width, channels)`, or `(n, height, width)` if grey.
        dtype: Of the array: uint8, or floats, whose values are checked later.
        source: The name at the start of the message.

    Raises:
        UsageError: It cannot.
    """
    shape = tuple(shape)
    if dtype != np.uint8 and dtype.kind != "f":
        raise UsageError(f"{source}: the images are {dtype}; save them as uint8, 0 to 255")
    if len(shape) not in (3, 4):
        raise UsageError(
            f"{source}: the images have the shape {shape}; "
            "save them as (n, height, width, channels), or (n, height, width) if grey"
        )
    if 0 in shape:
        raise UsageError(
            f"{source}: no images, the array has the shape {shape}; give it at least one"
        )
    if len(shape) == 4 and shape[3] not in (1, 3):
        raise UsageError(
            f"{source}: the images have {shape[3]} channels in the shape {shape}; "
            "save them with 1 or 3 channels, as the last axis"
        )


def check_points(shape, dtype, source):
    """Checks that an array can be a set of points, from its header alone; as `check_images`."""
    if dtype.kind not in "fiu" or len(shape) != 2 or 0 in shape:
        raise UsageError(f"{source}: {dtype} of the shape {tuple(shape)}; give numbers (n, d)")


def check_labels(labels, count, source):
    """Converts labels to int64 `(count,)`.

    Args:
        labels: Integers `(count,)`, or `(count, 1)` as in some of Keras's data sets.
        count: Number of samples.
        source: The name at the start of the message.

    Raises:
        UsageError: They are not integers from 0, one for each sample.
    """
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape not in ((count,), (count, 1)):
        raise UsageError(
            f"{source}: the labels are {labels.dtype} {labels.shape}; "
            f"save one integer for each of the {count} samples"
        )
    labels = labels.reshape(count).astype(np.int64)
    if labels.min() < 0:
        raise UsageError(f"{source}: the lowest label is {labels.min()}; number the classes from 0")
    return labels


def check_unit(images, source):
    """Refuses floats that are not in [-1, 1], by the share of dark values and not by one value."""
    low, high = float(images.min()), float(images.max())
    found = f"{source}: the images are {images.dtype} from {low:.4g} to {high:.4g}"
    advice = "save them as uint8, 0 to 255, or as floats in [-1, 1]"
    if not (low >= -1 - _ROUNDING and high <= 1 + _ROUNDING):  # NaN is not
        raise UsageError(f"{found}; {advice}")
    if np.mean(images < -0.5) < _DARK:
        raise UsageError(f"{found}, which looks like [0, 1] or [-0.5, 0.5]; {advice}")


def check_pixels(images, source):
    """Refuses uint8 of another scale than 0 to 255, by the share of values and not by one value."""
    # Images far apart, because folders are often sorted.
    chosen = images[:: -(-images.size // _MANY)]
    counts = np.bincount(chosen.reshape(-1), minlength=256)
    ones, others = counts[1], counts[2:255].sum()
    few, bright = _FEW * counts[1:].sum(), counts[_LEVELS + 1 :].sum()
    if ones and others <= _FEW * ones:
        found = "0, 1 or 255, as when floats in [0, 1] or [-1, 1] are cast to uint8"
    # The upper half of a scale is used; images that are nearly black do not use it.
    elif chosen.size * _FEW >= 1 and bright <= few < counts[_LEVELS // 2 + 1 : _LEVELS + 1].sum():
        found = f"0 to {_LEVELS}, as of images with {_LEVELS} levels of grey"
        others = bright
    else:
        return
    every = "nearly all" if others else "all"
    raise UsageError(f"{source}: the pixels are {every} {found}; multiply them first: 0 to 255")

"""The scale between data and networks, where the data or the networks alone do not decide it."""

from dataclasses import replace

import keras
from keras import ops

from keras_gans.datasets.sources import PIXELS, PLAIN, Scale
from keras_gans.errors import UsageError, short


def check_scale(scale):
    """Refuses what is neither a `Scale` nor None."""
    if not isinstance(scale, Scale | None):
        raise UsageError(
            f"scale: {short(scale)} is none; give datasets.Scale(dtype, divisor, shift)"
        )


def scale_of(dtype, bounds):
    """The scale of data that come without one.

    Args:
        dtype: Of the data, a text.
        bounds: (lowest, highest) value of the generator, or None.

    Returns:
        `Scale`: uint8 pixels go to the range of the generator, or to [-1, 1] where it has none;
        everything else stays as it is.
    """
    if dtype != "uint8":
        return PLAIN
    if bounds is None:
        return PIXELS
    low, high = bounds
    return Scale("uint8", 255 / (high - low), 0.0 - low)  # -low of 0 is -0


def matched(source, bounds):
    """Data on the scale of a generator.

    Args:
        source: `datasets.Source`.
        bounds: (lowest, highest) value of the generator, or None.

    Returns:
        `Source`: pixels go to the generator's range, as in `scale_of`, unless they have a scale of
        their own, as standardized ones have.
    """
    scale = scale_of("uint8", bounds) if source.scale == PIXELS else source.scale
    return source if scale == source.scale else replace(source, scale=scale)


def network_values(data, scale, bounds, conditional):
    """What the networks take of a batch.

    Args:
        data: Real samples `(n, ...)`, or tuple of samples and labels `(n,)`.
        scale: `Scale`, or None for that of `scale_of`.
        bounds: (lowest, highest) value of the generator, or None.
        conditional: Whether they take labels.

    Returns:
        The pair (float32 tensor `(n, ...)`, int32 tensor `(n,)` or None).

    Raises:
        ValueError: There are no labels where they are needed.
    """
    values, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
    if conditional and labels is None:
        raise ValueError("a conditional GAN needs labels: fit(x, y) with integers y (n,)")
    values = ops.convert_to_tensor(values)  # arrays where a step is not compiled
    scale = scale or scale_of(keras.backend.standardize_dtype(values.dtype), bounds)
    labels = ops.convert_to_tensor(labels, "int32") if conditional else None
    return scale.to_network(values), labels


def of_pixels(scale, bounds=None):
    """The scale of images as uint8 pixels, where a network learned from them as floats.

    Args:
        scale: `Scale` of the floats, or None. They are 0 to 255 where it divides them by 64 or
            more, and 0 to 1 otherwise.
        bounds: (lowest, highest) value of the generator, or None.

    Returns:
        `Scale`; that of `scale_of` for floats that the network takes as they are.
    """
    if scale is None or scale == PLAIN:
        return scale_of("uint8", bounds)
    white = 255 if scale.divisor >= 64 else 1
    return Scale("uint8", scale.divisor * 255 / white, scale.shift)

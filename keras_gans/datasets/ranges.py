"""Whether real samples lie where the generator's can: the first batch is looked at before training.

A discriminator tells two ranges apart without learning anything, and the generator that ends in a
tanh or a sigmoid never gets there. Nothing else would say so: such a training runs to its end.
"""

import warnings
from itertools import chain, islice
from types import GeneratorType

import keras
import numpy as np
from keras import ops

from keras_gans.datasets.sources import PIXELS, PLAIN, Scale
from keras_gans.errors import UsageError

FIRST = 256  # samples of an array that are looked at
_SLACK = 0.01  # of the generator's range: resized images overshoot
_SHARE = 0.01  # of values beyond the range that are no outliers


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


def checked(x, scale, bounds):
    """Checks the first batch of what `fit` is given.

    Args:
        x: An array, a `tf.data.Dataset`, a `keras.utils.PyDataset`, a loader or a generator of
            batches: samples `(n, ...)`, or tuples of samples and labels.
        scale: `Scale` from data to network values, or None for that of `scale_of`.
        bounds: (lowest, highest) value of the generator; None checks nothing.

    Returns:
        What to give `fit` instead: `x`, or of a Python generator another with the same batches.

    Raises:
        UsageError: The samples are of another range than the generator's.
    """
    if bounds is None:
        return x
    batch, x = _first(x)
    if batch is not None:
        _check(batch, scale or scale_of(str(batch.dtype), bounds), bounds)
    return x


def _first(x):
    """The first samples as an array, None where they cannot be looked at, and what to train on."""
    if isinstance(x, GeneratorType):
        first = list(islice(x, 1))
        # Keras takes a generator, and no other iterator.
        return _array(*first), (batch for batch in chain(first, x))
    if hasattr(x, "shape"):
        return _array(x[:FIRST]), x
    if isinstance(x, keras.utils.PyDataset):
        return _array(x[0]), x
    if hasattr(x, "__iter__") and not isinstance(x, list | tuple | dict | str):
        return _array(*islice(x, 1)), x
    return None, x  # Keras has its own answer


def _array(batch=None):
    samples = batch[0] if isinstance(batch, list | tuple) and batch else batch
    if not hasattr(samples, "shape") or 0 in samples.shape:
        return None
    found = ops.convert_to_numpy(samples)
    return found if found.dtype.kind in "biuf" else None


def _check(batch, scale, bounds):
    values, (low, high) = scale.to_network(batch), bounds
    if not np.isfinite(values).all():
        raise UsageError("the real samples hold NaN or infinity; leave those out")
    slack = _SLACK * (high - low)
    beyond = np.maximum(low - values, values - high)
    least, most = float(batch.min()), float(batch.max())
    found = f"the real samples, {batch.dtype} from {least:.4g} to {most:.4g},"
    makes = f"the generator ends in an activation that makes {low:g} to {high:g}"
    if beyond.max() > high - low or np.mean(beyond > slack) > _SHARE:
        if scale.plain != PLAIN.plain:
            found += f" become {values.min():.4g} to {values.max():.4g} and"
        raise UsageError(f"{found} do not fit: {makes}; {_advice(scale, least, most, bounds)}")
    if values.ndim > 2 and low < 0 and values.min() >= 0 and values.max() > 0:
        warnings.warn(
            f"{found} use half of what the generator can make: {makes}; give 2 * x - 1, or end "
            "the generator in a sigmoid",
            stacklevel=4,
        )


def _advice(scale, least, most, bounds):
    low, high = bounds
    if scale.dtype == "uint8":
        right = scale_of("uint8", bounds)
        return f"give GAN(scale=datasets.Scale('uint8', {right.divisor:g}, {right.shift:g}))"
    if scale != PLAIN:
        return "give GAN another scale, or none for samples that are scaled already"
    if least >= 0 and 2 < most <= 255:
        rescaled = "x / 127.5 - 1" if low < 0 else "x / 255"
        return f"give {rescaled}, or pixels of 0 to 255 as uint8"
    if -1.01 <= least < 0 and most <= 1.01:  # and so the generator makes 0 to 1
        return "give (x + 1) / 2, or end the generator in a tanh"
    return f"rescale them to {low:g} to {high:g}, or end the generator without an activation"

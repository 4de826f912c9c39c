"""Whether what `fit` is given fits the networks: the first batch is looked at before training.

Real samples need the shape that the networks take, labels that these know, and values in the
generator's range. A discriminator tells two ranges apart without learning anything, and the
generator that ends in a tanh or a sigmoid never gets there. Nothing else would say so: such a
training runs to its end.
"""

import warnings
from itertools import chain, islice
from types import GeneratorType

import keras
import numpy as np
from keras import ops

from keras_gans.datasets.scaling import scale_of
from keras_gans.datasets.sources import PLAIN, Source
from keras_gans.errors import UsageError, short

FIRST = 256  # samples of an array that are looked at
_SLACK = 0.01  # of the generator's range: resized images overshoot
_SHARE = 0.01  # of values beyond the range that are no outliers

NO_VALIDATION = (
    "a GAN has no loss on data that it is not trained on: measure its samples instead, with "
    "fit(callbacks=[callbacks.MeasureGenerator(source)]) or evaluation.Measuring"
)
_NO_WEIGHTS = (
    "a GAN does not weigh single samples: leave the weights out; turns={'update': {'name': "
    "'weighted', ...}} weighs the losses on real and on fake samples"
)
_NO_METRICS = (
    "a GAN reports its losses: measure its samples with "
    "fit(callbacks=[callbacks.MeasureGenerator(source)])"
)
_REFUSED = {
    "metrics": _NO_METRICS,
    "weighted_metrics": _NO_METRICS,
    "loss_weights": _NO_WEIGHTS,
    "validation_data": NO_VALIDATION,
    "validation_split": NO_VALIDATION,
    "sample_weight": _NO_WEIGHTS,
    "class_weight": _NO_WEIGHTS,
}


def refuse_ignored(given):
    """Refuses what `compile` or `fit` would ignore.

    Args:
        given: Dict of keyword arguments of `keras.Model`.

    Raises:
        UsageError: One of them means nothing here.
    """
    for name, value in given.items():
        plain = isinstance(value, list | tuple | dict | int | float)
        absent = value is None or (plain and not value)
        if name in _REFUSED and not absent:
            raise UsageError(f"{name}: {_REFUSED[name]}")


def checked(x, scale, bounds, labels=None, shape=None, conditional=False, classes=None):
    """Checks the first batch of what `fit` is given.

    Args:
        x: An array, a `tf.data.Dataset`, a `keras.utils.PyDataset`, a loader or a generator of
            batches: samples `(n, ...)`, or tuples of samples and labels.
        scale: `Scale` from data to network values, or None for that of `scale_of`.
        bounds: (lowest, highest) value of the generator, or None for any.
        labels: Those beside an array `x`, `(n,)`, or None.
        shape: Of one sample, None for a side of any length; None for any.
        conditional: Whether there have to be labels.
        classes: Number of classes that the networks have, None for any.

    Returns:
        What to give `fit` instead: `x`, or of a Python generator another with the same batches.

    Raises:
        UsageError: There are no samples, or of another shape or range than the generator's, labels
            that are no integers or of more classes than the networks have, or weights of samples.
    """
    if isinstance(x, Source):
        raise UsageError(
            "train_on_batch takes one batch, and x is a whole data set: give x.values[:32], or "
            "the data set to fit"
        )
    if x is None or isinstance(x, list | tuple | dict | str):
        raise UsageError(
            f"fit takes real samples, and x is {short(x)}: give an array (n, ...), a "
            "datasets.Source, or batches of samples"
        )
    if 0 in getattr(x, "shape", ()):
        raise UsageError(f"there are no real samples: their shape is {tuple(x.shape)}")
    batch, x = _first(x)
    if not batch:
        raise UsageError("there are no real samples: the data set is empty")
    samples = _array(batch[0])
    if samples is None:
        return x  # Keras has its own answer
    if shape is not None:
        _check_shape(samples.shape[1:], tuple(shape))
    if bounds is not None:
        _check_range(samples, scale or scale_of(str(samples.dtype), bounds), bounds)
    if len(batch) > 2 and batch[2] is not None:
        raise UsageError(f"the batches have a third part: {_NO_WEIGHTS}")
    if labels is not None and not conditional:
        raise UsageError(
            "y: these networks take no labels: leave it out, or give two conditional networks"
        )
    if conditional:
        _check_labels(labels if len(batch) < 2 else batch[1], classes)
    return x


def _first(x):
    """The first batch as a tuple of samples and what is beside them, and what to train on."""
    if isinstance(x, GeneratorType):
        first = list(islice(x, 1))
        # Keras takes a generator, and no other iterator.
        return _batch(*first or [None]), (batch for batch in chain(first, x))
    if hasattr(x, "shape"):
        return (x[:FIRST],), x
    if isinstance(x, keras.utils.PyDataset):
        return _batch(x[0]) if len(x) else (), x
    if hasattr(x, "__iter__"):
        first = list(islice(x, 1))
        return _batch(*first) if first else (), x
    return (None,), x


def _batch(batch):
    return tuple(batch) if isinstance(batch, list | tuple) and batch else (batch,)


def _array(values):
    """Numbers as an array, None where they are none."""
    if not hasattr(values, "shape") or 0 in values.shape:
        return None
    found = ops.convert_to_numpy(values)
    return found if found.dtype.kind in "biuf" else None


def _check_shape(found, shape):
    if len(found) == len(shape) and all(b in (a, None) for a, b in zip(found, shape, strict=True)):
        return
    advice = "give samples of that shape, or other networks"
    if (*found, 1) == shape:
        advice = "give x[..., None]"
    raise UsageError(f"the real samples are {found} and the networks take {shape}: {advice}")


def _check_labels(labels, classes):
    if isinstance(labels, list | tuple):
        raise UsageError(
            f"the labels are a {type(labels).__name__}: give an array (n,) of integers"
        )
    labels = _array(labels)
    if labels is None:
        raise UsageError("a conditional GAN needs labels: fit(x, y) with integers y (n,)")
    if labels.dtype.kind not in "iu" or (classes is not None and labels.ndim != 1):
        raise UsageError(
            f"the labels are {labels.dtype} of the shape {labels.shape}: give integers (n,)"
        )
    if classes is None:
        return
    if labels.min() < 0 or labels.max() >= classes:
        raise UsageError(
            f"the labels are {labels.min()} to {labels.max()}, and the networks have {classes} "
            f"classes: give labels of 0 to {classes - 1}, or networks of more classes"
        )


def _check_range(batch, scale, bounds):
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

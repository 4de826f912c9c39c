"""Runs a foreign generator to find what its file does not say: the range of its pixels.

It also reports faults that show in the output: no dependence on the latents, and latents of
another distribution than the generator was trained with.
"""

from dataclasses import replace

import numpy as np

from keras_gans import latents as distributions
from keras_gans.datasets.sources import Scale
from keras_gans.errors import UsageError

COUNT = 64  # images that the decisions are based on
FITS = 0.05  # divergence of moving statistics; 0.0002 to 0.015 where the latents are the right ones
MAX_LATENT = 1e3  # of the numbers that describe a distribution of latents
OTHERS = {  # distributions that generators are often trained with, as --latents writes them
    "uniform": {"name": "uniform"},
    "uniform:0,1": {"name": "uniform", "low": 0.0, "high": 1.0},
    "normal:-1,1": {"name": "normal", "mean": -1.0},
}


def latents_of(part, size):
    """The latents of a foreign generator.

    Args:
        part: `parts.Part` of noun "latents" without a size, or None for standard normal latents.
        size: Of all latents together; it may be 0.

    Raises:
        UsageError: A number of the part is out of range.
    """
    if part is None:
        return distributions.Normal(size)
    numbers = [value for value in part.options.values() if isinstance(value, int | float)]
    if not all(abs(value) <= MAX_LATENT for value in numbers):  # NaN is not
        raise UsageError(f"latents {part.plain}: give numbers of -{MAX_LATENT:g} to {MAX_LATENT:g}")
    return distributions.get(part, size=size)


def scale_of(output_range):
    """The `Scale` of pixels whose black and white are the ends of a range."""
    low, high = map(float, output_range)
    return Scale("uint8", 255 / (high - low), -low)


def probe(saved, bounds, normalization, output_range=None, known_latents=False):
    """Runs a generator, and completes its description.

    Args:
        saved: `Saved`, with any scale.
        bounds: (lowest, highest) possible value of its last layer, or None.
        normalization: `network.Normalization`, or None.
        output_range: (low, high), values of black and white, where the user knows them.
        known_latents: Whether the user chose the latents.

    Returns:
        `Saved` with its scale, "output_range" in its origin, and notes.

    Raises:
        UsageError: The generator makes values that are not finite.
    """
    count = min(COUNT, saved.batch_size)
    labels = np.arange(count)
    outputs = _call(saved.network, saved, 0, labels)
    if not np.isfinite(outputs).all():
        raise UsageError("its output is not finite: training had diverged when it was saved")
    notes = list(saved.notes)
    low, high = output_range = output_range or _range(outputs, bounds, notes)
    if count > 1 and saved.latents.size:
        other = _call(saved.network, saved, 1, labels)
        change = np.abs(np.clip(other, low, high) - np.clip(outputs, low, high))
        # Not the largest: one pixel that changes would hide a collapse.
        if np.quantile(change, 0.99) < 0.02 * (high - low):
            notes.append(
                "its images hardly change with the latents: it has collapsed, or is only a part "
                "of a generator"
            )
    if normalization is not None and not known_latents and count >= 16:
        notes += _check_latents(saved, normalization)
    return replace(
        saved,
        scale=scale_of(output_range),
        origin={**saved.origin, "output_range": [low, high]},
        notes=tuple(notes),
    )


def _call(model, saved, seed, labels):
    import keras

    given = saved.arrays(saved.latents.sample(len(labels), seed), labels)
    return keras.ops.convert_to_numpy(model(given, training=False))


def _range(outputs, bounds, notes):
    """(low, high), values of black and white: the bounds of the last layer if it uses them."""
    least, low, most = (float(v) for v in np.quantile(outputs, (0.001, 0.05, 0.999)))
    if bounds is not None and tuple(bounds) == (-1.0, 1.0):
        # Many networks that could make -1 are trained on pixels in [0, 1] and hardly ever do.
        black = least > -0.5 or np.mean(np.abs(outputs) < 0.05) > 0.25
        if low < -0.1 or most < 0.1 or not black:
            return bounds
        notes.append(
            "it could make values of -1 to 1 but makes hardly any below 0, so 0 was taken for "
            "black; use --range=-1,1 if that is wrong"
        )
        return 0.0, 1.0
    if bounds is not None and bounds[0] < bounds[1] and tuple(bounds) != (0.0, 6.0):
        return bounds
    if most > 64:
        found = (0.0, 255.0)
    elif most > 3:
        found = (0.0 if low > -0.1 else -most, most)
    else:
        found = (-1.0, 1.0) if low < -0.1 else (0.0, 1.0)
    notes.append(
        f"nothing bounds its values, which go from {least:.3g} to {most:.3g}: {found[0]:.3g} was "
        f"taken for black and {found[1]:.3g} for white; use --range if that is wrong"
    )
    return found


def _check_latents(saved, normalization):
    """Notes on whether the moving statistics fit the latents, which no file describes."""
    if not normalization.means.any() and np.all(normalization.variances == 1):
        return []  # never trained
    divergences = {
        name: _divergence(saved, part, normalization)
        for name, part in {"": saved.latents, **OTHERS}.items()
    }
    found = divergences.pop("")
    if found < FITS:
        return []
    best = min(divergences, key=divergences.get)
    return [
        "its batch normalization was trained on other values than standard normal latents give "
        f"(divergence {found:.2g}, usually below {FITS}): perhaps with other latents"
        + (
            f"; --latents {best} fits better ({divergences[best]:.2g})"
            if divergences[best] < found / 2
            else ", so give --latents if they are known, or for few iterations"
        )
    ]


def _divergence(saved, part, normalization):
    """How far the moving statistics are from those of latents: the median over the channels.

    That of a channel is the Kullback-Leibler divergence of the normal distribution with the mean
    and variance of a batch from the one with the moving mean and variance.
    """
    latents = distributions.get(part, saved.latents.size)
    # A batch of 64 would differ by itself: by about 1 / 64 where there are no pixels.
    labels = np.arange(saved.batch_size)
    values = _call(normalization.inputs, replace(saved, latents=latents), 0, labels)
    rest = tuple(n for n in range(values.ndim) if n != normalization.axis % values.ndim)
    mean, variance = values.mean(axis=rest), values.var(axis=rest)
    live = variance > 1e-6 * max(float(variance.max()), 1e-12)  # dead units have no variance
    if not live.any():
        return 0.0
    mean, variance = mean[live] - normalization.means[live], variance[live] + normalization.epsilon
    moving = normalization.variances[live] + normalization.epsilon
    parts = np.log(moving / variance) + (variance + mean**2) / moving - 1
    return float(np.median(parts)) / 2

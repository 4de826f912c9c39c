"""What a stranger's generator makes, seen by trying it: the range of its pixels, and its faults."""

import math
import re

import numpy as np

from keras_gans.errors import UsageError

COUNT = 64  # images to judge by
RANGES = ((-1.0, 1.0), (0.0, 1.0), (0.0, 255.0))
OTHERS = ("uniform", "uniform:0,1", "normal:-1,1")  # what else generators are trained with


def draw(count, latent_dim, seed, distribution):
    """Latents: float32 (count, latent_dim); the distribution as in `generators.latents`."""
    kind, first, second = read_distribution(distribution)
    random = np.random.Generator(np.random.Philox(seed))
    if kind == "uniform":
        return random.uniform(first, second, (count, latent_dim)).astype("float32")
    drawn = random.standard_normal((count, latent_dim), dtype="float32")
    return drawn if (first, second) == (0, 1) else np.float32(first) + np.float32(second) * drawn


def read_distribution(text):
    """Reads "normal", "normal:MEAN,DEVIATION", "uniform" or "uniform:LEAST,MOST".

    Returns:
        (kind, first number, second number).

    Raises:
        UsageError: It is none of these.
    """
    found = re.fullmatch(r"(normal|uniform)(?::([-+.\de]+),([-+.\de]+))?", str(text))
    try:
        kind = found[1]
        default = (0.0, 1.0) if kind == "normal" else (-1.0, 1.0)
        first, second = default if found[2] is None else (float(found[2]), float(found[3]))
        good = abs(first) <= 1e3 and abs(second) <= 1e3
        good = good and (second > first if kind == "uniform" else second > 0)
    except (TypeError, ValueError):
        good = False
    if not good:
        raise UsageError(
            f"latents {text!r}: write normal, uniform, normal:MEAN,DEVIATION or uniform:LEAST,MOST"
        )
    return kind, first, second


def arrays(recipe, latents, labels=None):
    """What the inputs of a stranger's generator are given.

    Args:
        recipe: Of `generators.load`.
        latents: float32 (n, latent_dim), shared out among the inputs that take latents.
        labels: Integers (n,), or None for 0, 1, 2, ... in turns.

    Returns:
        List of float32 arrays, one for each input.
    """
    count, used, given = len(latents), 0, []
    labels = np.arange(count) if labels is None else np.asarray(labels)
    for entry in recipe["inputs"]:
        shape = (count, *entry["shape"])
        if entry["role"] == "latent":
            size = math.prod(entry["shape"])
            given.append(latents[:, used : used + size].reshape(shape))
            used += size
        elif entry["role"] == "one-hot":
            given.append(np.eye(entry["classes"], dtype="float32")[labels % entry["classes"]])
        else:
            given.append((labels % entry["classes"]).astype("float32").reshape(shape))
    return given


def probe(model, recipe, normalization, output_range=None, distribution=None):
    """Tries a generator; writes what is seen into its recipe.

    Args:
        model: `keras.Model` of `foreign.open_network`.
        recipe: Its recipe: gets "output_range" and "latents", and sentences in "notes".
        normalization: Of its first batch normalization, or None.
        output_range: (least, most) where the user knows it.
        distribution: Of the latents where the user knows it, as in `generators.latents`.

    Raises:
        UsageError: It makes values that are not finite.
    """
    count = min(COUNT, batch_size(recipe))
    recipe["latents"] = distribution or "normal"
    latents = draw(count, recipe["latent_dim"], 0, recipe["latents"])
    labels = np.arange(count)
    made = _call(model, arrays(recipe, latents, labels))
    if not np.isfinite(made).all():
        raise UsageError("what it makes is not finite: training had diverged when it was saved")
    recipe["output_range"] = list(output_range or _range(made, recipe))
    low, high = recipe["output_range"]
    seen = np.clip(made, low, high)
    if count > 1 and recipe["latent_dim"]:
        other = draw(count, recipe["latent_dim"], 1, recipe["latents"])
        change = np.abs(np.clip(_call(model, arrays(recipe, other, labels)), low, high) - seen)
        if change.max() < 0.02 * (high - low):
            recipe["notes"].append(
                "its images hardly change with the latents: it has collapsed, or is another part"
            )
    if normalization is not None and distribution is None and count >= 16:
        _check_latents(recipe, normalization, labels)


def batch_size(recipe):
    """How many images are made at a time: what is kept of them fits into half a gigabyte."""
    return int(max(1, min(500, (1 << 27) // max(1, recipe["activations"]))))


def _call(model, given):
    import keras

    return keras.ops.convert_to_numpy(model(given if len(given) > 1 else given[0], training=False))


def _range(made, recipe):
    """The range whose ends are black and white. The last layer's bounds are what is possible."""
    bounds, notes = recipe["bounds"], recipe["notes"]
    least, low, most = (float(v) for v in np.quantile(made, (0.001, 0.05, 0.999)))
    if bounds is not None and tuple(bounds) == (-1.0, 1.0):
        # Many train on pixels of 0 to 1 what could make -1: then nothing, or hardly anything, does.
        black = least > -0.01 or np.mean(np.abs(made) < 0.05) > 0.25
        if low < -0.1 or most < 0.1 or not black:
            return bounds
        notes.append(
            "it could make values of -1 to 1, but makes hardly any below 0, which was taken for "
            "black; --range=-1,1 says otherwise"
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
        f"taken for black and {found[1]:.3g} for white; --range says otherwise"
    )
    return found


def _check_latents(recipe, normalization, labels):
    """The file does not say what latents it was trained with; its statistics tell some of it."""
    variances, axis, normalized = normalization
    shares = {}
    for distribution in (recipe["latents"], *OTHERS):
        latents = draw(len(labels), recipe["latent_dim"], 0, distribution)
        values = _call(normalized, arrays(recipe, latents, labels))
        rest = tuple(n for n in range(values.ndim) if n != axis % values.ndim)
        found = values.var(axis=rest)
        live = found > 1e-6 * max(float(found.max()), 1e-12)  # dead units say nothing
        shares[distribution] = float(np.median(variances[live] / found[live])) if live.any() else 1
    share = shares[recipe["latents"]]
    if not 1 / 20 < share < 20:  # the statistics of a network in training lag behind
        best = min(shares, key=lambda name: abs(math.log(max(shares[name], 1e-9))))
        recipe["notes"].append(
            f"its batch normalization expects {share:.3g} times the variance that standard normal "
            "latents give: it may have been trained with other ones"
            + (f" ({shares[best]:.3g} times with --latents {best})" if best in OTHERS else "")
        )

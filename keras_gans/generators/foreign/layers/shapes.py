"""Layers that arrange values and compute none: reshaping, and layers that act only in training."""

import math

from keras_gans.errors import UsageError, short
from keras_gans.generators.foreign.layers.fields import MAX_SIZE, integer
from keras_gans.generators.foreign.layers.steps import Step, builder, channels_last, single


def _reshape(fields, shapes):
    shape, target = single(shapes), fields.get("target_shape")
    if not isinstance(target, list | tuple) or len(target) > 8:
        raise UsageError(f"target_shape is {short(target)}, not a list of sizes")
    target = [-1 if n is None else integer(n, "target_shape", -1, MAX_SIZE) for n in target]
    known, total = math.prod(n for n in target if n != -1), math.prod(shape)
    if target.count(-1) == 1 and known and total % known == 0:
        target[target.index(-1)] = total // known
    if math.prod(target) != total or -1 in target or 0 in target:
        raise UsageError(f"target_shape {short(target)} does not fit {list(shape)}")
    return Step(tuple(target), builder("Reshape", target_shape=tuple(target)), keeps=True)


def _flatten(fields, shapes):
    shape = single(shapes)
    first, _ = channels_last(fields, shape) if len(shape) > 1 else (False, shape)
    layout = "channels_first" if first else "channels_last"
    return Step((math.prod(shape),), builder("Flatten", data_format=layout), keeps=True)


def _repeat_vector(fields, shapes):
    (size,), n = single(shapes, 1), fields.integer("n")
    return Step((n, size), builder("RepeatVector", n=n), keeps=True)


def _permute(fields, shapes):
    shape = single(shapes)
    dims = fields.sizes("dims", None, len(shape), 1, len(shape))
    if sorted(dims) != list(range(1, len(shape) + 1)):
        raise UsageError(f"dims {list(dims)} are not those of {list(shape)}")
    return Step(tuple(shape[n - 1] for n in dims), builder("Permute", dims=dims), keeps=True)


def _identity(fields, shapes):
    return Step(single(shapes), keeps=True)


def _noise(kind, key, high):
    """Passes its input in inference; but a network may call it in training mode."""

    def rule(fields, shapes):
        rate = fields.number(key, 0.0, 0, high)
        argument = {"stddev": rate} if kind == "GaussianNoise" else {"rate": rate}
        return Step(single(shapes), builder(kind, **argument), keeps=True)

    return rule


NOISE = {
    "Dropout": _noise("Dropout", "rate", 0.999),
    "SpatialDropout1D": _noise("SpatialDropout1D", "rate", 0.999),
    "SpatialDropout2D": _noise("SpatialDropout2D", "rate", 0.999),
    "AlphaDropout": _noise("AlphaDropout", "rate", 0.999),
    "GaussianDropout": _noise("GaussianDropout", "rate", 0.999),
    "GaussianNoise": _noise("GaussianNoise", "stddev", 1e6),
}
RULES = {
    "Reshape": _reshape,
    "Flatten": _flatten,
    "RepeatVector": _repeat_vector,
    "Permute": _permute,
    "ActivityRegularization": _identity,
    "Identity": _identity,
    **NOISE,
}

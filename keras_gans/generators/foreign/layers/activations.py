"""Activations: by name, as settings of layers, and as layers of their own."""

from keras_gans.errors import UsageError, short
from keras_gans.generators.foreign.layers.fields import Fields, integer
from keras_gans.generators.foreign.layers.steps import BOUNDS, Step, builder, single

NAMES = {
    *BOUNDS, "linear", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish",
    "log_softmax", "softplus", "exponential",
}  # fmt: skip


def activation(fields, key="activation", default="linear"):
    """Reads an activation of a layer.

    Args:
        fields: `Fields`.
        key: Name of the setting.
        default: Where the file has none.

    Returns:
        (name, function): the function takes the `keras` module and returns what Keras's layers
        take as an activation; it is None for a linear one.
    """
    return _read(fields.get(key, default), fields.legacy)


def _read(value, legacy):
    if isinstance(value, dict):
        kind, inner = value.get("class_name"), value.get("config")
        if kind in ("function", "Activation") or (kind in NAMES):
            inner = inner.get("activation", inner.get("name")) if isinstance(inner, dict) else inner
            return _read(kind if kind in NAMES else inner, legacy)
        if kind in ("LeakyReLU", "ReLU", "ELU", "Softmax", "ThresholdedReLU"):
            step = RULES[kind](Fields(inner or {}, legacy), [(1,)])
            return step.activation, lambda keras: step.make(keras)[0]
        raise UsageError(f"the activation {short(kind)} is not one of Keras's own")
    if value is None:
        return "linear", None
    name = value.removesuffix("_v2") if isinstance(value, str) else None
    if name not in NAMES:
        raise UsageError(f"the activation {short(value)} is not one of Keras's own")
    if name == "linear":
        return name, None
    if name == "hard_sigmoid" and legacy:
        return name, lambda keras: lambda x: keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)
    return name, lambda keras: name


def _activation(fields, shapes):
    shape = single(shapes)
    name, function = activation(fields, default=None)
    make = None if function is None else builder("Activation", function)
    return Step(shape, make, activation=name)


def _leaky_relu(fields, shapes):
    key = "negative_slope" if "negative_slope" in fields.config else "alpha"
    slope = fields.number(key, 0.3)
    make = builder("LeakyReLU", negative_slope=slope)
    return Step(single(shapes), make, activation="leaky_relu")


def _relu(fields, shapes):
    largest = fields.get("max_value")
    if largest is not None:
        largest = fields.number("max_value", None, 0)
    slope = fields.number("negative_slope", 0.0)
    threshold = fields.number("threshold", 0.0)
    make = builder("ReLU", max_value=largest, negative_slope=slope, threshold=threshold)
    return Step(single(shapes), make, activation="relu")


def _thresholded_relu(fields, shapes):
    make = builder("ReLU", threshold=fields.number("theta", 1.0, 0))
    return Step(single(shapes), make, activation="relu")


def _elu(fields, shapes):
    make = builder("ELU", alpha=fields.number("alpha", 1.0))
    return Step(single(shapes), make, activation="elu")


def _prelu(fields, shapes):
    shape = single(shapes)
    shared = fields.get("shared_axes") or []
    if not isinstance(shared, list):
        shared = [shared]
    shared = [integer(axis, "shared_axes", 1, len(shape)) for axis in shared]
    size = tuple(1 if axis in shared else n for axis, n in enumerate(shape, 1))
    make = builder("PReLU", shared_axes=shared or None)
    return Step(shape, make, (("alpha", size),), activation="prelu")


def _softmax(fields, shapes):
    shape = single(shapes)
    make = builder("Softmax", axis=fields.axis(len(shape)))
    return Step(shape, make, activation="softmax")


RULES = {
    "Activation": _activation,
    "LeakyReLU": _leaky_relu,
    "ReLU": _relu,
    "ThresholdedReLU": _thresholded_relu,
    "ELU": _elu,
    "PReLU": _prelu,
    "Softmax": _softmax,
}

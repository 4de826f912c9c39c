"""Dense and recurrent layers, encodings of labels, normalization and rescaling."""

import math

from keras_gans.errors import UsageError
from keras_gans.generators.foreign.layers.activations import activation
from keras_gans.generators.foreign.layers.fields import Fields
from keras_gans.generators.foreign.layers.steps import Step, builder, single


def _dense(fields, shapes):
    shape = single(shapes)
    if not shape:
        raise UsageError("it takes inputs of at least one dimension")
    units, bias = fields.integer("units"), fields.flag("use_bias", True)
    name, function = activation(fields)
    weights = [("kernel", (shape[-1], units)), *([("bias", (units,))] if bias else [])]
    make = builder("Dense", function, units=units, use_bias=bias)
    return Step((*shape[:-1], units), make, tuple(weights), 0, math.prod(shape) * units, name)


def _embedding(fields, shapes):
    words, size = fields.integer("input_dim"), fields.integer("output_dim")
    mask = fields.flag("mask_zero")
    make = builder("Embedding", input_dim=words, output_dim=size, mask_zero=mask)
    return Step((*single(shapes), size), make, (("embeddings", (words, size)),), labels=words)


def _category_encoding(fields, shapes):
    shape, classes = single(shapes), fields.integer("num_tokens")
    mode = fields.choice("output_mode", "multi_hot", ("one_hot", "multi_hot"))
    fields.only("sparse", False)
    if shape not in ((), (1,)):
        raise UsageError(f"it encodes one label of each image, not {list(shape)}")
    make = builder("CategoryEncoding", num_tokens=classes, output_mode=mode)
    return Step((classes,), make, labels=classes)


def _recurrent(kind, gates):
    def rule(fields, shapes):
        steps, size = single(shapes, 2)
        units, bias = fields.integer("units"), fields.flag("use_bias", True)
        every = fields.flag("return_sequences")
        for key in ("return_state", "stateful", "go_backwards", "time_major"):
            fields.only(key, False)
        _, function = activation(fields, default="tanh")
        arguments, weights = {}, [
            ("kernel", (size, gates * units)), ("recurrent_kernel", (units, gates * units))
        ]  # fmt: skip
        shape = (gates * units,)
        if kind == "GRU":
            after = arguments["reset_after"] = fields.flag("reset_after", not fields.legacy)
            shape = (2, *shape) if after else shape
        if bias:
            weights.append(("bias", shape))
        inner = None
        if kind != "SimpleRNN":
            _, inner = activation(fields, "recurrent_activation", "sigmoid")

        def make(keras):
            functions = {"activation": function and function(keras)}
            if kind != "SimpleRNN":
                functions["recurrent_activation"] = inner and inner(keras)
            layer = getattr(keras.layers, kind)(
                units, use_bias=bias, return_sequences=every, **functions, **arguments
            )
            return layer, layer

        work = steps * sum(math.prod(shape) for _, shape in weights)
        return Step((steps, units) if every else (units,), make, tuple(weights), 0, work)

    return rule


def _batch_normalization(fields, shapes):
    shape = single(shapes)
    axis = fields.axis(len(shape))
    fields.only("renorm", False)
    fields.only("virtual_batch_size", None)
    center, scale = fields.flag("center", True), fields.flag("scale", True)
    epsilon = fields.number("epsilon", 1e-3, 0, 1e3)
    size = (shape[axis - 1],)
    names = [
        *(["gamma"] if scale else []), *(["beta"] if center else []),
        "moving_mean", "moving_variance",
    ]  # fmt: skip
    make = builder("BatchNormalization", axis=axis, epsilon=epsilon, center=center, scale=scale)
    return Step(shape, make, tuple((name, size) for name in names), 2)


def _layer_normalization(fields, shapes):
    shape = single(shapes)
    fields.only("rms_scaling", False)
    value = fields.get("axis", -1)
    value = value if isinstance(value, list) else [value]
    axes = sorted(Fields({"axis": axis}).axis(len(shape)) for axis in value)
    if not axes or len(set(axes)) < len(axes):
        raise UsageError("axis is empty or names an axis twice")
    center, scale = fields.flag("center", True), fields.flag("scale", True)
    epsilon = fields.number("epsilon", 1e-3, 0, 1e3)
    size = tuple(shape[axis - 1] for axis in axes)
    names = [*(["gamma"] if scale else []), *(["beta"] if center else [])]
    make = builder("LayerNormalization", axis=axes, epsilon=epsilon, center=center, scale=scale)
    return Step(shape, make, tuple((name, size) for name in names))


def _rescaling(fields, shapes):
    scale, offset = fields.number("scale", 1.0), fields.number("offset", 0.0)
    make = builder("Rescaling", scale=scale, offset=offset)
    return Step(single(shapes), make, affine=(scale, offset))


RULES = {
    "Dense": _dense,
    "Embedding": _embedding,
    "CategoryEncoding": _category_encoding,
    "LSTM": _recurrent("LSTM", 4),
    "GRU": _recurrent("GRU", 3),
    "SimpleRNN": _recurrent("SimpleRNN", 1),
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Rescaling": _rescaling,
}

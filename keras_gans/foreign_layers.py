"""Layers that a stranger's file may ask for: their settings read as data, their shapes reckoned.

A rule takes a layer's recorded settings and the shapes of its inputs, and says what comes out,
which weights there are and how Keras makes the layer: with arguments of known names, types and
ranges, and none else. Nothing is made before a file's whole network has been reckoned. What a file
says of initializers, regularizers, constraints and number types is left aside: it concerns
training. Old spellings (`alpha`, lists for numbers, arrays in disguise) are understood.

Shapes are without the batch; that of one image is (height, width, channels).
"""

import math
import re
from dataclasses import dataclass, replace

from keras_gans.errors import UsageError, short

MAX_SIZE = 1 << 26  # of one dimension
BOUNDS = {
    "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0), "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "relu6": (0.0, 6.0),
}  # fmt: skip
ACTIVATIONS = {
    *BOUNDS, "linear", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish",
    "log_softmax", "softplus", "exponential",
}  # fmt: skip
KEEPING = {
    "Reshape", "Flatten", "Permute", "RepeatVector", "UpSampling1D", "Cropping1D", "Cropping2D",
    "MaxPooling1D", "MaxPooling2D", "MaxPool2D", "AveragePooling1D", "AveragePooling2D",
    "Identity", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout",
    "GaussianDropout", "GaussianNoise", "ActivityRegularization",
}  # fmt: skip
"""Layers whose output has no value beyond those of its input."""


@dataclass(frozen=True)
class Step:
    """What a rule finds out.

    Args:
        shape: Of the output.
        make: A function that makes the layer, or None where the input passes through. It returns
            what is called with tensors, and the Keras layer whose weights these are, or None.
        weights: Tuple of (name, shape), in Keras's order.
        fixed: How many of them, the last ones, are statistics that are not trained.
        work: Multiplications for one image.
        activation: The name of the function that the output ends in, or None.
        keeps: Whether the output has no value beyond those of the input.
        affine: (factor, offset) where the output is the input times and plus a number, or None.
    """

    shape: tuple
    make: object = None
    weights: tuple = ()
    fixed: int = 0
    work: int = 0
    activation: str | None = None
    keeps: bool = False
    affine: tuple | None = None

    def bounds(self, given):
        """(least, most) of the output's values, given those of the input or None."""
        if self.activation in BOUNDS:
            return BOUNDS[self.activation]
        if given is not None and self.affine is not None:
            return tuple(sorted(self.affine[0] * bound + self.affine[1] for bound in given))
        same = self.keeps or (self.activation == "linear" and not self.weights)
        return given if same else None


class Fields:
    """A layer's settings, of which each is read with its type and range.

    Args:
        config: The dict in the file.
        legacy: Whether Keras 2 wrote it: `hard_sigmoid` was another function then.
    """

    def __init__(self, config, legacy=True):
        self.config, self.legacy = config, legacy

    def get(self, key, default=None):
        value = self.config.get(key, default)
        while isinstance(value, dict) and "value" in (inner := value.get("config", value)):
            value = inner["value"]  # how arrays and NumPy numbers were written
        if isinstance(value, float) and math.isnan(value):
            return None
        return value

    def integer(self, key, default=None, low=1, high=MAX_SIZE):
        return _integer(self.get(key, default), key, low, high)

    def number(self, key, default=None, low=-1e6, high=1e6):
        value = self.get(key, default)
        if type(value) not in (int, float) or not low <= value <= high:
            raise UsageError(f"{key} is {short(value)}, not a number of {low:g} to {high:g}")
        return float(value)

    def flag(self, key, default=False):
        value = self.get(key, default)
        if value not in (True, False, None):
            raise UsageError(f"{key} is {short(value)}, not true or false")
        return default if value is None else bool(value)

    def choice(self, key, default, choices):
        value = self.get(key, default)
        if value not in choices if isinstance(value, str) else True:
            raise UsageError(f"{key} is {short(value)}, not one of {', '.join(choices)}")
        return value

    def sizes(self, key, default, count, low=1, high=4096):
        """A tuple of `count` whole numbers, which may be written as one."""
        value = self.get(key, default)
        if not isinstance(value, list | tuple):
            value = [value] * count
        if len(value) != count:
            raise UsageError(f"{key} is {short(value)}, not {count} numbers")
        return tuple(_integer(v, key, low, high) for v in value)

    def margins(self, key, default, count):
        """`count` pairs of whole numbers; one number, or one for each pair, stands for all."""
        value = self.get(key, default)
        if not isinstance(value, list | tuple):
            value = [value] * count
        if count == 1 and len(value) == 2:
            value = [value]
        if len(value) != count:
            raise UsageError(f"{key} is {short(value)}, not {count} margins")
        pairs = [v if isinstance(v, list | tuple) else [v, v] for v in value]
        if any(len(pair) != 2 for pair in pairs):
            raise UsageError(f"{key} is {short(value)}, not {count} margins")
        return tuple(tuple(_integer(v, key, 0, 4096) for v in pair) for pair in pairs)

    def axis(self, rank, default=-1):
        """One axis, counted from the batch's, which it cannot be; -1 is the last."""
        value = self.get("axis", default)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        value = _integer(value, "axis", -rank, rank)
        if value == 0:
            raise UsageError("axis is 0, that of the batch")
        return value if value > 0 else value + rank + 1

    def activation(self, key="activation", default="linear"):
        """(name, function for Keras): None for a linear one."""
        return _activation(self.get(key, default), self)

    def only(self, key, value):
        """Refuses a setting that is there with another value than the one which is understood."""
        found = self.get(key, value)
        if found not in (value, None):
            raise UsageError(f"{key} is {short(found)}, which is not supported")


def _integer(value, key, low, high):
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise UsageError(f"{key} is {short(value)}, not a whole number of {low} to {high}")
    return value


def _activation(value, fields):
    if isinstance(value, dict):
        kind, inner = value.get("class_name"), value.get("config")
        if kind in ("function", "Activation") or (kind in ACTIVATIONS):
            inner = inner.get("activation", inner.get("name")) if isinstance(inner, dict) else inner
            return _activation(kind if kind in ACTIVATIONS else inner, fields)
        if kind in ("LeakyReLU", "ReLU", "ELU", "Softmax", "ThresholdedReLU"):
            step = RULES[kind](Fields(inner or {}, fields.legacy), [(1,)])
            return step.activation, lambda keras: step.make(keras)[0]
        raise UsageError(f"the activation {short(kind)} is not one of Keras's own")
    if value is None:
        return "linear", None
    name = value.removesuffix("_v2") if isinstance(value, str) else None
    if name not in ACTIVATIONS:
        raise UsageError(f"the activation {short(value)} is not one of Keras's own")
    if name == "linear":
        return name, None
    if name == "hard_sigmoid" and fields.legacy:
        return name, lambda keras: lambda x: keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)
    return name, lambda keras: name


def _made(kind, activation=None, wrap=None, **arguments):
    """A `make` of the Keras layer `kind`, a name in this file, never one in another."""

    def make(keras):
        function = {} if activation is None else {"activation": activation(keras)}
        layer = getattr(keras.layers, kind)(**arguments, **function)
        return (wrap(keras, layer) if wrap else layer), layer

    return make


# --- channels first ---------------------------------------------------------------------------


def _last(fields, shape):
    """Whether channels come first, and the shape with channels last."""
    first = fields.choice("data_format", "channels_last", ("channels_last", "channels_first"))
    if first == "channels_last":
        return False, shape
    return True, (*shape[1:], shape[0])


def _turned(first, shape):
    """A shape with channels last as the layer has it."""
    return (shape[-1], *shape[:-1]) if first else shape


def _turning(first, rank):
    """A CPU convolves with channels last only: turn around, and turn back."""
    if not first:
        return None

    def wrap(keras, layer):
        there = keras.layers.Permute((*range(2, rank + 1), 1))
        back = keras.layers.Permute((rank, *range(1, rank)))
        return lambda x, **options: back(layer(there(x), **options))

    return wrap


# --- rules ------------------------------------------------------------------------------------


def _single(shapes, rank=None):
    if len(shapes) != 1:
        raise UsageError(f"it takes one input, not {len(shapes)}")
    if rank is not None and len(shapes[0]) != rank:
        raise UsageError(f"it takes inputs of {rank} dimensions, not {list(shapes[0])}")
    return shapes[0]


def _same(fields, shapes):
    return Step(_single(shapes))


def _noise(kind, key, high):
    """Passes in inference; but a network may ask for the noise of training."""

    def rule(fields, shapes):
        rate = fields.number(key, 0.0, 0, high)
        argument = {"stddev": rate} if kind == "GaussianNoise" else {"rate": rate}
        return Step(_single(shapes), _made(kind, **argument))

    return rule


def _dense(fields, shapes):
    shape = _single(shapes)
    if not shape:
        raise UsageError("it takes inputs of one dimension at least")
    units, bias = fields.integer("units"), fields.flag("use_bias", True)
    name, activation = fields.activation()
    weights = [("kernel", (shape[-1], units)), *([("bias", (units,))] if bias else [])]
    make = _made("Dense", activation, units=units, use_bias=bias)
    return Step((*shape[:-1], units), make, tuple(weights), 0, math.prod(shape) * units, name)


def _window(size, kernel, stride, dilation, padding):
    if padding == "same":
        return -(-size // stride)
    reach = dilation * (kernel - 1) + 1
    if reach > size and padding == "valid":
        raise UsageError(f"a window of {reach} does not fit into {size}")
    return size if padding == "causal" and stride == 1 else (size - reach) // stride + 1


def _convolution(rank, kind="plain"):
    def rule(fields, shapes):
        first, (*space, channels) = _last(fields, _single(shapes, rank + 1))
        kernel = fields.sizes("kernel_size", None, rank)
        strides = fields.sizes("strides", 1, rank)
        dilation = fields.sizes("dilation_rate", 1, rank)
        if max(strides) > 1 and max(dilation) > 1:
            raise UsageError("strides and dilation_rate exclude each other")
        padding = fields.choice(
            "padding", "valid", ("valid", "same", *(("causal",) if rank == 1 else ()))
        )
        bias = fields.flag("use_bias", True)
        name, activation = fields.activation()
        window = zip(space, kernel, strides, dilation, strict=True)
        out = tuple(_window(*sizes, padding) for sizes in window)
        arguments = {
            "kernel_size": kernel, "strides": strides, "dilation_rate": dilation,
            "padding": padding, "use_bias": bias, "data_format": "channels_last",
        }  # fmt: skip
        if kind == "plain":
            filters = fields.integer("filters")
            groups = arguments["groups"] = fields.integer("groups", 1)
            if channels % groups or filters % groups:
                raise UsageError(f"{groups} groups do not divide {channels} and {filters}")
            kernels = [("kernel", (*kernel, channels // groups, filters))]
        else:
            fields.only("groups", 1)
            multiplier = arguments["depth_multiplier"] = fields.integer("depth_multiplier", 1)
            filters = channels * multiplier
            depthwise = (*kernel, channels, multiplier)
            kernels = [("kernel", depthwise)]
            if kind == "separable":
                pointwise = (*(1,) * rank, filters, fields.integer("filters"))
                kernels = [("depthwise_kernel", depthwise), ("pointwise_kernel", pointwise)]
                filters = pointwise[-1]
        if kind != "depthwise":
            arguments["filters"] = filters
        weights = [*kernels, *([("bias", (filters,))] if bias else [])]
        work = math.prod(out) * sum(math.prod(shape) for _, shape in kernels)
        named = {"plain": "Conv", "separable": "SeparableConv", "depthwise": "DepthwiseConv"}[kind]
        make = _made(f"{named}{rank}D", activation, _turning(first, rank + 1), **arguments)
        return Step(_turned(first, (*out, filters)), make, tuple(weights), 0, work, name)

    return rule


def _transposed(rank):
    def rule(fields, shapes):
        first, (*space, channels) = _last(fields, _single(shapes, rank + 1))
        filters, bias = fields.integer("filters"), fields.flag("use_bias", True)
        kernel = fields.sizes("kernel_size", None, rank)
        strides = fields.sizes("strides", 1, rank)
        padding = fields.choice("padding", "valid", ("valid", "same"))
        fields.only("groups", 1)
        if set(fields.sizes("dilation_rate", 1, rank)) != {1}:
            raise UsageError("dilation_rate is not 1, which is not supported")
        extra = fields.get("output_padding")
        if extra is not None:
            extra = fields.sizes("output_padding", None, rank, 0)
        out = []
        for i in range(rank):
            if extra is None:
                more = max(kernel[i] - strides[i], 0) if padding == "valid" else 0
                out.append(space[i] * strides[i] + more)
            elif extra[i] >= strides[i]:
                raise UsageError("output_padding is not below strides")
            else:
                less = 2 * (kernel[i] // 2) if padding == "same" else 0
                out.append((space[i] - 1) * strides[i] + kernel[i] - less + extra[i])
        if min(out) < 1:
            raise UsageError(f"it makes an output of {out}")
        name, activation = fields.activation()
        shape = (*kernel, filters, channels)
        weights = [("kernel", shape), *([("bias", (filters,))] if bias else [])]
        make = _made(
            f"Conv{rank}DTranspose", activation, _turning(first, rank + 1), filters=filters,
            kernel_size=kernel, strides=strides, padding=padding, output_padding=extra,
            use_bias=bias, data_format="channels_last",
        )  # fmt: skip
        work = math.prod(space) * math.prod(shape)
        return Step(_turned(first, (*out, filters)), make, tuple(weights), 0, work, name)

    return rule


def _pool(kind, rank):
    def rule(fields, shapes):
        first, (*space, channels) = _last(fields, _single(shapes, rank + 1))
        size = fields.sizes("pool_size", 2, rank)
        strides = size
        if fields.get("strides") is not None:
            strides = fields.sizes("strides", None, rank)
        padding = fields.choice("padding", "valid", ("valid", "same"))
        window = zip(space, size, strides, strict=True)
        out = tuple(_window(n, k, s, 1, padding) for n, k, s in window)
        make = _made(
            f"{kind}Pooling{rank}D", None, _turning(first, rank + 1), pool_size=size,
            strides=strides, padding=padding, data_format="channels_last",
        )  # fmt: skip
        work = math.prod(out) * math.prod(size) * channels
        return Step(_turned(first, (*out, channels)), make, work=work)

    return rule


def _pool_all(kind, rank):
    def rule(fields, shapes):
        first, shape = _last(fields, _single(shapes, rank + 1))
        keep = fields.flag("keepdims")
        out = _turned(first, (*(1,) * rank, shape[-1])) if keep else (shape[-1],)
        layout = "channels_first" if first else "channels_last"
        make = _made(f"Global{kind}Pooling{rank}D", keepdims=keep, data_format=layout)
        return Step(out, make)

    return rule


def _upsample(rank):
    def rule(fields, shapes):
        first, (*space, channels) = _last(fields, _single(shapes, rank + 1))
        factors = fields.sizes("size", 2, rank)
        out = tuple(n * f for n, f in zip(space, factors, strict=True))
        if rank == 1:
            make = _made("UpSampling1D", size=factors[0])
        else:
            ways = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
            way = fields.choice("interpolation", "nearest", ways)
            make = _made(
                "UpSampling2D", None, _turning(first, 3), size=factors, interpolation=way,
                data_format="channels_last",
            )  # fmt: skip
        return Step(_turned(first, (*out, channels)), make)

    return rule


def _margin(kind, key, rank, sign):
    def rule(fields, shapes):
        first, (*space, channels) = _last(fields, _single(shapes, rank + 1))
        margins = fields.margins(key, 1 if sign > 0 else 0, rank)
        out = tuple(n + sign * sum(pair) for n, pair in zip(space, margins, strict=True))
        if min(out) < 1:
            raise UsageError(f"{key} leaves nothing of {list(space)}")
        arguments = {key: margins if rank > 1 else margins[0]}
        if rank > 1:
            arguments["data_format"] = "channels_last"
        make = _made(f"{kind}{rank}D", None, _turning(first, rank + 1), **arguments)
        return Step(_turned(first, (*out, channels)), make)

    return rule


def _batch_normalization(fields, shapes):
    shape = _single(shapes)
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
    make = _made("BatchNormalization", axis=axis, epsilon=epsilon, center=center, scale=scale)
    return Step(shape, make, tuple((name, size) for name in names), 2)


def _layer_normalization(fields, shapes):
    shape = _single(shapes)
    fields.only("rms_scaling", False)
    value = fields.get("axis", -1)
    value = value if isinstance(value, list) else [value]
    axes = sorted(Fields({"axis": axis}).axis(len(shape)) for axis in value)
    if not axes or len(set(axes)) < len(axes):
        raise UsageError("axis names one twice, or none")
    center, scale = fields.flag("center", True), fields.flag("scale", True)
    epsilon = fields.number("epsilon", 1e-3, 0, 1e3)
    size = tuple(shape[axis - 1] for axis in axes)
    names = [*(["gamma"] if scale else []), *(["beta"] if center else [])]
    make = _made("LayerNormalization", axis=axes, epsilon=epsilon, center=center, scale=scale)
    return Step(shape, make, tuple((name, size) for name in names))


def _function(fields, shapes):
    shape = _single(shapes)
    name, activation = fields.activation("activation", None)
    make = None if activation is None else _made("Activation", activation)
    return Step(shape, make, activation=name)


def _leaky(fields, shapes):
    key = "negative_slope" if "negative_slope" in fields.config else "alpha"
    slope = fields.number(key, 0.3)
    make = _made("LeakyReLU", negative_slope=slope)
    return Step(_single(shapes), make, activation="leaky_relu")


def _relu(fields, shapes):
    largest = fields.get("max_value")
    if largest is not None:
        largest = fields.number("max_value", None, 0)
    slope = fields.number("negative_slope", 0.0)
    threshold = fields.number("threshold", 0.0)
    make = _made("ReLU", max_value=largest, negative_slope=slope, threshold=threshold)
    return Step(_single(shapes), make, activation="relu")


def _threshold(fields, shapes):
    make = _made("ReLU", threshold=fields.number("theta", 1.0, 0))
    return Step(_single(shapes), make, activation="relu")


def _elu(fields, shapes):
    make = _made("ELU", alpha=fields.number("alpha", 1.0))
    return Step(_single(shapes), make, activation="elu")


def _prelu(fields, shapes):
    shape = _single(shapes)
    shared = fields.get("shared_axes") or []
    if not isinstance(shared, list):
        shared = [shared]
    shared = [_integer(axis, "shared_axes", 1, len(shape)) for axis in shared]
    size = tuple(1 if axis in shared else n for axis, n in enumerate(shape, 1))
    make = _made("PReLU", shared_axes=shared or None)
    return Step(shape, make, (("alpha", size),), activation="prelu")


def _softmax(fields, shapes):
    shape = _single(shapes)
    make = _made("Softmax", axis=fields.axis(len(shape)))
    return Step(shape, make, activation="softmax")


def _reshape(fields, shapes):
    shape, target = _single(shapes), fields.get("target_shape")
    if not isinstance(target, list | tuple) or len(target) > 8:
        raise UsageError(f"target_shape is {short(target)}, not a list of sizes")
    target = [-1 if n is None else _integer(n, "target_shape", -1, MAX_SIZE) for n in target]
    known, total = math.prod(n for n in target if n != -1), math.prod(shape)
    if target.count(-1) == 1 and known and total % known == 0:
        target[target.index(-1)] = total // known
    if math.prod(target) != total or -1 in target or 0 in target:
        raise UsageError(f"target_shape {short(target)} does not fit {list(shape)}")
    return Step(tuple(target), _made("Reshape", target_shape=tuple(target)))


def _flatten(fields, shapes):
    shape = _single(shapes)
    first, _ = _last(fields, shape) if len(shape) > 1 else (False, shape)
    layout = "channels_first" if first else "channels_last"
    return Step((math.prod(shape),), _made("Flatten", data_format=layout))


def _repeat(fields, shapes):
    (size,), n = _single(shapes, 1), fields.integer("n")
    return Step((n, size), _made("RepeatVector", n=n))


def _permute(fields, shapes):
    shape = _single(shapes)
    dims = fields.sizes("dims", None, len(shape), 1, len(shape))
    if sorted(dims) != list(range(1, len(shape) + 1)):
        raise UsageError(f"dims {list(dims)} are not those of {list(shape)}")
    return Step(tuple(shape[n - 1] for n in dims), _made("Permute", dims=dims))


def _embedding(fields, shapes):
    words, size = fields.integer("input_dim"), fields.integer("output_dim")
    mask = fields.flag("mask_zero")
    make = _made("Embedding", input_dim=words, output_dim=size, mask_zero=mask)
    return Step((*_single(shapes), size), make, (("embeddings", (words, size)),))


def _rescaling(fields, shapes):
    scale, offset = fields.number("scale", 1.0), fields.number("offset", 0.0)
    make = _made("Rescaling", scale=scale, offset=offset)
    return Step(_single(shapes), make, affine=(scale, offset))


def _merge(kind):
    def rule(fields, shapes):
        if len(shapes) < 2:
            raise UsageError(f"it takes two inputs at least, not {len(shapes)}")
        shape = _broadcast(shapes)
        return Step(shape, _made(kind), work=math.prod(shape))

    return rule


def _broadcast(shapes):
    rank = max(map(len, shapes))
    shapes = [(*(1,) * (rank - len(shape)), *shape) for shape in shapes]
    out = tuple(next((n for n in sizes if n != 1), 1) for sizes in zip(*shapes, strict=True))
    if any(n not in (1, m) for shape in shapes for n, m in zip(shape, out, strict=True)):
        raise UsageError(f"inputs of {' and '.join(str(list(s)) for s in shapes)} do not fit")
    return out


def _concatenate(fields, shapes):
    rank = len(shapes[0])
    if any(len(shape) != rank for shape in shapes):
        raise UsageError("its inputs have different numbers of dimensions")
    axis = fields.axis(rank)
    rest = {shape[: axis - 1] + shape[axis:] for shape in shapes}
    if len(rest) != 1:
        raise UsageError(f"inputs of {' and '.join(str(list(s)) for s in shapes)} do not fit")
    size = sum(shape[axis - 1] for shape in shapes)
    out = (*shapes[0][: axis - 1], size, *shapes[0][axis:])
    return Step(out, _made("Concatenate", axis=axis))


def _recurrent(kind, gates):
    def rule(fields, shapes):
        steps, size = _single(shapes, 2)
        units, bias = fields.integer("units"), fields.flag("use_bias", True)
        every = fields.flag("return_sequences")
        for key in ("return_state", "stateful", "go_backwards", "time_major"):
            fields.only(key, False)
        _, activation = fields.activation("activation", "tanh")
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
            _, inner = fields.activation("recurrent_activation", "sigmoid")

        def make(keras):
            functions = {"activation": activation and activation(keras)}
            if kind != "SimpleRNN":
                functions["recurrent_activation"] = inner and inner(keras)
            layer = getattr(keras.layers, kind)(
                units, use_bias=bias, return_sequences=every, **functions, **arguments
            )
            return layer, layer

        work = steps * sum(math.prod(shape) for _, shape in weights)
        return Step((steps, units) if every else (units,), make, tuple(weights), 0, work)

    return rule


RULES = {
    "Dense": _dense,
    "Conv1D": _convolution(1),
    "Conv2D": _convolution(2),
    "SeparableConv1D": _convolution(1, "separable"),
    "SeparableConv2D": _convolution(2, "separable"),
    "DepthwiseConv1D": _convolution(1, "depthwise"),
    "DepthwiseConv2D": _convolution(2, "depthwise"),
    "Conv1DTranspose": _transposed(1),
    "Conv2DTranspose": _transposed(2),
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Activation": _function,
    "LeakyReLU": _leaky,
    "ReLU": _relu,
    "ThresholdedReLU": _threshold,
    "ELU": _elu,
    "PReLU": _prelu,
    "Softmax": _softmax,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "RepeatVector": _repeat,
    "Permute": _permute,
    "Embedding": _embedding,
    "Rescaling": _rescaling,
    "UpSampling1D": _upsample(1),
    "UpSampling2D": _upsample(2),
    "ZeroPadding1D": _margin("ZeroPadding", "padding", 1, 1),
    "ZeroPadding2D": _margin("ZeroPadding", "padding", 2, 1),
    "Cropping1D": _margin("Cropping", "cropping", 1, -1),
    "Cropping2D": _margin("Cropping", "cropping", 2, -1),
    "MaxPooling1D": _pool("Max", 1),
    "MaxPooling2D": _pool("Max", 2),
    "AveragePooling1D": _pool("Average", 1),
    "AveragePooling2D": _pool("Average", 2),
    "GlobalMaxPooling1D": _pool_all("Max", 1),
    "GlobalMaxPooling2D": _pool_all("Max", 2),
    "GlobalAveragePooling1D": _pool_all("Average", 1),
    "GlobalAveragePooling2D": _pool_all("Average", 2),
    "Dropout": _noise("Dropout", "rate", 0.999),
    "SpatialDropout1D": _noise("SpatialDropout1D", "rate", 0.999),
    "SpatialDropout2D": _noise("SpatialDropout2D", "rate", 0.999),
    "AlphaDropout": _noise("AlphaDropout", "rate", 0.999),
    "GaussianDropout": _noise("GaussianDropout", "rate", 0.999),
    "GaussianNoise": _noise("GaussianNoise", "stddev", 1e6),
    "ActivityRegularization": _same,
    "Identity": _same,
    "Add": _merge("Add"),
    "Subtract": _merge("Subtract"),
    "Multiply": _merge("Multiply"),
    "Average": _merge("Average"),
    "Maximum": _merge("Maximum"),
    "Minimum": _merge("Minimum"),
    "Concatenate": _concatenate,
    "LSTM": _recurrent("LSTM", 4),
    "GRU": _recurrent("GRU", 3),
    "SimpleRNN": _recurrent("SimpleRNN", 1),
}
for _name, _other in (
    ("BatchNormalizationV1", "BatchNormalization"), ("BatchNormalizationV2", "BatchNormalization"),
    ("SyncBatchNormalization", "BatchNormalization"), ("Convolution1D", "Conv1D"),
    ("Convolution2D", "Conv2D"), ("Convolution2DTranspose", "Conv2DTranspose"),
    ("Deconvolution2D", "Conv2DTranspose"), ("LSTMV1", "LSTM"), ("GRUV1", "GRU"),
    ("MaxPool2D", "MaxPooling2D"), ("AvgPool2D", "AveragePooling2D"),
):  # fmt: skip
    RULES[_name] = RULES[_other]


def rule(kind, config, shapes, legacy):
    """What a layer makes of inputs.

    Args:
        kind: The class's name in the file, one of `RULES`.
        config: The layer's settings in the file.
        shapes: List of the inputs' shapes.
        legacy: Whether Keras 2 wrote the file.

    Returns:
        `Step`.

    Raises:
        UsageError: A setting is not what it can be, or does not fit the inputs.
    """
    step = RULES[kind](Fields(config, legacy), shapes)
    if any(size > MAX_SIZE for size in step.shape):
        raise UsageError(f"it makes an output of {list(step.shape)}")
    between = config.get("interpolation") in (None, "nearest", "bilinear")
    return replace(step, keeps=kind in KEEPING or (kind == "UpSampling2D" and between))


def arithmetic(kind, numbers, shapes):
    """A sum, difference, product or quotient that was written with an operator.

    Args:
        kind: One of `OPERATIONS`' values.
        numbers: The two operands: a number, or None for the next of the inputs.
        shapes: List of the inputs' shapes.

    Returns:
        `Step`.
    """
    if len(numbers) != 2 or sum(number is None for number in numbers) != len(shapes):
        raise UsageError(f"{kind} takes two operands")
    for number in numbers:
        if number is not None and not abs(number) <= 1e6:
            raise UsageError(f"{kind} of {number:g}")

    def make(keras):
        function = getattr(keras.ops, kind)

        def call(inputs):
            tensors = iter(inputs if isinstance(inputs, list) else [inputs])
            return function(*(next(tensors) if n is None else n for n in numbers))

        return call, None

    return Step(_broadcast(shapes), make, affine=_affine(kind, numbers))


def _affine(kind, numbers):
    """(factor, offset) of an operation with one number."""
    first, second = numbers
    if (first is None) == (second is None):
        return None
    number = second if first is None else first
    if kind == "add":
        return 1.0, number
    if kind == "multiply":
        return number, 0.0
    if kind == "subtract":
        return (1.0, -number) if first is None else (-1.0, number)
    return (1 / number, 0.0) if first is None and number else None


OPERATIONS = {
    re.compile(r"(tf\.)?(math\.)?(__operators__\.)?(add|Add)"): "add",
    re.compile(r"(tf\.)?(math\.)?(subtract|Subtract)"): "subtract",
    re.compile(r"(tf\.)?(math\.)?(multiply|Multiply)"): "multiply",
    re.compile(r"(tf\.)?(math\.)?(truediv|divide|TrueDivide|Divide)"): "true_divide",
}
"""The operators that are understood, by the names that Keras 2 and 3 give them."""

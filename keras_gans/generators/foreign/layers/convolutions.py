"""Convolutions, plain, separable, depthwise and transposed, in one and two dimensions."""

import math

from keras_gans.errors import UsageError
from keras_gans.generators.foreign.layers.activations import activation
from keras_gans.generators.foreign.layers.steps import (
    Step,
    as_declared,
    builder,
    channels_last,
    single,
    transposed_around,
)


def window(size, kernel, stride, dilation, padding):
    """Output size along one axis, of a window that moves over `size` positions."""
    if padding in ("same", "causal"):
        return -(-size // stride)
    reach = dilation * (kernel - 1) + 1
    if reach > size:
        raise UsageError(f"a window of {reach} does not fit into {size}")
    return (size - reach) // stride + 1


def _convolution(rank, kind="plain"):
    def rule(fields, shapes):
        first, (*space, channels) = channels_last(fields, single(shapes, rank + 1))
        kernel = fields.sizes("kernel_size", None, rank)
        strides = fields.sizes("strides", 1, rank)
        dilation = fields.sizes("dilation_rate", 1, rank)
        if max(strides) > 1 and max(dilation) > 1:
            raise UsageError("strides and dilation_rate exclude each other")
        paddings = ("valid", "same", *(("causal",) if rank == 1 else ()))
        padding = fields.choice("padding", "valid", paddings)
        bias = fields.flag("use_bias", True)
        name, function = activation(fields)
        moved = zip(space, kernel, strides, dilation, strict=True)
        out = tuple(window(*sizes, padding) for sizes in moved)
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
        wrap = transposed_around(first, rank + 1)
        make = builder(f"{named}{rank}D", function, wrap, **arguments)
        return Step(as_declared(first, (*out, filters)), make, tuple(weights), 0, work, name)

    return rule


def _transposed(rank):
    def rule(fields, shapes):
        first, (*space, channels) = channels_last(fields, single(shapes, rank + 1))
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
        name, function = activation(fields)
        shape = (*kernel, filters, channels)
        weights = [("kernel", shape), *([("bias", (filters,))] if bias else [])]
        make = builder(
            f"Conv{rank}DTranspose", function, transposed_around(first, rank + 1), filters=filters,
            kernel_size=kernel, strides=strides, padding=padding, output_padding=extra,
            use_bias=bias, data_format="channels_last",
        )  # fmt: skip
        work = math.prod(space) * math.prod(shape)
        return Step(as_declared(first, (*out, filters)), make, tuple(weights), 0, work, name)

    return rule


RULES = {
    "Conv1D": _convolution(1),
    "Conv2D": _convolution(2),
    "SeparableConv1D": _convolution(1, "separable"),
    "SeparableConv2D": _convolution(2, "separable"),
    "DepthwiseConv1D": _convolution(1, "depthwise"),
    "DepthwiseConv2D": _convolution(2, "depthwise"),
    "Conv1DTranspose": _transposed(1),
    "Conv2DTranspose": _transposed(2),
}

"""Layers that change height and width: pooling, upsampling, padding and cropping."""

import math

from keras_gans.errors import UsageError
from keras_gans.generators.foreign.layers.convolutions import window
from keras_gans.generators.foreign.layers.steps import (
    Step,
    as_declared,
    builder,
    channels_last,
    single,
    transposed_around,
)


def _pooling(kind, rank):
    def rule(fields, shapes):
        first, (*space, channels) = channels_last(fields, single(shapes, rank + 1))
        size = fields.sizes("pool_size", 2, rank)
        strides = size
        if fields.get("strides") is not None:
            strides = fields.sizes("strides", None, rank)
        padding = fields.choice("padding", "valid", ("valid", "same"))
        moved = zip(space, size, strides, strict=True)
        out = tuple(window(n, k, s, 1, padding) for n, k, s in moved)
        make = builder(
            f"{kind}Pooling{rank}D", None, transposed_around(first, rank + 1), pool_size=size,
            strides=strides, padding=padding, data_format="channels_last",
        )  # fmt: skip
        work = math.prod(out) * math.prod(size) * channels
        return Step(as_declared(first, (*out, channels)), make, work=work, keeps=True)

    return rule


def _global_pooling(kind, rank):
    def rule(fields, shapes):
        first, shape = channels_last(fields, single(shapes, rank + 1))
        keep = fields.flag("keepdims")
        out = as_declared(first, (*(1,) * rank, shape[-1])) if keep else (shape[-1],)
        layout = "channels_first" if first else "channels_last"
        make = builder(f"Global{kind}Pooling{rank}D", keepdims=keep, data_format=layout)
        return Step(out, make)

    return rule


def _upsampling(rank):
    def rule(fields, shapes):
        first, (*space, channels) = channels_last(fields, single(shapes, rank + 1))
        factors = fields.sizes("size", 2, rank)
        out = tuple(n * f for n, f in zip(space, factors, strict=True))
        if rank == 1:
            make, keeps = builder("UpSampling1D", size=factors[0]), True
        else:
            ways = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
            way = fields.choice("interpolation", "nearest", ways)
            keeps = way in ("nearest", "bilinear")  # the others overshoot
            make = builder(
                "UpSampling2D", None, transposed_around(first, 3), size=factors,
                interpolation=way, data_format="channels_last",
            )  # fmt: skip
        return Step(as_declared(first, (*out, channels)), make, keeps=keeps)

    return rule


def _margin(kind, key, rank, sign):
    def rule(fields, shapes):
        first, (*space, channels) = channels_last(fields, single(shapes, rank + 1))
        margins = fields.margins(key, 1 if sign > 0 else 0, rank)
        out = tuple(n + sign * sum(pair) for n, pair in zip(space, margins, strict=True))
        if min(out) < 1:
            raise UsageError(f"{key} leaves nothing of {list(space)}")
        arguments = {key: margins if rank > 1 else margins[0]}
        if rank > 1:
            arguments["data_format"] = "channels_last"
        make = builder(f"{kind}{rank}D", None, transposed_around(first, rank + 1), **arguments)
        return Step(as_declared(first, (*out, channels)), make, keeps=sign < 0)

    return rule


RULES = {
    "UpSampling1D": _upsampling(1),
    "UpSampling2D": _upsampling(2),
    "ZeroPadding1D": _margin("ZeroPadding", "padding", 1, 1),
    "ZeroPadding2D": _margin("ZeroPadding", "padding", 2, 1),
    "Cropping1D": _margin("Cropping", "cropping", 1, -1),
    "Cropping2D": _margin("Cropping", "cropping", 2, -1),
    "MaxPooling1D": _pooling("Max", 1),
    "MaxPooling2D": _pooling("Max", 2),
    "AveragePooling1D": _pooling("Average", 1),
    "AveragePooling2D": _pooling("Average", 2),
    "GlobalMaxPooling1D": _global_pooling("Max", 1),
    "GlobalMaxPooling2D": _global_pooling("Max", 2),
    "GlobalAveragePooling1D": _global_pooling("Average", 1),
    "GlobalAveragePooling2D": _global_pooling("Average", 2),
}

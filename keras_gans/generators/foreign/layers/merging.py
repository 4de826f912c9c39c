"""Layers and operators that combine several tensors."""

import math
import re

from keras_gans.errors import UsageError
from keras_gans.generators.foreign.layers.steps import Step, builder


def _merge(kind):
    def rule(fields, shapes):
        if len(shapes) < 2:
            raise UsageError(f"it takes at least two inputs, not {len(shapes)}")
        shape = _broadcast(shapes)
        return Step(shape, builder(kind), work=math.prod(shape))

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
    return Step(out, builder("Concatenate", axis=axis))


OPERATIONS = {
    re.compile(r"(tf\.)?(math\.)?(__operators__\.)?(add|Add|AddV2)"): "add",
    re.compile(r"(tf\.)?(math\.)?(subtract|Subtract|Sub)"): "subtract",
    re.compile(r"(tf\.)?(math\.)?(multiply|Multiply|Mul)"): "multiply",
    re.compile(r"(tf\.)?(math\.)?(truediv|divide|TrueDivide|Divide|RealDiv)"): "true_divide",
}
"""The supported operators, by the names that Keras 2 and 3 and TensorFlow give them."""


def arithmetic(kind, numbers, shapes):
    """The rule of a sum, difference, product or quotient that was written with an operator.

    Args:
        kind: A value of `OPERATIONS`.
        numbers: The two operands: a number, or None for the next input.
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
    """(factor, offset) of an operation with one number, else None."""
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


RULES = {
    "Add": _merge("Add"),
    "Subtract": _merge("Subtract"),
    "Multiply": _merge("Multiply"),
    "Average": _merge("Average"),
    "Maximum": _merge("Maximum"),
    "Minimum": _merge("Minimum"),
    "Concatenate": _concatenate,
}

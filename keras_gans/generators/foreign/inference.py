"""Infers the shapes in a network, and bounds its cost before anything of it is built."""

import math
from dataclasses import dataclass

from keras_gans.errors import UsageError
from keras_gans.generators.foreign import layers as rules
from keras_gans.generators.foreign.connections import OPERATOR
from keras_gans.generators.foreign.graph import Tracer

MAX_PARAMETERS = 200_000_000
MAX_ACTIVATIONS = 1 << 28  # values computed for one sample: a gigabyte
MAX_WORK = 1 << 40  # multiplications for one sample


@dataclass(frozen=True)
class Signal:
    """A tensor that is not computed yet.

    Args:
        shape: Without the batch axis.
        bounds: (lowest, highest) possible value where the layers imply it, else None.
        source: Index of the network's input that the tensor is, perhaps reshaped, else None.
    """

    shape: tuple
    bounds: tuple | None = None
    source: int | None = None


class Inference(Tracer):
    """Traces a network with `Signal`s; its layers get their weights and steps.

    Args:
        legacy: Whether Keras 2 wrote the file.

    Attributes:
        parameters: Number of weights' elements.
        activations: Values computed for one sample.
        work: Multiplications for one sample, roughly.
        labels: {index of an input: number of its values}, of inputs that are looked up or encoded.
    """

    def __init__(self, legacy):
        super().__init__()
        self.legacy = legacy
        self.parameters = self.activations = self.work = 0
        self.labels = {}
        self._counted = set()

    def enter(self, network, inputs):
        network.shapes = tuple(signal.shape for signal in inputs)

    def step(self, layer, inputs, call):
        shapes = [signal.shape for signal in inputs]
        try:
            if layer.kind.startswith(OPERATOR):
                kind = layer.kind.removeprefix(OPERATOR)
                step = rules.arithmetic(kind, call.operands, shapes)
            else:
                step = rules.rule(layer.kind, layer.config, shapes, self.legacy)
        except UsageError as error:
            raise UsageError(f"{layer.title}: {error}") from None
        if layer.step is None:
            layer.step, layer.weights = step, step.weights
        elif layer.weights != step.weights:
            raise UsageError(f"{layer.title} is called with inputs that need different weights")
        if layer not in self._counted:  # a layer is called several times, and its network inferred
            self._counted.add(layer)
            self.parameters += sum(math.prod(shape) for _, shape in step.weights)
        self.activations += math.prod(step.shape)
        self.work += step.work
        if self.parameters > MAX_PARAMETERS:
            raise UsageError(f"it declares more than {MAX_PARAMETERS:,} parameters")
        if self.activations > MAX_ACTIVATIONS or self.work > MAX_WORK:
            raise UsageError(f"{layer.title}: one image would take too much memory or time")
        source = inputs[0].source if len(inputs) == 1 else None
        if step.labels is not None and source is not None:
            self.labels[source] = step.labels
        return Signal(step.shape, step.bounds(inputs[0].bounds), source if step.keeps else None)


def infer(network, legacy):
    """Infers the shapes and the cost of a network.

    Args:
        network: `Network`; its layers get their weights and steps.
        legacy: Whether Keras 2 wrote the file.

    Returns:
        (outputs, inference): `Signal`s of the outputs, and the `Inference`.

    Raises:
        UsageError: The layers do not fit together, or the network is too large.
    """
    for shape in network.shapes:
        if shape is None:
            raise UsageError("the size of its input is not recorded")
        if None in shape:
            raise UsageError(
                f"it takes inputs of any size ({_sizes(shape)}): it makes images of images, or "
                "sequences, and is no generator with latents"
            )
    inference = Inference(legacy)
    inputs = [Signal(shape, None, index) for index, shape in enumerate(network.shapes)]
    return inference.trace(network, inputs), inference


def _sizes(shape):
    return " x ".join("any" if size is None else str(size) for size in shape)

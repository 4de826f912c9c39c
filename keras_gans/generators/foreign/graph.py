"""Networks as data: layers, their calls, and how they are connected. Nothing here needs Keras."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from keras_gans.errors import UsageError, short
from keras_gans.generators.foreign.layers.steps import Step

MAX_LAYERS = 2_000
MAX_CALLS = 2_000  # calls of layers; a layer shared by two networks counts twice


@dataclass(eq=False)
class Layer:
    """A layer, or a nested network.

    Args:
        name: In the file, or None.
        kind: Name of the class.
        config: Its settings in the file.
        network: `Network` of a nested network, else None.
        trainable: As the file says; the order of weights depends on it.
        calls: List of `Call`.
        weights: Tuple of (name, shape), known after shape inference.
        step: `Step` of the first call, known after shape inference.
    """

    name: str | None
    kind: str
    config: dict
    network: object = None
    trainable: bool = True
    calls: list = field(default_factory=list)
    weights: tuple = ()
    step: Step | None = None

    @property
    def title(self):
        """How messages call the layer."""
        return f"layer '{self.name}' ({self.kind})" if self.name else f"a layer {self.kind}"


@dataclass(frozen=True)
class Call:
    """One call of a layer with tensors.

    Args:
        references: Tuple of (layer's name, index of its call, index of its output).
        operands: For an arithmetic operator, its numbers, with None in place of each tensor.
        training: Whether the layer is called in training mode.
    """

    references: tuple
    operands: tuple = ()
    training: bool = False


@dataclass(eq=False)
class Network:
    """Layers and their connections.

    Args:
        name: In the file, or None.
        layers: {name: `Layer`}, in the file's order; layers without a name have a made-up one.
        inputs: Tuple of names of input layers.
        outputs: Tuple of references, as in `Call`.
        shapes: Tuple of the recorded shapes of the inputs without the batch axis; None where the
            file has none.
        order: List of (name, index of the call) in an order of execution.
    """

    name: str | None
    layers: dict
    inputs: tuple
    outputs: tuple
    shapes: tuple
    order: list

    def networks(self):
        """All nested networks, outer before inner."""
        for layer in self.layers.values():
            if layer.network is not None:
                yield layer.network
                yield from layer.network.networks()


class Tracer(ABC):
    """Runs a network symbolically; a subclass computes the output of a layer."""

    def __init__(self):
        self.count = 0

    @abstractmethod
    def step(self, layer, inputs, call):
        """The output of a layer for a list of inputs."""

    def enter(self, network, inputs):  # noqa: B027 - a subclass need not do anything
        """Called before a nested network is traced."""

    def trace(self, network, inputs):
        """Runs a network.

        Args:
            network: `Network`.
            inputs: List of values, in the order of the network's inputs.

        Returns:
            List of outputs.
        """
        if len(inputs) != len(network.inputs):
            raise UsageError(
                f"a network in it takes {len(network.inputs)} inputs and is given {len(inputs)}"
            )
        given = dict(zip(network.inputs, inputs, strict=True))
        values = {}
        for name, node in network.order:
            layer = network.layers[name]
            call = layer.calls[node]
            if layer.kind == "InputLayer":
                if name not in given:
                    raise UsageError(f"{layer.title} is not one of its inputs")
                values[name, node] = [given[name]]
                continue
            self.count += 1
            if self.count > MAX_CALLS:
                raise UsageError(f"it calls more than {MAX_CALLS:,} layers")
            found = [_at(values, reference) for reference in call.references]
            if layer.network is None:
                values[name, node] = [self.step(layer, found, call)]
            else:
                self.enter(layer.network, found)
                values[name, node] = self.trace(layer.network, found)
        return [_at(values, reference) for reference in network.outputs]


def _at(values, reference):
    name, node, tensor = reference
    outputs = values[name, node]
    if tensor >= len(outputs):
        raise UsageError(f"it connects to output {tensor} of {short(name)}, which does not exist")
    return outputs[tensor]

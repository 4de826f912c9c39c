"""The network that a stranger's file describes: read as data, reckoned before it is made.

`parse` turns the file's `model_config` into a `Network` of known parts, in any of the spellings
that Keras 2.0 to 3 have used, or refuses it and names the part that is not known. `Tracer` walks
through it from inputs to outputs, first with shapes, which bounds everything that the network
would take, later with Keras's tensors.
"""

import json
import math
import re
from dataclasses import dataclass, field

from keras_gans import foreign_layers
from keras_gans.errors import UsageError, short
from keras_gans.foreign_layers import Step

MAX_CONFIG = 8 << 20  # characters
MAX_DEPTH = 12  # networks in networks
MAX_LAYERS = 2_000
MAX_STEPS = 2_000  # layers called, one shared by two networks twice
MAX_PARAMETERS = 200_000_000
MAX_ACTIVATIONS = 1 << 28  # numbers made for one image: a gigabyte
MAX_WORK = 1 << 40  # multiplications for one image

NETWORKS = ("Sequential", "Functional", "Model", "Network")
_OWN_MODULES = re.compile(r"(keras|tf_keras|tensorflow|tensorflow\.python\.keras|builtins)(\.|$)")


@dataclass(eq=False)
class Part:
    """A layer, or a network within a network.

    Args:
        name: In the file, or None where it has none.
        kind: The class's name.
        config: Its settings.
        network: The `Network` that it is, or None.
        trainable: What the file says; the order of weights depends on it.
        calls: List of `Call`.
        weights: Tuple of (name, shape), once traced; `fixed` of them are statistics.
        step: `Step` of the first call.
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
        """How messages call it."""
        return f"layer '{self.name}' ({self.kind})" if self.name else f"a layer {self.kind}"


@dataclass(frozen=True)
class Call:
    """A part called with tensors.

    Args:
        references: Tuple of (part's name, index of its call, index of its output).
        operands: Of an operator, its numbers, None in the place of each tensor.
        training: Whether it is called as in training.
    """

    references: tuple
    operands: tuple = ()
    training: bool = False


@dataclass(eq=False)
class Network:
    """Parts and how they are connected.

    Args:
        name: In the file, or None.
        parts: {name: `Part`}, in the file's order; those without a name under a made-up one.
        inputs: Tuple of names of parts.
        outputs: Tuple of references, as in `Call`.
        shapes: Tuple of the inputs' recorded shapes without the batch, None where not recorded.
        order: List of (name, index of the call), each after all that it needs.
    """

    name: str | None
    parts: dict
    inputs: tuple
    outputs: tuple
    shapes: tuple
    order: list

    def networks(self):
        """All networks within this one, the outer before the inner."""
        for part in self.parts.values():
            if part.network is not None:
                yield part.network
                yield from part.network.networks()


def parse(text):
    """Reads a `model_config`.

    Args:
        text: JSON, as Keras writes it.

    Returns:
        `Network`.

    Raises:
        UsageError: It is no description of a network, or of one with parts that are not Keras's
            own or hold code.
    """
    if len(text) > MAX_CONFIG:
        raise UsageError(f"its description has {len(text):,} characters")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("its description is not valid JSON") from None
    if not isinstance(config, dict) or not _is_network(config):
        kind = config.get("class_name") if isinstance(config, dict) else None
        if isinstance(kind, str):
            raise _unknown(kind, f"the network, of the class {short(kind)},")
        raise UsageError("its description is not that of a network")
    return _Parser().network(config, 0)


def _is_network(config):
    return config.get("class_name") in NETWORKS and _is_own(config)


def _is_own(config):
    """Whether a class is Keras's, not one of somebody's that has the same name."""
    module, registered = config.get("module"), config.get("registered_name")
    named = registered is None or (isinstance(registered, str) and ">" not in registered)
    return named and (module is None or bool(_OWN_MODULES.match(str(module))))


def _unknown(kind, what):
    if kind == "Lambda":
        return UsageError(f"{what} holds Python code, which is never run")
    return UsageError(
        f"{what} is not among those that can be opened; only the code that made it knows it"
    )


class _Parser:
    def __init__(self):
        self.count = 0

    def network(self, config, depth):
        if depth > MAX_DEPTH:
            raise UsageError(f"it has more than {MAX_DEPTH} networks in each other")
        inner = config.get("config")
        if isinstance(inner, list):  # Sequential of Keras 2.0 to 2.2
            inner = {"layers": inner}
        if not isinstance(inner, dict) or not isinstance(inner.get("layers"), list):
            raise UsageError("a network in it has no list of layers")
        name = inner.get("name", config.get("name"))
        name = name if isinstance(name, str) else None
        entries = [self.part(entry, depth) for entry in inner["layers"]]
        if config["class_name"] == "Sequential":
            return self.sequential(name, inner, entries)
        return self.functional(name, inner, entries)

    def part(self, entry, depth):
        """A `Part` without its calls, and the entry it is read from."""
        self.count += 1
        if self.count > MAX_LAYERS:
            raise UsageError(f"it has more than {MAX_LAYERS:,} layers")
        if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
            raise UsageError("a layer in it has no class")
        kind, config = entry["class_name"], entry.get("config")
        if kind in NETWORKS and _is_own(entry):
            network = self.network(entry, depth + 1)
            trainable = not isinstance(config, dict) or config.get("trainable") is not False
            name = entry.get("name")
            name = name if isinstance(name, str) else network.name
            return Part(name, kind, {}, network, trainable), entry
        if not isinstance(config, dict):
            raise UsageError(f"a layer {short(kind)} in it has no settings")
        name = config.get("name", entry.get("name"))
        part = Part(name if isinstance(name, str) else None, kind, config)
        part.trainable = config.get("trainable") is not False
        part.kind = _operator(entry) or kind
        known = kind == "InputLayer" or kind in foreign_layers.RULES
        if part.kind == kind and not (known and _is_own(entry)):
            raise _unknown(kind, f"the layer {short(name)}, of the class {short(kind)},")
        return part, entry

    def sequential(self, name, config, entries):
        parts, previous = {}, None
        shape = None
        for index, (part, entry) in enumerate(entries):
            if index == 0:
                shape = _recorded_shape(entry, config)
                if part.kind != "InputLayer":
                    if shape is None and part.network is not None:
                        shape = part.network.shapes[0]
                    _add(parts, Part(None, "InputLayer", {}, calls=[Call(())]))
                    previous = next(iter(parts))
            elif part.kind == "InputLayer":
                continue  # of a network that was put in: nothing but its shape
            part.calls = [Call(() if previous is None else ((previous, 0, 0),))]
            previous = _add(parts, part)
        if not parts:
            raise UsageError("a network in it has no layers")
        order = [(key, 0) for key in parts]
        return Network(name, parts, (order[0][0],), ((previous, 0, 0),), (shape,), order)

    def functional(self, name, config, entries):
        parts = {}
        for part, entry in entries:
            part.calls = _calls(part, entry)
            _add(parts, part)
        outputs = _references(config.get("output_layers"), "output_layers")
        inputs = [key for key, part in parts.items() if part.kind == "InputLayer"]
        if config.get("input_layers"):
            inputs = [key for key, _, _ in _references(config["input_layers"], "input_layers")]
        if not inputs or not outputs:
            raise UsageError("a network in it has no inputs or no outputs")
        outputs = _mend(parts, outputs)
        order = _order(parts, outputs)
        shapes = []
        for key in inputs:
            if key not in parts or parts[key].kind != "InputLayer":
                raise UsageError(f"its input {short(key)} is no layer for inputs")
            shapes.append(_recorded_shape({"config": parts[key].config}, {}))
        return Network(name, parts, tuple(inputs), tuple(outputs), tuple(shapes), order)


def _operator(entry):
    """The name of an operator that a layer stands for, or None."""
    kind, config, module = entry["class_name"], entry.get("config"), entry.get("module")
    if kind in ("TFOpLambda", "TFOp") and isinstance(config, dict):
        kind = config.get("function")
    elif not (isinstance(module, str) and re.match(r"keras\.(src\.)?ops\.", module)):
        return None
    for pattern, operator in foreign_layers.OPERATIONS.items():
        if isinstance(kind, str) and pattern.fullmatch(kind):
            return f"operator {operator}"
    raise _unknown(kind, f"the operation {short(kind)}")


def _add(parts, part):
    key = part.name if part.name is not None else f"\0{len(parts)}"
    if key in parts:
        raise UsageError(f"it has two layers of the name {short(key)}")
    parts[key] = part
    return key


def _recorded_shape(entry, outer):
    """The input's shape without the batch, from one of the places where Keras has kept it."""
    config = entry.get("config")
    config = config if isinstance(config, dict) else {}
    build = entry.get("build_config")
    for shape in (
        config.get("batch_input_shape"),
        config.get("batch_shape"),
        outer.get("build_input_shape"),
        build.get("input_shape") if isinstance(build, dict) else None,
        [None, *config["input_shape"]] if isinstance(config.get("input_shape"), list) else None,
        [None, config["input_dim"]] if entry.get("class_name") == "Dense"
        and "input_dim" in config else None,
    ):  # fmt: skip
        if isinstance(shape, list) and shape and len(shape) <= 8:
            if isinstance(shape[0], list):  # a list of one shape
                shape = shape[0]
            return tuple(_size(size) for size in shape[1:])
    return None


def _size(size):
    if isinstance(size, float) and size.is_integer():
        size = int(size)
    if size is not None and (type(size) is not int or not 0 < size <= foreign_layers.MAX_SIZE):
        raise UsageError(f"an input has the size {short(size)}")
    return size


# --- connections ------------------------------------------------------------------------------


def _references(value, what):
    """References of any nesting: [name, node, tensor], a list of such, or a dict of them."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        raise UsageError(f"{what} is {short(value)}")
    if _is_reference(value):
        return [tuple(value[:3])]
    if len(value) > MAX_LAYERS:
        raise UsageError(f"{what} has {len(value)} entries")
    found = []
    for item in value:
        item = list(item.values()) if isinstance(item, dict) else item
        if not _is_reference(item):
            raise UsageError(f"{what} is {short(value)}")
        found.append(tuple(item[:3]))
    return found


def _is_reference(value):
    return (
        isinstance(value, list)
        and 3 <= len(value) <= 4
        and isinstance(value[0], str)
        and type(value[1]) is int
        and type(value[2]) is int
    )


def _calls(part, entry):
    nodes = entry.get("inbound_nodes") or []
    if not isinstance(nodes, list) or len(nodes) > MAX_STEPS:
        raise UsageError(f"{part.title} has no list of what it is connected to")
    if part.kind == "InputLayer":
        return [Call(())]
    if not nodes:
        raise UsageError(f"{part.title} is connected to nothing")
    if len(nodes) >= 3 and _is_reference(nodes):  # one call with one input, without its brackets
        nodes = [nodes]
    return [_call(part, node) for node in nodes]


def _call(part, node):
    arguments, options = [], {}
    if isinstance(node, dict) and ("args" in node or "kwargs" in node):  # Keras 3
        options = node.get("kwargs") or {}
        for value in node.get("args") or []:
            arguments += value if isinstance(value, list) else [value]
    else:
        if isinstance(node, dict):
            node = list(node.values())
        if not isinstance(node, list):
            raise UsageError(f"{part.title} is connected to {short(node)}")
        for item in [node] if _is_reference(node) else node:
            if not _is_reference(item):
                raise UsageError(f"{part.title} is connected to {short(item)}")
            arguments.append(item[:3])
            if len(item) == 4 and isinstance(item[3], dict):
                options = {**options, **item[3]}
    if not isinstance(options, dict):
        raise UsageError(f"{part.title} is called with {short(options)}")
    options = {key: value for key, value in options.items() if value is not None}
    training = options.pop("training", False)
    if part.kind.startswith("operator "):
        arguments += [options.pop(key) for key in ("x", "x1", "y", "x2") if key in options]
    elif isinstance(options.get("inputs"), list) and not arguments:
        arguments = options.pop("inputs")
    for key in ("name", "mask"):
        options.pop(key, None)
    if options or training not in (True, False, 0, 1):
        raise UsageError(f"{part.title} is called with {short(options or training)}")
    references, operands = [], []
    for argument in arguments:
        reference = _tensor(argument)
        if reference is not None:
            references.append(reference)
            operands.append(None)
        elif part.kind.startswith("operator ") and type(argument) in (int, float):
            operands.append(float(argument))
        elif argument is not None:
            raise UsageError(f"{part.title} is called with {short(argument)}")
    if not references:
        raise UsageError(f"{part.title} is connected to nothing")
    return Call(tuple(references), tuple(operands), bool(training))


def _tensor(argument):
    if isinstance(argument, dict) and isinstance(argument.get("config"), dict):
        argument = argument["config"].get("keras_history")
    return tuple(argument[:3]) if _is_reference(argument) else None


def _mend(parts, outputs):
    """Makes the indices of calls count from 0; returns the outputs so changed.

    A network of Keras 2 had a call of its own before all others; and what was called outside of
    the saved network was counted too. A part with one call can mean no other.
    """
    highest = {}
    everything = [ref for part in parts.values() for call in part.calls for ref in call.references]
    for name, node, _ in [*everything, *outputs]:
        highest[name] = max(node, highest.get(name, 0))

    def mended(reference):
        name, node, tensor = reference
        if name not in parts:
            raise UsageError(f"it connects to {short(name)}, which it does not have")
        part = parts[name]
        if len(part.calls) == 1:
            node = 0
        elif part.network is not None and highest[name] == len(part.calls):
            node -= 1
        if not 0 <= node < len(part.calls) or not 0 <= tensor < MAX_LAYERS:
            raise UsageError(f"it connects to call {node} of {part.title}, which there is not")
        return name, node, tensor

    for part in parts.values():
        part.calls = [
            Call(tuple(map(mended, call.references)), call.operands, call.training)
            for call in part.calls
        ]
    return [mended(reference) for reference in outputs]


def _order(parts, outputs):
    """The calls that the outputs need, each after those that it needs itself."""
    order, done, above = [], set(), set()
    pending = [(name, node) for name, node, _ in reversed(outputs)]
    while pending:
        call = pending[-1]
        if call in done:
            pending.pop()
            continue
        needed = [(name, node) for name, node, _ in parts[call[0]].calls[call[1]].references]
        missing = [other for other in needed if other not in done]
        if not missing:
            pending.pop()
            above.discard(call)
            done.add(call)
            order.append(call)
        elif call in above:
            raise UsageError("its layers are connected in a circle")
        else:
            above.add(call)
            pending += missing
    return order


# --- tracing ----------------------------------------------------------------------------------


class Tracer:
    """Walks through a network with values; those who inherit say what a part makes of them."""

    def __init__(self):
        self.count = 0

    def step(self, part, inputs, call):
        """The output of a layer that is called with a list of inputs."""
        raise NotImplementedError

    def enter(self, network, inputs):
        """Is told of a network within the network before it is walked through."""

    def trace(self, network, inputs):
        """The outputs of a network, a list.

        Args:
            network: `Network`.
            inputs: List of values, in the order of its inputs.
        """
        if len(inputs) != len(network.inputs):
            raise UsageError(
                f"a network in it takes {len(network.inputs)} inputs and is given {len(inputs)}"
            )
        given = dict(zip(network.inputs, inputs, strict=True))
        values = {}
        for name, node in network.order:
            part = network.parts[name]
            call = part.calls[node]
            if part.kind == "InputLayer":
                if name not in given:
                    raise UsageError(f"its layer {short(name)} is not among its inputs")
                values[name, node] = [given[name]]
                continue
            self.count += 1
            if self.count > MAX_STEPS:
                raise UsageError(f"it calls more than {MAX_STEPS:,} layers")
            found = [_at(values, reference) for reference in call.references]
            if part.network is None:
                values[name, node] = [self.step(part, found, call)]
            else:
                self.enter(part.network, found)
                values[name, node] = self.trace(part.network, found)
        return [_at(values, reference) for reference in network.outputs]


def _at(values, reference):
    name, node, tensor = reference
    outputs = values[name, node]
    if tensor >= len(outputs):
        raise UsageError(f"it connects to output {tensor} of {short(name)}, which there is not")
    return outputs[tensor]


@dataclass(frozen=True)
class Signal:
    """What is known of a tensor before it is made.

    Args:
        shape: Without the batch.
        bounds: (least, most) of its values where the layers say so, else None.
        source: The index of the network's input that it is, reshaped perhaps, else None.
    """

    shape: tuple
    bounds: tuple | None = None
    source: int | None = None


class Reckoning(Tracer):
    """What a network would take, found by walking through it with `Signal`s.

    Args:
        legacy: Whether Keras 2 wrote the file.

    Attributes:
        parameters: How many numbers its weights are.
        activations: How many numbers are made for one image.
        work: Multiplications for one image, roughly.
        embedded: {index of an input: how many values it may have}, of those that are looked up.
    """

    def __init__(self, legacy):
        super().__init__()
        self.legacy = legacy
        self.parameters = self.activations = self.work = 0
        self.embedded = {}

    def enter(self, network, inputs):
        network.shapes = tuple(signal.shape for signal in inputs)

    def step(self, part, inputs, call):
        shapes = [signal.shape for signal in inputs]
        try:
            if part.kind.startswith("operator "):
                kind = part.kind.removeprefix("operator ")
                step = foreign_layers.arithmetic(kind, call.operands, shapes)
            else:
                step = foreign_layers.rule(part.kind, part.config, shapes, self.legacy)
        except UsageError as error:
            raise UsageError(f"{part.title}: {error}") from None
        if part.step is None:
            part.step, part.weights = step, step.weights
            self.parameters += sum(math.prod(shape) for _, shape in step.weights)
        elif part.weights != step.weights:
            raise UsageError(f"{part.title} is called with inputs that need different weights")
        self.activations += math.prod(step.shape)
        self.work += step.work
        if self.parameters > MAX_PARAMETERS:
            raise UsageError(f"it declares more than {MAX_PARAMETERS:,} parameters")
        if self.activations > MAX_ACTIVATIONS or self.work > MAX_WORK:
            raise UsageError(f"{part.title}: one image would take too much memory or time")
        source = inputs[0].source if len(inputs) == 1 else None
        if part.kind == "Embedding" and source is not None:
            self.embedded[source] = step.weights[0][1][0]
        return Signal(step.shape, step.bounds(inputs[0].bounds), source if step.keeps else None)


def reckon(network, legacy):
    """Walks through a network with the shapes of its inputs.

    Args:
        network: `Network`; its parts learn their weights.
        legacy: Whether Keras 2 wrote it.

    Returns:
        (outputs, reckoning): `Signal`s of the outputs, and the `Reckoning`.

    Raises:
        UsageError: It does not fit together, or is too large.
    """
    for shape in network.shapes:
        if shape is None:
            raise UsageError("the size of its input is not recorded")
        if None in shape:
            raise UsageError(
                f"it takes inputs of any size ({_sizes(shape)}): it makes images of images, or "
                "sequences, and is no generator with latents"
            )
    reckoning = Reckoning(legacy)
    inputs = [Signal(shape, None, index) for index, shape in enumerate(network.shapes)]
    return reckoning.trace(network, inputs), reckoning


def _sizes(shape):
    return " x ".join("any" if size is None else str(size) for size in shape)

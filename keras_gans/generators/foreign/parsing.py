"""Parses the `model_config` of a file: text in, a `Network` of known layers out.

It understands the notations of Keras 2.0 to 3. It refuses, by name, layers that are not Keras's
own or that hold code.
"""

import json
import re

from keras_gans.errors import UsageError, short
from keras_gans.generators.foreign import layers as rules
from keras_gans.generators.foreign.connections import (
    OPERATOR,
    calls,
    execution_order,
    references,
    renumber,
)
from keras_gans.generators.foreign.graph import MAX_LAYERS, Call, Layer, Network

MAX_CONFIG = 8 << 20  # characters
MAX_DEPTH = 12  # nested networks

NETWORKS = ("Sequential", "Functional", "Model", "Network")
_OWN_MODULES = re.compile(r"(keras|tf_keras|tensorflow|tensorflow\.python\.keras|builtins)(\.|$)")


def parse(text):
    """Parses a `model_config`.

    Args:
        text: JSON, as Keras writes it.

    Returns:
        `Network`.

    Raises:
        UsageError: The text does not describe a network, or a network with layers that are not
            Keras's own or hold code.
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
    """Whether a class is Keras's own, not another class of the same name."""
    module, registered = config.get("module"), config.get("registered_name")
    named = registered is None or (isinstance(registered, str) and ">" not in registered)
    return named and (module is None or bool(_OWN_MODULES.match(str(module))))


def _unknown(kind, what, is_own=False):
    if kind == "Lambda":
        return UsageError(f"{what} holds Python code, which is never run")
    if is_own and kind in rules.UNSUPPORTED:
        return UsageError(
            f"{what} is a layer of Keras that is not supported here: open the file with the "
            "version of Keras that saved it"
        )
    return UsageError(f"{what} is not supported: only the code that defines it can open the file")


class _Parser:
    def __init__(self):
        self.count = 0

    def network(self, config, depth):
        if depth > MAX_DEPTH:
            raise UsageError(f"it nests more than {MAX_DEPTH} networks")
        inner = config.get("config")
        if isinstance(inner, list):  # Sequential of Keras 2.0 to 2.2
            inner = {"layers": inner}
        if not isinstance(inner, dict) or not isinstance(inner.get("layers"), list):
            raise UsageError("a network in it has no list of layers")
        name = inner.get("name", config.get("name"))
        name = name if isinstance(name, str) else None
        entries = [self.layer(entry, depth) for entry in inner["layers"]]
        if config["class_name"] == "Sequential":
            return self.sequential(name, inner, entries)
        return self.functional(name, inner, entries)

    def layer(self, entry, depth):
        """A `Layer` without its calls, and its entry in the file."""
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
            return Layer(name, kind, {}, network, trainable), entry
        if not isinstance(config, dict):
            raise UsageError(f"a layer {short(kind)} in it has no settings")
        name = config.get("name", entry.get("name"))
        if kind == "TensorFlowOpLayer":  # its settings have the name without a prefix
            name = entry.get("name")
        layer = Layer(name if isinstance(name, str) else None, kind, config)
        layer.trainable = config.get("trainable") is not False
        layer.kind = _operator(entry) or kind
        known = kind == "InputLayer" or kind in rules.RULES
        if layer.kind == kind and not (known and _is_own(entry)):
            title = "a layer" if name is None else f"the layer {short(name)}"
            title = f"{title}, of the class {short(kind)},"
            if "keras_gans>" in f"{kind} {entry.get('registered_name')}":
                raise UsageError(
                    f"{title} is of this package and opened here in the files of runs alone; "
                    "keras.models.load_model opens it after import keras_gans"
                )
            raise _unknown(kind, title, _is_own(entry))
        return layer, entry

    def sequential(self, name, config, entries):
        layers, previous = {}, None
        shape = None
        for index, (layer, entry) in enumerate(entries):
            if index == 0:
                shape = _recorded_shape(entry, config)
                if layer.kind != "InputLayer":
                    if shape is None and layer.network is not None:
                        shape = layer.network.shapes[0]
                    _add(layers, Layer(None, "InputLayer", {}, calls=[Call(())]))
                    previous = next(iter(layers))
            elif layer.kind == "InputLayer":
                continue  # of a network whose layers were added one by one
            layer.calls = [Call(() if previous is None else ((previous, 0, 0),))]
            previous = _add(layers, layer)
        if not layers:
            raise UsageError("a network in it has no layers")
        order = [(key, 0) for key in layers]
        return Network(name, layers, (order[0][0],), ((previous, 0, 0),), (shape,), order)

    def functional(self, name, config, entries):
        layers = {}
        for layer, entry in entries:
            layer.calls = calls(layer, entry)
            _add(layers, layer)
        outputs = references(config.get("output_layers"), "output_layers")
        inputs = [key for key, layer in layers.items() if layer.kind == "InputLayer"]
        if config.get("input_layers"):
            inputs = [key for key, _, _ in references(config["input_layers"], "input_layers")]
        if not inputs or not outputs:
            raise UsageError("a network in it has no inputs or no outputs")
        outputs = renumber(layers, outputs)
        order = execution_order(layers, outputs)
        shapes = []
        for key in inputs:
            if key not in layers or layers[key].kind != "InputLayer":
                raise UsageError(f"its input {short(key)} is not an input layer")
            shapes.append(_recorded_shape({"config": layers[key].config}, {}))
        return Network(name, layers, tuple(inputs), tuple(outputs), tuple(shapes), order)


def _operator(entry):
    """The kind of a layer that stands for an operator, or None for any other layer."""
    kind, config, module = entry["class_name"], entry.get("config"), entry.get("module")
    if kind in ("TFOpLambda", "TFOp") and isinstance(config, dict):
        kind = config.get("function")
    elif kind == "TensorFlowOpLayer" and isinstance(config, dict):
        node = config.get("node_def")
        kind = node.get("op") if isinstance(node, dict) else None
    elif not (isinstance(module, str) and re.match(r"keras\.(src\.)?ops\.", module)):
        return None
    for pattern, operator in rules.OPERATIONS.items():
        if isinstance(kind, str) and pattern.fullmatch(kind):
            return f"{OPERATOR}{operator}"
    raise _unknown(kind, f"the operation {short(kind)}")


def _add(layers, layer):
    key = layer.name if layer.name is not None else f"\0{len(layers)}"
    if key in layers:
        raise UsageError(f"it has two layers of the name {short(key)}")
    layers[key] = layer
    return key


def _recorded_shape(entry, outer):
    """The input's shape without the batch axis, from one of the places where Keras stored it."""
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
    if size is not None and (type(size) is not int or not 0 < size <= rules.MAX_SIZE):
        raise UsageError(f"an input has the size {short(size)}")
    return size

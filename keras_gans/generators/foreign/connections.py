"""Connections between layers, in the notations that Keras 2.0 to 3 have used."""

from keras_gans.errors import UsageError, short
from keras_gans.generators.foreign.graph import MAX_CALLS, MAX_LAYERS, Call

OPERATOR = "operator "
"""The kind of a layer that stands for an arithmetic operator begins with this."""


def references(value, what):
    """Reads references to tensors.

    Args:
        value: [layer's name, index of the call, index of the output], a list of such, or a dict
            of them.
        what: Name of the entry, for messages.

    Returns:
        List of tuples.
    """
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


def calls(layer, entry):
    """Reads the calls of a layer of a functional network.

    Args:
        layer: `Layer`.
        entry: Its entry in the file.

    Returns:
        List of `Call`.
    """
    nodes = entry.get("inbound_nodes") or []
    if not isinstance(nodes, list) or len(nodes) > MAX_CALLS:
        raise UsageError(f"{layer.title} has no list of connections")
    if layer.kind == "InputLayer":
        return [Call(())]
    if not nodes:
        raise UsageError(f"{layer.title} is not connected")
    if len(nodes) >= 3 and _is_reference(nodes):  # one call with one input, without its brackets
        nodes = [nodes]
    return [_call(layer, node) for node in nodes]


def _call(layer, node):
    arguments, options = _arguments(layer, node)
    if not isinstance(options, dict):
        raise UsageError(f"{layer.title} is called with {short(options)}")
    options = {key: value for key, value in options.items() if value is not None}
    training = options.pop("training", False)
    is_operator = layer.kind.startswith(OPERATOR)
    if is_operator:
        arguments += [options.pop(key) for key in ("x", "x1", "y", "x2") if key in options]
    elif isinstance(options.get("inputs"), list) and not arguments:
        arguments = options.pop("inputs")
    for key in ("name", "mask"):
        options.pop(key, None)
    if options or training not in (True, False, 0, 1):
        raise UsageError(f"{layer.title} is called with {short(options or training)}")
    found, operands = [], []
    for argument in arguments:
        reference = _tensor(argument)
        if reference is not None:
            found.append(reference)
            operands.append(None)
        elif is_operator and _is_number(argument):
            operands.append(float(argument))
        elif argument is not None:
            raise UsageError(f"{layer.title} is called with {short(argument)}")
    if not found:
        raise UsageError(f"{layer.title} is not connected")
    if is_operator:
        for index, number in _constants(layer):
            operands.insert(index, number)
    return Call(tuple(found), tuple(operands), bool(training))


def _is_number(value):
    return type(value) in (int, float) and abs(value) <= 1e30  # a larger integer is no float


def _constants(layer):
    """(position, number) of the numbers that a TensorFlowOpLayer has among its settings."""
    constants = layer.config.get("constants") or {}
    if not isinstance(constants, dict):
        raise UsageError(f"{layer.title} has the constants {short(constants)}")
    for key, number in sorted(constants.items()):
        if key not in ("0", "1") or not _is_number(number):
            raise UsageError(f"{layer.title} has the constants {short(constants)}")
        yield int(key), float(number)


def _arguments(layer, node):
    """The positional and the keyword arguments of a call, as the file has them."""
    arguments, options = [], {}
    if isinstance(node, dict) and ("args" in node or "kwargs" in node):  # Keras 3
        given = node.get("args") or []
        if not isinstance(given, list):
            raise UsageError(f"{layer.title} is connected to {short(given)}")
        for value in given:
            arguments += value if isinstance(value, list) else [value]
        return arguments, node.get("kwargs") or {}
    if isinstance(node, dict):
        node = list(node.values())
    if not isinstance(node, list):
        raise UsageError(f"{layer.title} is connected to {short(node)}")
    for item in [node] if _is_reference(node) else node:
        if not _is_reference(item):
            raise UsageError(f"{layer.title} is connected to {short(item)}")
        arguments.append(item[:3])
        if len(item) == 4 and isinstance(item[3], dict):
            options = {**options, **item[3]}
    return arguments, options


def _tensor(argument):
    if isinstance(argument, dict) and isinstance(argument.get("config"), dict):
        argument = argument["config"].get("keras_history")
    return tuple(argument[:3]) if _is_reference(argument) else None


def renumber(layers, outputs):
    """Makes the indices of calls count from 0.

    A network of Keras 2 had a call of its own before all others, and Keras also counted calls
    outside the saved network. For a layer with one call, every index means that call.

    Args:
        layers: {name: `Layer`}; their calls are changed.
        outputs: List of references.

    Returns:
        The changed outputs.
    """
    highest = {}
    calls = [call for layer in layers.values() for call in layer.calls]
    for name, node, _ in [*(ref for call in calls for ref in call.references), *outputs]:
        highest[name] = max(node, highest.get(name, 0))

    def renumbered(reference):
        name, node, tensor = reference
        if name not in layers:
            raise UsageError(f"it connects to {short(name)}, which it does not have")
        layer = layers[name]
        if len(layer.calls) == 1:
            node = 0
        elif layer.network is not None and highest[name] == len(layer.calls):
            node -= 1
        if not 0 <= node < len(layer.calls) or not 0 <= tensor < MAX_LAYERS:
            raise UsageError(f"it connects to call {node} of {layer.title}, which does not exist")
        return name, node, tensor

    for layer in layers.values():
        layer.calls = [
            Call(tuple(map(renumbered, call.references)), call.operands, call.training)
            for call in layer.calls
        ]
    return [renumbered(reference) for reference in outputs]


def execution_order(layers, outputs):
    """The calls that the outputs depend on, each after its own dependencies.

    Args:
        layers: {name: `Layer`}.
        outputs: List of references.

    Returns:
        List of (name, index of the call).
    """
    order, done, above = [], set(), set()
    pending = [(name, node) for name, node, _ in reversed(outputs)]
    while pending:
        call = pending[-1]
        if call in done:
            pending.pop()
            continue
        needed = [(name, node) for name, node, _ in layers[call[0]].calls[call[1]].references]
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

"""Networks rewritten for training: the same weights, computed in another way.

All functions take Sequential and functional networks, with one input or several, and look into
networks that are layers of others. Where nothing applies, they return the network itself.
"""

from collections import Counter
from itertools import count
from typing import NamedTuple

import keras

from keras_gans.errors import UsageError
from keras_gans.networks.fused import FusedBatchNormalization
from keras_gans.networks.layers import BlockwiseConv2D, UpsampledConv2D, WithoutActivation


def before_sigmoid(network):
    """Returns the network without its final sigmoid, sharing every weight.

    Cross-entropy of this score equals that of the probability without its rounding: float32
    probabilities reach exactly 1, and their logarithm stops giving a gradient, at a score of 17.

    Args:
        network: `keras.Model`. Its last layer, but for some that only move values, may be a sigmoid
            or a `Dense` or convolution with that activation.

    Returns:
        A `keras.Model` over the same layers, or `network` itself where it does not end so.
    """
    graph = _graph(network)
    if graph is None or len(graph.outputs) != 1:
        return network
    copy, calls = _traced(graph)
    moved = []  # the layers after the sigmoid, the last one first
    last = next((call for call in calls if call.output is copy.outputs[0]), None)
    while last is not None and moves_values(last.layer):
        moved.append(last.layer)
        last = next((call for call in calls if call.output is last.args[0]), None)
    if last is None:
        return network
    layer = last.layer
    if _graph(layer) is not None:
        inner = before_sigmoid(layer)
        if inner is layer:
            return network
        score = inner(*last.args, **last.kwargs)
    elif activation_of(layer) != "sigmoid":
        return network
    elif WithoutActivation.fits(layer):
        score = WithoutActivation(layer)(*last.args)
    elif isinstance(layer, keras.layers.Activation) or not isinstance(layer, keras.layers.Layer):
        score = last.args[0]
    else:
        return network
    for layer in reversed(moved):
        score = layer(score)
    return keras.Model(copy.input, score, name=network.name)


_MOVE = (
    *(keras.layers.Reshape, keras.layers.Flatten, keras.layers.Permute, keras.layers.Identity),
    *(keras.layers.Cropping1D, keras.layers.Cropping2D, keras.layers.Cropping3D),
)
_MOVING_OPS = ("Reshape", "Squeeze", "ExpandDims", "Transpose", "Ravel", "Cast")


def moves_values(layer):
    """Whether a layer gives the values that it takes, or some of them, in another order."""
    if not isinstance(layer, keras.layers.Layer):
        return type(layer).__name__ in _MOVING_OPS
    return isinstance(layer, _MOVE) or (
        isinstance(layer, keras.layers.Activation) and activation_of(layer) == "linear"
    )


def activation_of(layer):
    """Name of the activation of a layer, or of one of `keras.ops`, such as "sigmoid"; or None."""
    if not isinstance(layer, keras.layers.Layer):  # of `keras.ops`
        return _OF_OPS.get(type(layer).__name__)
    if isinstance(layer, keras.layers.Wrapper):  # such as SpectralNormalization
        return activation_of(layer.layer)
    activation = getattr(layer, "activation", None)
    if isinstance(activation, keras.layers.Layer):
        return activation_of(activation)
    return getattr(activation, "__name__", None)


_OF_OPS = {
    "Sigmoid": "sigmoid", "HardSigmoid": "hard_sigmoid", "Tanh": "tanh", "HardTanh": "hard_tanh",
    "Softsign": "softsign",
}  # fmt: skip


def last_hidden(network):
    """Returns the network up to the tensor that its last layer with weights takes.

    Args:
        network: `keras.Model`.

    Returns:
        A `keras.Model` over the same layers.

    Raises:
        UsageError: The network has no graph, as a subclass of `keras.Model` has none, or its
            output is made of several tensors.
    """
    graph = _graph(network)
    if graph is None:
        raise UsageError("the last hidden layer is known of Sequential and functional models only")
    copy, calls = _traced(graph)
    made_by = {id(call.output): call for call in calls}
    last = made_by.get(id(copy.outputs[0]))
    while last and _takes_one_tensor(last) and not _weights(last.layer):
        last = made_by.get(id(last.args[0]))
    if last is None or not _takes_one_tensor(last):
        raise UsageError(
            "the loss compares what the discriminator's last layer with weights takes, and it does "
            "not end in one such layer: end it with keras.layers.Dense(1)"
        )
    inner = last.args[0] if _graph(last.layer) is None else last_hidden(last.layer)(*last.args)
    return keras.Model(copy.input, inner, name=network.name)


def _takes_one_tensor(call):
    """As `_is_of_one_tensor`; wrappers such as SpectralNormalization record `training`, too."""
    rest = {name: value for name, value in call.kwargs.items() if name != "training"}
    return _is_of_one_tensor(call.args, rest)


def _weights(layer):
    return getattr(layer, "weights", None)  # one of `keras.ops` has none


def cheaper(network):
    """Returns the same function in less arithmetic, or in arithmetic that processors do faster.

    Args:
        network: `keras.Model`.

    Returns:
        A `keras.Model` that shares every weight, with `UpsampledConv2D`, `BlockwiseConv2D` and
        `FusedBatchNormalization` where they fit, or `network` itself where none does.
    """
    graph = _graph(network)
    if graph is None:
        return network
    copy, calls = _traced(graph)
    uses = Counter(map(id, keras.tree.flatten([copy.outputs, [call[1:3] for call in calls]])))
    numbers = {id(call.output): number for number, call in enumerate(calls)}
    replaced, made = {}, {}  # by the number of the call; by the layer, which may be called twice
    for number, (layer, args, kwargs, _) in enumerate(calls):
        before = numbers.get(id(args[0])) if args else None
        if _graph(layer) is not None:
            inner = made.setdefault(id(layer), cheaper(layer))
            if inner is not layer:
                replaced[number] = inner
        elif not _is_of_one_tensor(args, kwargs):
            pass
        elif (
            before is not None
            and uses[id(args[0])] == 1
            and UpsampledConv2D.fits(calls[before].layer, layer)
        ):
            replaced[before] = lambda images: images
            replaced[number] = made.setdefault((id(layer), "upsampled"), UpsampledConv2D(layer))
        else:
            kind = next((k for k in _CHEAPER if k.fits(layer, args[0].shape)), None)
            if kind is not None:
                replaced[number] = made.setdefault(id(layer), kind(layer))
    if not replaced:
        return network
    numbering = count()

    def call(layer, *args, **kwargs):
        number = next(numbering)
        if number not in replaced:
            return layer(*args, **kwargs)
        return replaced[number](*args)

    return _copied(graph, call)


def _is_of_one_tensor(args, kwargs):
    """Whether a layer is called with one tensor and nothing else, such as a mask."""
    tensor = len(args) == 1 and keras.backend.is_keras_tensor(args[0])
    return tensor and all(value is None for value in kwargs.values())


_CHEAPER = (BlockwiseConv2D, FusedBatchNormalization)

_PLAIN = {
    *(keras.layers.Dense, keras.layers.Conv2D, keras.layers.Conv2DTranspose),
    *(BlockwiseConv2D, UpsampledConv2D, keras.layers.UpSampling2D, keras.layers.ZeroPadding2D),
    *(keras.layers.Activation, keras.layers.LeakyReLU, keras.layers.ReLU),
    *(keras.layers.Reshape, keras.layers.Flatten),
    *(keras.layers.CategoryEncoding, keras.layers.Concatenate),
}
"""Layers without a state, that compute the same in training and in inference."""


def halves(network):
    """Divides a network before the first layers that may differ between training and inference.

    BatchNormalization and Dropout do; so may every layer that is not of the kinds in `_PLAIN`.

    Args:
        network: `keras.Model`.

    Returns:
        Two functions that share every weight: a `keras.Model` from the inputs of the network to
        one tensor, the same in training and in inference, or None where there is none; and a
        `keras.Model` from that tensor to the output, or None where nothing is left.
    """
    graph = _graph(network)
    if graph is None or len(graph.outputs) != 1:
        return None, network
    copy, calls = _traced(graph)
    plain = {id(tensor) for tensor in copy.inputs}
    crossing, weights = {}, False
    for layer, args, kwargs, output in calls:
        inputs = [t for t in keras.tree.flatten([args, kwargs]) if keras.backend.is_keras_tensor(t)]
        if type(layer) in _PLAIN and all(id(tensor) in plain for tensor in inputs):
            plain.add(id(output))
            weights = weights or bool(layer.weights)
        else:
            crossing |= {id(tensor): tensor for tensor in inputs if id(tensor) in plain}
    if id(copy.outputs[0]) in plain:
        return (copy, None) if weights else (None, network)
    if not weights or len(crossing) != 1:
        return None, network
    (middle,) = crossing.values()
    if any(middle is tensor for tensor in copy.inputs):
        return None, network
    first = keras.Model(copy.input, middle, name=f"{network.name}_begun")
    return first, keras.Model(middle, copy.output, name=network.name)


def last_layers(network):
    """The layers that a network ends with, those of networks inside it too.

    Args:
        network: `keras.Model`.

    Yields:
        Its last layer first, and from there back as long as a layer is called with one tensor.
        Nothing where the network has no graph, or several outputs.
    """
    graph = _graph(network)
    if graph is None or len(graph.outputs) != 1:
        return
    copy, calls = _traced(graph)
    made_by = {id(call.output): call for call in calls}
    call = made_by.get(id(copy.outputs[0]))
    while call is not None:
        if _graph(call.layer) is None:
            yield call.layer
        else:
            yield from last_layers(call.layer)
        if not _is_of_one_tensor(call.args, call.kwargs):
            return
        call = made_by.get(id(call.args[0]))


class _Call(NamedTuple):
    """One call of a layer in a network."""

    layer: object
    args: tuple
    kwargs: dict
    output: object


def _graph(network):
    """The network as a functional one that is not compiled, or None where it has no graph."""
    if isinstance(network, keras.Sequential) and getattr(network, "inputs", None):
        return keras.Model(network.inputs[0], network.outputs[0], name=network.name)
    if isinstance(network, keras.Function) and isinstance(network, keras.Model):
        return keras.Model(network.input, network.output, name=network.name)
    return None


def has_call_of_its_own(layer):
    """Whether a layer is a network with a graph whose class computes something else.

    The functions of this module know the graph alone.
    """
    if not isinstance(layer, keras.Sequential | keras.Function):
        return False
    owner = next(kind for kind in type(layer).__mro__ if "call" in vars(kind))
    return not owner.__module__.startswith("keras.")


def _traced(graph):
    """A copy of the network over the same layers, and the list of its calls."""
    calls = []

    def call(layer, *args, **kwargs):
        output = layer(*args, **kwargs)
        calls.append(_Call(layer, args, kwargs, output))
        return output

    return _copied(graph, call), calls


def _copied(graph, call):
    return keras.models.clone_model(graph, clone_function=lambda x: x, call_function=call)

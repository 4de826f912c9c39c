"""Networks rewritten for training: the same weights, computed in another way.

Both functions take Sequential and functional networks, with one input or several, and look into
networks that are layers of others. They return the network itself where nothing applies.
"""

from collections import Counter
from itertools import count
from typing import NamedTuple

import keras

from keras_gans.networks.layers import UpsampledConv2D, WithoutActivation


def before_sigmoid(network):
    """Returns the network without its final sigmoid, sharing every weight.

    Cross-entropy of this score equals that of the probability without its rounding: float32
    probabilities reach exactly 1, and their logarithm stops giving a gradient, at a score of 17.

    Args:
        network: `keras.Model`. Its last layer may be an `Activation("sigmoid")`, or a `Dense` or
            convolution with that activation.

    Returns:
        A `keras.Model` over the same layers, or `network` itself where it does not end so.
    """
    graph = _graph(network)
    if graph is None or len(graph.outputs) != 1:
        return network
    copy, calls = _traced(graph)
    last = next((call for call in calls if call.output is copy.outputs[0]), None)
    if last is None:
        return network
    layer = last.layer
    if _graph(layer) is not None:
        inner = before_sigmoid(layer)
        if inner is layer:
            return network
        score = inner(*last.args, **last.kwargs)
    elif getattr(layer, "activation", None) is not keras.activations.sigmoid:
        return network
    elif isinstance(layer, keras.layers.Activation):
        (score,) = last.args
    elif WithoutActivation.fits(layer):
        score = WithoutActivation(layer)(*last.args)
    else:
        return network
    return keras.Model(copy.input, score, name=network.name)


def fuse_upsampling(network):
    """Returns the same function with every upsampled convolution in fewer multiplications.

    Args:
        network: `keras.Model`.

    Returns:
        A `keras.Model` that shares every weight, or `network` itself where no `UpSampling2D` is
        followed by a `Conv2D` alone.
    """
    graph = _graph(network)
    if graph is None:
        return network
    copy, calls = _traced(graph)
    uses = Counter(map(id, keras.tree.flatten([copy.outputs, [call[1:3] for call in calls]])))
    numbers = {id(call.output): number for number, call in enumerate(calls)}
    replaced, made = {}, {}  # by the number of the call; by the layer, which may be called twice
    for number, (layer, args, _, _) in enumerate(calls):
        before = numbers.get(id(args[0])) if args else None
        if _graph(layer) is not None:
            inner = made.setdefault(id(layer), fuse_upsampling(layer))
            if inner is not layer:
                replaced[number] = inner
        elif (
            before is not None
            and uses[id(args[0])] == 1
            and UpsampledConv2D.fits(calls[before].layer, layer)
        ):
            replaced[before] = lambda images: images
            replaced[number] = made.setdefault(id(layer), UpsampledConv2D(layer))
    if not replaced:
        return network
    numbering = count()

    def call(layer, *args, **kwargs):
        return replaced.get(next(numbering), layer)(*args, **kwargs)

    return _copied(graph, call)


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

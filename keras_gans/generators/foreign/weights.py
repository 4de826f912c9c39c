"""Assigns the arrays of a file to the weights of a network, and reads them."""

import re

import numpy as np

from keras_gans.errors import UsageError
from keras_gans.generators.foreign import hdf5

_VARIABLES = {
    "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "alpha", "embeddings",
    "recurrent_kernel", "depthwise_kernel", "pointwise_kernel",
}  # fmt: skip


def datasets_of(network, description):
    """Finds the array of every weight; no array is read.

    Args:
        network: `Network` after shape inference.
        description: `hdf5.Description`.

    Returns:
        {(layer, weight's name): `hdf5.Dataset`}.

    Raises:
        UsageError: An array is missing, left over within its layer, or has another shape or type.
    """
    if description.kind == "variables":
        return _by_counter(network, dict(description.layers))
    return _by_layer(network, description.layers)


def read(network, found, path):
    """Reads the weights of a network.

    Args:
        network: `Network`.
        found: Result of `datasets_of`; it may hold weights of other networks too.
        path: `Path` of the file.

    Returns:
        {(layer, weight's name): float32 array}.

    Raises:
        UsageError: A weight is not finite, or the file is damaged.
    """
    wanted = [weight for layer in network.layers.values() for weight in _flat(layer)]
    values, broken = {}, []
    for owner, name, *_ in wanted:
        dataset = found[owner, name]
        with np.errstate(over="ignore"):
            value = hdf5.read(path, dataset).astype("float32", copy=False)
        if not np.isfinite(value).all():
            broken.append((dataset.name, bool(np.isnan(value).all())))
        values[owner, name] = value
    if broken and all(entirely for _, entirely in broken):
        raise UsageError(
            f"{len(broken)} of its {len(wanted)} weights are entirely NaN: training had diverged "
            "when it was saved; use an earlier file"
        )
    if broken:
        raise UsageError(f"'{broken[0][0]}' has values that are not finite")
    return values


def _flat(layer, trainable=True):
    """Weights of a layer: list of (owner, name, shape, whether trained, whether trainable).

    The first of the two flags counts frozen layers, the second only the kind of weight.
    """
    trainable = trainable and layer.trainable
    if layer.network is not None:
        return [w for inner in layer.network.layers.values() for w in _flat(inner, trainable)]
    last = len(layer.weights) - (layer.step.fixed if layer.step else 0)
    return [
        (layer, name, shape, trainable and index < last, index < last)
        for index, (name, shape) in enumerate(layer.weights)
    ]


def _by_layer(network, groups):
    """The legacy layout: groups with the names of the layers."""
    left = dict(groups)
    if len(left) < len(groups):
        raise UsageError("two groups of weights have the same name")
    layers = [layer for layer in network.layers.values() if _flat(layer)]
    pairs = [(layer, left.pop(layer.name)) for layer in layers if layer.name in left]
    # Networks may have no name, and names may have changed: match the rest in order.
    paired = {layer for layer, _ in pairs}
    unnamed = [layer for layer in layers if layer not in paired]
    rest = [datasets for datasets in left.values() if datasets]
    if len(unnamed) > len(rest):
        raise UsageError(f"the weights of {unnamed[len(rest)].title} are not in it")
    pairs += zip(unnamed, rest, strict=False)
    found = {}
    for layer, datasets in pairs:
        found |= _matched(layer, datasets)
    return found


def _by_counter(network, groups, prefix=""):
    """Keras 3's layout: `layers/conv2d_1/vars/0`."""
    counts, found = {}, {}
    for layer in network.layers.values():
        key = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", layer.kind)
        key = re.sub(r"([a-z])([A-Z])", r"\1_\2", key).lower()
        places = []
        # Keras 2 listed the layers with weights of functional networks twice, and counted both.
        for folder, step in (("layers", 1), ("_layer_checkpoint_dependencies", 2)):
            number = counts.get((folder, key), 0)
            counts[folder, key] = number + (step if _flat(layer) else 1)
            places.append(
                f"{prefix}{folder}/{key}_{number}" if number else f"{prefix}{folder}/{key}"
            )
        places.append(f"{prefix}layers/{layer.name}")
        if layer.network is not None:
            inside = next((p for p in places if any(g.startswith(f"{p}/") for g in groups)), None)
            if inside is not None:
                found |= _by_counter(layer.network, groups, f"{inside}/")
            elif _flat(layer):
                raise UsageError(f"the weights of {layer.title} are not in it")
        elif layer.weights:
            places = [place + end for place in places for end in ("", "/cell")]
            place = next((place for place in places if place in groups), None)
            if place is None:
                raise UsageError(f"the weights of {layer.title} are not in it")
            found |= _matched(layer, groups[place])
    return found


def _matched(layer, datasets):
    """Matches the arrays of a group to the weights of a layer: by name, else in Keras's order."""
    wanted = _flat(layer)
    if len(wanted) != len(datasets):
        raise UsageError(
            f"{layer.title} needs {len(wanted)} weights and the file has {len(datasets)} of it"
        )
    orders = [
        _named(wanted, datasets),
        sorted(wanted, key=lambda weight: not weight[3]),  # trained ones first
        sorted(wanted, key=lambda weight: not weight[4]),
        wanted,
    ]
    for order in orders:
        if order is not None and all(map(_fits, order, datasets)):
            return {
                (owner, name): dataset
                for (owner, name, *_), dataset in zip(order, datasets, strict=True)
            }
    for (owner, name, shape, *_), dataset in zip(orders[1], datasets, strict=True):
        if dataset.shape != shape or dataset.dtype not in hdf5.TYPES:
            raise UsageError(
                f"'{dataset.name}' is {dataset.dtype} {dataset.shape}, but the {name} of "
                f"{owner.title} is float32 {shape}"
            )
    raise UsageError(f"the names of the weights of {layer.title} are not those of its layers")


def _named(wanted, datasets):
    """The weights in the order of the arrays, where their names are unambiguous, else None."""
    places = {}
    for weight in wanted:
        places.setdefault((weight[0].name, weight[1]), []).append(weight)
    order = []
    for dataset in datasets:
        *owners, name = dataset.name.split("/")
        candidates = [places.get((owner, _plain(name)), []) for owner in owners]
        candidates = [weights for weights in candidates if weights]
        if len(candidates) != 1 or len(candidates[0]) != 1:
            return None
        order.append(candidates[0][0])
    return order if len({(id(w[0]), w[1]) for w in order}) == len(wanted) else None


def _plain(name):
    """A variable's name without the suffixes of TensorFlow: "kernel_1:0" is a kernel."""
    return re.sub(r"(_\d+)?(:\d+)?$", "", name)


def _fits(weight, dataset):
    owner, name, shape, *_ = weight
    if dataset.shape != shape or dataset.dtype not in hdf5.TYPES:
        return False
    stored = _plain(dataset.name.rsplit("/", 1)[-1])
    if stored == "depthwise_kernel" and owner.kind.startswith("DepthwiseConv"):
        stored = "kernel"
    return stored == name or stored not in _VARIABLES

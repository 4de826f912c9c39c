"""Generators of strangers: opened without believing, or running, anything of them.

The description in the file is read as data (`foreign_graph`), its weights are looked up by their
names, and have to be of exactly the shapes that the network needs, before the first of them is
read. Only then is the network made, of Keras's own layers.
"""

import math
import re

import numpy as np

from keras_gans import foreign_graph, hdf5
from keras_gans.errors import UsageError

SMALLEST = 8  # pixels of an image's side; what is smaller is no image
_VARIABLES = {
    "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "alpha", "embeddings",
    "recurrent_kernel", "depthwise_kernel", "pointwise_kernel",
}  # fmt: skip
_LISTS = {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"}
_TRAINABLE = {  # layers that do something else in training
    "BatchNormalization", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout",
    "GaussianDropout", "GaussianNoise",
}  # fmt: skip


def open_network(path, description):
    """Makes the network of a stranger's file, with its weights.

    Args:
        path: `Path` of the file that the weights are read from.
        description: Its `hdf5.Description`, with a `model_config`.

    Returns:
        (model, recipe, normalization): a `keras.Model` with one output; what is known of it, whose
        keys `generators.load` lists; and of its first batch normalization (moving variances, axis,
        a `keras.Model` of what is normalized), or None.

    Raises:
        UsageError: It cannot be opened; the message begins with the path.
    """
    try:
        return _open(path, description)
    except UsageError as error:
        text = str(error)
        raise UsageError(text if text.startswith(str(path)) else f"{path}: {text}") from None


def _open(path, description):
    legacy = not description.attributes.get("keras_version", "2").startswith("3")
    network = foreign_graph.parse(description.attributes["model_config"])
    outputs, reckoning = foreign_graph.reckon(network, legacy)
    if description.kind == "variables":
        found = _by_counter(network, dict(description.layers))
    else:
        found = _by_layer(network, description.layers)
    notes = []
    kind = _kind(network, outputs, reckoning)
    if kind is not None:
        inner = _inner_generator(network, legacy)
        if inner is not None:
            network, outputs, reckoning = inner
            named = f" '{network.name}'" if network.name else ""
            notes.append(f"it is {kind}; the generator{named} inside it was taken")
            kind = None
    index = _image_output(outputs)
    if kind is None and len(outputs) > 1:
        notes.append(f"of its {len(outputs)} outputs the one with images was taken")
    values = _values(path, network, found)
    model, normalization = _build(network, index, values)
    image_shape, layout = image_of(outputs[index].shape)
    if layout == "flat" and image_shape and image_shape[0] not in (28, 32, 64):
        notes.append(f"its {math.prod(outputs[index].shape)} numbers were read as {image_shape}")
    inputs = _inputs(network, reckoning)
    if any(i["role"] == "latent" and "guessed" in i for i in inputs):
        notes.append("which of its inputs are labels was guessed from their sizes")
    classes = [entry["classes"] for entry in inputs if entry["role"] in ("labels", "one-hot")]
    recipe = {
        "source": "foreign",
        "keras_version": description.attributes.get("keras_version", "unknown"),
        "kind": kind,
        "parameters": reckoning.parameters,
        "activations": reckoning.activations,
        "inputs": inputs,
        "latent_dim": sum(math.prod(i["shape"]) for i in inputs if i["role"] == "latent"),
        "labels": max(classes, default=None),
        "output_shape": list(outputs[index].shape),
        "image_shape": image_shape,
        "layout": layout,
        "bounds": outputs[index].bounds,
        "notes": notes,
    }
    return model, recipe, normalization


# --- weights ----------------------------------------------------------------------------------


def _flat(part, trainable=True):
    """The weights of a part: (owner, name, shape, whether trained), layer by layer."""
    trainable = trainable and part.trainable
    if part.network is not None:
        return [w for inner in part.network.parts.values() for w in _flat(inner, trainable)]
    last = len(part.weights) - (part.step.fixed if part.step else 0)
    return [
        (part, name, shape, trainable and index < last, index < last)
        for index, (name, shape) in enumerate(part.weights)
    ]


def _by_layer(network, layers):
    """{(part, weight's name): `Dataset`}, from groups that have the layers' names."""
    groups = dict(layers)
    if len(groups) < len(layers):
        raise UsageError("two groups of weights have one name")
    parts = [part for part in network.parts.values() if _flat(part)]
    pairs = [(part, groups.pop(part.name)) for part in parts if part.name in groups]
    # Networks without a name, and names that were changed: what is left, in its order.
    nameless = [part for part in parts if part not in {part for part, _ in pairs}]
    left = [datasets for name, datasets in groups.items() if datasets]
    if len(nameless) > len(left):
        raise UsageError(f"the weights of {nameless[len(left)].title} are not in it")
    pairs += zip(nameless, left, strict=False)
    found = {}
    for part, datasets in pairs:
        found |= _matched(part, datasets)
    return found


def _matched(part, datasets):
    """The datasets of one group as a part's weights: by their names, else in Keras's order."""
    wanted = _flat(part)
    if len(wanted) != len(datasets):
        raise UsageError(
            f"{part.title} needs {len(wanted)} weights and the file has {len(datasets)} of it"
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
                f"'{dataset.name}' is {dataset.dtype} {dataset.shape}, and the {name} of "
                f"{owner.title} float32 {shape}"
            )
    raise UsageError(f"the names of the weights of {part.title} are not those of its layers")


def _named(wanted, datasets):
    """The wanted weights in the order of the datasets, where the names leave no choice."""
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
    """A variable's name without TensorFlow's additions: "kernel_1:0" is a kernel."""
    return re.sub(r"(_\d+)?(:\d+)?$", "", name)


def _fits(weight, dataset):
    owner, name, shape, *_ = weight
    if dataset.shape != shape or dataset.dtype not in hdf5.TYPES:
        return False
    stored = _plain(dataset.name.rsplit("/", 1)[-1])
    if stored == "depthwise_kernel" and owner.kind.startswith("DepthwiseConv"):
        stored = "kernel"
    return stored == name or stored not in _VARIABLES


def _by_counter(network, groups, prefix=""):
    """{(part, weight's name): `Dataset`}, in Keras 3's layout: `layers/conv2d_1/vars/0`."""
    counts, found = {}, {}
    for part in network.parts.values():
        key = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", part.kind)
        key = re.sub(r"([a-z])([A-Z])", r"\1_\2", key).lower()
        places = []
        # Keras 2 listed functional networks' layers with weights twice, and so counted them.
        for folder, step in (("layers", 1), ("_layer_checkpoint_dependencies", 2)):
            number = counts.get((folder, key), 0)
            counts[folder, key] = number + (step if _flat(part) else 1)
            places.append(
                f"{prefix}{folder}/{key}_{number}" if number else f"{prefix}{folder}/{key}"
            )
        places.append(f"{prefix}layers/{part.name}")
        if part.network is not None:
            inside = next((p for p in places if any(g.startswith(f"{p}/") for g in groups)), None)
            if inside is not None:
                found |= _by_counter(part.network, groups, f"{inside}/")
            elif _flat(part):
                raise UsageError(f"the weights of {part.title} are not in it")
        elif part.weights:
            places = [place + end for place in places for end in ("", "/cell")]
            place = next((place for place in places if place in groups), None)
            if place is None:
                raise UsageError(f"the weights of {part.title} are not in it")
            found |= _matched(part, groups[place])
    return found


def _values(path, network, found):
    """{(part, weight's name): float32 array}, all of them finite."""
    wanted = [w for part in network.parts.values() for w in _flat(part)]
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
            "when it was saved; use a file of an earlier time"
        )
    if broken:
        raise UsageError(f"'{broken[0][0]}' has values that are not finite")
    return values


# --- the network ------------------------------------------------------------------------------


class _Builder(foreign_graph.Tracer):
    """Makes Keras's layers on the way, each once."""

    def __init__(self, keras, values):
        super().__init__()
        self.keras, self.values, self.made = keras, values, {}
        self.normalizations = []

    def step(self, part, inputs, call):
        if part.step.make is None:
            return inputs[0]
        if part not in self.made:
            self.made[part] = part.step.make(self.keras)
        function, layer = self.made[part]
        several = len(inputs) > 1 or part.kind in _LISTS
        options = {"training": True} if call.training and part.kind in _TRAINABLE else {}
        if part.kind.startswith("BatchNormalization"):
            self.normalizations.append((layer, inputs[0]))
        return function(inputs if several else inputs[0], **options)

    def assign(self):
        for part, (_, layer) in self.made.items():
            variables = [] if layer is None else layer.weights
            expected = [(name, tuple(shape)) for name, shape in part.weights]
            if [(v.name, tuple(v.shape)) for v in variables] != expected:
                raise UsageError(f"{part.title} is another one in this version of Keras")
            for variable in variables:
                variable.assign(self.values[part, variable.name])


def _build(network, index, values):
    import keras

    builder = _Builder(keras, values)
    try:
        inputs = [keras.Input(shape, dtype="float32") for shape in network.shapes]
        outputs = builder.trace(network, inputs)
        inputs = inputs if len(inputs) > 1 else inputs[0]  # else Keras warns at each call
        model = keras.Model(inputs, outputs[index])
        builder.assign()
    except UsageError:
        raise
    except Exception as error:  # Keras's layers know of more that does not go together
        said = " ".join(str(error).split())[:200]
        raise UsageError(f"Keras cannot make its network: {said}") from error
    if not builder.normalizations:
        return model, None
    layer, normalized = builder.normalizations[0]
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    variances = keras.ops.convert_to_numpy(layer.moving_variance) + layer.epsilon
    return model, (variances, axis, keras.Model(inputs, normalized))


# --- what it is -------------------------------------------------------------------------------


def image_of(shape):
    """How an output becomes an image.

    Args:
        shape: Of the output, without the batch.

    Returns:
        ([height, width, channels] or None where it is no image, layout): "flat" (numbers in the
        order of an image's), "last" or "first" (where the channels are).
    """
    if len(shape) == 3 and shape[2] in (1, 3, 4) and min(shape[:2]) >= SMALLEST:
        return [*shape[:2], min(shape[2], 3)], "last"
    if len(shape) == 3 and shape[0] in (1, 3, 4) and min(shape[1:]) >= SMALLEST:
        return [*shape[1:], min(shape[0], 3)], "first"
    if len(shape) == 2 and min(shape) >= SMALLEST and max(shape) <= 4 * min(shape):
        return [*shape, 1], "last"
    if len(shape) == 1 or (len(shape) == 2 and 1 in shape):
        for channels in (1, 3):
            side = math.isqrt(math.prod(shape) // channels)
            if side >= SMALLEST and side * side * channels == math.prod(shape):
                return [side, side, channels], "flat"
    return None, "flat"


def _image_output(outputs):
    images = [i for i, signal in enumerate(outputs) if image_of(signal.shape)[0]]
    return images[0] if images else 0


def _inputs(network, reckoning):
    """What each input takes: its name, shape, role and, of labels, how many there are."""
    inputs = []
    for index, (name, shape) in enumerate(zip(network.inputs, network.shapes, strict=True)):
        entry = {"name": name.lstrip("\0"), "shape": list(shape), "role": "latent"}
        if index in reckoning.embedded:
            one = math.prod(shape) == 1
            entry["role"] = "labels" if one else "tokens"
            entry["classes"] = reckoning.embedded[index]
        elif _is_image(shape):
            entry["role"] = "image"
        inputs.append(entry)
    latents = [entry for entry in inputs if entry["role"] == "latent"]
    if len(latents) > 1 and not any(entry["role"] == "labels" for entry in inputs):
        # One of several is the latents; a label comes as a number, or as one of many.
        labelled = [e for e in latents if re.search(r"label|class|cond|categ|digit", e["name"])]
        if not labelled or len(labelled) == len(latents):
            labelled = sorted(latents, key=lambda entry: math.prod(entry["shape"]))[:1]
            labelled[0]["guessed"] = True
        for entry in labelled:
            size = math.prod(entry["shape"])
            if len(entry["shape"]) == 1 and size <= 1_000:
                entry["role"] = "labels" if size == 1 else "one-hot"
                entry["classes"] = 10 if size == 1 else size
    return inputs


def _is_image(shape):
    if len(shape) == 3:
        last, first = min(shape[:2]) >= SMALLEST, min(shape[1:]) >= SMALLEST
        return (last and shape[2] <= 4) or (first and shape[0] <= 4)
    return len(shape) == 2 and shape[0] == shape[1] >= SMALLEST


def _kind(network, outputs, reckoning):
    """What a network is that is no generator with latents, or None where it is one."""
    roles = {entry["role"] for entry in _inputs(network, reckoning)}
    images = any(image_of(signal.shape)[0] for signal in outputs)
    shape = list(outputs[0].shape)
    if "image" in roles:
        if images:
            return "a network that makes images of images, not of latents"
        return f"a network that judges images: it makes {shape} of each"
    if "tokens" in roles:
        return "a network for text or other sequences"
    if not images:
        return f"a network whose output, {shape}, is no image"
    return None


def _inner_generator(network, legacy):
    for inner in network.networks():
        try:
            outputs, reckoning = foreign_graph.reckon(inner, legacy)
        except UsageError:
            continue
        if _kind(inner, outputs, reckoning) is None:
            return inner, outputs, reckoning
    return None

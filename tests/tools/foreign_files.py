"""Writes files of generators in the formats of Keras 2.0 to 3.

A network is built with the installed Keras, so its output is known. Then its description is
converted to the notation of an older version, and its weights to the layout of that version.
"""

import copy
import json

import h5py
import keras
import numpy as np

STYLES = ("2.0.4", "2.2.4", "2.4.0", "2.8.0", "2.13.1", "2.15.0", "3.0.5", "3.6.0", "3.11.2")


def randomize(model, seed=0):
    """Assigns random weights, and statistics that differ from those of a new network."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        values = random.normal(0.0, 0.3, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)
    return model


def settle(model, latents):
    """Gives a Sequential network the moving statistics that training with latents leaves.

    Args:
        model: `keras.Sequential`.
        latents: Array `(n, size)`.
    """
    values = np.asarray(latents, "float32")
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            rest = tuple(range(values.ndim - 1))
            layer.moving_mean.assign(values.mean(axis=rest))
            layer.moving_variance.assign(values.var(axis=rest))
        values = keras.ops.convert_to_numpy(layer(values))
    return model


def save(model, path, style, change=None, **options):
    """Writes a model in the format of a version of Keras.

    Args:
        model: `keras.Sequential` or functional `keras.Model`.
        path: Where to.
        style: One of `STYLES`.
        change: None, or a function that changes the description before it is written.
        options: Of `write`.
    """
    config = json.loads(model.to_json())
    config = _old(config, style, top=True)
    if change is not None:
        config = change(config) or config
    write(path, config, weights_of(model, style), style, **options)


def write(path, config, layers, style="2.4.0", dtype="f4", chunk_names=False, fixed=True):
    """Writes a description and weights in the legacy layout.

    Args:
        path: Where to.
        config: Description of the network, or a text in its place.
        layers: List of (layer's name, list of (weight's name, array)).
        style: Version of Keras in the file.
        dtype: Of the weights in the file.
        chunk_names: Whether lists of names are split, as Keras splits long ones.
        fixed: Whether names have a fixed length, as in most files.
    """
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        file.attrs["keras_version"] = style
        file.attrs["backend"] = "tensorflow"
        root = file.create_group("model_weights")
        root.attrs["keras_version"] = style
        _set_names(root, "layer_names", [name for name, _ in layers], chunk_names, fixed)
        for name, weights in layers:
            group = root.create_group(name)
            _set_names(group, "weight_names", [w for w, _ in weights], chunk_names, fixed)
            for weight, values in weights:
                group.create_dataset(weight, data=np.asarray(values, dtype))


def _set_names(group, key, names, in_pieces, fixed):
    pieces = {f"{key}{i}": names[i : i + 2] for i in range(0, len(names), 2)}
    pieces = {f"{key}{i}": piece for i, piece in enumerate(pieces.values())}
    for name, piece in pieces.items() if in_pieces and names else [(key, names)]:
        if fixed or not piece:
            group.attrs[name] = np.array([n.encode() for n in piece])
        else:
            group.attrs.create(name, piece, dtype=h5py.string_dtype())


def weights_of(model, style):
    """List of (layer's name, list of (weight's name, array)), with the names of a version."""
    layers = []
    for layer in model.layers:
        weights = [*layer.trainable_weights, *layer.non_trainable_weights]
        owners = {id(w): name for name, w in _owned(layer)}
        layers.append(
            (
                layer.name,
                [(_weight_name(w, owners[id(w)], model, style), w.numpy()) for w in weights],
            )
        )
    return layers


def _owned(layer):
    if hasattr(layer, "layers"):
        return [pair for inner in layer.layers for pair in _owned(inner)]
    return [(layer.name, weight) for weight in layer.weights]


def _weight_name(weight, owner, model, style):
    if style.startswith("3"):
        return f"{model.name}/{owner}/{weight.name}"
    name = weight.name
    if "depthwise" in owner and name == "kernel" and "separable" not in owner:
        name = "depthwise_kernel"
    return f"{owner}/{name}:0"


# --- descriptions -----------------------------------------------------------------------------


def _old(entry, style, top=False):
    """A layer or network of the present description in the notation of a version."""
    entry = copy.deepcopy(entry)
    version = tuple(int(part) for part in style.split("."))
    if version[0] >= 3:
        return entry
    if entry["class_name"] in ("Sequential", "Functional"):
        return _old_network(entry, style, version)
    config = entry["config"]
    for key in list(config):
        if isinstance(config[key], dict) and "module" in config[key]:
            config[key] = {k: config[key][k] for k in ("class_name", "config")}
            if key == "activation":  # a layer, with its own old settings
                config[key] = _old({**config[key], "config": {**config[key]["config"]}}, style)
    config["dtype"] = "float32"
    rank = len(entry.get("build_config", {}).get("input_shape") or ())
    if version < (2, 13):
        entry.pop("module", None)
        entry.pop("registered_name", None)
        entry.pop("build_config", None)
    if entry["class_name"] == "InputLayer":
        config["batch_input_shape"] = config.pop("batch_shape")
        config["sparse"] = False
    if entry["class_name"] == "LeakyReLU":
        config["alpha"] = config.pop("negative_slope")
        if version == (2, 4, 0):
            config["alpha"] = {"class_name": "__numpy__", "config": {"value": config["alpha"]}}
    if entry["class_name"] == "ReLU" and version < (2, 4):
        config["max_value"] = {"type": "ndarray", "value": float("nan")}
    if entry["class_name"] == "BatchNormalization" and version >= (2, 3):
        config["axis"] = [config["axis"] if config["axis"] > 0 else rank - 1]
        config.pop("synchronized", None)
    if entry["class_name"] == "Conv2DTranspose" and version >= (2, 3):
        config["groups"] = 1
    if version < (2, 3):
        for key in ("groups", "build_config"):
            config.pop(key, None)
    if entry["class_name"] == "Embedding":
        config["batch_input_shape"] = [None, None]
        config["input_length"] = None
    for key in [key for key in config if key.endswith("_initializer")]:
        config[key] = {
            "class_name": "VarianceScaling",
            "config": {"scale": 1.0, "mode": "fan_avg", "seed": None, "dtype": "float32"},
        }
    return entry


def _old_network(entry, style, version):
    config = entry["config"]
    old = {"class_name": entry["class_name"], "config": {"name": config["name"]}}
    if entry["class_name"] == "Functional":
        if version < (2, 4):
            old["class_name"] = "Model"
        models = {
            layer["name"]
            for layer in config["layers"]
            if layer["class_name"] in ("Sequential", "Functional")
        }
        old["config"]["layers"] = [
            _old_connected(e, style, version, models) for e in config["layers"]
        ]
        for key in ("input_layers", "output_layers"):
            value = config[key]
            value = [value] if isinstance(value[0], str) else value
            old["config"][key] = [_shifted(v, version, models) for v in value]
        return {**old, **{k: entry[k] for k in ("name",) if k in entry}}
    layers = [_old(layer, style) for layer in config["layers"]]
    if version < (2, 4):  # without an input layer: the first layer has the shape
        shape = layers.pop(0)["config"]["batch_input_shape"]
        first = layers[0]
        while "layers" in (inner := first["config"]) or isinstance(inner, list):
            first = (inner if isinstance(inner, list) else inner["layers"])[0]
        first["config"].setdefault("batch_input_shape", shape)
    old["config"]["layers"] = layers
    if version < (2, 2, 3):
        old["config"] = layers
    return old


def _shifted(reference, version, models):
    """A nested network had a call of its own before the others."""
    name, node, tensor = reference
    return [name, node + (name in models and version < (2, 15)), tensor]


def _old_connected(entry, style, version, models):
    old = _old(entry, style)
    old["name"] = entry["name"]
    old["inbound_nodes"] = [
        [
            [*_shifted(t["config"]["keras_history"], version, models), {}]
            for t in _tensors(node["args"])
        ]
        for node in entry["inbound_nodes"]
    ]
    return old


def _tensors(arguments):
    return [
        tensor
        for argument in arguments
        for tensor in (argument if isinstance(argument, list) else [argument])
    ]


# --- networks ---------------------------------------------------------------------------------


def perceptron():
    """As in the scripts of Keras-GAN: a functional model around a Sequential one."""
    k = keras.layers
    inner = keras.Sequential(
        [
            k.Input((10,)), k.Dense(16), k.LeakyReLU(negative_slope=0.2),
            k.BatchNormalization(momentum=0.8), k.Dense(64, activation="tanh"),
            k.Reshape((8, 8, 1)),
        ]
    )  # fmt: skip
    noise = k.Input((10,))
    return keras.Model(noise, inner(noise))


def convolutional():
    k = keras.layers
    return keras.Sequential(
        [
            k.Input((6,)), k.Dense(2 * 2 * 8, use_bias=False), k.BatchNormalization(),
            k.LeakyReLU(negative_slope=0.3), k.Reshape((2, 2, 8)),
            k.Conv2DTranspose(6, 5, strides=1, padding="same", use_bias=False),
            k.BatchNormalization(scale=False), k.ReLU(),
            k.Conv2DTranspose(4, 4, strides=2, padding="same"), k.PReLU(shared_axes=[1, 2]),
            k.UpSampling2D(), k.Dropout(0.3), k.Conv2D(3, 3, padding="same", activation="tanh"),
        ]
    )  # fmt: skip


def conditional():
    """The embedding of a label, times the latents; the label is the first input."""
    k = keras.layers
    inner = keras.Sequential(
        [k.Input((10,)), k.Dense(32, activation="relu"), k.Dense(64, activation="sigmoid")]
    )
    label, noise = k.Input((1,)), k.Input((10,))
    embedded = k.Flatten()(k.Embedding(5, 10)(label))
    return keras.Model([label, noise], inner(k.Multiply()([noise, embedded])))


def concatenated():
    k = keras.layers
    noise, label = k.Input((12,)), k.Input((1,))
    x = k.Reshape((4, 4, 3))(k.LeakyReLU(negative_slope=0.2)(k.Dense(48)(noise)))
    y = k.Reshape((4, 4, 1))(k.Dense(16)(k.Embedding(4, 7)(label)))
    x = k.Concatenate()([x, y])
    x = k.Conv2DTranspose(4, 4, strides=2, padding="same", activation=k.LeakyReLU(0.1))(x)
    return keras.Model([noise, label], k.Conv2D(1, 7, padding="same", activation="tanh")(x))


def shared():
    """A network and a layer that are called twice each."""
    k = keras.layers
    branch = keras.Sequential([k.Input((5,)), k.Dense(8, activation="elu"), k.BatchNormalization()])
    last = k.Dense(64, activation="tanh")
    one, other = k.Input((5,)), k.Input((5,))
    a, b = branch(one), branch(other)
    merged = k.Average()([last(k.Add()([a, b])), last(k.Subtract()([a, b]))])
    return keras.Model([one, other], k.Reshape((8, 8))(merged))


def various():
    """Nearly every kind of layer."""
    k = keras.layers
    noise = k.Input((1, 1, 12))
    x = k.Conv2DTranspose(8, 4, activation="selu")(noise)
    x = k.SeparableConv2D(6, 3, padding="same", depth_multiplier=2)(x)
    x = k.LayerNormalization()(k.ZeroPadding2D(((1, 2), (0, 1)))(x))
    x = k.Cropping2D(((1, 2), (0, 1)))(k.ELU(0.5)(x))
    x = k.UpSampling2D(4, interpolation="bilinear")(k.DepthwiseConv2D(3, padding="same")(x))
    x = k.AveragePooling2D(2)(k.GaussianNoise(0.1)(k.SpatialDropout2D(0.2)(x)))
    gate = k.Dense(6, activation="softmax")(k.GlobalAveragePooling2D()(x))
    other = k.Permute((2, 1, 3))(k.MaxPooling2D(2, strides=1, padding="same")(x))
    other = k.Maximum()([k.Activation("softplus")(other), k.Softmax()(x)])
    x = k.Multiply()([other, k.Reshape((1, 1, 6))(gate)])
    x = k.BatchNormalization(center=False)(k.Conv2D(4, 3, dilation_rate=2, padding="same")(x))
    return keras.Model(noise, k.Conv2D(3, 1, groups=1, activation="sigmoid")(x))


def recurrent():
    k = keras.layers
    return keras.Sequential(
        [
            k.Input((9,)), k.RepeatVector(8), k.LSTM(7, return_sequences=True),
            k.Conv1D(6, 3, padding="causal"), k.GRU(8, return_sequences=True, reset_after=False),
            k.UpSampling1D(2), k.Dense(16, activation="tanh"),
        ]
    )  # fmt: skip


def combined():
    """A generator and its discriminator in one network."""
    k = keras.layers
    generator = keras.Sequential(
        [k.Input((7,)), k.Dense(64, activation="tanh"), k.Reshape((8, 8, 1))], name="the_generator"
    )
    discriminator = keras.Sequential([k.Input((8, 8, 1)), k.Flatten(), k.Dense(1)])
    discriminator.trainable = False
    noise = k.Input((7,))
    return keras.Model(noise, discriminator(generator(noise)))


NETWORKS = {
    function.__name__: function
    for function in (
        perceptron, convolutional, conditional, concatenated, shared, various, recurrent,
    )
}  # fmt: skip


def inputs_of(model, count=3, seed=1):
    """Arrays for the inputs of a model; integers for labels, which have the shape (1,)."""
    random = np.random.default_rng(seed)
    return [
        (random.integers(0, 4, (count, 1)) if tuple(i.shape[1:]) == (1,) else
         random.normal(size=(count, *i.shape[1:]))).astype("float32")
        for i in model.inputs
    ]  # fmt: skip

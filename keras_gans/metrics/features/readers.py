"""Reads published weights of Inception from the formats of other libraries.

All files are read as data: a graph is never run, a .pth is loaded as tensors only, an .h5 is read
through hard links only, and an array that does not fit the architecture is refused by its name.
TensorFlow and torch are imported by the functions that read their formats.
"""

import io
import re
import zipfile
from pathlib import Path

import keras
import numpy as np

from keras_gans.errors import UsageError
from keras_gans.metrics.features import imagenet
from keras_gans.metrics.features.inception import HEAD, NODES, build, convolutions

MEMBER = "classify_image_graph_def.pb"
LARGEST = 200 * 2**20  # bytes, more than twice the size of the published files
BATCH_NORM = "BatchNormWithGlobalNormalization"  # operation of graphs up to version 8


def from_graph(content, source):
    """Arrays of the FID network from the graph of TensorFlow.

    Args:
        content: Bytes of a classify_image_graph_def.pb.
        source: Name of the file, for messages.

    Returns:
        {key: array} as `inception.load` reads them.

    Raises:
        UsageError: It is no such graph, or lacks an array.
    """
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(content)
    except DecodeError:
        raise UsageError(
            f"{source} is no {MEMBER}, no archive of it and no .pth file, or it is damaged"
        ) from None
    nodes = {node.name: node for node in graph.node}

    def origin(name, hops=9):
        """The node behind an input, skipping identities."""
        name = name.removesuffix(":0")
        passes = name in nodes and nodes[name].op == "Identity" and nodes[name].input and hops
        return origin(nodes[name].input[0], hops - 1) if passes else name

    # {name of a convolution with _ for /: its name in the graph}
    places = {
        name.removesuffix("/conv2d_params").replace("/", "_"): name.removesuffix("/conv2d_params")
        for name in nodes
        if name.endswith("/conv2d_params")
    }
    # {name of the mean: node of the normalization}; its constants: mean, variance, beta, gamma
    normalizations = {
        origin(node.input[1]): node
        for node in graph.node
        if node.op == BATCH_NORM and len(node.input) == 5
    }

    def constant(name, shape):
        node = nodes.get(name)
        if node is None or node.op != "Const":
            raise UsageError(f"{source} has no constant {name}")
        tensor = node.attr["value"].tensor
        found = tuple(dim.size for dim in tensor.tensor_shape.dim)
        if found != shape or tensor.dtype != tf.float32.as_datatype_enum:
            raise UsageError(
                f"{source}: {name} has the shape {found} or another type; float32 {shape} is needed"
            )
        try:
            return tf.make_ndarray(tensor)
        except (ValueError, TypeError) as error:
            raise UsageError(f"{source}: {name} is damaged: {error}") from error

    def convolution(node, shape):
        place = places.get(node)
        if place is None:
            raise UsageError(f"{source} has no convolution {node}")
        normalization = normalizations.get(f"{place}/batchnorm/moving_mean")
        if normalization is None:
            raise UsageError(f"{source} has no {BATCH_NORM} of {place}/batchnorm/moving_mean")
        epsilon = normalization.attr["variance_epsilon"].f
        scaled = normalization.attr["scale_after_normalization"].b
        if abs(epsilon - imagenet.EPSILON) > 1e-9 or not scaled:
            raise UsageError(
                f"{source}: {normalization.name} adds {epsilon:g} to the variance and "
                f"{'uses' if scaled else 'omits'} gamma; 0.001 and gamma are needed"
            )
        mean, variance, beta, gamma = (
            constant(origin(name), shape[-1:]) for name in normalization.input[1:]
        )
        return constant(f"{place}/conv2d_params", shape), gamma, beta, mean, variance

    def head():
        names = "softmax/weights", "softmax/biases"
        return [
            constant(name, shape) for name, (shape, _) in zip(names, HEAD.values(), strict=True)
        ]

    return _whole(convolution, head, source)


def from_torch(content, source):
    """Arrays of the FID network from the .pth file of pytorch-fid.

    Args:
        content: Bytes of the file.
        source: Name of the file, for messages.

    Returns:
        {key: array} as `inception.load` reads them.

    Raises:
        UsageError: torch is not installed, it is no such file, or lacks an array.
    """
    try:
        import torch
    except ImportError:
        raise UsageError(
            f"reading {source} needs torch: pip install torch, or use TensorFlow's {MEMBER}"
        ) from None

    try:
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as file:
                if sum(member.file_size for member in file.infolist()) > LARGEST:
                    raise ValueError("its content is larger than that of the published file")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types for damaged and forbidden content
        reason = str(error).split("\n")[0].split(". ")[0]
        raise UsageError(f"{source} is damaged, or holds more than tensors: {reason}") from error

    def tensor(name, shape):
        found = state.get(name) if isinstance(state, dict) else None
        if not isinstance(found, torch.Tensor):
            raise UsageError(f"{source} has no tensor {name}")
        plain = found.layout == torch.strided and found.dtype == torch.float32
        if not plain or tuple(found.shape) != shape:
            raise UsageError(
                f"{source}: {name} is {found.dtype} {tuple(found.shape)} where torch.float32 "
                f"{shape} is needed"
            )
        return found.detach().numpy()

    def convolution(node, shape):
        height, width, before, after = shape
        kernel = tensor(f"{NODES[node]}.conv.weight", (after, before, height, width))
        parts = "weight", "bias", "running_mean", "running_var"
        normalization = [tensor(f"{NODES[node]}.bn.{part}", (after,)) for part in parts]
        return kernel.transpose(2, 3, 1, 0), *normalization

    def head():
        (kernel, _), (bias, _) = HEAD.values()
        return tensor("fc.weight", kernel[::-1]).T, tensor("fc.bias", bias)

    return _whole(convolution, head, source)


def _whole(convolution, head, source):
    """All arrays of the FID network, from functions that read a convolution and the head."""
    arrays = {}
    for layer in convolutions(build(2048, 75)):
        parts = convolution(layer.name, tuple(layer.kernel.shape))
        with np.errstate(all="ignore"):  # the result is checked below
            arrays |= imagenet.fold(layer.name, *parts)
    arrays |= {key: np.ascontiguousarray(array) for key, array in zip(HEAD, head(), strict=True)}
    for key, array in arrays.items():
        _checked(array, key, array.shape, np.float32, source)
    return arrays


def from_keras(expected):
    """Arrays of InceptionV3 as `keras.applications` downloads them.

    Args:
        expected: {key: (shape, dtype)} of `imagenet.layout`.

    Returns:
        {key: array} as `imagenet.load` reads them.

    Raises:
        UsageError: The download fails.
    """
    try:
        model = keras.applications.InceptionV3(include_top=False, weights="imagenet")
    except Exception as error:  # Keras raises a plain one if the download fails
        raise UsageError(
            f"Keras cannot download its InceptionV3: {error}; download "
            "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 elsewhere and give it with "
            "--source"
        ) from error
    weights = {
        layer.name: {v.name: keras.ops.convert_to_numpy(v) for v in layer.weights}
        for layer in model.layers
    }
    return _numbered(weights, expected, "the InceptionV3 of Keras")


def from_h5(path, expected):
    """Arrays of InceptionV3 from an .h5 file of Keras.

    Args:
        path: A file of weights, with or without the top, or a complete model.
        expected: {key: (shape, dtype)} of `imagenet.layout`.

    Returns:
        {key: array} as `imagenet.load` reads them.

    Raises:
        UsageError: It is no such file, or lacks an array.
    """
    import h5py

    if not Path(path).is_file() or not h5py.is_hdf5(path):
        raise UsageError(f"{path} is no .h5 file")
    try:
        with h5py.File(path, "r") as file:
            # A complete model has its weights in a group of this name.
            root = dict(_hard_links(file)).get("model_weights", file)
            weights = {name: dict(_datasets(group)) for name, group in _hard_links(root)}
            return _numbered(weights, expected, path)
    except UsageError:
        raise
    except Exception as error:  # h5py raises many types for damaged files
        raise UsageError(f"{path} is damaged: {error}") from error


def _hard_links(group):
    """The members of a group, without links, which could lead to any file."""
    import h5py

    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            yield name, group[name]


def _datasets(group, depth=3):
    """(variable, array) pairs below the group of a layer: `conv2d_1/kernel:0` is `kernel`."""
    import h5py

    if not isinstance(group, h5py.Group) or not depth:
        return
    for name, found in _hard_links(group):
        if isinstance(found, h5py.Dataset):
            # Virtual and external data sets store their values in other files; a filter may need
            # another library.
            filters = found.id.get_create_plist().get_nfilters()
            if not (found.is_virtual or found.external or filters):
                yield name.partition(":")[0], found
        else:
            yield from _datasets(found, depth - 1)


def _numbered(weights, expected, source):
    """{key: array} of our file from {layer: {variable: array}}, layers numbered as in Keras."""
    found = {}
    for kind in ("conv2d", "batch_normalization"):
        names = [name for name in weights if re.fullmatch(rf"{kind}(_\d{{1,6}})?", name)]
        if len(names) != len(NODES):
            raise UsageError(
                f"{source} has {len(names)} layers {kind}_*; InceptionV3 has {len(NODES)}"
            )
        names.sort(key=lambda name: int(name.removeprefix(kind)[1:] or 0))
        for i, name in enumerate(names):
            found |= {f"{i:02d}/{part}": (array, name) for part, array in weights[name].items()}
    arrays = {}
    for key, (shape, dtype) in expected.items():
        array, name = found.get(key, (None, key))
        if array is None:
            raise UsageError(f"{source} has no {key}, counting convolutions from 00")
        arrays[key] = _checked(array, f"{name}/{key[3:]}", shape, dtype, source)
    return arrays


def _checked(array, name, shape, dtype, source):
    """The array in memory, finite; its bytes are read only if shape and type are right."""
    if tuple(array.shape) != shape or array.dtype != dtype:
        raise UsageError(
            f"{source}: {name} is {array.dtype} {tuple(array.shape)} where "
            f"{np.dtype(dtype)} {shape} is needed"
        )
    array = array[()]
    if not np.isfinite(array).all():
        raise UsageError(f"{source}: there are NaN or infinite values in {name}")
    if name.endswith("moving_variance") and array.min() < 0:
        raise UsageError(f"{source}: there are negative variances in {name}")
    return array

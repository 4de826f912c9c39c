"""Published files of weights, turned into the .npz files that the extractors read.

`inception` reads the FID network from the graph that TensorFlow hands on, from its archive, or
from pytorch-fid's conversion of it; `imagenet` reads Keras's own InceptionV3. What is read is
data: a graph is never run, a .pth is loaded as tensors alone, an .h5 through hard links only, and
an array that is not exactly what the architecture needs is refused by its name.

The only metrics module that imports frameworks, and only inside the function that needs one:
TensorFlow knows the format of its graph, torch that of its files.
"""

import hashlib
import http.client
import io
import re
import tarfile
import urllib.request
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np

from keras_gans import files
from keras_gans.errors import UsageError
from keras_gans.metrics import archive
from keras_gans.metrics import imagenet as keras_inception
from keras_gans.metrics.inception import HEAD, NODES, build, convolutions

URL = (
    "https://storage.googleapis.com/download.tensorflow.org/models/image/imagenet/"
    "inception-2015-12-05.tgz"
)
MEMBER = "classify_image_graph_def.pb"
LARGEST = 200 * 2**20  # bytes; the published files have less than half of it
PYTORCH_FID = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""sha256 of pt_inception-2015-12-05-6726825d.pth, as several projects record it. None is known
for the archive: what comes of it is recognised by `PUBLISHED`."""
PUBLISHED = {
    "conv/kernel": 11.189505,
    "conv/bias": 15.424406,
    "conv_4/kernel": 16.736478,
    "conv_4/bias": -3.3605386,
    "mixed_1_tower_1_conv_2/kernel": 3.7436637,
    "mixed_1_tower_1_conv_2/bias": -4.3138131,
    "mixed_3_conv/kernel": 11.201813,
    "mixed_3_conv/bias": -7.0461294,
    "mixed_5_tower_conv_1/kernel": -3.0826188,
    "mixed_5_tower_conv_1/bias": 4.4391447,
    "mixed_8_tower_1_conv_2/kernel": 10.862543,
    "mixed_8_tower_1_conv_2/bias": -1.0982273,
}
"""Of some folded arrays of the published network, their product with cos(0), cos(1), ...: sums
that a transposed or scaled array, or another one, does not have."""
BATCH_NORM = "BatchNormWithGlobalNormalization"  # of graphs until version 8


def inception(source, out, sha256=None):
    """Writes the FID network's weights, batch normalization folded into the convolutions.

    Args:
        source: A classify_image_graph_def.pb, an inception-2015-12-05.tgz with one inside, or
            pytorch-fid's .pth. What it is shows in its first bytes.
        out: The .npz file to write.
        sha256: The source's, hexadecimal, where the user knows it; None for the published one.

    Returns:
        {"source_sha256", "sha256" of the file written, "published": whether the arrays are
        those of the published network}.

    Raises:
        UsageError: The source cannot be read, has another sha256, or lacks an array. Nothing
            is written.
    """
    content = _read(source)
    found = hashlib.sha256(content).hexdigest()
    is_torch = content.startswith((b"PK\x03\x04", b"\x80\x02"))
    known = sha256 or (PYTORCH_FID if is_torch else None)
    if known and found != known.lower():
        raise UsageError(
            f"{source} has the sha256 {found}, not {known}; "
            "give --sha256 with its own where you know what it is"
        )
    read = _from_torch if is_torch else _from_graph
    if content.startswith(b"\x1f\x8b"):
        content = _member(content, source)
    arrays = read(content, source)
    archive.write_arrays(out, arrays)
    return {
        "source_sha256": found,
        "sha256": files.sha256(out),
        "published": all(_is_published(arrays, key) for key in PUBLISHED),
    }


def imagenet(source, out):
    """Writes the weights of InceptionV3 as `keras.applications` has it.

    Args:
        source: An .h5 file of its weights, with or without the top, or a whole model; None to
            have Keras download its own.
        out: The .npz file to write.

    Returns:
        The sha256 of the file written.

    Raises:
        UsageError: The source cannot be had or read, or lacks an array. Nothing is written.
    """
    expected = keras_inception.layout(build(2048, 75))
    archive.write_arrays(
        out, _from_keras(expected) if source is None else _from_h5(source, expected)
    )
    return files.sha256(out)


def download(url, path, progress=None):
    """Downloads a file, of at most `LARGEST` bytes.

    Args:
        url: From where.
        path: The file to write, which the caller removes if this fails.
        progress: Called with (bytes done, bytes in all or None), if given.

    Raises:
        UsageError: It cannot be had, or ends early.
    """
    try:
        with urllib.request.urlopen(url, timeout=60) as response, open(path, "wb") as file:
            total, done = response.length, 0
            while chunk := response.read(2**20):
                done += len(chunk)
                if done > LARGEST:
                    raise UsageError(f"{url} has more than {LARGEST:,} bytes: it is another file")
                file.write(chunk)
                if progress is not None:
                    progress(done, total)
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise UsageError(
            f"cannot download {url}: {error}; download it elsewhere and give it with --source"
        ) from error
    if total is not None and done < total:
        raise UsageError(f"{url} ended after {done:,} of {total:,} bytes: try again")


def _read(path):
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise UsageError(f"{path} has more than {LARGEST:,} bytes: it is another file")
    return content


def _member(content, source):
    """The graph in the archive. Nothing is extracted, and no other member is looked into."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r|gz") as tar:
            for member in tar:
                if member.size > LARGEST:  # before its bytes are inflated
                    raise UsageError(f"{source}: {member.name} has {member.size:,} bytes")
                if member.name == MEMBER and member.isreg():
                    return tar.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{source} is a damaged archive: {error}") from error
    raise UsageError(f"{source} has no file {MEMBER} in it")


def _from_graph(content, source):
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(content)
    except DecodeError:
        raise UsageError(
            f"{source} is no {MEMBER}, no archive of one and no .pth file, or it is damaged"
        ) from None
    nodes = {node.name: node for node in graph.node}

    def origin(name, hops=9):
        """The node behind an input, through any that only pass it on."""
        name = name.removesuffix(":0")
        passes = name in nodes and nodes[name].op == "Identity" and nodes[name].input and hops
        return origin(nodes[name].input[0], hops - 1) if passes else name

    # A convolution's node, by its name with _ for /.
    places = {
        name.removesuffix("/conv2d_params").replace("/", "_"): name.removesuffix("/conv2d_params")
        for name in nodes
        if name.endswith("/conv2d_params")
    }
    # A normalization, by the first of its constants: mean, variance, beta, gamma.
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
            raise UsageError(f"{source}: {name} is of shape {found}, or not of float32; "
                             f"{shape} is needed")  # fmt: skip
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
        if abs(epsilon - keras_inception.EPSILON) > 1e-9 or not scaled:
            raise UsageError(
                f"{source}: {normalization.name} adds {epsilon:g} to the variance and "
                f"{'uses' if scaled else 'leaves out'} gamma; 0.001 and gamma are needed"
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


def _from_torch(content, source):
    try:
        import torch
    except ImportError:
        raise UsageError(
            f"reading {source} needs torch: pip install 'keras_gans[torch]', "
            f"or take TensorFlow's {MEMBER}"
        ) from None

    try:
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as file:
                if sum(member.file_size for member in file.infolist()) > LARGEST:
                    raise ValueError("inflated, it is larger than any such file")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files and forbidden objects raise a dozen kinds
        reason = str(error).split("\n")[0].split(". ")[0]
        raise UsageError(f"{source} is damaged, or no file of tensors alone: {reason}") from error

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
    """All arrays of the FID network, from functions that read one convolution and the head."""
    arrays = {}
    for layer in convolutions(build(2048, 75)):
        parts = convolution(layer.name, tuple(layer.kernel.shape))
        with np.errstate(all="ignore"):  # what comes of it is looked at
            arrays |= keras_inception.fold(layer.name, *parts)
    arrays |= {key: np.ascontiguousarray(array) for key, array in zip(HEAD, head(), strict=True)}
    for key, array in arrays.items():
        _checked(array, key, array.shape, np.float32, source)
    return arrays


def _is_published(arrays, key):
    array = arrays[key].astype(np.float64).ravel()
    found = array @ np.cos(np.arange(array.size))
    return abs(found - PUBLISHED[key]) <= 1e-4 * np.linalg.norm(array)


def _from_keras(expected):
    """The weights that `keras.applications` downloads."""
    try:
        model = keras.applications.InceptionV3(include_top=False, weights="imagenet")
    except Exception as error:  # Keras raises a plain one where it cannot download
        raise UsageError(
            f"Keras cannot get its InceptionV3: {error}; download "
            "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 elsewhere and give it with "
            "--source"
        ) from error
    weights = {
        layer.name: {v.name: keras.ops.convert_to_numpy(v) for v in layer.weights}
        for layer in model.layers
    }
    return _numbered(weights, expected, "Keras's InceptionV3")


def _from_h5(path, expected):
    import h5py

    if not Path(path).is_file() or not h5py.is_hdf5(path):
        raise UsageError(f"{path} is no .h5 file")
    try:
        with h5py.File(path, "r") as file:
            # A whole model has its weights in a group of that name.
            root = dict(_hard_links(file)).get("model_weights", file)
            weights = {name: dict(_datasets(group)) for name, group in _hard_links(root)}
            return _numbered(weights, expected, path)
    except UsageError:
        raise
    except Exception as error:  # h5py has many ways to say so
        raise UsageError(f"{path} is damaged: {error}") from error


def _hard_links(group):
    """What lies in a group itself; a link elsewhere could lead to any file."""
    import h5py

    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            yield name, group[name]


def _datasets(group, depth=3):
    """The arrays below a layer's group, by variable: `conv2d_1/kernel:0` is `kernel`."""
    import h5py

    if not isinstance(group, h5py.Group) or not depth:
        return
    for name, found in _hard_links(group):
        if isinstance(found, h5py.Dataset):
            # A virtual or an external one has its numbers in another file, and a filter may be
            # another library's.
            filters = found.id.get_create_plist().get_nfilters()
            if not (found.is_virtual or found.external or filters):
                yield name.partition(":")[0], found
        else:
            yield from _datasets(found, depth - 1)


def _numbered(weights, expected, source):
    """{layer: {variable: array}}, layers numbered as Keras does, as the arrays of our file."""
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
    """An array in memory, of that shape and type and finite; its bytes are read only then."""
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

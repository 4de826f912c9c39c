"""The Inception network of 2015-12-05, the one that FID is defined with.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015,
arXiv:1512.00567, as trained in the graph that Heusel et al. 2017 (arXiv:1706.08500) measure
with. It is not the InceptionV3 of `keras.applications`, whose numbers are not comparable; see
`imagenet`.

Batch normalization is folded into the kernels and biases, so the network is convolutions with
ReLU, pooling and concatenation. A convolution has the name of its node in the graph, with `/`
written as `_`; that name is also its key in the file of weights, which `conversion` makes of the
published files. Images reach the network in one of two ways, and give different numbers: as in
the graph (`prepare`), or as pytorch-fid presents them (`prepare_as_pytorch_fid`).
"""

import functools
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics import archive
from keras_gans.metrics.archive import WeightsMissing

FILE = "inception_2015_12_05.npz"
SIZE = 299  # pixels, as published
TAPS = (64, 192, 768, 1280, 2048)
CLASSES = 1008  # of the graph's softmax: ImageNet's 1000 and unused ones
HEAD = {"softmax/kernel": ((2048, CLASSES), np.float32), "softmax/bias": ((CLASSES,), np.float32)}
# Whatever the user set as defaults for the networks in training, this one stays as it is.
FIXED = {"data_format": "channels_last", "dtype": "float32"}

_BLOCK_A = {
    "conv": "branch1x1", "tower_conv": "branch5x5_1", "tower_conv_1": "branch5x5_2",
    "tower_1_conv": "branch3x3dbl_1", "tower_1_conv_1": "branch3x3dbl_2",
    "tower_1_conv_2": "branch3x3dbl_3", "tower_2_conv": "branch_pool",
}  # fmt: skip
_BLOCK_B = {
    "conv": "branch3x3", "tower_conv": "branch3x3dbl_1", "tower_conv_1": "branch3x3dbl_2",
    "tower_conv_2": "branch3x3dbl_3",
}  # fmt: skip
_BLOCK_C = {
    "conv": "branch1x1", "tower_conv": "branch7x7_1", "tower_conv_1": "branch7x7_2",
    "tower_conv_2": "branch7x7_3", "tower_1_conv": "branch7x7dbl_1",
    "tower_1_conv_1": "branch7x7dbl_2", "tower_1_conv_2": "branch7x7dbl_3",
    "tower_1_conv_3": "branch7x7dbl_4", "tower_1_conv_4": "branch7x7dbl_5",
    "tower_2_conv": "branch_pool",
}  # fmt: skip
_BLOCK_D = {
    "tower_conv": "branch3x3_1", "tower_conv_1": "branch3x3_2",
    "tower_1_conv": "branch7x7x3_1", "tower_1_conv_1": "branch7x7x3_2",
    "tower_1_conv_2": "branch7x7x3_3", "tower_1_conv_3": "branch7x7x3_4",
}  # fmt: skip
_BLOCK_E = {
    "conv": "branch1x1", "tower_conv": "branch3x3_1", "tower_mixed_conv": "branch3x3_2a",
    "tower_mixed_conv_1": "branch3x3_2b", "tower_1_conv": "branch3x3dbl_1",
    "tower_1_conv_1": "branch3x3dbl_2", "tower_1_mixed_conv": "branch3x3dbl_3a",
    "tower_1_mixed_conv_1": "branch3x3dbl_3b", "tower_2_conv": "branch_pool",
}  # fmt: skip
_BLOCKS = {
    "mixed": ("Mixed_5b", _BLOCK_A), "mixed_1": ("Mixed_5c", _BLOCK_A),
    "mixed_2": ("Mixed_5d", _BLOCK_A), "mixed_3": ("Mixed_6a", _BLOCK_B),
    "mixed_4": ("Mixed_6b", _BLOCK_C), "mixed_5": ("Mixed_6c", _BLOCK_C),
    "mixed_6": ("Mixed_6d", _BLOCK_C), "mixed_7": ("Mixed_6e", _BLOCK_C),
    "mixed_8": ("Mixed_7a", _BLOCK_D), "mixed_9": ("Mixed_7b", _BLOCK_E),
    "mixed_10": ("Mixed_7c", _BLOCK_E),
}  # fmt: skip
NODES = {
    "conv": "Conv2d_1a_3x3", "conv_1": "Conv2d_2a_3x3", "conv_2": "Conv2d_2b_3x3",
    "conv_3": "Conv2d_3b_1x1", "conv_4": "Conv2d_4a_3x3",
    **{
        f"{block}_{node}": f"{theirs}.{branch}"
        for block, (theirs, nodes) in _BLOCKS.items()
        for node, branch in nodes.items()
    },
}  # fmt: skip
"""The 94 convolutions by their nodes in the graph, and what torchvision calls them. They are in
the order in which `keras.applications` numbers them."""


def load(tap, size, data_folder):
    """The network up to a tap, with its weights.

    Args:
        tap: 64 (after the first max pool), 192 (after the second), 768 (mixed_7), 1280
            (mixed_8) or 2048 (mixed_10): channels, averaged over the image.
        size: Side of the square images it takes, in pixels, at least 75.
        data_folder: Folder with `inception_2015_12_05.npz`, or else one file whose name
            begins so: arrays `<node>/kernel` [height, width, in, out] and `<node>/bias` [out],
            float32. It may stop at an earlier tap.

    Returns:
        The model of `build`, and the sha256 of the file.

    Raises:
        WeightsMissing: There is no such file, or it stops before the tap.
        UsageError: The file is damaged, or an array is not what the architecture needs.
    """
    path = find(data_folder)
    present = archive.array_names(path)
    network = build(tap, size)
    if not _keys(network) <= present:
        allowed = [str(t) for t in TAPS if t < tap and _keys(build(t)) <= present]
        raise WeightsMissing(
            f"{path} has no weights for inception{tap}; "
            f"it allows the taps {', '.join(allowed) or 'none'}"
        )
    expected = {}
    for layer in convolutions(network):
        expected[f"{layer.name}/kernel"] = (layer.kernel.shape, np.float32)
        expected[f"{layer.name}/bias"] = (layer.bias.shape, np.float32)
    assign(network, archive.read_arrays(path, expected))
    return network, sha256(path)


def load_head(data_folder):
    """The kernel of the classes, from the file that `load` reads.

    The bias is left out, as the published Inception Score code leaves it out of its product
    (Salimans et al. 2016, arXiv:1606.03498).

    Args:
        data_folder: As for `load`.

    Returns:
        float32 [2048, 1008], or None where the file has no classes.

    Raises:
        WeightsMissing: There is no such file.
        UsageError: The array is damaged, or not of that shape.
    """
    path = find(data_folder)
    if "softmax/kernel" not in archive.array_names(path):
        return None
    expected = {"softmax/kernel": HEAD["softmax/kernel"]}
    return archive.read_arrays(path, expected)["softmax/kernel"]


def find(data_folder, file=FILE, verb="inception"):
    """The file of weights in a folder: that of the exact name, else the first that begins so.

    Args:
        data_folder: The folder.
        file: The exact name.
        verb: What `keras-gans weights` calls the network, for the message.

    Raises:
        WeightsMissing: There is none.
    """
    folder = Path(data_folder)
    exact = folder / file
    pattern = f"{exact.stem}*.npz"
    found = [exact] if exact.is_file() else sorted(p for p in folder.glob(pattern) if p.is_file())
    if not found:
        raise WeightsMissing(
            f"there is no {file} (nor another {pattern}) in {folder}; "
            f"'keras-gans weights {verb}' makes it, and --help says from what"
        )
    return found[0]


def prepare(images, size):
    """Images as the network takes them: to float, resized, grey repeated, scaled.

    Run it outside of any compiled function: a compiler may fuse the resize's products and sums,
    and then its last bits differ.

    Args:
        images: uint8 [n, height, width, channels], any height and width, 1 or 3 channels.
        size: Side of the result, in pixels.

    Returns:
        float32 tensor [n, size, size, 3], (x - 128) / 128.

    Raises:
        UsageError: Another number of channels.
    """
    check_channels(images)
    x = resize(ops.convert_to_tensor(images.astype(np.float32)), (size, size))
    return (_three_channels(x) - 128.0) / 128.0


def prepare_as_pytorch_fid(images, size=SIZE):
    """Images as pytorch-fid presents them: x / 255, resized with half-pixel centres, 2 x - 1.

    github.com/mseitzer/pytorch-fid, version 0.3. The features, and so the distance, are not
    those of `prepare`.

    Args:
        images: As for `prepare`.
        size: Side of the result, in pixels; pytorch-fid's is 299.

    Returns:
        float32 tensor [n, size, size, 3], -1 to 1.

    Raises:
        UsageError: Another number of channels.
    """
    check_channels(images)
    unit = images.astype(np.float32) / np.float32(255)
    x = resize_half_pixel(ops.convert_to_tensor(unit), (size, size))
    return 2.0 * _three_channels(x) - 1.0


def check_channels(images):
    """Raises a UsageError where images are neither grey nor of three colours."""
    if images.shape[-1] not in (1, 3):
        raise UsageError(
            f"Inception takes images of 1 or 3 channels; these have {images.shape[-1]}"
        )


def _three_channels(x):
    return ops.repeat(x, 3, axis=-1) if x.shape[-1] == 1 else x


def resize(images, size):
    """Bilinear resize as TensorFlow 1 did it in the graph, bit for bit.

    A destination pixel i is read at `i * in / out`: without the half-pixel centres of later
    versions and without antialiasing. FID with another resize is another number.

    Args:
        images: float32 [n, height, width, channels].
        size: (height, width) of the result.

    Returns:
        float32 [n, *size, channels].
    """
    return _interpolate(images, size, lambda i, scale: i * scale)


def resize_half_pixel(images, size):
    """Bilinear resize as `torch.nn.functional.interpolate(align_corners=False)` does it.

    A destination pixel i is read at `(i + 1/2) * in / out - 1/2`, not before the first pixel;
    there is no antialiasing.

    Args:
        images: float32 [n, height, width, channels].
        size: (height, width) of the result.

    Returns:
        float32 [n, *size, channels], torch's but for rounding.
    """
    return _interpolate(images, size, lambda i, scale: np.maximum((i + 0.5) * scale - 0.5, 0))


def _interpolate(images, size, place_of):
    # The graph's order matters to the last bit: along the rows first, then across them.
    for axis in (2, 1):
        before, after = images.shape[axis], size[axis - 1]
        if before == after:
            continue
        # The scale is a float32 in both, and the place is rounded to one once.
        scale = np.float64(np.float32(before) / np.float32(after))
        place = place_of(np.arange(after), scale).astype(np.float32)
        low = np.floor(place).astype(np.int32)
        high = np.minimum(low + 1, before - 1)
        weight = (place - low).reshape((-1, 1) if axis == 2 else (-1, 1, 1))
        weight = ops.convert_to_tensor(weight, "float32")
        first = ops.take(images, low, axis=axis)
        images = first + (ops.take(images, high, axis=axis) - first) * weight
    return images


def build(tap, size=SIZE, last_pool="max"):
    """The network up to a tap, all weights zero.

    Args:
        tap: One of `TAPS`.
        size: Side of the images, in pixels, at least 75.
        last_pool: `"max"`, as the last block of the graph pools where every other one averages:
            an accident of its authors that all published FID numbers share. `"average"` is the
            architecture of `keras.applications`.

    Returns:
        Model: images [n, size, size, 3] float32, (x - 128) / 128 for x in 0..255 ->
        features [n, tap], at least 0.
    """
    image = keras.Input((size, size, 3), name="image", dtype="float32")
    x, stages = image, {64: _first, 192: _second, 768: _middle, 1280: _mixed_8}
    stages[2048] = functools.partial(_top, last_pool=last_pool)
    for channels, stage in stages.items():
        x = stage(x)
        if channels == tap:
            break
    x = layers.GlobalAveragePooling2D(name="pool_3", **FIXED)(x)
    return keras.Model(image, x, name=f"inception{tap}")


def _first(x):
    x = _conv(x, "conv", 32, 3, strides=2)
    x = _conv(x, "conv_1", 32, 3, padding="valid")
    x = _conv(x, "conv_2", 64, 3)
    return _max_pool(x, "pool")


def _second(x):
    x = _conv(x, "conv_3", 80, 1)
    x = _conv(x, "conv_4", 192, 3, padding="valid")
    return _max_pool(x, "pool_1")


def _middle(x):
    for name, pooled in (("mixed", 32), ("mixed_1", 64), ("mixed_2", 64)):
        x = _join(
            name,
            _tower(x, name, (64, 1)),
            _tower(x, f"{name}_tower", (48, 1), (64, 5)),
            _tower(x, f"{name}_tower_1", (64, 1), (96, 3), (96, 3)),
            _tower(_average_pool(x, name), f"{name}_tower_2", (pooled, 1)),
        )
    x = _join(
        "mixed_3",
        _tower(x, "mixed_3", (384, 3), strides=2),
        _tower(x, "mixed_3_tower", (64, 1), (96, 3), (96, 3), strides=2),
        _max_pool(x, "mixed_3_pool"),
    )
    across, down = (1, 7), (7, 1)
    for name, c in (("mixed_4", 128), ("mixed_5", 160), ("mixed_6", 160), ("mixed_7", 192)):
        double = (c, 1), (c, down), (c, across), (c, down), (192, across)
        x = _join(
            name,
            _tower(x, name, (192, 1)),
            _tower(x, f"{name}_tower", (c, 1), (c, across), (192, down)),
            _tower(x, f"{name}_tower_1", *double),
            _tower(_average_pool(x, name), f"{name}_tower_2", (192, 1)),
        )
    return x


def _mixed_8(x):
    branch = (192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3)
    return _join(
        "mixed_8",
        _tower(x, "mixed_8_tower", (192, 1), (320, 3), strides=2),
        _tower(x, "mixed_8_tower_1", *branch, strides=2),
        _max_pool(x, "mixed_8_pool"),
    )


def _top(x, last_pool):
    last = {"max": _same_max_pool, "average": _average_pool}[last_pool]
    for name, pool in (("mixed_9", _average_pool), ("mixed_10", last)):
        tower = _tower(x, f"{name}_tower", (384, 1))
        tower_1 = _tower(x, f"{name}_tower_1", (448, 1), (384, 3))
        x = _join(
            name,
            _tower(x, name, (320, 1)),
            *_fork(tower, f"{name}_tower_mixed"),
            *_fork(tower_1, f"{name}_tower_1_mixed"),
            _tower(pool(x, name), f"{name}_tower_2", (192, 1)),
        )
    return x


def _conv(x, name, filters, kernel, strides=1, padding="same"):
    # Zeros, because a random initialiser would draw from the global seed of a training run.
    return layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding="valid" if strides == 2 else padding,
        activation="relu",
        kernel_initializer="zeros",
        name=name,
        **FIXED,
    )(x)


def _tower(x, name, *convolutions, strides=1):
    """Convolutions (filters, kernel) in a row; the strides are those of the last."""
    last = len(convolutions) - 1
    for i, (filters, kernel) in enumerate(convolutions):
        node = f"{name}_conv_{i}" if i else f"{name}_conv"
        x = _conv(x, node, filters, kernel, strides if i == last else 1)
    return x


def _fork(x, name):
    return _conv(x, f"{name}_conv", 384, (1, 3)), _conv(x, f"{name}_conv_1", 384, (3, 1))


def _max_pool(x, name):
    return layers.MaxPooling2D(3, 2, "valid", name=name, **FIXED)(x)


def _same_max_pool(x, block):
    return layers.MaxPooling2D(3, 1, "same", name=f"{block}_tower_2_pool", **FIXED)(x)


def _average_pool(x, block):
    # Keras, like the graph, leaves the padding out of the average on every backend.
    return layers.AveragePooling2D(3, 1, "same", name=f"{block}_tower_2_pool", **FIXED)(x)


def _join(name, *branches):
    return layers.Concatenate(name=f"{name}_join", dtype="float32")(branches)


def assign(network, arrays):
    """Gives the network's convolutions their kernels and biases, by `<node>/kernel`, `/bias`."""
    for layer in convolutions(network):
        layer.kernel.assign(arrays[f"{layer.name}/kernel"])
        layer.bias.assign(arrays[f"{layer.name}/bias"])


def convolutions(network):
    """The convolutions of a network that `build` made."""
    return [layer for layer in network.layers if isinstance(layer, layers.Conv2D)]


def _keys(network):
    names = [layer.name for layer in convolutions(network)]
    return {f"{name}/{part}" for name in names for part in ("kernel", "bias")}

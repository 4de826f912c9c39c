"""The Inception network of 2015-12-05, which defines FID.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015,
arXiv:1512.00567, with the weights of the graph that Heusel et al. 2017 (arXiv:1706.08500) use.
The InceptionV3 of `keras.applications` is another network with other features: see `imagenet`.

Batch normalization is folded into the kernels and biases, so the network consists of convolutions
with ReLU, pooling and concatenation. A convolution has the name of its node in the graph, with
`/` written as `_`. The name is also its key in the file of weights, which `conversion` makes from
the published files.
"""

import functools

import keras
import numpy as np
from keras import layers

from keras_gans.files import sha256
from keras_gans.metrics.features import archive
from keras_gans.metrics.features.archive import WeightsMissing
from keras_gans.metrics.features.preparation import SIZE

FILE = "inception_2015_12_05.npz"
TAPS = (64, 192, 768, 1280, 2048)
CLASSES = 1008  # of the softmax in the graph: the 1000 of ImageNet and 8 unused ones
HEAD = {"softmax/kernel": ((2048, CLASSES), np.float32), "softmax/bias": ((CLASSES,), np.float32)}
# Independent of the defaults that the user sets for the networks in training.
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
"""The 94 convolutions: {node in the graph: name in torchvision}, in the order in which
`keras.applications` numbers them."""


def load(tap, size, data_folder):
    """The network up to a tap, with its weights.

    Args:
        tap: 64 (after the first max pool), 192 (after the second), 768 (mixed_7), 1280
            (mixed_8) or 2048 (mixed_10): channels, averaged over the image.
        size: Height and width of the images it takes, in pixels, at least 75.
        data_folder: Folder with `inception_2015_12_05.npz` or a file whose name begins with
            `inception_2015_12_05`: float32 arrays `<node>/kernel` `(height, width, in, out)` and
            `<node>/bias` `(out,)`. It may end at an earlier tap.

    Returns:
        (model of `build`, sha256 of the file).

    Raises:
        WeightsMissing: There is no such file, or it ends before the tap.
        UsageError: The file is damaged, or an array does not fit the architecture.
    """
    path = archive.find(data_folder, FILE, "inception")
    present = archive.array_names(path)
    network = build(tap, size)
    if not _keys(network) <= present:
        allowed = [str(t) for t in TAPS if t < tap and _keys(build(t)) <= present]
        raise WeightsMissing(
            f"{path} has no weights for inception{tap}; "
            f"it has those of the taps {', '.join(allowed) or 'none'}; `keras-gans weights "
            "inception` fetches all"
        )
    expected = {}
    for layer in convolutions(network):
        expected[f"{layer.name}/kernel"] = (layer.kernel.shape, np.float32)
        expected[f"{layer.name}/bias"] = (layer.bias.shape, np.float32)
    assign(network, archive.read_arrays(path, expected))
    return network, sha256(path)


def load_head(data_folder):
    """The kernel of the softmax layer, from the file that `load` reads.

    The bias is omitted, as in the published code of the Inception Score (Salimans et al. 2016,
    arXiv:1606.03498).

    Args:
        data_folder: As for `load`.

    Returns:
        float32 `(2048, 1008)`.

    Raises:
        WeightsMissing: There is no such file, or it has no softmax layer.
        UsageError: The array is damaged, or of another shape.
    """
    path = archive.find(data_folder, FILE, "inception")
    if "softmax/kernel" not in archive.array_names(path):
        raise WeightsMissing(
            f"{path} has no softmax/kernel, which the classes need; 'keras-gans weights inception' "
            "makes a complete file"
        )
    expected = {"softmax/kernel": HEAD["softmax/kernel"]}
    return archive.read_arrays(path, expected)["softmax/kernel"]


def build(tap, size=SIZE, last_pool="max"):
    """The network up to a tap, all weights zero.

    Args:
        tap: One of `TAPS`.
        size: Height and width of the images, in pixels, at least 75.
        last_pool: `"max"`: the last block of the graph has maximum pooling where all others have
            average pooling, and all published FIDs depend on it. `"average"` is the architecture
            of `keras.applications`.

    Returns:
        Model: images `(n, size, size, 3)` float32, (x - 128) / 128 for x in 0..255 -> features
        `(n, tap)`, at least 0.
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
    # Zeros: a random initializer would draw from the global seed of a training run.
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
    """Convolutions (filters, kernel) in sequence; the last one has the strides."""
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
    # Keras, like the graph, excludes the padding from the average on all backends.
    return layers.AveragePooling2D(3, 1, "same", name=f"{block}_tower_2_pool", **FIXED)(x)


def _join(name, *branches):
    return layers.Concatenate(name=f"{name}_join", dtype="float32")(branches)


def assign(network, arrays):
    """Sets the kernels and biases of the convolutions, from `<node>/kernel` and `<node>/bias`."""
    for layer in convolutions(network):
        layer.kernel.assign(arrays[f"{layer.name}/kernel"])
        layer.bias.assign(arrays[f"{layer.name}/bias"])


def convolutions(network):
    """The convolutions of a network made by `build`."""
    return [layer for layer in network.layers if isinstance(layer, layers.Conv2D)]


def _keys(network):
    names = [layer.name for layer in convolutions(network)]
    return {f"{name}/{part}" for name in names for part in ("kernel", "bias")}

"""The InceptionV3 of `keras.applications`, which some tutorials measure a "FID" with.

It has the architecture of the FID network but for one pooling, and other weights: those of
ImageNet's 1000 classes that Keras hands on. Distances in its features are never comparable with
published FID. They are here to reproduce and to examine numbers that were measured so: images
enlarged by nearest neighbour, then `preprocess_input`, x / 127.5 - 1, which expects 0..255 and
does not notice anything else. What happens to images of another range is part of that reading,
so there is a name for each.

Architecture: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015,
arXiv:1512.00567.
"""

import numpy as np
from keras import ops

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics import archive, inception
from keras_gans.metrics.archive import WeightsMissing

FILE = "inception_v3_imagenet.npz"
TAPS = (768, 2048)  # channels of mixed7 and of mixed10
EPSILON = 1e-3  # of the batch normalization, which has no gamma
PARTS = ("kernel", "beta", "moving_mean", "moving_variance")
PRESENTED = {
    "0..255": lambda images: images,
    "-1..1": lambda images: images / np.float32(127.5) - 1,
    "0..1": lambda images: images / np.float32(255),
}
"""The ranges in which images are presented to `preprocess_input`; only the first is right."""


def load(tap, data_folder):
    """The network up to a tap, with its weights.

    Args:
        tap: 768 (mixed7) or 2048 (mixed10): channels, averaged over the image.
        data_folder: Folder with `inception_v3_imagenet.npz`, or else one file whose name begins
            so: float32 arrays `<i>/kernel` [height, width, in, out], `<i>/beta`,
            `<i>/moving_mean` and `<i>/moving_variance` [out] of the i-th convolution in Keras's
            order, i in two digits from 00. It may stop at the earlier tap.

    Returns:
        Model: images [n, 299, 299, 3] float32, x / 127.5 - 1 -> features [n, tap], at least 0;
        and the sha256 of the file.

    Raises:
        WeightsMissing: There is no such file, or it stops before the tap.
        UsageError: The file is damaged, or an array is not what the architecture needs.
    """
    path = inception.find(data_folder, FILE, verb="imagenet")
    network = inception.build(tap, last_pool="average")
    expected = layout(network)
    if not set(expected) <= archive.array_names(path):
        raise WeightsMissing(f"{path} has no weights for imagenet{tap}")
    arrays = archive.read_arrays(path, expected)
    folded = {}
    for node, i in _numbers(network).items():
        mean, variance = (arrays[f"{i}/moving_{part}"] for part in ("mean", "variance"))
        if variance.min() < 0:
            raise UsageError(f"{path}: there are negative variances in {i}/moving_variance")
        folded |= fold(node, arrays[f"{i}/kernel"], 1.0, arrays[f"{i}/beta"], mean, variance)
    inception.assign(network, folded)
    return network, sha256(path)


def layout(network):
    """What a file of weights holds for a network: {key: (shape, dtype)}."""
    expected = {}
    numbers = _numbers(network)
    for layer in inception.convolutions(network):
        expected[f"{numbers[layer.name]}/kernel"] = (tuple(layer.kernel.shape), np.float32)
        for part in PARTS[1:]:
            expected[f"{numbers[layer.name]}/{part}"] = (tuple(layer.bias.shape), np.float32)
    return expected


def _numbers(network):
    """Keras's number of each convolution of a network, as two digits, by its node."""
    present = {layer.name for layer in inception.convolutions(network)}
    return {node: f"{i:02d}" for i, node in enumerate(inception.NODES) if node in present}


def fold(node, kernel, gamma, beta, mean, variance):
    """A convolution and the batch normalization after it as one convolution.

    Args:
        node: The convolution's name.
        kernel: [height, width, in, out].
        gamma, beta, mean, variance: [out]; gamma may be 1.0. The variance is at least 0, and
            0.001 is added to it.

    Returns:
        {`<node>/kernel`, `<node>/bias`}, computed in float64 and rounded to float32 once.
    """
    scale = np.float64(gamma) / np.sqrt(variance.astype(np.float64) + EPSILON)
    return {
        f"{node}/kernel": (kernel * scale).astype(np.float32),
        f"{node}/bias": (beta - mean * scale).astype(np.float32),
    }


def prepare(images, presented="0..255"):
    """Images as the network takes them in the public tutorial on a Keras FID.

    Args:
        images: uint8 [n, height, width, channels], any height and width, 1 or 3 channels.
        presented: A key of `PRESENTED`: the range that they are brought to before
            x / 127.5 - 1. After `"-1..1"` and `"0..1"` hardly any contrast is left.

    Returns:
        float32 tensor [n, 299, 299, 3].

    Raises:
        UsageError: Another number of channels.
    """
    inception.check_channels(images)
    x = PRESENTED[presented](images.astype(np.float32)) / np.float32(127.5) - np.float32(1)
    x = nearest(x, (inception.SIZE, inception.SIZE))
    return ops.convert_to_tensor(np.repeat(x, 3 // x.shape[-1], axis=-1))


def nearest(images, size):
    """Resize by nearest neighbour, as `skimage.transform.resize(order=0)`.

    A destination pixel i is the source pixel that its centre lies in, number
    `floor((i + 1/2) * in / out)`. Where a centre lies on an edge, which is the middle one's for
    some sizes, float64's rounding decides; it is done in SciPy's order, which scikit-image has
    it from.

    Args:
        images: Array [n, height, width, channels].
        size: (height, width) of the result.

    Returns:
        Array [n, *size, channels] of the same type.
    """
    for axis, after in zip((1, 2), size, strict=True):
        before = images.shape[axis]
        place = (np.arange(after) + 0.5) * (before / after) - 0.5
        images = np.take(images, np.floor(place + 0.5).astype(np.int64), axis=axis)
    return images

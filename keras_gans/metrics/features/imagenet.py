"""The InceptionV3 of `keras.applications`, with which some tutorials measure a "FID".

Its architecture is that of the FID network except for one pooling layer. Its weights are others:
those that Keras distributes, for the 1000 classes of ImageNet. Distances in its features are
never comparable with published FIDs. They serve to reproduce and to examine published values that
were measured in this way: images resized by nearest neighbour, then `preprocess_input`,
x / 127.5 - 1, which expects 0..255 and does not check the range.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015,
arXiv:1512.00567.
"""

import numpy as np

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics.features import archive, inception
from keras_gans.metrics.features.archive import WeightsMissing

FILE = "inception_v3_imagenet.npz"
TAPS = (768, 2048)  # channels of mixed7 and of mixed10
EPSILON = 1e-3  # of the batch normalization
PARTS = ("kernel", "beta", "moving_mean", "moving_variance")  # there is no gamma


def load(tap, data_folder):
    """The network up to a tap, with its weights.

    Args:
        tap: 768 (mixed7) or 2048 (mixed10): channels, averaged over the image.
        data_folder: Folder with `inception_v3_imagenet.npz` or a file whose name begins with
            `inception_v3_imagenet`: float32 arrays `<i>/kernel` `(height, width, in, out)`,
            `<i>/beta`, `<i>/moving_mean` and `<i>/moving_variance` `(out,)` of the i-th
            convolution in the order of Keras, i in two digits from 00. It may end at the earlier
            tap.

    Returns:
        (model, sha256 of the file). The model takes images `(n, 299, 299, 3)` float32,
        x / 127.5 - 1, and returns features `(n, tap)`, at least 0.

    Raises:
        WeightsMissing: There is no such file, or it ends before the tap.
        UsageError: The file is damaged, or an array does not fit the architecture.
    """
    path = archive.find(data_folder, FILE, "imagenet")
    network = inception.build(tap, last_pool="average")
    expected = layout(network)
    if not set(expected) <= archive.array_names(path):
        raise WeightsMissing(
            f"{path} has no weights for imagenet{tap}; `keras-gans weights imagenet` fetches all"
        )
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
    """The arrays in the file of weights of a network: {key: (shape, dtype)}."""
    expected = {}
    numbers = _numbers(network)
    for layer in inception.convolutions(network):
        expected[f"{numbers[layer.name]}/kernel"] = (tuple(layer.kernel.shape), np.float32)
        for part in PARTS[1:]:
            expected[f"{numbers[layer.name]}/{part}"] = (tuple(layer.bias.shape), np.float32)
    return expected


def _numbers(network):
    """{node: number in the order of Keras, as two digits} of the convolutions of a network."""
    present = {layer.name for layer in inception.convolutions(network)}
    return {node: f"{i:02d}" for i, node in enumerate(inception.NODES) if node in present}


def fold(node, kernel, gamma, beta, mean, variance):
    """Folds batch normalization into the convolution before it.

    Args:
        node: Name of the convolution.
        kernel: `(height, width, in, out)`.
        gamma, beta, mean, variance: `(out,)`; gamma may be 1.0. The variance is at least 0;
            0.001 is added to it.

    Returns:
        {`<node>/kernel`, `<node>/bias`}, computed in float64 and rounded to float32 once.
    """
    scale = np.float64(gamma) / np.sqrt(variance.astype(np.float64) + EPSILON)
    return {
        f"{node}/kernel": (kernel * scale).astype(np.float32),
        f"{node}/bias": (beta - mean * scale).astype(np.float32),
    }

"""How images are resized and scaled for an Inception network.

Three conventions, with different features and so different distances:

    as_in_graph     the graph that FID is defined with (Heusel et al. 2017, arXiv:1706.08500)
    as_pytorch_fid  github.com/mseitzer/pytorch-fid, version 0.3
    as_keras        tutorials that use InceptionV3 of `keras.applications`
"""

import numpy as np
from keras import ops

from keras_gans.errors import UsageError

SIZE = 299
"""Height and width, in pixels, of the images that the published networks take."""
PRESENTED = {
    "0..255": lambda images: images,
    "-1..1": lambda images: images / np.float32(127.5) - 1,
    "0..1": lambda images: images / np.float32(255),
}
"""Ranges to which `as_keras` can scale images before `preprocess_input`, which expects 0..255."""


def as_in_graph(images, size=SIZE):
    """Converts to float, resizes bilinearly as TensorFlow 1, repeats grey, scales to [-1, 1).

    Call it outside of a compiled function: a compiler may fuse the products and sums of the
    resize, which changes its last bits.

    Args:
        images: uint8 `(n, height, width, channels)`, any height and width, 1 or 3 channels.
        size: Height and width of the result, in pixels.

    Returns:
        float32 tensor `(n, size, size, 3)`, (x - 128) / 128.

    Raises:
        UsageError: Another number of channels.
    """
    _check_channels(images)
    x = resize(ops.convert_to_tensor(images.astype(np.float32)), (size, size))
    return (_three_channels(x) - 128.0) / 128.0


def as_pytorch_fid(images, size=SIZE):
    """Scales to x / 255, resizes with half-pixel centres, scales to 2 x - 1.

    Args:
        images: As for `as_in_graph`.
        size: Height and width of the result, in pixels; pytorch-fid has 299.

    Returns:
        float32 tensor `(n, size, size, 3)`, -1 to 1.

    Raises:
        UsageError: Another number of channels.
    """
    _check_channels(images)
    unit = images.astype(np.float32) / np.float32(255)
    x = resize_half_pixel(ops.convert_to_tensor(unit), (size, size))
    return 2.0 * _three_channels(x) - 1.0


def as_keras(images, presented="0..255"):
    """Resizes by nearest neighbour, applies `preprocess_input`: x / 127.5 - 1.

    Args:
        images: As for `as_in_graph`.
        presented: Key of `PRESENTED`: the range to which images are scaled before x / 127.5 - 1.
            Only "0..255" is right; after the others hardly any contrast is left.

    Returns:
        float32 tensor `(n, 299, 299, 3)`.

    Raises:
        UsageError: Another number of channels.
    """
    _check_channels(images)
    x = PRESENTED[presented](images.astype(np.float32)) / np.float32(127.5) - np.float32(1)
    x = nearest(x, (SIZE, SIZE))
    return ops.convert_to_tensor(np.repeat(x, 3 // x.shape[-1], axis=-1))


def _check_channels(images):
    if images.shape[-1] not in (1, 3):
        raise UsageError(
            f"Inception takes images of 1 or 3 channels; these have {images.shape[-1]}"
        )


def _three_channels(x):
    return ops.repeat(x, 3, axis=-1) if x.shape[-1] == 1 else x


def resize(images, size):
    """Bilinear resize of TensorFlow 1, equal to the last bit.

    A destination pixel i is read at `i * in / out`, without the half-pixel centres of later
    versions and without antialiasing. Another resize gives another FID.

    Args:
        images: float32 `(n, height, width, channels)`.
        size: (height, width) of the result.

    Returns:
        float32 `(n, *size, channels)`.
    """
    return _interpolate(images, size, lambda i, scale: i * scale)


def resize_half_pixel(images, size):
    """Bilinear resize of `torch.nn.functional.interpolate(align_corners=False)`.

    A destination pixel i is read at `(i + 1/2) * in / out - 1/2`, at least 0, without
    antialiasing.

    Args:
        images: float32 `(n, height, width, channels)`.
        size: (height, width) of the result.

    Returns:
        float32 `(n, *size, channels)`, equal to torch's result up to rounding.
    """
    return _interpolate(images, size, lambda i, scale: np.maximum((i + 0.5) * scale - 0.5, 0))


def _interpolate(images, size, place_of):
    # The graph interpolates within rows first, then between them; the last bit depends on it.
    for axis in (2, 1):
        before, after = images.shape[axis], size[axis - 1]
        if before == after:
            continue
        # Both implementations have a float32 scale and round the place to float32 once.
        scale = np.float64(np.float32(before) / np.float32(after))
        place = place_of(np.arange(after), scale).astype(np.float32)
        low = np.floor(place).astype(np.int32)
        high = np.minimum(low + 1, before - 1)
        weight = (place - low).reshape((-1, 1) if axis == 2 else (-1, 1, 1))
        weight = ops.convert_to_tensor(weight, "float32")
        first = ops.take(images, low, axis=axis)
        images = first + (ops.take(images, high, axis=axis) - first) * weight
    return images


def nearest(images, size):
    """Resize by nearest neighbour, as `skimage.transform.resize(order=0)`.

    A destination pixel i takes the source pixel that contains its centre, with the index
    `floor((i + 1/2) * in / out)`. For some sizes the centre of the middle pixel lies on an edge
    and the rounding of float64 decides; the order of operations is that of SciPy, which
    scikit-image uses.

    Args:
        images: Array `(n, height, width, channels)`.
        size: (height, width) of the result.

    Returns:
        Array `(n, *size, channels)` of the same type.
    """
    for axis, after in zip((1, 2), size, strict=True):
        before = images.shape[axis]
        place = (np.arange(after) + 0.5) * (before / after) - 0.5
        images = np.take(images, np.floor(place + 0.5).astype(np.int64), axis=axis)
    return images

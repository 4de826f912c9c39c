"""Images to learn from: a name or a path in, uint8 images out.

    >>> from keras_gans import datasets
    >>> digits = datasets.load("digits")
    >>> digits.shape, len(digits)
    ((28, 28, 1), 1797)

A data set is a module in this folder, and nothing else has to know of it. It has `SPLITS`, the
names of its parts, and `fetch(folder, split)`, which returns (images, labels or None, source) or
raises a `UsageError` that says how to get the data. `fetch` is asked only where the data folder
has no `<name>.npz`. Modules whose name begins with an underscore are not data sets.

Images stay uint8 in memory, a quarter of what float32 takes; `to_unit` turns a batch into
network input, and `to_uint8` a network's output into pixels.
"""

import hashlib
import os
import pkgutil
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path

import numpy as np

from keras_gans.datasets import _files
from keras_gans.errors import UsageError, suggestion


@dataclass(frozen=True, eq=False)
class Images:
    """A data set in memory. Two of them are equal only when they are the same object.

    Args:
        name: What the user called it.
        images: uint8, 0 to 255, [n, height, width, channels] with 1 or 3 channels; grey ones may
            come as [n, height, width]. Kept as a read-only array, without a copy where possible.
            Floats have to be in [-1, 1], what a network with a tanh output makes, and become
            pixels. Values that can only be in [0, 1] are refused: pixels would be nearly black.
        labels: Integers [n], kept as int64, or None.
        source: What was read, for example `mnist.npz` or `tensorflow-datasets mnist 3.0.1`.

    Raises:
        UsageError: The images or the labels are not as described above.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray | None
    source: str

    def __post_init__(self):
        _files.check_images(self.images.shape, self.images.dtype, self.source)
        images = self.images
        if images.dtype != np.uint8:
            _check_unit(images, self.source)
            images = to_uint8(images)
        _check_pixels(images, self.source)
        images = np.ascontiguousarray(images).view()
        if images.ndim == 3:
            images = images[..., np.newaxis]
        images.flags.writeable = False  # the fingerprint stays true
        object.__setattr__(self, "images", images)
        if self.labels is not None:
            labels = _files.check_labels(np.asarray(self.labels), len(images), self.source)
            object.__setattr__(self, "labels", labels)

    def __len__(self):
        return len(self.images)

    @property
    def shape(self):
        """(height, width, channels) of one image."""
        return self.images.shape[1:]

    @cached_property
    def fingerprint(self):
        """SHA-256, in hexadecimal, of the images' shape and bytes: of the content, not the name."""
        digest = hashlib.sha256(repr(self.images.shape).encode())
        digest.update(self.images)
        return digest.hexdigest()


def names():
    """The names that `load` knows, sorted: the modules of this folder, none of them imported."""
    modules = pkgutil.iter_modules(__path__)
    return sorted(module.name for module in modules if not module.name.startswith("_"))


def data_folder(argument=None):
    """Where data sets are looked for and downloaded to.

    Args:
        argument: A folder, or None for the environment variable KERAS_GANS_DATA, and where that
            is not set, ~/.cache/keras-gans.

    Returns:
        The folder's `Path`. It need not exist.
    """
    folder = argument or os.environ.get("KERAS_GANS_DATA") or "~/.cache/keras-gans"
    return Path(folder).expanduser()


def load(name, data_dir=None, split="train", damaged="refuse"):
    """Loads a data set by its name, or a folder, .zip or .npz of one's own.

    A name is looked for as `<data folder>/<name>.npz`, then where its module knows to look. A
    folder or .zip gives every image in it, in the order of the names. An .npz holds `images` and
    perhaps `labels`, or `x_train`, `y_train`, `x_test`, `y_test` as those of Keras do.

    Args:
        name: One of `names()`, or a path. A name wins over a file that is called the same; write
            `./mnist`, or give a `Path`, to mean the file.
        data_dir: The data folder; see `data_folder`.
        split: `train`, or `test` where there is one.
        damaged: Images of a folder or .zip that cannot be read: "refuse" them all, naming the
            first, or "skip" those; then `source` says how many were skipped.

    Returns:
        `Images`.

    Raises:
        UsageError: There is no such data set or file, or it is not as it should be. One line
            that says what to do.
    """
    if isinstance(name, os.PathLike) or name not in names():
        return _load_path(Path(os.path.abspath(Path(name).expanduser())), split, damaged)
    module = import_module(f"{__name__}.{name}")
    if split not in module.SPLITS:
        raise UsageError(f"{name} has no split {split!r}{suggestion(split, module.SPLITS)}")
    folder = data_folder(data_dir)
    file = folder / f"{name}.npz"
    if file.is_file():
        return Images(name, *_files.read_npz(file, split), source=file.name)
    return Images(name, *module.fetch(folder, split))


def _load_path(path, split, damaged):
    if not path.exists():
        raise UsageError(
            f"there is no data set {path.name!r}{suggestion(path.name, names())}; "
            f"and there is no file or folder {path}"
        )
    name = path.stem if path.is_file() else path.name
    if path.is_file() and path.suffix.lower() == ".npz":
        return Images(name, *_files.read_npz(path, split), source=path.name)
    if split != "train":
        raise UsageError(f"{path} has no split {split!r}: images of one's own are all 'train'")
    images, skipped = _files.read_images(path, damaged)
    left_out = f" without {len(skipped)} damaged" if skipped else ""
    return Images(name, images, None, source=f"{path.name}{left_out}")


def _check_unit(images, source):
    low, high = float(images.min()), float(images.max())
    if not (low >= -1 and high <= 1):  # NaN is not
        raise UsageError(
            f"{source}: the images are {images.dtype} from {low:.4g} to {high:.4g}; save them as "
            "uint8, 0 to 255, or as floats in [-1, 1]"
        )
    if low >= 0:
        raise UsageError(
            f"{source}: the images are {images.dtype} from {low:.4g} to {high:.4g}, which looks "
            "like [0, 1]; save them as uint8, 0 to 255, or as floats in [-1, 1]"
        )


def _check_pixels(images, source):
    """Refuses pixels that were floats in [0, 1] or [-1, 1] when they were cast to uint8."""
    if images.flat[0] not in _CAST:  # one look is enough for nearly all images
        return
    counts = np.bincount(images[:1000].reshape(-1), minlength=256)
    if counts[1] and counts.sum() == counts[_CAST].sum():
        raise UsageError(
            f"{source}: the pixels are all 0, 1 or 255, as when floats in [0, 1] or [-1, 1] are "
            "cast to uint8; multiply them first: 0 to 255"
        )


_CAST = [0, 1, 255]


def to_unit(images):
    """Scales pixels to what a network with a tanh output makes: x / 127.5 - 1.

    Args:
        images: uint8, 0 to 255, any shape.

    Returns:
        float32 in [-1, 1], the same shape. `to_uint8` gives back exactly the same pixels.

    Raises:
        UsageError: The images are not uint8; scaling twice would go unseen.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise UsageError(f"to_unit takes uint8 pixels, not {images.dtype}")
    scaled = images.astype(np.float32)
    scaled /= 127.5
    scaled -= 1
    return scaled


def to_uint8(images):
    """Turns network output into pixels: round((x + 1) * 127.5), clipped to 0..255.

    Args:
        images: Floats, nominally in [-1, 1], any shape.

    Returns:
        uint8, the same shape.

    Raises:
        UsageError: There is a NaN among them, which has no pixel value.
    """
    unit = np.clip(np.asarray(images), -1, 1).astype(np.float32)
    if np.isnan(unit).any():
        raise UsageError(
            "the images hold NaN: the network that made them has diverged; "
            "use an earlier one, or train with a lower learning rate"
        )
    return np.rint((unit + 1) * 127.5).astype(np.uint8)

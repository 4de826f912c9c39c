"""Arrays of .npz and .npy files that are not trusted.

The header of an array is checked before the rest is read. No object is ever unpickled.
"""

import io
import math
import zipfile

import numpy as np

from keras_gans.datasets import files
from keras_gans.datasets.checks import check_images, check_points
from keras_gans.datasets.files import reading
from keras_gans.datasets.sources import Images, Points, read_only
from keras_gans.errors import UsageError

SUFFIXES = (".npy", ".npz")


def read_npz(path, split):
    """Reads a data set from an .npz file.

    Args:
        path: `Path` of the file.
        split: `train` or `test`: the arrays are `x_<split>` and `y_<split>` as in those of Keras,
            or for `train` also `images`, or `points` `(n, d)`, and perhaps `labels`.

    Returns:
        `Images` or `Points`, with the name of the file.

    Raises:
        UsageError: The file is broken, or does not hold exactly one such array.
    """
    kinds = {f"x_{split}": f"y_{split}"}
    if split == "train":
        kinds |= {"images": "labels", "points": "labels"}
    with (
        reading(path, "is it an .npz that was written to its end?"),
        zipfile.ZipFile(path) as archive,
    ):
        key = _only(archive, kinds, path, path.name, split)
        check = check_points if key == "points" else check_images
        values = _member(archive, key, path, check)
        labelled = f"{kinds[key]}.npy" in archive.namelist()
        labels = _member(archive, kinds[key], path) if labelled else None
    kind = Points if key == "points" else Images
    return kind(path.stem, values, labels, source=path.name)


def read_npy(path):
    """Reads a data set without labels from an .npy file.

    Args:
        path: `Path` of the file: images as in `Images`, of three or four axes, or points `(n, d)`.

    Returns:
        `Images` or `Points`, with the name of the file.

    Raises:
        UsageError: The file is broken, or holds no such array.
    """

    def check(shape, dtype, source):
        (check_points if len(shape) == 2 else check_images)(shape, dtype, source)

    with reading(path, "is it an .npy that was written to its end?"):
        values = _read(lambda: path.open("rb"), path.stat().st_size, path, check)
    kind = Points if values.ndim == 2 else Images
    return kind(path.stem, values, None, source=path.name)


def pictures(data, name, what):
    """Reads the pictures of an .npy or .npz that lies among image files.

    Args:
        data: The bytes of the file.
        name: Its name. An .npy holds one picture, `(height, width)` or
            `(height, width, channels)`, or several, `(n, height, width, channels)`. An .npz holds
            several, as `images` or `x_train`.
        what: The name to begin the message with.

    Returns:
        uint8 `(n, height, width, channels)`.

    Raises:
        UsageError: The file is broken, or holds no such array.
    """
    with reading(what, "repair the file or take it out"):
        if name.lower().endswith(".npy"):
            values = _read(lambda: io.BytesIO(data), len(data), what, _check_pixels)
            if values.ndim == 2:
                values = values[..., np.newaxis]
            return values if values.ndim == 4 else values[np.newaxis]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            key = _only(archive, ("images", "x_train"), what, name, "train")
            values = _member(archive, key, what, _check_set)
        return values if values.ndim == 4 else values[..., np.newaxis]


def _check_pixels(shape, dtype, source):
    if len(shape) == 2:
        shape = (*shape, 1)
    _check_set(shape if len(shape) == 4 else (1, *shape), dtype, source)


def _check_set(shape, dtype, source):
    """As `check_images`, but floats are refused: their range shows in many pictures, not in one."""
    if dtype.kind == "f":
        raise UsageError(f"{source}: the pixels are {dtype}; save them as uint8, 0 to 255")
    check_images(shape, dtype, source)


def _only(archive, keys, what, name, split):
    """The one of the keys that an .npz has."""
    arrays = {member.removesuffix(".npy") for member in archive.namelist()}
    found = [key for key in keys if key in arrays]
    if not found:
        wanted = "images" if split == "train" else f"x_{split}"
        raise UsageError(
            f"{what} has no array {wanted!r} for the split {split!r}, only "
            f"{', '.join(sorted(arrays)) or 'nothing'}; save it with "
            f"numpy.savez({name!r}, {wanted}=...)"
        )
    if len(found) > 1:
        raise UsageError(f"{what} has the arrays {' and '.join(found)}; save one of them only")
    return found[0]


def _no_check(shape, dtype, source):
    pass


def _member(archive, key, what, check=_no_check):
    """Reads one array of an .npz."""
    member = archive.getinfo(f"{key}.npy")
    source = f"{what}: {key}"
    possible = member.compress_size
    if member.compress_type == zipfile.ZIP_DEFLATED:
        possible *= files.MAX_DEFLATE
    elif member.compress_type != zipfile.ZIP_STORED:
        raise UsageError(
            f"{source} is compressed in a way that numpy does not use; save it with numpy.savez"
        )
    return _read(lambda: archive.open(member), member.file_size, source, check, possible)


def _read(opened, size, source, check, possible=math.inf):
    """Reads an array: the header first, and the rest only if the header can be true.

    Args:
        opened: Function that opens a stream of the .npy format.
        size: Bytes that the stream has, as its file says.
        source: The name to begin the message with.
        check: Function of shape, dtype and source that refuses what cannot be used.
        possible: Bytes that the stream can have at most.
    """
    with opened() as stream:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise UsageError(f"{source} has the .npy version {version}; save it as a plain array")
        shape, _, dtype = read_header(stream)
        declared = math.prod(shape) * dtype.itemsize
        held = size - stream.tell()
    if dtype.hasobject:
        raise UsageError(
            f"{source} holds Python objects, which can run code when read; save it as a plain array"
        )
    check(shape, dtype, source)
    if declared > files.MAX_BYTES:
        raise UsageError(
            f"{source} declares {declared / 2**30:.0f} GiB, and "
            f"{files.MAX_BYTES >> 30} is the most; save fewer or smaller images"
        )
    if declared != held or size > possible:
        raise UsageError(
            f"{source} declares {declared} bytes, which the file does not hold; "
            "make or fetch it again"
        )
    with opened() as stream:
        return read_only(np.lib.format.read_array(stream, allow_pickle=False))

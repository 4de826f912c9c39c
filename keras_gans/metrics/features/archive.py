"""Arrays in .npz files: checked before they are read, written completely or not at all.

Files of weights come from other people, and a full disk can truncate a cache. So the shape, type
and size of every array are checked in its header before any memory is allocated for it, no array
is unpickled, and the checksums of the archive are verified.
"""

import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from keras_gans.errors import UsageError
from keras_gans.files import replacing

LONGEST_TEXT = 65536  # bytes
# The exceptions that zipfile and numpy.lib.format raise on damaged or unsupported archives.
DAMAGE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error,
          NotImplementedError, RuntimeError)  # fmt: skip


class WeightsMissing(UsageError):
    """The weights of an extractor are missing; the message names the file."""


def find(data_folder, file, network):
    """The file of weights in a folder: that of the exact name, else the first with its prefix.

    Args:
        data_folder: The folder.
        file: The exact name.
        network: Name of the network for `keras-gans weights`, for the message.

    Raises:
        WeightsMissing: There is none.
    """
    folder = Path(data_folder)
    exact = folder / file
    pattern = f"{exact.stem}*.npz"
    found = [exact] if exact.is_file() else sorted(p for p in folder.glob(pattern) if p.is_file())
    if not found:
        raise WeightsMissing(
            f"there is no {file} (nor another {pattern}) in {folder}; 'keras-gans weights "
            f"{network}' makes it, and its --help lists the sources"
        )
    return found[0]


def array_names(path):
    """Names of the arrays in an .npz file, without reading the arrays.

    Raises:
        UsageError: The file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except DAMAGE as error:
        raise UsageError(f"{path} is not a readable .npz file: {error}") from error


def read_arrays(path, expected):
    """Reads the named arrays of an .npz file.

    Args:
        path: The file.
        expected: {name: (shape, dtype)}. The dtype `str` accepts a text of up to 64 KiB; all
            others are exact. Other arrays in the file are not read.

    Returns:
        {name: read-only array}, all values finite.

    Raises:
        UsageError: The file is not readable or damaged, or an array is missing, of another
            shape or type, or not finite.
    """
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name, (shape, dtype) in expected.items():
                member = archive.getinfo(f"{name}.npy")
                with archive.open(member) as stream:
                    try:
                        arrays[name] = _read(stream, member.file_size, tuple(shape), dtype)
                    except ValueError as error:
                        raise ValueError(f"{name}: {error}") from error
    except DAMAGE as error:
        raise UsageError(f"{path} is damaged or another kind of file: {error}") from error
    return arrays


def _read(stream, size, shape, dtype):
    major, _ = np.lib.format.read_magic(stream)
    headers = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
    found_shape, fortran, found_dtype = headers[major](stream)
    if dtype is str:
        right = found_dtype.kind == "U" and found_dtype.itemsize <= LONGEST_TEXT
    else:
        right = found_dtype == np.dtype(dtype)
    if found_shape != shape or not right:
        wanted = "text" if dtype is str else np.dtype(dtype)
        raise ValueError(f"{found_dtype} {found_shape} where {wanted} {shape} is needed")
    if size - stream.tell() != math.prod(shape) * found_dtype.itemsize:
        raise ValueError("the length of its data differs from its header")
    data = stream.read()  # zipfile verifies the checksum at the end
    array = np.frombuffer(data, found_dtype).reshape(shape, order="F" if fortran else "C")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError("there are NaN or infinite values")
    return array


def write_arrays(path, arrays):
    """Writes an .npz file in one piece: an interruption leaves no partial file.

    Args:
        path: The file; its folder is created if it does not exist.
        arrays: {name: array}. The same arrays give the same bytes.

    Raises:
        OSError: The file cannot be written; no partial file remains.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)

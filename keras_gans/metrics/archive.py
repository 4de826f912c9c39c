"""Arrays in .npz files: read only if they are exactly what is expected, written whole or not.

Weights are files that users pass around, and a cache can be cut short by a full disk. So the
shape, type and size of every array are checked in its header before any memory is taken for it,
nothing is ever unpickled, and the archive's checksums are verified.
"""

import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from keras_gans.errors import UsageError
from keras_gans.files import replacing

LONGEST_TEXT = 65536  # bytes
# All that zipfile and numpy.lib.format raise on damaged or unsupported archives.
DAMAGE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error,
          NotImplementedError, RuntimeError)  # fmt: skip


class WeightsMissing(UsageError):
    """The weights that an extractor needs are not there; its message names the file."""


def array_names(path):
    """The names of the arrays in an .npz file, without reading them.

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
        expected: {name: (shape, dtype)}. The dtype `str` accepts a text of any length up to
            64 KiB; every other one is exact. Arrays that are not named are not read.

    Returns:
        {name: read-only array}, every number finite.

    Raises:
        UsageError: The file is not readable or damaged, or an array is absent, of another
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
        raise UsageError(f"{path} is damaged or not what it should be: {error}") from error
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
        raise ValueError("its data have another length than its header says")
    data = stream.read()  # to the end, where the checksum is verified
    array = np.frombuffer(data, found_dtype).reshape(shape, order="F" if fortran else "C")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError("there are NaN or infinite values")
    return array


def write_arrays(path, arrays):
    """Writes an .npz file so that a reader finds all of it or none, whatever interrupts.

    Args:
        path: The file; its folder is made where it does not exist.
        arrays: {name: array}. The same arrays give the same bytes.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)

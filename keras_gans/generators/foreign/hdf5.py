"""Reads untrusted HDF5 files: a separate process describes them, this one reads their bytes.

The HDF5 library never opens such a file in this process. `describe` starts another process, with
limits on memory and time, which finds the arrays and their places in the file (`hdf5_index`), and
checks the answer against the size of the file. `read` takes the numbers from those places.
"""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_gans.errors import UsageError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_NUMBERS = 250_000_000  # in one file: a billion bytes of float32
MAX_DESCRIPTION = 64 << 20  # bytes
SECONDS = 30  # for the description of a file; usually a fraction of one
TYPES = {"<f2", "<f4", "<f8", ">f2", ">f4", ">f8"}


@dataclass(frozen=True)
class Dataset:
    """An array in a file, for `read`.

    Args:
        name: As in the file's list of weights.
        shape: Tuple of sizes.
        dtype: A NumPy type such as "<f4", or the name of a type that is not supported.
        filters: Filters of the bytes, "shuffle" or "gzip", in the order of writing.
        chunks: Shape of a chunk, or None for contiguous data.
        pieces: Tuple of (place, offset, size): position in the array, position in the file, bytes
            in the file.
        values: The numbers themselves where the file's description holds them, else None.
    """

    name: str
    shape: tuple
    dtype: str
    filters: tuple = ()
    chunks: tuple | None = None
    pieces: tuple = ()
    values: tuple | None = None

    @property
    def numbers(self):
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Description:
    """Content of a file.

    Args:
        path: `Path` of the file, for `read`.
        kind: "model" (a model, or its weights, in the legacy layout), "variables" (Keras 3's
            layout of weights) or "other".
        attributes: Dict from name to text, of the names in `hdf5_index.ATTRIBUTES`.
        layers: Tuple of (layer's name, tuple of `Dataset`), in recorded order.
        names: First names in the file.
    """

    path: Path
    kind: str
    attributes: dict
    layers: tuple
    names: tuple


def describe(path):
    """Describes an HDF5 file.

    Args:
        path: `Path` of a file.

    Returns:
        `Description`.

    Raises:
        UsageError: The file is not HDF5, is damaged, or stores its weights in a way that no
            version of Keras uses. The message begins with the path.
    """
    with path.open("rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise UsageError(f"{path} is not an HDF5 file")
    answer = _ask(path)
    if "error" in answer:
        raise UsageError(f"{path} {answer['error']}")
    layers = tuple((name, tuple(map(_dataset, found))) for name, found in answer["layers"])
    names = tuple(answer["names"])
    description = Description(path, answer["kind"], answer["attributes"], layers, names)
    _check(description)
    return description


def _ask(path):
    """The answer of the child process, a dict."""
    program = Path(__file__).with_name("hdf5_index.py")
    # The library loads no compression plug-ins, and one thread is enough.
    environment = {**os.environ, "HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as answer:
        child = subprocess.Popen(
            [sys.executable, "-P", str(program), str(path)],
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        try:
            status = child.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise UsageError(f"{path} is damaged: reading it took too long") from None
        finally:
            child.kill()
            child.wait()
        if status and _ending(status) == "SIGXCPU":
            raise UsageError(f"{path} is damaged: reading it took too long")
        if status:
            raise UsageError(f"{path} is damaged: reading it ended with {_ending(status)}")
        size = answer.seek(0, os.SEEK_END)
        answer.seek(0)
        if size > MAX_DESCRIPTION:
            raise UsageError(f"{path} is damaged: its description has {size} bytes")
        return json.loads(answer.read())


def _ending(status):
    try:
        return signal.Signals(-status).name if status < 0 else f"status {status}"
    except ValueError:
        return f"signal {-status}"


def _dataset(found):
    pieces = tuple(
        (None if place is None else tuple(place), offset, size)
        for place, offset, size in found["pieces"]
    )
    return Dataset(
        found["name"],
        tuple(found["shape"]),
        found["dtype"],
        tuple(found["filters"]),
        None if found["chunks"] is None else tuple(found["chunks"]),
        pieces,
        tuple(found["values"]) if "values" in found else None,
    )


def _check(description):
    """Refuses a description that does not fit the size of the file."""
    path = description.path
    end, numbers = path.stat().st_size, 0
    for _, datasets in description.layers:
        for dataset in datasets:
            stored = math.prod(dataset.chunks) * len(dataset.pieces) if dataset.chunks else 0
            numbers += max(dataset.numbers, stored)
            if numbers > MAX_NUMBERS:
                raise UsageError(f"{path} declares more than {MAX_NUMBERS:,} numbers")
            for _, offset, size in dataset.pieces:
                if offset < 0 or size < 0 or offset + size > end:
                    raise UsageError(
                        f"{path} is damaged: the values of '{dataset.name}' lie beyond its end"
                    )


def read(path, dataset):
    """Reads an array of a file.

    Args:
        path: `Path` of a file, as in its `Description`.
        dataset: `Dataset` of the description, of one of `TYPES`.

    Returns:
        Array of the dataset's shape and type, in the machine's byte order.

    Raises:
        UsageError: The bytes do not fit the description.
    """
    dtype = np.dtype(dataset.dtype)
    try:
        if dataset.values is not None:
            values = np.array(dataset.values, dtype).reshape(dataset.shape)
        elif not dataset.numbers:
            values = np.zeros(dataset.shape, dtype)
        elif dataset.chunks is None:
            ((_, offset, size),) = dataset.pieces
            values = np.frombuffer(_bytes(path, offset, size), dtype).reshape(dataset.shape)
        else:
            values = np.empty(dataset.shape, dtype)
            for place, offset, size in dataset.pieces:
                piece = _unfiltered(_bytes(path, offset, size), dataset, dtype)
                within = tuple(
                    slice(start, start + length)
                    for start, length in zip(place, dataset.chunks, strict=True)
                )
                part = values[within]  # smaller than a chunk at the borders
                part[...] = piece[tuple(slice(length) for length in part.shape)]
    except (ValueError, zlib.error, EOFError) as error:
        raise UsageError(f"{path} is damaged: '{dataset.name}': {error}") from None
    return values.astype(dtype.newbyteorder("="), copy=False)


def _bytes(path, offset, size):
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(size)
    if len(data) < size:
        raise EOFError("the file ends before its values")
    return data


def _unfiltered(data, dataset, dtype):
    """The numbers of one chunk; decompression stops where its shape is full."""
    length = math.prod(dataset.chunks) * dtype.itemsize
    for name in reversed(dataset.filters):
        if name == "gzip":
            data = zlib.decompressobj().decompress(data, length + 1)
        else:  # shuffle: the first bytes of all numbers, then the second ones
            whole = np.frombuffer(data, np.uint8)
            data = np.ascontiguousarray(whole.reshape(dtype.itemsize, -1).T).tobytes()
    if len(data) != length:
        raise ValueError("a chunk does not have the declared size")
    return np.frombuffer(data, dtype).reshape(dataset.chunks)

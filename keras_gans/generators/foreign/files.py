"""Recognizes the format of a file, and unpacks .keras archives."""

import io
import json
import re
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from keras_gans.errors import UsageError
from keras_gans.generators.foreign import hdf5

MAX_MEMBERS = 10_000
MAX_TEXT = 8 << 20  # bytes of config.json
MAX_WEIGHTS = 1 << 30  # bytes of model.weights.h5
_BEGINNINGS = (
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", "weights of PyTorch"),
    (b"\x80", "a Python pickle, which can run code and is never opened"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"{", "JSON text, perhaps a description of a network without its weights"),
)


@contextmanager
def described(path):
    """Describes a file with a model, for as long as the block lasts.

    Args:
        path: An .h5 file, or a .keras archive, which is unpacked to a temporary folder.

    Yields:
        `hdf5.Description`. For an archive its attributes are "model_config" and "keras_version"
        of the archive's own text members.

    Raises:
        UsageError: The file is missing, has another format (the message names it), is damaged, or
            is larger than it may be. Errors of the block that name the unpacked file name `path`.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if is_keras_archive(path):
        with _unpacked(path) as description:
            yield description
        return
    with path.open("rb") as file:
        if file.read(len(hdf5.SIGNATURE)) != hdf5.SIGNATURE:
            raise UsageError(f"{path} is {guess(path)}")
    yield hdf5.describe(path)


def guess(path):
    """Names the format of a file that is not HDF5.

    Args:
        path: `Path` of a file.

    Returns:
        Text that completes the sentence "<path> is ".
    """
    with path.open("rb") as file:
        beginning = file.read(1024)
    if not beginning:
        return "empty"
    if beginning.startswith(b"version https://git-lfs"):
        size = re.search(rb"\nsize (\d{1,15})\n", beginning)
        size = f" of {int(size[1]):,} bytes" if size else ""
        return (
            f"only a Git LFS pointer to a file{size}: run `git lfs pull` in its repository, or "
            "download the file itself"
        )
    if beginning.startswith(b"PK\x03\x04"):
        return _guess_archive(path)
    if re.match(rb"\s*<(!doctype|html|\?xml)", beginning, re.IGNORECASE):
        return "a web page, not the file that it links to: download the file itself"
    if beginning[4:8] == b"TFL3":
        return "a TensorFlow Lite network, which holds no Keras network"
    for signature, name in _BEGINNINGS:
        if beginning.startswith(signature):
            return name
    if beginning.isascii():
        return f"not an HDF5 file: it begins with {beginning[:24].decode()!r}"
    return f"not an HDF5 file: it begins with {beginning[:8].hex(' ')}"


def _guess_archive(path):
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist()[:MAX_MEMBERS]]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return "a damaged zip archive"
    if any(name.endswith("data.pkl") for name in names):
        return "weights of PyTorch"
    if names and all(name.endswith(".npy") for name in names):
        return "an .npz file of NumPy arrays"
    found = [name for name in names if name.endswith((".h5", ".hdf5", ".keras"))][:3]
    inside = f" that holds {', '.join(found)}: unpack it first" if found else ""
    return f"a zip archive{inside}"


def is_keras_archive(path):
    """Whether a file is an archive as `model.save("x.keras")` writes it."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"PK\x03\x04":
                return False
        with zipfile.ZipFile(path) as archive:
            return {"config.json", "model.weights.h5"} <= set(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False


@contextmanager
def _unpacked(path):
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "model.weights.h5"
        attributes = _unpack(path, weights)
        try:
            yield replace(hdf5.describe(weights), attributes=attributes)
        except UsageError as error:
            raise UsageError(str(error).replace(str(weights), str(path))) from None


def _unpack(path, weights):
    """Writes the weights to a file of their own; returns the attributes of the model."""
    try:
        with zipfile.ZipFile(path) as archive, weights.open("wb") as file:
            if len(archive.infolist()) > MAX_MEMBERS:
                raise UsageError(f"{path} has more than {MAX_MEMBERS:,} members")
            config = _member(archive, "config.json", MAX_TEXT, io.BytesIO()).getvalue().decode()
            about = {}
            if "metadata.json" in archive.namelist():
                about = json.loads(
                    _member(archive, "metadata.json", MAX_TEXT, io.BytesIO()).getvalue()
                )
            _member(archive, "model.weights.h5", MAX_WEIGHTS, file)
    except UsageError:
        raise
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, RecursionError,
            NotImplementedError, zipfile.BadZipFile, zlib.error) as error:  # fmt: skip
        raise UsageError(f"{path} is damaged: {' '.join(str(error).split())}") from None
    version = about.get("keras_version") if isinstance(about, dict) else None
    return {
        "model_config": config,
        "keras_version": version if isinstance(version, str) else "3",
    }


def _member(archive, name, most, out):
    """Copies a member to a file: no more bytes than it declares, and no more than `most`."""
    info = archive.getinfo(name)
    if info.file_size > 100 * info.compress_size + (1 << 20):
        raise UsageError(f"{archive.filename}: {name} declares far more bytes than are packed")
    if info.file_size > most:
        raise UsageError(f"{archive.filename}: {name} has more than {most >> 20} MiB")
    left = info.file_size
    with archive.open(info) as stream:
        while left > 0 and (data := stream.read(min(left, 1 << 20))):
            out.write(data)
            left -= len(data)
        stream.read(1)  # zipfile verifies the checksum at the end
    if left:
        raise ValueError(f"{name} is shorter than declared")
    return out

"""Files that are called generators: what they really are, and networks in a .keras archive."""

import io
import json
import re
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

from keras_gans import hdf5
from keras_gans.errors import UsageError

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
    (b"{", "JSON text, a description perhaps without weights"),
)


def guess(path):
    """What a file is that is no HDF5: the end of a sentence.

    Args:
        path: `Path` of a file.

    Returns:
        Text that follows "<path> is ".
    """
    with path.open("rb") as file:
        beginning = file.read(1024)
    if not beginning:
        return "empty"
    if beginning.startswith(b"version https://git-lfs"):
        size = re.search(rb"\nsize (\d{1,15})\n", beginning)
        size = f" of {int(size[1]):,} bytes" if size else ""
        return (
            f"only a pointer to a file{size} that Git LFS keeps: run `git lfs pull` in its "
            "repository, or download the file itself"
        )
    if beginning.startswith(b"PK\x03\x04"):
        return _guess_archive(path)
    if re.match(rb"\s*<(!doctype|html|\?xml)", beginning, re.IGNORECASE):
        return "a web page, not what it links to: download the file itself"
    if beginning[4:8] == b"TFL3":
        return "a network for TensorFlow Lite, which holds no Keras network"
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
def unpacked(path):
    """The weights of a .keras archive as a file of their own, as long as it is needed.

    Args:
        path: `Path` of a file that `is_keras_archive`.

    Yields:
        (path, description): the file of weights, and its `hdf5.Description`, which has the
        network's `model_config` among its attributes as in an .h5 file.

    Raises:
        UsageError: The archive or its weights are damaged, or larger than they can be.
    """
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "model.weights.h5"
        try:
            with zipfile.ZipFile(path) as archive, weights.open("wb") as file:
                if len(archive.infolist()) > MAX_MEMBERS:
                    raise UsageError(f"{path} has more than {MAX_MEMBERS:,} files in it")
                config = _member(archive, "config.json", MAX_TEXT, io.BytesIO()).getvalue().decode()
                about = {}
                if "metadata.json" in archive.namelist():
                    about = json.loads(
                        _member(archive, "metadata.json", MAX_TEXT, io.BytesIO()).getvalue()
                    )
                _member(archive, "model.weights.h5", MAX_WEIGHTS, file)
        except (OSError, EOFError, ValueError, KeyError, RuntimeError, RecursionError,
                NotImplementedError, zipfile.BadZipFile, zlib.error) as error:  # fmt: skip
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{path} is damaged: {' '.join(str(error).split())}") from None
        try:
            description = hdf5.describe(weights)
        except UsageError as error:
            raise UsageError(str(error).replace(str(weights), str(path), 1)) from None
        version = about.get("keras_version") if isinstance(about, dict) else None
        description.attributes["model_config"] = config
        description.attributes["keras_version"] = version if isinstance(version, str) else "3"
        yield weights, description


def _member(archive, name, most, out):
    """Copies a member to a file; never more than it declares, and that within bounds."""
    info = archive.getinfo(name)
    if info.file_size > 100 * info.compress_size + (1 << 20):
        raise UsageError(f"{archive.filename}: {name} claims to be far larger than it is packed")
    if info.file_size > most:
        raise UsageError(f"{archive.filename}: {name} has more than {most >> 20} MiB")
    left = info.file_size
    with archive.open(info) as stream:
        while left > 0 and (data := stream.read(min(left, 1 << 20))):
            out.write(data)
            left -= len(data)
        stream.read(1)  # at the end the checksum is verified
    if left:
        raise ValueError(f"{name} ends before its time")
    return out

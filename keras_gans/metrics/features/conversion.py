"""Converts published files of weights to the .npz files that the extractors read.

`inception` converts the FID network, from the graph that TensorFlow distributes, its archive, or
the .pth file of pytorch-fid. `imagenet` converts the InceptionV3 of Keras. `readers` reads the
formats.
"""

import hashlib
import http.client
import io
import tarfile
import urllib.request
import zlib

import numpy as np

from keras_gans import files
from keras_gans.errors import UsageError
from keras_gans.metrics.features import archive, readers
from keras_gans.metrics.features import imagenet as keras_inception
from keras_gans.metrics.features.inception import build
from keras_gans.metrics.features.readers import LARGEST, MEMBER

URL = (
    "https://storage.googleapis.com/download.tensorflow.org/models/image/imagenet/"
    "inception-2015-12-05.tgz"
)
PYTORCH_FID = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""sha256 of pt_inception-2015-12-05-6726825d.pth, as several projects record it. For the archive
none is known; `PUBLISHED` identifies its content."""
PUBLISHED = {
    "conv/kernel": 11.189505,
    "conv/bias": 15.424406,
    "conv_4/kernel": 16.736478,
    "conv_4/bias": -3.3605386,
    "mixed_1_tower_1_conv_2/kernel": 3.7436637,
    "mixed_1_tower_1_conv_2/bias": -4.3138131,
    "mixed_3_conv/kernel": 11.201813,
    "mixed_3_conv/bias": -7.0461294,
    "mixed_5_tower_conv_1/kernel": -3.0826188,
    "mixed_5_tower_conv_1/bias": 4.4391447,
    "mixed_8_tower_1_conv_2/kernel": 10.862543,
    "mixed_8_tower_1_conv_2/bias": -1.0982273,
}
"""Scalar products of some folded arrays of the published network with cos(0), cos(1), ...; a
transposed, scaled or different array has another product."""


def inception(source, out, sha256=None):
    """Writes the weights of the FID network, batch normalization folded into the convolutions.

    Args:
        source: A classify_image_graph_def.pb, an inception-2015-12-05.tgz that contains one, or
            the .pth file of pytorch-fid. Its first bytes tell the format.
        out: The .npz file to write.
        sha256: Hexadecimal sha256 of the source, if the user knows it; None for the published
            one.

    Returns:
        {"source_sha256", "sha256" of the written file, "published": whether the arrays are those
        of the published network}.

    Raises:
        UsageError: The source cannot be read, has another sha256, or lacks an array. Nothing is
            written.
        Failed: `out` cannot be written.
    """
    content = _read(source)
    found = hashlib.sha256(content).hexdigest()
    is_torch = content.startswith((b"PK\x03\x04", b"\x80\x02"))
    known = sha256 or (PYTORCH_FID if is_torch else None)
    if known and found != known.lower():
        raise UsageError(
            f"{source} has the sha256 {found}, not {known}; if you trust the file, give its own "
            "with --sha256"
        )
    read = readers.from_torch if is_torch else readers.from_graph
    if content.startswith(b"\x1f\x8b"):
        content = _member(content, source)
    arrays = read(content, source)
    with files.writing(out):
        archive.write_arrays(out, arrays)
    return {
        "source_sha256": found,
        "sha256": files.sha256(out),
        "published": all(_is_published(arrays, key) for key in PUBLISHED),
    }


def imagenet(source, out):
    """Writes the weights of the InceptionV3 of `keras.applications`.

    Args:
        source: An .h5 file of its weights, with or without the top, or a complete model; None to
            let Keras download them.
        out: The .npz file to write.

    Returns:
        The sha256 of the written file.

    Raises:
        UsageError: The source cannot be downloaded or read, or lacks an array. Nothing is
            written.
        Failed: `out` cannot be written.
    """
    expected = keras_inception.layout(build(2048, 75))
    arrays = readers.from_keras(expected) if source is None else readers.from_h5(source, expected)
    with files.writing(out):
        archive.write_arrays(out, arrays)
    return files.sha256(out)


def download(url, path, progress=None):
    """Downloads a file, of at most `LARGEST` bytes.

    Args:
        url: The address.
        path: The file to write; the caller removes it if this fails.
        progress: Called with (bytes done, bytes in total or None), if given.

    Raises:
        UsageError: The download fails, or ends early.
    """
    try:
        with urllib.request.urlopen(url, timeout=60) as response, open(path, "wb") as file:
            total, done = response.length, 0
            while chunk := response.read(2**20):
                done += len(chunk)
                if done > LARGEST:
                    raise UsageError(f"{url} has more than {LARGEST:,} bytes: it is another file")
                file.write(chunk)
                if progress is not None:
                    progress(done, total)
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise UsageError(
            f"cannot download {url}: {error}; download it elsewhere and give it with --source"
        ) from error
    if total is not None and done < total:
        raise UsageError(f"{url} ended after {done:,} of {total:,} bytes: try again")


def _read(path):
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise UsageError(f"{path} has more than {LARGEST:,} bytes: it is another file")
    return content


def _member(content, source):
    """The graph in the archive. Nothing is extracted to disk, and no other member is read."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r|gz") as tar:
            for member in tar:
                if member.size > LARGEST:  # before decompression
                    raise UsageError(f"{source}: {member.name} has {member.size:,} bytes")
                if member.name == MEMBER and member.isreg():
                    return tar.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{source} is a damaged archive: {error}") from error
    raise UsageError(f"{source} contains no file {MEMBER}")


def _is_published(arrays, key):
    array = arrays[key].astype(np.float64).ravel()
    found = array @ np.cos(np.arange(array.size))
    return abs(found - PUBLISHED[key]) <= 1e-4 * np.linalg.norm(array)

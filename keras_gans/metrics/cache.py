"""Features of a sample of images, computed once and kept by content."""

import contextlib
import hashlib
import json
from pathlib import Path

import numpy as np

from keras_gans.errors import UsageError
from keras_gans.metrics import archive

FORMAT = 2  # to be raised when the meaning of the numbers in a file changes


def cached_features(images, fingerprint, extractor, count, seed, cache_folder, progress=None):
    """Features of a sample of images.

    They are kept in a file that carries the sha256 of everything they depend on. A file that is
    damaged, or says it is of something else, is computed anew and replaced; a folder that cannot
    be written costs only the time of the next call.

    Args:
        images: uint8 [n, height, width, channels], anything that NumPy can index.
        fingerprint: Text that changes when the images do, as their sha256.
        extractor: A `features.Extractor`, or what has its attributes and is called like it.
        count: How many images, 1 to n, chosen without replacement and taken in their order.
        seed: Of the choice, an integer at least 0; all n images are the same for every seed.
        cache_folder: Where the files are kept; made where it does not exist.
        progress: Called with (images done, count) after every batch, if given.

    Returns:
        float32 [count, d].

    Raises:
        UsageError: There are not so many images, or the extractor refuses them.
    """
    if not 1 <= count <= len(images):
        raise UsageError(f"a sample of {count:,} images is asked for; there are {len(images):,}")
    key = _key(fingerprint, extractor, count, 0 if count == len(images) else seed)
    path = Path(cache_folder) / f"{extractor.name}-{key[:16]}.npz"
    features = _read(path, key, (count, extractor.dimension))
    if features is None:
        chosen = images[sample(len(images), count, seed)]
        features = extractor(chosen, progress) if progress else extractor(chosen)
        with contextlib.suppress(OSError):  # a cache that fails only saves no time
            archive.write_arrays(path, {"key": np.array(key), "features": features})
    return features


def sample(n, count, seed):
    """Which `count` of n images, int64 in rising order, as files like to be read."""
    if count == n:
        return np.arange(n)
    generator = np.random.Generator(np.random.Philox(seed))
    return np.sort(generator.choice(n, count, replace=False))


def _key(fingerprint, extractor, count, seed):
    parts = [FORMAT, str(fingerprint), extractor.name, extractor.weights_hash, count, int(seed)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _read(path, key, shape):
    """The features in a file of ours, or None for every other file."""
    expected = {"key": ((), f"<U{len(key)}"), "features": (shape, np.float32)}
    try:
        arrays = archive.read_arrays(path, expected)
    except UsageError:
        return None
    return arrays["features"] if str(arrays["key"]) == key else None

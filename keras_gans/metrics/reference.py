"""The statistics of the real images, computed once and kept by content."""

import contextlib
import hashlib
import json
from pathlib import Path

import numpy as np

from keras_gans.errors import UsageError
from keras_gans.metrics import archive
from keras_gans.metrics.statistics import Statistics

FORMAT = 1  # to be raised when the meaning of the numbers in a file changes


def reference_statistics(images, fingerprint, extractor, count, seed, cache_folder):
    """Mean and covariance of the features of a sample of real images.

    The result is kept in a file that carries the sha256 of everything it depends on. A file
    that is damaged, or says it is of something else, is computed anew and replaced; a folder
    that cannot be written costs only the time of the next call.

    Args:
        images: uint8 [n, height, width, channels], anything that NumPy can index.
        fingerprint: Text that changes when the images do, as their sha256.
        extractor: A `features.Extractor`, or what has its attributes and is called like it.
        count: How many images, chosen without replacement; all where there are not more.
        seed: Of the choice, an integer at least 0.
        cache_folder: Where the files are kept; made where it does not exist.

    Returns:
        `Statistics` of min(count, n) images.

    Raises:
        UsageError: Fewer than 2 images, or what the extractor refuses.
    """
    count = min(count, len(images))
    if count < 2:
        raise UsageError(f"a Fréchet distance needs at least 2 real images; these are {count}")
    key = _key(fingerprint, extractor, count, seed)
    path = Path(cache_folder) / f"{extractor.name}-{key[:16]}.npz"
    statistics = _read(path, key, extractor.dimension, count)
    if statistics is None:
        statistics = Statistics.from_features(extractor(images[_sample(len(images), count, seed)]))
        with contextlib.suppress(OSError):  # a cache that fails only saves no time
            archive.write_arrays(path, {"key": np.array(key), **statistics.to_arrays()})
    return statistics


def _sample(n, count, seed):
    """Which images: in rising order, as files like to be read."""
    if count == n:
        return np.arange(n)
    generator = np.random.Generator(np.random.Philox(seed))
    return np.sort(generator.choice(n, count, replace=False))


def _key(fingerprint, extractor, count, seed):
    parts = [FORMAT, str(fingerprint), extractor.name, extractor.weights_hash, count, int(seed)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _read(path, key, dimension, count):
    """What a file of ours holds, or None for every other file."""
    d = dimension
    expected = {
        "key": ((), f"<U{len(key)}"),
        "n": ((), np.int64),
        "mean": ((d,), np.float64),
        "scatter": ((d, d), np.float64),
    }
    try:
        arrays = archive.read_arrays(path, expected)
    except UsageError:
        return None
    genuine = str(arrays["key"]) == key and int(arrays["n"]) == count
    return Statistics.from_arrays(arrays) if genuine else None

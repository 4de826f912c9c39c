"""Features of a sample of a data set, computed once and cached on disk by content."""

import contextlib
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from keras_gans.errors import UsageError
from keras_gans.metrics.features import archive

FORMAT = 2  # raise it when the meaning of the numbers in a file changes
LIMIT = 2 << 30  # bytes of all files; 5,000 images in 2,048 features take 40 MB


def cached_features(source, extractor, count, seed, cache_folder, progress=None):
    """Features of a sample of a data set.

    The file of a cache entry contains the sha256 of everything that the features depend on. A
    file that is damaged, or belongs to another sample, is computed again and replaced. A folder
    that is not writable is no error: the features are computed again at the next call. A new
    file makes room for itself: those that were not used for the longest time are removed, as far
    as all together are larger than `LIMIT`.

    Args:
        source: Data set with `values` (array, first axis samples) and `fingerprint` (text that
            changes with the values, such as their sha256).
        extractor: A `features.Extractor` or an object with the same interface. Features without
            weights, which take no time, are not cached.
        count: Sample size, 1 to the size of the data set. The sample is drawn without
            replacement and keeps the order of the data set.
        seed: Seed of the sample, an integer at least 0; it has no effect if all are taken.
        cache_folder: Folder of the cache; created if it does not exist.
        progress: Called with (samples done, count) after every batch, if given.

    Returns:
        float32 `(count, d)`.

    Raises:
        UsageError: The data set is smaller than the sample, or the extractor refuses it.
    """
    n = len(source.values)
    if not 1 <= count <= n:
        raise UsageError(f"a sample of {count:,} is requested from a data set of {n:,}")
    if not extractor.weights_hash:
        return extractor(source.values[sample(n, count, seed)])
    key = _key(source.fingerprint, extractor, count, 0 if count == n else seed)
    path = Path(cache_folder) / f"{extractor.name}-{key[:16]}.npz"
    features = _read(path, key, (count, extractor.dimension))
    if features is None:
        features = extractor(source.values[sample(n, count, seed)], progress)
        with contextlib.suppress(OSError):
            archive.write_arrays(path, {"key": np.array(key), "features": features})
            _make_room(path)
    return features


def sample(n, count, seed):
    """Indices of a sample without replacement, int64 in rising order.

    Args:
        n: Size of the data set.
        count: Size of the sample, at most n.
        seed: Integer at least 0, or a list of them; it has no effect if count is n.
    """
    if count == n:
        return np.arange(n)
    generator = np.random.Generator(np.random.Philox(seed))
    return np.sort(generator.choice(n, count, replace=False))


def _key(fingerprint, extractor, count, seed):
    parts = [FORMAT, str(fingerprint), extractor.name, extractor.weights_hash, count, int(seed)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _make_room(new):
    """Removes the files of the cache that were used before all others; `new` stays."""
    left = LIMIT - new.stat().st_size
    others = [(path.stat(), path) for path in new.parent.glob(_FILES) if path != new]
    for stat, path in sorted(others, key=lambda other: other[0].st_mtime, reverse=True):
        left -= stat.st_size
        if left < 0:
            path.unlink(missing_ok=True)


_FILES = f"*-{'[0-9a-f]' * 16}.npz"


def _read(path, key, shape):
    """The features of a valid cache file with this key, or None."""
    expected = {"key": ((), f"<U{len(key)}"), "features": (shape, np.float32)}
    try:
        arrays = archive.read_arrays(path, expected)
    except UsageError:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # used now
    return arrays["features"] if str(arrays["key"]) == key else None

import os
from types import SimpleNamespace

import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.metrics.features import cache
from keras_gans.metrics.features.cache import cached_features

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 4, 4, 1)).astype(np.uint8)


def source(fingerprint="f"):
    return SimpleNamespace(values=IMAGES, fingerprint=fingerprint)


class Pixels:
    """An extractor whose features are the pixels; it records the sizes of its inputs."""

    def __init__(self, name="pixels", weights_hash="w", dimension=16):
        self.name, self.weights_hash, self.dimension = name, weights_hash, dimension
        self.seen = []

    def __call__(self, images, progress=None):
        self.seen.append(len(images))
        if progress is not None:
            progress(len(images), len(images))
        return images.reshape(len(images), -1).astype(np.float32)


@pytest.fixture
def ask(tmp_path):
    def ask(extractor, fingerprint="f", count=20, seed=0, folder=tmp_path / "c"):
        return cached_features(source(fingerprint), extractor, count, seed, folder)

    return ask


def pixels(images):
    return images.reshape(len(images), -1).astype(np.float32)


def test_the_second_call_computes_nothing_and_is_equal(ask):
    extractor = Pixels()
    first, second = ask(extractor), ask(extractor)
    assert extractor.seen == [20]
    assert np.array_equal(first, second)


def test_the_sample_is_without_replacement_and_depends_on_the_seed(ask):
    chosen = cache.sample(60, 20, 3)
    assert len(set(chosen)) == 20
    assert np.array_equal(chosen, cache.sample(60, 20, 3))
    assert not np.array_equal(chosen, cache.sample(60, 20, 4))
    expected = np.random.Generator(np.random.Philox(3)).choice(60, 20, replace=False)
    assert set(chosen) == set(expected)
    assert np.array_equal(ask(Pixels(), seed=3), pixels(IMAGES[chosen]))


def test_a_sample_of_all_is_the_same_for_all_seeds(ask):
    first, again = Pixels(), Pixels()
    assert np.array_equal(ask(first, count=60), pixels(IMAGES))
    assert np.array_equal(ask(again, count=60, seed=7), pixels(IMAGES))
    assert (first.seen, again.seen) == ([60], [])


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "g"},
        {"extractor": Pixels(name="others")},
        {"extractor": Pixels(weights_hash="v")},
        {"count": 21},
        {"seed": 1},
    ],
    ids=["data", "extractor", "weights", "count", "seed"],
)
def test_any_difference_is_computed_again(ask, change):
    ask(Pixels())
    extractor = change.setdefault("extractor", Pixels())
    ask(**change)
    assert len(extractor.seen) == 1


def test_another_version_of_the_format_is_computed_again(ask, monkeypatch):
    ask(Pixels())
    monkeypatch.setattr(cache, "FORMAT", cache.FORMAT + 1)
    extractor = Pixels()
    ask(extractor)
    assert extractor.seen == [20]


def only_file(folder):
    (name,) = os.listdir(folder)
    return folder / name


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_a_damaged_file_is_computed_again_and_replaced(ask, tmp_path, damage):
    right = ask(Pixels())
    path = only_file(tmp_path / "c")
    whole = path.read_bytes()
    middle = whole.index(right.tobytes())
    path.write_bytes({
        "cut": whole[:-40],
        "flip": whole[:middle] + bytes([whole[middle] ^ 4]) + whole[middle + 1 :],
        "empty": b"",
        "text": b"not an archive",
    }[damage])  # fmt: skip
    extractor = Pixels()
    assert np.array_equal(ask(extractor), right)
    assert extractor.seen == [20]
    assert path.read_bytes() == whole


def test_a_file_of_another_sample_under_the_right_name_is_not_used(ask, tmp_path):
    ask(Pixels(), seed=1)
    other = only_file(tmp_path / "c").read_bytes()
    right = ask(Pixels(), folder=tmp_path / "d")
    path = only_file(tmp_path / "d")
    path.write_bytes(other)
    assert np.array_equal(ask(Pixels(), folder=tmp_path / "d"), right)


@pytest.mark.parametrize("wrong", [np.zeros((19, 16), "f4"), np.full((20, 16), np.nan, "f4")])
def test_a_file_of_another_shape_or_with_nan_is_not_used(ask, tmp_path, wrong):
    right = ask(Pixels())
    path = only_file(tmp_path / "c")
    with np.load(path) as arrays:
        np.savez(path, **{**arrays, "features": wrong})
    assert np.array_equal(ask(Pixels()), right)


def test_a_folder_that_is_not_writable_is_no_error(ask, tmp_path):
    (tmp_path / "file").write_text("in the way")
    right = ask(Pixels())
    assert np.array_equal(ask(Pixels(), folder=tmp_path / "file"), right)
    assert np.array_equal(ask(Pixels(), folder=tmp_path / "file" / "below"), right)


@pytest.mark.parametrize("count", [0, 61])
def test_a_sample_of_an_impossible_size(ask, count, tmp_path):
    with pytest.raises(UsageError, match=f"a sample of {count} is requested .* of 60"):
        ask(Pixels(), count=count)
    assert not (tmp_path / "c").exists()


def test_progress_is_reported(tmp_path):
    calls = []
    cached_features(source(), Pixels(), 20, 0, tmp_path, lambda *call: calls.append(call))
    assert calls == [(20, 20)]


def test_features_without_weights_are_not_cached(ask, tmp_path):
    extractor = Pixels(weights_hash="")
    assert np.array_equal(ask(extractor, seed=3), ask(extractor, seed=3))
    assert extractor.seen == [20, 20]
    assert not (tmp_path / "c").exists()


def test_the_files_unused_for_the_longest_time_make_room(ask, tmp_path, monkeypatch):
    folder = tmp_path / "c"
    ask(Pixels())
    size = only_file(folder).stat().st_size
    monkeypatch.setattr(cache, "LIMIT", 3 * size)
    of_user = folder / "my-own.npz"
    of_user.write_bytes(b"0" * 9 * size)
    first = {0: only_of(folder, [of_user])}
    for seed in (1, 2):
        before = set(folder.iterdir())
        ask(Pixels(), seed=seed)
        first[seed] = only_of(folder, before)
    for seed, path in first.items():
        os.utime(path, (seed, seed))
    ask(Pixels(), seed=0)  # used again
    ask(Pixels(), seed=3)
    assert [path.exists() for path in first.values()] == [True, False, True]
    assert of_user.exists()
    monkeypatch.setattr(cache, "LIMIT", 1)
    ask(Pixels(), seed=4)
    assert len(set(folder.iterdir()) - {of_user}) == 1
    extractor = Pixels()
    ask(extractor, seed=4)
    assert extractor.seen == []


def only_of(folder, known):
    (path,) = set(folder.iterdir()) - set(known)
    return path

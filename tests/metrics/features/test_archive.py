import os
import zipfile

import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics.features.archive import array_names, read_arrays, write_arrays

ARRAYS = {"a/b": np.arange(6, dtype=np.float32).reshape(2, 3), "text": np.array("one")}
EXPECTED = {"a/b": ((2, 3), np.float32), "text": ((), str)}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "file.npz"
    write_arrays(path, ARRAYS)
    return path


def same(found):
    return all(np.array_equal(found[name], ARRAYS[name]) for name in ARRAYS)


def test_written_arrays_are_read(path):
    assert same(read_arrays(path, EXPECTED))
    assert array_names(path) == set(ARRAYS)
    with np.load(path) as arrays:
        assert same(arrays)


def test_the_same_arrays_give_the_same_bytes(path, tmp_path):
    write_arrays(tmp_path / "again.npz", ARRAYS)
    assert sha256(tmp_path / "again.npz") == sha256(path)


def test_a_transposed_array_is_read(tmp_path):
    array = np.asfortranarray(ARRAYS["a/b"])
    write_arrays(tmp_path / "f.npz", {"x": array})
    np.testing.assert_array_equal(
        read_arrays(tmp_path / "f.npz", {"x": ((2, 3), np.float32)})["x"], array
    )


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"a/b": ((3, 2), np.float32)}, r"a/b: float32 \(2, 3\) where float32 \(3, 2\)"),
        ({"a/b": ((2, 3), np.float64)}, "float64"),
        ({"a/b": ((2, 3), str)}, "where text"),
        ({"c": ((), np.float32)}, "no item named"),
    ],
)
def test_unexpected_arrays_are_refused(path, expected, message):
    with pytest.raises(UsageError, match=message):
        read_arrays(path, expected)


def test_values_that_are_not_finite_are_refused(tmp_path):
    write_arrays(tmp_path / "x.npz", {"x": np.array([1, np.nan], np.float32)})
    with pytest.raises(UsageError, match="NaN"):
        read_arrays(tmp_path / "x.npz", {"x": ((2,), np.float32)})


def test_pickled_arrays_are_not_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    np.savez(tmp_path / "x.npz", x=np.array([Trap()], dtype=object))
    for dtype in (np.float32, object, str):
        with pytest.raises(UsageError):
            read_arrays(tmp_path / "x.npz", {"x": ((1,), dtype)})
    assert not (tmp_path / "sprung").exists()


def test_a_header_of_more_data_than_the_file_has(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive, archive.open("x.npy", "w") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (10**9,)}
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(UsageError, match="length"):
        read_arrays(tmp_path / "x.npz", {"x": ((10**9,), np.float32)})


def test_every_truncation_is_refused(path):
    whole = path.read_bytes()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises(UsageError):
            read_arrays(path, EXPECTED)


def test_no_flipped_bit_changes_the_arrays(path):
    whole = path.read_bytes()
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 1 << i % 8]) + whole[i + 1 :])
        try:
            found = read_arrays(path, EXPECTED)
        except UsageError:
            continue
        assert same(found)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.npz"):
        read_arrays(tmp_path / "x.npz", {})
    with pytest.raises(UsageError, match=r"x\.npz"):
        array_names(tmp_path / "x.npz")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(path, monkeypatch, step):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="no space"):
        write_arrays(path, {"other": np.zeros(3)})
    assert same(read_arrays(path, EXPECTED))
    assert os.listdir(path.parent) == ["file.npz"]

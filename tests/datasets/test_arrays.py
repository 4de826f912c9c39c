"""Arrays are read exactly; bad files give one line, take no memory and are never unpickled."""

import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest

from keras_gans.datasets import Images, Points
from keras_gans.datasets.arrays import pictures, read_npy, read_npz
from keras_gans.errors import UsageError


def header(shape, dtype="|u1", version=1):
    """The beginning of an .npy file that declares an array."""
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(text)) + text


def save_members(path, compression=zipfile.ZIP_STORED, **members):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


@pytest.fixture
def npz(tmp_path):
    return tmp_path / "own.npz"


# .npz


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", "CF")
def test_npz_comes_back(npz, rng, save, order):
    images = rng.integers(0, 256, (4, 3, 5, 3), np.uint8)
    save(npz, images=np.asarray(images, order=order), labels=np.arange(4), names=list("abcd"))
    read = read_npz(npz, "train")
    assert np.array_equal(read.values, images) and read.labels.tolist() == [0, 1, 2, 3]
    assert (type(read), read.name, read.source) == (Images, "own", "own.npz")


def test_npz_in_the_layout_of_keras(npz, rng):
    parts = {
        part: rng.integers(0, 256, (n, 3, 5), np.uint8)
        for part, n in (("x_train", 4), ("x_test", 2))
    }
    np.savez(npz, **parts, y_train=np.arange(4), y_test=np.arange(2))
    for split in ("train", "test"):
        read = read_npz(npz, split)
        assert np.array_equal(read.values[..., 0], parts[f"x_{split}"])
        assert len(read.labels) == len(read)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_npz_of_points(npz, rng, dtype):
    points = (10 * rng.standard_normal((6, 2))).astype(dtype)
    np.savez(npz, points=points, labels=np.arange(6))
    read = read_npz(npz, "train")
    assert type(read) is Points and read.values.dtype == np.float32
    assert np.array_equal(read.values, points.astype(np.float32)) and read.classes == 6


@pytest.mark.parametrize("shape", [(6,), (6, 2, 1), (0, 2)])
def test_npz_of_points_of_another_shape(npz, refused, shape):
    np.savez(npz, points=np.zeros(shape))
    refused(r"points: float64 of the shape .*give numbers \(n, d\)", read_npz, npz, "train")


@pytest.mark.parametrize("second", ["x_train", "points"])
def test_npz_with_two_sets_is_ambiguous(npz, refused, second):
    images = np.zeros((1, 2, 2), np.uint8)
    np.savez(npz, images=images, **{second: images}, x_test=images)
    refused(f"arrays .*{second}.*; save one", read_npz, npz, "train")
    assert len(read_npz(npz, "test")) == 1


def test_npz_without_the_array(npz, refused):
    np.savez(npz, faces=np.zeros((1, 2, 2), np.uint8), names=["a"])
    refused(
        "no array 'images' for the split 'train', only faces, names; save it with "
        r"numpy.savez\('own.npz', images=...\)",
        read_npz,
        npz,
        "train",
    )
    refused("no array 'x_test'", read_npz, npz, "test")


def test_empty_npz(npz, refused):
    np.savez(npz)
    refused("only nothing", read_npz, npz, "train")


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, -1])
def test_truncated_npz(npz, rng, refused, kept):
    np.savez(npz, images=rng.integers(0, 256, (9, 30, 30), np.uint8))
    size = npz.stat().st_size
    os.truncate(npz, int(size * kept) if kept == 0.5 else kept % size)
    refused("cannot be read", read_npz, npz, "train")


def test_every_flipped_byte_is_noticed_or_harmless(npz, rng):
    images = rng.integers(0, 256, (2, 3, 3), np.uint8)
    np.savez(npz, images=images)
    good = npz.read_bytes()
    for position in range(len(good)):
        broken = bytearray(good)
        broken[position] ^= 0xFF
        npz.write_bytes(broken)
        try:
            read = read_npz(npz, "train").values
        except UsageError as error:
            assert "\n" not in str(error)
        else:
            assert np.array_equal(read[..., 0], images)


def test_pickled_array_is_not_run(npz, tmp_path, refused):
    class Gadget:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    objects = np.empty(1, object)
    objects[0] = Gadget()
    np.savez(npz, images=objects)
    refused("holds Python objects", read_npz, npz, "train")
    save_members(npz, images=header((1,), "|O") + pickle.dumps(Gadget()))
    refused("holds Python objects", read_npz, npz, "train")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((1 << 20, 1 << 10, 1 << 10), "declares 1024 GiB, and 16 is the most"),
        ((1 << 12, 1 << 10, 1 << 10), "which the file does not hold"),
        ((-4, -2, 2), "cannot be read"),
        ((-1, 4, 4), "which the file does not hold"),
        ((2, 2, 2), "which the file does not hold"),
    ],
)
def test_header_that_declares_too_much_or_too_little(npz, refused, shape, says):
    save_members(npz, images=header(shape) + bytes(16))
    refused(says, read_npz, npz, "train")


def test_zip_that_declares_more_than_it_can_hold(npz, refused):
    """The archive's own directory agrees with the header; only the compressed size tells."""
    start = header((1 << 10, 1 << 10, 1 << 10, 3))
    save_members(npz, zipfile.ZIP_DEFLATED, images=start + bytes(1 << 10))
    raw = bytearray(npz.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = raw.index(signature) + offset
        raw[place : place + 4] = struct.pack("<L", len(start) + (3 << 30))
    npz.write_bytes(raw)
    with zipfile.ZipFile(npz) as archive:  # the forgery is one
        assert archive.infolist()[0].file_size == len(start) + (3 << 30)
    refused("declares 3221225472 bytes, which the file does not hold", read_npz, npz, "train")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"not an array at all", "cannot be read"),
        (b"", "cannot be read"),
        (header((1, 2, 2))[:20], "cannot be read"),
        (header((1, 2, 2), version=3) + bytes(4), "version"),
        (header((1, 2, 2), "<i4") + bytes(16), "int32; save them as uint8"),
        (header((1, 4)) + bytes(4), "shape"),
        (header((0, 4, 4)), "no images"),
    ],
)
def test_member_that_is_no_set_of_images(npz, refused, data, says):
    save_members(npz, images=data)
    refused(says, read_npz, npz, "train")


def test_compression_that_numpy_does_not_use(npz, refused):
    save_members(npz, zipfile.ZIP_LZMA, images=header((1, 2, 2)) + bytes(4))
    refused("compressed in a way that numpy does not use", read_npz, npz, "train")


# .npy


@pytest.fixture
def npy(tmp_path):
    return tmp_path / "own.npy"


@pytest.mark.parametrize("shape", [(4, 3, 5, 3), (4, 3, 5)])
def test_npy_comes_back(npy, rng, shape):
    images = rng.integers(0, 256, shape, np.uint8)
    np.save(npy, images)
    read = read_npy(npy)
    assert np.array_equal(read.values.reshape(shape), images)
    assert (type(read), read.name, read.source, read.labels) == (Images, "own", "own.npy", None)


def test_npy_of_two_axes_holds_points(npy, rng):
    np.save(npy, points := rng.standard_normal((6, 2)).astype(np.float32))
    read = read_npy(npy)
    assert type(read) is Points and np.array_equal(read.values, points)


def test_npy_of_objects_is_not_unpickled(npy, tmp_path, refused):
    class Gadget:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    for data in (header((1,), "|O") + pickle.dumps(Gadget()), pickle.dumps(Gadget())):
        npy.write_bytes(data)
        refused("own.npy (holds Python objects|cannot be read)", read_npy, npy)
        refused("a (holds Python objects|cannot be read)", pictures, data, "a.npy", "a")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (header((1 << 20, 1 << 10, 1 << 10)), "declares 1024 GiB, and 16 is the most"),
        (header((1 << 12, 1 << 10, 1 << 10)) + bytes(9), "which the file does not hold"),
        (header((2, 2, 2)) + bytes(9), "which the file does not hold"),
        (header((2, 2, 2), "<i8") + bytes(64), "int64; save them as uint8"),
        (header((2,)) + bytes(2), "save them as .n, height, width, channels."),
        (b"", "cannot be read"),
    ],
)
def test_npy_that_is_no_data_set(npy, refused, data, says):
    npy.write_bytes(data)
    refused(says, read_npy, npy)


# among image files


def saved(save, *arguments, **members):
    file = io.BytesIO()
    save(file, *arguments, **members)
    return file.getvalue()


@pytest.mark.parametrize(
    ("shape", "read_as"),
    [
        ((4, 6), (1, 4, 6, 1)),
        ((4, 6, 1), (1, 4, 6, 1)),
        ((4, 6, 3), (1, 4, 6, 3)),
        ((2, 4, 6, 3), (2, 4, 6, 3)),
    ],
)
def test_an_npy_among_images_is_one_picture_or_several(rng, shape, read_as):
    values = rng.integers(0, 256, shape, np.uint8)
    read = pictures(saved(np.save, values), "a.NPY", "a")
    assert read.shape == read_as and np.array_equal(read.reshape(shape), values)


@pytest.mark.parametrize("key", ["images", "x_train"])
def test_an_npz_among_images_holds_several(rng, key):
    values = rng.integers(0, 256, (2, 4, 6), np.uint8)
    read = pictures(saved(np.savez, **{key: values}, labels=[1, 2]), "a.npz", "a")
    assert np.array_equal(read, values[..., np.newaxis])


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (saved(np.save, np.zeros((4, 6), np.float32)), "a.npy", "float32; save them as uint8"),
        (saved(np.save, np.zeros((4, 6, 5), np.uint8)), "a.npy", "5 channels"),
        (saved(np.save, np.zeros(4, np.uint8)), "a.npy", "shape"),
        (saved(np.savez, points=np.zeros((4, 2))), "a.npz", "no array 'images'"),
        (header((9999, 9999)) + bytes(9), "a.npy", "which the file does not hold"),
        (b"PK", "a.npz", "cannot be read"),
    ],
)
def test_an_array_among_images_that_holds_no_pictures(refused, data, name, says):
    refused(f"^here.*{says}", pictures, data, name, "here")

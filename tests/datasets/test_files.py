"""Good files are read exactly; bad files give one line and take no memory."""

import os
import pickle
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_gans.datasets import Images, Points
from keras_gans.datasets.files import decode, pictures, read_images, read_npz
from keras_gans.errors import UsageError


@pytest.fixture
def refused():
    """A function that expects a `UsageError` of one line that matches, with little memory."""

    def refuse(match, read, *arguments):
        tracemalloc.start()
        try:
            with pytest.raises(UsageError, match=match) as error:
                read(*arguments)
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 600

    return refuse


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


# image files


def test_modes(encoded, rng):
    colour = rng.integers(0, 256, (4, 6, 3), np.uint8)
    grey = np.ascontiguousarray(colour[..., 0])
    for kind in ("PNG", "BMP"):
        assert np.array_equal(decode(encoded(colour, kind), ""), colour)
        assert np.array_equal(decode(encoded(grey, kind), ""), grey)
    assert np.array_equal(decode(encoded(colour, "WEBP", lossless=True), ""), colour)
    assert decode(encoded(colour, "JPEG"), "").mode == "RGB"
    assert decode(encoded(grey, "JPEG"), "").mode == "L"
    two = Image.fromarray(np.uint8([[0, 255]])).convert("1")
    assert np.asarray(decode(encoded(two), "")).tolist() == [[0, 255]]
    palette = Image.fromarray(colour).quantize(8)
    for kind in ("PNG", "GIF"):
        assert np.array_equal(decode(encoded(palette, kind), ""), palette.convert("RGB"))


def test_transparency_is_laid_over_white(encoded):
    rgba = np.uint8([[[10, 20, 30, 255], [10, 20, 30, 0]]])
    assert np.asarray(decode(encoded(rgba), "")).tolist() == [[[10, 20, 30], [255, 255, 255]]]
    grey = Image.fromarray(np.uint8([[[7, 255], [7, 0]]]), "LA")
    assert np.asarray(decode(encoded(grey), "")).tolist() == [[7, 255]]
    palette = Image.new("P", (2, 1))
    palette.putpalette([1, 2, 3, 4, 5, 6])
    palette.putpixel((1, 0), 1)
    read = decode(encoded(palette, transparency=1), "")
    assert np.asarray(read).tolist() == [[[1, 2, 3], [255, 255, 255]]]


def test_photographs_are_turned_upright(encoded):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    assert decode(encoded(np.zeros((4, 6), np.uint8), "JPEG", exif=exif), "").size == (4, 6)


def png_header(width, height):
    chunk = b"IHDR" + struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = b"IDAT" + zlib.compress(bytes(99))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(part) - 4) + part + struct.pack(">L", zlib.crc32(part))
        for part in (chunk, pixels, b"IEND")
    )


@pytest.mark.parametrize(
    ("side", "says"),
    [
        (5000, "own has 5000 x 5000 pixels, more than 16777216; make it smaller"),
        (12000, "own cannot be read .DecompressionBombWarning"),
        (60000, "own cannot be read .DecompressionBombError"),
        (1 << 31, "own cannot be read"),
    ],
)
def test_image_bomb(refused, side, says):
    refused(says, decode, png_header(side, side), "own")


def test_broken_images(encoded, rng, refused):
    good = encoded(rng.integers(0, 256, (40, 40, 3), np.uint8))
    for data in (b"", b"a text file", good[:20], good[:-500], b"%!PS-Adobe-3.0 EPSF-3.0\n"):
        refused("own cannot be read .*; repair the image or take it out", decode, data, "own")


def test_16_bits(encoded, refused):
    refused("more than 8 bits", decode, encoded(np.zeros((2, 2), np.uint16)), "own")


@pytest.fixture(params=["folder", "zip"])
def fill(request, tmp_path):
    """A function that writes files, into a folder or into a .zip, and returns its path."""

    def write(**files):
        if request.param == "zip":
            path = tmp_path / "own.zip"
            with zipfile.ZipFile(path, "w") as archive:
                for name, data in files.items():
                    archive.writestr(name, data)
            return path
        path = tmp_path / "own"
        path.mkdir(exist_ok=True)
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path

    return write


def test_images_come_in_the_order_of_their_names(fill, encoded, rng):
    images = rng.integers(0, 256, (4, 5, 6, 3), np.uint8)
    names = ["a.png", "b/a.BMP", "b/b.Png", "c.webp"]
    kinds = ["PNG", "BMP", "PNG", "WEBP"]
    files = {
        name: encoded(image, kind, **({"lossless": True} if kind == "WEBP" else {}))
        for name, image, kind in zip(names, images, kinds, strict=True)
    }
    ignored = {"README.txt": b"hello", ".hidden.png": b"x", "__MACOSX/._a.png": b"x"}
    path = fill(**dict(reversed(files.items())), **ignored)
    found, skipped = read_images(path)
    assert np.array_equal(found, images) and not skipped
    with pictures(path) as (found, read):
        assert found == names and read("a.png") == files["a.png"]


def test_grey_images_have_one_channel(fill, encoded, rng):
    image = rng.integers(0, 256, (5, 6), np.uint8)
    found, _ = read_images(fill(**{"a.png": encoded(image)}))
    assert np.array_equal(found, image[None, ..., None])


def test_sizes_that_differ(fill, encoded, refused):
    path = fill(
        **{
            "a.png": encoded(np.zeros((10, 12, 3), np.uint8)),
            "b.png": encoded(np.zeros((9, 8, 3), np.uint8)),
        }
    )
    refused(
        "'a.png' is 12x10 RGB but 'b.png' is 8x9 RGB; .*-path NEW_FOLDER .*-resize 8x9",
        read_images,
        path,
    )


def test_grey_among_colours(fill, encoded, refused):
    path = fill(
        **{
            "a.png": encoded(np.zeros((9, 8, 3), np.uint8)),
            "b.png": encoded(np.zeros((9, 8), np.uint8)),
        }
    )
    refused("'a.png' is 8x9 RGB but 'b.png' is 8x9 grey", read_images, path)


def test_no_images(fill, refused):
    refused(
        "holds no image; put files in it that end in .bmp, .gif",
        read_images,
        fill(**{"notes.txt": b"hello"}),
    )


def test_text_with_the_name_of_an_image(fill, encoded, refused):
    path = fill(**{"a.png": encoded(np.zeros((2, 2), np.uint8)), "b.png": b"dear diary"})
    refused("'b.png' cannot be read .*take it out", read_images, path)


def test_damaged_images_are_skipped_on_request(fill, encoded, rng):
    images = rng.integers(0, 256, (2, 8, 9, 3), np.uint8)
    good = {f"{name}.png": encoded(image) for name, image in zip("bd", images, strict=True)}
    bad = {"a.png": b"text", "c.png": encoded(images[0])[:-30]}
    found, skipped = read_images(fill(**good, **bad), damaged="skip")
    assert np.array_equal(found, images)
    assert ["'a.png'" in skipped[0], "'c.png'" in skipped[1]] == [True, True]


def test_nothing_but_damaged_images(fill, refused):
    path = fill(**{"a.png": b"text", "b.png": b"text"})
    refused("none of its 2 images can be read: .*'a.png'", read_images, path, "skip")


def test_neither_folder_nor_zip(tmp_path, refused):
    (tmp_path / "own.h5").write_bytes(b"\x89HDF")
    refused(
        "cannot be read .*; give a folder or a .zip of images, or an .npz",
        read_images,
        tmp_path / "own.h5",
    )


def test_broken_member_of_a_zip(tmp_path, encoded, refused):
    path = tmp_path / "own.zip"
    data = encoded(np.zeros((9, 9), np.uint8))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", data)
    path.write_bytes(path.read_bytes().replace(data[-8:], bytes(8)))
    refused("'a.png' cannot be read .*CRC", read_images, path)


def test_zip_with_a_huge_member(tmp_path, refused):
    path = tmp_path / "own.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.png", "w") as member,
    ):
        for _ in range(130):
            member.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    refused("'a.png' has more than 128 MiB", read_images, path)


def test_a_file_name_with_a_line_break(tmp_path, refused):
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as archive:
        archive.writestr("a\nb.png", b"hello")
    refused(r"'a\\nb.png' cannot be read", read_images, tmp_path / "own.zip")


def test_encrypted_zip(tmp_path, encoded, refused):
    path = tmp_path / "own.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", encoded(np.zeros((2, 2), np.uint8)))
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    path.write_bytes(raw)
    refused("encrypted", read_images, path)


def test_more_images_than_memory(tmp_path, encoded, refused, monkeypatch):
    monkeypatch.setattr("keras_gans.datasets.files.MAX_BYTES", 100)
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(encoded(np.zeros((6, 10), np.uint8)))
    refused("2 images of 10x6 grey are more than", read_images, tmp_path)

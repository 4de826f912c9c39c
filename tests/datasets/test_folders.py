"""Pictures in folders and .zip files: what is read, how it is fitted, and what is refused."""

import re
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_gans.datasets.folders import decode, fitted, listed, read_images


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
        (9000, "own has 9000 x 9000 pixels, more than 67108864; make it smaller"),
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
    found, skipped, notes = read_images(path)
    assert np.array_equal(found, images) and not skipped
    assert notes == ("1 other file (.txt) not read",)
    with listed(path) as (found, _, read):
        assert found == names and read("a.png") == files["a.png"]


def test_grey_images_have_one_channel(fill, encoded, rng):
    image = rng.integers(0, 256, (5, 6), np.uint8)
    found, *_ = read_images(fill(**{"a.png": encoded(image)}))
    assert np.array_equal(found, image[None, ..., None])


def test_sizes_that_differ(fill, encoded, refused):
    path = fill(
        **{
            "a.png": encoded(np.zeros((10, 12, 3), np.uint8)),
            "b.png": encoded(np.zeros((9, 8), np.uint8)),
        }
    )
    says = "'a.png' is 12x10 RGB but 'b.png' is 8x9 grey; give --resize N --crop center"
    refused(says, read_images, path)
    says = "'a.png' is 12x10 RGB, not square; give --resize 4 --crop center"
    refused(says, read_images, path, "refuse", 4)
    assert read_images(path, "refuse", 4, "center")[0].shape == (2, 4, 4, 3)


@pytest.mark.parametrize("first", ["colour", "grey"])
def test_grey_among_colours_becomes_rgb(fill, encoded, rng, first):
    colour = rng.integers(0, 256, (3, 9, 8, 3), np.uint8)
    grey = rng.integers(0, 256, (2, 9, 8, 1), np.uint8)
    as_rgb = np.repeat(grey, 3, axis=3)
    order = [colour, as_rgb] if first == "colour" else [as_rgb, colour]
    files = [colour[0], colour[1], colour[2], grey[0, ..., 0], grey[1, ..., 0]]
    files = files if first == "colour" else files[3:] + files[:3]
    path = fill(**{f"{index}.png": encoded(file) for index, file in enumerate(files)})
    found, _, notes = read_images(path)
    assert np.array_equal(found, np.concatenate(order)) and notes == ("2 grey, as RGB",)


def test_arrays_among_images(fill, encoded, saved, rng):
    images = rng.integers(0, 256, (7, 5, 6, 3), np.uint8)
    grey = rng.integers(0, 256, (2, 5, 6), np.uint8)
    path = fill(
        **{
            "a.npz": saved(np.savez, images=grey),
            "b.png": encoded(images[0]),
            "c/a.npy": saved(np.save, images[1]),
            "c/b.npz": saved(np.savez_compressed, images=images[2:6], labels=np.arange(4)),
            "d.png": encoded(images[6]),
        }
    )
    found, _, notes = read_images(path)
    assert np.array_equal(found[:2], np.repeat(grey[..., None], 3, axis=3))
    assert np.array_equal(found[2:], images) and notes == ("2 grey, as RGB",)


def test_damaged_arrays_are_damaged_files(fill, encoded, saved, refused):
    image = np.zeros((2, 2), np.uint8)
    objects = saved(np.save, np.array([{}], object))
    path = fill(**{"a.png": encoded(image), "b.npy": objects, "c.npz": b"PK"})
    refused("'b.npy' holds Python objects", read_images, path)
    found, skipped, _ = read_images(path, "skip")
    assert (len(found), len(skipped)) == (1, 2)


def test_no_images(fill, refused):
    path = fill(**{"notes.txt": b"hello", "inner.zip": b"PK", "x.\x1b[31m": b"", ".a.png": b""})
    says = "holds no image, only 3 other files .*txt.*zip.*; put files in it that end in .bmp, .gif"
    refused(says, read_images, path)


def test_an_empty_folder(tmp_path, refused):
    refused("holds no image; put files in it", read_images, tmp_path)


def test_text_with_the_name_of_an_image(fill, encoded, refused):
    path = fill(**{"a.png": encoded(np.zeros((2, 2), np.uint8)), "b.png": b"dear diary"})
    refused("'b.png' cannot be read .*take it out", read_images, path)


def test_damaged_images_are_skipped_on_request(fill, encoded, rng):
    images = rng.integers(0, 256, (2, 8, 9, 3), np.uint8)
    good = {f"{name}.png": encoded(image) for name, image in zip("bd", images, strict=True)}
    bad = {"a.png": b"text", "c.png": encoded(images[0])[:-30]}
    found, skipped, notes = read_images(fill(**good, **bad), damaged="skip")
    assert np.array_equal(found, images)
    assert ["'a.png'" in skipped[0], "'c.png'" in skipped[1]] == [True, True]
    assert re.match("2 damaged left out, the first: 'a.png' cannot be read", notes[0])


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
    refused("2 images of 10x6 are more than .*smaller with --resize N", read_images, tmp_path)


# squares and sizes


def test_names_in_every_script(fill, encoded):
    names = ["a b.png", "\u00e9t\u00e9/\u82b1.png", "\U0001f600.png"]
    image = np.zeros((2, 2), np.uint8)
    path = fill(**{name: encoded(image + index) for index, name in enumerate(names)})
    assert read_images(path)[0][:, 0, 0, 0].tolist() == [0, 1, 2]


def test_the_middle_square_is_taken(rng):
    pixels = rng.integers(0, 256, (2, 5, 8, 3), np.uint8)
    assert np.array_equal(fitted(pixels, "", crop="center"), pixels[:, :, 1:6])
    tall = pixels.swapaxes(1, 2)
    assert np.array_equal(fitted(tall, "", crop="center"), tall[:, 1:6])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_of_the_size_is_left_as_it_is(rng, channels):
    pixels = rng.integers(0, 256, (2, 5, 5, channels), np.uint8)
    assert np.array_equal(fitted(pixels, "", 5, "center"), pixels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [1, 16])
def test_smaller_pictures_have_no_aliasing(channels, side):
    """Stripes of one pixel become the grey between them, not stripes of another width."""
    stripes = np.zeros((1, 320, 320, channels), np.uint8)
    stripes[:, :, ::2] = 255
    small = fitted(stripes, "", side)
    assert small.shape == (1, side, side, channels)
    assert np.abs(small.astype(int) - 127.5).max() <= 3


def test_a_photograph_is_decoded_small_and_looks_the_same(encoded):
    y, x = np.mgrid[:1200, :1600] / 100
    waves = 127.5 + 60 * np.stack([np.sin(x), np.cos(y), np.sin(x + y)], axis=-1)
    data = encoded(waves.astype(np.uint8), "JPEG", quality=95)
    small = decode(data, "", 3 * 64)
    assert small.size == (400, 300)  # a quarter: an eighth would have fewer than 192 rows
    cut = [
        fitted(np.asarray(image)[np.newaxis], "", 64, "center")
        for image in (small, decode(data, ""))
    ]
    assert np.abs(cut[0].astype(int) - cut[1]).max() <= 3


def test_turned_photographs_are_cut_upright(fill, encoded):
    exif = Image.Exif()
    exif[0x0112] = 6
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, :20] = 255  # the left quarter is the top one when it is turned
    path = fill(**{"a.jpg": encoded(image, "JPEG", exif=exif)})
    assert read_images(path)[0].shape == (1, 80, 40, 3)
    cut, *_ = read_images(path, crop="center")
    assert cut.shape == (1, 40, 40, 3) and cut.max() < 20
    upright, *_ = read_images(path)
    assert upright[0, :15].min() > 240


def test_a_photograph_is_called_by_its_own_size(fill, encoded, refused):
    path = fill(**{"a.jpg": encoded(np.zeros((401, 402, 3), np.uint8), "JPEG")})
    refused("'a.jpg' is 402x401 RGB, not square", read_images, path, "refuse", 8)


def test_enlarged_pictures_are_counted(fill, encoded):
    path = fill(
        **{
            "a.png": encoded(np.full((4, 9), 7, np.uint8)),
            "b.png": encoded(np.full((9, 9), 7, np.uint8)),
        }
    )
    found, _, notes = read_images(path, resize=8, crop="center")
    assert (found == 7).all() and notes == ("1 smaller than 8x8, enlarged",)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg", "tiff_adobe_deflate"])
def test_tiff(encoded, rng, compression):
    image = np.repeat(rng.integers(0, 256, (1, 1, 3), np.uint8), 16 * 16, 0).reshape(16, 16, 3)
    read = np.asarray(decode(encoded(image, "TIFF", compression=compression), ""))
    assert np.abs(read.astype(int) - image).max() <= 4 * (compression == "jpeg")


def test_the_first_page_of_a_tiff_is_taken(encoded, rng):
    first, second = (Image.fromarray(rng.integers(0, 256, (4, 6), np.uint8)) for _ in "ab")
    data = encoded(first, "TIFF", save_all=True, append_images=[second])
    assert np.array_equal(decode(data, ""), first)


def test_broken_tiffs_are_refused_without_warnings(encoded, rng, refused, recwarn):
    good = encoded(rng.integers(0, 256, (40, 40, 3), np.uint8), "TIFF", compression="tiff_lzw")
    for data in (good[:50], good[:-400], good[:200] + bytes(900) + good[1100:]):
        refused("own cannot be read .*; repair the image or take it out", decode, data, "own")
    assert not recwarn


@pytest.mark.parametrize("kind", ["I;16", "F", "I"])
def test_grey_tiffs_of_more_than_8_bits(encoded, refused, kind):
    dtype = {"I;16": np.uint16, "F": np.float32, "I": np.int32}[kind]
    refused("more than 8 bits", decode, encoded(np.zeros((2, 2), dtype), "TIFF"), "own")

"""Reading data from files that are not trusted.

The size that a file declares is checked before memory is taken for it. Nothing in a file is
executed. Every fault becomes one `UsageError` that names the file.
"""

import io
import math
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import PurePosixPath

import numpy as np

from keras_gans.datasets.sources import Images, Points, check_images, check_points
from keras_gans.errors import UsageError

FORMATS = {
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "WEBP": (".webp",),
}
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
MAX_BYTES = 16 << 30  # of one array: more than any experiment can use
MAX_FILE = 128 << 20  # of one encoded image
MAX_PIXELS = 1 << 24  # of one image: 4096 x 4096
MAX_DEFLATE = 1032  # bytes that one deflated byte can stand for, at most
MAX_FILES = 2_000_000  # in one folder or .zip


@contextmanager
def reading(what, advice):
    """Turns every error inside into one `UsageError`; a `UsageError` passes unchanged.

    Args:
        what: The file, or the thing, that is read.
        advice: Advice to the user; the end of the message.
    """
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())  # libraries' messages may have several lines
        said = f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__
        raise UsageError(f"{what} cannot be read ({said}); {advice}") from error


def read_npz(path, split):
    """Reads a data set from an .npz file.

    Args:
        path: `Path` of the file.
        split: `train` or `test`: the arrays are `x_<split>` and `y_<split>` as in those of Keras,
            or for `train` also `images`, or `points` `(n, d)`, and perhaps `labels`.

    Returns:
        `Images` or `Points`, with the name of the file.

    Raises:
        UsageError: The file is broken, or does not hold exactly one such array.
    """
    kinds = {f"x_{split}": f"y_{split}"}
    if split == "train":
        kinds |= {"images": "labels", "points": "labels"}
    with (
        reading(path, "is it an .npz that was written to its end?"),
        zipfile.ZipFile(path) as archive,
    ):
        arrays = {member.removesuffix(".npy") for member in archive.namelist()}
        found = [key for key in kinds if key in arrays]
        if not found:
            wanted = "images" if split == "train" else f"x_{split}"
            raise UsageError(
                f"{path} has no array {wanted!r} for the split {split!r}, only "
                f"{', '.join(sorted(arrays)) or 'nothing'}; save it with "
                f"numpy.savez({path.name!r}, {wanted}=...)"
            )
        if len(found) > 1:
            raise UsageError(f"{path} has the arrays {' and '.join(found)}; save one of them only")
        (key,), labels = found, kinds[found[0]]
        check = check_points if key == "points" else check_images
        values = _read_array(archive, key, path, check)
        labels = _read_array(archive, labels, path) if labels in arrays else None
    kind = Points if key == "points" else Images
    return kind(path.stem, values, labels, source=path.name)


def _read_array(archive, key, path, check=lambda shape, dtype, source: None):
    """Reads one array of an .npz: the header first, and the rest only if the header can be true."""
    member = archive.getinfo(f"{key}.npy")
    source = f"{path}: {key}"
    possible = member.compress_size
    if member.compress_type == zipfile.ZIP_DEFLATED:
        possible *= MAX_DEFLATE
    elif member.compress_type != zipfile.ZIP_STORED:
        raise UsageError(
            f"{source} is compressed in a way that numpy does not use; save it with numpy.savez"
        )
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise UsageError(f"{source} has the .npy version {version}; save it as a plain array")
        shape, _, dtype = read_header(stream)
        declared = math.prod(shape) * dtype.itemsize
        held = member.file_size - stream.tell()
    if dtype.hasobject:
        raise UsageError(
            f"{source} holds Python objects, which can run code when read; save it as a plain array"
        )
    check(shape, dtype, source)
    if declared > MAX_BYTES:
        raise UsageError(
            f"{source} declares {declared / 2**30:.0f} GiB, and "
            f"{MAX_BYTES >> 30} is the most; save fewer or smaller images"
        )
    if declared != held or member.file_size > possible:
        raise UsageError(
            f"{source} declares {declared} bytes, which the file does not hold; "
            "make or fetch it again"
        )
    with archive.open(member) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


@contextmanager
def pictures(path):
    """Lists the image files of a folder or a .zip, with subfolders, without hidden files.

    Args:
        path: `Path` of the folder or the .zip.

    Yields:
        (names, read): the sorted names, relative to the folder, and a function from one of them
        to the bytes of its file.

    Raises:
        UsageError: There is no image, or the path cannot be read.
    """
    with reading(path, "give a folder or a .zip of images, or an .npz"):
        if path.is_dir():
            sizes = {
                file.relative_to(path).as_posix(): file.stat().st_size
                for file in path.rglob("*")
                if _is_picture(file.relative_to(path)) and file.is_file()
            }
            archive, opened = None, lambda name: (path / name).read_bytes()
        else:
            archive = zipfile.ZipFile(path)
            sizes = {
                member.filename: member.file_size
                for member in archive.infolist()
                if _is_picture(PurePosixPath(member.filename)) and not member.is_dir()
            }
            opened = archive.read

    def read(name):
        with reading(f"{path}: {name!r}", "repair the file or take it out"):
            return opened(name)

    try:
        if not sizes:
            raise UsageError(
                f"{path} holds no image; put files in it that end in {', '.join(SUFFIXES)}"
            )
        if len(sizes) > MAX_FILES:
            raise UsageError(f"{path} holds more than {MAX_FILES:,} images; take fewer")
        huge = next((name for name, size in sizes.items() if size > MAX_FILE), None)
        if huge is not None:
            raise UsageError(f"{path}: {huge!r} has more than {MAX_FILE >> 20} MiB; take it out")
        yield sorted(sizes), read
    finally:
        if archive is not None:
            archive.close()


def _is_picture(name):
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return name.suffix.lower() in SUFFIXES and not hidden


def decode(data, what):
    """Decodes an image file.

    Grey stays grey; every other mode becomes RGB, a palette by its colours. Transparent pixels are
    laid over white, as a viewer shows them. Photographs are turned upright. The first frame of an
    animation is taken.

    Args:
        data: The bytes of a file in one of `FORMATS`.
        what: The name to begin the message with.

    Returns:
        A Pillow image of mode `L` or `RGB`.

    Raises:
        UsageError: It is no such image, is broken or too large, or is grey with more than 8 bits.
    """
    from PIL import Image, ImageOps

    with reading(what, "repair the image or take it out"), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data), formats=tuple(FORMATS)) as image:
            if image.width * image.height > MAX_PIXELS:  # the header is read, not yet the pixels
                raise UsageError(
                    f"{what} has {image.width} x {image.height} pixels, more than "
                    f"{MAX_PIXELS}; make it smaller or take it out"
                )
            if image.mode in ("I", "F") or image.mode.startswith("I;"):
                raise UsageError(f"{what} is grey with more than 8 bits; save it with 8")
            image = ImageOps.exif_transpose(image)
            grey = image.mode in ("1", "L", "LA")
            if image.has_transparency_data:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            return image.convert("L" if grey else "RGB")


def read_images(path, damaged="refuse"):
    """Reads every image of a folder or a .zip; all must have the same size and colour mode.

    Args:
        path: `Path` of the folder or the .zip.
        damaged: For images that cannot be read: "refuse" all, or "skip" these.

    Returns:
        (images, skipped): uint8 `(n, height, width, channels)`, in the order of the names, and
        one message for each image that was left out.

    Raises:
        UsageError: An image differs from the first, is broken, or there is none.
    """
    with pictures(path) as (names, read):
        images, kept, skipped = None, 0, []
        for name in names:
            try:
                image = decode(read(name), f"{path}: {name!r}")
            except UsageError as error:
                if damaged != "skip":
                    raise
                skipped.append(str(error))
                continue
            pixels = np.asarray(image).reshape(image.height, image.width, -1)
            if images is None:
                if pixels.nbytes * len(names) > MAX_BYTES:
                    raise UsageError(
                        f"{path}: {len(names)} images of {_described(pixels)} are "
                        f"more than {MAX_BYTES >> 30} GiB; take fewer or smaller ones"
                    )
                first = name
                with reading(path, "take fewer or smaller images"):
                    images = np.empty((len(names), *pixels.shape), np.uint8)
            elif pixels.shape != images.shape[1:]:
                size = f"{image.width}x{image.height}"
                raise UsageError(
                    f"{path}: {first!r} is {_described(images[0])} but {name!r} is "
                    f"{_described(pixels)}; give all the same size and colour, for example with "
                    f"ImageMagick: mogrify -path NEW_FOLDER -type TrueColor -resize {size}^ "
                    f"-gravity center -extent {size} *{PurePosixPath(name).suffix}"
                )
            images[kept] = pixels
            kept += 1
        if images is None:
            raise UsageError(f"{path}: none of its {len(names)} images can be read: {skipped[0]}")
    return images[:kept], skipped


def _described(pixels):
    height, width, channels = pixels.shape
    return f"{width}x{height} {'grey' if channels == 1 else 'RGB'}"

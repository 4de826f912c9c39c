"""Reading images from files that nobody vouches for.

What a file declares is checked before memory is taken for it, nothing in it is executed, and
whatever is wrong with it becomes one `UsageError` that names the file.
"""

import io
import math
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import PurePosixPath

import numpy as np

from keras_gans.errors import UsageError

FORMATS = {
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "WEBP": (".webp",),
}
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
MAX_BYTES = 16 << 30  # of one array: more than any of these experiments can use
MAX_FILE = 128 << 20  # of one encoded image
MAX_PIXELS = 1 << 24  # of one image: 4096 x 4096
MAX_DEFLATE = 1032  # bytes that one deflated byte can stand for, at most
MAX_FILES = 2_000_000  # in one folder or .zip


@contextmanager
def reading(what, advice):
    """Turns whatever goes wrong inside into one `UsageError`; one raised inside passes as it is.

    Args:
        what: The file, or the thing, that is being read.
        advice: What to do where it cannot be.
    """
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())  # libraries' messages may have several lines
        said = f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__
        raise UsageError(f"{what} cannot be read ({said}); {advice}") from error


def check_images(shape, dtype, source):
    """Checks that an array can be a set of images, from its header alone.

    Args:
        shape: Of the array: [n, height, width, channels], or [n, height, width] for grey.
        dtype: Of the array: uint8, or floats, whose values are to be looked at later.
        source: The name to begin the message with.

    Raises:
        UsageError: It cannot.
    """
    if dtype != np.uint8 and dtype.kind != "f":
        raise UsageError(f"{source}: the images are {dtype}; save them as uint8, 0 to 255")
    if len(shape) not in (3, 4):
        raise UsageError(
            f"{source}: the images have the shape {list(shape)}; "
            "save them as [n, height, width, channels], or [n, height, width] if grey"
        )
    if 0 in shape:
        raise UsageError(
            f"{source}: no images, the array has the shape {list(shape)}; give it at least one"
        )
    if len(shape) == 4 and shape[3] not in (1, 3):
        raise UsageError(
            f"{source}: the images have {shape[3]} channels in the shape "
            f"{list(shape)}; save them with 1 or 3 channels, as the last axis"
        )


def check_labels(labels, count, source):
    """The labels as int64 [count].

    Args:
        labels: Integers [count], or [count, 1] as in some of Keras's data sets.
        count: How many images there are.
        source: The name to begin the message with.

    Raises:
        UsageError: They are not integers, or not one for each image.
    """
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape not in ((count,), (count, 1)):
        raise UsageError(
            f"{source}: the labels are {labels.dtype} {list(labels.shape)}; "
            f"save one integer for each of the {count} images"
        )
    return labels.reshape(count).astype(np.int64)


def read_npz(path, split):
    """Reads images and labels from an .npz file.

    Args:
        path: `Path` of the file.
        split: `train` or `test`: the arrays are `x_<split>` and `y_<split>`, or for `train`
            also `images` and `labels`.

    Returns:
        (images, labels): uint8 [n, height, width, channels] or [n, height, width], and integers
        [n] or None.

    Raises:
        UsageError: The file is broken, or does not hold that.
    """
    with (
        reading(path, "is it an .npz that was written to its end?"),
        zipfile.ZipFile(path) as archive,
    ):
        arrays = {name.removesuffix(".npy") for name in archive.namelist()}
        images, labels = f"x_{split}", f"y_{split}"
        if images not in arrays and split == "train":
            images, labels = "images", "labels"
        if images not in arrays:
            raise UsageError(
                f"{path} has no array {images!r} for the split {split!r}, only "
                f"{', '.join(sorted(arrays)) or 'nothing'}; save it with "
                f"numpy.savez({path.name!r}, {images}=...)"
            )
        return (
            _read_array(archive, images, path, check_images),
            _read_array(archive, labels, path) if labels in arrays else None,
        )


def _read_array(archive, key, path, check=lambda shape, dtype, source: None):
    """Reads one array of an .npz: its header first, and the rest only if that can be true."""
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
    """The image files of a folder or a .zip, subfolders included, hidden ones left out.

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
        with reading(f"{path}: {name!r}", "mend the file or take it out"):
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

    Grey stays grey; everything else becomes RGB, a palette by its colours. What is transparent is
    laid over white, as a viewer shows it. Photographs are turned upright, and of an animation the
    first frame is taken.

    Args:
        data: The bytes of a file in one of `FORMATS`.
        what: The name to begin the message with.

    Returns:
        A Pillow image of mode `L` or `RGB`.

    Raises:
        UsageError: It is not such an image, is broken or absurdly large, or is grey with more
            than 8 bits.
    """
    from PIL import Image, ImageOps

    with reading(what, "mend the image or take it out"), warnings.catch_warnings():
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
    """Reads every image of a folder or a .zip; all must have one size and one kind of colour.

    Args:
        path: `Path` of the folder or the .zip.
        damaged: What to do with an image that cannot be read: "refuse" all, or "skip" it.

    Returns:
        (images, skipped): uint8 [n, height, width, channels], in the order of the names, and the
        list of what is wrong with each image that was left out.

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
                raise UsageError(
                    f"{path}: {first!r} is {_described(images[0])} but {name!r} is "
                    f"{_described(pixels)}; make them alike, for example with ImageMagick: magick "
                    f"mogrify -resize {image.width}x{image.height}! -type TrueColor *{name[-4:]}"
                )
            images[kept] = pixels
            kept += 1
        if images is None:
            raise UsageError(f"{path}: none of its {len(names)} images can be read: {skipped[0]}")
    return images[:kept], skipped


def _described(pixels):
    height, width, channels = pixels.shape
    return f"{width}x{height} {'grey' if channels == 1 else 'RGB'}"

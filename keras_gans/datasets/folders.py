"""Pictures in a folder or a .zip, of which no file is trusted; the files are never changed."""

import io
import re
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from keras_gans.datasets import arrays, files
from keras_gans.datasets.files import reading
from keras_gans.errors import UsageError

FORMATS = {
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
_FINER = 3  # times the wanted side: what a JPEG is decoded to before it is scaled


class Listing(NamedTuple):
    """What a folder or a .zip holds."""

    names: list
    """The names to read, sorted, relative to the folder."""
    others: str
    """The other files, such as "3 other files (.txt, .zip)"; "" for none."""
    read: object
    """A function from one of the names to the bytes of its file."""


@contextmanager
def listed(path, suffixes=SUFFIXES):
    """Lists the files of a folder or a .zip, with subfolders, without hidden files.

    Args:
        path: `Path` of the folder or the .zip.
        suffixes: Endings, in lower case, of the files to read.

    Yields:
        A `Listing`.

    Raises:
        UsageError: There is no such file, or the path cannot be read.
    """
    with reading(path, "give a folder or a .zip of images, or an .npz or .npy"):
        if path.is_dir():
            found = {
                file.relative_to(path).as_posix(): file.stat().st_size
                for file in path.rglob("*")
                if not _is_hidden(file.relative_to(path)) and file.is_file()
            }
            archive, opened = None, lambda name: (path / name).read_bytes()
        else:
            archive = zipfile.ZipFile(path)
            found = {
                member.filename: member.file_size
                for member in archive.infolist()
                if not _is_hidden(PurePosixPath(member.filename)) and not member.is_dir()
            }
            opened = archive.read

    def read(name):
        with reading(f"{path}: {name!r}", "repair the file or take it out"):
            return opened(name)

    sizes = {name: size for name, size in found.items() if _suffix(name) in suffixes}
    others = _others(found.keys() - sizes.keys())
    try:
        if not sizes:
            raise UsageError(
                f"{path} holds no image{f', only {others}' if others else ''}; put files in it "
                f"that end in {', '.join(suffixes)}"
            )
        if len(sizes) > files.MAX_FILES:
            raise UsageError(f"{path} holds more than {files.MAX_FILES:,} images; take fewer")
        huge = next((name for name, size in sizes.items() if size > files.MAX_FILE), None)
        if huge is not None:
            most = files.MAX_FILE >> 20
            raise UsageError(f"{path}: {huge!r} has more than {most} MiB; split it or take it out")
        yield Listing(sorted(sizes), others, read)
    finally:
        if archive is not None:
            archive.close()


def _suffix(name):
    return PurePosixPath(name).suffix.lower()


def _is_hidden(name):
    return any(part.startswith((".", "__MACOSX")) for part in name.parts)


def _others(names):
    if not names:
        return ""
    # A name may hold anything: only what looks like an ending is shown.
    known = sorted({s for s in map(_suffix, names) if re.fullmatch(r"\.[a-z0-9]{1,8}", s)})
    shown = f" ({', '.join(known[:6])})" if known else ""
    return f"{len(names):,} other file{'s' if len(names) > 1 else ''}{shown}"


def decode(data, what, least=None):
    """Decodes an image file.

    Grey stays grey; every other mode becomes RGB, a palette by its colours. Transparent pixels are
    laid over white, as a viewer shows them. Photographs are turned upright. The first frame of an
    animation, and the first page of a TIFF, is taken.

    Args:
        data: The bytes of a file in one of `FORMATS`.
        what: The name to begin the message with.
        least: Pixels that both sides need at least, or None for all. A JPEG that has more is
            decoded at 1/2, 1/4 or 1/8 of its size, which takes a fraction of the time.

    Returns:
        A Pillow image of mode `L` or `RGB`.

    Raises:
        UsageError: It is no such image, is broken or too large, or is grey with more than 8 bits.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    with reading(what, "repair the image or take it out"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            opened = Image.open(io.BytesIO(data), formats=tuple(FORMATS))
        except UnidentifiedImageError:  # which names a buffer in memory
            raise UsageError(
                f"{what} cannot be read (it is none of {', '.join(FORMATS)}); "
                "repair the image or take it out"
            ) from None
        with opened as image:
            if image.width * image.height > files.MAX_PIXELS:  # of the header; no pixel is read yet
                raise UsageError(
                    f"{what} has {image.width} x {image.height} pixels, more than "
                    f"{files.MAX_PIXELS}; make it smaller or take it out"
                )
            if image.mode in ("I", "F") or image.mode.startswith("I;"):
                raise UsageError(f"{what} is grey with more than 8 bits; save it with 8")
            if least is not None:
                image.draft(None, (least, least))
            image = ImageOps.exif_transpose(image)
            grey = image.mode in ("1", "L", "LA")
            if image.has_transparency_data:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            return image.convert("L" if grey else "RGB")


def fitted(pixels, what, resize=None, crop=None):
    """Cuts pictures to squares, and scales squares, by Pillow's bicubic filter.

    The filter covers all pixels that become one, so that a smaller picture has no aliasing.

    Args:
        pixels: uint8 `(n, height, width, channels)`.
        what: The name to begin the message with.
        resize: Height and width to scale to, or None.
        crop: "center" for the middle square, or None.

    Returns:
        uint8 `(n, resize, resize, channels)`, or of the square's size.

    Raises:
        UsageError: They are to be scaled, and are not square.
    """
    from PIL import Image

    height, width = pixels.shape[1:3]
    if crop == "center":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        pixels = pixels[:, top : top + side, left : left + side]
    elif resize is not None and height != width:
        raise UsageError(
            f"{what} is {_described(pixels)}, not square; give --resize {resize} --crop center to "
            "take the middle square of each picture"
        )
    if resize is None or pixels.shape[1] == resize:
        return pixels
    scaled = np.empty((len(pixels), resize, resize, pixels.shape[3]), np.uint8)
    for index, picture in enumerate(pixels):
        image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
        image = image.resize((resize, resize), Image.Resampling.BICUBIC)
        scaled[index] = np.asarray(image).reshape(scaled.shape[1:])
    return scaled


def read_images(path, damaged="refuse", resize=None, crop=None):
    """Reads every picture of a folder or a .zip; in the end all have the same size.

    Grey ones become RGB where others are.

    Args:
        path: `Path` of the folder or the .zip.
        damaged: For files that cannot be read: "refuse" all, or "skip" these.
        resize, crop: As for `fitted`.

    Returns:
        (images, skipped, notes): uint8 `(n, height, width, channels)`, in the order of the names;
        one message for each file that was left out; and what else is worth a line.

    Raises:
        UsageError: A picture has another size than the first, is broken, or there is none.
    """
    # Uncropped pictures have to be square, which shows only in their full size.
    least = _FINER * resize if resize and crop else None
    with listed(path, SUFFIXES + arrays.SUFFIXES) as (names, others, read):
        stack, skipped, enlarged = _Stack(path), [], 0
        for index, name in enumerate(names):
            what = f"{path}: {name!r}"
            try:
                pixels = _pixels(read(name), name, what, least)
            except UsageError as error:
                if damaged != "skip":
                    raise
                skipped.append(str(error))
                continue
            if resize is not None and min(pixels.shape[1:3]) < resize:
                enlarged += len(pixels)
            stack.add(fitted(pixels, what, resize, crop), name, len(names) - index - 1)
    if not stack.count:
        raise UsageError(f"{path}: none of its {len(names)} images can be read: {skipped[0]}")
    notes = [f"{others} not read"] if others else []
    if skipped:
        first = skipped[0].removeprefix(f"{path}: ")
        notes.append(f"{len(skipped):,} damaged left out, the first: {first}")
    if enlarged:
        notes.append(f"{enlarged:,} smaller than {resize}x{resize}, enlarged")
    if stack.grey and stack.pixels.shape[3] == 3:
        notes.append(f"{stack.grey:,} grey, as RGB")
    return stack.pixels[: stack.count], skipped, tuple(notes)


def _pixels(data, name, what, least):
    """The pictures of one file: uint8 `(n, height, width, channels)`."""
    if _suffix(name) in arrays.SUFFIXES:
        return arrays.pictures(data, name, what)
    image = decode(data, what, least)
    return np.asarray(image).reshape(1, image.height, image.width, -1)


class _Stack:
    """Pictures of one size in one array, which grows.

    Attributes:
        pixels: uint8 `(room, height, width, channels)`, or None before the first picture.
        count: Pictures in it.
        grey: How many of them came as grey.
    """

    def __init__(self, path):
        self.path, self.pixels, self.count, self.grey = path, None, 0, 0

    def add(self, pixels, name, files_left):
        """Adds pictures `(n, height, width, channels)`; each file that is left has at least one."""
        if self.pixels is None:
            self._first = name, _described(pixels)
        elif pixels.shape[1:3] != self.pixels.shape[1:3]:
            name_before, before = self._first
            raise UsageError(
                f"{self.path}: {name_before!r} is {before} but {name!r} is "
                f"{_described(pixels)}; give --resize N --crop center to take the middle square of "
                "each and scale it to NxN, or give all the same size"
            )
        known = 0 if self.pixels is None else self.pixels.shape[3]
        shape = (*pixels.shape[1:3], max(known, pixels.shape[3]))
        self._make_room(self.count + len(pixels) + files_left, shape)
        self.pixels[self.count : self.count + len(pixels)] = pixels  # grey goes to all channels
        self.grey += len(pixels) if pixels.shape[3] == 1 else 0
        self.count += len(pixels)

    def _make_room(self, count, shape):
        old = self.pixels
        if old is not None and len(old) >= count and old.shape[1:] == shape:
            return
        if count * int(np.prod(shape)) > files.MAX_BYTES:
            raise UsageError(
                f"{self.path}: {count:,} images of {shape[1]}x{shape[0]} are more than "
                f"{files.MAX_BYTES >> 30} GiB; take fewer, or make them smaller with --resize N "
                "--crop center"
            )
        with reading(self.path, "take fewer or smaller images"):
            if old is not None and old.shape[1:] == shape:
                old.resize((count, *shape), refcheck=False)  # in place, where memory allows
                return
            self.pixels = np.empty((count, *shape), np.uint8)
            if old is not None:
                self.pixels[: self.count] = old[: self.count]


def _described(pixels):
    height, width, channels = pixels.shape[1:]
    return f"{width}x{height} {'grey' if channels == 1 else 'RGB'}"

"""Data of one's own: a folder or .zip of pictures, or an .npz or .npy."""

from typing import Literal

from keras_gans.datasets import arrays, folders
from keras_gans.datasets.sources import Images, read_only
from keras_gans.errors import UsageError
from keras_gans.parts import Side


def read(
    path,
    split="train",
    damaged="refuse",
    *,
    resize: Side | None = None,
    crop: Literal["center"] | None = None,
):
    """Reads a path. The annotated parameters are the options of a row whose data set is a path.

    Args:
        path: `Path` of the folder or file.
        split: `train`, or `test` of an .npz that has one.
        damaged: For pictures that cannot be read: "refuse" or "skip".
        resize: Height and width to which pictures are scaled, without aliasing. They have to be
            square, or to be cropped.
        crop: "center" takes the largest square in the middle of each picture.

    Returns:
        A `Source`: `Images` or `Points`.

    Raises:
        UsageError: The data cannot be read, differ in size, or have no such split.
    """
    suffix = path.suffix.lower() if path.is_file() else ""
    changed = ", the middle square" if crop else ""
    changed += f", scaled to {resize}x{resize}" if resize else ""
    if suffix != ".npz" and split != "train":
        raise UsageError(f"{path} has no split {split!r}; a folder, .zip or .npy is all 'train'")
    if suffix not in arrays.SUFFIXES:
        images, skipped, notes = folders.read_images(path, damaged, resize, crop)
        without = f" without {len(skipped)} damaged" if skipped else ""
        name = path.stem if path.is_file() else path.name
        title = f"{path.name}{without}{changed}"
        return Images(name, read_only(images), None, title, notes=notes)
    source = arrays.read_npz(path, split) if suffix == ".npz" else arrays.read_npy(path)
    if not changed:
        return source
    if not isinstance(source, Images):
        raise UsageError(f"{path} holds points; --resize and --crop are for pictures")
    images = folders.fitted(source.values, str(path), resize, crop)
    return Images(source.name, read_only(images), source.labels, f"{source.source}{changed}")

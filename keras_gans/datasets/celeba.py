"""CelebA: faces found by a detector, cropped and resized, 40x40 RGB without labels.

Liu, Luo, Wang and Tang, "Deep Learning Face Attributes in the Wild", ICCV 2015. Its aligned
images are 178x218; the experiments use the face that MTCNN (Zhang et al. 2016) finds in each.
`prepare` does this once, in about an hour, and writes the celeba.npz that `load` reads.
"""

import os
from contextlib import contextmanager
from errno import EISDIR
from pathlib import Path

import numpy as np

from keras_gans.datasets import files, folders, tfds
from keras_gans.errors import UsageError, suggestion
from keras_gans.files import replacing
from keras_gans.parts import Count

SPLITS = ("train",)


def fetch(folder, split, *, size: Count = 40):
    """Refuses: the faces must be found first, and `load` reads them from celeba.npz.

    Args:
        folder: The data folder.
        split: `train`.
        size: Height and width of an image.

    Raises:
        UsageError: Always, with the command that makes celeba.npz.
    """
    raise UsageError(
        f"there is no celeba.npz in {folder}; make it from CelebA's aligned images with: "
        f"keras-gans prepare celeba --source FOLDER --size {size} (or --source tfds to download "
        "them)"
    )


def prepare(source, out, size=40, count=50_000, detector="mtcnn", progress=None, note=None):
    """Finds, crops and resizes the first face of each image, and writes them as one .npz.

    The box is clipped to the image, and the face is resized by Pillow's bicubic filter. Images
    come in the order of their file names, those of tensorflow-datasets as they are stored. On a
    laptop MTCNN takes about a tenth of a second for each.

    Args:
        source: A folder or .zip of images, or `tfds` for CelebA's training images through
            tensorflow-datasets, kept in the folder of `out`.
        out: The file to write: `images` uint8 `(n, size, size, 3)` and `names` `(n,)`. It appears,
            or is replaced, whole and at the end.
        size: Height and width of a face, in pixels.
        count: The most faces to keep.
        detector: `mtcnn`, or an object whose `detect_faces` takes uint8 RGB
            `(height, width, 3)` and returns a list of dicts with `box`:
            (left, top, width, height) in pixels.
        progress: None, or a function that is called after each image with (done, total): the
            number of images searched, and the total if every further image has a face.
        note: None, or a function that is called once with a line: how many images there are.

    Returns:
        (kept, skipped): the numbers of faces written and of images without a face.

    Raises:
        UsageError: MTCNN is not installed, the source cannot be read, there is no face in it, or
            `out` cannot be written.
    """
    from PIL import Image

    if size < 1 or count < 1:
        raise UsageError(f"size and count are at least 1, not {size} and {count}")
    if source != "tfds" and not Path(source).expanduser().exists():
        raise UsageError(f"{source} cannot be read (it is not there); give a folder or a .zip")
    detector, out = _detector(detector), Path(out).expanduser()
    with _written(out) as file, _pictures(source, out.parent) as (available, others, pictures):
        if note is not None:
            left_out = f"; {others} not read" if others else ""
            note(f"{available:,} images from {source}{left_out}")
        faces = np.empty((min(count, available), size, size, 3), np.uint8)
        names, skipped = [], 0
        for name, data in pictures:
            face = _face(folders.decode(data, repr(name)).convert("RGB"), detector, name)
            if face is None:
                skipped += 1
            else:
                faces[len(names)] = face.resize((size, size), Image.Resampling.BICUBIC)
                names.append(name)
            if progress is not None:
                progress(len(names) + skipped, min(available, count + skipped))
            if len(names) == count:
                break
        if not names:
            raise UsageError(
                f"no face was found in the {skipped} images of {source}; "
                "is it the folder of the aligned images?"
            )
        np.savez(file, images=faces[: len(names)], names=np.array(names))
    return len(names), skipped


def _detector(detector):
    if not isinstance(detector, str):
        return detector
    if detector != "mtcnn":
        raise UsageError(f"there is no face detector {detector!r}{suggestion(detector, ['mtcnn'])}")
    try:
        from mtcnn import MTCNN
    except ImportError as error:
        raise UsageError("finding faces needs a package: pip install mtcnn==1.0.0") from error
    return MTCNN()


def _face(image, detector, name):
    """The part of the image in the first box found, or None."""
    with files.reading(f"the face in {name!r}", "take the image out"):
        found = detector.detect_faces(np.asarray(image))
    if not found:
        return None
    left, top, width, height = found[0]["box"]
    box = (
        max(left, 0),
        max(top, 0),
        min(left + width, image.width),
        min(top + height, image.height),
    )
    return image.crop(box) if box[0] < box[2] and box[1] < box[3] else None


@contextmanager
def _pictures(source, data):
    """(how many images there are, the other files, an iterator over names and bytes of images)."""
    if source == "tfds":
        _, available, examples = tfds.read(
            "celeb_a",
            "train",
            data,
            "https://drive.google.com",
            "download img_align_celeba.zip from http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html "
            "and give that as --source",
            encoded=True,
        )
        yield available, "", ((e["tfds_id"].decode(), e["image"]) for e in examples)
    else:
        with folders.listed(Path(source).expanduser()) as (names, others, read):
            yield len(names), others, ((name, read(name)) for name in names)


@contextmanager
def _written(out):
    """Opens a file that takes the place of `out` once it is complete, and else is removed.

    It is made before the search for faces, so that a folder without write access is reported at
    once, not after an hour.
    """
    try:
        if out.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as partial, partial.open("wb") as file:
            yield file
    except OSError as error:  # of writing: those of reading are `UsageError` by now
        raise UsageError(
            f"{out} cannot be written ({error.strerror}); "
            "give a file where there is space and permission to write"
        ) from error

"""LFWcrop: the faces of Labeled Faces in the Wild, 13,233 images of 64x64 RGB, without labels.

LFWcrop is the same region of every 250x250 image of LFW, "the upper-left and lower-right corners
being (83,92) and (166,175)", scaled to 64x64 (http://conradsanderson.id.au/lfwcrop/; Sanderson
and Lovell, ICB 2009). Both corners belong to the region: it is 84 pixels wide, in the middle.
"""

from typing import Literal

import numpy as np

from keras_gans.datasets import folders, tfds
from keras_gans.datasets.sources import Images, read_only
from keras_gans.parts import Count

SPLITS = ("train",)
REGION = (83, 92, 167, 176)  # left, upper, and the first column and row outside
URL = "https://ndownloader.figshare.com/files/5976018"


def fetch(folder, split, *, size: Count = 64, channels: Literal[1, 3] = 3):
    """Makes the crops from LFW of tensorflow-datasets.

    How LFWcrop was scaled is not published. Of Pillow's filters the bilinear one comes nearest to
    its images: the crops differ by a grey level or two, and come in the order of
    tensorflow-datasets. Use the original, as lfw.npz, where that matters.

    Args:
        folder: The data folder.
        split: `train`.
        size: Height and width of an image.
        channels: 3 for RGB, 1 for its luminance.

    Returns:
        `Images` `(13233, size, size, channels)` without labels.

    Raises:
        UsageError: It is not there and cannot be downloaded.
    """
    wanted = f"(n, {size}, {size}, 3) from http://conradsanderson.id.au/lfwcrop/"
    source, images = photographs(folder, split, size, channels, "lfw", REGION, wanted)
    return Images("lfw", images, None, f"{source}, cropped as LFWcrop")


def photographs(folder, split, size, channels, name, region, wanted):
    """Reads LFW of tensorflow-datasets, and scales a region of each photograph.

    Args:
        folder, split, size, channels: As of `fetch`.
        name: Of the data set.
        region: (left, upper, right, lower) in pixels, or None for all of it.
        wanted: What a file of the user has to hold instead.

    Returns:
        (what was read, uint8 `(13233, size, size, channels)`).

    Raises:
        UsageError: It is not there and cannot be downloaded, or a photograph is damaged.
    """
    from PIL import Image

    source, count, examples = tfds.read(
        "lfw",
        split,
        folder,
        URL,
        f"put {name}.npz into {folder}, with `images` uint8 {wanted}, or try again where there is "
        "a network",
        encoded=True,
    )
    images = np.empty((count, size, size, channels), np.uint8)
    for index, example in enumerate(examples):
        face = folders.decode(example["image"], f"{name}: image {index}").crop(region)
        face = face.convert("L" if channels == 1 else "RGB")
        face = face.resize((size, size), Image.Resampling.BILINEAR)
        images[index] = np.asarray(face).reshape(images.shape[1:])
    return source, read_only(images)

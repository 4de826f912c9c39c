"""LFWcrop: the faces of Labeled Faces in the Wild, 13,233 images of 64x64 RGB, without labels.

LFWcrop is the same region of every 250x250 image of LFW, "the upper-left and lower-right corners
being (83,92) and (166,175)", scaled to 64x64 (http://conradsanderson.id.au/lfwcrop/; Sanderson
and Lovell, ICB 2009). Both corners belong to the region: it is 84 pixels wide, in the middle.
"""

import numpy as np

from keras_gans.datasets import _files, _tfds

SPLITS = ("train",)
REGION = (83, 92, 167, 176)  # left, upper, and the first column and row outside
SIZE = 64
URL = "https://ndownloader.figshare.com/files/5976018"


def fetch(folder, split):
    """Makes the crops from LFW of tensorflow-datasets.

    How LFWcrop was scaled is not published. Of Pillow's filters the bilinear one comes nearest
    to its images, so the crops are the same but for a grey level or two, and come in the order
    of tensorflow-datasets: use the original, as lfw.npz, where that matters.

    Args:
        folder: The data folder.
        split: `train`.

    Returns:
        (images, None, source): uint8 [13233, 64, 64, 3], text.

    Raises:
        UsageError: It is not there and cannot be downloaded.
    """
    from PIL import Image

    source, count, examples = _tfds.read(
        "lfw",
        split,
        folder,
        URL,
        f"put lfw.npz into {folder}, with `images` uint8 [n, 64, 64, 3] from "
        "http://conradsanderson.id.au/lfwcrop/, or try again where there is a network",
        encoded=True,
    )
    images = np.empty((count, SIZE, SIZE, 3), np.uint8)
    for index, example in enumerate(examples):
        face = _files.decode(example["image"], f"lfw: image {index}").crop(REGION)
        images[index] = face.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return images, None, f"{source}, cropped as LFWcrop"

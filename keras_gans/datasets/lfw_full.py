"""Labeled Faces in the Wild, 13,233 whole photographs with their backgrounds, without labels.

Huang, Ramesh, Berg and Learned-Miller, "Labeled Faces in the Wild", technical report 07-49,
University of Massachusetts, 2007. `lfw` has the faces alone.
"""

from typing import Literal

from keras_gans.datasets import lfw
from keras_gans.datasets.sources import Images
from keras_gans.parts import Count

SPLITS = ("train",)


def fetch(folder, split, *, size: Count = 64, channels: Literal[1, 3] = 3):
    """Scales the 250x250 photographs of tensorflow-datasets, with Pillow's bilinear filter.

    Arguments, what is returned and what is raised are those of `lfw.fetch`.
    """
    wanted = f"(n, {size}, {size}, 3)"
    source, images = lfw.photographs(folder, split, size, channels, "lfw_full", None, wanted)
    return Images("lfw_full", images, None, f"{source}, whole photographs")

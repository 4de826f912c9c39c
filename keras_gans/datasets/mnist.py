"""MNIST: 60,000 handwritten digits to train on and 10,000 to test on, 28x28 grey, with labels.

LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/. Its test images are the split `test`.
"""

from hashlib import md5

import numpy as np

from keras_gans.datasets import tfds
from keras_gans.datasets.sources import Images

SPLITS = ("train", "test")
KERAS_FILE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"


def fetch(folder, split):
    """Reads MNIST through tensorflow-datasets, in its original order.

    tensorflow-datasets stores the examples sorted by the MD5 of split and index. Undoing that
    gives the same array as mnist.npz, so a seed draws the same batches from either.

    Args:
        folder: The data folder.
        split: `train` or `test`.

    Returns:
        `Images` `(n, 28, 28, 1)` with labels.

    Raises:
        UsageError: It is not there and cannot be downloaded.
    """
    source, count, examples = tfds.read(
        "mnist",
        split,
        folder,
        KERAS_FILE,
        f"put {KERAS_FILE} into {folder}, or try again where there is a network",
        features=("image", "label"),
    )
    stored = sorted(range(count), key=lambda index: md5(f"{split}{index}".encode()).digest())
    images = np.empty((count, 28, 28, 1), np.uint8)
    labels = np.empty(count, np.int64)
    for index, example in zip(stored, examples, strict=True):
        images[index] = example["image"]
        labels[index] = example["label"]
    return Images("mnist", images, labels, source)

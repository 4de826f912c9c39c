"""MNIST: 60,000 handwritten digits to train on and 10,000 to test on, 28x28 grey, with labels.

LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/. Its test images are the split `test`.
"""

from keras_gans.datasets import tfds

SPLITS = ("train", "test")
KERAS_FILE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"


def fetch(folder, split):
    """Reads MNIST through tensorflow-datasets: the same arrays as mnist.npz has.

    Args:
        folder: The data folder.
        split: `train` or `test`.

    Returns:
        `Images` `(n, 28, 28, 1)` with labels.

    Raises:
        UsageError: It is not there and cannot be downloaded.
    """
    return tfds.labelled("mnist", split, folder, (28, 28, 1), KERAS_FILE, KERAS_FILE)

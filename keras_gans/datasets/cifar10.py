"""CIFAR-10: 50,000 photographs to train on and 10,000 to test on, 32x32 RGB, with labels.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. Its ten classes are
airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.
"""

from keras_gans.datasets import tfds

SPLITS = ("train", "test")
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
PUT = "cifar10.npz with x_train, y_train, x_test and y_test of keras.datasets.cifar10"


def fetch(folder, split):
    """Reads CIFAR-10 through tensorflow-datasets: the same arrays as `keras.datasets` gives.

    Args:
        folder: The data folder.
        split: `train` or `test`.

    Returns:
        `Images` `(n, 32, 32, 3)` with labels.

    Raises:
        UsageError: It is not there and cannot be downloaded.
    """
    return tfds.labelled("cifar10", split, folder, (32, 32, 3), URL, PUT)

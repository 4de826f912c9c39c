"""Fashion-MNIST: 60,000 articles of clothing to train on and 10,000 to test on, 28x28 grey, labels.

Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms", 2017. It has the format of MNIST, and ten classes: T-shirt, trouser, pullover, dress,
coat, sandal, shirt, sneaker, bag, ankle boot.
"""

from keras_gans.datasets import tfds

SPLITS = ("train", "test")
URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz"
PUT = "fashion_mnist.npz with x_train, y_train, x_test and y_test of keras.datasets.fashion_mnist"


def fetch(folder, split):
    """Reads Fashion-MNIST through tensorflow-datasets: the same arrays as `keras.datasets` gives.

    Args:
        folder: The data folder.
        split: `train` or `test`.

    Returns:
        `Images` `(n, 28, 28, 1)` with labels.

    Raises:
        UsageError: It is not there and cannot be downloaded.
    """
    return tfds.labelled("fashion_mnist", split, folder, (28, 28, 1), URL, PUT)

"""How often a classifier recognises what a conditional generator was asked for."""

import numpy as np

from keras_gans.metrics.statistics import checked


def classifier_accuracy(logits, labels):
    """Share of generated images that a classifier takes for the class they were made as.

    Ravuri and Vinyals, "Classification Accuracy Score for Conditional Generative Models", 2019,
    arXiv:1905.10887, turned round: the classifier is one of real images. Student reports call
    this number with a LeNet an "Inception score", which it is not: compare `inception_score`.

    Args:
        logits: Array [n, classes], finite, n at least 1: scores of the images, in any unit in
            which more is likelier. Of equal scores the first class counts.
        labels: Integers [n] in 0..classes-1: the class each image was asked for.

    Returns:
        A float, 0 to 1.

    Raises:
        ValueError: No rows, other shapes, labels outside the classes, or values not finite.
    """
    logits, labels = checked(logits, "logits"), np.asarray(labels)
    n, classes = logits.shape
    if n == 0 or labels.shape != (n,):
        raise ValueError(f"labels are [n], one for each of {n} rows; this is {labels.shape}")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels are integers from 0 to {classes - 1}")
    return float(np.mean(logits.argmax(axis=1) == labels))

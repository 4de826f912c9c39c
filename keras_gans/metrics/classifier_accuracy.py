"""Accuracy of a classifier on the samples of a conditional generator."""

import numpy as np

from keras_gans.metrics.statistics import checked


def classifier_accuracy(logits, labels):
    """Share of generated images that a classifier assigns to the class they were generated for.

    This reverses the score of Ravuri and Vinyals, "Classification Accuracy Score for Conditional
    Generative Models", 2019, arXiv:1905.10887: here the classifier was trained on real images.
    Some student reports call this value, measured with a LeNet, an "Inception score". It is not
    one: see `inception_score`.

    Args:
        logits: Array `(n, classes)`, finite, n at least 1: scores of the images, higher for
            likelier classes. Of equal scores the first class counts.
        labels: Integers `(n,)` in 0..classes-1: the class requested for each image.

    Returns:
        A float, 0 to 1.

    Raises:
        ValueError: No rows, other shapes, labels outside the classes, or values not finite.
    """
    logits, labels = checked(logits, "logits"), np.asarray(labels)
    n, classes = logits.shape
    if n == 0 or labels.shape != (n,):
        raise ValueError(
            f"labels must have shape (n,), one for each of {n} rows; got {labels.shape}"
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must be integers from 0 to {classes - 1}")
    return float(np.mean(logits.argmax(axis=1) == labels))

"""Improved precision and recall of generated samples.

Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models",
2019, arXiv:1904.06991.
"""

import numpy as np

from keras_gans.metrics.neighbours import balls


def precision_recall(real_features, fake_features, k=3):
    """Improved precision and recall (Kynkaanniemi et al. 2019, eq. 2).

    Args:
        real_features: Array `(n, d)`, finite, n more than k.
        fake_features: Array `(m, d)`, finite, m more than k. Compare only values of equal n, m.
        k: A ball extends to the k-th nearest neighbour of its centre; at least 1.

    Returns:
        (precision, recall): floats, 0 to 1. Precision is the share of fake samples inside a ball
        around some real one (quality); recall is the share of real samples inside a ball around
        some fake one (diversity).

    Raises:
        ValueError: Different d, too few rows, or values that are not finite.
    """
    of_real, of_fake = balls(real_features, fake_features, (k,), (k,))
    return from_balls(of_real[k], of_fake[k])


def from_balls(of_real, of_fake):
    """(precision, recall) from the `neighbours.Balls` of both sides."""
    return float(np.mean(of_real.around > 0)), float(np.mean(of_fake.around > 0))

"""The Inception Score of generated images.

Salimans et al., "Improved Techniques for Training GANs", 2016, arXiv:1606.03498, section 4. It
uses no real image. It is 1 where the classifier gives all images the same probabilities, and the
number of classes where it is certain of each image and all classes are equally frequent.
"""

import itertools

import numpy as np
from scipy.special import log_softmax, logsumexp

from keras_gans.metrics.statistics import checked


def inception_score(logits, splits=10):
    """Mean and standard deviation over splits of `exp E KL(p(y | x) || p(y))`.

    Args:
        logits: Array `(n, classes)`, finite: outputs of a classifier before its softmax. A split
            is a range of successive rows, so shuffle rows that are sorted.
        splits: Number of splits, 1 to n; their sizes differ by at most 1.

    Returns:
        (mean, standard deviation over the splits, with ddof 0): floats, the mean from 1 to the
        number of classes.

    Raises:
        ValueError: Fewer rows than splits, or values that are not finite.
    """
    logits = checked(logits, "logits")
    n = len(logits)
    if not 1 <= splits <= n:
        raise ValueError(f"{splits} splits of {n} rows: give 1 to {n} splits")
    bounds = [i * n // splits for i in range(splits + 1)]
    scores = [_score(logits[a:b]) for a, b in itertools.pairwise(bounds)]
    return float(np.mean(scores)), float(np.std(scores))


def _score(logits):
    # In logarithms, a probability that is 0 in float64 contributes exactly 0.
    given = log_softmax(logits, axis=1)
    marginal = logsumexp(given, axis=0) - np.log(len(given))
    return np.exp((np.exp(given) * (given - marginal)).sum(axis=1).mean())

"""The Inception Score of generated images.

Salimans et al., "Improved Techniques for Training GANs", 2016, arXiv:1606.03498, section 4. It
sees no real image: 1 where every image looks alike to the classifier, the number of classes
where each is certain and all are equally frequent.
"""

import itertools

import numpy as np
from scipy.special import log_softmax, logsumexp

from keras_gans.metrics.statistics import checked


def inception_score(logits, splits=10):
    """Mean and spread over splits of `exp E KL(p(y | x) || p(y))`.

    Args:
        logits: Array [n, classes] of a classifier's finite outputs before its softmax. A split
            is a run of successive rows, so rows that come sorted have to be shuffled before.
        splits: How many, 1 to n; their sizes differ by at most 1.

    Returns:
        (mean, standard deviation over the splits, normalised by their number): floats, the mean
        from 1 to the number of classes.

    Raises:
        ValueError: Fewer rows than splits, or values that are not finite.
    """
    logits = checked(logits, "logits")
    n = len(logits)
    if not 1 <= splits <= n:
        raise ValueError(f"{splits} splits of {n} rows: there are 1 to as many as there are rows")
    bounds = [i * n // splits for i in range(splits + 1)]
    scores = [_score(logits[a:b]) for a, b in itertools.pairwise(bounds)]
    return float(np.mean(scores)), float(np.std(scores))


def _score(logits):
    # Logarithms throughout: a probability that is 0 in float64 takes part as exactly nothing.
    given = log_softmax(logits, axis=1)
    marginal = logsumexp(given, axis=0) - np.log(len(given))
    return np.exp((np.exp(given) * (given - marginal)).sum(axis=1).mean())

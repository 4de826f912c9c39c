"""Density and coverage of generated samples.

Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", 2020,
arXiv:2002.09797. Outliers affect them less than they affect precision and recall.
"""

import numpy as np

from keras_gans.metrics.neighbours import balls


def density_coverage(real_features, fake_features, k=5):
    """Density and coverage (Naeem et al. 2020, eq. 4 and 5).

    Args:
        real_features: Array `(n, d)`, finite, n more than k.
        fake_features: Array `(m, d)`, finite, m at least 1. Compare only values of equal n, m.
        k: A ball extends to the k-th nearest neighbour of its centre; at least 1.

    Returns:
        (density, coverage): floats. Density is the mean number of balls around real samples that
        contain a fake sample, divided by k: at least 0, expected 1 for equal distributions,
        higher where many fake samples lie in dense regions of the real ones. Coverage is the
        share of these balls, 0 to 1, that contain a fake sample. A point on the edge is inside;
        the paper leaves it outside. The difference only affects duplicates.

    Raises:
        ValueError: Different d, too few rows, or values that are not finite.
    """
    of_real, _ = balls(real_features, fake_features, (k,))
    return from_balls(of_real[k])


def from_balls(of_real):
    """(density, coverage) from the `neighbours.Balls` around real samples."""
    return float(of_real.around.mean() / of_real.k), float(np.mean(of_real.inside > 0))

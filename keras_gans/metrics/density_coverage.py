"""How densely generated samples lie among real ones, and how many real ones have some near.

Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", 2020,
arXiv:2002.09797: less moved by outliers than precision and recall.
"""

import numpy as np

from keras_gans.metrics.neighbours import balls


def density_coverage(real_features, fake_features, k=5):
    """Density and coverage.

    Args:
        real_features: Array [n, d], finite, n more than k.
        fake_features: Array [m, d], finite, m at least 1. Compare only numbers of equal n, m.
        k: Which nearest neighbour a ball reaches to, at least 1.

    Returns:
        (density, coverage): floats. Density is the mean number of balls around real samples that
        a fake one lies in, over k: at least 0, expected 1 for equal distributions, and more where
        fakes crowd among crowded reals. Coverage is the share of those balls, 0 to 1, that
        a fake sample lies in. A point on the edge is inside, where the paper leaves it out: it
        matters to duplicates alone.

    Raises:
        ValueError: Different d, too few rows, or values that are not finite.
    """
    of_real, _ = balls(real_features, fake_features, (k,))
    return from_balls(of_real[k])


def from_balls(of_real):
    """(density, coverage) from the `neighbours.Balls` around real samples."""
    return float(of_real.around.mean() / of_real.k), float(np.mean(of_real.inside > 0))

"""The Fréchet distance between the features of real and of generated images.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
Equilibrium", 2017, arXiv:1706.08500, eq. 6. Called FID when the features are those of the
Inception network of 2015-12-05; it is biased by the number of images, so compare only numbers
of equal size, network, layer and resize.
"""

import numpy as np

from keras_gans.metrics.statistics import Statistics

EPSILON = np.finfo(np.float64).eps


def fid(real_features, fake_features):
    """Fréchet distance between two sets of features.

    Args:
        real_features: Array [n, d], finite, n at least 2. n may be less than d.
        fake_features: Array [m, d], the same.

    Returns:
        A float, at least 0: see `frechet_distance`, to which the order does not matter.

    Raises:
        ValueError: Different d, fewer than 2 rows, or values that are not finite.
    """
    real, fake = Statistics.from_features(real_features), Statistics.from_features(fake_features)
    return frechet_distance(real, fake)


def frechet_distance(a, b):
    """Squared Fréchet (2-Wasserstein) distance between the normal laws of two statistics.

    `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2)`: Heusel et al. 2017, arXiv:1706.08500, eq. 6;
    Dowson and Landau, 1982. With `S = L L^T`, the eigenvalues of `S1 S2` are the squared
    singular values of `L1^T L2`, so the trace of its root is the sum of these: real, without
    the root of a nearly singular matrix, and without an epsilon on the diagonal.

    Args:
        a: `Statistics` of one side, at least 2 samples.
        b: `Statistics` of the other.

    Returns:
        A float, at least 0, in squared units of the features.

    Raises:
        ValueError: Different dimensions, or fewer than 2 samples.
    """
    if a.dimension != b.dimension:
        raise ValueError(f"features of dimension {a.dimension} against {b.dimension}")
    covariance_a, covariance_b = a.covariance, b.covariance
    shift = a.mean - b.mean
    positive = shift @ shift + np.trace(covariance_a) + np.trace(covariance_b)
    cross = _factor(covariance_a).T @ _factor(covariance_b)
    distance = positive - 2 * np.linalg.svd(cross, compute_uv=False).sum()
    if distance < -10 * EPSILON * a.dimension * positive:
        raise ArithmeticError(f"a squared distance of {distance}: more than rounding explains")
    return max(float(distance), 0.0)


def _factor(covariance):
    """L [d, rank] with `L L^T` = covariance [d, d]."""
    values, vectors = np.linalg.eigh(covariance)
    # Below this an eigenvalue is rounding, of either sign.
    kept = values > max(values[-1], 0.0) * len(values) * EPSILON
    return vectors[:, kept] * np.sqrt(values[kept])

"""The Frechet distance between the features of real and of generated images.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
Equilibrium", 2017, arXiv:1706.08500, eq. 6. It is called FID when the features are those of the
Inception network of 2015-12-05. Its bias depends on the number of images, so compare only values
of equal sample size, network, layer and resize.
"""

import numpy as np

from keras_gans.metrics.statistics import EPSILON, Statistics, checked


def fid(real_features, fake_features):
    """Frechet distance between two sets of features.

    Args:
        real_features: Array `(n, d)`, finite, n at least 2. n may be less than d.
        fake_features: Array `(m, d)`, the same.

    Returns:
        A float, at least 0: see `frechet_distance`. It is symmetric in its arguments.

    Raises:
        ValueError: Different d, fewer than 2 rows, or values that are not finite.
    """
    return _distance(_moments(real_features), _moments(fake_features))


def frechet_distance(a, b):
    """Squared Frechet (2-Wasserstein) distance between two normal distributions.

    `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2)`: Heusel et al. 2017, arXiv:1706.08500, eq. 6;
    Dowson and Landau, 1982. With `S = L L^T`, the eigenvalues of `S1 S2` are the squared
    singular values of `L1^T L2`, so the trace of its root is their sum. The result is real, and
    takes neither the root of a nearly singular matrix nor an epsilon on the diagonal.

    Args:
        a: `Statistics` of one side, at least 2 samples. They keep their factor, so one real side
            compared with many fake ones is factored once.
        b: `Statistics` of the other side.

    Returns:
        A float, at least 0, in squared units of the features.

    Raises:
        ValueError: Different dimensions, or fewer than 2 samples.
    """
    return _distance((a.mean, a.variance, a.factor), (b.mean, b.variance, b.factor))


def _moments(features):
    """Mean `(d,)`, sum of variances, and L `(d, rank)` with `L L^T` = covariance."""
    rows = checked(features)
    n, d = rows.shape
    if n < 2 or n > d:
        statistics = Statistics.from_features(rows)
        return statistics.mean, statistics.variance, statistics.factor
    # The centred rows are such a factor, with fewer than d columns; no covariance is needed.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = rows.mean(axis=0)
        rows = (rows - mean) / np.sqrt(n - 1)
        variance = np.vdot(rows, rows)
    if not np.isfinite(variance):
        raise ValueError("the features are so large that their covariance is not finite")
    return mean, variance, rows.T


def _distance(a, b):
    (mean_a, variance_a, factor_a), (mean_b, variance_b, factor_b) = a, b
    if len(mean_a) != len(mean_b):
        raise ValueError(f"features of dimension {len(mean_a)} and {len(mean_b)}")
    shift = mean_a - mean_b
    positive = shift @ shift + variance_a + variance_b
    distance = positive - 2 * np.linalg.svd(factor_a.T @ factor_b, compute_uv=False).sum()
    if distance < -10 * EPSILON * len(shift) * positive:
        raise ArithmeticError(f"a squared distance of {distance}, which rounding does not explain")
    return max(float(distance), 0.0)

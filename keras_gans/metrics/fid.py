"""The Frechet distance between the features of real and of generated images.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
Equilibrium", 2017, arXiv:1706.08500, eq. 6. It is called FID when the features are those of the
Inception network of 2015-12-05. Its bias depends on the number of images, so compare only values
of equal sample size, network, layer and resize.
"""

import numpy as np

from keras_gans.metrics.statistics import EPSILON, Statistics


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
    return frechet_distance(Statistics(real_features), Statistics(fake_features))


def frechet_distance(a, b):
    """Squared Frechet (2-Wasserstein) distance between two normal distributions.

    `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2)`: Heusel et al. 2017, arXiv:1706.08500, eq. 6;
    Dowson and Landau, 1982. With `S = L L^T`, the eigenvalues of `S1 S2` are the squared
    singular values of `L1^T L2`, so the trace of its root is their sum. The result is real, and
    takes neither the root of a nearly singular matrix nor an epsilon on the diagonal.

    Args:
        a: `Statistics` of one side. They keep their factor, so one real side
            compared with many fake ones is factored once.
        b: `Statistics` of the other side.

    Returns:
        A float, at least 0, in squared units of the features.

    Raises:
        ValueError: Different dimensions.
    """
    if len(a.mean) != len(b.mean):
        raise ValueError(f"features of dimension {len(a.mean)} and {len(b.mean)}")
    shift = a.mean - b.mean
    positive = shift @ shift + a.variance + b.variance
    distance = positive - 2 * np.linalg.svd(a.factor.T @ b.factor, compute_uv=False).sum()
    if distance < -10 * EPSILON * len(shift) * positive:
        raise ArithmeticError(f"a squared distance of {distance}, which rounding does not explain")
    return max(float(distance), 0.0)

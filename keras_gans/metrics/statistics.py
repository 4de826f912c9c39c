"""Mean and covariance of features."""

from functools import cached_property

import numpy as np
from scipy.linalg.lapack import dpstrf

EPSILON = np.finfo(np.float64).eps


def checked(features, what="features"):
    """Features, or logits, as float64 `(n, d)`, checked as all metrics require.

    Args:
        features: Array `(n, d)` of finite real numbers, d at least 1.
        what: The word for them in a message.

    Raises:
        ValueError: Not two-dimensional, not real or not finite.
    """
    rows = np.asarray(features)
    if rows.dtype.kind == "c":
        raise ValueError(f"{what} must be real numbers; got {rows.dtype}")
    rows = rows.astype(np.float64, copy=False)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"{what} must have shape (n, d), d at least 1; got {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError(f"{what} are not finite: there are NaN or infinite values")
    return rows


class Statistics:
    """Mean and covariance of features, in float64.

    The mean is subtracted before the multiplication, so no digits cancel.

    Args:
        features: Array `(n, d)` of finite numbers, n at least 2.

    Attributes:
        mean: Mean row `(d,)`, float64.
        covariance: Covariance `(d, d)`, float64, normalised by n - 1.

    Raises:
        ValueError: Not two-dimensional, not finite, fewer than 2 rows, or so large that the
            covariance is not finite.
    """

    def __init__(self, features):
        rows = checked(features)
        if len(rows) < 2:
            raise ValueError(f"a covariance needs at least 2 samples; there are {len(rows)}")
        self._n = len(rows)
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean = rows.mean(axis=0)
            rows = rows - self.mean
            scatter = rows.T @ rows
        # |S_ij| <= sqrt(S_ii S_jj): a finite diagonal is a finite matrix.
        if not (np.isfinite(self.mean).all() and np.isfinite(np.trace(scatter))):
            raise ValueError("the features are so large that their covariance is not finite")
        self._trace = np.trace(scatter)
        scatter /= self._n - 1
        self.covariance = scatter
        self.mean.flags.writeable = self.covariance.flags.writeable = False

    @cached_property
    def factor(self):
        """L `(d, rank)`, float64, read-only, with `L L^T` the covariance; computed once.

        A Cholesky factor with complete pivoting, which stops at the rank: Higham, "Analysis of
        the Cholesky decomposition of a semi-definite matrix", 1990. It is ten times cheaper than
        the eigenvectors. The correlations are factored, because then a feature is kept even if
        the others are much larger.
        """
        scale = np.sqrt(np.diag(self.covariance))
        scale[scale == 0] = 1.0  # a constant feature
        correlation = self.covariance / scale
        correlation /= scale[:, None]
        # The transpose is the same matrix, in the memory order that LAPACK overwrites in place. A
        # pivot below tol is rounding error.
        packed, order, rank, _ = dpstrf(
            correlation.T, tol=len(scale) * EPSILON, lower=1, overwrite_a=1
        )
        rank = min(rank, self._n - 1)
        factor = np.empty((len(scale), rank))
        factor[order - 1] = np.tril(packed[:, :rank])
        factor = factor * scale[:, None]
        factor.flags.writeable = False
        return factor

    @property
    def variance(self):
        """Trace of the covariance: the sum of the variances, normalised by n - 1."""
        return self._trace / (self._n - 1)

"""Mean and covariance of features that arrive in batches."""

import numpy as np
from scipy.linalg.lapack import dpstrf

EPSILON = np.finfo(np.float64).eps


def checked(features, what="features"):
    """Features, or logits, as float64 [n, d]: what every metric asks of them.

    Args:
        features: Array [n, d] of finite numbers, d at least 1.
        what: The word for them in a message.

    Raises:
        ValueError: Not two-dimensional, or not finite.
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"{what} have shape [n, d], d at least 1; this is {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError(f"{what} are not finite: there are NaN or infinite values")
    return rows


class Statistics:
    """Streaming mean and covariance in float64: as exact as from all rows at once.

    Batches are joined with the pairwise update of Chan, Golub and LeVeque, "Updating formulae
    and a pairwise algorithm for computing sample variances" (1979), eq. 2.1:
    `M += C^T C + n m / (n + m) delta delta^T`. It subtracts means before it multiplies, so
    nothing cancels, and how the rows were split into batches changes only the last digits.
    """

    def __init__(self):
        self._n = 0
        self._mean = None
        self._scatter = None  # sum over rows of (x - mean)(x - mean)^T
        self._factor = None

    @classmethod
    def from_features(cls, features):
        """The statistics of one array of features [n, d]."""
        statistics = cls()
        statistics.update(features)
        return statistics

    @classmethod
    def from_moments(cls, n, mean, covariance):
        """Statistics that somebody else took, as those that published FIDs come with.

        Args:
            n: Rows that they were taken of, at least 2.
            mean: Array [d].
            covariance: Array [d, d], normalised by n - 1.
        """
        statistics = cls()
        statistics._n, statistics._mean = n, np.asarray(mean, np.float64)
        statistics._scatter = np.asarray(covariance, np.float64) * (n - 1)
        return statistics

    def update(self, features):
        """Adds rows.

        Args:
            features: Array [n, d] of finite numbers; n may be 0, d is that of the first batch.

        Raises:
            ValueError: Not two-dimensional, another d than before, not finite, or so large
                that its square is not. Nothing is added then.
        """
        rows = checked(features)
        if self._n and rows.shape[1] != self.dimension:
            raise ValueError(f"features of dimension {rows.shape[1]} after {self.dimension}")
        m = len(rows)
        if m == 0:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            mean = rows.mean(axis=0)
            rows = rows - mean
            scatter = rows.T @ rows
            if self._n:
                delta = mean - self._mean
                scatter += self._scatter
                scatter += np.outer(delta, delta * (self._n * m / (self._n + m)))
                mean = self._mean + delta * (m / (self._n + m))
        # |S_ij| <= sqrt(S_ii S_jj): a finite diagonal is a finite matrix.
        if not (np.isfinite(mean).all() and np.isfinite(np.trace(scatter))):
            raise ValueError("features are so large that their covariance is not finite")
        self._n, self._mean, self._scatter = self._n + m, mean, scatter
        self._factor = None

    @property
    def n(self):
        """How many rows were seen."""
        return self._n

    @property
    def dimension(self):
        """Length of a row; None before the first."""
        return None if self._mean is None else len(self._mean)

    @property
    def mean(self):
        """Mean row [d], float64.

        Raises:
            ValueError: No row was seen.
        """
        if self._n < 1:
            raise ValueError("a mean needs at least 1 sample; there is none")
        return self._mean

    @property
    def covariance(self):
        """Covariance [d, d], float64, normalised by n - 1.

        Raises:
            ValueError: Fewer than two rows were seen.
        """
        self._at_least_two()
        return self._scatter / (self._n - 1)

    @property
    def factor(self):
        """L [d, rank], float64, with `L L^T` the covariance; computed once between updates.

        A Cholesky factor with complete pivoting, which stops at the rank: Higham, "Analysis of
        the Cholesky decomposition of a semi-definite matrix", 1990. Ten times cheaper than the
        eigenvectors. It is taken of the correlations, because then a feature is not lost for
        being small beside others.

        Raises:
            ValueError: Fewer than two rows were seen.
        """
        if self._factor is None:
            covariance = self.covariance
            scale = np.sqrt(np.diag(covariance))
            scale[scale == 0] = 1.0  # a feature that never moves
            covariance /= scale
            covariance /= scale[:, None]
            # Transposed it is the same matrix, in the order that LAPACK works on in place. What
            # remains of a feature once the others are taken away is rounding below tol.
            packed, order, rank, _ = dpstrf(
                covariance.T, tol=len(scale) * EPSILON, lower=1, overwrite_a=1
            )
            rank = min(rank, self._n - 1)
            factor = np.empty((len(scale), rank))
            factor[order - 1] = np.tril(packed[:, :rank])
            self._factor = factor * scale[:, None]
        return self._factor

    @property
    def variance(self):
        """Sum of the variances of all features, normalised by n - 1: the covariance's trace.

        Raises:
            ValueError: Fewer than two rows were seen.
        """
        self._at_least_two()
        return np.trace(self._scatter) / (self._n - 1)

    def _at_least_two(self):
        if self._n < 2:
            raise ValueError(f"a covariance needs at least 2 samples; there are {self._n}")

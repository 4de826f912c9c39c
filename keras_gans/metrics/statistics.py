"""Mean and covariance of features that arrive in batches."""

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
    """Streaming mean and covariance in float64, as exact as from all rows at once.

    Batches are merged with the pairwise update of Chan, Golub and LeVeque, "Updating formulae
    and a pairwise algorithm for computing sample variances" (1979), eq. 2.1:
    `M += C^T C + n m / (n + m) delta delta^T`. Means are subtracted before the multiplication, so
    no digits cancel, and the split into batches affects only the last digits.
    """

    def __init__(self):
        self._n = 0
        self._mean = None
        self._scatter = None  # sum over rows of (x - mean)(x - mean)^T
        self._factor = None

    @classmethod
    def from_features(cls, features):
        """The statistics of one array of features `(n, d)`."""
        statistics = cls()
        statistics.update(features)
        return statistics

    @classmethod
    def from_moments(cls, n, mean, covariance):
        """Statistics from a known mean and covariance, such as those published with FIDs.

        Args:
            n: Number of rows that they were computed from, at least 2.
            mean: Array `(d,)`.
            covariance: Array `(d, d)`, normalised by n - 1.

        Raises:
            ValueError: Other shapes, values that are not finite, or a matrix that is no
                covariance of n rows.
        """
        mean = checked(np.asarray(mean)[np.newaxis], "means")[0].copy()
        covariance = checked(covariance, "covariances")
        if n < 2 or covariance.shape != (len(mean), len(mean)):
            raise ValueError(
                "moments are of n at least 2 rows, with a mean (d,) and a covariance (d, d); got "
                f"{n}, {mean.shape} and {covariance.shape}"
            )
        statistics = cls()
        statistics._n, statistics._mean = n, mean
        statistics._scatter = covariance * (n - 1)
        if not statistics._is_possible():
            raise ValueError(
                f"the matrix is no covariance of {n} rows: it must be symmetric, without negative "
                f"eigenvalues, and of a rank below {n}"
            )
        return statistics

    def _is_possible(self):
        """Whether `factor` reproduces the covariance.

        The factor uses one triangle of it, and ends before a negative eigenvalue and at the rank
        n - 1. The tolerance is for published moments in float32.
        """
        covariance = self.covariance
        variances = np.diag(covariance)
        if variances.min() < 0:
            return False
        scale = np.sqrt(np.where(variances == 0, 1.0, variances))
        error = (covariance - self.factor @ self.factor.T) / scale / scale[:, None]
        return np.abs(error).max() <= 1e-4

    def update(self, features):
        """Adds rows.

        Args:
            features: Array `(n, d)` of finite numbers; n may be 0, d is that of the first batch.

        Raises:
            ValueError: Not two-dimensional, another d than before, not finite, or so large that
                its square is not. Nothing is added then.
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
            raise ValueError("the features are so large that their covariance is not finite")
        self._n, self._mean, self._scatter = self._n + m, mean, scatter
        self._factor = None

    @property
    def n(self):
        """Number of rows."""
        return self._n

    @property
    def dimension(self):
        """Length of a row; None before the first row."""
        return None if self._mean is None else len(self._mean)

    @property
    def mean(self):
        """Mean row `(d,)`, float64, a copy.

        Raises:
            ValueError: There are no rows.
        """
        if self._n < 1:
            raise ValueError("a mean needs at least 1 sample; there is none")
        return self._mean.copy()

    @property
    def covariance(self):
        """Covariance `(d, d)`, float64, normalised by n - 1.

        Raises:
            ValueError: There are fewer than 2 rows.
        """
        self._at_least_two()
        return self._scatter / (self._n - 1)

    @property
    def factor(self):
        """L `(d, rank)`, float64, read-only, with `L L^T` the covariance; computed once.

        A Cholesky factor with complete pivoting, which stops at the rank: Higham, "Analysis of
        the Cholesky decomposition of a semi-definite matrix", 1990. It is ten times cheaper than
        the eigenvectors. The correlations are factored, because then a feature is kept even if
        the others are much larger.

        Raises:
            ValueError: There are fewer than 2 rows.
        """
        if self._factor is None:
            covariance = self.covariance
            scale = np.sqrt(np.diag(covariance))
            scale[scale == 0] = 1.0  # a constant feature
            covariance /= scale
            covariance /= scale[:, None]
            # The transpose is the same matrix, in the memory order that LAPACK overwrites in
            # place. A pivot below tol is rounding error.
            packed, order, rank, _ = dpstrf(
                covariance.T, tol=len(scale) * EPSILON, lower=1, overwrite_a=1
            )
            rank = min(rank, self._n - 1)
            factor = np.empty((len(scale), rank))
            factor[order - 1] = np.tril(packed[:, :rank])
            self._factor = factor * scale[:, None]
            self._factor.flags.writeable = False
        return self._factor

    @property
    def variance(self):
        """Trace of the covariance: the sum of the variances, normalised by n - 1.

        Raises:
            ValueError: There are fewer than 2 rows.
        """
        self._at_least_two()
        return np.trace(self._scatter) / (self._n - 1)

    def _at_least_two(self):
        if self._n < 2:
            raise ValueError(f"a covariance needs at least 2 samples; there are {self._n}")

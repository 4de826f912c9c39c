"""Principal components of samples, and how near another subspace comes to them."""

import numpy as np
from scipy.linalg import eigh


def principal_components(samples, rank):
    """The directions in which samples vary most.

    Args:
        samples: Array `(n, ...)`, n > rank; samples of several axes are flattened.
        rank: Number of directions.

    Returns:
        float64 array `(rank, d)` with orthonormal rows, the largest variance first.
    """
    flat = np.asarray(samples, "float64").reshape(len(samples), -1)
    if not 0 < rank <= min(len(flat) - 1, flat.shape[1]):
        raise ValueError(f"{rank} directions of {len(flat)} samples of {flat.shape[1]} numbers")
    flat = flat - flat.mean(axis=0)
    n, d = flat.shape
    # The largest eigenvalues of the smaller of two matrices; all singular values take far longer.
    product = flat.T @ flat if d <= n else flat @ flat.T
    last = len(product) - 1
    found = eigh(product, subset_by_index=[last - rank + 1, last])[1][:, ::-1]
    return found.T if d <= n else np.linalg.qr(flat.T @ found)[0].T


def largest_angle(one, two):
    """The largest principal angle between two subspaces of the same dimension.

    It is that of Jordan: the largest angle between a direction of one subspace and the nearest one
    of the other. Bjorck and Golub 1973 compute small ones from the sine.

    Args:
        one: Array `(r, d)` of r rows, which span the subspace.
        two: Likewise.

    Returns:
        Degrees, 0 for equal subspaces and 90 where a direction has nothing in common, or where
        the rows of one span less than r dimensions.
    """
    if len(one) != len(two):
        raise ValueError(f"subspaces of {len(one)} and {len(two)} dimensions")
    rank, (one, two) = len(one), (_basis(one), _basis(two))
    if min(one.shape[1], two.shape[1]) < rank:
        return 90.0
    sine = np.linalg.norm(two - one @ (one.T @ two), ord=2)
    return float(np.degrees(np.arcsin(min(sine, 1.0))))


def share_of_variance(samples, directions):
    """The variance of samples inside a subspace, where 1 is all of it.

    Args:
        samples: Array `(n, ...)`, n > 1; samples of several axes are flattened.
        directions: Array `(r, d)` of r rows, which span the subspace, or one of fewer dimensions.

    Returns:
        A share from 0 to 1: no subspace of r dimensions has more than the first r principal
        components.

    Raises:
        ValueError: The samples are all equal.
    """
    flat = np.asarray(samples, "float64").reshape(len(samples), -1)
    flat = flat - flat.mean(axis=0)
    if not flat.any():
        raise ValueError("the samples are all equal, so nothing of them varies")
    return float(np.sum((flat @ _basis(directions)) ** 2) / np.sum(flat**2))


def _basis(rows):
    """Orthonormal columns that span the same space as rows: fewer of rows that are dependent.

    A QR decomposition would complete them by arbitrary directions, and directions of a generator
    that has collapsed would seem to be found.
    """
    columns = np.asarray(rows, "float64").T
    basis, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    smallest = sizes.max(initial=0.0) * max(columns.shape) * np.finfo("float32").eps
    return basis[:, sizes > smallest]

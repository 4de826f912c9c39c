"""Balls around the samples of one set, and which samples of the other lie inside.

Precision, recall, density and coverage all ask this of the ball that reaches from a sample to
its k-th nearest neighbour in its own set. Asked together (`balls` with several k), they compute
each distance once:

    of_real, of_fake = balls(real, fake, real_k=(3, 5), fake_k=(3,))
    precision, recall = precision_recall.from_balls(of_real[3], of_fake[3])
    density, coverage = density_coverage.from_balls(of_real[5])
"""

from typing import NamedTuple

import numpy as np

from keras_gans.metrics.statistics import EPSILON

BLOCK = 1000
"""Rows of a block. The product of two blocks of 2,048 features keeps two cores busy for 40 ms
and takes 8 MB; larger ones are no faster, and a power of two is slow to transpose."""


class Balls(NamedTuple):
    """The balls of one set, against the points of the other.

    Attributes:
        k: A ball reaches to its centre's k-th nearest neighbour in the centre's own set; the
            centre itself is not counted, and duplicates of it are.
        around: int64 [points]: in how many balls each point lies.
        inside: int64 [centres]: how many points lie in each ball.
    """

    k: int
    around: np.ndarray
    inside: np.ndarray


def balls(real_features, fake_features, real_k, fake_k=()):
    """Counts which samples lie in which balls.

    Memory is that of the features and of a few blocks, and no matrix of all distances exists:
    distances come from products of blocks in float64, of which each is used for all k and, within
    a set, in both directions.

    A point on the edge of a ball lies inside, as in Kynkäänniemi et al. 2019, arXiv:1904.06991,
    eq. 1. On the edge is also what rounding may have put beside it: a few parts in 10^12 of the
    squared lengths for 2,048 features. So equal rows are at no distance, and a copy of a
    neighbour is as near as it.

    Args:
        real_features: Array [n, d], finite; float32 is not copied as a whole.
        fake_features: Array [m, d], the same.
        real_k: Integers from 1 to n - 1: the balls around real samples.
        fake_k: Integers from 1 to m - 1: those around fake ones. May be empty, and then the
            distances among the fake samples are not computed.

    Returns:
        ({k: Balls around real samples}, {k: Balls around fake samples}).

    Raises:
        ValueError: Different d, no more rows than k, or values that are not finite.
    """
    real, fake = (_features(side, k) for side, k in ((real_features, real_k),
                                                    (fake_features, fake_k)))  # fmt: skip
    if real.shape[1] != fake.shape[1]:
        raise ValueError(f"features of dimension {real.shape[1]} against {fake.shape[1]}")
    # Distances do not depend on where the origin is, and what cancels in them does.
    with np.errstate(over="ignore", invalid="ignore"):
        origin = real.mean(axis=0, dtype=np.float64)
        real, fake = _Set(real, origin), _Set(fake, origin)
    of_real = {k: _Around(k, edge, len(fake)) for k, edge in _edges(real, real_k).items()}
    of_fake = {k: _Around(k, edge, len(real)) for k, edge in _edges(fake, fake_k).items()}
    for i in real.blocks():
        rows = real.rows(i)
        for j in fake.blocks():
            squared = _squared(rows, real.lengths[i], fake.rows(j), fake.lengths[j])
            for around in of_real.values():
                around.count(squared, i, j)
            for around in of_fake.values():
                around.count(squared.T, j, i)
    return ({k: around.balls for k, around in of_real.items()},
            {k: around.balls for k, around in of_fake.items()})  # fmt: skip


def _features(features, ks):
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"features have shape [n, d], d at least 1; this is {features.shape}")
    most = max(ks, default=0)
    if min(ks, default=1) < 1 or len(features) <= most:
        raise ValueError(f"a k-th neighbour is one of n - 1 others; k is {tuple(ks)} and "
                         f"n is {len(features)}")  # fmt: skip
    return features


class _Set:
    """Features of one side: whole as they were given, in blocks as float64 from the origin."""

    def __init__(self, features, origin):
        self._features = features
        self._origin = origin
        self.dimension = len(origin)
        self.lengths = np.empty(len(features))  # squared
        for block in self.blocks():
            rows = self.rows(block)
            np.einsum("ij,ij->i", rows, rows, out=self.lengths[block])
        if not np.isfinite(self.lengths).all():
            raise ValueError("features are not finite, or so large that their squares are not")

    def __len__(self):
        return len(self._features)

    def blocks(self, start=0):
        return [slice(i, min(i + BLOCK, len(self))) for i in range(start, len(self), BLOCK)]

    def rows(self, block):
        return self._features[block].astype(np.float64) - self._origin


class _Around:
    """Counts of one k, filled block by block."""

    def __init__(self, k, edge, points):
        self._edge = edge[:, None]
        self.balls = Balls(k, np.zeros(points, np.int64), np.zeros(len(edge), np.int64))

    def count(self, squared, centres, points):
        within = squared <= self._edge[centres]
        self.balls.around[points] += np.count_nonzero(within, axis=0)
        self.balls.inside[centres] += np.count_nonzero(within, axis=1)


def _squared(x, x_lengths, y, y_lengths):
    """Squared distances of all pairs of rows."""
    squared = x @ y.T
    squared *= -2
    squared += x_lengths[:, None]
    squared += y_lengths
    return np.maximum(squared, 0, out=squared)


def _edges(side, ks):
    """{k: squared radii [n] of the balls, rounding included}."""
    if not ks:
        return {}
    nearest = np.full((len(side), max(ks)), np.inf)
    for i in side.blocks():
        rows = side.rows(i)
        for j in side.blocks(i.start):
            same = i == j
            other = rows if same else side.rows(j)
            squared = _squared(rows, side.lengths[i], other, side.lengths[j])
            if same:
                np.fill_diagonal(squared, np.inf)  # nothing is its own neighbour
            else:
                _keep_nearest(nearest[j], squared.T.copy())
            _keep_nearest(nearest[i], squared)
    nearest.sort(axis=1)
    # A scalar product of d numbers errs by d/2 EPSILON |x| |y| at most. Three of them make a
    # squared distance, two of these are compared, and |y|^2 is at most 2 (|x|^2 + radius^2).
    rounding = 6 * EPSILON * (side.dimension + 4)
    radii = {k: nearest[:, k - 1] for k in ks}
    return {k: radius + rounding * (side.lengths + radius) for k, radius in radii.items()}


def _keep_nearest(nearest, squared):
    """Puts the smallest of both into `nearest` [rows, k]; `squared` is reordered."""
    k = nearest.shape[1]
    if squared.shape[1] > k:
        squared.partition(k - 1, axis=1)
    joined = np.concatenate([nearest, squared[:, :k]], axis=1)
    joined.partition(k - 1, axis=1)
    nearest[:] = joined[:, :k]

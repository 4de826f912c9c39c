"""Balls around the samples of one set, and the samples of the other set inside them.

Precision, recall, density and coverage are all counts of this kind: a ball extends from a sample
to its k-th nearest neighbour in its own set. One call of `balls` with several k computes each
distance once for all of them:

    of_real, of_fake = balls(real, fake, real_k=(3, 5), fake_k=(3,))
    precision, recall = precision_recall.from_balls(of_real[3], of_fake[3])
    density, coverage = density_coverage.from_balls(of_real[5])
"""

from typing import NamedTuple

import numpy as np

from keras_gans.metrics.statistics import EPSILON

BLOCK = 1000
"""Rows of a block. The product of two blocks of 2,048 features takes two cores 40 ms and 8 MB.
Larger blocks are no faster, and a power of two is slow to transpose."""
BLURRED = 1e-6
"""Share of a ball's squared radius that its rounding error may take."""


class Balls(NamedTuple):
    """Counts for the balls of one set and the points of the other.

    Attributes:
        k: A ball extends to the k-th nearest neighbour of its centre in the centre's own set. The
            centre itself does not count as a neighbour; duplicates of it do.
        around: int64 `(points,)`: the number of balls that contain each point.
        inside: int64 `(centres,)`: the number of points inside each ball.
    """

    k: int
    around: np.ndarray
    inside: np.ndarray


def balls(real_features, fake_features, real_k, fake_k=()):
    """Counts samples inside balls.

    Memory is needed for the features and a few blocks; there is no matrix of all distances.
    Distances are products of blocks in float64. Each product serves all k and, within a set, both
    directions.

    A point on the edge of a ball lies inside, as in Kynkaanniemi et al. 2019, arXiv:1904.06991,
    eq. 1. The edge has the width of the rounding error: for 2,048 features a few parts in 10^12
    of the squared distance from the mean of the real samples. So equal rows have distance 0, and
    a copy of a neighbour is as near as the neighbour. Balls that are not much larger than this
    width, as in clusters that lie far apart, are counted again from differences of rows.

    Args:
        real_features: Array `(n, d)`, finite; float32 is not copied as a whole.
        fake_features: Array `(m, d)`, the same.
        real_k: Integers from 1 to n - 1, for the balls around real samples.
        fake_k: Integers from 1 to m - 1, for the balls around fake samples. If empty, the
            distances among fake samples are not computed.

    Returns:
        ({k: Balls around real samples}, {k: Balls around fake samples}).

    Raises:
        ValueError: Different d, no more rows than k, or values that are not finite.
    """
    real, fake = (_features(side, k) for side, k in ((real_features, real_k),
                                                    (fake_features, fake_k)))  # fmt: skip
    if real.shape[1] != fake.shape[1]:
        raise ValueError(f"features of dimension {real.shape[1]} and {fake.shape[1]}")
    # Distances do not depend on the origin, but their rounding errors do.
    with np.errstate(over="ignore", invalid="ignore"):
        origin = real.mean(axis=0, dtype=np.float64)
        real, fake = _Set(real, origin), _Set(fake, origin)
    of_real = {k: _Around(k, *edge, len(fake)) for k, edge in _edges(real, real_k).items()}
    of_fake = {k: _Around(k, *edge, len(real)) for k, edge in _edges(fake, fake_k).items()}
    for i in real.blocks():
        rows = real.rows(i)
        for j in fake.blocks():
            squared = _squared(rows, real.lengths[i], fake.rows(j), fake.lengths[j])
            for around in of_real.values():
                around.count(squared, i, j)
            for around in of_fake.values():
                around.count(squared.T, j, i)
    for arounds, own, other in ((of_real, real, fake), (of_fake, fake, real)):
        for around in arounds.values():
            around.count_blurred(own, other)
    return ({k: around.balls for k, around in of_real.items()},
            {k: around.balls for k, around in of_fake.items()})  # fmt: skip


def _features(features, ks):
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"features must have shape (n, d), d at least 1; got {features.shape}")
    if features.dtype.kind == "c":
        raise ValueError(f"features must be real numbers; got {features.dtype}")
    most = max(ks, default=0)
    if min(ks, default=1) < 1 or len(features) <= most:
        raise ValueError(f"each sample needs k others, k at least 1; k is {tuple(ks)} and "
                         f"n is {len(features)}")  # fmt: skip
    return features


class _Set:
    """Features of one side: kept as given, converted block by block to float64 minus the origin."""

    def __init__(self, features, origin):
        self._features = features
        self._origin = origin
        self.dimension = len(origin)
        self.lengths = np.empty(len(features))  # squared
        for block in self.blocks():
            rows = self.rows(block)
            np.einsum("ij,ij->i", rows, rows, out=self.lengths[block])
        if not np.isfinite(self.lengths).all():
            raise ValueError("the features are not finite, or so large that their squares are not")

    def __len__(self):
        return len(self._features)

    def blocks(self, start=0):
        return [slice(i, min(i + BLOCK, len(self))) for i in range(start, len(self), BLOCK)]

    def rows(self, block):
        return self._features[block].astype(np.float64) - self._origin

    def near(self, rows, other, edge):
        """Which rows of another set lie within squared distances of some rows: bool `(rows, m)`."""
        mine, lengths = self.rows(rows), self.lengths[rows]
        return np.concatenate(
            [
                _squared(mine, lengths, other.rows(j), other.lengths[j]) <= edge[:, None]
                for j in other.blocks()
            ],
            axis=1,
        )

    def exact(self, row, other, rows):
        """Squared distances of a row from rows of another set, without products."""
        difference = other._features[rows].astype(np.float64) - self._features[row]
        return np.einsum("ij,ij->i", difference, difference)


class _Around:
    """Counts of one k, filled block by block."""

    def __init__(self, k, radius, rounding, points):
        self._edge, self._rounding = radius + rounding, rounding
        self._blurred = np.flatnonzero(rounding > BLURRED * radius)
        self._counted = self._edge.copy()
        self._counted[self._blurred] = -1  # by `count_blurred`
        self.balls = Balls(k, np.zeros(points, np.int64), np.zeros(len(radius), np.int64))

    def count(self, squared, centres, points):
        within = squared <= self._counted[centres, None]
        self.balls.around[points] += np.count_nonzero(within, axis=0)
        self.balls.inside[centres] += np.count_nonzero(within, axis=1)

    def count_blurred(self, own, other):
        """Counts for balls whose radius is no longer large against the rounding error."""
        for start in range(0, len(self._blurred), BLOCK):
            rows = self._blurred[start : start + BLOCK]
            points = own.near(rows, other, self._edge[rows])
            hit = points.any(axis=1)
            rows, points = rows[hit], points[hit]
            neighbours = own.near(rows, own, self._edge[rows] + self._rounding[rows])
            neighbours[np.arange(len(rows)), rows] = False
            for row, its_points, its_neighbours in zip(rows, points, neighbours, strict=True):
                found = np.flatnonzero(its_points)
                radius = np.sort(own.exact(row, own, its_neighbours))[self.balls.k - 1]
                found = found[own.exact(row, other, found) <= radius]
                self.balls.around[found] += 1
                self.balls.inside[row] = len(found)


def _squared(x, x_lengths, y, y_lengths):
    """Squared distances of all pairs of rows."""
    squared = x @ y.T
    squared *= -2
    squared += x_lengths[:, None]
    squared += y_lengths
    return np.maximum(squared, 0, out=squared)


def _edges(side, ks):
    """{k: (squared radii of the balls, their rounding errors)}, each `(n,)`."""
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
                np.fill_diagonal(squared, np.inf)  # no sample is its own neighbour
            else:
                _keep_nearest(nearest[j], squared.T.copy())
            _keep_nearest(nearest[i], squared)
    nearest.sort(axis=1)
    # The error of a scalar product of d numbers is at most d/2 EPSILON |x| |y|. A squared distance
    # takes three of them, a comparison two distances, and |y|^2 is at most 2 (|x|^2 + radius^2).
    rounding = 6 * EPSILON * (side.dimension + 4)
    radii = {k: nearest[:, k - 1] for k in ks}
    return {k: (radius, rounding * (side.lengths + radius)) for k, radius in radii.items()}


def _keep_nearest(nearest, squared):
    """Merges `squared` into the k smallest values `nearest` `(rows, k)`; reorders `squared`."""
    k = nearest.shape[1]
    if squared.shape[1] > k:
        squared.partition(k - 1, axis=1)
    joined = np.concatenate([nearest, squared[:, :k]], axis=1)
    joined.partition(k - 1, axis=1)
    nearest[:] = joined[:, :k]

"""Intervals of means over seeds, and rank correlations.

A row with three or more seeds has a deviation of its own. Many rows have one seed or two: there the
deviation between seeds is taken to be one for all rows, but changed ones, that share a table, a
data set and a measure, and is pooled over them, as in an analysis of variance with one factor: s^2
is the sum of squares within the rows over the sum of (seeds - 1), and Student's t has those degrees
of freedom
(Snedecor and Cochran, "Statistical Methods", 8th ed. 1989, chapter 12). A row with one seed can
then be compared where others have several. The degrees of freedom of a difference of rows that
share no deviation are those of Welch and Satterthwaite (Welch 1947).

Where rows differ in how far their seeds are apart, pooled intervals are too narrow for the unsteady
ones and too wide for the steady ones. Three seeds of the rows in question are the remedy.
"""

from functools import cache
from itertools import permutations
from math import sqrt
from typing import NamedTuple

import numpy as np

LEVEL = 0.95
"""Of every interval and test."""
ENOUGH = 3
"""Seeds of a row that has a deviation of its own."""
_EXACT, _RESAMPLES = 8, 50_000  # 8! = 40,320


class Deviation(NamedTuple):
    """A deviation between seeds, pooled over rows."""

    variance: float
    degrees: int
    """Of freedom, >= 1."""


class Sample(NamedTuple):
    """The seeds of one row."""

    mean: float
    count: int
    deviation: Deviation | None
    """Of the row, or pooled over it and those like it; None where it is not known."""


class Correlation(NamedTuple):
    """A rank correlation."""

    rho: float
    count: int
    """Number of pairs."""
    p: float
    """Two-sided: the share of all orders that correlate as much."""


def pooled(groups):
    """The deviation within groups.

    Args:
        groups: List of lists of values, one for each row.

    Returns:
        `Deviation`, or None where no group has two values.
    """
    degrees = sum(len(values) - 1 for values in groups if values)
    if not degrees:
        return None
    squares = sum(float(np.var(values)) * len(values) for values in groups if values)
    return Deviation(squares / degrees, degrees)


def interval(samples, comparisons=1):
    """The interval of a mean, or of the difference of two.

    Args:
        samples: One `Sample`, or two: the interval is then of the first mean minus the second.
        comparisons: Number of intervals that have to be right together: each is widened by
            Bonferroni's correction.

    Returns:
        (low, high), or None where a deviation is not known.
    """
    if any(sample.deviation is None for sample in samples):
        return None
    from scipy.stats import t  # half a second, which a page without claims does not need

    center = samples[0].mean - sum(sample.mean for sample in samples[1:])
    share = {}
    for number, sample in enumerate(samples):
        # Rows with deviations of their own share none, even if these are equal by chance.
        key = sample.deviation, number if sample.count >= ENOUGH else None
        share[key] = share.get(key, 0.0) + 1 / sample.count
    parts = [(d.variance * factor, d.degrees) for (d, _), factor in share.items()]
    total = sum(variance for variance, _ in parts)
    if total == 0:
        return center, center
    degrees = total**2 / sum(variance**2 / freedom for variance, freedom in parts)
    half = t.ppf(1 - (1 - LEVEL) / 2 / comparisons, degrees) * sqrt(total)
    return center - half, center + half


def rank_correlation(first, second):
    """Spearman's rank correlation of two lists, with a permutation test.

    The test compares with all orders of up to 8 values, or with 50,000 random ones of more: the
    usual approximation by Student's t is wrong for the few rows of a table.

    Args:
        first, second: Lists of as many values, at least 3.

    Returns:
        `Correlation`, or None where the values of a list are all equal.
    """
    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    from scipy.stats import rankdata

    one, two = (rankdata(values) - (len(values) + 1) / 2 for values in (first, second))
    found = float(one @ two)
    others = two[_orders(len(two))] @ one
    p = np.mean(np.abs(others) >= abs(found) - 1e-9)
    return Correlation(found / sqrt(float(one @ one) * float(two @ two)), len(one), float(p))


@cache
def _orders(count):
    """Orders of so many things, one in a row; the first leaves them as they are."""
    if count <= _EXACT:
        return np.array(list(permutations(range(count))))
    orders = np.tile(np.arange(count), (_RESAMPLES, 1))
    np.random.Generator(np.random.Philox(0)).permuted(orders[1:], axis=1, out=orders[1:])
    return orders

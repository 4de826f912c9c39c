"""Intervals of means over seeds, and rank correlations.

Most rows have few seeds, many have one. So the deviation between seeds is taken to be one for all
rows that share a table, a data set and a measure, and is pooled over them, as in an analysis of
variance with one factor: s^2 is the sum of squares within the rows over the sum of (seeds - 1),
and Student's t has those degrees of freedom (Snedecor and Cochran, "Statistical Methods", 8th
ed. 1989, chapter 12). A row with one seed can then be compared where others have several. Rows
of different tables or data sets have deviations of their own; degrees of freedom of such a
difference are those of Welch and Satterthwaite (Welch 1947).
"""

from math import sqrt
from typing import NamedTuple

import numpy as np

LEVEL = 0.95
"""Of every interval and test."""
_RESAMPLES = 50_000  # all orders of up to 8 rows: 8! = 40,320


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
    """Pooled over the row and those like it; None where none of them has two seeds."""


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
    for sample in samples:
        share[sample.deviation] = share.get(sample.deviation, 0.0) + 1 / sample.count
    parts = [(d.variance * factor, d.degrees) for d, factor in share.items()]
    total = sum(variance for variance, _ in parts)
    if total == 0:
        return center, center
    degrees = total**2 / sum(variance**2 / freedom for variance, freedom in parts)
    half = t.ppf(1 - (1 - LEVEL) / 2 / comparisons, degrees) * sqrt(total)
    return center - half, center + half


def rank_correlation(first, second):
    """Spearman's rank correlation of two lists, with its exact test.

    The test compares with all orders of the second list, or with 50,000 random ones of more than
    8 values: a normal approximation is wrong for the few rows of a table.

    Args:
        first, second: Lists of as many values, at least 3.

    Returns:
        `Correlation`, or None where the values of a list are all equal.
    """
    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    from scipy.stats import permutation_test, rankdata

    ranks = rankdata(first), rankdata(second)

    def rho(order):
        return np.corrcoef(order, ranks[1])[0, 1]

    found = permutation_test(
        (ranks[0],), rho, permutation_type="pairings", n_resamples=_RESAMPLES, rng=0
    )
    return Correlation(float(found.statistic), len(first), float(found.pvalue))

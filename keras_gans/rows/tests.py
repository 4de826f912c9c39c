"""The tests that a claim can name, as bounds on means or as rank correlations.

All but two give ranges for differences between rows: `Bound`. A distance or a loss is compared as
its logarithm, so a difference is a ratio. Every other measure is compared as it is, `kid` too,
because it may be negative.
"""

from itertools import combinations, pairwise, product
from math import inf, log
from typing import Literal, NamedTuple

from keras_gans.errors import UsageError
from keras_gans.parts import Positive, Reference, Row, Tier

RATIOS = ("fid", "fid_thesis", "d_loss", "g_loss")
"""Measures that are compared as logarithms."""
LEAST = 1e-9
"""Stands for 0, and what is below, where a logarithm is taken: losses end as exactly 0."""
_FEWEST = 5  # rows of a rank correlation: of 4 rows 2 orders in 24 correlate fully, which is 8 %


class Bound(NamedTuple):
    """A mean, or the difference of two, has to lie between two limits."""

    first: str
    """Label of a row."""
    second: str | None
    """Label of the row whose mean is taken off, or None."""
    low: float
    high: float

    @property
    def rows(self):
        """Labels of its rows."""
        return self[:1] if self.second is None else self[:2]


def scaled(value, measure):
    """A value as rows are compared by it: its logarithm if the measure is one of `RATIOS`."""
    return log(max(value, LEAST)) if measure in RATIOS else value


class Best:
    """A row is better than each of the others."""

    def __init__(
        self,
        row: Row,
        rows: tuple[Row, ...],
        measure: str | None = None,
        generator: Literal["last", "best"] | None = None,
    ):
        self.row, self.rows, self.measure, self.generator = row, rows, measure, generator
        if not self._others:
            raise UsageError("a test compares at least two rows")

    @property
    def _others(self):
        own = Reference.of(self.row).label
        return [label for label in _labels(self.rows) if label != own]

    def bounds(self, measure, better):
        """The bounds of a measure.

        Args:
            measure: Metric or log field.
            better: "lower" or "higher".

        Returns:
            List of `Bound`.
        """
        own = Reference.of(self.row).label
        return [_better(own, other, None, measure, better) for other in self._others]


class Ordered:
    """Each row is better than the next; rows in a list of their own are not compared.

    `by` is the factor between two distances or losses, and the difference of other measures. With a
    factor below 1 a row may be worse than the next: 0.9 allows a distance 1 / 0.9 times as large.
    """

    def __init__(
        self,
        rows: tuple[Tier, ...] | None = None,
        groups: tuple[tuple[Tier, ...], ...] | None = None,
        by: Positive | None = None,
        measure: str | None = None,
        generator: Literal["last", "best"] | None = None,
    ):
        self.groups, self.by = _groups(rows, groups), by
        self.measure, self.generator = measure, generator

    def bounds(self, measure, better):
        """As `Best.bounds`."""
        return [
            _better(first, second, self.by, measure, better)
            for group in self.groups
            for upper, lower in pairwise(map(_tier, group))
            for first, second in product(upper, lower)
        ]


class Equal:
    """All rows are equal, within a percentage of a distance or loss, or points of a share.

    With `value` each row is equal to that number.
    """

    def __init__(
        self,
        within: Positive,
        rows: tuple[Row, ...] | None = None,
        groups: tuple[tuple[Row, ...], ...] | None = None,
        value: float | None = None,
        measure: str | None = None,
        generator: Literal["last", "best"] | None = None,
    ):
        self.within, self.value = within, value
        self.measure, self.generator = measure, generator
        if value is not None and (not rows or groups is not None or measure is None):
            raise UsageError("test.value needs test.rows and test.measure")
        self.groups = (rows,) if value is not None else _groups(rows, groups)

    def bounds(self, measure, better):
        """As `Best.bounds`."""
        margin = log(1 + self.within / 100) if measure in RATIOS else self.within / 100
        if self.value is not None:
            value = scaled(self.value, measure)
            labels = _labels(self.groups[0])
            return [Bound(label, None, value - margin, value + margin) for label in labels]
        return [
            Bound(first, second, -margin, margin)
            for group in self.groups
            for first, second in combinations(_labels(group), 2)
        ]


class AtLeast:
    """The measure of each row, or of more than half of them (`most`), is a number or more."""

    def __init__(
        self,
        rows: tuple[Row, ...],
        measure: str,
        value: float,
        most: bool = False,
        generator: Literal["last", "best"] | None = None,
    ):
        self.rows, self.measure, self.value, self.generator = rows, measure, value, generator
        self.most = most
        if not rows:
            raise UsageError("test.rows is empty")

    def bounds(self, measure, better):
        """As `Best.bounds`."""
        value = scaled(self.value, measure)
        return [Bound(label, None, value, inf) for label in _labels(self.rows)]


class AtMost(AtLeast):
    """The measure of each row, or of more than half of them, is a number or less."""

    def bounds(self, measure, better):
        """As `Best.bounds`."""
        value = scaled(self.value, measure)
        return [Bound(label, None, -inf, value) for label in _labels(self.rows)]


class Trend:
    """The further down the list, the worse the measure: a rank correlation."""

    def __init__(
        self,
        rows: tuple[Row, ...],
        measure: str | None = None,
        generator: Literal["last", "best"] | None = None,
    ):
        self.rows, self.measure, self.generator = rows, measure, generator
        _check_many(rows)

    def expected(self, rows, printed):
        """Numbers in whose order the rows should be, the larger the worse.

        Args:
            rows: List of `Reference`, some of those of the test in their order.
            printed: Function from a reference to what the document prints, the larger the worse.

        Returns:
            List of numbers.
        """
        return list(range(len(rows)))


class Correlates:
    """Rows are in the order of the numbers that the document prints: a rank correlation."""

    def __init__(
        self,
        rows: tuple[Row, ...],
        printed: str,
        measure: str | None = None,
        generator: Literal["last", "best"] | None = None,
    ):
        self.rows, self.printed, self.measure = rows, printed, measure
        self.generator = generator
        _check_many(rows)

    def expected(self, rows, printed):
        """As `Trend.expected`."""
        return [printed(row) for row in rows]


TESTS = {
    "best": Best,
    "ordered": Ordered,
    "equal": Equal,
    "at_least": AtLeast,
    "at_most": AtMost,
    "trend": Trend,
    "correlates": Correlates,
}
"""The vocabulary, by the names that tables use."""


def _labels(rows):
    return [Reference.of(row).label for row in rows]


def _tier(tier):
    return _labels(tier if isinstance(tier, tuple) else (tier,))


def _groups(rows, groups):
    """Lists of rows to compare with each other, from the one or the several that are given."""
    if (rows is None) == (groups is None):
        raise UsageError("give either test.rows, or test.groups")
    groups = (rows,) if groups is None else groups
    if not groups or min(map(len, groups)) < 2:
        raise UsageError("a test compares at least two rows")
    for group in groups:
        labels = [label for tier in group for label in _tier(tier)]
        for label in labels:
            if labels.count(label) > 1:
                raise UsageError(f"a test compares row {label} with itself")
    return groups


def _better(first, second, by, measure, better):
    if measure in RATIOS:
        by = 0.0 if by is None else log(by)
    by = by or 0.0
    low, high = (-inf, -by) if better == "lower" else (by, inf)
    return Bound(first, second, low, high)


def _check_many(rows):
    if len(rows) < _FEWEST:
        raise UsageError(
            f"test.rows has {len(rows)} rows: fewer than {_FEWEST} show no rank correlation; "
            "use ordered"
        )
    runs = [f"{Reference.of(row).row} {Reference.of(row).set}" for row in rows]
    if len(set(runs)) < len(runs):
        raise UsageError(
            "test.rows has moments of one run, which follow from each other and show no rank "
            "correlation; compare two of them with ordered"
        )

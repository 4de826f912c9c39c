"""How far the measured order of a table's rows is the printed one."""

from dataclasses import dataclass

from keras_gans.reports import results
from keras_gans.reports.intervals import Correlation, rank_correlation
from keras_gans.reports.means import better, mean

_FEWEST = 3  # rows: of two the correlation is 1 or -1


@dataclass(frozen=True)
class Order:
    """How the measured order of the rows on one data set agrees with the printed one.

    Attributes:
        data: The data that were read.
        printed: Name of the printed numbers.
        measure: Full name of the measured ones.
        generator: "last" or "best".
        correlation: `Correlation`.
    """

    data: str
    printed: str
    measure: str
    generator: str
    correlation: Correlation


def orders(runs):
    """Rank correlations of printed and measured values, of the rows as the table has them.

    Measured `fid` is compared with printed `fid_thesis`, too.

    Args:
        runs: List of `results.Finished` of one table.

    Returns:
        List of `Order`; there is none of fewer than 3 rows.
    """
    found = {}
    for group in results.groups([run for run in runs if not run.changed]):
        for printed, number in group[0].printed.items():
            for metric in dict.fromkeys((printed.removesuffix("_thesis"), printed)):
                for generator in ("last", "best"):
                    value = mean(group, metric, generator)
                    if value is not None:
                        key = (group[0].data, printed, value[0], generator)
                        pair = (_worse(number, printed), _worse(value[1], metric))
                        found.setdefault(key, []).append(pair)
    correlations = {
        key: rank_correlation(*zip(*pairs, strict=True))
        for key, pairs in found.items()
        if len(pairs) >= _FEWEST
    }
    return [Order(*key, correlation) for key, correlation in correlations.items() if correlation]


def _worse(value, measure):
    return value if better(measure) == "lower" else -value

"""The values of rows, as means over seeds on the scale on which rows are compared."""

from dataclasses import dataclass
from itertools import groupby

from keras_gans.reports import measurements, results
from keras_gans.reports.intervals import ENOUGH, Sample, pooled
from keras_gans.rows.tests import RATIOS, scaled


@dataclass(frozen=True)
class Means:
    """The values of several rows.

    Attributes:
        measure: The metric, log field or full name that was asked for.
        samples: Dict from the label of a row to its `Sample`; rows without a value are left out.
        missing: Labels of the rows that have not been run.
        silent: Labels of the rows that have been run and have no such value.
        diverged: Labels of the rows of which seeds have no value because they diverged. The mean of
            the others would be that of the lucky ones.
        names: Dict from the label of a row to the full name of its value.
        seeds: Dict from the label of a row to the number of its runs, with a value or without.
    """

    measure: str
    samples: dict
    missing: tuple
    silent: tuple
    diverged: tuple
    names: dict
    seeds: dict


def means(rows, measure, generator, table, runs, name=None):
    """The means of rows.

    Args:
        rows: List of `parts.Reference`.
        measure: Metric or log field.
        generator: "last" or "best".
        table: Name of the table of the rows that name none.
        runs: Function from the name of a table to the list of its `results.Finished`.
        name: Full name of the measure where runs have it in several features; None is what they
            measured.

    Returns:
        `Means`.
    """
    samples, missing, silent, diverged, names, seeds = {}, [], [], [], {}, {}
    for row in rows:
        place, number = row.place
        groups = results.groups(runs(place or table))
        own = [g for g in groups if g[0].experiment == number and g[0].changed == row.set]
        if not own:
            missing.append(row.label)
            continue
        group = max(own, key=len)
        seeds[row.label] = len(group)
        pairs = _pairs(group, measure, generator, row.at, name)
        lost = any(run.diverged_at is not None for run in group)
        if (lost and len(pairs) < len(group)) or results.diverged_beside(group[0]):
            diverged.append(row.label)
            continue
        if not pairs:
            silent.append(row.label)
            continue
        full = names[row.label] = pairs[0][0]
        # Seeds of changed rows, such as short trials, are as far apart as those trials are.
        alike = [
            g
            for g in groups
            if (g[0].data, g[0].samples) == (group[0].data, group[0].samples)
            and (g is group or not g[0].changed)
        ]
        values = [
            [scaled(v, measure) for n, v in _pairs(g, measure, generator, row.at, full)]
            for g in [group, *alike]
        ]
        deviation = pooled(values[:1] if len(values[0]) >= ENOUGH else values[1:])
        # Seeds without a value may be further apart than the others.
        if len(values[0]) < len(group):
            deviation = None
        # Rows whose seeds are all equal, such as no modes or all of them, say nothing of another.
        if deviation and deviation.variance == 0 and len(values[0]) == 1:
            deviation = None
        samples[row.label] = Sample(sum(values[0]) / len(values[0]), len(values[0]), deviation)
    return Means(
        name or measure, samples, tuple(missing), tuple(silent), tuple(diverged), names, seeds
    )


def mean(group, measure, generator):
    """The mean of runs that differ in their seeds alone.

    Args:
        group: List of `results.Finished`.
        measure: Metric or log field.
        generator: "last" or "best".

    Returns:
        The pair (full name, mean on the scale of `tests.scaled`), or None without a value.
    """
    pairs = _pairs(group, measure, generator)
    if not pairs:
        return None
    full = pairs[0][0]
    values = [scaled(value, measure) for name, value in pairs if name == full]
    return full, sum(values) / len(values)


def better(measure):
    """ "lower" or "higher": which values of a measure are better."""
    return measurements.better(measure) or "lower"  # what is no metric is a loss


def short(labels):
    """Labels of rows as one text, in which 3, 1 and 2 are 1-3."""
    numbers = sorted(int(label) for label in labels if label.isdecimal())
    spans = [
        [number for _, number in span]
        for _, span in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])
    ]
    told = [f"{s[0]}-{s[-1]}" if len(s) > 2 else ", ".join(map(str, s)) for s in spans]
    return ", ".join([*told, *(label for label in labels if not label.isdecimal())])


def _pairs(group, measure, generator, at=None, name=None):
    """The pairs (full name, value) of the runs that have a value."""
    pairs = [run.reading(name or measure, generator, at) for run in group]
    pairs = [pair for pair in pairs if pair is not None]
    # A loss may be negative, and then it is no ratio. Without such seeds the mean would be another.
    return [] if measure in RATIOS and any(value < 0 for _, value in pairs) else pairs

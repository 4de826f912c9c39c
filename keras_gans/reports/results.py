"""The results of finished runs, read from results/<table>/<run>/seed-<n>/metrics.json.

Nothing is computed here except means and deviations over seeds.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from keras_gans.errors import UsageError

_NUMBER = int | float


@dataclass(frozen=True)
class Measured:
    """One measurement of a run; every value is None where nothing could be measured.

    Attributes:
        metric: Name of the metric, as in rows.
        first: Value before the first iteration.
        last: Value after the last one.
        best: Best value of a trained generator.
        best_iteration: Iteration of the best value; None over several seeds.
    """

    metric: str
    first: object
    last: object
    best: object
    best_iteration: int | None


@dataclass(frozen=True)
class Spread:
    """A value over several seeds.

    Attributes:
        mean: Mean over the seeds that have a value.
        deviation: Sample standard deviation, or None for a single value.
        count: Number of seeds that have a value, >= 1.
        seeds: Number of seeds.
    """

    mean: float
    deviation: float | None
    count: int
    seeds: int


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Attributes:
        folder: `Path` of the run.
        experiment: Number of the row.
        changed: Dict from field to the value that replaces the row's.
        seed: Seed of the run.
        derived_from: Model that the document names as the row's origin.
        data: The data that was read.
        samples: Number of samples of the data.
        iterations: Number of iterations.
        stopped_at: Iteration at which a stop rule ended the run, or None.
        diverged_at: First iteration at which a loss or weight was not finite, or None.
        measured: Dict from full name to `Measured`.
        printed: Dict from name to the number that the document prints.
        seconds: Time of the run.
    """

    folder: Path
    experiment: int
    changed: dict
    seed: int
    derived_from: str
    data: str
    samples: int
    iterations: int
    stopped_at: int | None
    diverged_at: int | None
    measured: dict
    printed: dict
    seconds: float


def finished(folder):
    """The finished runs of a table, in the order of rows, changes and seeds.

    Args:
        folder: results/<table>.

    Returns:
        List of `Finished`.

    Raises:
        UsageError: A metrics.json is damaged.
    """
    runs = [_read(path) for path in Path(folder).glob("*/seed-*/metrics.json")]
    return sorted(runs, key=lambda run: (*_settings(run), run.seed))


def groups(runs):
    """Runs that differ in their seeds alone.

    Args:
        runs: List of `Finished`, in the order of `finished`.

    Returns:
        List of lists.
    """
    found = {}
    for run in runs:
        found.setdefault(_settings(run), []).append(run)
    return list(found.values())


def over_seeds(runs):
    """The measurements of several runs, as mean and deviation.

    Args:
        runs: List of `Finished` that differ in their seeds alone.

    Returns:
        Dict from full name to `Measured`, whose values are `Spread` or None.
    """
    named = {name: measured.metric for run in runs for name, measured in run.measured.items()}
    return {
        name: Measured(
            metric, *(_spread(runs, name, part) for part in ("first", "last", "best")), None
        )
        for name, metric in named.items()
    }


def _spread(runs, name, part):
    values = [getattr(run.measured[name], part) for run in runs if name in run.measured]
    values = [value for value in values if value is not None]
    if not values:
        return None
    deviation = stdev(values) if len(values) > 1 else None
    return Spread(mean(values), deviation, len(values), len(runs))


def _settings(run):
    changed = json.dumps(run.changed, sort_keys=True)
    return run.experiment, len(run.changed), changed, run.data, run.samples, run.iterations


def _read(path):
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        measured = {
            name: Measured(
                _of(str, value["metric"]),
                *(_of(_NUMBER | None, value[part]) for part in ("first", "last", "best")),
                _of(int | None, value["best_iteration"]),
            )
            for name, value in content["measured"].items()
        }
        return Finished(
            folder=path.parent,
            experiment=_of(int, content["experiment"]),
            changed=_of(dict, content["changed"]),
            seed=_of(int, content["seed"]),
            derived_from=_of(str, content["derived_from"]),
            data=_of(str, content["data"]),
            samples=_of(int, content["samples"]),
            iterations=_of(int, content["iterations"]),
            stopped_at=_of(int | None, content.get("stopped_at")),
            diverged_at=_of(int | None, content["diverged_at"]),
            measured=measured,
            printed={name: _of(_NUMBER, value) for name, value in content["printed"].items()},
            seconds=_of(_NUMBER, content["seconds"]["wall"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UsageError(
            f"{path} is not the file that a run writes: remove it and make the run again"
        ) from None


def _of(kind, value):
    if not isinstance(value, kind):
        raise TypeError(value)
    return value

"""The results of finished runs, read from results/<table>/<run>/seed-<n>/.

They are in metrics.json, in log.jsonl, and in evaluated_last*.json and evaluated_best*.json, which
hold what `keras-gans evaluate` says of the last and the best generator. Nothing is computed here
except means and deviations over seeds.
"""

import json
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from math import isfinite
from pathlib import Path
from statistics import mean, stdev

from keras_gans.errors import UsageError
from keras_gans.metrics import metric_of
from keras_gans.rows.stored import StoredRun, records, unreadable

_NUMBER = int | float
_WRONG = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True)
class Measurement:
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
        measured: Dict from full name to `Measurement`.
        printed: Dict from name to the number that the document prints.
        seconds: Time of the run.
        final: Dict from "d_loss" and "g_loss" to the last losses, and to the last accuracies where
            they are recorded; empty for a classifier.
        evaluated: Dict from "last" and "best" to what was evaluated of that generator: a dict from
            full name to the pair (metric, value or None).
        damaged: As for `finished`.
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
    final: dict = field(default_factory=dict)
    evaluated: dict = field(default_factory=dict)
    damaged: list | None = field(default=None, compare=False, repr=False)

    @cached_property
    def log(self):
        """The records of log.jsonl, a list of dicts; empty where there is none, or it is left out.

        Raises:
            UsageError: It is damaged.
        """
        with leaving_out(self.damaged):
            return records(self.folder, finished=True)
        return []

    @cached_property
    def row(self):
        """The row that was trained, as text, without what the document prints; "" if unknown."""
        try:
            stored = StoredRun.read(self.folder)
        except UsageError:
            return ""
        try:
            row = stored.experiment.to_dict()  # a field that came later has its default
        except UsageError:
            row = stored.row
        return json.dumps({**row, "printed": None}, sort_keys=True, default=str)

    def reading(self, measure, generator, at=None):
        """One value of the run.

        The best generator is the one that the first metric of the row chose. Another metric of it
        is what was evaluated, or stands in the log.

        Args:
            measure: A metric, a full name such as "fid5k_lenet", "d_loss" or "g_loss".
            generator: "last" or "best".
            at: Iteration of another generator; its value is read from the log.

        Returns:
            The pair (full name, value), or None where there is no value.
        """
        if at is not None:
            return self._logged(measure, at)
        if measure in self.final:
            return (measure, self.final[measure]) if generator == "last" else None
        chooses = next(iter(self.measured.values()), None)
        name = next((n for n, v in self.measured.items() if measure in (n, v.metric)), None)
        if name and (generator == "last" or self.measured[name] is chooses):
            return _pair(name, getattr(self.measured[name], generator))
        for full, (metric, value) in self.evaluated.get(generator, {}).items():
            if measure in (full, metric):
                return _pair(full, value)
        return self._logged(measure, chooses.best_iteration) if name else None

    def _logged(self, measure, iteration):
        for record in self.log:
            for name, value in record.items() if record.get("iteration") == iteration else ():
                known = name in self.final or name in self.measured
                if known and measure in (name, metric_of(name)):
                    return _pair(name, value)
        return None


def _pair(name, value):
    return None if value is None else (name, value)


@contextmanager
def leaving_out(damaged):
    """Leaves out what is read in it, if a file is damaged.

    Args:
        damaged: List to which the error is added, once; None raises it.
    """
    try:
        yield
    except UsageError as error:
        if damaged is None:
            raise
        if str(error) not in map(str, damaged):
            damaged.append(error)


def finished(folder, damaged=None):
    """The finished runs of a table, in the order of rows, changes and seeds.

    Args:
        folder: results/<table>.
        damaged: List to which the error of each damaged file is added. A run without a summary is
            left out, and so is a log when it is asked for. None raises these errors.

    Returns:
        List of `Finished`.

    Raises:
        UsageError: A metrics.json is damaged.
    """
    runs = []
    for path in Path(folder).glob("*/seed-*/metrics.json"):
        with leaving_out(damaged):
            runs.append(_read(path, damaged))
    return sorted(runs, key=lambda run: (*_settings(run), run.seed))


def diverged_beside(run):
    """Whether another seed of a run's row diverged and so was given up: it has no summary.

    Args:
        run: `Finished`.
    """
    others = run.folder.parent.glob("seed-*/log.jsonl")
    unfinished = [path.parent for path in others if not (path.parent / "metrics.json").exists()]
    for folder in unfinished:
        with suppress(UsageError):  # a damaged log is named where its run is shown
            if any("not_finite" in record for record in records(folder)):
                return True
    return False


def groups(runs):
    """Runs that differ in their seeds alone.

    Runs of one number do not, if its row was changed in the table between them.

    Args:
        runs: List of `Finished`, in the order of `finished`.

    Returns:
        List of lists.
    """
    found = [list(same) for _, same in groupby(runs, _settings)]
    return [same for several in found for same in _of_one_row(several)]


def _of_one_row(runs):
    if len(runs) == 1:
        return [runs]  # the row takes time to read
    found = {}
    for run in runs:
        found.setdefault(run.row, []).append(run)
    return list(found.values())


def over_seeds(runs):
    """The measurements of several runs, as mean and deviation.

    Args:
        runs: List of `Finished` that differ in their seeds alone.

    Returns:
        Dict from full name to `Measurement`, whose values are `Spread` or None.
    """
    named = {name: measured.metric for run in runs for name, measured in run.measured.items()}
    return {
        name: Measurement(
            metric, *(_spread(runs, name, part) for part in ("first", "last", "best")), None
        )
        for name, metric in named.items()
    }


def _spread(runs, name, part):
    values = [getattr(run.measured[name], part) for run in runs if name in run.measured]
    values = [value for value in values if value is not None and isfinite(value)]
    if not values:
        return None
    deviation = stdev(values) if len(values) > 1 else None
    return Spread(mean(values), deviation, len(values), len(runs))


def _settings(run):
    changed = json.dumps(run.changed, sort_keys=True)
    return run.experiment, len(run.changed), changed, run.data, run.samples, run.iterations


def _read(path, damaged):
    evaluated = {which: _evaluated(path, which) for which in ("last", "best")}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        measured = {
            name: Measurement(
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
            seconds=_finite(content["seconds"]["wall"]),
            final={
                name: _of(_NUMBER, value)
                for name, value in content.get("final", {}).items()
                if value is not None
            },
            evaluated=evaluated,
            damaged=damaged,
        )
    except OSError as error:
        raise unreadable(path, error) from None
    except _WRONG:
        raise UsageError(
            f"{path} is not the file that a run writes: the command of the run writes it again, in "
            "seconds where its checkpoint is there"
        ) from None


def _evaluated(metrics, which):
    found = {}
    for path in sorted(metrics.parent.glob(f"evaluated_{which}*.json")):
        try:
            results = json.loads(path.read_text(encoding="utf-8"))["results"]
            found |= {
                _of(str, r["name"]): (_of(str, r["metric"]), _of(_NUMBER | None, r["value"]))
                for r in results
            }
        except OSError as error:
            raise unreadable(path, error) from None
        except _WRONG:
            raise UsageError(
                f"{path} is not what `keras-gans evaluate GENERATOR.h5 --json` prints of one "
                "generator: write it again, or move it away"
            ) from None
    return found


def _of(kind, value):
    if not isinstance(value, kind):
        raise TypeError(value)
    if isinstance(value, int):
        float(value)  # JSON has numbers that cannot be computed with
    return value


def _finite(value):
    if not isfinite(_of(_NUMBER, value)):
        raise ValueError(value)
    return value

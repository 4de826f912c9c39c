"""What a page of results says: the lines of its table, whether rendered as Markdown or as HTML.

A printed number is shown under its own name, because it is seldom the same measurement as the
measured one.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from keras_gans.errors import UsageError, suggestion
from keras_gans.reports.claims import verdicts
from keras_gans.reports.orders import orders
from keras_gans.reports.results import Finished, Measurement, Spread, finished, groups, over_seeds
from keras_gans.rows import Table, table_of, yaml_reader

NOTHING = "-"
"""The name of the measure where a run has none."""
_NOTHING = Measurement(NOTHING, None, None, None, None)
_NAMES = (
    "The full name of a measure says the metric, the number of samples on each side, and the "
    "network and layer of the features. Numbers of different names are on different scales. A "
    "number that the document prints stands under the name of its own scale."
)
_SEEDS = "Lines over several seeds hold the mean ± the sample standard deviation."
_TIME = "Times are minutes:seconds or hours:minutes:seconds."


@dataclass(frozen=True)
class Line:
    """One measure of a run, or of several runs that differ in their seeds alone.

    Attributes:
        runs: Tuple of `Finished`.
        name: Full name of the measure, or `NOTHING`.
        measured: `Measurement`; over several seeds its values are `Spread` or None.
        printed: Dict from name to the number that the document prints: those of this measure, and
            in the first line of its runs those of no measure.
        first: Whether it is the first line of its runs.
    """

    runs: tuple[Finished, ...]
    name: str
    measured: Measurement
    printed: dict
    first: bool

    @property
    def run(self):
        """The only run, or the first of several seeds."""
        return self.runs[0]

    @property
    def over_seeds(self):
        """Whether it stands for several seeds."""
        return len(self.runs) > 1

    @property
    def seed(self):
        """The seed, or how many there are, as text."""
        return f"{len(self.runs)} seeds" if self.over_seeds else str(self.run.seed)

    @property
    def seconds(self):
        """Time of the run; over several seeds the mean."""
        return sum(run.seconds for run in self.runs) / len(self.runs)

    @property
    def iterations(self):
        """How long the run was, and what ended it early, as text."""
        return "".join([f"{self.run.iterations:,}", *(f" ({end})" for end in self.ends)])

    @property
    def ends(self):
        """What ended the run early and when, or how many of several seeds, as a list of texts."""
        ends = []
        for word in ("stopped", "diverged"):
            at = [getattr(run, f"{word}_at") for run in self.runs]
            early = [iteration for iteration in at if iteration is not None]
            if early:
                of = f"in {len(early)} of {len(at)}" if self.over_seeds else f"at {early[0]:,}"
                ends.append(f"{word} {of}")
        return ends

    @property
    def changes(self):
        """What replaces fields of the row, as `--set` takes it."""
        return changes(self.run.changed)

    @property
    def printed_text(self):
        """The printed numbers with their names."""
        return ", ".join(f"{name} {number:g}" for name, number in self.printed.items())

    @property
    def picture(self):
        """`Path` of the last samples of a single run, or None."""
        run = self.run
        path = run.folder / "samples" / f"{run.stopped_at or run.iterations:06d}.png"
        return path if not self.over_seeds and path.is_file() else None


@dataclass(frozen=True)
class Page:
    """The page of a table.

    Attributes:
        folder: `Path` of results/<table>.
        table: `rows.Table`, or None for one that is neither here nor in the package.
        runs: Tuple of `Finished`, in the order of `results.finished`.
        lines: Tuple of `Line`: those of each run, and after the seeds of a row those over them.
        damaged: As for `read`.
    """

    folder: Path
    table: Table | None
    runs: tuple[Finished, ...]
    lines: tuple[Line, ...]
    damaged: list | None = field(default=None, compare=False)

    @classmethod
    def read(cls, folder, damaged=None):
        """Reads the finished runs of a table.

        Args:
            folder: results/<table>.
            damaged: List to which the errors of damaged files of runs are added, which are left
                out; None raises them.

        Raises:
            UsageError: The table is damaged, or a file of a run.
        """
        folder = Path(folder)
        runs = finished(folder, damaged)
        lines = [line for same in groups(runs) for line in _lines(same)]
        return cls(folder, table_of(folder), tuple(runs), tuple(lines), damaged)

    @property
    def name(self):
        """Name of the table."""
        return self.folder.name

    @property
    def source(self):
        """The document that the table comes from, or ""."""
        return self.table.source if self.table else ""

    @cached_property
    def verdicts(self):
        """The verdicts on the claims of the document: a list of `verdicts.Verdict`."""
        if self.table is None:
            return []
        return verdicts(self.table, cache(self._runs_of))

    def _runs_of(self, name):
        own = name == self.name
        return self.runs if own else finished(self.folder.parent / name, self.damaged)

    @cached_property
    def orders(self):
        """How far the measured order of the rows is the printed one: a list of `orders.Order`."""
        return orders(self.runs) if self.verdicts else []

    @property
    def has_changes(self):
        """Whether a run changes its row."""
        return any(run.changed for run in self.runs)

    @property
    def notes(self):
        """Sentences that explain the numbers of the page."""
        several = any(line.over_seeds for line in self.lines)
        return [_NAMES, *([_SEEDS] if several else []), _TIME]


def pages(results, table=None):
    """The folders of results that a request names.

    Args:
        results: Folder of results.
        table: Name of one table, or None for all.

    Returns:
        List of `Path`, which need not exist.
    """
    results = Path(results)
    return [results / table] if table else sorted(p for p in results.glob("*") if p.is_dir())


def nothing_under(results, table=None, finished=True):
    """The error that there are no runs.

    Args:
        results, table: As of `pages`.
        finished: Whether those that are not finished do not count.
    """
    kind, file = ("finished runs", "metrics.json") if finished else ("runs", "experiment.yaml")
    others = [path.name for path in pages(results) if any(path.glob(f"*/seed-*/{file}"))]
    advice = "; keras-gans run --table quickstart --exp 1 makes one"
    if table and others:
        advice = suggestion(table, others)
    return UsageError(f"there are no {kind} under {Path(results, table or '')}{advice}")


def changes(changed):
    """Fields of a row that were given other values, as text.

    Args:
        changed: Dict from field to value.
    """
    return ", ".join(f"{key} = {yaml_reader.line(value)}" for key, value in changed.items())


def number(value):
    """A measured value as text.

    Args:
        value: A number, a `Spread`, or None.
    """
    if value is None:
        return "null"
    if not isinstance(value, Spread):
        return f"{value:.4g}"
    deviation = "" if value.deviation is None else f" ± {value.deviation:.2g}"
    some = f" ({value.count} of {value.seeds})" if value.count < value.seeds else ""
    return f"{value.mean:.4g}{deviation}{some}"


def _lines(runs):
    """The lines of the runs of one group, and those over its seeds where there are several."""
    for run in runs:
        yield from _of((run,), run.measured)
    if len(runs) > 1:
        yield from _of(tuple(runs), over_seeds(runs))


def _of(runs, measured):
    """One line for each measure."""
    printed = runs[0].printed
    measured = measured or {NOTHING: _NOTHING}
    placed = {key for name, value in measured.items() for key in (name, value.metric)}
    for i, (name, value) in enumerate(measured.items()):
        own = {name, value.metric, *(() if i else set(printed) - placed)}
        found = {key: number for key, number in printed.items() if key in own}
        yield Line(runs, name, value, found, not i)

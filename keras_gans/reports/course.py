"""How a run went, read from its folder, finished or not: its log, state and environment."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from keras_gans.errors import UsageError
from keras_gans.reports.measurements import ordered
from keras_gans.reports.page import changes
from keras_gans.reports.results import Finished, leaving_out
from keras_gans.rows import StoredRun
from keras_gans.rows.stored import unreadable

REPORTED = {
    "d_loss": "loss of the discriminator",
    "g_loss": "loss of the generator",
    "d_accuracy_real": "share of real samples that the discriminator judges right",
    "d_accuracy_fake": "share of generated samples that the discriminator judges right",
}
"""What a log says of the game itself, and what to call it."""
_MOST = 1e300
_SILENT = timedelta(minutes=10)


@dataclass(frozen=True)
class Course:
    """A run with the parts of its folder that a page shows.

    Attributes:
        stored: `rows.StoredRun`.
        finished: `results.Finished`, or None for a run that has no metrics.json yet.
        damaged: As for `courses`.
    """

    stored: StoredRun
    finished: Finished | None
    damaged: list | None = None

    @property
    def name(self):
        """The run in a few words: "row 4 (iterations = 1000), seed 0"."""
        run = self.stored
        changed = f" ({changes(run.changed)})" if run.changed else ""
        return f"row {run.number}{changed}, seed {run.seed}"

    @property
    def derived_from(self):
        """Model that the document names as the row's origin, or ""."""
        if self.finished:
            return self.finished.derived_from
        return str(self.stored.row.get("derived_from") or "")

    @cached_property
    def records(self):
        """The lines of log.jsonl.

        Raises:
            UsageError: As `StoredRun.records`.
        """
        return self.finished.log if self.finished else self.stored.records

    def series(self, name):
        """The finite values of a name over iterations.

        Returns:
            List of pairs (iteration, value).
        """
        return self._series.get(name, [])

    @cached_property
    def _series(self):
        found = {}
        for record in self.records:
            for name, value in record.items():
                if is_number(value):
                    found.setdefault(name, []).append((record["iteration"], value))
        return found

    @property
    def measures(self):
        """Full names of the measurements that the log has a value of, in order of their metrics."""
        return ordered(self._series)

    @property
    def iteration(self):
        """The last iteration that is recorded."""
        return max((record["iteration"] for record in self.records), default=0)

    @property
    def iterations(self):
        """How long the run is going to be, or None where its row is of another version."""
        if self.finished:
            return self.finished.iterations
        with suppress(UsageError):
            return self.stored.experiment.iterations
        return None

    @property
    def last_recorded(self):
        """`datetime` of the last line of the log, in local time, or None."""
        path = self.stored.folder / "log.jsonl"
        return datetime.fromtimestamp(path.stat().st_mtime) if path.is_file() else None

    @property
    def state(self):
        """Whether it is finished, running, diverged or interrupted, in words.

        A run holds a lock for as long as it lasts; a killed process may leave the file behind.
        """
        if self.finished:
            return "finished"
        if not (self.stored.folder / ".lock").exists():
            diverged = any("not_finite" in record for record in self.records)
            return "diverged" if diverged else "interrupted"
        last = self.last_recorded
        silent = last is not None and datetime.now() - last > _SILENT
        return "running, or killed: no record for 10 minutes" if silent else "running"

    @property
    def environment(self):
        """The content of environment.json, or None where there is none, or it is left out.

        Raises:
            UsageError: It is damaged.
        """
        with leaving_out(self.damaged):
            return _read(self.stored.folder / "environment.json")
        return None


def courses(folder, finished, damaged=None):
    """The runs of a table, in the order of rows, changes and seeds.

    Args:
        folder: `Path` of results/<table>.
        finished: The `results.Finished` among them.
        damaged: As for `results.finished`; a run that is not finished is left out for its log, too.

    Returns:
        List of `Course`.

    Raises:
        UsageError: The experiment.yaml or the log of a run that is not finished is damaged.
    """
    found = [Course(_stored(folder, run), run, damaged) for run in finished]
    for path in folder.glob("*/seed-*/experiment.yaml"):
        if not (path.parent / "metrics.json").exists():
            with leaving_out(damaged):
                run = Course(StoredRun.read(path.parent), None, damaged)
                len(run.records)  # raises where the log is damaged
                found.append(run)
    return sorted(found, key=_order)


def is_number(value):
    """Whether a value is a number that can be drawn."""
    return type(value) in (int, float) and abs(value) < _MOST  # which NaN is not, either


def _stored(folder, run):
    # metrics.json says it all; folders of earlier versions have an experiment.yaml of other fields.
    return StoredRun(run.folder, folder.name, run.experiment, run.seed, run.changed, {})


def _order(course):
    run = course.stored
    changed = json.dumps(run.changed, sort_keys=True, default=str)
    return run.number, len(run.changed), changed, run.seed


def _read(path):
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError(content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not the file that a run writes: move it away") from None
    return content

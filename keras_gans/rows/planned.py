"""A run as it is planned: a row, a seed and a folder, and what the folder says of its state."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from keras_gans import files
from keras_gans.errors import UsageError, short
from keras_gans.rows import stages, yaml_reader
from keras_gans.rows.classifier import ClassifierExperiment
from keras_gans.rows.experiment import Experiment


@dataclass(frozen=True)
class PlannedRun:
    """An experiment with a seed and a folder: results/<table>/<number>/seed-<seed>.

    Where values of the row were changed the folder's name shows it, so that a short trial never
    passes for the row.

    Attributes:
        table: Name of the table.
        number: Of the row.
        experiment: `Experiment` or that of a stage, with the changes.
        seed: >= 0.
        changed: Dict from field to the value that replaces the row's.
        results: `Path` of the folder of results.
    """

    table: str
    number: int
    experiment: Experiment | ClassifierExperiment
    seed: int
    changed: dict
    results: Path

    def __hash__(self):
        return hash(self.folder)  # equal runs have one folder; dicts among the fields have no hash

    @property
    def folder(self):
        """The run's folder."""
        changes = sorted((key, str(value)) for key, value in self.changed.items())
        plain = [tuple(re.sub(r"[^A-Za-z0-9_.-]+", "-", x) for x in pair) for pair in changes]
        name = "".join(f"+{key}={value}" for key, value in plain)
        # Paths and long lists of changes make no folder names; their hash still tells them apart.
        # Windows drops a dot at the end.
        if len(name) > 80 or plain != changes or name.endswith("."):
            name = f"{name[:80]}-{sha256(repr(changes).encode()).hexdigest()[:8]}"
        return self.results / self.table / f"{self.number}{name}" / f"seed-{self.seed}"

    @property
    def needs(self):
        """Folder of the run whose generator this one uses, or None."""
        row = self.experiment.needs
        return None if row is None else self.results / self.table / str(row) / f"seed-{self.seed}"

    @property
    def title(self):
        """The run's name on a screen."""
        return f"{self.table} {self.number}{' (changed)' if self.changed else ''} seed {self.seed}"

    @property
    def heading(self):
        """The run's name over a picture, with its changes."""
        return heading(self.table, self.number, self.seed, self.changed)

    @property
    def short_title(self):
        """The run's name where there is little room; * marks a changed row, as in reports."""
        return f"{self.table} {self.number}{'*' if self.changed else ''} s{self.seed}"

    def to_yaml(self):
        """The text of experiment.yaml: all that, with the code, determines the run."""
        about = {"table": self.table, "experiment": self.number, "seed": self.seed}
        about |= {"changed": self.changed, "row": self.experiment.to_dict()}
        return yaml_reader.text(about)

    @property
    def state(self):
        """ "new", "interrupted" or "finished", from the files in the folder.

        Raises:
            UsageError: The folder holds a run of other settings.
        """
        return self._state(weights=True)

    @property
    def glance(self):
        """`state` without the time that it takes to read saved networks.

        Raises:
            UsageError: As `state`.
        """
        return self._state(weights=False)

    def _state(self, weights):
        path = self.folder / "experiment.yaml"
        if not path.is_file():
            return "new"
        difference = self._difference(path)
        if difference:
            raise UsageError(
                f"{self.folder} was run with other settings ({difference}); "
                "--restart trains it again from the start, or move the folder away to keep it"
            )
        metrics = self.result(weights)
        return "interrupted" if metrics is None or self._can_restore(metrics) else "finished"

    def result(self, weights=True):
        """The content of metrics.json if the files that it lists are whole, else None.

        Weights may be missing, because published runs leave them out; what is there has to be
        what the run wrote.

        Args:
            weights: Whether saved networks are read and compared, too.
        """
        try:
            metrics = json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))
            complete = metrics["iterations"] == self.experiment.iterations
            for name, digest in metrics["sha256"].items():
                path = self.folder / name
                if name == "log.jsonl" and (self.folder / files.PACKED_LOG).is_file():
                    complete = complete and sha256(files.log(self.folder)).hexdigest() == digest
                elif path.suffix not in (".h5", ".npz") or (weights and path.is_file()):
                    complete = complete and files.sha256(path) == digest
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        except files.UNPACKING:
            return None
        return metrics if complete else None

    def _can_restore(self, metrics):
        """Whether a network is gone that the last checkpoint of a finished run brings back."""
        last = self.folder / "checkpoint" / f"{trained(metrics):06d}" / "manifest.json"
        return last.is_file() and not all((self.folder / n).is_file() for n in metrics["sha256"])

    def _difference(self, path):
        """How a folder's experiment.yaml differs from this run; "" for not at all."""
        text = self.to_yaml()
        try:
            if path.read_text(encoding="utf-8") == text:  # reading YAML takes ten times as long
                return ""
            new = yaml_reader.value(text, "experiment.yaml")
            old = yaml_reader.read(path)
            # A field that came later has its default, which is what was done before.
            with suppress(UsageError):
                old["row"] = stages.read(old["row"]).to_dict()
            # What the document prints changes nothing of what is run.
            for about in (old, new):
                about["row"].pop("printed", None)
            if old == new:
                return ""
            old, new = ({**about.pop("row"), **about} for about in (old, new))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return "experiment.yaml is damaged"
        return ", ".join(_differences(old, new))


def _differences(old, new, within=""):
    """How two mappings differ, in words, down to the keys of mappings in them."""
    for key in {**old, **new}:
        there, now = old.get(key), new.get(key)
        if isinstance(there, dict) and isinstance(now, dict):
            yield from _differences(there, now, f"{within}{key}.")
        elif there != now:
            yield f"{within}{key}: {short(there)} there, {short(now)} now"


def heading(table, number, seed, changed):
    """A run's name over a picture, such as "akel2022 4, seed 0: iterations=1000".

    Args:
        table, number, seed, changed: As the attributes of `PlannedRun`.
    """
    changes = ", ".join(f"{key}={value}" for key, value in sorted(changed.items()))
    name = f"{table} {number}, seed {seed}"
    return f"{name}: {changes}" if changes else name


def trained(metrics):
    """Iterations that a finished run has trained: fewer than its row has where it was stopped.

    Args:
        metrics: Content of its metrics.json.
    """
    return metrics.get("stopped_at", metrics["iterations"])


def effective(changed, row):
    """The changes of a row without those that repeat the value that it has.

    Args:
        changed: Dict from field to value.
        row: Function from such a dict to the row with these changes.
    """
    whole, kept = row(changed), dict(changed)
    for key in changed:
        fewer = {name: value for name, value in kept.items() if name != key}
        try:
            same = row(fewer) == whole
        except UsageError:  # a change that another one depends on
            same = False
        if same:
            kept = fewer
    return kept

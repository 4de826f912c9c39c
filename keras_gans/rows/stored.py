"""A run as it lies in its folder, finished or not: what was run, its log, and its files.

A published run has no networks, one that was stopped has no metrics.json, and one of an earlier
version may have fields that a row no longer has. Each part is read when it is asked for.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from keras_gans import files
from keras_gans.errors import UsageError
from keras_gans.rows import stages, yaml_reader
from keras_gans.rows.planned import heading

_DEPTHS = ("*/", "*/*/", "*/*/*/")  # of runs below a folder of results


@dataclass(frozen=True)
class StoredRun:
    """What experiment.yaml says of a run, and where its files are.

    Attributes:
        folder: `Path`.
        table: Name of the table.
        number: Of the row.
        seed: >= 0.
        changed: Dict from field to the value that replaces the row's.
        row: The row as a dict of plain values, unchecked.
    """

    folder: Path
    table: str
    number: int
    seed: int
    changed: dict
    row: dict

    @classmethod
    def read(cls, folder):
        """Reads experiment.yaml.

        Args:
            folder: The run's folder.

        Raises:
            UsageError: It is not the folder of a run.
        """
        folder = Path(folder)
        path = folder / "experiment.yaml"
        if not folder.is_dir():
            raise UsageError(f"there is no folder {folder}")
        if not path.is_file():
            below = sorted(p for depth in _DEPTHS for p in folder.glob(f"{depth}experiment.yaml"))
            such = f", such as {below[0].parent}" if below else ""
            raise UsageError(f"{folder} is not a run: give a folder with an experiment.yaml{such}")
        try:
            found = yaml_reader.read(path)
            fields = [found[name] for name in ("table", "experiment", "seed", "changed", "row")]
            sound = [type(value) for value in fields] == [str, int, int, dict, dict]
        except (OSError, KeyError, TypeError):
            sound = False
        if not sound:
            raise UsageError(f"{path} is not the file that a run writes")
        return cls(folder, *fields)

    @property
    def heading(self):
        """The run's name over a picture, with its changes."""
        return heading(self.table, self.number, self.seed, self.changed)

    @property
    def experiment(self):
        """The row as `Experiment`, or as the class of its stage.

        Raises:
            UsageError: Another version wrote it, and a field is no longer known.
        """
        return stages.read(self.row, str(self.folder / "experiment.yaml"))

    @property
    def records(self):
        """What `records` says of the folder."""
        return records(self.folder, finished=(self.folder / "metrics.json").is_file())

    def other_data(self, source):
        """How data differ from those that the run learned from, in words; "" for not at all.

        Args:
            source: `datasets.Source`.
        """
        try:
            text = (self.folder / "environment.json").read_text(encoding="utf-8")
            there = json.loads(text)["data"]
            if there["sha256"] == source.fingerprint:
                return ""
            digest, count = str(there["sha256"]), int(there["shape"][0])
        except (OSError, ValueError, LookupError, TypeError):
            return ""  # a run that does not say
        now = source.fingerprint
        if count != len(source):
            return f"{count:,} samples then, {len(source):,} now"
        return f"sha256 {digest[:8]}... then, {now[:8]}... now"

    @property
    def samples(self):
        """The pictures of samples: dict from iteration to `Path`, in order."""
        return _numbered(self.folder / "samples", r"(\d{6,})\.png")

    @property
    def generators(self):
        """The saved generators: dict from iteration to `Path`, in order, without the best one."""
        return _numbered(self.folder, r"generator_model_(\d{6,})\.h5")

    @property
    def best(self):
        """`Path` of the best generator, or None."""
        path = self.folder / "generator_model_best.h5"
        return path if path.is_file() else None

    def generator(self):
        """The generator to make samples with.

        Returns:
            (path, why): the best one, or the last where no metric chose one.

        Raises:
            UsageError: There is none.
        """
        if self.best:
            return self.best, "the best"
        if self.generators:
            *_, last = self.generators.values()
            return last, "the last, because no metric chose a best one"
        raise self.without_generators()

    def without_generators(self):
        """The `UsageError` that says why there is no saved generator, and what to do."""
        if "stage" in self.row:
            return UsageError(f"{self.folder} trained a {self.row['stage']}: it has no generator")
        if any("not_finite" in record for record in self.records):
            why = ", because it diverged before the first one: see its log.jsonl"
        elif not (self.folder / "metrics.json").is_file():
            why = " yet: the command that began the run goes on with it"
        else:
            why = ", as published runs have none: train it again, or give a generator_model_*.h5"
        return UsageError(f"{self.folder} has no saved generator{why}")


def records(folder, finished=False):
    """The lines of a run's log.jsonl as dicts with "iteration"; empty for a run that has none yet.

    Args:
        folder: `Path` of the run.
        finished: Whether the last line is whole, too. That of other runs may be being written.

    Raises:
        UsageError: A line is damaged, or the file cannot be read.
    """
    try:
        *lines, rest = (files.log(folder) or b"").decode("utf-8", errors="replace").split("\n")
        lines += [rest] if finished and rest else []
        found = [json.loads(line) for line in lines]
        sound = all(type(record["iteration"]) is int for record in found)
    except (*files.UNPACKING, ValueError, KeyError, TypeError, RecursionError):
        sound = False
    except OSError as error:
        raise unreadable(error.filename or folder / "log.jsonl", error) from None
    if not sound:
        raise UsageError(
            f"{folder / 'log.jsonl'} has a line that no run writes: it is damaged; the command of "
            "the run writes it again, in seconds where its checkpoint is there"
        )
    return found


def unreadable(path, error):
    """The `UsageError` for a file of a run that raised an `OSError`."""
    return UsageError(f"{path} cannot be read: {error.strerror}")


def _numbered(folder, pattern):
    named = [(re.fullmatch(pattern, path.name), path) for path in folder.glob("*")]
    return dict(sorted((int(match[1]), path) for match, path in named if match))

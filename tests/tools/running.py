"""Short runs in this process, for the tests of `keras_gans.runs` and the kill harness."""

import json
from functools import cache
from pathlib import Path

from keras_gans import datasets
from keras_gans.rows import PlannedRun, read_table, tables

package_table = cache(read_table)  # which takes up to 0.2 s, and the package's tables do not change

TINY = {"iterations": 40, "save_every": 10, "batch_size": 8, "measure_samples": 50}


class Silent:
    """A progress line that remembers what a run says."""

    def __init__(self):
        self.notes, self.updates, self.begun = [], [], None

    def status(self, text):
        pass

    def doing(self, text):
        pass

    def begin(self, total, done=0, unit=None):
        self.begun = (total, done)

    def note(self, text):
        self.notes.append(text)

    def update(self, done, values=None):
        self.updates.append((done, values))


class StopAt:
    """Says stop from the n-th time that it is asked on, that is after n executions."""

    def __init__(self, executions):
        self.left = executions

    def __call__(self):
        self.left -= 1
        return self.left <= 0


def plan(table, number, results, changed=None, seed=0):
    """A `PlannedRun` of a row with changes."""
    changed = changed or {}
    read = package_table if table in tables() else read_table
    experiment = read(table).experiment(number, changed)
    return PlannedRun(table, number, experiment, seed, changed, Path(results))


def quickstart(number, results, changed=None, seed=0):
    """A `PlannedRun` of a row of the quickstart table, made as small as `TINY`."""
    return plan("quickstart", number, results, {**TINY, **(changed or {})}, seed)


def train(planned, data_dir=None, data=None, **options):
    """Trains a run, or what is left of it; returns its metrics and the `Silent`."""
    from keras_gans.runs.run import run

    progress = Silent()
    data = data or datasets.load(planned.experiment.dataset, data_dir)
    return run(planned, data, data_dir, progress, **options), progress


def records(planned):
    """The records of log.jsonl. A number that is not finite is no JSON and fails."""

    def refuse(constant):
        raise AssertionError(f"{constant} in log.jsonl")

    lines = (planned.folder / "log.jsonl").read_text().splitlines()
    return [json.loads(line, parse_constant=refuse) for line in lines]


def measured(planned, name):
    """Values of a metric in log.jsonl by iteration."""
    return {r["iteration"]: r[name] for r in records(planned) if name in r}

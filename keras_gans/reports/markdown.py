"""results/<table>/README.md: measured values against printed ones, with the last samples.

A printed number is shown under its own name, because it is seldom the same measurement as the
measured one.
"""

from math import inf
from pathlib import Path
from urllib.parse import quote

import yaml

from keras_gans.errors import UsageError
from keras_gans.files import replacing
from keras_gans.reports.results import Measured, Spread, finished, groups, over_seeds
from keras_gans.rows import read_table
from keras_gans.terminal.line import clock

_NAMES = (
    "The full name of a measure says the metric, the number of samples on each side, and the "
    "network and layer of the features. Numbers of different names are on different scales. A "
    "number that the document prints stands under the name of its own scale."
)
_SEEDS = "Lines over several seeds hold the mean ± the sample standard deviation."
_TIME = "Times are minutes:seconds or hours:minutes:seconds."
_NOTHING = Measured("-", None, None, None, None)


def write(results, table=None):
    """Writes the page of each table that has finished runs.

    Args:
        results: Folder of results.
        table: Name of one table, or None for all.

    Returns:
        List of the paths written.

    Raises:
        UsageError: There are no finished runs, or a metrics.json is damaged.
    """
    results = Path(results)
    folders = [results / table] if table else sorted(p for p in results.glob("*") if p.is_dir())
    written = []
    for folder in folders:
        runs = finished(folder)
        if runs:
            path = folder / "README.md"
            with replacing(path) as partial:
                partial.write_text(page(folder, runs), encoding="utf-8")
            written.append(path)
    if not written:
        raise UsageError(
            f"there are no finished runs under {folders[0] if table else results}; "
            "keras-gans run --table quickstart --exp 1 makes one"
        )
    return written


def page(folder, runs):
    """The page of a table.

    Args:
        folder: results/<table>.
        runs: List of `results.Finished`, in the order of `results.finished`.

    Returns:
        Text in Markdown.
    """
    same = groups(runs)
    source = _source(folder.name)
    notes = [_NAMES, *([_SEEDS] if len(same) < len(runs) else []), _TIME]
    head = ["row", "changes", "from", "data", "iterations", "seed", "printed", "measure", "start"]
    head += ["end", "best (at)", "time", "last samples"]
    cells = [line for runs in same for line in _lines(folder, runs)]
    if not any(run.changed for run in runs):
        head, *cells = ([*line[:1], *line[2:]] for line in [head, *cells])
    lines = [f"# {folder.name}: measured against printed", ""]
    lines += [f"Source: {source}.", ""] if source else []
    lines += [" ".join(notes), ""]
    lines += [_row(head), "|" + "---|" * len(head), *map(_row, cells), ""]
    return "\n".join(lines)


def _lines(folder, runs):
    """The lines of the runs of one group, and one over its seeds where there are several."""
    lines = []
    for run in runs:
        lines += _of_run(run, str(run.seed), run.measured, run.seconds, _samples(folder, run))
    if len(runs) > 1:
        seconds = sum(run.seconds for run in runs) / len(runs)
        lines += _of_run(runs[0], f"{len(runs)} seeds", over_seeds(runs), seconds, "")
    return lines


def _of_run(run, seed, measured, seconds, samples):
    """One line for each measure; the first has the cells that belong to the run."""
    changes = ", ".join(f"{key} = {_plain(value)}" for key, value in run.changed.items())
    iterations = f"{run.iterations:,}"
    if run.stopped_at is not None:
        iterations += f" (stopped at {run.stopped_at:,})"
    if run.diverged_at is not None:
        iterations += f" (diverged at {run.diverged_at:,})"
    before = [str(run.experiment), changes, run.derived_from, f"{run.data} ({run.samples:,})"]
    before += [iterations, seed]
    after = [clock(seconds), samples]
    measured = measured or {"-": _NOTHING}
    placed = {key for name, value in measured.items() for key in (name, value.metric)}
    lines = []
    for name, value in measured.items():
        own = {name, value.metric} if lines else {name, value.metric, *(set(run.printed) - placed)}
        printed = [f"{key} {number:g}" for key, number in run.printed.items() if key in own]
        best = _value(value.best)
        if value.best_iteration is not None:
            best += f" ({value.best_iteration:,})"
        values = [", ".join(printed), name, _value(value.first), _value(value.last), best]
        lines.append([*before, *values, *after])
        before, after = [""] * len(before), [""] * len(after)
    return lines


def _value(value):
    if value is None:
        return "null"
    if not isinstance(value, Spread):
        return f"{value:.4g}"
    deviation = "" if value.deviation is None else f" ± {value.deviation:.2g}"
    some = f" ({value.count} of {value.seeds})" if value.count < value.seeds else ""
    return f"{value.mean:.4g}{deviation}{some}"


def _samples(folder, run):
    path = run.folder / "samples" / f"{run.stopped_at or run.iterations:06d}.png"
    # Folder names hold + and =, which a link would read otherwise.
    return f"[picture]({quote(path.relative_to(folder).as_posix())})" if path.is_file() else ""


def _plain(value):
    """A value as `--set` takes it."""
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=inf).split("\n")[0]


def _row(cells):
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _source(table):
    try:
        return read_table(table).source
    except UsageError:
        return ""

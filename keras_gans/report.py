"""results/ as pages: measured beside printed.

    results/<table>/README.md    one line a run, with its last grid

Only what finished runs wrote in metrics.json is used; nothing is computed here but means over
seeds. A printed number stands beside a measured one only under its own name, since the two are
seldom the same measurement.
"""

import json
from pathlib import Path

from keras_gans.errors import UsageError
from keras_gans.experiment import read_table
from keras_gans.files import replacing


def write(results, table=None):
    """Writes the page of each table that has finished runs.

    Args:
        results: Folder of results.
        table: Name of one table, or None for all.

    Returns:
        List of the paths written.

    Raises:
        UsageError: There are no finished runs.
    """
    results = Path(results)
    folders = [results / table] if table else sorted(p for p in results.glob("*") if p.is_dir())
    written = []
    for folder in folders:
        runs = finished(folder)
        if runs:
            page = folder / "README.md"
            with replacing(page) as partial:
                partial.write_text(markdown(folder, runs), encoding="utf-8")
            written.append(page)
    if not written:
        raise UsageError(
            f"there are no finished runs under {folders[0] if table else results}; "
            "python run_experiment.py --exp 1 makes one"
        )
    return written


def finished(folder):
    """The finished runs of a table, in the order of rows, changes and seeds.

    Args:
        folder: results/<table>.

    Returns:
        List of pairs (run's folder, content of its metrics.json).
    """
    runs = []
    for path in Path(folder).glob("*/seed-*/metrics.json"):
        try:
            metrics = json.loads(path.read_text(encoding="utf-8"))
            _line(path.parents[2], path.parent, metrics)
        except (ValueError, LookupError, TypeError, AttributeError, StopIteration):
            raise UsageError(
                f"{path} is not what a run writes: remove it, and the run is made again"
            ) from None
        runs.append((path.parent, metrics))
    return sorted(runs, key=_order)


def _order(run):
    metrics = run[1]
    return metrics["experiment"], len(metrics["changed"]), metrics["seed"]


def markdown(folder, runs):
    """The page of a table.

    Args:
        folder: results/<table>.
        runs: What `finished` returns.

    Returns:
        Text in Markdown.
    """
    lines = [f"# {folder.name}: measured beside printed", ""]
    source = _source(folder.name)
    if source:
        lines += [f"{source}", ""]
    lines += [
        "Measures have their full names: what, on how many images each side, in features of which "
        "network and layer, size where it is not the published one. Numbers of different names are "
        "on different scales; what the document prints stands under the name of its own scale.",
        "",
        "| row | from | data | iterations | printed | measure | start | end | best (at) | time "
        "| grid |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(folder, *run) for run in runs]
    lines += ["", *_changes(runs), ""]
    return "\n".join(lines)


def _line(folder, path, metrics):
    name, measured = metrics["metric"] or "-", metrics["measured"]
    start = end = best = "null"
    if measured:
        start, end = f"{measured['first']:.4g}", f"{measured['last']:.4g}"
        best = f"{measured['best']:.4g} ({measured['best_iteration']:,})"
    printed = ", ".join(f"{key} {value:g}" for key, value in metrics["printed"].items()) or "-"
    row = f"{metrics['experiment']}{'*' if metrics['changed'] else ''}"
    if metrics["seed"]:
        row += f" (seed {metrics['seed']})"
    grid = path.relative_to(folder) / "samples" / f"{metrics['iterations']:06d}.png"
    # '+' and '=' in a folder's name are fine in a path but not in a link.
    link = str(grid).replace("+", "%2B").replace("=", "%3D")
    cells = [row, metrics["derived_from"], f"{metrics['data']} ({metrics['images']:,})"]
    cells += [f"{metrics['iterations']:,}", printed, name, start, end, best]
    cells += [f"{metrics['seconds']['wall']:.0f} s", f"[grid]({link})"]
    cells = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(cells)} |"


def _changes(runs):
    notes = {}
    for _, metrics in runs:
        if metrics["changed"]:
            changes = ", ".join(f"{key} = {value}" for key, value in metrics["changed"].items())
            notes[f"{metrics['experiment']}*: the row with {changes}"] = None
    return [f"{note}." for note in notes]


def _source(table):
    try:
        return f"Source: {read_table(table).source}."
    except UsageError:
        return ""

"""results/<table>/report.html: a page of results to look through, in one file that loads nothing.

The template, the style and the script are the three files report.* of this folder. Whatever comes
from results is escaped by the template; a policy in the page lets nothing run but our script, and
nothing be loaded.
"""

import base64
import hashlib
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import quote

from keras_gans import __version__
from keras_gans.files import replacing
from keras_gans.reports import drawing
from keras_gans.reports.course import LOSSES, SPREADS, better, courses, is_number
from keras_gans.reports.page import NOTHING, Page, changes, nothing_under, number, pages
from keras_gans.reports.results import Spread
from keras_gans.terminal.line import clock

FILE = "report.html"
_FIRST_CURVES = 8  # that are drawn before anything is chosen: one for each colour
_FILES = ("metrics.json", "log.jsonl", "experiment.yaml", "plot_loss.png", "model_plot.png")


def write(results, table=None, refresh=None):
    """Writes the page of each table that has runs, where it differs from the one that is there.

    Args:
        results: Folder of results.
        table: Name of one table, or None for all.
        refresh: Seconds after which the page loads itself again, or None.

    Returns:
        Dict from the path of each page to whether it was written.

    Raises:
        UsageError: There are no runs, or a file of a run is damaged.
    """
    written = {}
    for folder in pages(results, table):
        page = Page.read(folder)
        runs = courses(folder, page.runs)
        if runs:
            content = render(page, runs, refresh).encode("utf-8", "replace")
            path = folder / FILE
            written[path] = not path.is_file() or path.read_bytes() != content
            if written[path]:
                with replacing(path) as partial:
                    partial.write_bytes(content)
    if not written:
        raise nothing_under(results, table)
    return written


def render(page, runs, refresh=None):
    """A page as text.

    Args:
        page: `Page`.
        runs: List of `course.Course` of the same folder.
        refresh: As for `write`.

    Raises:
        UsageError: A file of a run is damaged.
    """
    ids = {run.stored.folder: f"run-{i}" for i, run in enumerate(runs)}
    style, script = _asset("report.css"), _asset("chart.js", "report.js")
    return _template().render(
        page=page,
        watch=refresh,
        version=__version__,
        style=style,
        script=script,
        policy=_policy(style, script),
        facts=_facts(runs),
        active=[_active(run, ids) for run in runs if not run.finished],
        lines=[_line(line, {run.stored.folder: run for run in runs}, ids) for line in page.lines],
        spreads=_spreads(runs, ids),
        claims=[],
        curves=_curves(runs, ids),
        players=_players(runs, ids),
        runs=[_run(page, run, ids) for run in runs],
    )


# --- the parts of the page ---------------------------------------------------------------------


def _facts(runs):
    """Pairs (number, what of)."""
    states = Counter("finished" if run.finished else "in progress" for run in runs)
    rows = len({run.stored.number for run in runs})
    facts = [(rows, "row" if rows == 1 else "rows")]
    return [*facts, *((count, _plural("run", count) + " " + s) for s, count in states.items())]


def _active(run, ids):
    share = min(run.iteration / run.iterations, 1.0) if run.iterations else None
    last = run.last_recorded
    names = [name for name in (*LOSSES, *run.measures) if run.series(name)]
    return {
        "id": ids[run.stored.folder],
        "name": run.name,
        "derived_from": run.derived_from,
        "state": run.state,
        "iteration": run.iteration,
        "iterations": run.iterations,
        "share": share,
        "percent": None if share is None else f"{share:.0%}",
        "last_recorded": f"{last:%H:%M:%S}" if last else "",
        "values": ", ".join(f"{name} {run.series(name)[-1][1]:.4g}" for name in names),
    }


def _line(line, by_folder, ids):
    """What the template needs of a `Line`: texts, and the numbers by which they are sorted."""
    run, value = line.run, line.measured
    known = line.name != NOTHING
    spark = None
    if not line.over_seeds and known:
        spark = _spark(by_folder[run.folder], line.name)
    ends = [("stopped at", run.stopped_at), ("diverged at", run.diverged_at)]
    printed = {name: f"{number:g}" for name, number in line.printed.items()}
    return {
        "run": run,
        "id": None if line.over_seeds else ids[run.folder],
        "over_seeds": line.over_seeds,
        "changes": line.changes,
        "ends": [(text, at) for text, at in ends if at is not None],
        "seed": line.seed,
        "sort_seed": run.seed,
        "printed": printed.items(),
        "sort_printed": next(iter(line.printed.values()), ""),
        "name": line.name,
        "better": better(line.name),
        "cells": [_cell(v) for v in (value.first, value.last, value.best)],
        "at": value.best_iteration,
        "spark": spark,
        "seconds": line.seconds,
        "time": clock(line.seconds),
    }


def _cell(value):
    """(text, number to sort by) of a measured value."""
    plain = value.mean if isinstance(value, Spread) else value
    return number(value), plain if is_number(plain) else ""


def _spark(run, name):
    series = run.series(name)
    found = drawing.sparkline(series, better(name) != "higher")
    if found:
        scale = ", logarithmic" if found["log"] else ""
        label = f"{name} from {series[0][1]:.4g} to {series[-1][1]:.4g}{scale}"
        found["label"] = label
    return found


def _spreads(runs, ids):
    """The table of precision, recall, density and coverage."""
    lines = []
    for run in runs:
        for which, results in run.evaluated.items():
            by_features = {}
            for name, (metric, value) in results.items():
                if metric in SPREADS:
                    by_features.setdefault(name.removeprefix(metric), {})[metric] = value
            for features, values in by_features.items():
                cells = [_cell(values[name]) if name in values else ("", "") for name in SPREADS]
                lines.append(
                    {
                        "id": ids[run.stored.folder],
                        "number": run.stored.number,
                        "derived_from": run.derived_from,
                        "changes": changes(run.stored.changed),
                        "seed": run.stored.seed,
                        "which": which,
                        "features": features,
                        "cells": cells,
                    }
                )
    return {"names": SPREADS, "lines": lines}


def _curves(runs, ids):
    """The curves of all runs, rounded, and which there are to choose from."""
    names = list(dict.fromkeys(name for run in runs for name in run.measures))
    labels = {name: f"{name} ({better(name)} is better)" if better(name) else name for name in names}
    labels |= {name: label for name, label in LOSSES.items() if any(r.series(name) for r in runs)}
    drawn = [run for run in runs if any(run.series(name) for name in labels)]
    data = {"logarithmic": [name for name in labels if _is_wide(name, runs)], "runs": []}
    thinned = False
    for run in drawn:
        series = {}
        for name in labels:
            pairs = run.series(name)
            thinned = thinned or len(pairs) > drawing.MOST_POINTS
            pairs = drawing.thinned(pairs)
            if name in LOSSES:
                pairs = drawing.smoothed(pairs)
            if pairs:
                at, values = zip(*pairs, strict=True)
                series[name] = [at, [float(f"{value:.5g}") for value in values]]
        data["runs"].append({"name": run.name, "series": series})
    return {
        "measures": list(labels.items()),
        "runs": [
            {"id": ids[r.stored.folder], "name": r.name, "derived_from": r.derived_from}
            for r in drawn
        ],
        "first": _FIRST_CURVES,
        "data": data,
        "thinned": thinned,
        "most": drawing.MOST_POINTS,
    }


def _is_wide(name, runs):
    """Whether a logarithmic axis shows more, as in the plots of a run."""
    values = [value for run in runs for _, value in run.series(name)]
    return min(values) > 0 and max(values) > 10 * min(values)


def _players(runs, ids):
    """The pictures of each run, with the value that was measured at the same iteration."""
    drawn = [run for run in runs if run.stored.samples]
    players = []
    embedded = drawing.frames([run.stored.samples for run in drawn])
    for run, frames in zip(drawn, embedded, strict=True):
        name = next(iter(run.measures), None)
        values = dict(run.series(name)) if name else {}
        shown = []
        for at, address in frames.items():
            text = f"iteration {at:,}"
            text += f", {name} {values[at]:.4g}" if at in values else ""
            shown.append({"address": address, "text": text})
        players.append(
            {
                "id": ids[run.stored.folder],
                "name": run.name,
                "derived_from": run.derived_from,
                "frames": shown,
                "count": len(run.stored.samples),
                "left_out": len(shown) < len(run.stored.samples),
            }
        )
    return players


def _run(page, run, ids):
    folder, about = run.stored.folder, run.environment or {}
    data = about.get("data") if isinstance(about.get("data"), dict) else {}
    packages = about.get("packages") if isinstance(about.get("packages"), dict) else {}
    named = {
        "changes": changes(run.stored.changed),
        "data": " ".join(str(data[key]) for key in ("source", "shape") if key in data),
        "sha256 of the data": data.get("sha256"),
        "keras_gans": about.get("keras_gans"),
        "commit": about.get("commit"),
        "backend": about.get("backend"),
        "packages": ", ".join(f"{name} {version}" for name, version in packages.items()),
        "python": about.get("python"),
        "platform": about.get("platform"),
        "processor": about.get("processor"),
        "cores, threads, devices": ", ".join(
            str(about[key]) for key in ("cores", "threads", "devices") if key in about
        ),
        "time": clock(run.finished.seconds) if run.finished else None,
    }
    return {
        "id": ids[folder],
        "name": run.name,
        "derived_from": run.derived_from,
        "state": run.state,
        "command": about.get("command"),
        "environment": [(term, text) for term, text in named.items() if text not in (None, "")],
        # Folder names hold + and =, which a link would read otherwise.
        "folder": quote(folder.relative_to(page.folder).as_posix()),
        "files": [name for name in _FILES if (folder / name).is_file()],
    }


# --- the template ------------------------------------------------------------------------------


@cache
def _template():
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")


@cache
def _asset(*names):
    """Files of this folder as one text that is put into the page as it is."""
    from markupsafe import Markup

    here = Path(__file__).parent
    return Markup("".join((here / name).read_text(encoding="utf-8") for name in names))


def _policy(style, script):
    """The policy of the page: our style and script by their sha256, pictures in the page."""
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style, script)
    ]
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        "style-src 'sha256-{}'; script-src 'sha256-{}'".format(*digests)
    )


def _plural(word, count):
    return word if count == 1 else f"{word}s"

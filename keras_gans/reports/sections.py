"""What the sections of a page of HTML show: texts and numbers for the template.

Each run has an id in the page: `ids` is a dict from the folders of runs to their ids. `runs` are
lists of `course.Course`. All functions return plain dicts and lists.
"""

from collections import Counter
from itertools import pairwise
from urllib.parse import quote

from keras_gans.files import PACKED_LOG
from keras_gans.pictures.curves import is_wide
from keras_gans.reports import claimed, drawing
from keras_gans.reports.course import REPORTED, is_number
from keras_gans.reports.measurements import better
from keras_gans.reports.page import NOTHING, changes, number
from keras_gans.reports.results import Spread
from keras_gans.reports.verdicts import FAILS, HOLDS, OPEN, WORDS
from keras_gans.terminal.line import clock

_SPREADS = ("precision", "recall", "density", "coverage")
_LOOKS = {HOLDS: "holds", FAILS: "fails", OPEN: "open"}
_COLOURS, _DASHES = 8, 4  # of curves, as report.css has them
_FILES = (
    "metrics.json", "log.jsonl", PACKED_LOG, "experiment.yaml", "plot_loss.png",
    "plot_accuracy.png", "misread.png", "model_plot.png",
)  # fmt: skip


def facts(runs):
    """Pairs (how many, of what), for the head of the page."""
    rows = len({run.stored.number for run in runs})
    found = [(rows, "row" if rows == 1 else "rows")]
    states = Counter(_state(run) for run in runs)
    return found + [(n, f"{'run' if n == 1 else 'runs'} {state}") for state, n in states.items()]


def _state(run):
    if run.finished:
        return "finished"
    return "diverged" if run.state == "diverged" else "in progress"


def in_progress(runs, ids):
    """The lines of the runs that are not finished."""
    return [_in_progress(run, ids) for run in runs if not run.finished]


def _in_progress(run, ids):
    share = min(run.iteration / run.iterations, 1.0) if run.iterations else None
    last = run.last_recorded
    names = [name for name in (*REPORTED, *run.measures) if run.series(name)]
    return {
        "id": ids[run.stored.folder],
        "name": run.name,
        "derived_from": run.derived_from,
        "state": run.state,
        "iteration": run.iteration,
        "iterations": run.iterations,
        "share": share,
        "percent": None if share is None else f"{share:.0%}",
        "last_recorded": (f"{last:%H:%M:%S}", f"{last:%Y-%m-%d}") if last else ("", ""),
        "latest": ", ".join(f"{name} {run.series(name)[-1][1]:.4g}" for name in names),
    }


def results(page, runs, ids):
    """The lines of a `Page`: texts, and the numbers by which they are sorted."""
    by_folder = {run.stored.folder: run for run in runs}
    return [_result(line, by_folder, ids) for line in page.lines]


def _result(line, by_folder, ids):
    run, value = line.run, line.measured
    single = not line.over_seeds
    return {
        "run": run,
        "id": ids[run.folder] if single else None,
        "over_seeds": line.over_seeds,
        "changes": line.changes,
        "ends": line.ends,
        "seed": line.seed,
        "printed": [(name, f"{value:g}") for name, value in line.printed.items()],
        "sort_printed": next(iter(line.printed.values()), ""),
        "name": line.name,
        "better": better(line.name),
        "cells": [_cell(v) for v in (value.first, value.last, value.best)],
        "at": value.best_iteration,
        "spark": _spark(by_folder[run.folder], line.name) if single else None,
        "seconds": line.seconds,
        "time": clock(line.seconds),
    }


def _cell(value):
    """The pair (text, number to sort by) of a measured value."""
    plain = value.mean if isinstance(value, Spread) else value
    return number(value), plain if is_number(plain) else ""


def _spark(run, name):
    series = run.series(name) if name != NOTHING else []
    found = drawing.sparkline(series, better(name) != "higher")
    if found:
        scale = ", logarithmic" if found["log"] else ""
        found["label"] = f"{name} from {series[0][1]:.4g} to {series[-1][1]:.4g}{scale}"
    return found


def spreads(runs, ids):
    """What evaluated_last*.json and evaluated_best*.json say of quality and variety."""
    lines = []
    for run in runs:
        for which, evaluated in (run.finished.evaluated if run.finished else {}).items():
            by_features = {}
            for name, (metric, value) in evaluated.items():
                if metric in _SPREADS:
                    by_features.setdefault(name.removeprefix(metric), {})[metric] = value
            lines += [
                {
                    "id": ids[run.stored.folder],
                    "number": run.stored.number,
                    "derived_from": run.derived_from,
                    "changes": changes(run.stored.changed),
                    "seed": run.stored.seed,
                    "which": which,
                    "features": features,
                    "cells": [_cell(values[m]) if m in values else ("", "") for m in _SPREADS],
                }
                for features, values in by_features.items()
            ]
    return {"names": _SPREADS, "lines": lines}


def claims(page):
    """Claims with the words about them and their numbers, how many have which, and the orders."""
    words = [verdict.word for verdict in page.verdicts]
    return {
        "about": claimed.ABOUT.replace("`", ""),
        "counts": [(word, words.count(word)) for word in WORDS if word in words],
        "lines": [_claim(verdict) for verdict in page.verdicts],
        "order": claimed.ORDER,
        "orders": [
            {"order": order, "rho": f"{rho:.2f}", "rows": rows, "p": f"{p:.2g}"}
            for order in page.orders
            for rho, rows, p in [order.correlation]
        ],
    }


def _claim(verdict):
    rows = [f"rows: {verdict.rows}"] if verdict.rows else []
    return {
        "word": verdict.word,
        "look": _LOOKS.get(verdict.word, ""),
        "says": verdict.says,
        "reason": verdict.reason,
        "by": [
            {"measure": one.measure, "word": one.word, "reason": one.reason, "told": told}
            for one in verdict.by
            if (told := [(f.generator, f.numbers) for f in one.findings if f.numbers])
        ],
        "about": [f"claim {verdict.number}", verdict.where, *rows],
    }


def curves(runs, ids):
    """The curves of all runs, rounded, and what there is to choose from."""
    names = list(dict.fromkeys(name for run in runs for name in run.measures))
    labels = {name: f"{name} ({word} is better)" for name in names if (word := better(name))}
    labels = {name: labels.get(name, name) for name in names}
    labels |= {name: label for name, label in REPORTED.items() if any(r.series(name) for r in runs)}
    drawn = [run for run in runs if any(run.series(name) for name in labels)]
    places = _places([run.stored.folder for run in drawn])
    chosen = [folder for folder, (_, seed) in places.items() if not seed][:_COLOURS]
    looks = _looks(places)
    return {
        "measures": list(labels.items()),
        "thinned": any(len(r.series(n)) > drawing.MOST_POINTS for r in drawn for n in labels),
        "most": drawing.MOST_POINTS,
        "runs": [
            {
                "id": ids[run.stored.folder],
                "name": run.name,
                "derived_from": run.derived_from,
                "look": looks[run.stored.folder],
                "chosen": run.stored.folder in chosen,
            }
            for run in drawn
        ],
        "data": {
            "logarithmic": [name for name in labels if is_wide(_values(name, drawn))],
            "runs": [
                {"name": r.name, "look": looks[r.stored.folder], "series": _series(r, labels)}
                for r in drawn
            ],
        },
    }


def _series(run, names):
    """Dict from name to [iterations, values], with as many digits as a curve shows.

    Iterations at equal intervals are {"from": the first, "by": the interval}.
    """
    found = {}
    for name in names:
        pairs = drawing.thinned(run.series(name))
        if pairs:
            pairs = drawing.smoothed(pairs) if name in REPORTED else pairs
            at, values = zip(*pairs, strict=True)
            found[name] = [_intervals(at), [float(f"{value:.5g}") for value in values]]
    return found


def _intervals(at):
    by = at[1] - at[0] if len(at) > 1 else 1
    equal = all(b - a == by for a, b in pairwise(at))
    return {"from": at[0], "by": by} if equal else at


def _places(folders):
    """Which row each folder of a run belongs to, and which of its seeds it is: pairs of numbers."""
    rows = list(dict.fromkeys(folder.parent for folder in folders))
    found = {}
    for folder in folders:
        seed = sum(other.parent == folder.parent for other in found)
        found[folder] = rows.index(folder.parent), seed
    return found


def _looks(places):
    """A look for the curve of each run, such as "c0 d1": all differ while there are enough."""
    free, looks = [(c, d) for d in range(_DASHES) for c in range(_COLOURS)], {}
    for folder, (row, seed) in places.items():
        wanted = row % _COLOURS, (seed + row // _COLOURS) % _DASHES
        near = sorted(free, key=lambda one: (one != wanted, one[0] != wanted[0]))
        colour, dash = near[0] if near else wanted
        free = [one for one in free if one != (colour, dash)]
        looks[folder] = f"c{colour} d{dash}"
    return looks


def _values(name, runs):
    return [value for run in runs for _, value in run.series(name)]


def players(runs, ids):
    """The pictures of each run, with what was measured at the same iterations."""
    drawn = [run for run in runs if run.stored.samples]
    embedded = drawing.frames([run.stored.samples for run in drawn], runs[0].damaged)
    return [
        {
            "id": ids[run.stored.folder],
            "name": run.name,
            "derived_from": run.derived_from,
            "frames": _frames(run, frames),
            "count": len(run.stored.samples),
        }
        for run, frames in zip(drawn, embedded, strict=True)
        if frames
    ]


def _frames(run, frames):
    name = next(iter(run.measures), "")
    values = dict(run.series(name))
    texts = {at: f", {name} {values[at]:.4g}" if at in values else "" for at in frames}
    return [
        {"address": address, "text": f"iteration {at:,}{texts[at]}"}
        for at, address in frames.items()
    ]


def environments(page, runs, ids):
    """Command, environment and files of each run."""
    return [_environment(page.folder, run, ids) for run in runs]


def _environment(table, run, ids):
    folder, about = run.stored.folder, run.environment or {}
    data, packages = (
        about[key] if isinstance(about.get(key), dict) else {} for key in ("data", "packages")
    )
    lines = {
        "changes": changes(run.stored.changed),
        "data": _joined(data, ("source", "shape"), " "),
        "sha256 of the data": data.get("sha256"),
        **{key: about.get(key) for key in ("keras_gans", "commit", "python", "backend")},
        "packages": ", ".join(f"{name} {version}" for name, version in packages.items()),
        **{key: about.get(key) for key in ("platform", "processor")},
        "cores, threads, devices": _joined(about, ("cores", "threads", "devices"), ", "),
        "time": clock(run.finished.seconds) if run.finished else None,
    }
    return {
        "id": ids[folder],
        "name": run.name,
        "derived_from": run.derived_from,
        "state": run.state,
        "command": about.get("command"),
        "lines": [(term, text) for term, text in lines.items() if text not in (None, "")],
        # Folder names hold + and =, which a link would read otherwise.
        "folder": quote(folder.relative_to(table).as_posix()),
        "files": [name for name in _FILES if (folder / name).is_file()],
    }


def _joined(content, keys, by):
    return by.join(str(content[key]) for key in keys if key in content)

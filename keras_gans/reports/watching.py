"""Pages of HTML that are written again while runs go on."""

import time
from contextlib import suppress
from pathlib import Path

from keras_gans.reports import html

_STEP = 0.1  # seconds after which a request to stop is seen
_READ = ("*.json", "*.jsonl", "*.yaml", ".lock", "samples/*.png")


def watch(results, table, seconds, stop, say, warn):
    """Writes pages again and again, each when it has become another one.

    Args:
        results: Folder of results.
        table: Name of one table, or None for all.
        seconds: Between two looks at the files; the pages load themselves again as often.
        stop: Function that returns whether to end. The pages are written once more then, so that
            they no longer load themselves again.
        say: Function of a line for the user.
        warn: Function of the line that says which file is damaged, and so left out.
    """
    where = Path(results, table or "")
    seen, failed = None, set()
    told = set()
    while not stop():
        files = _files(where, "*/*" if table else "*/*/*")
        if files != seen:
            found, errors = _update(results, table, seconds)
            # A run that begins again empties its folder; what is damaged stays so for two looks.
            for error in sorted((errors & failed) - told):
                warn(error)
                told.add(error)
            seen, failed = files if errors <= failed else None, errors
            if not found and not told and not errors:
                say(f"waiting for runs under {where}, until Ctrl-C")
                told.add(where)
            for path in found:
                if path not in told:
                    say(f"{path}: open it in a browser; it follows the runs until Ctrl-C")
                    told.add(path)
        until = time.monotonic() + seconds
        while time.monotonic() < until and not stop():
            time.sleep(_STEP)
    left, errors = _update(results, table)
    for error in sorted(errors - told):
        warn(error)
    for path in left:
        say(f"stopped; {path} no longer changes")
    if not left and not errors:
        say("stopped; there were no runs")


def _update(results, table, seconds=None):
    """The pages that were written, and the set of what is said of damaged files."""
    damaged, found = [], []
    try:
        found = html.update(results, table, seconds, damaged)
    except FileNotFoundError as error:  # of a run that begins again at this moment
        damaged.append(error)
    return found, set(map(str, damaged))


def _files(folder, runs):
    """What the pages are made of: path, time and size of each file, and the minute.

    How long a run has been silent is told in minutes, too.
    """
    found = [("minute", time.time() // 60)]
    for pattern in _READ:
        with suppress(FileNotFoundError):  # removed in the meantime
            for path in folder.glob(f"{runs}/{pattern}"):
                about = path.stat()
                found.append((str(path), about.st_mtime_ns, about.st_size))
    return sorted(found, key=str)

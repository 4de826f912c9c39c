"""Pages of HTML that are written again while runs go on."""

import time
from pathlib import Path

from keras_gans.errors import UsageError
from keras_gans.reports import html

_STEP = 0.1  # seconds after which a request to stop is seen
_READ = ("*.json", "*.jsonl", "*.yaml", ".lock", "samples/*.png")


def watch(results, table, seconds, stop, say):
    """Writes pages again and again, each when it has become another one.

    Args:
        results: Folder of results.
        table: Name of one table, or None for all.
        seconds: Between two looks at the files; the pages load themselves again as often.
        stop: Function that returns whether to end. The pages are written once more then, so that
            they no longer load themselves again.
        say: Function of a line for the user.

    Raises:
        UsageError: A file of a run is damaged.
    """
    where = Path(results, table or "")
    seen = failed = None
    told = set()
    while not stop():
        files = _files(where, "*/*" if table else "*/*/*")
        if files != seen:
            try:
                found = html.update(results, table, seconds)
                seen, failed = files, None
            except (FileNotFoundError, UsageError) as error:
                # A run that begins again empties its folder; what is damaged stays so.
                if str(error) == failed:
                    raise
                found, failed = [], str(error)
            if not found and not told and not failed:
                say(f"waiting for runs under {where}, until Ctrl-C")
                told.add(where)
            for path in found:
                if path not in told:
                    say(f"{path}: open it in a browser; it follows the runs until Ctrl-C")
                    told.add(path)
        until = time.monotonic() + seconds
        while time.monotonic() < until and not stop():
            time.sleep(_STEP)
    try:
        left = html.update(results, table)
    except FileNotFoundError:  # of a run that begins again at this moment
        say("stopped while a run began again; keras-gans report --html writes its page")
        return
    for path in left:
        say(f"stopped; {path} no longer changes")
    if not left:
        say("stopped; there were no runs")


def _files(folder, runs):
    """What the pages are made of: path, time and size of each file, and the minute.

    How long a run has been silent is told in minutes, too.
    """
    found = [("minute", time.time() // 60)]
    for pattern in _READ:
        for path in folder.glob(f"{runs}/{pattern}"):
            try:
                about = path.stat()
            except FileNotFoundError:
                continue  # removed in the meantime
            found.append((str(path), about.st_mtime_ns, about.st_size))
    return sorted(found, key=str)

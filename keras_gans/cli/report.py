"""`keras-gans report`: results as tables of Markdown, or as pages of HTML to look through."""

import sys
from pathlib import Path

from keras_gans.cli import arguments

HELP = "write the results of runs as tables of Markdown, or as pages of HTML"
_SECONDS = 5


def describe(parser):
    """Describes the verb to its parser."""
    parser.description = (
        "Writes RESULTS/TABLE/README.md from the files of finished runs: measured values, printed "
        "ones, and verdicts on the claims of the document. With --html it writes "
        "RESULTS/TABLE/report.html instead: the same in one file that needs no network, with "
        "tables that sort, curves, samples over time, the environment of each run, and the runs "
        "that are not finished. The published results lie in results/published."
    )
    parser.epilog = (
        "Examples: keras-gans report --html --results results/published; "
        "keras-gans report --watch --table quickstart, next to a run in another terminal"
    )
    add = parser.add_argument
    add(
        "--table",
        type=_name,
        metavar="NAME|FILE.yaml",
        help="default: every table with results",
    )
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    add("--html", action="store_true", help="write report.html, to be opened in a browser")
    add(
        "--watch",
        type=arguments.positive,
        nargs="?",
        const=_SECONDS,
        metavar="SECONDS",
        help="write report.html again whenever a run has progressed, until Ctrl-C; the page loads "
        f"itself again; default: every {_SECONDS} seconds",
    )


def _name(table):
    """The name of a table that is given as `run --table` takes it."""
    path = Path(table)
    return path.stem if path.suffix in (".yaml", ".yml") else table


def act(options):
    """Writes the pages and prints their paths.

    Returns:
        The exit status: 1 if a file is damaged and its run was left out, 128 + its number after a
        signal to --watch.
    """
    from keras_gans import reports

    if options.watch:
        return _watch(options)
    write, damaged = reports.write, []
    if options.html:
        from keras_gans.reports import html

        write = html.write
    for path in write(options.results, options.table, damaged):
        print(path)
    for error in dict.fromkeys(map(str, damaged)):
        _warn(options, error)
    return 1 if damaged else 0


def _warn(options, error):
    print(f"{options.prog}: left out: {' '.join(error.split())}", file=sys.stderr, flush=True)


def _watch(options):
    from keras_gans.reports.watching import watch
    from keras_gans.terminal.signals import StopOnSignal

    stop = StopOnSignal()

    def say(line):
        print(line, flush=True)

    def warn(error):
        _warn(options, error)

    watch(options.results, options.table, options.watch, stop, say, warn)
    return 128 + stop.signal

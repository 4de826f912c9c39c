"""`keras-gans compare`: curves of several runs in one picture."""

import os
from pathlib import Path

from keras_gans import files
from keras_gans.cli import arguments
from keras_gans.errors import UsageError

HELP = "draw measurements and losses of several runs in one picture"


def describe(parser):
    """Describes the verb to its parser."""
    parser.description = (
        "Draws the log.jsonl of runs over their iterations: a panel for each metric that one of "
        "them has, and for each loss; of classifiers, for the accuracy. Runs need no networks, and "
        "need not be finished."
    )
    parser.epilog = (
        "Example: keras-gans compare results/akel2022/3/seed-* results/published/akel2022/7/seed-0"
    )
    add = parser.add_argument
    add("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run")
    add(
        "--out",
        type=Path,
        default=Path("curves.png"),
        metavar="FILE.png",
        help="default: curves.png",
    )


def act(options):
    """Writes the picture and prints where it is."""
    from keras_gans.rows import StoredRun

    out = arguments.picture(options.out, (".png",))
    folders = {folder.resolve(): folder for folder in options.runs}
    runs = [StoredRun.read(folder) for folder in folders.values()]
    records = [run.records for run in runs]
    for run, found in zip(runs, records, strict=True):
        names = {name for record in found for name in record}
        if not names & {"d_loss", "loss"}:
            if "not_finite" in names:
                raise UsageError(f"{run.folder} diverged before its first losses: leave it out")
            finished = (run.folder / "metrics.json").is_file()
            if finished and files.log(run.folder) is None:
                raise UsageError(
                    f"{run.folder} has no log.jsonl, as many published runs: leave it out, or "
                    "train it again"
                )
            if finished:
                raise UsageError(
                    f"{run.folder} is finished, but its log.jsonl has no losses: it is damaged; "
                    "the command of the run writes it again, in seconds where its checkpoint is "
                    "there"
                )
            raise UsageError(f"{run.folder} has no losses in its log.jsonl yet: leave it out")
    from keras_gans.pictures import curves

    labels = _labels(runs)
    with files.writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        curves.compared(out, dict(zip(labels, records, strict=True)), _measured(records))
    print(f"{len(runs)} run{'s' * (len(runs) > 1)} in {out}")


def _labels(runs):
    """A text for each run; runs of one name, as before and after a change, get their folders.

    Of these the part is left out that all of them share.
    """
    names, places = [run.heading for run in runs], [run.folder.resolve() for run in runs]
    above = Path(os.path.commonpath(places))
    return [
        name if names.count(name) == 1 else f"{name} ({place.relative_to(above)})"
        for name, place in zip(names, places, strict=True)
    ]


def _measured(records):
    """The measurements in the logs, in the order of the table of metrics.

    Returns:
        Dict from full name to "lower" or "higher".
    """
    from keras_gans.reports.measurements import better, ordered

    # Without a value, as where weights are missing, there is nothing to draw.
    names = {
        name
        for log in records
        for record in log
        for name, value in record.items()
        if value is not None
    }
    return {name: better(name) for name in ordered(names)}

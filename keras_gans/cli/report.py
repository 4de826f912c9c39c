"""`keras-gans report`: results as tables of Markdown."""

from pathlib import Path

from keras_gans.cli import arguments

HELP = "write the results of finished runs as tables of Markdown"


def describe(parser):
    """Describes the verb to its parser."""
    parser.description = (
        "Writes RESULTS/TABLE/README.md from the metrics.json of finished runs: measured values, "
        "and the printed ones on the same scale. The published results lie in results/published."
    )
    add = parser.add_argument
    add("--table", metavar="NAME", help="default: every table with results")
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")


def act(options):
    """Writes the pages and prints their paths."""
    from keras_gans import reports

    with arguments.writing(options.results):
        for path in reports.write(options.results, options.table):
            print(path)

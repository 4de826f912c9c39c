"""`keras-gans evaluate`: metrics of a generator, or of samples, against a data set."""

import argparse
import json
import textwrap
from pathlib import Path

from keras_gans.cli import arguments

HELP = "measure a generator, or a folder of images, against a data set"
_WIDTH = 96


def describe(parser):
    """Describes the verb to its parser."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = textwrap.fill(
        "Compares generated samples with those of a data set. Both sides go through the same "
        "network once, whatever is measured. The full name of a value, such as fid5k_lenet, "
        "contains the number of samples and the features; values of different names are not "
        "comparable. With the seed of a run, the values are those of the run.",
        _WIDTH,
    )
    parser.late_epilog = _metrics_as_text  # needs SciPy, half the time of a help text
    add = parser.add_argument
    add(
        "path",
        type=Path,
        metavar="PATH",
        help="generator .h5, or folder, .zip or .npz of samples (images as uint8, or as floats in "
        "[-1, 1])",
    )
    add(
        "--dataset",
        required=True,
        metavar="NAME|PATH",
        help="the real side: a data set, or a folder, .zip or .npz",
    )
    add("--metrics", default="fid", metavar="NAME,...", help="default: fid; the list is below")
    add(
        "--features",
        metavar="NAME",
        help="network and layer, such as inception2048 or lenet; default: the one that fits the "
        "data set",
    )
    add(
        "--samples",
        type=arguments.positive,
        metavar="N",
        help="samples on each side; default: 5000, or all if there are fewer",
    )
    add(
        "--seed",
        type=arguments.natural,
        metavar="N",
        help="seed of the generated samples; default: the seed that the file records, else 0",
    )
    add(
        "--split",
        choices=["train", "test"],
        default="train",
        help="of the data set; default: train",
    )
    arguments.data_dir(add, "the data sets and weights")
    add("--json", action="store_true", help="print everything as JSON instead of a table")
    arguments.skip_damaged(add)
    arguments.reject(parser)
    arguments.foreign(parser)


def _metrics_as_text():
    from keras_gans.metrics.measures import MEASURES

    lines = ["metrics:"]
    for name, measure in MEASURES.items():
        about = f"{name:21}{measure.about}"
        lines += textwrap.wrap(about, _WIDTH, initial_indent="  ", subsequent_indent=" " * 23)
    return "\n".join(lines)


def act(options):
    """Measures, and prints a table or JSON."""
    output_range, latents = arguments.read_foreign(options)
    rejecting = arguments.read_reject(options)
    from rich.console import Console

    from keras_gans.evaluation import evaluate
    from keras_gans.terminal import quiet
    from keras_gans.terminal.line import Line

    quiet.silence_libraries()
    # The table or the JSON alone goes to standard output, so that it can be piped.
    with Line("evaluate", Console(stderr=True), unit="samples") as line:
        found = evaluate(
            options.path,
            options.dataset,
            tuple(dict.fromkeys(name.strip() for name in options.metrics.split(","))),
            options.features,
            options.samples,
            options.seed,
            options.split,
            output_range,
            latents,
            options.damaged,
            options.data_dir,
            line,
            rejecting,
        )
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        _print(found)


def _print(found):
    results = found["results"]
    width = max(len(result["name"]) for result in results)
    for result in results:
        deviation = "" if result["std"] is None else f" +- {result['std']:.4g}"
        value = f"{result['value']:.6g}{deviation}"
        print(f"{result['name']:{width}}  {value}  ({result['better']} is better)")
    real, generated = found["real"], found["generated"]
    print(
        f"{found['count']:,} samples of {generated['source']} (seed {found['seed']}) against "
        f"{found['count']:,} of {real['source']} ({real['split']})"
    )

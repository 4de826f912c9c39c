"""`keras-gans evaluate`: metrics of a generator, or of samples, against a data set."""

import argparse
import json
import os
import shutil
import textwrap
from pathlib import Path

from keras_gans.cli import arguments
from keras_gans.errors import UsageError
from keras_gans.rows import StoredRun

HELP = "measure a generator, the generators of a run, or images against a data set"
_ELSEWHERE = (100, 24)  # the size that is taken where there is no terminal


def describe(parser):
    """Describes the verb to its parser."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = textwrap.fill(
        "Compares generated samples with those of a data set. Both sides go through the same "
        "network once, whatever is measured. The full name of a value, such as fid5k_lenet, "
        "contains the number of samples and the features; values of different names are not "
        "comparable. With the seed of a run, the values are those of the run. Of a run, all saved "
        "generators are measured, each in one line; the data set, the metrics, the features and "
        "the number of samples are then those of its row where they are not given.",
        _help_width(),
    )
    parser.late_epilog = _metrics_as_text  # needs SciPy, half the time of a help text
    add = parser.add_argument
    add(
        "path",
        type=Path,
        metavar="PATH",
        help="generator .h5; folder of a run; or folder, .zip, .npz or .npy of samples (images as "
        "uint8, or arrays of floats in [-1, 1])",
    )
    add(
        "--dataset",
        metavar="NAME|PATH",
        help="the real side: a data set, or a folder, .zip, .npz or .npy; default: that of the run",
    )
    add(
        "--metrics",
        metavar="NAME,...",
        help="the list is below; all: those that apply; default: fid, or those of the run",
    )
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
        help="samples on each side; default: 5000, or those of the run, or all if there are fewer",
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
    arguments.own_pictures(add)
    arguments.reject(parser)
    arguments.foreign(parser)


def _help_width():
    """Columns of a help text: those that argparse takes."""
    return shutil.get_terminal_size().columns - 2


def _metrics_as_text():
    from keras_gans.metrics.measures import MEASURES

    lines = ["metrics:"]
    for name, measure in MEASURES.items():
        about = f"{name:21}{measure.about}"
        lines += textwrap.wrap(
            about, _help_width(), initial_indent="  ", subsequent_indent=" " * 23
        )
    return "\n".join(lines)


def act(options):
    """Measures, and prints a table or JSON.

    Returns:
        The exit status: 1 if a metric has no value, unless all were asked for. Others are printed
        all the same.
    """
    foreign, rejecting = arguments.read_foreign(options), arguments.read_reject(options)
    of_run = (options.path / "experiment.yaml").is_file()
    if not options.path.exists():
        raise UsageError(f"there is no file or folder {options.path}")
    if not of_run and options.dataset is None:
        if any(next(options.path.glob(f"{d}experiment.yaml"), None) for d in ("*/", "*/*/")):
            StoredRun.read(options.path)  # which names a run below the folder
        raise UsageError(
            f"give the data set to compare with by --dataset: {options.path} is no run"
        )
    if not _is_generator(options.path) and (any(foreign) or rejecting):
        kind = "a run" if of_run else "no generator"
        raise UsageError(f"{options.path} is {kind}: leave out --range, --latents and --reject")
    if options.dataset is None and arguments.pictures(options):
        raise UsageError("--resize and --crop fit the pictures of a --dataset: give it too")
    from rich.console import Console

    from keras_gans.evaluation import evaluate
    from keras_gans.metrics.requirements import ALL, check_names
    from keras_gans.terminal import quiet
    from keras_gans.terminal.line import Line

    metrics = options.metrics
    if metrics is not None:
        metrics = tuple(dict.fromkeys(name.strip() for name in metrics.split(",")))
    check_names(metrics or ALL, options.features)
    quiet.silence_libraries()
    how = options.features, options.samples, options.seed, options.data_dir
    # The table or the JSON alone goes to standard output, so that it can be piped.
    with Line("evaluate", Console(stderr=True), unit="samples") as line:
        if of_run:
            from keras_gans.runs import evaluated

            run = StoredRun.read(options.path)
            if not (run.generators or run.best):
                raise run.without_generators()
            real = _real(options, options.dataset or run.experiment.dataset, line)
            of_row = options.dataset is None and options.split == "train"
            if of_row and (difference := run.other_data(real)):
                line.note(f"these are not the data that the run learned from: {difference}")
            found = evaluated.evaluate(run, real, metrics, *how, line)
        else:
            real = _real(options, options.dataset, line)
            generated = _generated(options, real, foreign, rejecting, line)
            found = evaluate(generated, real, metrics or "fid", *how, line)
    found["real"]["split"] = options.split
    if options.json:
        print(json.dumps(found, indent=2))
    elif of_run:
        _print_run(found)
    else:
        _print(found)
    # Of `all`, those without a value were not asked for by name.
    measured = [r for line in found.get("generators", [found]) for r in line["results"]]
    return int(metrics != ALL and any(result["value"] is None for result in measured))


def _real(options, dataset, line):
    """The real side. Next to samples, --resize and --crop may be meant for these alone."""
    from keras_gans import datasets

    pictures = arguments.pictures(options)
    if pictures and not (_is_samples(options.path) and dataset in datasets.names()):
        dataset = {"name": dataset, **pictures}
    line.status("reading the data set")
    real = datasets.load(dataset, options.data_dir, options.split, options.damaged)
    line.note(real.summary)
    return real


def _generated(options, real, foreign, rejecting, line):
    """The generator, or the samples, that the path is of."""
    path = options.path
    if _is_generator(path):
        from keras_gans import generators

        line.status("opening the generator")
        saved = generators.load(path, *foreign, real.shape)
        for note in saved.notes:
            line.note(f"note: {note}")
        return rejecting(saved) if rejecting else saved
    from keras_gans import datasets

    samples = {"name": os.path.abspath(path), **arguments.pictures(options)}
    generated = datasets.load(samples, damaged=options.damaged)
    line.note(generated.summary)
    return generated


def _is_generator(path):
    return path.suffix.lower() in (".h5", ".hdf5", ".keras")


def _is_samples(path):
    return not (_is_generator(path) or (path / "experiment.yaml").is_file())


def _print_run(found):
    """A line for each generator; an asterisk marks the best value of a column."""
    lines = [line["results"] for line in found["generators"]]
    columns = [["iteration", *(str(line["iteration"]) for line in found["generators"])]]
    for results in zip(*lines, strict=True):
        values = [result["value"] for result in results if result["value"] is not None]
        best = (min if results[0]["better"] == "lower" else max)(values) if values[1:] else None
        stars = ("*" * (result["value"] == best is not None) for result in results)
        texts = map("".join, zip(map(_value, results), stars, strict=True))
        columns.append([results[0]["name"], *texts])
    names = [result["name"] for result in lines[0]]
    room = shutil.get_terminal_size(_ELSEWHERE).columns
    short = sum(2 + max(map(len, column)) for column in columns) > room
    if short:
        for column, result in zip(columns[1:], lines[0], strict=True):
            column[0] = result["metric"]
    arguments.print_columns(list(zip(*columns, strict=True)))
    if short:
        print(textwrap.fill(f"full names: {', '.join(names)}", room))
    star = "; * is the best of a column" if lines[1:] else ""
    print(
        f"{found['count']:,} samples (seed {found['seed']}) against {found['count']:,} of "
        f"{found['real']['source']} ({found['real']['split']}){star}"
    )


def _value(result):
    return "null" if result["value"] is None else f"{result['value']:.6g}"


def _print(found):
    results = found["results"]
    width = max(len(result["name"]) for result in results)
    for result in results:
        if result["value"] is None:
            print(f"{result['name']:{width}}  null  ({result['reason']})")
            continue
        deviation = "" if result["std"] is None else f" +- {result['std']:.4g}"
        value = f"{_value(result)}{deviation}"
        print(f"{result['name']:{width}}  {value}  ({result['better']} is better)")
    real, generated = found["real"], found["generated"]
    print(
        f"{found['count']:,} samples of {generated['source']} (seed {found['seed']}) against "
        f"{found['count']:,} of {real['source']} ({real['split']})"
    )

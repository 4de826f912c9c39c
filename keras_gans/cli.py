"""The command line: `python run_experiment.py` and `keras-gans`.

Everything that can be wrong with a request is looked at before Keras is imported. Exit status:
0 done, 1 a run failed (it diverged, the disk is full, its process was killed), 2 a mistake in the
request or the data (one line says what to do), 130 or 143 stopped by a signal and resumable.
"""

import argparse
import os
import re
import signal
import sys
import tempfile
import textwrap
from pathlib import Path

import yaml

from keras_gans import batch
from keras_gans.errors import UsageError
from keras_gans.experiment import Run, read_table, tables_folder

DEFAULT_TABLE = "akel2022"


def run_experiment(arguments=None):
    """The command `python run_experiment.py`.

    Args:
        arguments: List of strings; None for those of the process.

    Returns:
        The exit status.
    """
    parser = _experiment_parser()
    return _guarded(parser, _run_experiments, parser.parse_args(arguments))


def main(arguments=None):
    """The command `keras-gans`. Arguments and return as `run_experiment`."""
    parser = _main_parser()
    options = parser.parse_args(arguments)
    return _guarded(parser, options.verb, options)


def _guarded(parser, action, options):
    """Runs an action; a mistake becomes one line on standard error."""
    try:
        return action(options) or 0
    except UsageError as error:
        print(f"{parser.prog}: {' '.join(str(error).splitlines())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough (`--list | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line too, without the usage before them."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


# --- run_experiment.py ------------------------------------------------------------------------


def _experiment_parser():
    parser = _Parser(
        prog="run_experiment.py",
        description="Re-runs experiments, which are numbered rows of the tables in experiments/.",
        epilog="Files go to results/TABLE/EXP/seed-SEED/. Finished runs are skipped, interrupted "
        "ones resume. Changed values show in the folder's name, so that a short trial never "
        "passes for the row. Data are looked for in --data-dir, else in $KERAS_GANS_DATA, else in "
        "~/.cache/keras-gans. Example: run_experiment.py --exp 1-3,18 --seeds 0-4",
    )
    add = parser.add_argument
    add("--exp", metavar="N", help="numbers of rows: 18, or 1-10,18")
    add("--all", action="store_true", help="every row of the table")
    add("--table", default=DEFAULT_TABLE, metavar="NAME|FILE", help="default: %(default)s")
    add("--seed", "--seeds", default="0", metavar="N", help="seeds: 0, or 0-4; default: 0")
    add("--jobs", type=_positive, default=1, metavar="N", help="runs side by side; default: 1")
    add("--iterations", metavar="N", help="instead of the row's")
    add(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="other values of the row, such as batch_size=64 optimizer.learning_rate=0.0001",
    )
    add(
        "--dataset",
        metavar="NAME|PATH",
        help="instead of the row's: mnist, celeba, lfw, digits, a folder, a .zip or an .npz",
    )
    add("--data-dir", metavar="DIR", help="folder of the data sets")
    _option_skip_damaged(add)
    add("--fid-every", metavar="N", help="iterations between two measurements")
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    add("--restart", action="store_true", help="train from the start over what is there")
    add("--dry-run", action="store_true", help="show what would run, with every value")
    add("--list", action="store_true", help="show the table's rows, and the other tables")
    add("--child", action="store_true", help=argparse.SUPPRESS)  # see batch.py
    return parser


def _run_experiments(options):
    table = read_table(options.table)
    if options.list:
        return _list(table)
    runs = _plan(table, options)
    if options.dry_run:
        for run in runs:
            print(f"# {run.folder}: {_state(run, options)}\n{run.to_yaml()}")
        return 0
    states = {run.folder: _state(run, options) for run in runs}
    _check_writable(options.results, "--results")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    finished = [run for run in runs if states[run.folder] == "finished"]
    todo = [run for run in runs if states[run.folder] != "finished"]
    data = _load_data(todo, options)
    if len(runs) > 1:
        del data  # each process has its own
        return batch.run_several(todo, finished, options)
    if finished:
        print(f"{runs[0].title}: finished already, see {runs[0].folder}; --restart trains it again")
        return 0
    return batch.run_one(runs[0], data[runs[0].experiment.dataset], options)


def _plan(table, options):
    if not options.exp and not options.all:
        raise UsageError("say which experiments: --exp 18, --exp 1-10,18 or --all; --list shows")
    numbers = sorted(table.rows) if options.all else _numbers(options.exp, "--exp")
    seeds = _numbers(options.seed, "--seed")
    if max(seeds) >= 2**32:
        raise UsageError(f"--seed {options.seed}: a seed has 32 bits, so it is below {2**32:,}")
    changed = {}
    for item in options.set:
        key, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"--set {item}: write KEY=VALUE")
        changed[key] = _plain_value(value, f"--set {item}")
    for key, value in (
        ("iterations", options.iterations),
        ("dataset", options.dataset),
        ("fid_every", options.fid_every),
    ):
        if value is not None:
            option = f"--{key.replace('_', '-')}"
            changed[key] = value if key == "dataset" else _plain_value(value, option)
    return [
        Run(table.name, number, table.experiment(number, changed), seed, changed, options.results)
        for number in numbers
        for seed in seeds
    ]


def _plain_value(text, where):
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: 2022-02-30
        raise UsageError(f"{where}: the value is not valid YAML") from None


def _numbers(text, option):
    """ "1-3,18" as [1, 2, 3, 18]."""
    numbers = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise UsageError(f"{option} {text}: write numbers like 18 or 1-10,18")
        first, last = int(first), int(last or first)
        if not first <= last < first + 10_000:
            raise UsageError(f"{option} {text}: {part.strip()} is no range of 1 to 10,000 numbers")
        numbers += range(first, last + 1)
    return list(dict.fromkeys(numbers))


def _state(run, options):
    return "new" if options.restart else run.state


def _check_writable(folder, option):
    existing = next(p for p in [folder, *folder.absolute().parents] if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise UsageError(f"cannot write to the folder {folder}: give another one with {option}")


def _load_data(runs, options):
    """Images by name, for all runs before the first one starts: none fails for lack of them."""
    from keras_gans import datasets

    data = {}
    for run in runs:
        name = run.experiment.dataset
        if name not in data:
            data[name] = datasets.load(name, options.data_dir, damaged=_damaged(options))
        run.experiment.check_data(data[name])
    return data


def _list(table):
    lines = [
        ("exp", "from", "data", "iterations", "latent", "batch", "loss", "networks", "printed")
    ]
    for number in sorted(table.rows):
        e = table.experiment(number)
        pair = dict.fromkeys([e.generator.network, e.discriminator.network])
        printed = ", ".join(f"{key} {value:g}" for key, value in e.printed.items())
        lines.append(
            (str(number), e.derived_from, e.dataset, f"{e.iterations:,}", str(e.latent_dim))
            + (str(e.batch_size), e.loss, " + ".join(pair), printed)
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"{table.name}: {table.source}\n")
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())
    others = sorted(path.stem for path in tables_folder().glob("*.yaml"))
    print(f"\n{table.command}\nTables (--table NAME): {', '.join(others)}")
    return 0


# --- keras-gans -------------------------------------------------------------------------------


def _main_parser():
    parser = _Parser(
        prog="keras-gans",
        description="Works with what experiments leave and need. Training itself is "
        "`python run_experiment.py --exp N`.",
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    verb = verbs.add_parser(
        "generate",
        help="make images with a saved generator",
        description="Makes images with a generator_model_*.h5 of a run, or with a generator that "
        "any Keras since 2.0 has saved: its description is read as data, and no code in it is run. "
        "The same seed makes the same images; the grids of a run are those of its own seed.",
    )
    verb.add_argument("path", type=Path, metavar="PATH.h5")
    verb.add_argument("--count", type=_positive, default=64, help="images; default: 64")
    verb.add_argument("--seed", type=_natural, default=0, help="of the latents; default: 0")
    verb.add_argument(
        "--out",
        type=Path,
        default=Path("generated.png"),
        help="grid.png, file.npz or a folder; default: generated.png",
    )
    verb.add_argument(
        "--interpolate",
        type=_at_least_two,
        metavar="STEPS",
        help="rows of STEPS images on the way from one latent to another",
    )
    verb.add_argument("--spherical", action="store_true", help="along the arc, not the line")
    others = _options_of_others(verb)
    others.add_argument(
        "--labels", metavar="N", help="labels to make, in turns: 3, or 0-9; default: all"
    )
    verb.set_defaults(verb=_generate)

    verb = verbs.add_parser(
        "evaluate",
        help="measure a generator or a folder of images beside real ones",
        description=textwrap.fill(
            "Compares generated images with real ones. Both go through the same network as uint8, "
            "once, whatever is measured; the name of a number says on how many images and in which "
            "features, and numbers of different names are not comparable.",
            96,
        ),
        epilog=_measures_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument(
        "path",
        type=Path,
        metavar="PATH",
        help="generator .h5, or folder, .zip or .npz of images (uint8, or floats in [-1, 1])",
    )
    verb.add_argument(
        "--dataset",
        required=True,
        metavar="NAME|PATH",
        help="the real images: a data set, or a folder, .zip or .npz",
    )
    verb.add_argument(
        "--metrics", default="fid", metavar="NAME,...", help="default: fid; see below"
    )
    verb.add_argument(
        "--features",
        metavar="NAME",
        help="network and layer, as inception2048 or lenet; default: what suits the images",
    )
    verb.add_argument(
        "--samples",
        type=_at_least_two,
        metavar="N",
        help="images on each side; default: 5000, or all where there are fewer",
    )
    verb.add_argument("--seed", type=_natural, default=0, help="of the latents; default: 0")
    verb.add_argument("--split", choices=["train", "test"], default="train")
    verb.add_argument("--data-dir", metavar="DIR", help="folder of the data sets and weights")
    verb.add_argument(
        "--json", action="store_true", help="print everything as JSON instead of a table"
    )
    _option_skip_damaged(verb.add_argument)
    _options_of_others(verb)
    verb.set_defaults(verb=_evaluate)

    verb = verbs.add_parser(
        "audit",
        help="find out what the FIDs that Akel 2022 prints can be",
        description="Measures real images, black images and the generators of finished akel2022 "
        "runs in the three ranges of pixels that an evaluation may have used, with the network "
        "that the thesis used, and writes a page with the answers. An hour or more on a CPU; "
        "stopped, it goes on where it was.",
    )
    verb.add_argument("--results", type=Path, default=Path("results"), metavar="DIR")
    verb.add_argument("--out", type=Path, default=Path("results/fid_audit"), metavar="DIR")
    verb.add_argument(
        "--samples", type=_at_least_two, default=5000, metavar="N", help="default: 5000"
    )
    verb.add_argument(
        "--features",
        choices=["imagenet2048", "imagenet768"],
        help="default: imagenet2048, or imagenet768 where the weights stop before",
    )
    verb.add_argument("--data-dir", metavar="DIR", help="folder of the data sets and weights")
    verb.set_defaults(verb=_audit)

    verb = verbs.add_parser(
        "report",
        help="results/ as tables of Markdown, measured beside printed",
        description="Writes RESULTS/TABLE/README.md from the metrics.json of finished runs.",
    )
    verb.add_argument("--table", metavar="NAME", help="default: every table with results")
    verb.add_argument("--results", type=Path, default=Path("results"), metavar="DIR")
    verb.set_defaults(verb=_report)

    verb = verbs.add_parser(
        "prepare",
        help="make the data file that a table asks for",
        description="Cuts faces out of pictures and writes the .npz that the data set's name "
        "stands for. celeba: the first face that MTCNN finds in each picture, box clipped to the "
        "picture, resized; needs `pip install 'keras_gans[faces]'`.",
    )
    verb.add_argument("name", choices=["celeba"])
    verb.add_argument(
        "--source",
        required=True,
        metavar="DIR|ZIP|tfds",
        help="folder or .zip of pictures, or tfds for tensorflow-datasets",
    )
    verb.add_argument("--detector", choices=["mtcnn"], default="mtcnn")
    verb.add_argument("--size", type=_positive, default=40, help="pixels; default: 40")
    verb.add_argument("--count", type=_positive, default=50_000, help="faces; default: 50000")
    verb.add_argument("--data-dir", metavar="DIR", help="where the file goes")
    verb.set_defaults(verb=_prepare)

    verb = verbs.add_parser(
        "weights",
        help="get the weights that metrics need",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_WEIGHTS,
        epilog=_WEIGHTS_FILES,
    )
    verb.add_argument("name", choices=["inception", "imagenet", "lenet"])
    verb.add_argument(
        "--source",
        type=Path,
        metavar="FILE",
        help="inception: .pb, .tgz or .pth; imagenet: .h5; default: download it",
    )
    verb.add_argument(
        "--sha256", type=_sha256, metavar="HEX", help="inception: what the source must have"
    )
    verb.add_argument(
        "--out", type=Path, metavar="FILE.npz", help="default: where metrics look, the data folder"
    )
    verb.add_argument("--seed", type=_natural, help="lenet: of its training; default: 0")
    verb.add_argument("--data-dir", metavar="DIR", help="the data folder")
    verb.set_defaults(verb=_weights)
    return parser


def _option_skip_damaged(add):
    add(
        "--skip-damaged",
        action="store_true",
        help="leave out images of a folder or .zip that cannot be read, and say how many; "
        "otherwise the first one is named and nothing is done",
    )


def _damaged(options):
    return "skip" if options.skip_damaged else "refuse"


def _options_of_others(verb):
    """What a stranger's generator may need to be told."""
    others = verb.add_argument_group("for generators of others")
    others.add_argument(
        "--range",
        metavar="MIN,MAX",
        help="values that are black and white: -1,1 or 0,1 or 0,255; write --range=-1,1",
    )
    others.add_argument(
        "--latents",
        metavar="KIND",
        help="normal (the default), uniform (-1 to 1), normal:MEAN,DEVIATION, uniform:MIN,MAX",
    )
    return others


def _generate(options):
    import numpy as np

    from keras_gans import generators, plots, quiet
    from keras_gans.progress import Line

    if options.spherical and not options.interpolate:
        raise UsageError("--spherical says how to --interpolate: give that too")
    suffix = options.out.suffix.lower()
    if suffix not in (".png", ".npz", ""):
        raise UsageError(f"--out {options.out}: write a .png, an .npz or a folder")
    if not options.path.is_file():
        raise UsageError(f"there is no file {options.path}")
    if suffix and options.out.is_dir():
        raise UsageError(f"--out {options.out}: that is a folder, and a {suffix} is a file")
    _check_writable(options.out.parent if suffix else options.out, "--out")
    output_range = _range(options.range)
    labels = None if options.labels is None else _numbers(options.labels, "--labels")
    _check_latents(options.latents)
    quiet.silence_libraries()
    with Line(options.path.name) as line:
        line.status("loading Keras")
        generator, recipe = generators.load(options.path, output_range, options.latents)
        foreign = generators.is_foreign(recipe)
        if not foreign and (output_range or options.latents):
            raise UsageError(f"{options.path} is of a run and needs no --range or --latents")
        if foreign and recipe["kind"] is not None:
            raise UsageError(f"{options.path} is {recipe['kind']}")
        for note in recipe["notes"] if foreign else []:
            line.note(f"note: {note}")
        count, steps = options.count, options.interpolate
        kind = recipe["latents"] if foreign else "normal"
        if steps:
            rows = max(1, count // steps)
            ends = generators.latents(2 * rows, recipe["latent_dim"], options.seed, kind)
            latents = np.concatenate(
                [
                    generators.interpolate(start, end, steps, options.spherical)
                    for start, end in ends.reshape(rows, 2, -1)
                ]
            )
        else:
            latents = generators.latents(count, recipe["latent_dim"], options.seed, kind)
        if labels is None and foreign and recipe["labels"]:
            labels = range(recipe["labels"])
        columns = steps or (len(labels) if labels and len(labels) <= 20 else None)
        if labels is not None:  # a row of an interpolation keeps its label
            labels = np.resize(np.repeat(labels, steps or 1), len(latents))
        line.status(f"{len(latents):,} images")
        images = generators.images(generator, latents, recipe=recipe, labels=labels)
    if suffix == ".png":
        options.out.parent.mkdir(parents=True, exist_ok=True)
        columns = columns or int(np.ceil(np.sqrt(len(images))))
        plots.save_image(plots.grid(images, columns), options.out)
    elif suffix == ".npz":
        options.out.parent.mkdir(parents=True, exist_ok=True)
        given = {} if labels is None else {"labels": labels}
        np.savez_compressed(options.out, images=images, latents=latents, **given)
    else:
        options.out.mkdir(parents=True, exist_ok=True)
        for i, image in enumerate(images):
            plots.save_image(plots.picture(image), options.out / f"{i:06d}.png")
    print(f"{len(images):,} images in {options.out}")


def _measures_help():
    from keras_gans.metrics.measures import MEASURES

    lines = ["metrics:"]
    for name, measure in MEASURES.items():
        about = f"{name:21}{measure.about}"
        lines += textwrap.wrap(about, 96, initial_indent="  ", subsequent_indent=" " * 23)
    return "\n".join(lines)


def _evaluate(options):
    import json

    from rich.console import Console

    from keras_gans import quiet
    from keras_gans.evaluation import Request, evaluate
    from keras_gans.progress import Line

    request = Request(
        options.path,
        options.dataset,
        tuple(dict.fromkeys(name.strip() for name in options.metrics.split(","))),
        options.features,
        options.samples,
        options.seed,
        options.split,
        _range(options.range),
        options.latents,
        _damaged(options),
    )
    _check_latents(options.latents)
    quiet.silence_libraries()
    # The table or the JSON alone goes to standard output, so that it can be piped.
    with Line("evaluate", Console(stderr=True), unit="images") as line:
        line.status("loading Keras")
        found = evaluate(request, options.data_dir, line)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for result in found["results"]:
        deviation = "" if result["std"] is None else f" +- {result['std']:.4g}"
        value = f"{result['value']:.6g}{deviation}"
        print(f"{result['name']:32} {value}  ({result['better']} is better)")
    real, generated = found["real"], found["generated"]
    print(
        f"{found['count']:,} images of {generated['source']} (seed {found['seed']}) beside "
        f"{found['count']:,} of {real['source']} ({real['split']})"
    )


def _audit(options):
    from keras_gans import quiet
    from keras_gans.progress import Line

    _check_writable(options.out, "--out")
    quiet.silence_libraries()
    with Line("audit", unit="images") as line:
        line.status("loading Keras")
        from keras_gans.audit import audit

        page = audit(
            options.results,
            options.data_dir,
            options.out,
            options.samples,
            options.features,
            line,
        )
    print(page)


def _range(text):
    """ "-1,1" as (-1.0, 1.0); None as None."""
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = 0.0
    if not -1e6 < low < high < 1e6:
        raise UsageError(f"--range {text}: write two numbers, the lower first, like --range=-1,1")
    return low, high


def _check_latents(kind):
    """Lets a mistake show before the wait for Keras."""
    from keras_gans import generators

    if kind is not None:
        generators.latents(1, 1, distribution=kind)


def _report(options):
    from keras_gans import report

    for path in report.write(options.results, options.table):
        print(path)


def _prepare(options):
    from keras_gans import datasets, quiet
    from keras_gans.datasets import celeba
    from keras_gans.progress import Line

    out = datasets.data_folder(options.data_dir) / "celeba.npz"
    quiet.silence_libraries()
    with Line("prepare celeba", unit="pictures") as line:
        line.status("loading the detector")

        def progress(done, total):
            if done <= 1:
                line.begin(total)
            line.update(done)

        result = celeba.prepare(
            options.source, out, options.size, options.count, options.detector, progress
        )
    print(f"{out}: {result}")


_WEIGHTS = """\
Puts the weights of a feature extractor where metrics find them: in the data folder
(--data-dir, else $KERAS_GANS_DATA, else ~/.cache/keras-gans).

  inception  the FID network of 2015-12-05, with its classes, for the extractors inception*:
             FID, KID, Inception Score
  imagenet   the InceptionV3 of keras.applications, for the extractors imagenet*: for numbers
             that were measured with it, never comparable with FID
  lenet      trains the small MNIST classifier anew. The package carries its weights: this is
             how they were made, not a step that anybody needs. --out says where they go"""

_WEIGHTS_FILES = """\
Without --source the published file is downloaded: 89 MB of inception-2015-12-05.tgz, or 88 MB
of InceptionV3 from Keras. Where there is no network, bring one of these:

  keras-gans weights inception --source inception-2015-12-05.tgz
  keras-gans weights inception --source classify_image_graph_def.pb
  keras-gans weights inception --source pt_inception-2015-12-05-6726825d.pth    (needs torch)
  keras-gans weights imagenet --source inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5

Nothing in a source is run. The sha256 of the .pth is known, and another file is refused unless
--sha256 gives its own. An inception whose arrays are not those of the published network is
written with a warning.

Metrics read inception_2015_12_05.npz, or else any inception_2015_12_05*.npz: for each
convolution of the graph, by the name of its node with _ for / (conv, mixed_4_tower_1_conv_2, ...),
float32 arrays NODE/kernel [height, width, in, out] and NODE/bias [out], batch normalization
folded into both; and softmax/kernel [2048, 1008]. A file that stops before the last layers
serves the layers before them. Without it, metrics that need it are null."""


def _weights(options):
    if options.name == "lenet":
        return _train_lenet(options)
    if options.seed is not None:
        raise UsageError("--seed is that of lenet's training: nothing of Inception is random")
    if options.name == "imagenet" and options.sha256:
        raise UsageError("--sha256 is for inception: Keras checks its own download")
    if options.source and not options.source.is_file():
        raise UsageError(f"there is no file {options.source}")
    from keras_gans import datasets, quiet
    from keras_gans.progress import Line

    names = {"inception": "inception_2015_12_05.npz", "imagenet": "inception_v3_imagenet.npz"}
    out = options.out or datasets.data_folder(options.data_dir) / names[options.name]
    if out.suffix != ".npz" or out.is_dir():
        raise UsageError(f"--out {out}: name a file.npz to write")
    _check_writable(out.parent, "--out" if options.out else "--data-dir")
    quiet.silence_libraries()
    with Line(f"weights {options.name}", unit="bytes") as line:
        line.status("loading Keras")
        from keras_gans.metrics import conversion

        if options.name == "imagenet":
            written = conversion.imagenet(options.source, out)
        elif options.source:
            line.status(f"reading {options.source.name}")
            about = conversion.inception(options.source, out, options.sha256)
        else:
            about = _download_inception(conversion, out, options.sha256, line)
    if options.name == "inception":
        written = about["sha256"]
        print(f"source: sha256 {about['source_sha256']}")
        if not about["published"]:
            print(
                f"keras-gans: warning: {out} is not the published network: its numbers are "
                "comparable only with each other",
                file=sys.stderr,
            )
    print(f"{out}: sha256 {written}")


def _download_inception(conversion, out, sha256, line):
    def progress(done, total):
        if done <= 2**20:
            line.begin(total or conversion.LARGEST)
        line.update(done)

    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        archive = Path(folder) / Path(conversion.URL).name
        conversion.download(conversion.URL, archive, progress)
        line.status("converting")
        return conversion.inception(archive, out, sha256)


def _train_lenet(options):
    from keras_gans import datasets, quiet
    from keras_gans.progress import Line

    if options.source or options.sha256:
        raise UsageError("lenet is trained, from MNIST: it takes no --source and no --sha256")
    if not options.out:
        raise UsageError(
            "say with --out FILE.npz where the weights go: the package has its own already"
        )
    train = datasets.load("mnist", options.data_dir)
    test = datasets.load("mnist", options.data_dir, split="test")
    quiet.silence_libraries()
    with Line("weights lenet") as line:
        line.status("training")
        from keras_gans.metrics import lenet

        about = lenet.train_and_save(
            train.images,
            train.labels,
            test.images,
            test.labels,
            options.out,
            options.seed or 0,
        )
    print(f"{options.out}: {about}")


def _natural(text):
    return _integer(text, at_least=0)


def _positive(text):
    return _integer(text, at_least=1)


def _at_least_two(text):
    return _integer(text, at_least=2)


def _sha256(text):
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text} is not a sha256: 64 hexadecimal digits")
    return text.lower()


def _integer(text, at_least):
    if not text.isdecimal() or int(text) < at_least:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least {at_least}")
    return int(text)


if __name__ == "__main__":
    sys.exit(run_experiment())

"""The command line: `python run_experiment.py` and `keras-gans`.

Everything that can be wrong with a request is looked at before Keras is imported. Exit status:
0 done, 1 a run failed, 2 a mistake in the request or the data (one line says what to do), 130 or
143 stopped by a signal and resumable.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from math import inf
from pathlib import Path

import yaml

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
    add("--fid-every", metavar="N", help="iterations between two Frechet distances")
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    add("--restart", action="store_true", help="train from the start over what is there")
    add("--dry-run", action="store_true", help="show what would run, with every value")
    add("--list", action="store_true", help="show the table's rows, and the other tables")
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
    for run in runs:
        _state(run, options)
    _check_writable(options.results, "--results")
    todo = []
    for run in runs:
        if _state(run, options) == "finished":
            print(f"{run.title}: finished already, see {run.folder}")
        else:
            todo.append(run)
    data = _load_data(todo, options.data_dir)
    if options.jobs > 1 and len(todo) > 1:
        return _run_side_by_side(todo, options)
    return _run_one_by_one(todo, data, options)


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


def _load_data(runs, data_dir):
    """Images by name, for all runs before the first one starts: none fails for lack of them."""
    from keras_gans import datasets

    data = {}
    for run in runs:
        name = run.experiment.dataset
        if name not in data:
            data[name] = datasets.load(name, data_dir)
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


def _run_one_by_one(runs, data, options):
    if not runs:
        return 0
    from keras_gans import quiet
    from keras_gans.progress import Line

    quiet.silence_libraries()
    stop = _StopOnSignal()
    status = 0
    for run in runs:
        with Line(run.title) as line:
            line.status("loading Keras")
            from keras_gans import runner
            from keras_gans.callbacks import Diverged

            try:
                images = data[run.experiment.dataset]
                metrics = runner.run(run, images, options.data_dir, line, stop, options.restart)
            except runner.Stopped as stopped:
                line.note(f"{stopped}; the same command resumes it")
                return 128 + stop.signal
            except Diverged as diverged:
                line.note(f"{diverged}; what it left is in {run.folder}")
                status = 1
                continue
        _print_result(run, metrics)
    return status


def _print_result(run, metrics):
    from keras_gans.progress import clock

    print(
        f"{run.title}: {metrics['iterations']:,} iterations in {clock(metrics['seconds']['wall'])} "
        f"({metrics['iterations_per_second']:.3g} it/s while training)"
    )
    print(
        "  losses at the end: discriminator {d_loss:.4g}, generator {g_loss:.4g}".format(
            **metrics["final"]
        )
    )
    for name, value in metrics.items():
        if name.startswith("fid") and value is not None:
            print(
                f"  {name}: {value['first']:.4g} at the start, {value['last']:.4g} at the end, "
                f"best {value['best']:.4g} at iteration {value['best_iteration']:,}"
            )
    print(f"  {run.folder / 'samples'}/{metrics['iterations']:06d}.png")


class _StopOnSignal:
    """Remembers SIGINT or SIGTERM for the next boundary; a second one ends at once."""

    def __init__(self):
        self.signal = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._receive)

    def _receive(self, number, frame):
        if self.signal is not None:
            os._exit(128 + number)
        self.signal = number

    def __call__(self):
        return self.signal is not None


def _run_side_by_side(runs, options):
    """Each run in a process of its own, `--jobs` at a time, its lines relayed."""
    threads = max(1, (os.cpu_count() or 1) // options.jobs)
    environment = {
        **os.environ,
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
    }
    children, lock = set(), threading.Lock()
    received = []

    def forward(number, frame):
        received.append(number)
        with lock:
            for child in children:
                child.send_signal(number)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)

    def run_child(run):
        with lock:
            if received:
                return 128 + received[0]
            child = subprocess.Popen(
                [sys.executable, "-m", "keras_gans.cli", *_child_arguments(run, options)],
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
                start_new_session=True,  # a terminal's Ctrl-C reaches it through us, once
            )
            children.add(child)
        for text in child.stdout:
            print(text, end="", flush=True)
        status = child.wait()
        with lock:
            children.discard(child)
        return status if status >= 0 else 128 - status  # as a shell says what a signal ended

    with ThreadPoolExecutor(options.jobs) as pool:
        futures = [pool.submit(run_child, run) for run in runs]
        # A signal may come to another thread than this one, which handles it when it wakes.
        while wait(futures, timeout=0.2).not_done:
            pass
        return max(future.result() for future in futures)


def _child_arguments(run, options):
    changes = [
        f"{key}={yaml.safe_dump(value, default_flow_style=True, width=inf).split(chr(10))[0]}"
        for key, value in run.changed.items()
    ]
    return [
        "--exp",
        str(run.number),
        "--seed",
        str(run.seed),
        "--table",
        options.table,
        "--results",
        str(options.results),
        *(["--set", *changes] if changes else []),
        *(["--data-dir", options.data_dir] if options.data_dir else []),
        *(["--restart"] if options.restart else []),
    ]


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
    others = verb.add_argument_group("for generators of others")
    others.add_argument(
        "--labels", metavar="N", help="labels to make, in turns: 3, or 0-9; default: all"
    )
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
    verb.set_defaults(verb=_generate)

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
        help="train the packaged classifier anew; where other weights go",
        description="lenet: trains the small MNIST classifier whose features the Frechet "
        "distance of 28x28 grey images uses, and writes its weights. The package carries them: "
        "this is how they were made, not a step that anybody needs.",
        epilog="The FID network (Inception, 2015-12-05) is not in the package. Its weights are "
        "read from inception_2015_12_05.npz, or any inception_2015_12_05*.npz, in the data "
        "folder: for each convolution of the TensorFlow graph, by the name of its node with / as "
        "_ (conv, mixed_4_tower_1_conv_2, ...), float32 arrays NODE/kernel [height, width, in, "
        "out] and NODE/bias [out], batch normalization folded into both. A file that stops "
        "before the last layers serves the taps before them. Without it, distances that need it "
        "are null.",
    )
    verb.add_argument("name", choices=["lenet"])
    verb.add_argument("--out", type=Path, required=True, metavar="FILE.npz")
    verb.add_argument("--seed", type=_natural, default=0)
    verb.add_argument("--data-dir", metavar="DIR", help="folder of the data sets")
    verb.set_defaults(verb=_weights)
    return parser


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
    output_range = None if options.range is None else _range(options.range)
    labels = None if options.labels is None else _numbers(options.labels, "--labels")
    if options.latents is not None:
        generators.latents(1, 1, distribution=options.latents)  # a mistake shows before the wait
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


def _range(text):
    """ "-1,1" as (-1.0, 1.0)."""
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = 0.0
    if not -1e6 < low < high < 1e6:
        raise UsageError(f"--range {text}: write two numbers, the lower first, like --range=-1,1")
    return low, high


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


def _weights(options):
    from keras_gans import datasets, quiet
    from keras_gans.progress import Line

    train = datasets.load("mnist", options.data_dir)
    test = datasets.load("mnist", options.data_dir, split="test")
    quiet.silence_libraries()
    with Line("weights lenet") as line:
        line.status("training")
        from keras_gans.metrics import lenet

        about = lenet.train_and_save(
            train.images, train.labels, test.images, test.labels, options.out, options.seed
        )
    print(f"{options.out}: {about}")


def _natural(text):
    return _integer(text, at_least=0)


def _positive(text):
    return _integer(text, at_least=1)


def _at_least_two(text):
    return _integer(text, at_least=2)


def _integer(text, at_least):
    if not text.isdecimal() or int(text) < at_least:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least {at_least}")
    return int(text)


if __name__ == "__main__":
    sys.exit(run_experiment())

"""`keras-gans generate`: samples of a saved generator."""

import math
import os
import re
import tempfile
from pathlib import Path

from keras_gans.cli import arguments
from keras_gans.errors import UsageError

HELP = "make images or points with a saved generator"
_WIDEST = 20  # classes that have a column each in a grid
_COUNT = 64  # samples, where no number is given


def describe(parser):
    """Describes the verb to its parser."""
    parser.description = (
        "Makes samples with a generator_model_*.h5 of a run, or with a generator that any Keras "
        "since 2.0 has saved. Such a file is read as data, and no code in it is executed. The "
        "same seed makes the same samples; the grids of a run are those of its own seed."
    )
    parser.epilog = (
        "A conditional generator makes every class in turn, one class a column of the grid. "
        "Points become a scatter plot or an .npz. Example: keras-gans generate "
        "generator_model_best.h5 --interpolate 8 --spherical --out morph.png"
    )
    add = parser.add_argument
    add("path", type=Path, metavar="PATH.h5", help="the generator")
    add(
        "--count",
        type=arguments.positive,
        metavar="N",
        help="number of samples; default: 64, or 8 rows of an interpolation",
    )
    add(
        "--seed",
        type=arguments.natural,
        default=0,
        metavar="N",
        help="seed of the latents; default: 0",
    )
    add(
        "--out",
        type=Path,
        default=Path("generated.png"),
        metavar="PATH",
        help="grid.png, file.npz or a folder of images; default: generated.png",
    )
    add(
        "--labels",
        metavar="N",
        help="classes of a conditional generator, in turn: 3, or 0-9; default: all",
    )
    add(
        "--interpolate",
        type=arguments.several,
        metavar="STEPS",
        help="rows of STEPS samples, from one latent to another",
    )
    add("--spherical", action="store_true", help="interpolate along the arc, not the line")
    arguments.reject(parser)
    arguments.foreign(parser)


def act(options):
    """Writes the samples and prints what is where."""
    suffix = _check(options)
    labels = options.labels and arguments.numbers(options.labels, "--labels")
    output_range, distribution = arguments.read_foreign(options)
    rejecting, rate = arguments.read_reject(options), ""
    from keras_gans import generators
    from keras_gans.terminal import quiet
    from keras_gans.terminal.line import Line

    quiet.silence_libraries()
    with Line(options.path.name) as line:
        line.status("loading Keras")
        saved = generators.load(options.path, output_range, distribution)
        if saved.kind is not None:
            raise UsageError(f"{options.path} is {saved.kind}")
        _check_samples(saved, suffix, labels, options)
        for note in saved.notes:
            line.note(f"note: {note}")
        if rejecting is not None:
            count = options.count or _COUNT
            labels = _labels(saved, labels, count, 1)
            accepted = rejecting(saved).draw(count, options.seed, labels, line)
            values, latents, _, share = accepted
            rate = f", {share:.1%} of all samples"
        else:
            latents = _latents(saved, options)
            labels = _labels(saved, labels, len(latents), options.interpolate or 1)
            line.status(f"{len(latents):,} samples")
            values = saved.make(latents, labels)
    with arguments.writing(options.out):
        if suffix == ".png":
            columns = _columns(labels, options.interpolate, len(values))
            _write_picture(options.out, values, columns)
        elif suffix == ".npz":
            _write_arrays(options.out, values, latents, labels)
        else:
            _write_folder(options.out, values)
    print(f"{len(values):,} {_kind(values)} in {options.out}{rate}")


# --- checks before the work --------------------------------------------------------------------


def _check(options):
    """Checks what needs no Keras; returns the suffix of --out, "" for a folder."""
    path, out, suffix = options.path, options.out, options.out.suffix.lower()
    if options.spherical and not options.interpolate:
        raise UsageError(
            "--spherical needs --interpolate STEPS: it chooses the way between latents"
        )
    if options.reject and options.interpolate:
        raise UsageError("--reject chooses among samples, and --interpolate asks for certain ones")
    if suffix not in (".png", ".npz", ""):
        raise UsageError(f"--out {out}: write a .png, an .npz or a folder")
    if path.is_dir():
        raise UsageError(f"{path} is a folder: give one of its files, generator_model_*.h5")
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if suffix and out.is_dir():
        raise UsageError(f"--out {out} is a folder, and a {suffix} is a file: give another name")
    arguments.check_writable(out.parent if suffix else out, "--out")
    if not suffix:
        _check_empty(out)
    steps = options.interpolate
    if steps and options.count and options.count % steps:
        raise UsageError(
            f"--count {options.count} is no number of whole rows of --interpolate {steps}: give "
            f"{-(-options.count // steps) * steps}"
        )
    return suffix


def _check_empty(folder):
    """Refuses a folder with numbered images, which nobody could tell from the new ones."""
    if not folder.is_dir():
        return
    images = sorted(p.name for p in folder.iterdir() if re.fullmatch(r"\d{6,}\.png", p.name))
    if images:
        among = images[0] if len(images) == 1 else f"{images[0]} to {images[-1]}"
        raise UsageError(
            f"{folder} holds {len(images):,} numbered images already, {among}: remove them, or "
            "give another folder with --out"
        )


def _check_samples(saved, suffix, labels, options):
    """Checks that the generator's samples have the form that is asked for."""
    points = len(saved.shape) == 1
    if points and not suffix:
        raise UsageError(f"{options.path} makes points, not images: write a .png or an .npz")
    if points and suffix == ".png" and saved.shape[0] != 2:
        raise UsageError(f"{options.path} makes points of {saved.shape[0]} numbers: write an .npz")
    if labels and saved.classes is None:
        raise UsageError(f"{options.path} takes no labels: leave out --labels")
    if labels and max(labels) >= saved.classes:
        raise UsageError(f"--labels {options.labels}: the classes are 0 to {saved.classes - 1}")


# --- samples -----------------------------------------------------------------------------------


def _latents(saved, options):
    steps = options.interpolate
    if not steps:
        return saved.latents.sample(options.count or _COUNT, options.seed)
    import numpy as np

    from keras_gans.generators import interpolate

    rows = options.count // steps if options.count else 8
    ends = saved.latents.sample(2 * rows, options.seed).reshape(rows, 2, -1)
    return np.concatenate([interpolate(*pair, steps, options.spherical) for pair in ends])


def _labels(saved, labels, count, steps):
    """The label of each latent, in turn; a row of an interpolation keeps its label."""
    import numpy as np

    if saved.classes is None:
        return None
    turns = labels or range(saved.classes)
    return np.resize(np.repeat(np.array(turns), steps), count)


def _columns(labels, steps, count):
    if steps:
        return steps
    if labels is not None and (classes := len(set(labels.tolist()))) <= _WIDEST:
        return classes
    return math.isqrt(count - 1) + 1


def _kind(values):
    return "images" if values.ndim == 4 else "points"


# --- files -------------------------------------------------------------------------------------


def _write_picture(path, values, columns):
    from keras_gans import pictures

    path.parent.mkdir(parents=True, exist_ok=True)
    pictures.save(pictures.samples(values, columns), path)


def _write_arrays(path, values, latents, labels):
    import numpy as np

    from keras_gans.files import replacing

    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {_kind(values): values, "latents": latents}
    if labels is not None:
        arrays["labels"] = labels
    with replacing(path) as partial:
        np.savez_compressed(partial, **arrays)


def _write_folder(folder, images):
    """Writes numbered images, all of them or none."""
    from keras_gans import pictures
    from keras_gans.files import PARTIAL

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=folder) as partial:
        names = [f"{number:06d}.png" for number in range(len(images))]
        for name, image in zip(names, images, strict=True):
            pictures.single(image).save(Path(partial) / name)
        for name in names:
            os.replace(Path(partial) / name, folder / name)

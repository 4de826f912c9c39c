"""`keras-gans generate`: samples of a saved generator."""

import math
import os
import re
import tempfile
from pathlib import Path

from keras_gans import files
from keras_gans.cli import arguments, morphing
from keras_gans.errors import UsageError
from keras_gans.rows import StoredRun

HELP = "make images or points with a saved generator"
_COUNT = 64  # samples, where no number is given
_MANY = 1000  # that take time to write


def describe(parser):
    """Describes the verb to its parser."""
    parser.description = (
        "Makes samples with a generator_model_*.h5 of a run, or with a generator that any Keras "
        "since 2.0 has saved. Such a file is read as data, and no code in it is executed. The "
        "same seed makes the same samples; the grids of a run are those of its own seed."
    )
    parser.epilog = (
        "A conditional generator makes every class in turn, each in columns of its own. "
        "Points become a scatter plot or an .npz. In an animation every sample goes from one "
        f"latent to the next, of {morphing.STOPS}, and back to the first, so that it has no end. "
        "Examples: "
        "keras-gans generate generator_model_best.h5 --interpolate 8 --spherical --out morph.png; "
        "keras-gans generate results/akel2022/3/seed-0 --spherical --out morph.gif"
    )
    add = parser.add_argument
    add(
        "path",
        type=Path,
        metavar="PATH",
        help="a generator's file, or the folder of a run: its best generator, or the last",
    )
    add(
        "--count",
        type=arguments.positive,
        metavar="N",
        help="number of samples; default: 64, or 8 rows of an interpolation, or side by side in an "
        "animation 16, 4 of each class, or 500 points",
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
        help="grid.png, file.npz, a folder of images, or an animation, file.gif or file.webp; "
        "default: generated.png",
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
        help="rows of STEPS samples, from one latent to another; in an animation, the frames from "
        f"one to the next, default: {morphing.STEPS}",
    )
    add("--spherical", action="store_true", help="interpolate along the arc, not the line")
    arguments.reject(parser)
    arguments.foreign(parser)


def act(options):
    """Writes the samples and prints what is where."""
    suffix = _check(options)
    path, chosen = _chosen(options.path)
    labels = options.labels and arguments.numbers(options.labels, "--labels")
    output_range, distribution = arguments.read_foreign(options)
    rejecting, rate = arguments.read_reject(options), ""
    from keras_gans import generators
    from keras_gans.terminal import quiet
    from keras_gans.terminal.line import Line

    quiet.silence_libraries()
    with Line(path.name, unit="samples") as line:
        if chosen:
            line.note(chosen)
        line.status("loading Keras")
        saved = generators.load(path, output_range, distribution)
        _check_samples(saved, path, suffix, labels, options)
        for note in saved.notes:
            line.note(f"note: {note}")
        if suffix in morphing.SUFFIXES:
            written = morphing.write(saved, _turns(saved, labels), options, line)
            print(f"{written} in {options.out}")
            return
        count = options.count or _COUNT
        # Latents twice, values, and what is drawn: images of at least 64 pixels, and their PNG.
        each = 8 * saved.latents.size + 4 * math.prod(saved.shape)
        arguments.check_memory(count, each + (suffix == ".png") * 2 * 64**2 * saved.shape[-1])
        if rejecting is not None:
            labels = _labels(saved, labels, count, 1)
            accepted = rejecting(saved).draw(count, options.seed, labels, line)
            values, latents, _, share = accepted
            rate = f", {share:.1%} of all samples"
        else:
            latents = _latents(saved, options)
            labels = _labels(saved, labels, len(latents), options.interpolate or 1)
            line.status(f"{len(latents):,} sample{'s' * (len(latents) > 1)}")
            values = saved.make(latents, labels, line)
        with files.writing(options.out):
            if suffix and len(values) > _MANY:
                line.status(f"writing {options.out}")
            if suffix == ".png":
                columns = _columns(labels, options.interpolate, len(values))
                _write_picture(options.out, values, columns)
            elif suffix == ".npz":
                _write_arrays(options.out, values, latents, labels)
            else:
                _write_folder(options.out, values, line)
    made = _kind(values).removesuffix("s") if len(values) == 1 else _kind(values)
    print(f"{len(values):,} {made} in {options.out}{rate}")


# --- checks before the work --------------------------------------------------------------------


def _check(options):
    """Checks what needs no Keras; returns the suffix of --out, "" for a folder."""
    path, out, suffix = options.path, options.out, options.out.suffix.lower()
    if suffix not in (".png", ".npz", *morphing.SUFFIXES, ""):
        raise UsageError(f"--out {out}: write a .png, .npz, .gif or .webp, or a folder")
    if options.spherical and not options.interpolate and suffix not in morphing.SUFFIXES:
        raise UsageError(
            "--spherical needs --interpolate STEPS, or an animation: it chooses the way between "
            "latents"
        )
    if options.reject and (options.interpolate or suffix in morphing.SUFFIXES):
        raise UsageError("--reject chooses among samples, and --interpolate asks for certain ones")
    if not path.exists():
        raise UsageError(f"there is no file {path}")
    if suffix and out.is_dir():
        raise UsageError(f"--out {out} is a folder, and a {suffix} is a file: give another name")
    arguments.check_writable(out.parent if suffix else out, "--out")
    if not suffix:
        _check_empty(out)
    steps = options.interpolate
    if suffix in morphing.SUFFIXES:
        morphing.check(steps)
    elif steps and options.count and options.count % steps:
        raise UsageError(
            f"--count {options.count} is no number of whole rows of --interpolate {steps}: give "
            f"{-(-options.count // steps) * steps}"
        )
    return suffix


def _chosen(path):
    """The generator's file and, where the path is that of a run, why it is this one."""
    if not path.is_dir():
        return path, ""
    run = StoredRun.read(path)
    chosen, why = run.generator()
    return chosen, f"{why} of {run.heading}"


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


def _check_samples(saved, path, suffix, labels, options):
    """Checks that the generator's samples have the form that is asked for."""
    points = len(saved.shape) == 1
    if points and not suffix:
        raise UsageError(f"{path} makes points, not images: write a .png, .npz, .gif or .webp")
    if labels and saved.classes is None:
        raise UsageError(f"{path} takes no labels: leave out --labels")
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


def _turns(saved, labels):
    """The classes that samples have in turn; None where the generator takes none."""
    return None if saved.classes is None else labels or range(saved.classes)


def _labels(saved, labels, count, steps):
    """The label of each latent, in turn; a row of an interpolation keeps its label."""
    import numpy as np

    turns = _turns(saved, labels)
    return None if turns is None else np.resize(np.repeat(turns, steps), count)


def _columns(labels, steps, count):
    return steps or arguments.columns(count, labels is not None and len(set(labels.tolist())))


def _kind(values):
    return "images" if values.ndim == 4 else "points"


# --- files -------------------------------------------------------------------------------------


def _write_picture(path, values, columns):
    from keras_gans import pictures

    path.parent.mkdir(parents=True, exist_ok=True)
    pictures.save(pictures.samples(values, columns), path)


def _write_arrays(path, values, latents, labels):
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {_kind(values): values, "latents": latents}
    if labels is not None:
        arrays["labels"] = labels
    # NumPy adds .npz to a path with any other ending, .NPZ too.
    with files.replacing(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _write_folder(folder, images, line):
    """Writes numbered images; all are drawn before the first appears."""
    from keras_gans import pictures

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=files.PARTIAL, dir=folder) as partial:
        names = [f"{number:06d}.png" for number in range(len(images))]
        line.begin(len(names), unit="files")
        for done, (name, image) in enumerate(zip(names, images, strict=True), 1):
            pictures.single(image).save(Path(partial) / name)
            line.update(done)
        for name in names:
            os.replace(Path(partial) / name, folder / name)

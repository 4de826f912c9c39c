"""`keras-gans animate`: the training of a run as an animation, or as a strip of pictures."""

from pathlib import Path

from keras_gans import files
from keras_gans.cli import arguments
from keras_gans.errors import UsageError

HELP = "show the training of a run as an animation or a strip"
_MOST, _SIDE_BY_SIDE = 240, 6  # pictures of an animation, and of a strip
_SECONDS = 12.0  # of the whole, without the time that the last frame is held
_SHORTEST, _LONGEST, _HELD = 50, 500, 2500  # milliseconds


def describe(parser):
    """Describes the verb to its parser."""
    parser.description = (
        "Shows the pictures of samples that a run has drawn, which are those of fixed latents, one "
        "after the other, or side by side in a .png. It takes them from samples/, so it needs no "
        f"networks, and the run need not be finished. Of more than {_MOST} pictures, in a .png "
        f"{_SIDE_BY_SIDE}, it leaves out some at equal intervals."
    )
    parser.epilog = "Example: keras-gans animate results/akel2022/3/seed-0 --out training.webp"
    add = parser.add_argument
    add("run", type=Path, metavar="RUN", help="folder of a run")
    add(
        "--out",
        type=Path,
        default=Path("training.gif"),
        metavar="FILE",
        help="file.gif, file.webp or file.png; default: training.gif",
    )
    add("--at", metavar="N", help="iterations to show: 100,500,1000; default: all")


def act(options):
    """Writes the animation or the strip and prints where it is."""
    from keras_gans.rows import StoredRun

    out = arguments.picture(options.out, (".gif", ".webp", ".png"))
    run = StoredRun.read(options.run)
    if not run.samples:
        raise UsageError(f"{run.folder}/samples has no pictures yet")
    from keras_gans import pictures
    from keras_gans.pictures import animations

    strip = out.suffix.lower() == ".png"
    shown = _chosen(run, options.at, _SIDE_BY_SIDE if strip else _MOST)
    frames = _frames(run, shown, "" if strip else run.heading)
    milliseconds = min(_LONGEST, max(_SHORTEST, round(_SECONDS * 1000 / len(frames), -1)))
    with files.writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        if strip:
            pictures.save(animations.strip(frames, run.heading), out)
        else:
            animations.save(frames, out, int(milliseconds), _HELD)
    all_of_them = f"{len(run.samples):,} picture{'s' * (len(run.samples) > 1)}"
    some = f"{len(shown)} of {all_of_them}" if len(shown) < len(run.samples) else all_of_them
    to = f" to {shown[-1]:,}" if len(shown) > 1 else ""
    print(f"{some}, iteration {shown[0]:,}{to}, in {out}")


def _chosen(run, at, most):
    """The iterations to show: those that the user gives, or all of them, thinned out."""
    from keras_gans.pictures.animations import spread

    if at is None:
        return spread(list(run.samples), most)
    chosen = arguments.numbers(at, "--at")
    for iteration in chosen:
        if iteration not in run.samples:
            known = ", ".join(str(n) for n in spread(list(run.samples), 10))
            raise UsageError(f"--at {iteration}: {run.folder}/samples has {known}")
    return chosen


def _frames(run, iterations, heading):
    from keras_gans.pictures.animations import captioned, opened

    frames = []
    for iteration in iterations:
        path = run.samples[iteration]
        frames.append(captioned(opened(path), heading, f"iteration {iteration:,}"))
        if frames[-1].size != frames[0].size:
            raise UsageError(f"{path} has another size than the pictures before it: remove it")
    return frames

"""`keras-gans animate`: the training of a run as an animation."""

import warnings
from pathlib import Path

from keras_gans.cli import arguments
from keras_gans.errors import UsageError

HELP = "show the training of a run as an animation"
_MOST = 240  # frames
_SECONDS = 12.0  # of the whole, without the time that the last frame is held
_SHORTEST, _LONGEST, _HELD = 50, 500, 2500  # milliseconds


def describe(parser):
    """Describes the verb to its parser."""
    parser.description = (
        "Shows the pictures of samples that a run has drawn, which are those of fixed latents, one "
        "after the other. It takes them from samples/, so it needs no networks, and the run need "
        f"not be finished. Of more than {_MOST} pictures it leaves out some at equal intervals."
    )
    parser.epilog = "Example: keras-gans animate results/akel2022/3/seed-0 --out training.webp"
    add = parser.add_argument
    add("run", type=Path, metavar="RUN", help="folder of a run")
    add(
        "--out",
        type=Path,
        default=Path("training.gif"),
        metavar="FILE",
        help="file.gif or file.webp; default: training.gif",
    )


def act(options):
    """Writes the animation and prints where it is."""
    from keras_gans.rows import StoredRun

    out = arguments.picture(options.out, (".gif", ".webp"))
    run = StoredRun.read(options.run)
    if not run.samples:
        raise UsageError(f"{run.folder}/samples has no pictures yet")
    from keras_gans.pictures import animations

    shown = _spread(list(run.samples), _MOST)
    frames = _frames(run, shown, animations.captioned)
    milliseconds = min(_LONGEST, max(_SHORTEST, round(_SECONDS * 1000 / len(frames), -1)))
    with arguments.writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        animations.save(frames, out, int(milliseconds), _HELD)
    pictures = f"{len(run.samples):,} picture{'s' * (len(run.samples) > 1)}"
    some = f"{len(shown)} of {pictures}" if len(shown) < len(run.samples) else pictures
    print(f"{some}, iteration {shown[0]:,} to {shown[-1]:,}, in {out}")


def _spread(items, most):
    """At most so many items at equal intervals, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[i * (len(items) - 1) // (most - 1)] for i in range(most)]


def _frames(run, iterations, captioned):
    from PIL import Image

    frames = []
    for iteration in iterations:
        path = run.samples[iteration]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(path, formats=("PNG",)) as picture:
                    picture.load()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombWarning) as error:
            raise UsageError(f"{path} is not a picture that a run draws: {error}") from None
        frames.append(captioned(picture, run.heading, f"iteration {iteration:,}"))
        if frames[-1].size != frames[0].size:
            raise UsageError(f"{path} has another size than the pictures before it: remove it")
    return frames

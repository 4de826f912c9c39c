"""What `generate` does for an animation: samples that go from latent to latent and back again."""

import math

from keras_gans import files
from keras_gans.cli import arguments
from keras_gans.errors import UsageError

SUFFIXES = (".gif", ".webp")
STOPS, STEPS = 4, 15  # latents on the way of a sample; frames from one to the next by default
_ROWS = 4  # of the grid by default, and its columns where there are no classes
_POINTS = 500  # by default
_MOST = 1000  # frames, which are all in memory
_MILLISECONDS = 80  # of a frame
_LEAST = 256  # pixels of a frame's width


def check(steps):
    """Refuses an animation that is too long.

    Args:
        steps: Frames from one latent to the next, or None.
    """
    if steps and steps * STOPS > _MOST:
        raise UsageError(
            f"--interpolate {steps}: an animation has {STOPS} times as many frames, and at most "
            f"{_MOST:,}: give at most {_MOST // STOPS}"
        )


def write(saved, turns, options, line):
    """Writes the animation.

    Args:
        saved: `generators.Saved`.
        turns: Classes of the samples, in turn; None where the generator takes none.
        options: Namespace with `count`, `seed`, `interpolate`, `spherical` and `out`.
        line: `terminal.line.Line`.

    Returns:
        What is in the file, in words.
    """
    import numpy as np

    from keras_gans import pictures
    from keras_gans.generators import round_trip
    from keras_gans.pictures import animations

    images = len(saved.shape) == 3
    classes = turns and len(turns)
    count = options.count or (_ROWS * arguments.columns(_ROWS**2, classes) if images else _POINTS)
    columns = arguments.columns(count, classes)
    steps = options.interpolate or STEPS
    look = {"scale": _scale(saved.shape[1], columns)} if images else {}
    # All frames are in memory: their latents, their values and, three times, what is drawn.
    drawn = 3 * math.prod(saved.shape) * look["scale"] ** 2 if images else 0
    each = 4 * (saved.latents.size + math.prod(saved.shape)) + drawn
    arguments.check_memory(count, STOPS * steps * each)
    labels = None if turns is None else np.resize(turns, count)
    stops = saved.latents.sample(STOPS * count, options.seed).reshape(count, STOPS, -1)
    ways = np.stack([round_trip(way, steps, options.spherical) for way in stops], axis=1)
    line.begin(len(ways))
    frames = []
    for latents in ways:
        frames.append(saved.make(latents, labels))
        line.update(len(frames))
    line.status("drawing")
    look = look or {"within": np.vstack(frames)}
    drawn = [pictures.samples(values, columns, **look) for values in frames]
    with files.writing(options.out):
        options.out.parent.mkdir(parents=True, exist_ok=True)
        animations.save(drawn, options.out, _MILLISECONDS)
    samples = f"{'image' if images else 'point'}{'s' * (count > 1)}"
    return f"{len(drawn):,} frames of {count:,} {samples}"


def _scale(width, columns):
    """Width of a pixel with which a grid, or a single image, is large enough to be seen."""
    return max(-(-64 // width), -(-_LEAST // (columns * width)))

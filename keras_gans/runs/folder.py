"""The folder of a run: made, emptied, checked for room, and described for metrics.json."""

import errno
import json
import os
import shutil
from contextlib import contextmanager

import keras

from keras_gans.errors import UsageError
from keras_gans.files import remove_folder, replacing
from keras_gans.pictures import drawing
from keras_gans.runs import checkpoints


class CannotWrite(Exception):
    """The disk is full, or the folder no longer takes files: one line that says what to do."""


def make(folder):
    """Makes the folder.

    Raises:
        UsageError: It cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}; see --results") from None


def empty(folder):
    """Removes what an earlier run left.

    experiment.yaml, which says whose files these are, goes last: a process that is killed here
    begins again here.
    """
    identity = folder / "experiment.yaml"
    if identity.is_file():
        for path in sorted(folder.iterdir(), key=lambda path: path.name != "checkpoint"):
            if path.is_dir():
                remove_folder(path)
            elif path.name not in (identity.name, ".lock"):
                path.unlink()
        identity.unlink()


def check_space(folder, gan, experiment):
    """Refuses a run that would fill the disk: its checkpoints and saved networks are counted.

    Raises:
        UsageError: There is not enough room.
    """
    state = sum(array.nbytes for array in checkpoints.capture(gan))
    weights = 4 * (gan.generator.count_params() + gan.discriminator.count_params())
    left = experiment.saves_left(gan.iterations)
    needed = 3 * (state + weights) + (left + 1) * weights
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UsageError(
            f"{folder} has {free / 1e6:,.0f} MB of room, the run needs {needed / 1e6:,.0f} MB for "
            f"{left:,} generators and its checkpoints: make room, save less often "
            "(--set save_every=N), or give another folder with --results"
        )


@contextmanager
def failures_to_write(folder):
    """Turns the many ways in which a disk says no into one line."""
    try:
        yield
    except BrokenPipeError:
        raise  # of the screen, not of a disk
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise CannotWrite(
            f"cannot write to {folder}: {reason}; what was saved before is whole, and the same "
            "command, but for --restart, goes on from it once this is put right"
        ) from error


def vouched_for(folder, last):
    """Names of the files that metrics.json lists with their sha256, of those that exist."""
    names = ["experiment.yaml", "log.jsonl", f"samples/{last:06d}.png"]
    names += [f"{role}_model_{last:06d}.h5" for role in ("generator", "discriminator")]
    names += sorted(path.name for path in folder.glob("generator_model_best*.h5"))
    return [name for name in names if (folder / name).is_file()]


def describe(folder, generator, discriminator, title=None):
    """Writes model summaries and the drawing, as the thesis kept them (Akel 2022, section 4.3)."""
    _write_summary(folder / "discriminator_modelsummary.txt", discriminator)
    _write_summary(folder / "generator_modelsummary.txt", generator)
    discriminator.trainable = False
    _write_summary(folder / "modelsummary.txt", _combined(generator, discriminator))
    discriminator.trainable = True
    drawing.networks(folder / "model_plot.png", generator, discriminator, title)


def _combined(generator, discriminator):
    """The generator followed by the discriminator, as the scripts train it."""
    if len(generator.inputs) == 1:
        first = keras.layers.Input(generator.input_shape[1:])
        return keras.Sequential([first, generator, discriminator], name="gan")
    latents, labels = (keras.Input(i.shape[1:], dtype=i.dtype) for i in generator.inputs)
    score = discriminator([generator([latents, labels]), labels])
    return keras.Model([latents, labels], score, name="gan")


def _write_summary(path, model):
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line), line_length=80)
    write_text(path, "\n".join(lines) + "\n")


def write_json(path, content):
    """Writes plain values as JSON; the file appears complete or not at all."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_text(path, text):
    """Writes text; the file appears complete or not at all."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")

"""Checkpoints: all the state of a run, written so that a kill cannot leave half a file.

A checkpoint is one .npz of plain arrays, in the order of `GAN.state`, with the history beside
them. It is written under another name, flushed to the disk and then renamed; the one before
stays until the next but one. Reading verifies the checksums that the format carries.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from keras import ops

from keras_gans.files import replacing

_KEEP = 2


@dataclass(frozen=True)
class Checkpoint:
    """What a run needs to go on.

    Attributes:
        iteration: Iterations done.
        history: List of records, as in log.jsonl.
        seconds: Dict of the time taken so far: "wall", and of it "training".
        arrays: Values of `GAN.state`.
    """

    iteration: int
    history: list
    seconds: dict
    arrays: list


def save(folder, gan, history, seconds):
    """Writes the state of a model and removes the checkpoints before the last two.

    Args:
        folder: Where to; made if need be.
        gan: Compiled `GAN`.
        history: List of dicts of plain values.
        seconds: Dict of the time taken so far.
    """
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    path = folder / f"{gan.iterations:06d}.npz"
    arrays = {f"{i:04d}": ops.convert_to_numpy(v) for i, v in enumerate(gan.state)}
    about = json.dumps({"history": history, "seconds": seconds})
    with replacing(path) as partial:
        np.savez(partial, about=np.frombuffer(about.encode(), "u1"), **arrays)
    for old in _files(folder)[:-_KEEP]:
        old.unlink()


def latest(folder):
    """The newest checkpoint that can be read whole, or None.

    Returns:
        The pair (`Checkpoint` or None, list of the files that could not be read).
    """
    damaged = []
    for path in reversed(_files(Path(folder))):
        try:
            with np.load(path, allow_pickle=False) as file:
                about = json.loads(file["about"].tobytes())
                arrays = [file[key] for key in sorted(set(file.files) - {"about"})]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            damaged.append(path)
            continue
        return Checkpoint(int(path.stem), about["history"], about["seconds"], arrays), damaged
    return None, damaged


def restore(gan, checkpoint):
    """Puts the arrays of a checkpoint into a compiled `GAN` of the same networks.

    Raises:
        ValueError: The arrays are not those of this model.
    """
    shapes = [tuple(variable.shape) for variable in gan.state]
    if shapes != [array.shape for array in checkpoint.arrays]:
        raise ValueError("the checkpoint is not one of this model: the shapes differ")
    for variable, array in zip(gan.state, checkpoint.arrays, strict=True):
        variable.assign(array)


def _files(folder):
    return sorted(folder.glob("[0-9]*.npz"), key=lambda path: int(path.stem))

"""Checkpoints: all the state of a run, written so that a kill cannot halve it.

A checkpoint is a folder named after its iteration:

    state.bin       the values of `GAN.state`, one after the other
    log.jsonl       every record up to here
    kept-NAME       the run's file NAME as it was here, where a later one would replace it
    manifest.json   written last: size and sha256 of the others, and what the arrays are

It is filled under another name, brought to the disk and then renamed. The last two checkpoints are
kept. Only a folder that equals its manifest byte for byte is ever read.
"""

import errno
import hashlib
import json
import math
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from keras import ops

from keras_gans.errors import UsageError
from keras_gans.files import new_folder, remove_folder, replacing, write
from keras_gans.runs import environment
from keras_gans.runs.history import lines

FORMAT = 2  # to be raised when the meaning of the files changes
_KEEP = 2
_MANIFEST = "manifest.json"
_KEPT = "kept-"


@dataclass(frozen=True)
class Checkpoint:
    """The state from which a run goes on.

    Attributes:
        iteration: Iterations done.
        arrays: List of the values of `GAN.state`.
        history: List of records, as in log.jsonl.
        seconds: Dict of the time taken so far: "wall", and of it "training".
        about: Dict of plain values that identifies the run: "run", "data", "environment".
        kept: Dict from the names of files that the run replaces as it goes on, such as the best
            generator, to their bytes.
    """

    iteration: int
    arrays: list
    history: list
    seconds: dict
    about: dict
    kept: dict = field(default_factory=dict)


def capture(gan):
    """The arrays of a compiled `GAN`, in the order of `GAN.state`."""
    return [ops.convert_to_numpy(variable) for variable in gan.state]


def restore(gan, arrays):
    """Puts the arrays of a checkpoint into a compiled `GAN` of the same networks.

    Raises:
        ValueError: The arrays are not those of this model.
    """
    kinds = [(tuple(v.shape), str(v.dtype)) for v in gan.state]
    if kinds != [(array.shape, str(array.dtype)) for array in arrays]:
        raise ValueError("the checkpoint is not one of this model: the shapes differ")
    for variable, array in zip(gan.state, arrays, strict=True):
        variable.assign(array)


def save(folder, checkpoint):
    """Writes a checkpoint, then removes all but it and the one before.

    Args:
        folder: Where to; made if need be.
        checkpoint: `Checkpoint`.

    Raises:
        OSError: It cannot be written; earlier ones are unchanged.
    """
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    contents = {
        "state.bin": b"".join(map(np.ascontiguousarray, checkpoint.arrays)),
        "log.jsonl": lines(checkpoint.history).encode(),
        **{_KEPT + name: bytes_ for name, bytes_ in checkpoint.kept.items()},
    }
    _check_space(folder, sum(map(len, contents.values())))
    content = {
        "format": FORMAT,
        "iteration": checkpoint.iteration,
        "about": checkpoint.about,
        "seconds": checkpoint.seconds,
        "arrays": [[str(array.dtype), list(array.shape)] for array in checkpoint.arrays],
        "files": {
            name: {"bytes": len(bytes_), "sha256": hashlib.sha256(bytes_).hexdigest()}
            for name, bytes_ in contents.items()
        },
    }
    manifest = {"sha256": _digest(content), "content": content}
    with new_folder(folder / f"{checkpoint.iteration:06d}") as partial:
        for name, bytes_ in contents.items():
            write(partial / name, bytes_)
        write(partial / _MANIFEST, json.dumps(manifest).encode())
    before = [p for p in _folders(folder) if int(p.name) < checkpoint.iteration]
    for old in _folders(folder):
        # Later ones could not be read; otherwise the run would have resumed from them.
        if int(old.name) != checkpoint.iteration and old not in before[1 - _KEEP :]:
            remove_folder(old)


def latest(folder, run=None, suits=lambda iteration: True):
    """The newest checkpoint that equals its manifest.

    Args:
        folder: Where checkpoints are; it need not exist.
        run: Required value of `about["run"]`; None for any.
        suits: Function from an iteration to whether its checkpoint is looked at.

    Returns:
        The pair (`Checkpoint` or None, list of pairs (folder, reason) of those that were skipped).
    """
    passed = []
    for path in reversed(_folders(Path(folder))):
        if not suits(int(path.name)):
            continue
        try:
            checkpoint = _read(path)
            if run is not None and checkpoint.about["run"] != run:
                raise ValueError("it is one of other settings")
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            passed.append((path, " ".join(str(error).split()) or type(error).__name__))
            continue
        return checkpoint, passed
    return None, passed


def resume(folder, gan, about, progress):
    """Puts the newest whole checkpoint into the model, and its files into the run's folder.

    Args:
        folder: The run's folder.
        gan: Compiled `GAN` of the run.
        about: What the checkpoint has to be of: dict with "run", "data" and "environment".
        progress: Object with `note(text)`.

    Returns:
        The `Checkpoint`, or None where a run begins.

    Raises:
        UsageError: The run was begun with other data, or the networks differ.
    """
    checkpoint, passed = latest(folder / "checkpoint", about["run"])
    for path, reason in passed:
        progress.note(f"checkpoint {path} is not used ({reason}); going back to the one before")
    if checkpoint and checkpoint.about["data"] != about["data"]:
        raise UsageError(
            f"{folder} was begun with other data (sha256 {checkpoint.about['data'][:8]}... "
            f"there, {about['data'][:8]}... now); bring those back, or --restart trains it again"
        )
    if checkpoint:
        try:
            restore(gan, checkpoint.arrays)
        except ValueError as error:
            backends = [each["environment"]["backend"] for each in (checkpoint.about, about)]
            if len(set(backends)) > 1:
                raise UsageError(
                    f"{folder} was begun on {backends[0]}, and networks on {backends[1]} have "
                    f"other variables: set KERAS_BACKEND={backends[0]}"
                ) from None
            raise UsageError(f"{folder}: {error}; --restart trains it again") from None
    kept = checkpoint.kept if checkpoint else {}
    for path in folder.glob("generator_model_best*.h5"):
        # A kill may have come after this one was written and before the next checkpoint.
        if path.name not in kept:
            path.unlink()
    for name, content in kept.items():
        with replacing(folder / name) as partial:
            partial.write_bytes(content)
    if checkpoint is None:
        return None
    progress.note(f"resuming at iteration {checkpoint.iteration:,}")
    changed = environment.changes(checkpoint.about["environment"], about["environment"])
    if changed:
        progress.note(f"since then {changed}: the last digits may differ from one run in one go")
    return checkpoint


def _read(path):
    manifest = json.loads(_bytes(path / _MANIFEST, at_most=10_000_000))
    content = manifest["content"]
    if manifest["sha256"] != _digest(content):
        raise ValueError("the manifest is damaged")
    if (content["format"], f"{content['iteration']:06d}") != (FORMAT, path.name):
        raise ValueError(f"it is of format {content['format']}, iteration {content['iteration']}")
    contents = {}
    for name, about in content["files"].items():
        if Path(name).name != name:
            raise ValueError(f"{name} lies elsewhere")
        contents[name] = _bytes(path / name, at_most=about["bytes"])
        if hashlib.sha256(contents[name]).hexdigest() != about["sha256"]:
            raise ValueError(f"{name} is damaged")
    return Checkpoint(
        content["iteration"],
        _arrays(contents["state.bin"], content["arrays"]),
        [json.loads(line) for line in contents["log.jsonl"].splitlines()],
        content["seconds"],
        content["about"],
        {n.removeprefix(_KEPT): data for n, data in contents.items() if n.startswith(_KEPT)},
    )


def _bytes(path, at_most):
    with path.open("rb") as file:
        return file.read(at_most + 1)


def _arrays(data, kinds):
    arrays, begin = [], 0
    for dtype, shape in kinds:
        array = np.frombuffer(data, dtype, math.prod(shape), begin).reshape(shape)
        begin += array.nbytes
        arrays.append(array)
    return arrays


def _digest(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _check_space(folder, needed):
    # Checked first: other programs fail too on a disk that is filled to the last byte.
    if shutil.disk_usage(folder).free < needed + 1_000_000:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))


def _folders(folder):
    named = [p for p in folder.glob("[0-9]*") if p.name.isdecimal()]
    return sorted(named, key=lambda path: int(path.name))

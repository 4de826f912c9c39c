"""Data sets: a name or a path in, a `Source` out.

    >>> from keras_gans import datasets
    >>> digits = datasets.load("digits")
    >>> digits.shape, len(digits)
    ((28, 28, 1), 1797)

A data set is a module of this folder that defines `SPLITS`, the names of its parts, and
`fetch(folder, split, *, options)`, which returns a `Source` or raises a `UsageError` that says how
to get the data. The annotated parameters of `fetch` are the options that a row may give. No other
module has to know of it.
"""

import os
from importlib import import_module
from pathlib import Path
from typing import Literal

from keras_gans import parts
from keras_gans.datasets import arrays, own
from keras_gans.datasets.sources import PIXELS, PLAIN, Images, Points, Scale, Source
from keras_gans.errors import UsageError, suggestion

__all__ = [
    "PIXELS",
    "PLAIN",
    "Images",
    "Points",
    "Scale",
    "Source",
    "data_folder",
    "load",
    "names",
]


def names() -> list[str]:
    """The names that `load` knows, sorted; no data set is imported."""
    return parts.names("datasets")


OF_THE_USER = "~/.cache/keras-gans"
"""The data folder where no other is named."""


def data_folder(argument: str | os.PathLike | None = None) -> Path:
    """The folder that holds data sets and downloads.

    Args:
        argument: A folder, or None for the environment variable KERAS_GANS_DATA, and if that is
            not set, ~/.cache/keras-gans.

    Returns:
        The folder's `Path`. It need not exist.

    Raises:
        UsageError: It is a file.
    """
    folder = argument or os.environ.get("KERAS_GANS_DATA") or OF_THE_USER
    folder = Path(os.path.expanduser(folder))
    if folder.is_file():
        raise UsageError(f"the data folder {folder} is a file; give the folder that it is in")
    return folder


def load(
    name: parts.Chosen | os.PathLike,
    data_dir: str | os.PathLike | None = None,
    split: str = "train",
    damaged: Literal["refuse", "skip"] = "refuse",
) -> Source:
    """Loads a data set by its name, or a folder, .zip, .npz or .npy of the user.

    A name is looked up as `<data folder>/<name>.npz`, then its module fetches it. A folder or
    .zip gives every image in it, in the order of the names. An .npz holds `images`, or `points`,
    and perhaps `labels`; or `x_train`, `y_train`, `x_test`, `y_test` as those of Keras do. An
    .npy is one such array. The options of a path are those of `own.read`.

    Args:
        name: One of `names()`, `{"name": ..., option: value}`, a `parts.Part`, or a path. A name
            wins over a file with the same name; write `./mnist`, or give a `Path`, for the file.
        data_dir: The data folder; see `data_folder`.
        split: `train`, or `test` where there is one.
        damaged: For files of a folder or .zip that cannot be read: "refuse" them all, naming the
            first, or "skip" these; then `source` and `notes` say how many were skipped.

    Returns:
        A `Source`: `Images` or `Points`.

    Raises:
        UsageError: There is no such data set or file, it is damaged, or its images do not have
            the size that the data set's option `size` asks for.
    """
    if isinstance(name, os.PathLike):
        return own.read(_existing(name), split, damaged)
    part = parts.check("datasets", name, "data set")
    if part.name not in names():
        return own.read(_existing(part.name), split, damaged, **part.options)
    module = import_module(f"{__name__}.{part.name}")
    if split not in module.SPLITS:
        raise UsageError(f"{part.name} has no split {split!r}{suggestion(split, module.SPLITS)}")
    folder = data_folder(data_dir)
    options = {**(module.fetch.__kwdefaults__ or {}), **part.options}
    file = folder / f"{part.name}.npz"
    # A file has a size to compare; it cannot follow other options, such as a number of modes.
    if file.is_file() and options.keys() <= {"size", "channels"}:
        source = arrays.read_npz(file, split)
        source = source.grey() if options.get("channels") == 1 else source
    else:
        source = module.fetch(folder, split, **options)
    if "size" in options:
        _check_size(source, options["size"])
    if source.shape[-1] != options.get("channels", source.shape[-1]):
        raise UsageError(
            f"{source.source}: the images have {source.shape[-1]} channels, and the row is about "
            f"{options['channels']}; give another data set with --dataset"
        )
    return source


def _check_size(source, size):
    if source.shape[:2] != (size, size):
        found = "x".join(map(str, source.shape[:2]))
        raise UsageError(
            f"{source.source}: the images are {found}, and the row is about {size}x{size}; prepare "
            "them at that size, or give another data set with --dataset"
        )


def _existing(path):
    if not os.fspath(path):  # which would be the folder where the user is
        raise UsageError("the name of the data set is empty: give a name or a path")
    name, path = os.fspath(path), Path(os.path.abspath(os.path.expanduser(path)))
    if not path.exists():
        missing = f"there is no file or folder {path}"
        if os.sep in name or path.suffix:  # it was meant as a path
            raise UsageError(missing)
        raise UsageError(f"there is no data set {name!r}{suggestion(name, names())}; and {missing}")
    return path

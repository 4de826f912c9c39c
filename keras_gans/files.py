"""Files that appear complete or not at all."""

import os
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".partial-"
"""How the names of unfinished files begin; a killed process may leave one behind."""


@contextmanager
def replacing(path):
    """A path to write to, which takes the place of `path` once it is complete.

    The new file lies in the same folder and keeps the suffix. It reaches the disk before it gets
    its name; where writing it fails, it goes, and what stood under `path` before stays.

    Args:
        path: The file to write or to replace.

    Yields:
        `pathlib.Path` of the unfinished file.
    """
    path = Path(path)
    partial = path.with_name(f"{PARTIAL}{os.getpid()}-{path.name}")
    try:
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def remove_partial(folder):
    """Removes what killed processes left unfinished in a folder and below."""
    for partial in Path(folder).rglob(f"{PARTIAL}*"):
        partial.unlink(missing_ok=True)

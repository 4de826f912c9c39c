"""Files and folders that appear complete or not at all, and locks on folders."""

import errno
import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path

from keras_gans.errors import UsageError

PARTIAL = ".partial-"
"""Prefix of the names of unfinished files; a killed process may leave one behind."""
_PIECE = 2**18


@contextmanager
def replacing(path):
    """A path to write to, which replaces `path` once it is complete.

    The new file lies in the same folder and has the same suffix. Its content reaches the disk
    before it gets its name, and its name before this returns. If writing fails, the new file is
    removed and `path` stays as it was.

    Args:
        path: The file to write or to replace.

    Yields:
        `pathlib.Path` of the unfinished file.
    """
    path = Path(path)
    partial = _partial(path)
    try:
        yield partial
        sync(partial)
        os.replace(partial, path)
        sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def new_folder(path):
    """A folder to fill, which gets the name `path` once it is complete and on the disk.

    A folder of that name is moved aside first, whole, and removed afterwards. Files in the new one
    must be written with `write`, which brings each to the disk.

    Args:
        path: The folder to make; its parent exists.

    Yields:
        `pathlib.Path` of the unfinished folder.
    """
    path = Path(path)
    partial, aside = _partial(path), path.with_name(f"{PARTIAL}{os.getpid()}-old-{path.name}")
    try:
        os.mkdir(partial)
        yield partial
        sync(partial)
        if path.exists():
            os.replace(path, aside)
        os.replace(partial, path)
        sync(path.parent)
    finally:
        for left in (partial, aside):
            shutil.rmtree(left, ignore_errors=True)


def write(path, content):
    """Writes a new file, reads it back and brings it to the disk.

    Args:
        path: A file that does not exist yet.
        content: Its bytes.

    Raises:
        OSError: It cannot be written, or does not read as it was written.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        done = os.write(file, content)
        while done < len(content):
            done += os.write(file, content[done:])
        # In pieces that stay in the processor's cache.
        for begin in range(0, len(content) + 1, _PIECE):
            if os.pread(file, _PIECE, begin) != content[begin : begin + _PIECE]:
                raise OSError(errno.EIO, "what was written does not read the same", str(path))
        os.fsync(file)
    finally:
        os.close(file)


def sync(path):
    """Brings a file, or the names in a folder, to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def remove_folder(path):
    """Removes a folder; readers see it vanish in one step."""
    aside = _partial(Path(path))
    os.replace(path, aside)
    shutil.rmtree(aside, ignore_errors=True)


def remove_partial(folder):
    """Removes the unfinished files of killed processes in a folder and below."""
    for partial in list(Path(folder).rglob(f"{PARTIAL}*")):
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)


def sha256(path):
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(folder):
    """Keeps every other process out of a folder, for as long as the block lasts.

    The lock is the kernel's: it ends with the process, however that ends. The file .lock names the
    process that holds it.

    Args:
        folder: An existing folder.

    Raises:
        UsageError: Another process holds it.
    """
    path = Path(folder) / ".lock"
    file = _take(path, folder)
    try:
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def _take(path, folder):
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The one before may have removed the file between our opening and our locking it.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file), os.stat(path)):
                    return file
        except BlockingIOError:
            holder = os.read(file, 20).decode("ascii", "replace").strip()
            os.close(file)
            by = f"process {holder}" if holder else "another process"
            raise UsageError(f"{folder} is in use by {by}: wait for it, or stop it") from None
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                os.close(file)
                raise
            return file  # a file system without locks
        os.close(file)


def _partial(path):
    return path.with_name(f"{PARTIAL}{os.getpid()}-{path.name}")

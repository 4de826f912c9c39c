"""Files and folders that appear complete or not at all, and locks on folders."""

import errno
import gzip
import hashlib
import os
import secrets
import shutil
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path

from keras_gans.errors import Failed, UsageError

PARTIAL = ".partial-"
"""Prefix of the names of unfinished files; a killed process may leave one behind."""
PACKED_LOG = "log.jsonl.gz"
UNPACKING = (gzip.BadGzipFile, EOFError, zlib.error)
"""What a damaged file of gzip raises."""
_LONGEST_LOG = 100_000_000
_BINARY = getattr(os, "O_BINARY", 0)  # without it Windows writes \r\n for \n
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM)
_CANNOT_LOCK = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


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
def writing(path):
    """Turns a failure to write inside the block, where nothing is read, into one line.

    Raises:
        Failed: The disk is full, or the place does not take the file.
    """
    try:
        yield
    except OSError as error:
        raise Failed(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def new_folder(path):
    """A folder to fill, which gets the name `path` once it is complete and on the disk.

    A folder of that name is moved aside first, whole. It is removed afterwards, or moved back if
    the new one does not get the name. Files in the new one must be written with `write`, which
    brings each to the disk.

    Args:
        path: The folder to make; its parent exists.

    Yields:
        `pathlib.Path` of the unfinished folder.
    """
    path = Path(path)
    partial, aside = _partial(path), _partial(path)
    try:
        os.mkdir(partial)
        yield partial
        sync(partial)
        if path.exists():
            os.replace(path, aside)
        os.replace(partial, path)
        sync(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if aside.exists() and not path.exists():
            os.replace(aside, path)
        shutil.rmtree(aside, ignore_errors=True)


def write(path, content):
    """Writes a new file and brings it to the disk.

    Args:
        path: A file that does not exist yet.
        content: Its bytes.

    Raises:
        OSError: It cannot be written.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        done = os.write(file, content)
        while done < len(content):
            done += os.write(file, content[done:])
        os.fsync(file)
    finally:
        os.close(file)


def sync(path):
    """Brings a file, or the names in a folder, to the disk.

    Windows opens no folders, and some mounted ones, such as a Google Drive, cannot be synced: there
    the names reach the disk when the system writes them.
    """
    folder = os.path.isdir(path)
    try:
        opened = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
    except OSError as error:
        if not folder or error.errno not in _CANNOT_SYNC:
            raise


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


def log(folder):
    """The bytes of a run's log.jsonl; long ones are published as log.jsonl.gz.

    Args:
        folder: `Path` of the run.

    Returns:
        The bytes, or None where there is no log.

    Raises:
        OSError: It cannot be read.
        gzip.BadGzipFile, EOFError, zlib.error: It is no whole file of gzip.
        ValueError: It stands for more than any log has.
    """
    path, packed = folder / "log.jsonl", folder / PACKED_LOG
    if path.is_file():
        return path.read_bytes()
    if not packed.is_file():
        return None
    with gzip.open(packed) as file:
        content = file.read(_LONGEST_LOG + 1)
    if len(content) > _LONGEST_LOG:
        raise ValueError(f"{packed} stands for more than {_LONGEST_LOG:,} bytes")
    return content


@contextmanager
def locked(folder):
    """Keeps every other process out of a folder, for as long as the block lasts.

    The lock is the system's: it ends with the process, however that ends. The file .lock names the
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
        # Windows lets nobody read the byte that is locked, which is the first.
        os.write(file, f" {os.getpid()}\n".encode())
        yield
    finally:
        removed = _remove(path)
        os.close(file)
        if not removed:
            _remove(path)


def _take(path, folder):
    from filelock import lock_descriptor

    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o666)
        try:
            if not lock_descriptor(file, blocking=False):
                os.lseek(file, 1, os.SEEK_SET)
                holder = os.read(file, 20).decode("ascii", "replace").strip()
                by = f"process {holder}" if holder else "another process"
                raise UsageError(f"{folder} is in use by {by}: wait for it, or stop it")
            # The one before may have removed the file between our opening and our locking it.
            if _is_at(path, file):
                return file
        except (OSError, UsageError) as error:
            if getattr(error, "errno", None) in _CANNOT_LOCK:
                return file  # a file system without locks
            os.close(file)
            raise
        os.close(file)


def _is_at(path, file):
    """Whether an open file still has its name."""
    if os.name == "nt":
        return True
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), os.stat(path))
    return False


def _remove(path):
    """Whether a file is gone: Windows removes none that a process has open, the next one's too."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        return False
    return True


def _partial(path):
    """A new name beside a path. Processes of several containers may have one number."""
    return path.with_name(f"{PARTIAL}{os.getpid()}-{secrets.token_hex(4)}-{path.name}")

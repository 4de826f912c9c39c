import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from keras_gans import files
from keras_gans.errors import Failed, UsageError


def full(*_):
    raise OSError(28, "No space left on device")


def test_the_file_appears_complete(tmp_path):
    path = tmp_path / "a.npz"
    with files.replacing(path) as partial:
        partial.write_text("new")
        assert partial.suffix == ".npz"
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fault", ["body", "fsync", "replace"])
def test_whatever_fails_leaves_what_was_there(fault, tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    if fault != "body":
        monkeypatch.setattr(files.os, fault, full)

    def write():
        with files.replacing(path) as partial:
            partial.write_text("new")
            if fault == "body":
                full()

    with pytest.raises(OSError, match="No space"):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_complete_and_takes_the_place_of_another(tmp_path):
    path = tmp_path / "a"
    for content in (b"old", b"new"):
        with files.new_folder(path) as partial:
            files.write(partial / "b", content)
            assert not (path / "b").exists() or (path / "b").read_bytes() == b"old"
        assert [(p.name, p.read_bytes()) for p in path.iterdir()] == [("b", content)]
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fault", ["mkdir", "write", "fsync", "replace"])
def test_a_folder_that_fails_is_none(fault, tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, fault, full)
    with pytest.raises(OSError, match="No space"), files.new_folder(tmp_path / "a") as partial:
        files.write(partial / "b", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_get_its_name_leaves_the_one_before(tmp_path, monkeypatch):
    path, renamed, replace = tmp_path / "a", [], os.replace
    with files.new_folder(path) as partial:
        files.write(partial / "b", b"old")

    def second_fails(*names):
        renamed.append(names)
        return full() if len(renamed) == 2 else replace(*names)

    monkeypatch.setattr(files.os, "replace", second_fails)
    with pytest.raises(OSError, match="No space"), files.new_folder(path) as partial:
        files.write(partial / "b", b"new")
    assert [(p.name, p.read_bytes()) for p in path.iterdir()] == [("b", b"old")]
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_to_write_names_the_file_and_nothing_else_is_one(tmp_path):
    with pytest.raises(Failed, match=r"cannot write a\.txt: No space left"), files.writing("a.txt"):
        full()
    with pytest.raises(UsageError, match="mine"), files.writing("a.txt"):
        raise UsageError("mine")


def test_writing_in_pieces_writes_all_and_never_over_a_file(tmp_path, monkeypatch):
    write, path = os.write, tmp_path / "a"
    monkeypatch.setattr(files.os, "write", lambda file, data: write(file, data[:1000]))
    content = os.urandom(12_345)
    files.write(path, content)
    assert path.read_bytes() == content
    assert files.sha256(path) == hashlib.sha256(content).hexdigest()
    with pytest.raises(FileExistsError):
        files.write(path, b"other")


def test_leftovers_of_killed_processes_are_removed(tmp_path):
    (tmp_path / "deep" / ".partial-3-000010").mkdir(parents=True)
    leftovers = (".partial-1-a.h5", "deep/.partial-2-b.npz", "deep/.partial-3-000010/state.bin")
    for leftover in leftovers:
        (tmp_path / leftover).write_text("half")
    kept = tmp_path / "deep" / "partial.txt"
    kept.write_text("whole")
    files.remove_partial(tmp_path)
    assert sorted(tmp_path.rglob("*")) == [kept.parent, kept]


# --- locks ------------------------------------------------------------------------------------


def test_a_folder_is_locked_for_the_length_of_a_block(tmp_path):
    for _ in range(2):
        with files.locked(tmp_path):
            assert (tmp_path / ".lock").read_text() == f" {os.getpid()}\n"
            with pytest.raises(UsageError, match=f"in use by process {os.getpid()}: wait"):
                files.locked(tmp_path).__enter__()
        assert list(tmp_path.iterdir()) == []


def test_a_killed_process_holds_no_lock(tmp_path):
    program = (
        "import sys, time\nfrom keras_gans.files import locked\n"
        "with locked(sys.argv[1]):\n    print('locked', flush=True)\n    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(UsageError, match=f"in use by process {other.pid}"):
            files.locked(tmp_path).__enter__()
        other.kill()
    with files.locked(tmp_path):
        assert (tmp_path / ".lock").read_text() == f" {os.getpid()}\n"


def test_a_file_system_without_locks_is_no_reason_not_to_run(tmp_path, monkeypatch):
    def unknown(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(filelock, "lock_descriptor", unknown)
    with files.locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


# --- other systems ----------------------------------------------------------------------------


def is_open(path):
    return any(os.path.samefile(path, d) for d in Path("/proc/self/fd").iterdir() if d.exists())


@pytest.fixture
def like_windows(monkeypatch):
    """Folders are not opened, read-only descriptors not synced, open files not removed."""
    opening, syncing, unlinking = os.open, os.fsync, Path.unlink

    def opens(path, flags, *rest, **kwargs):
        if os.path.isdir(path):
            raise PermissionError(errno.EACCES, "Permission denied")
        return opening(path, flags, *rest, **kwargs)

    def syncs(file):
        if fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")
        syncing(file)

    def unlinks(path, missing_ok=False):
        if path.exists() and is_open(path):
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        unlinking(path, missing_ok)

    monkeypatch.setattr(os, "open", opens)
    monkeypatch.setattr(os, "fsync", syncs)
    monkeypatch.setattr(Path, "unlink", unlinks)
    monkeypatch.delattr(os, "pread")
    monkeypatch.setattr(shutil, "_use_fd_functions", False)  # as on Windows


def test_files_and_folders_are_written_where_folders_cannot_be_opened(tmp_path, like_windows):
    with files.replacing(tmp_path / "a.txt") as partial:
        partial.write_text("new")
    for content in (b"old", os.urandom(600_000)):
        with files.new_folder(tmp_path / "b") as partial:
            files.write(partial / "c", content)
        assert (tmp_path / "b" / "c").read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b"]


def test_a_lock_leaves_no_file_where_open_files_cannot_be_removed(tmp_path, like_windows):
    for _ in range(2):
        with files.locked(tmp_path):
            assert is_open(tmp_path / ".lock")
        assert list(tmp_path.iterdir()) == []
    # The next process may have opened it already.
    with files.locked(tmp_path):
        other = (tmp_path / ".lock").open()
    assert (tmp_path / ".lock").exists()
    other.close()
    with files.locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", ["EINVAL", "ENOTSUP", "EBADF"])
def test_a_mounted_folder_that_cannot_be_synced_takes_files(code, tmp_path, monkeypatch):
    syncing = os.fsync

    def syncs(file):
        if os.path.isdir(f"/proc/self/fd/{file}"):
            raise OSError(getattr(errno, code), "no sync of folders")
        syncing(file)

    monkeypatch.setattr(os, "fsync", syncs)
    with files.replacing(tmp_path / "a.txt") as partial:
        partial.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_folder_on_a_broken_disk_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.sync(tmp_path)

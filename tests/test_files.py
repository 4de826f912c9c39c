import hashlib
import os
import subprocess
import sys

import pytest

from keras_gans import files
from keras_gans.errors import UsageError


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


def test_writing_in_pieces_writes_all_and_never_over_a_file(tmp_path, monkeypatch):
    write, path = os.write, tmp_path / "a"
    monkeypatch.setattr(files.os, "write", lambda file, data: write(file, data[:1000]))
    content = os.urandom(12_345)
    files.write(path, content)
    assert path.read_bytes() == content
    assert files.sha256(path) == hashlib.sha256(content).hexdigest()
    with pytest.raises(FileExistsError):
        files.write(path, b"other")


def test_a_disk_that_returns_other_bytes_is_noticed(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(files.os, "write", lambda file, data: write(file, b"\0" * len(data)))
    with pytest.raises(OSError, match="does not read the same"):
        files.write(tmp_path / "a", b"content")


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
            assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"
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
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"


def test_a_file_system_without_locks_is_no_reason_not_to_run(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(files.errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.fcntl, "flock", unknown)
    with files.locked(tmp_path):
        pass

import pytest

from keras_gans import files


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

    def full(*_):
        raise OSError(28, "No space left on device")

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


def test_leftovers_of_killed_processes_are_removed(tmp_path):
    (tmp_path / "deep").mkdir()
    for leftover in (tmp_path / ".partial-1-a.h5", tmp_path / "deep" / ".partial-2-b.npz"):
        leftover.write_text("half")
    kept = tmp_path / "deep" / "partial.txt"
    kept.write_text("whole")
    files.remove_partial(tmp_path)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [kept]

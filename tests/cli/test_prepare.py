"""`keras-gans prepare`: what it asks of `celeba.prepare`, and what it prints."""

import pytest

from keras_gans.datasets import celeba


@pytest.fixture
def requested(monkeypatch):
    """List of the arguments that `celeba.prepare` gets."""
    got = []

    def prepare(source, out, size, count, detector, progress, note):
        note("3 images from faces.zip")
        got.append((source, out, size, count, detector))
        for done in range(4):
            progress(done, 3)
        return 2, 1

    monkeypatch.setattr(celeba, "prepare", prepare)
    return got


def test_celeba(main, requested, tmp_path):
    options = ["--source", "faces.zip", "--size", 64, "--count", 2, "--data-dir", tmp_path]
    status, out, err = main("prepare", "celeba", *options)
    assert (status, err) == (0, "")
    assert requested == [("faces.zip", tmp_path / "celeba.npz", 64, 2, "mtcnn")]
    assert (
        out.splitlines()[-1]
        == f"{tmp_path}/celeba.npz: faces: 2 of 64x64 RGB, images without a face: 1"
    )
    assert "prepare celeba: 3 images from faces.zip" in out


def test_a_folder_that_cannot_be_made_is_refused_first(main, requested, tmp_path):
    (tmp_path / "file").write_text("mine")
    options = ["--source", "faces.zip", "--data-dir", tmp_path / "file" / "data"]
    status, _, err = main("prepare", "celeba", *options)
    assert (status, requested) == (2, [])
    assert "--data-dir" in err

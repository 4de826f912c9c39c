"""`keras-gans weights`: where it writes and what it prints."""

import hashlib

import numpy as np
import pytest

from keras_gans import files
from keras_gans.metrics.features import archive, conversion, inception, lenet


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_GANS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def converted(source, out, sha256, published):
    content = source.read_bytes()
    archive.write_arrays(out, {"x": np.zeros(1)})
    found = hashlib.sha256(content).hexdigest()
    assert sha256 in (None, found)
    return {"source_sha256": found, "sha256": files.sha256(out), "published": published}


@pytest.mark.parametrize("published", [True, False])
def test_inception_from_a_source(main, data, tmp_path, monkeypatch, published):
    monkeypatch.setattr(
        conversion, "inception", lambda *given: converted(*given, published=published)
    )
    source = tmp_path / "graph.pb"
    source.write_bytes(b"content")
    status, out, err = main("weights", "inception", "--source", source)
    written = data / inception.FILE
    assert status == 0
    assert f"sha256 {hashlib.sha256(b'content').hexdigest()}\n" in out
    assert f"{written}: sha256 {files.sha256(written)}\n" in out
    assert ("warning" in err) == (not published)
    assert err.count("\n") == (not published)


def test_inception_downloaded(main, data, monkeypatch):
    requested = []

    def download(url, path, progress):
        requested.append(url)
        path.write_bytes(b"archive")
        progress(2**20, 3 * 2**20)
        progress(3 * 2**20, 3 * 2**20)

    monkeypatch.setattr(conversion, "download", download)
    monkeypatch.setattr(conversion, "inception", lambda *given: converted(*given, published=True))
    known = hashlib.sha256(b"archive").hexdigest()
    status, _, err = main("weights", "inception", "--sha256", known.upper())
    assert (status, err) == (0, "")
    assert requested == [conversion.URL]
    assert list(data.iterdir()) == [data / inception.FILE]


def test_a_download_that_fails_leaves_nothing(main, data, monkeypatch):
    monkeypatch.setattr(conversion, "URL", "http://127.0.0.1:9/inception-2015-12-05.tgz")
    status, _, err = main("weights", "inception")
    assert status == 2
    assert "give it with --source" in err
    assert list(data.iterdir()) == []


def test_imagenet(main, tmp_path, monkeypatch):
    def imagenet(source, out):
        archive.write_arrays(out, {"x": np.zeros(1)})
        return files.sha256(out)

    monkeypatch.setattr(conversion, "imagenet", imagenet)
    status, out, err = main("weights", "imagenet", "--data-dir", tmp_path)
    path = tmp_path / "inception_v3_imagenet.npz"
    assert (status, err) == (0, "")
    assert f"{path}: sha256 {files.sha256(path)}\n" in out


@pytest.mark.parametrize("name", ["inception", "imagenet"])
def test_a_source_of_another_format(main, data, tmp_path, name):
    (tmp_path / "x").write_bytes(b"<html>")
    status, _, err = main("weights", name, "--source", tmp_path / "x")
    assert status == 2
    assert str(tmp_path / "x") in err
    assert err.count("\n") == 1
    assert not data.exists()


def test_lenet(main, tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (40, 28, 28), "uint8")
    labels = np.arange(40) % 10
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    train = lenet.train_and_save
    monkeypatch.setattr(lenet, "train_and_save", lambda *given: train(*given, epochs=1))
    out = tmp_path / "lenet.npz"
    command = ["lenet", "--data-dir", tmp_path, "--out", out, "--seed", 3]
    status, text, _ = main("weights", *command)
    assert status == 0
    assert f"{out}: " in text
    assert lenet.metadata(out)["seed"] == 3


def test_only_a_failure_to_write_is_called_one(main, data, tmp_path, monkeypatch):
    def denied(*given):
        raise PermissionError(13, "Permission denied", "graph.pb")

    source = tmp_path / "graph.pb"
    source.write_bytes(b"content")
    command = ["weights", "inception", "--source", source]
    monkeypatch.setattr(conversion, "_read", denied)
    status, _, err = main(*command)
    assert status == 1
    assert "Permission denied: 'graph.pb'" in err and "cannot write" not in err
    monkeypatch.setattr(conversion, "_read", lambda source: b"content")
    monkeypatch.setattr(conversion.readers, "from_graph", lambda *given: {"x": np.zeros(1)})
    monkeypatch.setattr(files, "sync", denied)
    status, _, err = main(*command)
    written = data / inception.FILE
    assert status == 1
    assert err == f"keras-gans weights: cannot write {written}: Permission denied\n"
    assert not written.exists()

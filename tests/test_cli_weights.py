"""`keras-gans weights`: what it asks for, what it says, where it writes."""

import hashlib

import numpy as np
import pytest

from keras_gans import cli, files
from keras_gans.metrics import archive, conversion, inception, lenet


def run(capsys, *arguments):
    """(status, standard output, standard error) of the verb."""
    status = cli.main(["weights", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture(autouse=True)
def loud(monkeypatch):
    """The filter of standard error would outlive the test."""
    monkeypatch.setattr("keras_gans.quiet.silence_libraries", lambda: None)


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_GANS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["weights", "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in ("inception-2015-12-05.tgz", "pt_inception-2015-12-05-6726825d.pth", "_notop.h5",
                 "softmax/kernel", "--sha256"):  # fmt: skip
        assert word in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenet"], "say with --out"),
        (["lenet", "--out", "x.npz", "--source", "x"], "lenet is trained"),
        (["inception", "--seed", "1"], "--seed is that of lenet"),
        (["imagenet", "--sha256", "0" * 64], "--sha256 is for inception"),
        (["inception", "--source", "nothing.pb"], "there is no file nothing.pb"),
        (["inception", "--out", "weights.h5"], "name a file.npz"),
    ],
)
def test_mistakes_are_one_line(capsys, data, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not data.exists()


@pytest.mark.parametrize("arguments", [["other"], ["inception", "--sha256", "123"], []])
def test_what_the_parser_refuses(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        cli.main(["weights", *arguments])
    assert ended.value.code == 2


def converted(source, out, sha256, published):
    content = source.read_bytes()
    archive.write_arrays(out, {"x": np.zeros(1)})
    found = hashlib.sha256(content).hexdigest()
    assert sha256 in (None, found)
    return {"source_sha256": found, "sha256": files.sha256(out), "published": published}


@pytest.mark.parametrize("published", [True, False])
def test_inception_from_a_source(capsys, data, tmp_path, monkeypatch, published):
    monkeypatch.setattr(
        conversion, "inception", lambda *given: converted(*given, published=published)
    )
    source = tmp_path / "graph.pb"
    source.write_bytes(b"content")
    status, out, err = run(capsys, "inception", "--source", source)
    written = data / inception.FILE
    assert status == 0
    assert f"sha256 {hashlib.sha256(b'content').hexdigest()}\n" in out
    assert f"{written}: sha256 {files.sha256(written)}\n" in out
    assert ("warning" in err) == (not published)
    assert err.count("\n") == (not published)


def test_inception_downloaded(capsys, data, monkeypatch):
    asked = []

    def download(url, path, progress):
        asked.append(url)
        path.write_bytes(b"archive")
        progress(2**20, 3 * 2**20)
        progress(3 * 2**20, 3 * 2**20)

    monkeypatch.setattr(conversion, "download", download)
    monkeypatch.setattr(conversion, "inception", lambda *given: converted(*given, published=True))
    known = hashlib.sha256(b"archive").hexdigest()
    status, _, err = run(capsys, "inception", "--sha256", known.upper())
    assert (status, err) == (0, "")
    assert asked == [conversion.URL]
    assert list(data.iterdir()) == [data / inception.FILE]


def test_a_download_that_fails_leaves_nothing(capsys, data, monkeypatch):
    monkeypatch.setattr(conversion, "URL", "http://127.0.0.1:9/inception-2015-12-05.tgz")
    status, _, err = run(capsys, "inception")
    assert status == 2
    assert "give it with --source" in err
    assert list(data.iterdir()) == []


def test_imagenet(capsys, tmp_path, monkeypatch):
    def imagenet(source, out):
        archive.write_arrays(out, {"x": np.zeros(1)})
        return files.sha256(out)

    monkeypatch.setattr(conversion, "imagenet", imagenet)
    status, out, err = run(capsys, "imagenet", "--data-dir", tmp_path)
    path = tmp_path / "inception_v3_imagenet.npz"
    assert (status, err) == (0, "")
    assert f"{path}: sha256 {files.sha256(path)}\n" in out


def test_a_source_that_is_something_else(capsys, data, tmp_path):
    (tmp_path / "x").write_bytes(b"<html>")
    for name in ("inception", "imagenet"):
        status, _, err = run(capsys, name, "--source", tmp_path / "x")
        assert status == 2
        assert str(tmp_path / "x") in err
        assert err.count("\n") == 1
    assert not data.exists()


def test_lenet(capsys, tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (40, 28, 28), "uint8")
    labels = np.arange(40) % 10
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    train = lenet.train_and_save
    monkeypatch.setattr(lenet, "train_and_save", lambda *given: train(*given, epochs=1))
    out = tmp_path / "lenet.npz"
    arguments = ["lenet", "--data-dir", tmp_path, "--out", out, "--seed", 3]
    status, text, _ = run(capsys, *arguments)
    assert status == 0
    assert f"{out}: " in text
    assert lenet.metadata(out)["seed"] == 3

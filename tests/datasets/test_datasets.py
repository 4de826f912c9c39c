"""Names, options, files of the data folder, and paths."""

import subprocess
import sys
import zipfile

import numpy as np
import pytest

from keras_gans import datasets, parts
from keras_gans.datasets import data_folder, load, names
from keras_gans.errors import UsageError


@pytest.fixture
def colours(rng):
    return rng.integers(0, 256, (5, 6, 4, 3), np.uint8)


def test_importing_brings_nothing_heavy():
    heavy = ["keras", "tensorflow", "tensorflow_datasets", "sklearn", "PIL", "mtcnn"]
    code = (
        f"import sys, keras_gans.datasets as d; d.names(); print([m for m in {heavy} "
        "if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_names_are_the_modules():
    assert names() == [
        "celeba", "cifar10", "digits", "fashion_mnist", "grid", "lfw", "lfw_full", "mnist",
        "normal", "ring",
    ]  # fmt: skip


def test_a_new_data_set_is_one_new_file(tmp_path, monkeypatch, colours):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "stripes.py").write_text(
        "import numpy as np\n"
        "from keras_gans.datasets.sources import Images\n"
        "from keras_gans.parts import Count\n"
        "SPLITS = ('train',)\n"
        "def fetch(folder, split, *, size: Count = 8):\n"
        "    return Images('stripes', np.full((2, size, size), 7, np.uint8), [0, 1], 'drawn')\n"
    )
    monkeypatch.setattr("keras_gans.parts.signatures._PACKAGE", tmp_path)
    monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(tmp_path / "datasets")])
    assert names() == ["stripes"]
    stripes = load("stripes", tmp_path)
    assert (stripes.name, stripes.source, stripes.shape) == ("stripes", "drawn", (8, 8, 1))
    assert load({"name": "stripes", "size": 3}, tmp_path).shape == (3, 3, 1)
    np.savez(tmp_path / "stripes.npz", images=colours[:, :4])
    part = parts.check("datasets", {"name": "stripes", "size": 4}, "row 1: dataset")
    assert load(part, tmp_path).source == "stripes.npz"
    with pytest.raises(UsageError, match=r"4x4.* 8x8"):
        load("stripes", tmp_path)


def test_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_GANS_DATA", raising=False)
    assert data_folder() == tmp_path / ".cache" / "keras-gans"
    monkeypatch.setenv("KERAS_GANS_DATA", "~/data")
    assert data_folder() == tmp_path / "data"
    assert data_folder(tmp_path / "other") == tmp_path / "other"
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="is a file; give the folder"):
        data_folder(tmp_path / "file")


def test_a_home_of_nobody_is_a_folder_like_another():
    assert str(data_folder("~nobody-of-this-name/data")) == "~nobody-of-this-name/data"


def test_a_file_in_the_data_folder_comes_first(tmp_path, monkeypatch, colours):
    np.savez(tmp_path / "digits.npz", images=colours, labels=np.arange(5, dtype=np.uint8))
    monkeypatch.setenv("KERAS_GANS_DATA", str(tmp_path))
    data = load("digits")
    assert (data.name, data.source) == ("digits", "digits.npz")
    assert np.array_equal(data.values, colours)
    assert data.labels.dtype == np.int64 and data.labels.tolist() == [0, 1, 2, 3, 4]


def test_a_name_wins_over_a_file_unless_a_path_is_given(tmp_path, monkeypatch, colours):
    np.savez(tmp_path / "own.npz", images=colours)
    with zipfile.ZipFile(tmp_path / "digits", "w"):
        pass
    monkeypatch.chdir(tmp_path)
    assert len(load("digits")) == 1797
    for path in ("./digits", tmp_path / "digits"):
        with pytest.raises(UsageError, match="holds no image"):
            load(path)


def test_an_npz_of_the_user(tmp_path, colours):
    np.savez_compressed(tmp_path / "own.npz", images=colours)
    data = load(str(tmp_path / "own.npz"))
    assert (data.name, data.source, data.labels) == ("own", "own.npz", None)
    assert np.array_equal(data.values, colours)


def test_a_folder_of_the_user(tmp_path, encoded, colours, monkeypatch):
    folder = tmp_path / "faces.v2"
    folder.mkdir()
    for index, image in enumerate(colours):
        (folder / f"{index}.png").write_bytes(encoded(image))
    data = load(folder)
    assert (data.name, data.source, data.labels) == ("faces.v2", "faces.v2", None)
    assert np.array_equal(data.values, colours)
    monkeypatch.chdir(folder)
    assert load(".").name == "faces.v2"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mnits",), r"no data set 'mnits'; did you mean 'mnist'\?"),
        (("faces/of/nobody",), "^there is no file or folder .*faces/of/nobody$"),
        (("nobody.zip",), "^there is no file or folder .*nobody.zip$"),
        (({"name": "lfw", "size": 0},), "size: 0 must be at least 1"),
        (({"name": "lfw", "sise": 8},), "unknown option 'sise' of 'lfw'; did you mean 'size'"),
        (({"name": "mnist", "size": 8},), "'mnist' has no options"),
        ((3,), "3: write NAME or"),
        (("digits", None, "test"), "digits has no split 'test'; there is train"),
        (("mnist", None, "tset"), r"mnist has no split 'tset'; did you mean 'test'\?"),
        ((".", None, "test"), "no split 'test'; a folder, .zip or .npy is all 'train'"),
    ],
)
def test_missing_data_sets_and_splits(arguments, says):
    with pytest.raises(UsageError, match=says) as error:
        load(*arguments)
    assert "\n" not in str(error.value)


def test_options_of_a_path(tmp_path, encoded, rng):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index, (height, width) in enumerate([(30, 40), (64, 32)]):
        image = rng.integers(0, 256, (height, width, 3), np.uint8)
        (folder / f"{index}.png").write_bytes(encoded(image))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    part = parts.check("datasets", {"name": str(folder), "resize": 16, "crop": "center"}, "row")
    data = load(part)
    assert data.shape == (16, 16, 3)
    assert data.source == "photos, the middle square, scaled to 16x16"
    assert before == {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UsageError, match="not square; give --resize 16 --crop center"):
        load({"name": str(folder), "resize": 16})
    with pytest.raises(UsageError, match=r"'0.png' is 30x30 .*'1.png' is 32x32 .*--resize N"):
        load({"name": str(folder), "crop": "center"})


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_arrays_are_scaled_too(tmp_path, colours, suffix):
    path = tmp_path / f"own{suffix}"
    if suffix == ".npz":
        np.savez(path, images=colours, labels=np.arange(5))
    else:
        np.save(path, colours)
    data = load({"name": str(path), "resize": 2, "crop": "center"})
    assert (
        data.shape == (2, 2, 3) and data.source == f"own{suffix}, the middle square, scaled to 2x2"
    )
    assert (data.labels is not None) == (suffix == ".npz")
    with pytest.raises(UsageError, match="is 4x6 RGB, not square"):
        load({"name": str(path), "resize": 2})


def test_points_are_not_scaled(tmp_path):
    np.save(tmp_path / "own.npy", np.zeros((4, 2)))
    with pytest.raises(UsageError, match="holds points; --resize and --crop are for pictures"):
        load({"name": str(tmp_path / "own.npy"), "resize": 2})


def test_one_line_says_what_was_loaded(tmp_path, encoded, colours):
    for index, image in enumerate(colours):
        (tmp_path / f"{index}.png").write_bytes(encoded(image))
    (tmp_path / "9.png").write_bytes(b"text")
    (tmp_path / "notes.txt").write_bytes(b"text")
    said = load(tmp_path, damaged="skip").summary
    assert said.startswith(
        f"5 images of 4x6 RGB from {tmp_path.name} without 1 damaged; "
        "1 other file (.txt) not read; 1 damaged left out, the first: '9.png' cannot be read"
    )
    assert load("digits").summary.startswith("1,797 images of 28x28 grey from scikit-learn")
    assert load("ring").summary.startswith("50,000 points of 2 numbers from ring of 8")

"""Names, paths, the scale of the pixels, and what an `Images` promises."""

import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_gans import datasets
from keras_gans.datasets import Images, data_folder, load, names, to_uint8, to_unit
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
    assert names() == ["celeba", "digits", "lfw", "mnist"]


def test_a_new_data_set_is_one_new_file(tmp_path, monkeypatch, colours):
    (tmp_path / "stripes.py").write_text(
        "import numpy as np\n"
        "SPLITS = ('train',)\n"
        "def fetch(folder, split):\n"
        "    return np.full((2, 8, 8), 7, np.uint8), [0, 1], 'drawn'\n"
    )
    monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(tmp_path)])
    assert "stripes" in names()
    stripes = load("stripes", tmp_path)
    assert (stripes.name, stripes.source, stripes.shape) == ("stripes", "drawn", (8, 8, 1))
    np.savez(tmp_path / "stripes.npz", images=colours)
    assert load("stripes", tmp_path).source == "stripes.npz"


def test_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_GANS_DATA", raising=False)
    assert data_folder() == tmp_path / ".cache" / "keras-gans"
    monkeypatch.setenv("KERAS_GANS_DATA", "~/data")
    assert data_folder() == tmp_path / "data"
    assert data_folder(tmp_path / "other") == tmp_path / "other"


def test_a_file_in_the_data_folder_comes_first(tmp_path, monkeypatch, colours):
    np.savez(tmp_path / "digits.npz", images=colours, labels=np.arange(5, dtype=np.uint8))
    monkeypatch.setenv("KERAS_GANS_DATA", str(tmp_path))
    data = load("digits")
    assert (data.name, data.source) == ("digits", "digits.npz")
    assert np.array_equal(data.images, colours)
    assert data.labels.dtype == np.int64 and data.labels.tolist() == [0, 1, 2, 3, 4]


def test_a_name_wins_over_a_file_unless_a_path_is_meant(tmp_path, monkeypatch, colours):
    np.savez(tmp_path / "own.npz", images=colours)
    with zipfile.ZipFile(tmp_path / "digits", "w"):
        pass
    monkeypatch.chdir(tmp_path)
    assert len(load("digits")) == 1797
    for path in ("./digits", tmp_path / "digits"):
        with pytest.raises(UsageError, match="holds no image"):
            load(path)


def test_an_npz_of_ones_own(tmp_path, colours):
    np.savez_compressed(tmp_path / "own.npz", images=colours)
    data = load(str(tmp_path / "own.npz"))
    assert (data.name, data.source, data.labels) == ("own", "own.npz", None)
    assert np.array_equal(data.images, colours)


def test_a_folder_of_ones_own(tmp_path, encoded, colours, monkeypatch):
    folder = tmp_path / "faces.v2"
    folder.mkdir()
    for index, image in enumerate(colours):
        (folder / f"{index}.png").write_bytes(encoded(image))
    data = load(folder)
    assert (data.name, data.source, data.labels) == ("faces.v2", "faces.v2", None)
    assert np.array_equal(data.images, colours)
    monkeypatch.chdir(folder)
    assert load(".").name == "faces.v2"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mnits",), r"no data set 'mnits'; did you mean 'mnist'\?"),
        (("faces/of/nobody",), "no file or folder .*faces/of/nobody"),
        (("digits", None, "test"), "digits has no split 'test'; there is train"),
        (("mnist", None, "tset"), r"mnist has no split 'tset'; did you mean 'test'\?"),
        ((".", None, "test"), "no split 'test': images of one's own are all 'train'"),
    ],
)
def test_what_is_asked_for_is_not_there(arguments, says):
    with pytest.raises(UsageError, match=says) as error:
        load(*arguments)
    assert "\n" not in str(error.value)


def test_images_are_read_only_and_not_copied(colours):
    data = Images("own", colours, None, "memory")
    assert len(data) == 5 and data.shape == (6, 4, 3)
    assert np.shares_memory(data.images, colours)
    with pytest.raises(ValueError, match="read-only"):
        data.images[0] = 0
    colours[0] = 0  # the caller's own array stays as it was


def test_the_fingerprint_is_of_the_content(colours):
    first = Images("a", colours, None, "here").fingerprint
    assert first == Images("b", np.asfortranarray(colours), np.arange(5), "there").fingerprint
    assert len(first) == 64
    other = colours.copy()
    other[4, 5, 3, 2] ^= 1
    assert first != Images("a", other, None, "here").fingerprint
    assert first != Images("a", colours[::-1], None, "here").fingerprint
    assert first != Images("a", colours.reshape(5, 4, 6, 3), None, "here").fingerprint


def test_the_fingerprint_of_known_pixels_stays():
    """Results name data by it, so the way it is made must not change."""
    data = Images("a", np.arange(12, dtype=np.uint8).reshape(1, 3, 4), None, "")
    assert data.fingerprint.startswith("fc8e51bff4e5056d")


def test_images_are_equal_only_to_themselves(colours):
    one, two = (Images("a", colours, None, "") for _ in range(2))
    assert one == one and one != two and len({one, two}) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x / 255, r"float64 from 0 to .*, which looks like \[0, 1\]; save them as uint8"),
        (lambda x: x - 0.5, "float64 from -0.5 to .*; save them as uint8"),
        (lambda x: x.astype(np.int64), "int64; save them as uint8"),
        (lambda x: x[0, 0], r"shape \[4, 3\]"),
        (lambda x: x[:0], "no images"),
        (lambda x: x[:, :0], "no images"),
        (lambda x: x[..., :2], "2 channels"),
        (lambda x: x.transpose(0, 3, 1, 2), "4 channels .* as the last axis"),
    ],
)
def test_images_that_are_none(colours, change, says):
    with pytest.raises(UsageError, match=says):
        Images("own", change(colours), None, "own.npz")


@pytest.mark.parametrize("labels", [np.arange(4), np.zeros(5), np.zeros((5, 2), int)])
def test_labels_that_are_none(colours, labels):
    with pytest.raises(UsageError, match="save one integer for each of the 5 images"):
        Images("own", colours, labels, "own.npz")


def test_labels_of_one_column(colours):
    labels = Images("own", colours, np.arange(5, dtype=np.uint8)[:, np.newaxis], "").labels
    assert labels.dtype == np.int64 and labels.tolist() == [0, 1, 2, 3, 4]


def test_scale_is_exact_on_every_pixel_value():
    pixels = np.arange(256, dtype=np.uint8)
    unit = to_unit(pixels)
    assert unit.dtype == np.float32 and unit[0] == -1 and unit[255] == 1
    assert np.array_equal(unit, (np.float32(1) * pixels / np.float32(127.5)) - np.float32(1))
    assert np.array_equal(to_uint8(unit), pixels)


@given(st.floats(width=32, allow_nan=False))
def test_pixels_are_rounded_and_clipped(value):
    pixel = int(to_uint8(np.float32(value)))
    assert abs(pixel - min(max((value + 1) * 127.5, 0), 255)) <= 0.5001


def test_scaling_leaves_its_argument_alone():
    unit = np.linspace(-1, 1, 7, dtype=np.float32)
    kept = unit.copy()
    to_uint8(unit)
    assert np.array_equal(unit, kept)


def test_nan_has_no_pixel():
    with pytest.raises(UsageError, match="NaN: the network that made them has diverged"):
        to_uint8(np.array([0, np.nan]))


def test_scaling_twice_is_refused():
    with pytest.raises(UsageError, match="takes uint8 pixels, not float32"):
        to_unit(to_unit(np.zeros(3, np.uint8)))

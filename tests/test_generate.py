"""`keras-gans generate` with generators of strangers."""

import h5py
import keras
import numpy as np
import pytest
import strangers
from PIL import Image

from keras_gans import cli, generators, quiet


@pytest.fixture(autouse=True)
def not_for_the_rest_of_the_process(monkeypatch):
    monkeypatch.setattr(quiet, "silence_libraries", lambda: None)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A conditional generator of 5 labels, as a Keras of 2022 saved it."""
    keras.utils.set_random_seed(0)
    path = tmp_path_factory.mktemp("strangers") / "generator.h5"
    strangers.save(strangers.randomize(strangers.conditional()), path, "2.8.0")
    return path


def generate(path, *arguments):
    return cli.main(["generate", str(path), *map(str, arguments)])


def test_images_of_every_label_in_turns(saved, tmp_path, capfd):
    assert generate(saved, "--count", 12, "--seed", 4, "--out", tmp_path / "a.npz") == 0
    with np.load(tmp_path / "a.npz") as file:
        images, latents, labels = file["images"], file["latents"], file["labels"]
    assert labels.tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    np.testing.assert_array_equal(latents, generators.latents(12, 10, 4))
    loaded, recipe = generators.load(saved)
    np.testing.assert_array_equal(images, generators.sample(loaded, recipe, 12, 4))
    said = capfd.readouterr()
    assert f"12 images in {tmp_path / 'a.npz'}" in said.out


def test_grid_has_a_column_for_each_label(saved, tmp_path):
    assert generate(saved, "--labels", "1-3", "--count", 6, "--out", tmp_path / "a.png") == 0
    with Image.open(tmp_path / "a.png") as grid:
        width, height = grid.size
    assert width > height  # three columns, two rows


def test_a_way_between_latents_keeps_its_label(saved, tmp_path):
    arguments = ["--interpolate", 3, "--count", 9, "--latents", "uniform", "--labels", "4,2"]
    assert generate(saved, *arguments, "--out", tmp_path / "a.npz") == 0
    with np.load(tmp_path / "a.npz") as file:
        assert file["labels"].tolist() == [4, 4, 4, 2, 2, 2, 4, 4, 4]
        assert np.abs(file["latents"]).max() <= 1


def test_range_and_latents_count(saved, tmp_path):
    options = ["--range=-1,3", "--latents", "normal:2,0.1", "--count", 4]
    assert generate(saved, *options, "--out", tmp_path / "a.npz") == 0
    with np.load(tmp_path / "a.npz") as file:
        assert abs(file["latents"].mean() - 2) < 0.1
        assert file["images"].min() >= 63 and file["images"].max() <= 128  # of [0, 1] in [-1, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--labels", "5"], "this generator's labels are 0 to 4")],
)
def test_wrong_request(saved, tmp_path, capfd, arguments, message):
    assert generate(saved, *arguments, "--out", tmp_path / "a.png") == 2
    said = capfd.readouterr().err
    assert message in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_network_of_another_kind_is_called_what_it_is(tmp_path, capfd):
    model = keras.Sequential([keras.layers.Input((9,)), keras.layers.Dense(5)])
    strangers.save(model, tmp_path / "g.h5", "2.8.0")
    assert generate(tmp_path / "g.h5", "--out", tmp_path / "a.png") == 2
    assert "g.h5 is a network whose output, [5], is no image" in capfd.readouterr().err


def test_what_was_guessed_is_said(tmp_path, capfd):
    model = keras.Sequential([keras.layers.Input((9,)), keras.layers.Dense(784)])
    strangers.save(strangers.randomize(model), tmp_path / "g.h5", "2.8.0")
    assert generate(tmp_path / "g.h5", "--out", tmp_path / "a.png") == 0
    assert "note: nothing bounds its values" in capfd.readouterr().out


def test_lambda_is_named(tmp_path, capfd):
    model = keras.Sequential([keras.layers.Input((9,)), keras.layers.Dense(784)])
    strangers.save(model, tmp_path / "g.h5", "2.8.0")
    with h5py.File(tmp_path / "g.h5", "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace("Dense", "Lambda")
    assert generate(tmp_path / "g.h5", "--out", tmp_path / "a.png") == 2
    assert "holds Python code, which is never run" in capfd.readouterr().err

"""`keras-gans generate`: every form of output, of generators of this package and of others."""

import errno
import json
import signal
from itertools import pairwise

import foreign_files
import h5py
import keras
import numpy as np
import pytest
from commands import files
from PIL import Image

from keras_gans import generators, networks, parts, pictures
from keras_gans.datasets import Images, Points
from keras_gans.datasets.sources import PIXELS
from keras_gans.generators import Saved
from keras_gans.generators.foreign import hdf5
from keras_gans.generators.foreign.hdf5_index import described
from keras_gans.latents import Normal
from keras_gans.runs import memory
from keras_gans.terminal import line

SHAPE = (8, 8, 1)


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    """Describes files in this process, which is faster."""
    monkeypatch.setattr(hdf5, "_ask", lambda path: json.loads(json.dumps(described(path))))


def write(path, name, source):
    """Writes a generator of the package with random weights."""
    keras.utils.set_random_seed(0)
    part = parts.check("networks", name, "generator", "generator")
    network = networks.build(part, "generator", source.shape, 4, source.classes)
    generators.save(Saved.of(network, part, Normal(4), source, {"seed": 7}), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("generators")


@pytest.fixture(scope="module")
def plain(folder):
    images = np.random.default_rng(0).integers(0, 256, (9, *SHAPE), "uint8")
    return write(folder / "plain.h5", "vanilla", Images("noise", images, None, "noise"))


@pytest.fixture(scope="module")
def conditional(folder):
    """A generator of 5 classes."""
    images = np.random.default_rng(0).integers(0, 256, (10, *SHAPE), "uint8")
    source = Images("noise", images, np.arange(10) % 5, "noise")
    return write(folder / "conditional.h5", "conditional", source)


@pytest.fixture(scope="module")
def points(folder):
    values = np.random.default_rng(0).normal(size=(9, 2)).astype("float32")
    return write(folder / "points.h5", "points", Points("plane", values, None, "plane"))


@pytest.fixture(scope="module")
def foreign(folder):
    """A conditional generator of 5 classes, in the format of a Keras of 2022."""
    keras.utils.set_random_seed(0)
    path = folder / "foreign.h5"
    foreign_files.save(foreign_files.randomize(foreign_files.conditional()), path, "2.8.0")
    return path


def arrays(path):
    with np.load(path) as file:
        return dict(file)


# --- images ------------------------------------------------------------------------------------


def test_arrays_hold_images_and_their_latents(main, plain, tmp_path):
    out = tmp_path / "new" / "some.npz"
    status, said, err = main("generate", plain, "--count", 10, "--seed", 3, "--out", out)
    assert (status, err) == (0, "")
    assert said.splitlines()[-1] == f"10 images in {out}"
    found = arrays(out)
    assert sorted(found) == ["images", "latents"]
    assert found["images"].shape == (10, *SHAPE) and found["images"].dtype == np.uint8
    np.testing.assert_array_equal(found["images"], generators.load(plain).sample(10, 3))
    np.testing.assert_array_equal(found["latents"], Normal(4).sample(10, 3))


def test_an_ending_in_capitals_is_an_ending(main, plain, tmp_path):
    assert main("generate", plain, "--count", 2, "--out", tmp_path / "A.NPZ")[0] == 0
    assert files(tmp_path) == ["A.NPZ"]
    assert arrays(tmp_path / "A.NPZ")["images"].shape == (2, *SHAPE)


def test_the_default_is_a_grid_of_64_images_of_seed_0(main, plain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main("generate", plain)[0] == 0
    expected = pictures.samples(generators.load(plain).sample(64, 0), 8)
    with Image.open("generated.png") as grid:
        np.testing.assert_array_equal(np.asarray(grid), np.asarray(expected))


def test_a_folder_holds_an_image_for_each_sample(main, plain, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert main("generate", plain, "--count", 3, "--seed", 3, "--out", tmp_path)[0] == 0
    names = ["000000.png", "000001.png", "000002.png"]
    assert files(tmp_path) == [*names, "notes.txt"]
    expected = generators.load(plain).sample(3, 3)
    for name, image in zip(names, expected, strict=True):
        with Image.open(tmp_path / name) as picture:
            np.testing.assert_array_equal(np.asarray(picture), image[..., 0])


def test_a_signal_leaves_no_half_a_folder(main, plain, tmp_path, monkeypatch):
    class Ended:
        """The 3rd picture that is written ends the process."""

        written = 0

        def save(self, path):
            path.touch()
            Ended.written += 1
            if Ended.written == 3:
                signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(pictures, "single", lambda image: Ended())
    status, out, _ = main("generate", plain, "--count", 9, "--out", tmp_path / "made")
    assert (status, Ended.written) == (143, 3)
    assert "9 images" not in out
    assert files(tmp_path) == []


def test_drawing_and_writing_are_counted(main, plain, tmp_path, monkeypatch):
    monkeypatch.setattr(line, "_PLAIN_EVERY", 0.0)
    _, out, _ = main("generate", plain, "--count", 600, "--out", tmp_path / "made")
    told = " ".join(out.split())
    for count in ("500/600", "600/600", "1/600", "599/600"):
        assert f"plain.h5: {count}" in told


def test_a_folder_with_images_of_an_earlier_call_is_left_as_it_is(main, plain, tmp_path):
    assert main("generate", plain, "--count", 3, "--out", tmp_path)[0] == 0
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    status, _, err = main("generate", plain, "--count", 2, "--out", tmp_path)
    assert status == 2
    assert "3 numbered images already, 000000.png to 000002.png" in err
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == before


@pytest.mark.parametrize("spherical", [False, True])
def test_an_interpolation_has_rows_from_one_latent_to_another(main, plain, tmp_path, spherical):
    options = ["--count", 12, "--interpolate", 4, *["--spherical"] * spherical]
    assert main("generate", plain, *options, "--out", tmp_path / "way.npz")[0] == 0
    found = arrays(tmp_path / "way.npz")
    ends = Normal(4).sample(6, 0).reshape(3, 2, 4)
    for row, (start, end) in zip(found["latents"].reshape(3, 4, 4), ends, strict=True):
        np.testing.assert_array_equal(row, generators.interpolate(start, end, 4, spherical))


def test_the_grid_of_an_interpolation_has_a_row_for_each_way(main, plain, tmp_path):
    assert main("generate", plain, "--interpolate", 4, "--out", tmp_path / "way.png")[0] == 0
    with Image.open(tmp_path / "way.png") as grid:
        assert grid.size == (2 + 4 * 66, 2 + 8 * 66)


# --- animations --------------------------------------------------------------------------------


def frames(path):
    """The frames of an animation as arrays `(n, height, width)` of grey values."""
    with Image.open(path) as file:
        found = []
        for number in range(file.n_frames):
            file.seek(number)
            found.append(np.asarray(file.convert("L")).astype(int))
        return np.stack(found)


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_an_animation_goes_from_latent_to_latent_and_has_no_end(main, plain, tmp_path, name):
    options = ["--interpolate", 3, "--count", 1, "--spherical", "--out", tmp_path / name]
    status, said, _ = main("generate", plain, *options)
    assert status == 0
    assert said.splitlines()[-1] == f"12 frames of 1 image in {tmp_path / name}"
    saved = generators.load(plain)
    latents = generators.round_trip(Normal(4).sample(4, 0), 3, spherical=True)
    expected = saved.make(latents)[..., 0]
    found = frames(tmp_path / name)
    assert found.shape == (12, 260, 260)  # 8 pixels, 32 times as wide, and the margin
    np.testing.assert_array_equal(found[:, 2:-2:32, 2:-2:32], expected)


def test_samples_of_an_animation_have_ways_of_their_own(main, plain, tmp_path):
    assert main("generate", plain, "--interpolate", 2, "--out", tmp_path / "a.gif")[0] == 0
    found = frames(tmp_path / "a.gif")
    assert found.shape == (8, 2 + 4 * 66, 2 + 4 * 66)
    tiles = [found[:, 2 + 66 * i : 66 + 66 * i, 2:66] for i in range(4)]
    assert not any((a == b).all(axis=(1, 2)).any() for a, b in pairwise(tiles))


def test_classes_have_columns_of_their_own_in_an_animation(main, conditional, tmp_path):
    options = ["--interpolate", 2, "--labels", "1,4", "--out", tmp_path / "a.gif"]
    status, said, _ = main("generate", conditional, *options)
    assert (status, said.splitlines()[-1]) == (0, f"8 frames of 16 images in {tmp_path / 'a.gif'}")
    assert frames(tmp_path / "a.gif").shape == (8, 2 + 4 * 66, 2 + 4 * 66)


def test_points_move_within_limits_that_stay(main, points, tmp_path):
    options = ["--interpolate", 2, "--count", 20, "--out", tmp_path / "a.gif"]
    assert main("generate", points, *options)[0] == 0
    found = frames(tmp_path / "a.gif")
    assert len(found) == 8
    axis = found[:, :, :30]  # with its numbers; a GIF rounds colours
    assert (abs(axis - axis[0]) < 40).all()
    assert any((frame != found[0]).any() for frame in found[1:])


# --- runs ---------------------------------------------------------------------------------------


def test_a_run_stands_for_its_best_generator(main, trained, tmp_path):
    folder, _ = trained
    status, said, _ = main("generate", folder, "--out", tmp_path / "a.npz")
    assert status == 0
    assert "generator_model_best.h5: the best of quickstart 1, seed 0: iterations=30" in said
    best = generators.load(folder / "generator_model_best.h5")
    np.testing.assert_array_equal(arrays(tmp_path / "a.npz")["images"], best.sample(64, 0))


# --- classes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["conditional", "foreign"])
def test_a_conditional_generator_makes_every_class_in_turn(main, tmp_path, which, request):
    path, out = request.getfixturevalue(which), tmp_path / "a.npz"
    assert main("generate", path, "--count", 12, "--seed", 4, "--out", out)[0] == 0
    found = arrays(out)
    assert found["labels"].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    np.testing.assert_array_equal(found["images"], generators.load(path).sample(12, 4))


def test_a_grid_has_a_column_for_each_class(main, conditional, tmp_path):
    assert main("generate", conditional, "--count", 10, "--out", tmp_path / "a.png")[0] == 0
    options = ["--labels", "1-2,4", "--count", 6, "--out", tmp_path / "b.png"]
    assert main("generate", conditional, *options)[0] == 0
    options = ["--labels", "1,4", "--count", 20, "--out", tmp_path / "c.png"]
    assert main("generate", conditional, *options)[0] == 0
    for name, columns, rows in (("a.png", 5, 2), ("b.png", 3, 2), ("c.png", 4, 5)):
        with Image.open(tmp_path / name) as grid:
            assert grid.size == (2 + columns * 66, 2 + rows * 66)


def test_a_row_of_an_interpolation_keeps_its_class(main, conditional, tmp_path):
    options = ["--interpolate", 3, "--count", 9, "--labels", "4,2", "--out", tmp_path / "a.npz"]
    assert main("generate", conditional, *options)[0] == 0
    assert arrays(tmp_path / "a.npz")["labels"].tolist() == [4, 4, 4, 2, 2, 2, 4, 4, 4]


@pytest.mark.parametrize(
    ("which", "options", "message"),
    [
        ("conditional", ["--labels", "3-5"], "--labels 3-5: the classes are 0 to 4"),
        ("plain", ["--labels", "3"], "takes no labels"),
        ("plain", ["--range=0,1"], "needs no --range or --latents"),
        ("points", ["--out", "folder"], "makes points"),
    ],
)
def test_a_request_that_does_not_fit_the_generator(
    main, tmp_path, monkeypatch, request, which, options, message
):
    path = request.getfixturevalue(which)
    monkeypatch.chdir(tmp_path)
    status, _, err = main("generate", path, *options)
    assert (status, err.count("\n")) == (2, 1)
    assert message in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.png", "a.npz", "folder", "a.gif"])
def test_more_samples_than_the_memory_holds_are_refused(main, plain, tmp_path, monkeypatch, name):
    monkeypatch.setattr(memory, "available", lambda: 10_000_000)
    out = tmp_path / name
    assert main("generate", plain, "--count", 9, "--interpolate", 3, "--out", out)[0] == 0
    status, _, err = main("generate", plain, "--count", 10**9, "--out", tmp_path / "new" / name)
    assert (status, err.count("\n")) == (2, 1)
    assert "GB are free: give at most" in err
    assert not (tmp_path / "new").exists()


# --- points ------------------------------------------------------------------------------------


def test_points_become_a_scatter_plot_or_arrays(main, points, tmp_path):
    assert main("generate", points, "--count", 50, "--out", tmp_path / "a.png")[0] == 0
    status, said, _ = main("generate", points, "--count", 50, "--out", tmp_path / "a.npz")
    assert status == 0
    assert "50 points in" in said
    _, said, _ = main("generate", points, "--count", 1, "--out", tmp_path / "one.npz")
    assert "1 point in " in said and "1 sample\n" in said
    values = arrays(tmp_path / "a.npz")["points"]
    np.testing.assert_array_equal(values, generators.load(points).sample(50, 0))
    with Image.open(tmp_path / "a.png") as picture:
        expected = np.asarray(pictures.samples(values, 1).convert("RGB"))
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), expected)


def test_numbers_become_a_histogram(main, tmp_path):
    numbers = Points("line", np.zeros((9, 1), "float32"), None, "line")
    path = write(tmp_path / "numbers.h5", "points", numbers)
    assert main("generate", path, "--count", 50, "--out", tmp_path / "a.png")[0] == 0
    with Image.open(tmp_path / "a.png") as picture:
        expected = pictures.samples(generators.load(path).sample(50, 0), 1).convert("RGB")
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), np.asarray(expected))


# --- rejection sampling ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judges(folder):
    """Function: the file of a discriminator that was trained with a loss."""

    def write(loss, shape=SHAPE, name="vanilla", classes=None, scale=PIXELS):
        keras.utils.set_random_seed(1)
        part = parts.check("networks", name, "discriminator", "discriminator")
        network = networks.build(part, "discriminator", shape, classes=classes)
        path = folder / f"d_{loss}_{name}.h5"
        about = {"loss": loss, "scale": scale.plain}
        generators.save_discriminator(network, part, shape, classes, path, {}, **about)
        return path

    return write


def test_a_discriminator_chooses_among_the_samples(main, plain, judges, tmp_path):
    path, out = judges("binary_crossentropy"), tmp_path / "a.npz"
    options = ["--reject", path, "--count", 10, "--seed", 3, "--out", out]
    status, said, _ = main("generate", plain, *options)
    assert status == 0
    saved = generators.load(plain)
    expected = generators.Rejection(saved, generators.Judge.open(path)).draw(10, 3)
    assert said.splitlines()[-1] == f"10 images in {out}, {expected.rate:.1%} of all samples"
    found = arrays(out)
    np.testing.assert_array_equal(found["images"], expected.values)
    np.testing.assert_array_equal(found["latents"], expected.latents)
    np.testing.assert_array_equal(found["images"], saved.make(found["latents"]))


def test_a_signal_between_batches_leaves_nothing_and_changes_nothing(
    main, plain, judges, tmp_path, monkeypatch
):
    """The command begins again after a kill, and makes what it would have made."""
    path, out, made = judges("binary_crossentropy"), tmp_path / "a.npz", Saved.make
    command = ["generate", plain, "--reject", path, "--count", 12_000, "--out", out]
    assert main(*command)[0] == 0
    whole = out.read_bytes()
    out.unlink()
    batches = []

    def killed(self, *arguments):
        batches.append(arguments)
        if len(batches) == 2:
            signal.raise_signal(signal.SIGTERM)
        return made(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Saved, "make", killed)
        assert main(*command)[0] == 143
    assert (len(batches), files(tmp_path)) == (2, [])
    assert main(*command)[0] == 0
    assert out.read_bytes() == whole


def test_gamma_is_a_number_or_a_percentile(main, plain, judges, tmp_path):
    saved, judge = generators.load(plain), generators.Judge.open(judges("mse"))
    for gamma, given in (("1.5", (1.5, False)), ("30%", (30.0, True)), ("-2", (-2.0, False))):
        options = ["--reject", judges("mse"), f"--gamma={gamma}", "--out", tmp_path / "a.npz"]
        assert main("generate", plain, *options, "--count", 5)[0] == 0
        expected = generators.Rejection(saved, judge, *given).sample(5, 0)
        np.testing.assert_array_equal(arrays(tmp_path / "a.npz")["images"], expected)


def test_accepted_samples_have_the_labels_that_were_asked_for(main, conditional, judges, tmp_path):
    path = judges("kl", name="conditional", classes=5)
    options = ["--reject", path, "--labels", "4,1", "--count", 6, "--out", tmp_path / "a.npz"]
    assert main("generate", conditional, *options)[0] == 0
    found = arrays(tmp_path / "a.npz")
    assert found["labels"].tolist() == [4, 1, 4, 1, 4, 1]
    expected = generators.load(conditional).make(found["latents"], found["labels"])
    np.testing.assert_array_equal(found["images"], expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--gamma", "1"], "--gamma needs --reject D.h5"),
        (["--reject", "no.h5"], "--reject: there is no file no.h5"),
        (["--reject", "D", "--gamma", "high"], "--gamma high: write a number"),
        (["--reject", "D", "--gamma", "nan"], "--gamma nan: write a number"),
        (["--reject", "D", "--gamma", "101%"], "--gamma 101%: write a number"),
        (["--reject", "D", "--interpolate", "4"], "--interpolate asks for certain ones"),
        (["--reject", "D", "--gamma", "90"], "0 of 100,000 samples were accepted"),
        (["--reject", "hinge"], "the scores of Hinge give no ratio of densities"),
    ],
)
def test_a_rejection_that_cannot_be_is_refused(
    main, plain, judges, tmp_path, monkeypatch, options, message
):
    monkeypatch.chdir(tmp_path)
    files_of = {"D": judges("pearson"), "hinge": judges("hinge")}
    status, _, err = main("generate", plain, *(files_of.get(o, o) for o in options))
    assert (status, err.count("\n")) == (2, 1)
    assert message in err
    assert not list(tmp_path.iterdir())


# --- foreign generators ------------------------------------------------------------------------


def test_range_and_latents_of_a_foreign_generator(main, foreign, tmp_path):
    options = ["--range=-1,3", "--latents", "normal:2,0.1", "--count", 4]
    assert main("generate", foreign, *options, "--out", tmp_path / "a.npz")[0] == 0
    found = arrays(tmp_path / "a.npz")
    assert abs(found["latents"].mean() - 2) < 0.1
    assert found["images"].min() >= 63 and found["images"].max() <= 128  # of [0, 1] in [-1, 3]


def test_a_network_of_another_kind_is_named(main, tmp_path):
    model = keras.Sequential([keras.layers.Input((9,)), keras.layers.Dense(5)])
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    status, _, err = main("generate", tmp_path / "g.h5", "--out", tmp_path / "a.png")
    assert status == 2
    assert "g.h5 is a network" in err and "[5]" in err


def test_a_guess_is_noted(main, tmp_path):
    model = keras.Sequential([keras.layers.Input((9,)), keras.layers.Dense(784)])
    foreign_files.save(foreign_files.randomize(model), tmp_path / "g.h5", "2.8.0")
    status, said, _ = main("generate", tmp_path / "g.h5", "--out", tmp_path / "a.png")
    assert status == 0
    assert "note: " in said


def test_code_in_a_file_is_refused(main, tmp_path):
    model = keras.Sequential([keras.layers.Input((9,)), keras.layers.Dense(784)])
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    with h5py.File(tmp_path / "g.h5", "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace("Dense", "Lambda")
    status, _, err = main("generate", tmp_path / "g.h5", "--out", tmp_path / "a.png")
    assert status == 2
    assert "Python code" in err


# --- a full disk -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.npz", "a.gif", "a.webp", "images"])
def test_a_full_disk_is_one_line_and_leaves_nothing(main, plain, tmp_path, monkeypatch, name):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    monkeypatch.setattr("keras_gans.files.sync", full)
    status, _, err = main("generate", plain, "--count", 3, "--out", tmp_path / name)
    assert status == 1
    assert err.splitlines() == [
        f"keras-gans generate: cannot write {tmp_path / name}: No space left on device"
    ]
    assert files(tmp_path) == []

"""`keras-gans animate`: the pictures of a run in their order."""

import errno

import numpy as np
import pytest
import yaml
from commands import files
from PIL import Image


@pytest.fixture
def run(tmp_path):
    """A run without networks that has drawn three pictures, each of one grey."""
    about = {"table": "table", "experiment": 1, "seed": 0, "changed": {}, "row": {}}
    folder = tmp_path / "run"
    (folder / "samples").mkdir(parents=True)
    (folder / "experiment.yaml").write_text(yaml.safe_dump(about))
    draw(folder, {500: 40, 1000: 120, 30000: 200})
    Image.new("L", (9, 9)).save(folder / "samples" / "reals.png")
    return folder


def draw(folder, greys, size=(200, 100)):
    for iteration, grey in greys.items():
        Image.new("L", size, grey).save(folder / "samples" / f"{iteration:06d}.png")


def read(path):
    """(grey of the middle of each frame, milliseconds of each, all frames)."""
    with Image.open(path) as file:
        found = []
        for number in range(file.n_frames):
            file.seek(number)
            found.append((np.asarray(file.convert("L")), file.info["duration"]))
    frames = [frame for frame, _ in found]
    return [int(frame[76, 100]) for frame in frames], [time for _, time in found], frames


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_every_picture_is_a_frame_and_the_last_one_is_held(main, run, tmp_path, suffix):
    out = tmp_path / "new" / f"a{suffix}"
    status, said, err = main("animate", run, "--out", out)
    assert (status, err) == (0, "")
    assert said == f"3 pictures, iteration 500 to 30,000, in {out}\n"
    greys, times, frames = read(out)
    assert greys == [40, 120, 200]
    assert times == [500, 500, 2500]
    captions = [frame[:26] for frame in frames]
    assert all((caption < 100).any() for caption in captions)
    assert (captions[0] != captions[1]).any()  # each says its iteration


def test_the_default_is_a_gif_in_this_folder(main, run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main("animate", run)[0] == 0
    assert read("training.gif")[0] == [40, 120, 200]


def test_many_pictures_are_thinned_out_evenly_with_the_first_and_the_last(main, run, tmp_path):
    draw(run, {iteration: iteration % 251 for iteration in range(1, 500)}, size=(60, 80))
    draw(run, {500: 7, 1000: 8, 30000: 9}, size=(60, 80))
    status, said, _ = main("animate", run, "--out", tmp_path / "a.webp")
    assert status == 0
    assert "240 of 502 pictures, iteration 1 to 30,000" in said
    with Image.open(tmp_path / "a.webp") as file:
        assert file.n_frames == 240
        file.load()
        assert file.info["duration"] == 50


def test_a_png_has_pictures_side_by_side_each_with_its_iteration(main, run, tmp_path):
    status, said, _ = main("animate", run, "--out", tmp_path / "a.png")
    assert status == 0 and said == f"3 pictures, iteration 500 to 30,000, in {tmp_path / 'a.png'}\n"
    strip = np.asarray(Image.open(tmp_path / "a.png"))
    assert strip.shape == (26 + 26 + 100, 3 * 208 - 8)
    assert [strip[100, 208 * number + 50] for number in range(3)] == [40, 120, 200]
    captions = [strip[26:52, 208 * number : 208 * number + 200] for number in range(3)]
    assert all((caption < 100).any() for caption in captions)
    assert (captions[0] != captions[1]).any()


def test_a_strip_has_six_of_many_pictures(main, run, tmp_path):
    draw(run, dict.fromkeys(range(1000, 12000, 1000), 9))
    _, said, _ = main("animate", run, "--out", tmp_path / "a.png")
    assert "6 of 13 pictures, iteration 500 to 30,000" in said


def test_one_picture_has_one_iteration(main, run, tmp_path):
    out = tmp_path / "a.gif"
    said = main("animate", run, "--at", "500", "--out", out)[1]
    assert said == f"1 of 3 pictures, iteration 500, in {out}\n"


def test_the_iterations_to_show_may_be_given(main, run, tmp_path):
    status, said, _ = main("animate", run, "--at", "500,30000", "--out", tmp_path / "a.gif")
    assert status == 0 and "2 of 3 pictures" in said
    assert read(tmp_path / "a.gif")[0] == [40, 200]
    status, _, err = main("animate", run, "--at", "500,700", "--out", tmp_path / "a.gif")
    assert (status, err.count("\n")) == (2, 1)
    assert "--at 700" in err and "has 500, 1000, 30000" in err


@pytest.mark.parametrize(("name", "content"), [("000700.png", b"no picture"), ("000700.png", b"")])
def test_a_damaged_picture_is_named(main, run, tmp_path, name, content):
    (run / "samples" / name).write_bytes(content)
    status, _, err = main("animate", run, "--out", tmp_path / "a.gif")
    assert (status, err.count("\n")) == (2, 1)
    assert f"{name} is not a picture that a run draws" in err
    assert not (tmp_path / "a.gif").exists()


def test_pictures_of_two_sizes_are_refused(main, run, tmp_path):
    draw(run, {700: 0}, size=(50, 50))
    status, _, err = main("animate", run, "--out", tmp_path / "a.gif")
    assert status == 2
    assert "000700.png has another size" in err


def test_a_full_disk_is_one_line_and_leaves_nothing(main, run, tmp_path, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("keras_gans.files.sync", full)
    out = tmp_path / "out" / "a.gif"
    status, _, err = main("animate", run, "--out", out)
    assert status == 1
    assert err == f"keras-gans animate: cannot write {out}: No space left on device\n"
    assert files(tmp_path / "out") == []

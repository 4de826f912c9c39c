"""Animations: every frame in its place for its time, colours kept, files whole."""

import errno

import numpy as np
import pytest
from PIL import Image, ImageChops

from keras_gans import pictures
from keras_gans.pictures import animations

SUFFIXES = list(animations.FORMATS)


@pytest.fixture
def grey():
    """Seven grey frames of noise."""
    images = np.random.default_rng(0).integers(0, 256, (7, 20, 30, 1), "uint8")
    return [pictures.single(image) for image in images]


def read(path):
    """The frames of an animation, their times in milliseconds, and how often it is repeated."""
    with Image.open(path) as file:
        frames, times = [], []
        for number in range(file.n_frames):
            file.seek(number)
            file.load()
            frames.append(np.asarray(file.convert("RGB")))
            times.append(file.info["duration"])
        return np.stack(frames), times, file.info["loop"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_grey_frame_is_there_to_the_last_bit(tmp_path, grey, suffix):
    animations.save(grey, tmp_path / f"a{suffix}", 80, last=2000)
    frames, times, loop = read(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(frames, [np.asarray(frame.convert("RGB")) for frame in grey])
    assert times == [80] * 6 + [2000]
    assert loop == 0  # without end
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_single_frame_is_an_animation(tmp_path, grey, suffix):
    animations.save(grey[:1], tmp_path / f"a{suffix}", 80)
    with Image.open(tmp_path / f"a{suffix}") as file:
        np.testing.assert_array_equal(
            np.asarray(file.convert("RGB")), np.asarray(grey[0].convert("RGB"))
        )


def test_a_gif_keeps_colours_within_a_few_steps(tmp_path):
    ramp = np.linspace(0, 255, 64).astype("uint8")
    red, blue = np.meshgrid(ramp, ramp)
    images = [np.stack([red, np.full_like(red, green), blue], axis=-1) for green in (60, 80, 100)]
    animations.save([pictures.single(image) for image in images], tmp_path / "a.gif", 80)
    error = read(tmp_path / "a.gif")[0].astype(float) - images
    assert np.sqrt((error**2).mean()) < 16
    frames = [pictures.single(image) for image in images]
    animations.save(frames, tmp_path / "a.webp", 80)
    np.testing.assert_array_equal(read(tmp_path / "a.webp")[0], images)


def test_frames_of_a_gif_share_their_colours(tmp_path):
    """A palette of its own for each frame would make what stands still flicker."""
    still = np.random.default_rng(0).integers(0, 256, (32, 32, 3), "uint8")
    moving = np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3), "uint8")
    frames = [pictures.single(np.hstack([still, image])) for image in moving]
    animations.save(frames, tmp_path / "a.gif", 80)
    found = read(tmp_path / "a.gif")[0][:, :, :32]
    assert all((frame == found[0]).all() for frame in found)


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_caption_stands_above_the_picture(mode):
    picture = Image.new("RGB", (400, 50), "navy").convert(mode)
    found = animations.captioned(picture, "akel2022 3, seed 0", "iteration 1,000")
    assert found.size == (400, 76)
    assert found.mode == ("L" if mode == "L" else "RGB")
    below = found.crop((0, 26, 400, 76)).convert("RGB")
    assert not ImageChops.difference(below, picture.convert("RGB")).getbbox()
    strip = np.asarray(found.convert("L"))[:26]
    assert strip[:, :150].min() < 180 and strip[:, -120:].min() < 50
    assert (strip[:, [*range(5), *range(-5, 0)]] == 255).all()


def test_the_right_text_has_its_place_and_the_left_one_is_cut():
    picture = Image.new("L", (200, 10))
    alone = np.asarray(animations.captioned(picture, "", "iteration 1,000"))
    long = np.asarray(animations.captioned(picture, "akel2022 3, seed 0: " * 9, "iteration 1,000"))
    different = np.nonzero((alone != long).any(axis=0))[0]
    assert 5 < different.min() < 10 and 40 < different.max() < 75
    narrow = animations.captioned(Image.new("L", (60, 10)), "akel2022 3", "iteration 1,000")
    assert narrow.size == (60, 36)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_strip_has_every_frame_in_its_place_below_a_heading(mode, grey):
    frames = [frame.convert(mode) for frame in grey]
    found = animations.strip(frames, "akel2022 3, seed 0")
    assert (found.size, found.mode) == ((7 * 38 - 8, 46), mode)
    for number, frame in enumerate(frames):
        box = (38 * number, 26, 38 * number + 30, 46)
        assert not ImageChops.difference(found.crop(box), frame).getbbox()
        between = np.asarray(found.convert("L"))[26:, 38 * number + 30 : 38 * (number + 1)]
        assert (between == 255).all()
    assert np.asarray(found.convert("L"))[:26].min() < 180


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_earlier_file(tmp_path, grey, suffix, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"the earlier file")
    monkeypatch.setattr("keras_gans.files.sync", full)
    with pytest.raises(OSError, match="No space"):
        animations.save(grey, path, 80)
    assert path.read_bytes() == b"the earlier file"
    assert [found.name for found in tmp_path.iterdir()] == [path.name]

"""Faces: selection, order and size; and the real detector on real images."""

import errno
import io
import os
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from keras_gans.datasets import load
from keras_gans.datasets.celeba import prepare
from keras_gans.errors import UsageError


class Detector:
    """Returns the given boxes, image after image; the second face of an image is never used."""

    def __init__(self, *boxes):
        self.boxes = list(boxes)
        self.seen = []

    def detect_faces(self, image):
        self.seen.append(image)
        box = self.boxes[(len(self.seen) - 1) % len(self.boxes)]
        return [] if box is None else [{"box": box}, {"box": [0, 0, 1, 1]}]


@pytest.fixture
def photographs(rng):
    return rng.integers(0, 256, (5, 30, 24, 3), np.uint8)


@pytest.fixture
def source(tmp_path, photographs, encoded):
    folder = tmp_path / "aligned"
    folder.mkdir()
    for index in (3, 0, 4, 1, 2):  # written in another order than that of the names
        (folder / f"00{index}.png").write_bytes(encoded(photographs[index]))
    return folder


def resized(pixels, size):
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))


def test_crops(tmp_path, source, photographs):
    out, steps = tmp_path / "data" / "celeba.npz", []
    detector = Detector([2, 3, 10, 12], None, [-4, -5, 20, 20], [14, 20, 30, 30], [24, 0, 5, 5])
    assert prepare(
        source, out, size=8, detector=detector, progress=lambda *step: steps.append(step)
    ) == (3, 2)
    with np.load(out) as file:
        assert file["names"].tolist() == ["000.png", "002.png", "003.png"]
    data = load({"name": "celeba", "size": 8}, out.parent)
    assert data.shape == (8, 8, 3) and data.source == "celeba.npz"
    assert np.array_equal(data.values[0], resized(photographs[0, 3:15, 2:12], 8))
    assert np.array_equal(data.values[1], resized(photographs[2, :15, :16], 8))  # clipped
    assert np.array_equal(data.values[2], resized(photographs[3, 20:, 14:], 8))
    assert steps == [(done, 5) for done in (1, 2, 3, 4, 5)]
    assert [path.name for path in out.parent.iterdir()] == ["celeba.npz"]
    assert all(
        np.array_equal(seen, photograph)
        for seen, photograph in zip(detector.seen, photographs, strict=True)
    )


def test_no_more_faces_than_the_count(tmp_path, source):
    steps = []
    detector = Detector(None, [0, 0, 9, 9])
    assert prepare(
        source, tmp_path / "a.npz", 8, 2, detector, lambda *step: steps.append(step)
    ) == (2, 2)
    assert len(detector.seen) == 4 and steps == [(1, 3), (2, 3), (3, 4), (4, 4)]


def test_the_same_bytes_every_time(tmp_path, source):
    for name in ("a.npz", "b.npz"):
        prepare(source, tmp_path / name, 8, detector=Detector([0, 0, 9, 9]))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_grey_photographs_become_rgb(tmp_path, encoded, rng):
    (tmp_path / "a.png").write_bytes(encoded(rng.integers(0, 256, (9, 9), np.uint8)))
    prepare(tmp_path, tmp_path / "out.npz", 8, detector=Detector([0, 0, 9, 9]))
    assert load(tmp_path / "out.npz").shape == (8, 8, 3)


def test_from_tensorflow_datasets(prepared, tmp_path, photographs, encoded):
    prepared(
        tmp_path,
        "celeb_a",
        {
            "train": {
                f"00{index}.jpg": {"image": encoded(image, "JPEG")}
                for index, image in enumerate(photographs)
            }
        },
    )
    for name in ("celeba.npz", "again.npz"):
        kept = prepare("tfds", tmp_path / name, 8, 4, Detector([0, 0, 24, 30]))
        assert kept == (4, 0)
    assert (tmp_path / "celeba.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    expected = [
        resized(Image.open(io.BytesIO(encoded(image, "JPEG"))), 8).tobytes()
        for image in photographs
    ]
    faces = [face.tobytes() for face in load({"name": "celeba", "size": 8}, tmp_path).values]
    assert len(set(faces)) == 4 and set(faces) <= set(expected)  # decoded as files are
    with np.load(tmp_path / "celeba.npz") as file:
        assert file["names"][0].startswith("celeb_a-train.tfrecord")


def interrupted(done, total):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("detector", "progress", "error"),
    [
        (Detector(None), None, UsageError),
        (Detector([0, 0, 9, 9]), interrupted, KeyboardInterrupt),
        (object(), None, UsageError),
    ],
)
def test_a_failure_keeps_the_old_file(tmp_path, source, detector, progress, error):
    out = tmp_path / "data" / "celeba.npz"
    prepare(source, out, 8, detector=Detector([0, 0, 9, 9]))
    before = out.read_bytes()
    with pytest.raises(error):
        prepare(source, out, 8, detector=detector, progress=progress)
    assert out.read_bytes() == before and list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_file(tmp_path, source, monkeypatch, call):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out = tmp_path / "data" / "celeba.npz"
    prepare(source, out, 8, detector=Detector([0, 0, 9, 9]))
    before = out.read_bytes()
    monkeypatch.setattr(os, call, full)
    with pytest.raises(UsageError, match=r"cannot be written \(No space left on device\)"):
        prepare(source, out, 8, detector=Detector([1, 1, 9, 9]))
    assert out.read_bytes() == before and list(out.parent.iterdir()) == [out]


def test_there_is_no_silent_alternative(tmp_path, source):
    with pytest.raises(UsageError, match="no face detector 'none'; there is mtcnn"):
        prepare(source, tmp_path / "a.npz", detector="none")


def test_without_the_detector(tmp_path, source, monkeypatch):
    monkeypatch.setitem(sys.modules, "mtcnn", None)
    with pytest.raises(UsageError, match=r"pip install mtcnn==1\.0\.0"):
        prepare(source, tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"size": 0}, "at least 1, not 0"),
        ({"count": 0}, "at least 1, not"),
        ({"source": "no/such/folder"}, "cannot be read .*give a folder or a .zip"),
        ({"detector": Detector(None)}, "no face was found in the 5 images of"),
        ({"detector": object()}, "the face in '000.png' cannot be read"),
    ],
)
def test_mistakes(tmp_path, source, change, says):
    arguments = {
        "source": source,
        "out": tmp_path / "new" / "a.npz",
        "size": 8,
        "detector": Detector([0, 0, 9, 9]),
    } | change
    with pytest.raises(UsageError, match=says) as error:
        prepare(**arguments)
    assert "\n" not in str(error.value) and not arguments["out"].exists()


def test_a_broken_photograph_is_named(tmp_path, source):
    (source / "0015.png").write_bytes(b"not a photograph")
    with pytest.raises(UsageError, match=r"'0015.png' cannot be read .*take it out"):
        prepare(source, tmp_path / "a.npz", detector=Detector([0, 0, 9, 9]))


@pytest.mark.parametrize("out", ["", "file/celeba.npz"])
def test_a_place_that_cannot_be_written(tmp_path, source, out):
    (tmp_path / "file").write_text("in the way")
    detector = Detector([0, 0, 9, 9])
    with pytest.raises(UsageError, match=r"cannot be written .*; give a file"):
        prepare(source, tmp_path / out, detector=detector)
    assert not detector.seen  # refused before the search for faces, not after it


def test_the_command_that_makes_it(tmp_path):
    command = "keras-gans prepare celeba --source FOLDER --size"
    with pytest.raises(UsageError, match=f"{command} 40"):
        load("celeba", tmp_path)
    with pytest.raises(UsageError, match=f"{command} 64"):
        load({"name": "celeba", "size": 64}, tmp_path)


def test_faces_of_another_size_are_refused(tmp_path):
    np.savez(tmp_path / "celeba.npz", images=np.full((2, 64, 64, 3), 7, np.uint8))
    assert load({"name": "celeba", "size": 64}, tmp_path).shape == (64, 64, 3)
    for name in ("celeba", {"name": "celeba", "size": 32}):
        with pytest.raises(UsageError, match=r"64x64.* (40x40|32x32);.*--dataset") as error:
            load(name, tmp_path)
        assert "\n" not in str(error.value)


def test_the_real_detector(tmp_path, real):
    """Faces of real images are bit for bit those of the celeba.npz made from all of them."""
    pytest.importorskip("mtcnn")
    raw, whole = real("celeba_raw_sample"), real("celeba_40.zip")
    assert prepare(raw, tmp_path / "celeba.npz", count=5) == (5, 0)
    with np.load(tmp_path / "celeba.npz") as file, zipfile.ZipFile(whole) as crops:
        for name, face in zip(file["names"], file["images"], strict=True):
            crop = crops.read(str(name).replace(".jpg", ".webp"))
            assert np.array_equal(face, Image.open(io.BytesIO(crop)).convert("RGB"))

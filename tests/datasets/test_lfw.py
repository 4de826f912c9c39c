"""LFWcrop: the file, and the crops made from LFW."""

import numpy as np
import pytest
from PIL import Image

from keras_gans.datasets import lfw, load
from keras_gans.errors import UsageError


def test_the_real_one(real):
    data = load("lfw", real("lfw.npz").parent)
    assert data.values.shape == (13233, 64, 64, 3) and data.labels is None


def test_crops_are_the_published_region(prepared, tmp_path, encoded, rng):
    """Only pixels from (83,92) to (166,175), both included, reach the crop."""
    photograph = rng.integers(0, 256, (250, 250, 3), np.uint8)
    marked = np.full_like(photograph, 255)
    marked[92:176, 83:167] = photograph[92:176, 83:167]
    prepared(
        tmp_path,
        "lfw",
        {
            "train": {
                "a/a_0001.jpg": {"image": encoded(photograph)},
                "b/b_0001.jpg": {"image": encoded(marked)},
            }
        },
    )
    data = load("lfw", tmp_path)
    assert data.values.shape == (2, 64, 64, 3) and data.labels is None
    assert data.source == "tensorflow-datasets lfw 0.1.1, cropped as LFWcrop"
    assert np.array_equal(data.values[0], data.values[1])
    region = Image.fromarray(np.ascontiguousarray(photograph[92:176, 83:167]))
    assert np.array_equal(data.values[0], region.resize((64, 64), Image.Resampling.BILINEAR))


def test_the_size_is_that_of_the_crops(prepared, tmp_path, encoded, rng):
    photograph = rng.integers(0, 256, (250, 250, 3), np.uint8)
    prepared(tmp_path, "lfw", {"train": {"a/a_0001.jpg": {"image": encoded(photograph)}}})
    assert load({"name": "lfw", "size": 32}, tmp_path).shape == (32, 32, 3)
    np.savez(tmp_path / "lfw.npz", images=photograph[None, :32, :32])
    assert load({"name": "lfw", "size": 32}, tmp_path).source == "lfw.npz"
    with pytest.raises(UsageError, match=r"32x32.* 64x64;.*--dataset"):
        load("lfw", tmp_path)


def test_one_channel_is_the_luminance(prepared, tmp_path, encoded, rng):
    photograph = rng.integers(0, 256, (250, 250, 3), np.uint8)
    prepared(tmp_path, "lfw", {"train": {"a/a_0001.jpg": {"image": encoded(photograph)}}})
    grey = {"name": "lfw", "channels": 1, "size": 84}  # the size of the region: nothing is scaled
    crops, colour = (load(part, tmp_path).values for part in (grey, {"name": "lfw", "size": 84}))
    assert crops.shape == (1, 84, 84, 1)
    luminance = colour @ np.array([0.299, 0.587, 0.114])
    assert np.abs(crops[..., 0] - luminance).max() <= 0.51
    np.savez(tmp_path / "lfw.npz", images=crops)
    with pytest.raises(UsageError, match=r"have 1 channels, and the row is about 3;.*--dataset"):
        load({"name": "lfw", "channels": 3, "size": 84}, tmp_path)
    np.savez(tmp_path / "lfw.npz", images=colour)
    data = load(grey, tmp_path)
    assert np.array_equal(data.values, crops)
    assert "as luminance" in data.summary and "grey" in data.summary
    np.savez(tmp_path / "lfw.npz", images=crops)
    assert np.array_equal(load(grey, tmp_path).values, crops)


def test_without_a_network(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow_datasets")
    monkeypatch.setattr(lfw, "URL", "https://nowhere.invalid")
    with pytest.raises(UsageError, match=r"put lfw.npz into .*or try again") as error:
        load("lfw", tmp_path)
    assert "\n" not in str(error.value)

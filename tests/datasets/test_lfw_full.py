"""Whole photographs of LFW: from tensorflow-datasets, or a file."""

import numpy as np
import pytest
from PIL import Image

from keras_gans.datasets import lfw, load
from keras_gans.errors import UsageError


def test_photographs_are_scaled_whole(prepared, tmp_path, encoded, rng):
    photograph = rng.integers(0, 256, (250, 250, 3), np.uint8)
    prepared(tmp_path, "lfw", {"train": {"a/a_0001.jpg": {"image": encoded(photograph)}}})
    data = load("lfw_full", tmp_path)
    assert data.source == "tensorflow-datasets lfw 0.1.1, whole photographs"
    expected = Image.fromarray(photograph).resize((64, 64), Image.Resampling.BILINEAR)
    assert np.array_equal(data.values[0], expected)
    grey = load({"name": "lfw_full", "size": 250, "channels": 1}, tmp_path)
    assert np.array_equal(grey.values[0, ..., 0], Image.fromarray(photograph).convert("L"))


def test_the_files_of_the_two_data_sets_are_not_mixed_up(tmp_path, monkeypatch, rng):
    pytest.importorskip("tensorflow_datasets")
    monkeypatch.setattr(lfw, "URL", "https://nowhere.invalid")
    images = rng.integers(0, 256, (3, 64, 64, 3), np.uint8)
    np.savez(tmp_path / "lfw.npz", images=images)
    with pytest.raises(UsageError, match=r"put lfw_full.npz into .*uint8 \(n, 64, 64, 3\), or try"):
        load("lfw_full", tmp_path)
    np.savez(tmp_path / "lfw_full.npz", images=images[:2])
    assert len(load("lfw_full", tmp_path)) == 2

"""Extractors: batches, logits and refusals."""

import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.metrics import features
from keras_gans.metrics.features import archive, inception

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (30, 28, 28, 1)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (5, 40, 40, 3)).astype(np.uint8)


def test_a_file_without_classes_still_gives_features(random_folder, tmp_path):
    with np.load(random_folder / inception.FILE) as arrays:
        kept = {key: arrays[key] for key in arrays.files if not key.startswith("softmax")}
    archive.write_arrays(tmp_path / inception.FILE, kept)
    extractor = features.get("inception2048_75px", tmp_path)
    extractor._batch_size = 5
    found = extractor(COLOUR)
    assert found.shape == (5, 2048)
    assert extractor.classes is None
    for call in (extractor.check_classes, lambda: extractor.logits(found)):
        with pytest.raises(features.WeightsMissing, match=r"no softmax/kernel.*weights inception"):
            call()
    archive.write_arrays(
        tmp_path / inception.FILE, {**kept, "softmax/kernel": np.zeros((2048, 1000), np.float32)}
    )
    with pytest.raises(UsageError, match="softmax/kernel"):
        features.get("inception2048_75px", tmp_path)


def test_extractors_without_logits(random_folder):
    extractor = features.get("inception192_75px", random_folder)
    assert extractor.classes is None
    for call in (extractor.check_classes, lambda: extractor.logits(np.zeros((1, 192), "f4"))):
        with pytest.raises(UsageError, match=r"inception192_75px has no .* lenet, inception2048, "):
            call()
    extractor = features.get("lenet", ".")
    for wrong in (np.zeros((2, 83)), np.zeros(84)):
        with pytest.raises(UsageError, match=r"features \(n, 84\); these are \("):
            extractor.logits(wrong)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 24])
def test_the_batch_size_does_not_matter(n):
    extractor = features.get("lenet", ".")
    expected = extractor(GREY)[:n]
    extractor._batch_size = 8
    np.testing.assert_allclose(extractor(GREY[:n]), expected, rtol=1e-5, atol=1e-5)


def test_no_images_give_no_features():
    assert features.get("lenet", ".")(GREY[:0]).shape == (0, 84)


def test_progress():
    extractor, calls = features.get("lenet", "."), []
    extractor._batch_size = 12
    extractor(GREY, progress=lambda *call: calls.append(call))
    assert calls == [(12, 30), (24, 30), (30, 30)]


@pytest.mark.parametrize(
    "images",
    [GREY / np.float32(255), GREY.astype(np.int64), GREY[0], GREY[..., 0]],
    ids=["float", "int64", "one image", "no channels"],
)
def test_only_uint8_images_are_accepted(images):
    with pytest.raises(UsageError, match="uint8 images"):
        features.get("lenet", ".")(images)


def test_the_features_of_points_are_their_values():
    points, calls = RNG.normal(size=(30, 2)).astype("f4"), []
    extractor = features.get("values", "nowhere")
    assert (extractor.name, extractor.weights_hash, extractor.classes) == ("values", "", None)
    assert np.array_equal(extractor(points, lambda *call: calls.append(call)), points)
    assert calls == [(30, 30)]
    for call in (extractor.check_classes, lambda: extractor.logits(points)):
        with pytest.raises(UsageError, match="values has no classes; lenet, inception2048"):
            call()
    pixels = features.get("pixels", "nowhere")
    assert np.array_equal(pixels(GREY), GREY.reshape(len(GREY), -1)) and pixels.name == "pixels"
    for wrong in (points.astype("f8"), GREY, points[0]):
        with pytest.raises(UsageError, match="points are float32"):
            extractor(wrong)

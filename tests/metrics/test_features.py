import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from keras import ops

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics import archive, features, imagenet, inception, lenet
from keras_gans.metrics.fid import fid

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (30, 28, 28, 1)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (5, 40, 40, 3)).astype(np.uint8)


def test_names_need_no_framework():
    script = (
        "import sys; from keras_gans.metrics import features, fid, cache; "
        "print(*features.names()); "
        "sys.exit(any(m in sys.modules for m in ('keras', 'tensorflow', 'jax', 'torch')))"
    )
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stdout.split() == features.names()


def test_the_names():
    taps = [f"inception{tap}" for tap in inception.TAPS]
    theirs = [f"imagenet{tap}{end}" for end in ("", "_signed", "_unit") for tap in (768, 2048)]
    suffixes = "", "_75px", "_pytorch-fid"
    ours = [f"{tap}{suffix}" for suffix in suffixes for tap in taps]
    assert features.names() == ["lenet", *ours, *theirs]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((28, 28, 1), "lenet"),
        ((28, 28, 3), "inception768_75px"),
        ((64, 64, 3), "inception768_75px"),
        ((32, 32, 1), "inception768_75px"),
        ((28, 28, 2), None),
        ((28, 28, 4), None),
    ],
)
def test_the_default_suits_the_images(shape, expected):
    assert features.default_name(shape) == expected
    assert expected is None or expected in features.names()


def test_an_unknown_name(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'inception2048'"):
        features.get("inception2084", tmp_path)


def test_weights_that_are_missing_can_be_told_from_other_errors(tmp_path):
    with pytest.raises(features.WeightsMissing, match=r"inception_2015_12_05\.npz"):
        features.get("inception768_75px", tmp_path)
    assert issubclass(features.WeightsMissing, UsageError)


def test_lenet(tmp_path):
    extractor = features.get("lenet", tmp_path)
    assert extractor.name == "lenet"
    assert extractor.dimension == 84
    assert extractor.weights_hash == sha256(lenet.PACKAGED)
    found = extractor(GREY)
    assert found.shape == (30, 84)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, lenet.load().predict_on_batch(GREY)[0], rtol=1e-5, atol=1e-5)


def test_lenet_tells_digits_from_noise(mnist, tmp_path):
    images = mnist[0]
    extractor = features.get("lenet", tmp_path)
    noise = np.clip(images[:2000] + RNG.normal(0, 60, (2000, 28, 28, 1)), 0, 255).astype(np.uint8)
    first, second, noisy = map(extractor, (images[:2000], images[5000:7000], noise))
    assert 0 < 3 * fid(first, second) < fid(first, noisy)


def test_inception(random_folder):
    extractor = features.get("inception192_75px", random_folder)
    assert (extractor.name, extractor.dimension) == ("inception192_75px", 192)
    assert extractor.weights_hash == sha256(random_folder / inception.FILE)
    network, _ = inception.load(192, 75, random_folder)
    expected = network.predict_on_batch(inception.prepare(COLOUR, 75))
    np.testing.assert_allclose(extractor(COLOUR), expected, rtol=1e-5, atol=1e-5)
    grey = extractor(GREY[:3])
    np.testing.assert_array_equal(grey, extractor(np.repeat(GREY[:3], 3, axis=-1)))


@pytest.mark.backends
def test_the_conventions_in_closed_form_on_every_backend():
    """Two pixels, black and white, and where each convention puts the ramp between them."""
    images = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)
    i = np.arange(299)
    for prepare, expected in (
        (partial(inception.prepare, size=299), (255 * np.clip(i * 2 / 299, 0, 1) - 128) / 128),
        (inception.prepare_as_pytorch_fid, 2 * np.clip((i + 0.5) * 2 / 299 - 0.5, 0, 1) - 1),
        (imagenet.prepare, np.where(i < 149, -1, 1)),
    ):
        found = ops.convert_to_numpy(prepare(images))
        assert found.shape == (1, 299, 299, 3)
        np.testing.assert_allclose(found[0, 7, :, 1], expected, rtol=0, atol=1e-6)


def test_pytorch_fids_convention(random_folder):
    extractor = features.get("inception64_pytorch-fid", random_folder)
    network, weights_hash = inception.load(64, 299, random_folder)
    assert (extractor.name, extractor.weights_hash) == ("inception64_pytorch-fid", weights_hash)
    expected = network.predict_on_batch(inception.prepare_as_pytorch_fid(COLOUR[:1]))
    found = extractor(COLOUR[:1])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert not np.allclose(found, features.get("inception64", random_folder)(COLOUR[:1]), 1e-3)


def test_the_logits_of_lenet():
    extractor = features.get("lenet", ".")
    assert extractor.classes == 10
    found = extractor.logits(extractor(GREY))
    assert (found.shape, found.dtype) == ((30, 10), np.float32)
    np.testing.assert_allclose(found, lenet.load().predict_on_batch(GREY)[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("suffix", ["", "_75px", "_pytorch-fid"])
def test_the_logits_of_inception_leave_out_the_bias(random_folder, suffix):
    extractor = features.get(f"inception2048{suffix}", random_folder)
    assert extractor.classes == 1008
    values = RNG.uniform(0, 1, (3, 2048)).astype(np.float32)
    with np.load(random_folder / inception.FILE) as arrays:
        assert arrays["softmax/bias"].any()
        expected = values.astype(np.float64) @ arrays["softmax/kernel"]
    found = extractor.logits(values)
    assert (found.shape, found.dtype) == ((3, 1008), np.float32)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_a_file_without_classes_still_gives_features(random_folder, tmp_path):
    with np.load(random_folder / inception.FILE) as arrays:
        kept = {key: arrays[key] for key in arrays.files if not key.startswith("softmax")}
    archive.write_arrays(tmp_path / inception.FILE, kept)
    extractor = features.get("inception2048_75px", tmp_path)
    extractor._batch_size = 5
    found = extractor(COLOUR)
    assert found.shape == (5, 2048)
    with pytest.raises(features.WeightsMissing, match=r"no softmax/kernel.*weights inception"):
        extractor.logits(found)
    archive.write_arrays(
        tmp_path / inception.FILE, {**kept, "softmax/kernel": np.zeros((2048, 1000), np.float32)}
    )
    with pytest.raises(UsageError, match="softmax/kernel"):
        features.get("inception2048_75px", tmp_path)


def test_where_there_are_no_logits(random_folder):
    extractor = features.get("inception192_75px", random_folder)
    assert extractor.classes is None
    with pytest.raises(UsageError, match=r"inception192_75px does not .* lenet, inception2048, "):
        extractor.logits(np.zeros((1, 192), np.float32))
    extractor = features.get("lenet", ".")
    for wrong in (np.zeros((2, 83)), np.zeros(84)):
        with pytest.raises(UsageError, match=r"features \[n, 84\]; these are \["):
            extractor.logits(wrong)


def test_the_published_size_is_299(random_folder):
    extractor = features.get("inception64", random_folder)
    network, _ = inception.load(64, 299, random_folder)
    expected = network.predict_on_batch(inception.prepare(COLOUR[:1], 299))
    np.testing.assert_allclose(extractor(COLOUR[:1]), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n", [1, 7, 8, 9, 24])
def test_batches_do_not_show(n):
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
def test_only_uint8_images_are_taken(images):
    with pytest.raises(UsageError, match="uint8 images"):
        features.get("lenet", ".")(images)


def test_shapes_that_a_network_does_not_take(random_folder):
    with pytest.raises(
        UsageError, match=r"28x28x1, and these are 40x40x3; there is also inception"
    ):
        features.get("lenet", ".")(COLOUR)
    with pytest.raises(UsageError, match="1 or 3 channels; these have 4"):
        features.get("inception64_75px", random_folder)(np.zeros((2, 9, 9, 4), np.uint8))

import subprocess
import sys

import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics import features
from keras_gans.metrics.features import inception, lenet, preparation
from keras_gans.metrics.fid import fid

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (30, 28, 28, 1)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (5, 40, 40, 3)).astype(np.uint8)


def test_names_need_no_framework():
    script = (
        "import sys; from keras_gans.metrics import features, fid; "
        "from keras_gans.metrics.features import cache; "
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
    assert features.names() == ["lenet", *ours, *theirs, "values", "pixels"]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((28, 28, 1), "lenet"),
        ((28, 28, 3), "inception768_75px"),
        ((64, 64, 3), "inception768_75px"),
        ((32, 32, 1), "inception768_75px"),
        ((28, 28, 2), None),
        ((28, 28, 4), None),
        ((4, 4), None),
        ((2,), "values"),
        ((1,), "values"),
    ],
)
def test_the_default_fits_the_shape(shape, expected):
    assert features.default_name(shape) == expected
    assert expected is None or expected in features.names()


def test_an_unknown_name(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'inception2048'"):
        features.get("inception2084", tmp_path)


def test_missing_weights_have_an_error_of_their_own(tmp_path):
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


def test_lenet_separates_digits_from_noise(mnist, tmp_path):
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
    expected = network.predict_on_batch(preparation.as_in_graph(COLOUR, 75))
    np.testing.assert_allclose(extractor(COLOUR), expected, rtol=1e-5, atol=1e-5)
    grey = extractor(GREY[:3])
    np.testing.assert_array_equal(grey, extractor(np.repeat(GREY[:3], 3, axis=-1)))


def test_the_convention_of_pytorch_fid(random_folder):
    extractor = features.get("inception64_pytorch-fid", random_folder)
    network, weights_hash = inception.load(64, 299, random_folder)
    assert (extractor.name, extractor.weights_hash) == ("inception64_pytorch-fid", weights_hash)
    expected = network.predict_on_batch(preparation.as_pytorch_fid(COLOUR[:1]))
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


def test_the_published_size_is_299(random_folder):
    extractor = features.get("inception64", random_folder)
    network, _ = inception.load(64, 299, random_folder)
    expected = network.predict_on_batch(preparation.as_in_graph(COLOUR[:1], 299))
    np.testing.assert_allclose(extractor(COLOUR[:1]), expected, rtol=1e-5, atol=1e-5)


def test_shapes_that_a_network_does_not_accept(random_folder):
    with pytest.raises(UsageError, match=r"28x28x1, not images of 40x40x3; use inception768_75px"):
        features.get("lenet", ".")(COLOUR)
    with pytest.raises(UsageError, match="1 or 3 channels; these have 4"):
        features.get("inception64_75px", random_folder)(np.zeros((2, 9, 9, 4), np.uint8))


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("lenett", (28, 28, 1), "did you mean 'lenet'"),
        ("lenet", (40, 40, 3), "not images of 40x40x3; use inception768_75px"),
        ("inception64", (9, 9, 4), "images of 1 or 3 channels, not images of 9x9x4$"),
        ("imagenet768", (2,), r"not points \(2,\); use values"),
        ("pixels", (2,), r"pixels takes images, not points \(2,\); use values"),
        ("values", (28, 28, 1), r"values takes points \(n, d\), not images .* use lenet"),
    ],
)
def test_a_check_needs_no_network(name, shape, message):
    with pytest.raises(UsageError, match=message):
        features.check_shape(name, shape)
    features.check_shape("lenet", (28, 28, 1))
    features.check_shape("inception64", (9, 9, 3))

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics import features
from keras_gans.metrics.features import archive, imagenet, inception, preparation

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (3, 40, 40, 3)).astype(np.uint8)
GREY = RNG.integers(0, 256, (3, 28, 28, 1)).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(keras_arrays, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imagenet")
    archive.write_arrays(folder / imagenet.FILE, keras_arrays)
    return folder


def at_the_taps(model, x):
    """{tap: features} of a model of keras.applications."""
    pooled = {
        tap: keras.layers.GlobalAveragePooling2D()(model.get_layer(name).output)
        for tap, name in ((768, "mixed7"), (2048, "mixed10"))
    }
    found = keras.Model(model.input, list(pooled.values())).predict_on_batch(x)
    return dict(zip(pooled, found, strict=True))


def check(folder, taps, model):
    x = ops.convert_to_numpy(preparation.as_keras(COLOUR))
    expected = at_the_taps(model, x)
    for tap in taps:
        network, weights_hash = imagenet.load(tap, folder)
        assert weights_hash == sha256(archive.find(folder, imagenet.FILE, "imagenet"))
        found = network.predict_on_batch(x)
        assert found.shape == (3, tap)
        assert np.ptp(found, axis=0).max() > 1e-3
        error = np.linalg.norm(found - expected[tap]) / np.linalg.norm(expected[tap])
        assert error < 1e-5


def test_random_weights_equal_keras_applications(folder, keras_model):
    check(folder, imagenet.TAPS, keras_model)


def test_keras_weights_equal_keras_applications(imagenet_folder, keras_model_of):
    with np.load(archive.find(imagenet_folder, imagenet.FILE, "imagenet")) as arrays:
        model = keras_model_of(arrays)
    check(imagenet_folder, [768], model)


def test_it_is_not_the_fid_network(folder, keras_arrays):
    """Its last block has average pooling."""
    x = preparation.as_keras(COLOUR)
    network, _ = imagenet.load(2048, folder)
    other = inception.build(2048)
    for ours, theirs in zip(
        inception.convolutions(other), inception.convolutions(network), strict=True
    ):
        ours.set_weights(theirs.get_weights())
    found, changed = network.predict_on_batch(x), other.predict_on_batch(x)
    np.testing.assert_allclose(found[:, :1856], changed[:, :1856], rtol=1e-4, atol=1e-4)
    assert np.abs(found[:, 1856:] - changed[:, 1856:]).max() > 0.01


@pytest.mark.parametrize("suffix", ["", "_signed", "_unit"])
def test_the_extractors(folder, suffix):
    name = f"imagenet768{suffix}"
    extractor = features.get(name, folder)
    assert (extractor.name, extractor.dimension, extractor.classes) == (name, 768, None)
    assert extractor.weights_hash == sha256(folder / imagenet.FILE)
    presented = {"": "0..255", "_signed": "-1..1", "_unit": "0..1"}[suffix]
    network, _ = imagenet.load(768, folder)
    extractor._batch_size = 3
    expected = network.predict_on_batch(preparation.as_keras(GREY, presented))
    np.testing.assert_allclose(extractor(GREY), expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(UsageError, match="no classes; lenet, inception2048"):
        extractor.logits(expected)
    with pytest.raises(UsageError, match="1 or 3 channels"):
        extractor(np.zeros((1, 9, 9, 2), np.uint8))


def test_a_file_that_ends_early(keras_arrays, tmp_path):
    archive.write_arrays(
        tmp_path / "inception_v3_imagenet_to_mixed7.npz",
        {key: array for key, array in keras_arrays.items() if key < "70"},
    )
    assert imagenet.load(768, tmp_path)[0].output.shape == (None, 768)
    with pytest.raises(archive.WeightsMissing, match="no weights for imagenet2048"):
        imagenet.load(2048, tmp_path)
    with pytest.raises(archive.WeightsMissing, match="keras-gans weights imagenet"):
        features.get("imagenet768", tmp_path / "nowhere")


def test_wrong_weights_are_refused(keras_arrays, tmp_path):
    archive.write_arrays(tmp_path / imagenet.FILE, {**keras_arrays, "03/beta": np.zeros(80)})
    with pytest.raises(UsageError, match="03/beta: float64"):
        imagenet.load(768, tmp_path)
    negative = {"05/moving_variance": np.full(64, -1, np.float32)}
    archive.write_arrays(tmp_path / imagenet.FILE, {**keras_arrays, **negative})
    with pytest.raises(UsageError, match="negative variances in 05/moving_variance"):
        imagenet.load(768, tmp_path)

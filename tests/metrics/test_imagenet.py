import keras
import numpy as np
import pytest
from keras import ops
from scipy import ndimage

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics import archive, features, imagenet, inception

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
    x = ops.convert_to_numpy(imagenet.prepare(COLOUR))
    expected = at_the_taps(model, x)
    for tap in taps:
        network, weights_hash = imagenet.load(tap, folder)
        assert weights_hash == sha256(inception.find(folder, imagenet.FILE))
        found = network.predict_on_batch(x)
        assert found.shape == (3, tap)
        assert np.ptp(found, axis=0).max() > 1e-3
        error = np.linalg.norm(found - expected[tap]) / np.linalg.norm(expected[tap])
        assert error < 1e-5


def test_random_weights_equal_keras_applications(folder, keras_model):
    check(folder, imagenet.TAPS, keras_model)


def test_keras_weights_equal_keras_applications(imagenet_folder, keras_model_of):
    with np.load(inception.find(imagenet_folder, imagenet.FILE)) as arrays:
        model = keras_model_of(arrays)
    check(imagenet_folder, [768], model)


def test_it_is_not_the_fid_network(folder, keras_arrays):
    """Its last block pools by the average."""
    x = imagenet.prepare(COLOUR)
    network, _ = imagenet.load(2048, folder)
    other = inception.build(2048)
    for ours, theirs in zip(
        inception.convolutions(other), inception.convolutions(network), strict=True
    ):
        ours.set_weights(theirs.get_weights())
    found, changed = network.predict_on_batch(x), other.predict_on_batch(x)
    np.testing.assert_allclose(found[:, :1856], changed[:, :1856], rtol=1e-4, atol=1e-4)
    assert np.abs(found[:, 1856:] - changed[:, 1856:]).max() > 0.01


@pytest.mark.parametrize("before", [1, 3, 28, 40, 64, 178, 299, 400])
def test_nearest_takes_the_pixel_that_a_centre_lies_in(before):
    row = np.arange(before, dtype=np.float64)
    found = imagenet.nearest(row.reshape(1, 1, before, 1), (1, 299)).ravel()
    centres = (2 * np.arange(299) + 1) * before  # in 598ths of a source pixel
    inside = centres % 598 != 0
    np.testing.assert_array_equal(found[inside], (centres // 598)[inside])
    np.testing.assert_array_equal(
        found, ndimage.zoom(row, 299 / before, order=0, mode="mirror", grid_mode=True)
    )


def test_nearest_does_height_and_width_alike():
    found = imagenet.nearest(np.arange(6).reshape(1, 2, 3, 1), (4, 5))[0, ..., 0]
    np.testing.assert_array_equal(found, np.array([[0, 0, 1, 2, 2]] * 2 + [[3, 3, 4, 5, 5]] * 2))


@pytest.mark.parametrize(
    ("presented", "black", "white"),
    [("0..255", -1, 1), ("-1..1", -1 / 127.5 - 1, 1 / 127.5 - 1), ("0..1", -1, 1 / 127.5 - 1)],
)
def test_the_range_in_which_images_are_presented(presented, black, white):
    images = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)
    found = ops.convert_to_numpy(imagenet.prepare(images, presented))
    assert found.shape == (1, 299, 299, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0, :, 0], np.full((299, 3), black), rtol=0, atol=1e-7)
    np.testing.assert_allclose(found[0, :, -1], np.full((299, 3), white), rtol=0, atol=1e-7)


def test_preprocess_input_is_that_of_keras():
    x = imagenet.nearest(COLOUR.astype(np.float32), (299, 299))
    for presented, shown in (("0..255", x), ("-1..1", x / 127.5 - 1), ("0..1", x / 255)):
        expected = keras.applications.inception_v3.preprocess_input(shown.copy())
        found = ops.convert_to_numpy(imagenet.prepare(COLOUR, presented))
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-7)


@pytest.mark.parametrize("suffix", ["", "_signed", "_unit"])
def test_the_extractors(folder, suffix):
    name = f"imagenet768{suffix}"
    extractor = features.get(name, folder)
    assert (extractor.name, extractor.dimension, extractor.classes) == (name, 768, None)
    assert extractor.weights_hash == sha256(folder / imagenet.FILE)
    presented = {"": "0..255", "_signed": "-1..1", "_unit": "0..1"}[suffix]
    network, _ = imagenet.load(768, folder)
    extractor._batch_size = 3
    expected = network.predict_on_batch(imagenet.prepare(GREY, presented))
    np.testing.assert_allclose(extractor(GREY), expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(UsageError, match="classes of lenet, inception2048"):
        extractor.logits(expected)
    with pytest.raises(UsageError, match="1 or 3 channels"):
        extractor(np.zeros((1, 9, 9, 2), np.uint8))


def test_a_file_that_stops_early(keras_arrays, tmp_path):
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

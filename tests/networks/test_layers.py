"""Layers that stand for others: the same function, the same weights."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans.networks.layers import BlockwiseConv2D, UpsampledConv2D, WithoutActivation

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("kernel_size", [3, 4, 5, 6, (3, 4)])
@pytest.mark.parametrize("options", [{}, {"use_bias": False, "activation": "tanh"}])
def test_equals_upsampling_and_convolution(kernel_size, options, random):
    upsampling = keras.layers.UpSampling2D()
    convolution = keras.layers.Conv2D(4, kernel_size, padding="same", **options)
    images = random.standard_normal((2, 5, 6, 3)).astype("float32")
    expected = ops.convert_to_numpy(convolution(upsampling(images)))
    if convolution.use_bias:
        convolution.bias.assign(random.standard_normal(4))
        expected = ops.convert_to_numpy(convolution(upsampling(images)))
    found = ops.convert_to_numpy(UpsampledConv2D(convolution)(images))
    assert found.shape == (2, 10, 12, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_images_may_have_sides_of_any_length(random):
    convolution = keras.layers.Conv2D(4, 5, padding="same")
    images = random.standard_normal((2, 5, 6, 3)).astype("float32")
    expected = convolution(keras.layers.UpSampling2D()(images))
    inputs = keras.Input((None, None, 3))
    network = keras.Model(inputs, UpsampledConv2D(convolution)(inputs))
    found, expected = map(ops.convert_to_numpy, (network(images), expected))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_upsampling_fits_nothing_else():
    up, conv = keras.layers.UpSampling2D, keras.layers.Conv2D
    assert UpsampledConv2D.fits(up(), conv(4, 3, padding="same"))
    for upsampling, convolution in [
        (up(3), conv(4, 3, padding="same")),
        (up(interpolation="bilinear"), conv(4, 3, padding="same")),
        (up(), conv(4, 3)),
        (up(), conv(4, 2, padding="same")),
        (up(), conv(4, 3, strides=2, padding="same")),
        (up(), conv(4, 3, dilation_rate=2, padding="same")),
        (up(), conv(4, 3, groups=2, padding="same")),
        (up(), keras.layers.Conv2DTranspose(4, 3, padding="same")),
        (keras.layers.Flatten(), conv(4, 3, padding="same")),
        (up(), None),
    ]:
        assert not UpsampledConv2D.fits(upsampling, convolution)


@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5, (1, 4)])
@pytest.mark.parametrize("filters", [1, 2, 3, 4])
def test_equals_a_convolution_of_few_filters(kernel_size, filters, random):
    images = random.standard_normal((2, 8, 12, 3)).astype("float32")
    convolution = keras.layers.Conv2D(filters, kernel_size, padding="same", activation="tanh")
    assert BlockwiseConv2D.fits(convolution, images.shape)
    convolution.build(images.shape)
    convolution.bias.assign(random.standard_normal(filters))
    expected = ops.convert_to_numpy(convolution(images))
    found = ops.convert_to_numpy(BlockwiseConv2D(convolution)(images))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_blocks_fit_nothing_else():
    conv = keras.layers.Conv2D
    for convolution, size in [
        (conv(1, 3, padding="same"), 6),  # blocks of 4
        (conv(3, 3, padding="same"), 7),
        (conv(3, 3, padding="same"), None),
        (conv(5, 3, padding="same"), 8),
        (conv(1, 1, padding="same"), 8),
        (conv(1, 3), 8),
        (conv(1, 3, strides=2, padding="same"), 8),
        (keras.layers.Conv2DTranspose(1, 3, padding="same"), 8),
    ]:
        assert not BlockwiseConv2D.fits(convolution, (None, size, 8, 3))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (keras.layers.Dense(1, activation="sigmoid"), (3,)),
        (keras.layers.Conv2D(2, 3, activation="sigmoid"), (5, 6, 3)),
        (keras.layers.Conv1DTranspose(2, 3, activation="sigmoid", use_bias=False), (5, 3)),
    ],
)
def test_without_activation(layer, shape, random):
    inputs = random.standard_normal((4, *shape)).astype("float32")
    probability = ops.convert_to_numpy(layer(inputs))
    linear = WithoutActivation(layer)
    score = ops.convert_to_numpy(linear(inputs))
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-score)), rtol=1e-5)
    assert [id(v) for v in linear.weights] == [id(v) for v in layer.weights]
    assert layer.activation is keras.activations.sigmoid  # as it was
    assert np.array_equal(ops.convert_to_numpy(layer(inputs)), probability)


def test_layers_whose_activation_may_not_be_last():
    assert WithoutActivation.fits(keras.layers.Conv3D(1, 3))
    for layer in (keras.layers.LSTM(1), keras.layers.Flatten(), keras.layers.LeakyReLU()):
        assert not WithoutActivation.fits(layer)

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import networks
from keras_gans.layers import UpsampledConv2D

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5])
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


def test_fits_nothing_else():
    up, conv = keras.layers.UpSampling2D, keras.layers.Conv2D
    assert UpsampledConv2D.fits(up(), conv(4, 3, padding="same"))
    for upsampling, convolution in [
        (up(3), conv(4, 3, padding="same")),
        (up(interpolation="bilinear"), conv(4, 3, padding="same")),
        (up(), conv(4, 3)),
        (up(), conv(4, 3, strides=2, padding="same")),
        (up(), conv(4, 3, dilation_rate=2, padding="same")),
        (up(), conv(4, 3, groups=2, padding="same")),
        (up(), keras.layers.Conv2DTranspose(4, 3, padding="same")),
        (keras.layers.Flatten(), conv(4, 3, padding="same")),
        (up(), None),
    ]:
        assert not UpsampledConv2D.fits(upsampling, convolution)


@pytest.mark.parametrize("name", ["dcgan", "wgan"])
@pytest.mark.parametrize("training", [True, False])
def test_a_fused_generator_is_the_same_function_of_the_same_weights(name, training, random):
    generator = networks.generator(name, (16, 16, 1), 10)
    fused = networks.fuse_upsampling(generator)
    kinds = [type(layer).__name__ for layer in fused.layers]
    assert kinds.count("UpsampledConv2D") == 2
    assert "UpSampling2D" not in kinds
    assert [id(v) for v in fused.trainable_variables] == [
        id(v) for v in generator.trainable_variables
    ]
    assert {id(v) for v in fused.variables} == {id(v) for v in generator.variables}
    latents = random.standard_normal((4, 10)).astype("float32")
    start = [ops.convert_to_numpy(v) for v in generator.weights]
    one = ops.convert_to_numpy(generator(latents, training=training))
    for variable, value in zip(generator.weights, start, strict=True):
        variable.assign(value)
    two = ops.convert_to_numpy(fused(latents, training=training))
    np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


def test_networks_without_the_pair_stay_themselves():
    for name in ("vanilla", "transposed"):
        generator = networks.generator(name, (16, 16, 1), 10)
        assert networks.fuse_upsampling(generator) is generator

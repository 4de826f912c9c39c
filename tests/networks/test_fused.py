"""Batch normalization in one operation of TensorFlow: the stock layer, in less time."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans.networks.fused import FusedBatchNormalization

only_tensorflow = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="made of an operation of TensorFlow"
)


def built(**options):
    layer = layers.BatchNormalization(momentum=0.8, **options)
    layer.build((None, 4, 5, 3))
    return layer


@only_tensorflow
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("trainable", [False, True])
def test_equals_the_stock_layer(training, trainable, random):
    import tensorflow as tf

    images = tf.constant(random.normal(0.7, 2, (6, 4, 5, 3)).astype("float32"))
    weights = [random.uniform(0.5, 2, 3).astype("float32") for _ in range(4)]
    wanted = random.standard_normal(images.shape).astype("float32")
    found = []
    for wrap in (lambda layer: layer, FusedBatchNormalization):
        layer = built(trainable=trainable)
        for variable, value in zip(layer.variables, weights, strict=True):
            variable.assign(value)
        with tf.GradientTape() as tape:
            tape.watch(images)
            made = wrap(layer)(images, training=training)
            loss = tf.reduce_sum(made * wanted)
        sources = [images, layer.gamma.value, layer.beta.value]
        gradients = tape.gradient(loss, sources) if trainable else [made]
        found.append([made, *gradients, layer.moving_mean, layer.moving_variance])
    for one, two in zip(*found, strict=True):
        one, two = map(ops.convert_to_numpy, (one, two))
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5 * np.abs(one).max())


@only_tensorflow
def test_fits_stock_layers_over_the_channels_of_images():
    shape = (None, 4, 5, 3)
    assert FusedBatchNormalization.fits(built(), shape)
    for layer, other in [
        (built(scale=False), shape),
        (built(center=False), shape),
        (built(axis=1), shape),
        (built(dtype="float64"), shape),
        (built(renorm=True), shape),
        (layers.BatchNormalization(), (None, 3)),
        (layers.LayerNormalization(), shape),
    ]:
        assert not FusedBatchNormalization.fits(layer, other)


@pytest.mark.backends
def test_other_backends_keep_the_stock_layer():
    fits = FusedBatchNormalization.fits(built(), (None, 4, 5, 3))
    assert fits == (keras.config.backend() == "tensorflow")

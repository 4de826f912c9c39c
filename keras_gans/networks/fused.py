"""Layers that TensorFlow computes in one operation where `keras.ops` takes a dozen."""

import keras


class FusedBatchNormalization(keras.layers.Layer):
    """`BatchNormalization` of images on TensorFlow, in one pass forwards and one back.

    Without XLA each operation of the stock layer reads and writes the whole batch.

    Args:
        layer: The built `BatchNormalization`, which keeps its weights.
    """

    def __init__(self, layer):
        super().__init__(name=f"fused_{layer.name}", dtype=layer.dtype_policy)
        self.layer = layer
        self.built = True

    def call(self, images, training=False):
        """Maps `(n, height, width, channels)` to the same shape."""
        import tensorflow as tf

        layer = self.layer
        moving = layer.moving_mean, layer.moving_variance
        of_batch = training and layer.trainable
        given = [tf.zeros((0,))] * 2 if of_batch else [tf.convert_to_tensor(v) for v in moving]
        normalized, *statistics = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=tf.convert_to_tensor(layer.gamma),
            offset=tf.convert_to_tensor(layer.beta),
            mean=given[0],
            variance=given[1],
            epsilon=layer.epsilon,
            is_training=of_batch,
        )[:3]
        if of_batch:
            # It returns the variance of a population, n / (n - 1) of that of the sample.
            n = tf.cast(tf.size(images) // tf.shape(images)[-1], "float32")
            statistics[1] *= (n - 1) / n
            for variable, value in zip(moving, statistics, strict=True):
                variable.assign(variable * layer.momentum + value * (1 - layer.momentum))
        return normalized

    @staticmethod
    def fits(layer, shape):
        """Whether this layer can replace one that is called with a tensor of this shape."""
        return (
            keras.config.backend() == "tensorflow"
            and type(layer) is keras.layers.BatchNormalization
            and layer.compute_dtype in ("float32", "bfloat16")
            and len(shape) == 4
            and layer.axis in (-1, 3)
            and layer.scale
            and layer.center
            and not (layer.renorm or layer.synchronized)
        )

"""Layers that Keras does not have. Saved networks hold them, under the name `keras_gans>NAME`.

So Keras opens such a file only after `import keras_gans.networks.custom`, and names the layer that
it misses otherwise. `keras_gans.generators.load` opens all files of this package.
"""

import keras
from keras import initializers, layers, ops

REFERENCE = 64
"""Samples of a reference batch."""


@keras.saving.register_keras_serializable("keras_gans")
class SpectralNormalization(layers.Wrapper):
    """Divides the kernel of a layer by its largest singular value sigma.

    Miyato et al. 2018, arXiv 1802.05957, algorithm 1. The kernel is read as a matrix with one
    column for each unit or filter. One power iteration a call approximates its singular vectors,
    v = u W' / |u W'| and then u = v W / |v W|, and sigma = v W u'. A call in training keeps u for
    the next one. The gradient goes through sigma, with u and v constant, so it has no part along
    the kernel; the kernel itself stays as it is. (`keras.layers.SpectralNormalization` overwrites
    it with W / sigma, and its gradient leaves sigma out.)

    The wrapped layer is linear in its input, so this one divides the input by sigma.

    Args:
        layer: `Dense`, `Conv2D` or `Conv2DTranspose`.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, layers.Dense | layers.Conv2D | layers.Conv2DTranspose):
            raise ValueError(f"no kernel to normalize in a {type(layer).__name__}")
        super().__init__(layer, **kwargs)

    def build(self, input_shape=None):
        super().build(input_shape)
        self.u = self.add_weight(
            (1, self._matrix().shape[-1]),
            initializer=initializers.RandomNormal(stddev=1.0),
            trainable=False,
            autocast=False,
            name="u",
        )

    def call(self, inputs, training=False):
        """Calls the layer with W / sigma."""
        matrix = self._matrix()
        constant = ops.stop_gradient(matrix)
        v = ops.normalize(ops.matmul(self.u, ops.transpose(constant)), axis=-1)
        u = ops.normalize(ops.matmul(v, constant), axis=-1)
        if training:
            self.u.assign(u)
        sigma = ops.sum(ops.matmul(v, matrix) * u)
        sigma = ops.where(sigma > 0, sigma, 1.0)  # of a kernel of zeros
        return self.layer(inputs / ops.cast(sigma, inputs.dtype))

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def _matrix(self):
        """The kernel as float32 `(inputs, outputs)`."""
        kernel = self.layer.kernel
        if isinstance(self.layer, layers.Conv2DTranspose):  # (height, width, outputs, inputs)
            kernel = ops.transpose(kernel, (0, 1, 3, 2))
        return ops.cast(ops.reshape(kernel, (-1, kernel.shape[-1])), "float32")


@keras.saving.register_keras_serializable("keras_gans")
class MinibatchDiscrimination(layers.Layer):
    """Appends to the features of each sample how near they are to those of the rest of the batch.

    Salimans et al. 2016, arXiv 1606.03498, section 3.2: with M = x T of `kernels` rows of `size`
    numbers for each sample, o(x_i)_b = sum over j of exp(-|M_ib - M_jb|_1). As in the paper's
    sum, j runs over the whole batch, so i itself adds 1.

    Args:
        kernels: The paper's B, >= 1.
        size: The paper's C, numbers of each kernel, >= 1.
    """

    def __init__(self, kernels, size=5, **kwargs):
        super().__init__(**kwargs)
        self.kernels, self.size = kernels, size

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.kernels * self.size), name="kernel")

    def call(self, features):
        """Maps `(n, d)` to `(n, d + kernels)`."""
        m = ops.reshape(ops.matmul(features, self.kernel), (-1, self.kernels, self.size))
        distances = ops.sum(ops.abs(m[:, None] - m[None]), axis=-1)
        return ops.concatenate([features, ops.sum(ops.exp(-distances), axis=1)], axis=-1)

    def get_config(self):
        return {**super().get_config(), "kernels": self.kernels, "size": self.size}


class _OfReference(layers.Layer):
    """Base of the layers that know how many samples of a batch are the reference batch.

    Args:
        count: Samples of the reference batch, >= 1.
    """

    def __init__(self, count=REFERENCE, **kwargs):
        super().__init__(**kwargs)
        self.count = count

    def get_config(self):
        return {**super().get_config(), "count": self.count}


@keras.saving.register_keras_serializable("keras_gans")
class AddReference(_OfReference):
    """Puts a fixed reference batch before the batch.

    Every layer up to `DropReference` then computes both. The reference batch is a weight that is
    not trained: standard normal numbers until `set_reference` gives others.

    Args:
        count: Samples of the reference batch, >= 1.
    """

    def build(self, input_shape):
        self.reference = self.add_weight(
            (self.count, *input_shape[1:]),
            initializer=initializers.RandomNormal(stddev=1.0),
            trainable=False,
            name="reference",
        )

    def call(self, inputs):
        """Maps `(n, ...)` to `(count + n, ...)`."""
        return ops.concatenate([ops.cast(self.reference, inputs.dtype), inputs])


@keras.saving.register_keras_serializable("keras_gans")
class VirtualBatchNormalization(_OfReference):
    """Normalizes each sample by the statistics of the reference batch and of itself.

    Salimans et al. 2016, arXiv 1606.03498, section 3.5. Mean and mean square of a channel are
    those of `count` + 1 samples, the reference batch and the sample; the reference batch itself is
    normalized by its own statistics alone. So a sample never depends on the others of its batch,
    and training and inference are the same. The gradient goes through the reference batch too.

    Args:
        count: Samples of the reference batch, >= 1: the first ones that the layer is called with.
        epsilon: Added to the variance.
    """

    def __init__(self, count=REFERENCE, epsilon=1e-3, **kwargs):
        super().__init__(count, **kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        options = {"shape": input_shape[-1:], "autocast": False}
        self.gamma = self.add_weight(initializer="ones", name="gamma", **options)
        self.beta = self.add_weight(initializer="zeros", name="beta", **options)

    def call(self, inputs):
        """Maps `(count + n, ..., channels)` to the same shape."""
        x = ops.cast(inputs, "float32")
        reference, within = x[: self.count], tuple(range(1, len(x.shape) - 1))
        x = x - ops.mean(reference, axis=(0, *within))
        variance = ops.var(reference, axis=(0, *within))
        # From here on the mean of the reference batch is 0, and a sample has a share in the sums.
        is_sample = ops.arange(ops.shape(x)[0]) >= self.count
        share = ops.cast(is_sample, "float32") / (self.count + 1)
        share = ops.reshape(share, (-1, *[1] * (len(x.shape) - 1)))
        first, second = x, ops.square(x)
        if within:
            first, second = (ops.mean(m, axis=within, keepdims=True) for m in (first, second))
        mean = share * first
        variance = share * second + (1 - share) * variance - ops.square(mean)
        x = (x - mean) * ops.rsqrt(variance + self.epsilon)
        return ops.cast(x * self.gamma + self.beta, inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("keras_gans")
class DropReference(_OfReference):
    """Takes the reference batch away again.

    Args:
        count: Samples of the reference batch, >= 1.
    """

    def call(self, inputs):
        """Maps `(count + n, ...)` to `(n, ...)`."""
        return inputs[self.count :]


def set_reference(network, draw):
    """Gives a network its reference batch; does nothing where it has none.

    Args:
        network: `keras.Model`.
        draw: Function from a number of samples to a list of that many of each input of the network:
            latents of a generator or real samples of a discriminator, and labels where it takes
            them.
    """
    for layer in network.layers:
        if isinstance(layer, AddReference):
            before = keras.Model(network.inputs, layer.input)
            layer.reference.assign(before.predict_on_batch(draw(layer.count)))

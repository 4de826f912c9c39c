"""Layers that compute the same function as other layers, and share their weights.

They occur in training only, never in a saved network.
"""

import keras
import numpy as np
from keras import ops

from keras_gans.networks import custom


class UpsampledConv2D(keras.layers.Layer):
    """`UpSampling2D(2)` followed by a `Conv2D`: the same function in fewer multiplications.

    To double each pixel is to put zeros between the pixels and to add up 2 x 2 neighbours. Sums and
    convolutions commute. So the convolution comes first, as a transposed convolution of stride 2,
    which skips the zeros, and the 2 x 2 sums come last: k^2 products for each small pixel instead
    of 4 k^2.

    Args:
        convolution: The `Conv2D`, which keeps its weights: stride 1, padding "same", no dilation,
            one group, a kernel of at least 3 x 3.
    """

    def __init__(self, convolution):
        super().__init__(name=f"upsampled_{convolution.name}", dtype=convolution.dtype_policy)
        self.convolution = convolution
        self.built = True

    def call(self, images):
        """Maps `(n, height, width, channels)` to `(n, 2 height, 2 width, filters)`."""
        kernel = self.convolution.kernel
        # A transposed convolution reads its kernel in reverse. The pool averages four neighbours.
        reverse = 4 * ops.transpose(ops.flip(kernel, axis=(0, 1)), (0, 1, 3, 2))
        y = ops.conv_transpose(images, ops.cast(reverse, images.dtype), 2, padding="valid")
        y = ops.average_pool(y, 2, strides=1, padding="valid")
        start = [size // 2 - 1 for size in kernel.shape[:2]]  # where padding "same" begins
        if any(start):
            height, width = (2 * size for size in ops.shape(images)[1:3])
            shape = (ops.shape(images)[0], height, width, kernel.shape[-1])
            y = ops.slice(y, (0, *start, 0), shape)
        return _finished(y, self.convolution)

    @staticmethod
    def fits(upsampling, convolution):
        """Whether this layer can replace the two layers."""
        return (
            isinstance(upsampling, keras.layers.UpSampling2D)
            and tuple(upsampling.size) == (2, 2)
            and upsampling.interpolation == "nearest"
            and upsampling.data_format == "channels_last"
            and _is_plain(convolution)
            and min(convolution.kernel_size) >= 3
        )


class BlockwiseConv2D(keras.layers.Layer):
    """A `Conv2D` of few filters that computes a block of pixels at once, as if they were filters.

    Processors compute 16 filters in the time of one. A block of b x b pixels sees (k + b - 1)^2
    pixels of the input, so this is a convolution of stride b with kernels of that size, b^2 times
    as many filters, and zeros where a pixel of the block does not look.

    Args:
        convolution: The `Conv2D`, which keeps its weights: stride 1, padding "same", no dilation,
            one group.
    """

    def __init__(self, convolution):
        super().__init__(name=f"blockwise_{convolution.name}", dtype=convolution.dtype_policy)
        self.convolution = convolution
        self.block = _block(convolution.filters)
        self.built = True

    def call(self, images):
        """Maps `(n, height, width, channels)` to `(n, height, width, filters)`."""
        kernel, b = self.convolution.kernel, self.block
        (rows, columns), (channels, filters) = kernel.shape[:2], kernel.shape[2:]
        height, width = rows + b - 1, columns + b - 1
        # One matrix product with zeros and ones puts each weight in its b^2 places.
        places = np.einsum("art,csu->acrstu", _places(rows, b), _places(columns, b))
        wide = ops.matmul(
            ops.convert_to_tensor(places.reshape(-1, rows * columns), kernel.dtype),
            ops.reshape(kernel, (rows * columns, channels * filters)),
        )
        wide = ops.reshape(wide, (height, width, b * b, channels, filters))
        wide = ops.transpose(wide, (0, 1, 3, 2, 4))
        wide = ops.reshape(wide, (height, width, channels, b * b * filters))
        y = ops.conv(images, ops.cast(wide, images.dtype), strides=b, padding="same")
        y = ops.depth_to_space(y, b, data_format="channels_last")
        return _finished(y, self.convolution)

    @staticmethod
    def fits(convolution, shape):
        """Whether this layer can replace a convolution of images `(n, height, width, channels)`."""
        if not _is_plain(convolution) or max(convolution.kernel_size) == 1:
            return False
        block = _block(convolution.filters)
        return block > 1 and None not in shape[1:3] and not any(n % block for n in shape[1:3])


class WithoutActivation(keras.layers.Layer):
    """A layer up to its activation.

    Args:
        layer: A built layer that applies its `activation` last, such as `Dense` or `Conv2D`, also
            under spectral normalization.
    """

    def __init__(self, layer):
        super().__init__(name=f"linear_{layer.name}", dtype=layer.dtype_policy)
        self.layer = layer
        self.built = True

    def call(self, inputs):
        """Calls the layer with a linear activation."""
        layer = _within(self.layer)
        activation, layer.activation = layer.activation, keras.activations.linear
        try:
            return self.layer(inputs)
        finally:
            layer.activation = activation

    @staticmethod
    def fits(layer):
        """Whether the layer applies its `activation` last."""
        kinds, inner = keras.layers, _within(layer)
        return not isinstance(getattr(inner, "activation", None), kinds.Layer) and isinstance(
            inner,
            kinds.Dense | kinds.Conv1D | kinds.Conv2D | kinds.Conv3D | kinds.Conv1DTranspose
            | kinds.Conv2DTranspose | kinds.Conv3DTranspose,
        )  # fmt: skip


def _within(layer):
    """The layer whose kernel is normalized, or the layer itself."""
    spectral = custom.SpectralNormalization | keras.layers.SpectralNormalization
    return layer.layer if isinstance(layer, spectral) else layer


def _is_plain(convolution):
    """Whether a layer is a `Conv2D` of stride 1 that keeps the size of its images."""
    return (
        type(convolution) is keras.layers.Conv2D
        and tuple(convolution.strides) == (1, 1)
        and tuple(convolution.dilation_rate) == (1, 1)
        and convolution.padding == "same"
        and convolution.groups == 1
        and convolution.data_format == "channels_last"
    )


def _finished(y, convolution):
    """Bias and activation of a convolution."""
    if convolution.use_bias:
        y = ops.add(y, ops.cast(convolution.bias, y.dtype))
    return convolution.activation(y)


def _block(filters):
    """The block whose pixels, times the filters, make up to 16; measured on CPUs."""
    return {1: 4, 2: 2, 3: 2, 4: 2}.get(filters, 1)


def _places(size, block):
    """Zeros and ones `(size + block - 1, block, size)`: pixel p sees weight w at p + w."""
    places = np.zeros((size + block - 1, block, size), "float32")
    for pixel in range(block):
        for weight in range(size):
            places[pixel + weight, pixel, weight] = 1
    return places

"""Layers that compute the same function as other layers, and share their weights.

They occur in training only, never in a saved network.
"""

import keras
from keras import ops


class UpsampledConv2D(keras.layers.Layer):
    """`UpSampling2D(2)` followed by a `Conv2D`: the same function in fewer multiplications.

    After doubling, neighbouring pixels are equal, so a k x k convolution multiplies most of them
    more than once. It equals a transposed convolution of stride 2 whose kernel is the
    convolution's, convolved with 2 x 2 ones: (k + 1)^2 / 4 products per output pixel instead of
    k^2, that is 4 instead of 9 for k = 3 (and 9 instead of 16 for k = 4, which needs a row and a
    column of zeros to keep its place).

    Args:
        convolution: The `Conv2D`, which keeps its weights: stride 1, padding "same", no dilation,
            one group.
    """

    def __init__(self, convolution):
        super().__init__(name=f"upsampled_{convolution.name}", dtype=convolution.dtype_policy)
        self.convolution = convolution
        self.built = True

    def call(self, images):
        """Maps `(n, height, width, channels)` to `(n, 2 height, 2 width, filters)`."""
        kernel = _doubled(self.convolution.kernel)
        # A transposed convolution reads its kernel in reverse.
        kernel = ops.transpose(ops.flip(kernel, axis=(0, 1)), (0, 1, 3, 2))
        y = ops.conv_transpose(images, kernel, strides=2, padding="same")
        if self.convolution.use_bias:
            y = y + self.convolution.bias
        return self.convolution.activation(y)

    @staticmethod
    def fits(upsampling, convolution):
        """Whether this layer can replace the two layers."""
        return (
            isinstance(upsampling, keras.layers.UpSampling2D)
            and tuple(upsampling.size) == (2, 2)
            and upsampling.interpolation == "nearest"
            and type(convolution) is keras.layers.Conv2D
            and tuple(convolution.strides) == (1, 1)
            and tuple(convolution.dilation_rate) == (1, 1)
            and convolution.padding == "same"
            and convolution.groups == 1
            and {upsampling.data_format, convolution.data_format} == {"channels_last"}
        )


class WithoutActivation(keras.layers.Layer):
    """A layer up to its activation.

    Args:
        layer: A built layer that applies its `activation` last, such as `Dense` or `Conv2D`.
    """

    def __init__(self, layer):
        super().__init__(name=f"linear_{layer.name}", dtype=layer.dtype_policy)
        self.layer = layer
        self.built = True

    def call(self, inputs):
        """Calls the layer with a linear activation."""
        activation = self.layer.activation
        self.layer.activation = keras.activations.linear
        try:
            return self.layer(inputs)
        finally:
            self.layer.activation = activation

    @staticmethod
    def fits(layer):
        """Whether the layer applies its `activation` last."""
        kinds = keras.layers
        return isinstance(
            layer,
            kinds.Dense | kinds.Conv1D | kinds.Conv2D | kinds.Conv3D | kinds.Conv1DTranspose
            | kinds.Conv2DTranspose | kinds.Conv3DTranspose,
        )  # fmt: skip


def _doubled(kernel):
    """Convolves a kernel with 2 x 2 ones: `(k, k, in, out)` to `(k + 1, k + 1, in, out)`.

    For an even k, zeros come first, as many as padding "same" needs to keep the kernel's place.
    """
    height, width = (1 + (size + 1) % 2 for size in kernel.shape[:2])
    kernel = ops.pad(kernel, ((height, 1), (width, 1), (0, 0), (0, 0)))
    kernel = kernel[1:] + kernel[:-1]
    return kernel[:, 1:] + kernel[:, :-1]

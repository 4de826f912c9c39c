"""Layers that Keras lacks or that do its work with less arithmetic."""

import keras
from keras import ops


class UpsampledConv2D(keras.layers.Layer):
    """`UpSampling2D(2)` followed by a `Conv2D`: the same function in fewer multiplications.

    After doubling, neighbouring pixels are equal, so a k x k convolution multiplies most of them
    more than once. It equals a transposed convolution of stride 2 whose kernel is the
    convolution's, itself convolved with 2 x 2 ones: (k + 1)^2 / 4 products an output pixel
    instead of k^2, that is 4 instead of 9 for k = 3 (and 9 instead of 16 for k = 4, which needs a
    row and a column of zeros to keep its place).

    Args:
        convolution: The `Conv2D` to stand for, which keeps its weights: stride 1, padding "same",
            no dilation, one group.
    """

    def __init__(self, convolution):
        super().__init__(name=f"upsampled_{convolution.name}", dtype=convolution.dtype_policy)
        self.convolution = convolution
        self.built = True

    def call(self, images):
        """Maps `(n, height, width, channels)` to `(n, 2 height, 2 width, filters)`."""
        kernel = _doubled(self.convolution.kernel)
        # A transposed convolution reads its kernel the other way round.
        kernel = ops.transpose(ops.flip(kernel, axis=(0, 1)), (0, 1, 3, 2))
        y = ops.conv_transpose(images, kernel, strides=2, padding="same")
        if self.convolution.use_bias:
            y = y + self.convolution.bias
        return self.convolution.activation(y)

    @staticmethod
    def fits(upsampling, convolution):
        """Whether the two layers are a pair that this one can stand for."""
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


def _doubled(kernel):
    """A kernel convolved with 2 x 2 ones: `(k, k, in, out)` to `(k + 1, k + 1, in, out)`.

    Where k is even, zeros come first, as many as put it where "same" padding wants it.
    """
    height, width = (1 + (size + 1) % 2 for size in kernel.shape[:2])
    kernel = ops.pad(kernel, ((height, 1), (width, 1), (0, 0), (0, 0)))
    kernel = kernel[1:] + kernel[:-1]
    return kernel[:, 1:] + kernel[:, :-1]

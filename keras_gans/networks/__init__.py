"""Model builders: `networks/<name>.py` holds `generator(...)` and `discriminator(...)`.

The file's name is the name in the YAML, and the builders' keyword arguments are the options a
row may give. Networks are `keras.Sequential` models of stock Keras layers only, so that a
saved generator opens with `keras.models.load_model(path, compile=False)` and no more. They
take any image size divisible by what their strides need, any number of channels and any
latent size. Options are the columns of Akel 2022, Tables 4.4 and 4.5.
"""

import random
from importlib import import_module

import keras

from keras_gans import signatures
from keras_gans.errors import UsageError, suggestion
from keras_gans.layers import UpsampledConv2D


def names():
    """The networks there are: the files of this folder."""
    return signatures.modules("networks")


def _build(role, name, *shape, **options):
    if name not in names():
        raise UsageError(f"unknown network '{name}'{suggestion(name, names())}")
    builder = getattr(import_module(f"{__name__}.{name}"), role, None)
    if builder is None:
        raise UsageError(f"network '{name}' has no {role}")
    try:
        return builder(*shape, **options)
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(f"the {role} '{name}' cannot be built: {error}") from None


def generator(name, image_shape, latent_dim, **options):
    """Builds the generator of `networks/<name>.py`.

    Args:
        name: A name in `names()`.
        image_shape: `(height, width, channels)`.
        latent_dim: Size of the latent vector, >= 1.
        **options: The builder's own.

    Returns:
        A `keras.Sequential`: latents `(n, latent_dim)` to images `(n, *image_shape)`.

    Raises:
        UsageError: The name is unknown, the size does not divide as the network needs, or an
            option is out of range.
    """
    return _build("generator", name, image_shape, latent_dim, **options)


def discriminator(name, image_shape, **options):
    """Builds the discriminator of `networks/<name>.py`: images to scores `(n, 1)`.

    Arguments and errors are those of `generator`.
    """
    return _build("discriminator", name, image_shape, **options)


def without_sigmoid(network):
    """The network up to what goes into its final sigmoid, sharing every weight.

    Cross-entropy of this score is that of the probability without its rounding: float32
    probabilities reach exactly 1, and their logarithm stops giving a gradient, at a score of 17.

    Args:
        network: Sequential or functional model. Where it does not end in an
            `Activation("sigmoid")` it is returned as it is.

    Returns:
        A `keras.Model` over the same layers.
    """
    last = network.layers[-1]
    if isinstance(last, keras.layers.Activation) and last.activation is keras.activations.sigmoid:
        return keras.Model(network.inputs, last.input, name=network.name)
    return network


def fuse_upsampling(network):
    """The same function with every upsampled convolution computed in fewer multiplications.

    Args:
        network: Sequential model.

    Returns:
        A `keras.Model` that shares every weight, or `network` itself where there is no
        `UpSampling2D` before a `Conv2D`.
    """
    pairs = list(zip(network.layers, [*network.layers[1:], None], strict=True))
    fused = {id(conv): up for up, conv in pairs if UpsampledConv2D.fits(up, conv)}
    if not fused:
        return network
    skipped = {id(upsampling) for upsampling in fused.values()}
    inputs = x = keras.Input(network.input_shape[1:])
    for layer in network.layers:
        if id(layer) in fused:
            x = UpsampledConv2D(layer)(x)
        elif id(layer) not in skipped:
            x = layer(x)
    return keras.Model(inputs, x, name=network.name)


def divide(image_shape, by):
    """Height and width of the feature maps at 1 / `by` of the image.

    Raises:
        UsageError: `by` does not divide height and width.
    """
    height, width, _ = image_shape
    if height % by or width % by:
        raise UsageError(
            f"images of {height}x{width}: this network needs height and width divisible by {by}"
        )
    return height // by, width // by


def activation(name, alpha):
    """A new activation layer: "relu", or "leaky_relu" with the slope `alpha` below zero."""
    if name == "leaky_relu":
        return keras.layers.LeakyReLU(negative_slope=alpha)
    return keras.layers.Activation(name)


def normalization(momentum):
    """A list with one BatchNormalization of this momentum, or an empty one for None."""
    return [] if momentum is None else [keras.layers.BatchNormalization(momentum=momentum)]


def dropout(rate):
    """A Dropout layer with a seed of its own, drawn from what `keras.utils.set_random_seed` sets.

    Without one, Keras on PyTorch takes the process's global random numbers, which nobody saves.
    """
    return keras.layers.Dropout(rate, seed=random.randint(1, 10**9))


def output(last_activation):
    """A list with the final activation as a layer of its own, or an empty one for None."""
    return [] if last_activation is None else [keras.layers.Activation(last_activation)]

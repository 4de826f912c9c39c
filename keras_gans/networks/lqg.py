"""A linear generator against a quadratic discriminator: a GAN that learns principal components.

Feizi, Farnia, Ginart and Tse, "Understanding GANs: the LQG Setting", 2017, arXiv 1710.10793: for
Gaussian data the best linear generator of r latents gives the r-dimensional principal component
analysis. The paper's data have the mean 0; here the generator has a bias, which learns their mean.
"""

from math import prod

from keras import Input, Model, Sequential, layers


def generator(shape, latent_size):
    """G(z) = W z + b.

    Args:
        shape: Of one sample, any.
        latent_size: Size of the latent vector, the rank r of the samples.

    Returns:
        `keras.Sequential`; 300 parameters for points of 100 numbers and 2 latents.
    """
    return Sequential(
        [
            layers.Input((latent_size,)),
            layers.Dense(prod(shape)),
            layers.Reshape(shape),
        ],
        name="generator",
    )


def discriminator(shape):
    """D(x) = x' A x + b' x + c, a score.

    Args:
        shape: Of one sample, any.

    Returns:
        `keras.Model`; 10,101 parameters for points of 100 numbers.
    """
    values = Input(shape, name="values")
    x = layers.Flatten()(values)
    square = layers.Dot(axes=1)([x, layers.Dense(prod(shape), use_bias=False)(x)])
    return Model(values, layers.Add()([square, layers.Dense(1)(x)]), name="discriminator")

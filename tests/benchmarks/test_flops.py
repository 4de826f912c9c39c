"""Products counted by hand for the networks of the thesis."""

import flops
import pytest

from keras_gans import networks
from keras_gans.turns import Turns

DENSE_G = [100 * 256, 256 * 512, 512 * 1024, 1024 * 784]
DENSE_D = [784 * 512, 512 * 256, 256]


def pair(name, shape, **options):
    generator = networks.build(name, "generator", shape, 100)
    return generator, networks.build(name, "discriminator", shape, **options)


def test_perceptrons():
    generator, discriminator = pair("vanilla", (28, 28, 1))
    assert flops.layers(generator) == DENSE_G
    assert flops.layers(discriminator) == DENSE_D
    g, d = sum(DENSE_G), sum(DENSE_D)
    # Fakes; real and fake: forward, weights, inputs but of the first layer. Then the generator's
    # turn: both forward, inputs of the discriminator, weights and inputs of the generator.
    turn = g + 2 * (3 * d - DENSE_D[0])
    last = g + d + d + 2 * g - DENSE_G[0]
    assert flops.iteration(generator, discriminator, Turns(), 32) == 2 * 32 * (turn + last)
    shared = Turns(latents="shared", d_steps=5)
    expected = 2 * 8 * (5 * turn + last - DENSE_G[0])  # up to the first batch normalization
    assert flops.iteration(generator, discriminator, shared, 8) == expected


def test_transposed_and_strided_convolutions():
    generator, discriminator = pair("transposed", (40, 40, 3))
    taps = 16 * 128 * 128
    assert flops.layers(generator) == [
        100 * 3200,
        25 * taps,
        100 * taps,
        400 * taps,
        1600 * 25 * 128 * 3,
    ]
    taps = 25 * 128 * 128
    first = 1600 * 25 * 3 * 128
    assert flops.layers(discriminator) == [first, 400 * taps, 100 * taps, 25 * taps, 3200]
    assert 2 * sum(flops.layers(generator)) == pytest.approx(306e6, rel=0.01)
    assert 2 * sum(flops.layers(discriminator)) == pytest.approx(461e6, rel=0.01)
    assert flops.shared(generator) == sum(flops.layers(generator))  # nothing normalizes


def test_upsampled_convolutions_need_each_small_pixel_and_weight_once():
    generator, _ = pair("dcgan", (28, 28, 1))
    assert flops.layers(generator) == [
        100 * 6272,
        49 * 9 * 128 * 128,
        196 * 9 * 128 * 64,
        784 * 9 * 64,
    ]

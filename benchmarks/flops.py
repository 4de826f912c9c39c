"""Floating-point operations that an iteration needs at least: 2 for each multiplication.

Counted are the products of the layers by the direct algorithm, without Winograd's or Strassen's,
as if every tap of a kernel lay inside the image. An upsampled convolution needs each product of a
small pixel and a weight once. Optimizers, normalization and activations are left out: they move
memory and hardly compute.
"""

from math import prod

import keras


def layers(network):
    """Multiplications of each layer with weights, for one sample: list of integers."""
    found, doubled = [], 1
    for layer in network.layers:
        if isinstance(layer, keras.layers.UpSampling2D):
            doubled = prod(layer.size)
        elif isinstance(layer, keras.layers.Dense):
            found.append(prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Conv2DTranspose):
            found.append(prod(layer.kernel.shape) * prod(layer.input.shape[1:3]))
        elif isinstance(layer, keras.layers.Conv2D):
            found.append(prod(layer.kernel.shape) * prod(layer.output.shape[1:3]) // doubled)
            doubled = 1
    return found


def shared(generator):
    """Multiplications before the first layer that differs between training and inference."""
    total, kinds = 0, keras.layers.BatchNormalization | keras.layers.Dropout
    stop = next((i for i, layer in enumerate(generator.layers) if isinstance(layer, kinds)), None)
    counted = iter(layers(generator))
    for layer in generator.layers[:stop]:
        if getattr(layer, "kernel", None) is not None:
            total += next(counted)
    return total


def iteration(generator, discriminator, turns, batch_size):
    """Floating-point operations of one iteration.

    Each turn of the discriminator takes a forward pass of the generator, and of the discriminator
    a forward pass, gradients of weights and gradients of inputs on real and on fake samples. The
    generator's turn takes a forward pass of both, the discriminator's gradients of inputs, and
    both kinds of the generator's. The gradient by the inputs of a first layer is needed only where
    another network made them. With shared latents the last turn's samples, up to the first layer
    that differs, are those of the generator's turn.

    Args:
        generator: `keras.Sequential`.
        discriminator: `keras.Sequential`.
        turns: `Turns`.
        batch_size: Samples of one turn.
    """
    g, d = layers(generator), layers(discriminator)
    turn = sum(g) + 2 * (3 * sum(d) - d[0])
    last = sum(g) + 2 * sum(d) + 2 * sum(g) - g[0]
    if turns.latents == "shared":
        last -= shared(generator)
    return 2 * batch_size * (turns.d_steps * turn + last)

"""Eight steps of a small GAN that every backend has to take alike.

    KERAS_BACKEND=jax python tests/tools/parity.py       prints the losses as JSON

Same weights, same latents, no dropout. The committed losses, tests/parity.json, are those of
TensorFlow. Rounding differs between backends, and two things make whole steps of it: a ReLU at
its kink (hence the seed), and Adam, which divides a gradient that is zero but for rounding by its
size (hence gradient descent in the cases with convolutions or clipping).
"""

import json

import keras
import numpy as np
from keras import ops

from keras_gans import networks
from keras_gans.gan import GAN
from keras_gans.penalties import R1, GradientPenalty

STEPS, BATCH, SHAPE, LATENT = 8, 32, (8, 8, 1), 4
SEED = 4  # One at which no unit comes within rounding of the kink of its ReLU in these steps.


class FixedFactor(GradientPenalty):
    """The gradient penalty halfway between reals and fakes, so that nothing is drawn."""

    def __call__(self, discriminator, real, fake, seed):
        halfway = (real + fake) / 2
        return super().__call__(discriminator, halfway, halfway, seed)


FAITHFUL = {
    "update": "separate", "fakes": "inference", "latents": "shared", "batch_norm": "frozen",
}  # fmt: skip


def adam():
    return keras.optimizers.Adam(2e-4, beta_1=0.5)


def sgd():
    return keras.optimizers.SGD(1e-3)


CLIP = {"name": "clip", "limit": 0.1, "weights": "all"}
CASES = {
    "vanilla, joint": ("vanilla", "binary_crossentropy", adam, {}, {}),
    "vanilla, as the thesis": ("vanilla", "binary_crossentropy", adam, FAITHFUL, {}),
    "lsgan": ("lsgan", "mse", adam, {"latents": "shared"}, {}),
    "dcgan, as the thesis": ("dcgan", "binary_crossentropy", sgd, FAITHFUL, {}),
    "wgan, clipped": ("wgan", "wasserstein", sgd, {**FAITHFUL, "d_steps": 2}, {"constraint": CLIP}),
    "gradient penalty": (
        "lsgan", "wasserstein", adam, {"d_steps": 2}, {"penalty": FixedFactor(10)},
    ),
    "R1": ("vanilla", "binary_crossentropy", adam, {}, {"penalty": R1(1.0)}),
}  # fmt: skip


def run(network, loss, optimizer, turns, parts):
    """Losses of each step, by name."""
    random = np.random.default_rng(SEED)
    options = {} if network in ("vanilla", "lsgan") else {"dropout": 0.0}
    generator = networks.build(network, "generator", SHAPE, LATENT)
    discriminator = networks.build(network, "discriminator", SHAPE, last_activation=None, **options)
    for model in (generator, discriminator):
        for v in model.trainable_weights:
            if len(v.shape) > 1:
                # Scaled so that signals keep their size: batch normalization of nearly equal
                # numbers would blow up their rounding.
                scale = np.sqrt(2 / np.prod(v.shape[:-1]))
                v.assign((scale * random.standard_normal(v.shape)).astype("float32"))
    gan = GAN(generator, discriminator)
    gan.compile(
        loss=loss,
        d_optimizer=optimizer(),
        g_optimizer=optimizer(),
        turns=turns,
        jit_compile=keras.config.backend() == "jax",
        **parts,
    )
    latents = random.standard_normal((BATCH, LATENT)).astype("float32")
    gan.draw_latents = lambda n: ops.convert_to_tensor(latents)
    samples = gan.turns.samples(BATCH)
    reals = np.tanh(random.standard_normal((STEPS, samples, *SHAPE))).astype("float32")
    found = {}
    for real in reals:
        history = gan.fit(real, batch_size=len(real), shuffle=False, verbose=0).history
        for name in ("d_loss", "d_loss_fake", "d_loss_real", "g_loss"):
            found.setdefault(name, []).append(history[name][0])
    return found


if __name__ == "__main__":
    print(json.dumps({name: run(*case) for name, case in CASES.items()}, indent=1))

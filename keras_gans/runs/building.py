"""From the words of a row to objects: data, networks, and the compiled GAN."""

import keras

from keras_gans import latents, networks
from keras_gans.gan import GAN
from keras_gans.runs import pace


def build(experiment, data, seed):
    """The GAN of a row, compiled.

    Args:
        experiment: `rows.Experiment`.
        data: `datasets.Source` of the experiment.
        seed: The run's seed. It is set for the whole process: weights are drawn from it.

    Returns:
        `GAN`.

    Raises:
        UsageError: A network cannot be built for these data.
    """
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    drawn = latents.get(experiment.latents)
    generator = networks.build(
        experiment.generator, "generator", data.shape, drawn.size, data.classes
    )
    discriminator = networks.build(
        experiment.discriminator, "discriminator", data.shape, classes=data.classes
    )
    gan = GAN(generator, discriminator, drawn, data.scale, seed)
    convolutional = pace.is_convolutional(generator, discriminator)
    gan.compile(
        loss=experiment.loss,
        optimizer=experiment.optimizer,
        d_optimizer=experiment.d_optimizer,
        g_optimizer=experiment.g_optimizer,
        turns=experiment.turns,
        penalty=experiment.penalty,
        constraint=experiment.constraint,
        average=experiment.average,
        precision=None if experiment.precision == "float32" else experiment.precision,
        jit_compile=pace.jit_compile(convolutional),
        steps_per_execution=pace.steps_per_execution(experiment, convolutional),
    )
    return gan

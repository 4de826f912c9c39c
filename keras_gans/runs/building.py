"""From the words of a row to objects: data, networks, and the compiled GAN."""

import keras
import numpy as np

from keras_gans import latents, networks
from keras_gans.datasets import scaling
from keras_gans.errors import UsageError
from keras_gans.gan import GAN
from keras_gans.generators import own
from keras_gans.networks import pairs
from keras_gans.networks.custom import set_reference
from keras_gans.runs import pace


def build(experiment, data, seed, devices=1):
    """The GAN of a row, compiled.

    Args:
        experiment: `rows.Experiment`.
        data: `datasets.Source` of the experiment; standardized where the row says so.
        seed: The run's seed. It is set for the whole process: weights are drawn from it.
        devices: Devices that share each batch, with JAX. They too are set for the whole process.

    Returns:
        `GAN`.

    Raises:
        UsageError: A network cannot be built or saved for these data, or the devices cannot share
            a batch.
    """
    drawn = latents.get(experiment.latents)
    own.check_size(data.shape, drawn.size, data.classes if experiment.conditional else None)
    keras.utils.clear_session()
    if devices > 1:
        keras.distribution.set_distribution(_data_parallel(devices, experiment.batch_size))
    keras.utils.set_random_seed(seed)
    generator = networks.build(
        experiment.generator, "generator", data.shape, drawn.size, data.classes
    )
    discriminator = networks.build(
        experiment.discriminator, "discriminator", data.shape, classes=data.classes
    )
    data = scaling.matched(data, pairs.bounds(generator))
    gan = GAN(generator, discriminator, drawn, data.scale, seed)
    _set_references(gan, data, seed)
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
        augment=experiment.augment,
        precision=None if experiment.precision == "float32" else experiment.precision,
        accuracy=experiment.accuracy,
        jit_compile=pace.jit_compile(experiment, convolutional),
        steps_per_execution=pace.steps_per_execution(experiment, convolutional),
    )
    return gan


def _set_references(gan, data, seed):
    """Reference batches of virtual batch normalization: latents and real samples of the seed."""

    def of_latents(n):
        return of(gan.latents.sample(n, [seed, 2]), lambda: np.arange(n) % data.classes)

    def of_reals(n):
        random = np.random.Generator(np.random.Philox([seed, 2]))
        places = random.choice(len(data), n, replace=len(data) < n)
        return of(data.scale.to_network(data.values[places]), lambda: data.labels[places])

    def of(values, labels):
        return [values, labels().astype("int32")] if gan.conditional else [values]

    set_reference(gan.generator, of_latents)
    set_reference(gan.discriminator, of_reals)


def _data_parallel(devices, batch_size):
    if keras.config.backend() != "jax":
        raise UsageError(
            f"--devices {devices}: devices share a batch with JAX only; set KERAS_BACKEND=jax"
        )
    found = keras.distribution.list_devices()
    if devices > len(found):
        raise UsageError(f"--devices {devices}: JAX finds {len(found)} here: {', '.join(found)}")
    if batch_size % devices:
        raise UsageError(
            f"--devices {devices}: a batch of {batch_size} cannot be shared evenly; give a divisor "
            "of it, or another size with --set batch_size=N"
        )
    return keras.distribution.DataParallel(devices=found[:devices], auto_shard_dataset=False)

"""What all ways of training are given: a row's rules, its networks, and random pixels."""

import os
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@dataclass(frozen=True)
class Setting:
    """A row of akel2022 with changes.

    Attributes:
        experiment: `rows.Experiment`.
        data: `datasets.Source` of random pixels, of the row's shape.
        networks: Function that builds (generator, discriminator), equal weights each time.
    """

    experiment: object
    data: object

    def networks(self):
        """New networks (generator, discriminator) with weights of seed 0."""
        import keras

        from keras_gans import networks

        keras.utils.set_random_seed(0)
        e = self.experiment
        generator = networks.build(
            e.generator, "generator", self.data.shape, e.latents.options["size"]
        )
        return generator, networks.build(e.discriminator, "discriminator", self.data.shape)


def setting(number, changed=None, size=None):
    """A `Setting`.

    Args:
        number: Of the row.
        changed: Dict of changes to the row.
        size: Height and width of the images, instead of those of the row.
    """
    import numpy as np

    from keras_gans.datasets import Images
    from keras_gans.rows import read_table

    experiment = read_table("akel2022").experiment(number, changed or {})
    count, side, channels = (
        (60_000, 28, 1) if experiment.dataset.name == "mnist" else (10_000, 40, 3)
    )
    shape = (count, size or side, size or side, channels)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")
    return Setting(experiment, Images("random", pixels, None, "random pixels"))

"""Generators: saving them, opening them safely, and making samples with them.

    from keras_gans import generators

    saved = generators.load("generator_model_010000.h5")   # a file of this package, or any other
    images = saved.sample(64, seed=0)                      # uint8 (64, height, width, channels)

Nothing in a file is run. `own` opens files of this package, `foreign` those of other people, and
`games` those of `gan.save`. `rejection` lets a discriminator choose among the samples.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from keras_gans.errors import UsageError
from keras_gans.generators import foreign, games, own
from keras_gans.generators.own import save, save_discriminator
from keras_gans.generators.rejection import Judge, Rejection
from keras_gans.generators.saved import Input, Saved, interpolate, round_trip
from keras_gans.parts import Part

if TYPE_CHECKING:  # errors about files need no Keras
    import keras

__all__ = [
    "Input", "Judge", "Rejection", "Saved", "interpolate", "load", "load_discriminator",
    "round_trip", "save",
    "save_discriminator",
]  # fmt: skip


def load(
    path: str | os.PathLike,
    output_range: tuple[float, float] | None = None,
    latents: Part | None = None,
    shape: tuple[int, ...] | None = None,
) -> Saved:
    """Opens a generator: a file of this package or a foreign one.

    Args:
        path: An .h5 file of any Keras since 2.0, or a .keras archive, also one of a whole `GAN`.
        output_range: (low, high), values of black and white of a foreign generator where they are
            known. Otherwise they are found by running it.
        latents: `parts.Part` of noun "latents" without a size, for a foreign generator that was
            not trained with standard normal latents.
        shape: Shape that samples must have; another one is refused before Keras is imported.

    Returns:
        `Saved`.

    Raises:
        UsageError: The file is missing or has another format, is damaged, holds code, layers that
            are not Keras's own, or not exactly the weights of its network; or it is no generator.
    """
    with foreign.described(path) as description:
        if games.is_game(description):
            saved = games.open(description, output_range, latents, shape)
        elif own.ATTRIBUTE not in description.attributes:
            saved = foreign.open(description, output_range, latents, shape)
        elif output_range is not None or latents is not None:
            raise UsageError(f"{path} is of this package and needs no --range or --latents")
        else:
            saved = own.open(description, shape)
    return replace(saved, title=Path(path).name)


def load_discriminator(path: str | os.PathLike) -> tuple["keras.Model", dict]:
    """Opens a discriminator that `save_discriminator` wrote, as safely as `load` a generator.

    Returns:
        (network, about): `keras.Model`, and a dict of plain values with "network", "shape",
        "classes" and the run that it comes from.

    Raises:
        UsageError: As in `load`, or the file is not a discriminator of this package.
    """
    with foreign.described(path) as description:
        return own.open_discriminator(description)

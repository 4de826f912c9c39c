"""What may be a seed, wherever Python gives one, and the stream of numbers that follows from it."""

import numpy as np

from keras_gans.errors import UsageError, short


def checked_seed(seed):
    """A seed as a plain integer.

    Args:
        seed: Integer in [0, 2^32), which every backend takes.

    Raises:
        UsageError: It is none.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise UsageError(f"seed: {short(seed)}: give an integer of at least 0 and below {2**32:,}")
    return int(seed)


def stream(seed):
    """The `keras.random.SeedGenerator` of a seed.

    On torch Keras adds the number of the draw to the seed, so the draws of seed 1 would be those
    of seed 0, one later. There it gets one of 31 bits that is far from those of other seeds.
    """
    import keras

    if keras.config.backend() == "torch":
        seed = int(np.random.SeedSequence(seed).generate_state(1)[0] >> 1)
    return keras.random.SeedGenerator(seed)

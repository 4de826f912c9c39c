"""What may be a seed, wherever Python gives one."""

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

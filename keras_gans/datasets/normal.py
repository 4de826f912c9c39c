"""A normal distribution on the line, the smallest data on which a GAN can be watched."""

import numpy as np

from keras_gans.datasets.files import reading
from keras_gans.datasets.sources import Points
from keras_gans.parts import Count, Positive

SPLITS = ("train",)
SEED = 0


def fetch(folder, split, *, mean: float = 0.0, std: Positive = 1.0, samples: Count = 50_000):
    """Draws numbers from a normal distribution; always the same ones.

    Args:
        folder: Not used: the numbers are computed.
        split: `train`.
        mean: Of the distribution.
        std: Its standard deviation.
        samples: Number of points.

    Returns:
        `Points` `(samples, 1)` without labels.
    """
    random = np.random.Generator(np.random.Philox(SEED))
    with reading("normal", "take fewer samples"):  # there may be too little memory
        points = mean + std * random.standard_normal((samples, 1))
    return Points("normal", points, None, f"normal distribution, mean {mean:g}, std {std:g}")

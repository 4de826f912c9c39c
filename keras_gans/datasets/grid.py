"""A grid of Gaussians in the plane, on which missing modes can be counted.

Srivastava et al., "VEEGAN", NeurIPS 2017, and Lin et al., "PacGAN", NeurIPS 2018, section 4.1: 25
Gaussians at (-4 + 2i, -4 + 2j), std 0.05.
"""

import numpy as np

from keras_gans.datasets.files import reading
from keras_gans.datasets.sources import Points
from keras_gans.parts import Count, Positive

SPLITS = ("train",)
SEED = 0


def fetch(
    folder,
    split,
    *,
    side: Count = 5,
    std: Positive = 0.05,
    spacing: Positive = 2.0,
    samples: Count = 50_000,
):
    """Draws points from an equal mixture of Gaussians on a square grid; always the same ones.

    Args:
        folder: Not used: the points are computed.
        split: `train`.
        side: Gaussians in a row, and rows. Mode k is in row k // side from below.
        std: Standard deviation of each, in both directions.
        spacing: Distance of neighbours. The middle of the grid is 0.
        samples: Number of points.

    Returns:
        `Points` `(samples, 2)`; the label of a point is its mode.
    """
    random = np.random.Generator(np.random.Philox(SEED))
    with reading("grid", "take fewer samples or modes"):  # there may be too little memory
        places = spacing * (np.arange(side) - (side - 1) / 2)
        centers = np.stack([np.tile(places, side), np.repeat(places, side)], axis=1)
        labels = random.integers(0, len(centers), samples)
        points = centers[labels] + std * random.standard_normal((samples, 2))
    source = f"grid of {side}x{side} Gaussians, std {std:g}, spacing {spacing:g}"
    return Points("grid", points, labels, source, centers=centers, std=std)

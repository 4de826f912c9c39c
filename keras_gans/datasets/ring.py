"""A ring of Gaussians in the plane, the toy data on which a missing mode can be seen.

Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks", ICLR 2017,
appendix A: eight Gaussians on a circle, std 0.02, radius 2. Srivastava et al., "VEEGAN", NeurIPS
2017, has radius 1, as here. Published code often places the angles from 0 to 2 pi with both ends,
so that the first and the last mode are the same and only seven are distinct; here all are distinct.
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
    modes: Count = 8,
    std: Positive = 0.02,
    radius: Positive = 1.0,
    samples: Count = 50_000,
):
    """Draws points from an equal mixture of Gaussians on a circle; always the same ones.

    Args:
        folder: Not used: the points are computed.
        split: `train`.
        modes: Number of Gaussians. Mode k has the angle 2 pi k / modes.
        std: Standard deviation of each, in both directions.
        radius: Of the circle.
        samples: Number of points.

    Returns:
        `Points` `(samples, 2)`; the label of a point is its mode.
    """
    random = np.random.Generator(np.random.Philox(SEED))
    angles = 2 * np.pi * np.arange(modes) / modes
    centers = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    with reading("ring", "take fewer samples or modes"):  # there may be too little memory
        labels = random.integers(0, modes, samples)
        points = centers[labels] + std * random.standard_normal((samples, 2))
    source = f"ring of {modes} Gaussians, std {std:g}, radius {radius:g}"
    return Points("ring", points, labels, source, centers=centers, std=std)

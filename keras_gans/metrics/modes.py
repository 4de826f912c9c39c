"""Covered modes of a distribution with known modes.

For mixtures of normal distributions, as measured by Srivastava et al., "VEEGAN: Reducing Mode
Collapse in GANs using Implicit Variational Learning", 2017, arXiv:1705.07761, section 4, and by Lin
et al., "PacGAN: The power of two samples in generative adversarial networks", 2018,
arXiv:1712.04086, section 4. The counts depend on the number of samples: the papers take 2,500.
"""

import math
from typing import NamedTuple

import numpy as np

from keras_gans.metrics.statistics import checked

SIGMAS = 3


class Modes(NamedTuple):
    """Distribution of samples over modes.

    Attributes:
        covered: Modes with at least one high-quality sample, 0 to the number of modes.
        high_quality: Share of high-quality samples, 0 to 1.
    """

    covered: int
    high_quality: float


def mode_counts(samples, centers, std):
    """Covered modes of a mixture of isotropic normal distributions of equal weight.

    A sample is of high quality if it lies within three standard deviations of its nearest mode.

    Args:
        samples: Array `(n, d)`, finite, n at least 1.
        centers: Array `(modes, d)`, finite.
        std: Standard deviation of each mode along each axis, more than 0.

    Returns:
        `Modes`.

    Raises:
        ValueError: Other shapes, no samples or modes, or values that are not finite.
    """
    samples, centers = checked(samples, "samples"), checked(centers, "centers")
    if samples.shape[1] != centers.shape[1] or not len(samples) or not len(centers):
        raise ValueError(
            "samples (n, d) and centers (modes, d) need the same d and at least a row each; got "
            f"{samples.shape} and {centers.shape}"
        )
    if not 0 < std < math.inf:
        raise ValueError(f"the standard deviation of a mode must be more than 0; got {std}")
    distances = np.linalg.norm(samples[:, None] - centers, axis=2)
    nearest = distances.argmin(axis=1)
    good = distances[np.arange(len(samples)), nearest] <= SIGMAS * std
    counts = np.bincount(nearest[good], minlength=len(centers))
    return Modes(int(np.count_nonzero(counts)), float(good.mean()))

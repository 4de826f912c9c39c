"""The kernel distance between the features of real and of generated images (KID).

Binkowski et al., "Demystifying MMD GANs", 2018, arXiv:1801.01401, section 4. Unlike the Fréchet
distance its expectation does not depend on the number of images, so it serves small sets.
"""

import numpy as np

from keras_gans.metrics.statistics import checked


def kid(real_features, fake_features, subsets=100, subset_size=1000, seed=0):
    """Mean and spread of the squared kernel distance over random subsets.

    Each subset takes `subset_size` rows of either side without replacement, the real ones
    first, from one `Philox(seed)` generator: the same call gives the same number.

    Args:
        real_features: Array [n, d], finite.
        fake_features: Array [m, d], the same.
        subsets: How many subsets, at least 1.
        subset_size: Rows of a subset, 2 to min(n, m).
        seed: Of the choice, an integer at least 0.

    Returns:
        (mean, standard deviation over the subsets, normalised by their number): floats. The mean
        may be negative, being unbiased where the distance is near 0.

    Raises:
        ValueError: Different d, fewer rows than a subset has, or values that are not finite.
    """
    real, fake = _pair(real_features, fake_features)
    if subsets < 1:
        raise ValueError(f"subsets is {subsets}; it is at least 1")
    fewest = min(len(real), len(fake))
    if not 2 <= subset_size <= fewest:
        raise ValueError(
            f"a subset of {subset_size} rows needs sets of at least as many, and at least 2; "
            f"these are {len(real)} and {len(fake)}"
        )
    generator = np.random.Generator(np.random.Philox(seed))
    values = [
        _mmd2(*(rows[generator.choice(len(rows), subset_size, replace=False)]
                for rows in (real, fake)))
        for _ in range(subsets)
    ]  # fmt: skip
    return float(np.mean(values)), float(np.std(values))


def mmd2(real_features, fake_features):
    """Unbiased squared maximum mean discrepancy under the kernel `(x . y / d + 1)^3`.

    Gretton et al., "A Kernel Two-Sample Test", 2012, eq. 3, which is what `kid` averages.

    Args:
        real_features: Array [n, d], finite, n at least 2.
        fake_features: Array [m, d], the same; m may differ from n.

    Returns:
        A float; around 0, and as often below it, where both sides are of one distribution.

    Raises:
        ValueError: Different d, fewer than 2 rows, or values that are not finite.
    """
    real, fake = _pair(real_features, fake_features)
    for rows in (real, fake):
        if len(rows) < 2:
            raise ValueError(f"a kernel distance needs at least 2 samples; there are {len(rows)}")
    return _mmd2(real, fake)


def _pair(real_features, fake_features):
    real, fake = checked(real_features), checked(fake_features)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(f"features of dimension {real.shape[1]} against {fake.shape[1]}")
    return real, fake


def _mmd2(x, y):
    n, m = len(x), len(y)
    within_x, within_y = _kernel(x, x), _kernel(y, y)
    # A row against itself would bias the mean.
    return (
        (within_x.sum() - np.trace(within_x)) / (n * (n - 1))
        + (within_y.sum() - np.trace(within_y)) / (m * (m - 1))
        - 2 * _kernel(x, y).mean()
    )


def _kernel(x, y):
    values = x @ y.T
    values /= x.shape[1]
    values += 1
    return values * values * values

"""The kernel distance between the features of real and of generated images (KID).

Binkowski et al., "Demystifying MMD GANs", 2018, arXiv:1801.01401, section 4. Unlike that of the
Frechet distance, its expectation does not depend on the number of images, so it suits small sets.
"""

import numpy as np

from keras_gans.metrics.statistics import checked


def kid(real_features, fake_features, subsets=100, subset_size=1000, seed=0):
    """Mean and standard deviation of the squared kernel distance over random subsets.

    Each subset takes `subset_size` rows of both sides without replacement, of the real side
    first, from one `Philox(seed)` generator: the same call gives the same value.

    Args:
        real_features: Array `(n, d)`, finite.
        fake_features: Array `(m, d)`, the same.
        subsets: Number of subsets, at least 1.
        subset_size: Rows of a subset, 2 to min(n, m).
        seed: Seed of the choice, an integer at least 0 or a list of them.

    Returns:
        (mean, standard deviation over the subsets, with ddof 0): floats. The estimate is
        unbiased, so the mean may be negative where the distance is near 0.

    Raises:
        ValueError: Different d, fewer rows than a subset has, or values that are not finite.
    """
    real, fake = _pair(real_features, fake_features)
    if subsets < 1:
        raise ValueError(f"subsets must be at least 1; got {subsets}")
    fewest = min(len(real), len(fake))
    if not 2 <= subset_size <= fewest:
        raise ValueError(
            f"a subset of {subset_size} rows needs sets of at least as many, and at least 2; "
            f"got {len(real)} and {len(fake)}"
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

    Gretton et al., "A Kernel Two-Sample Test", 2012, eq. 3. `kid` averages it over subsets.

    Args:
        real_features: Array `(n, d)`, finite, n at least 2.
        fake_features: Array `(m, d)`, the same; m may differ from n.

    Returns:
        A float; near 0, above or below it, where both sides have the same distribution.

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
        raise ValueError(f"features of dimension {real.shape[1]} and {fake.shape[1]}")
    return real, fake


def _mmd2(x, y):
    n, m = len(x), len(y)
    with np.errstate(over="ignore", invalid="ignore"):
        within_x, within_y = _kernel(x, x), _kernel(y, y)
        # The kernel of a row with itself would bias the mean.
        value = (
            (within_x.sum() - np.trace(within_x)) / (n * (n - 1))
            + (within_y.sum() - np.trace(within_y)) / (m * (m - 1))
            - 2 * _kernel(x, y).mean()
        )
    if not np.isfinite(value):
        raise ValueError("the features are so large that their kernel distance is not finite")
    return value


def _kernel(x, y):
    values = x @ y.T
    values /= x.shape[1]
    values += 1
    return values * values * values

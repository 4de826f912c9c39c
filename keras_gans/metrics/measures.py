"""The table of metrics, by the names that rows, `--metrics` and reports use.

Every metric compares features that were computed once. Intermediate results that several metrics
share are computed once, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from keras_gans.errors import UsageError
from keras_gans.metrics import density_coverage, precision_recall
from keras_gans.metrics.classifier_accuracy import classifier_accuracy
from keras_gans.metrics.fid import frechet_distance
from keras_gans.metrics.inception_score import inception_score
from keras_gans.metrics.kid import kid, mmd2
from keras_gans.metrics.modes import mode_counts
from keras_gans.metrics.neighbours import balls
from keras_gans.metrics.statistics import Statistics
from keras_gans.metrics.subspaces import largest_angle, principal_components, share_of_variance

KID_SUBSETS, KID_SUBSET = 100, 1000
PRECISION_K, DENSITY_K = 3, 5


class Reals:
    """The real side of comparisons.

    Attributes:
        features: float32 `(n, d)`.
        centers: Array `(modes, d)`: centers of the mixture that the data come from, or None.
        std: Standard deviation of its modes, or None.
    """

    def __init__(self, features, centers=None, std=None):
        self.features, self.centers, self.std = features, centers, std
        self._components = {}

    @cached_property
    def statistics(self):
        """`Statistics` of the features."""
        return Statistics(self.features)

    def components(self, rank):
        """The first principal components `(rank, d)` of the features.

        Raises:
            ValueError: There are too few features or samples.
        """
        if rank not in self._components:
            self._components[rank] = principal_components(self.features, rank)
        return self._components[rank]


class Comparison:
    """Generated samples and real ones, as features.

    Attributes:
        real: `Reals`.
        fake: float32 `(m, d)`.
        extractor: The `features.Extractor` of the generated side.
        labels: Integers `(m,)`, the classes requested for the generated images, or None.
        seed: Seed of the random choices of a metric, an integer at least 0.
        directions: Array `(r, d)` that spans the samples of a linear generator, or None.
    """

    def __init__(self, real, fake, extractor, labels=None, seed=0, directions=None):
        self.real, self.fake, self.extractor = real, fake, extractor
        self.labels, self.seed, self.directions = labels, seed, directions

    @cached_property
    def logits(self):
        """Logits of the generated images: float32 `(m, classes)`."""
        return self.extractor.logits(self.fake)

    @cached_property
    def _balls(self):
        both = (PRECISION_K, DENSITY_K) if len(self.real.features) > DENSITY_K else (PRECISION_K,)
        return balls(self.real.features, self.fake, both, (PRECISION_K,))

    @property
    def precision_recall(self):
        """(precision, recall)."""
        of_real, of_fake = self._balls
        return precision_recall.from_balls(of_real[PRECISION_K], of_fake[PRECISION_K])

    @property
    def density_coverage(self):
        """(density, coverage)."""
        return density_coverage.from_balls(self._balls[0][DENSITY_K])

    @cached_property
    def modes(self):
        """`modes.Modes` of the generated points."""
        return mode_counts(self.fake, self.real.centers, self.real.std)


@dataclass(frozen=True)
class Measure:
    """One metric.

    Attributes:
        compute: Function of a `Comparison`: a number, or a pair of mean and standard deviation.
        better: "lower" or "higher".
        about: What it is, its source and its convention, in one line.
        least: Smallest number of samples on each side.
        needs: Further requirements: "classes" of the extractor, "labels" of the generated
            images, known "modes" of the data set, the "directions" of a linear generator.
        per_feature: A note says that the value is biased where there are fewer samples per
            feature than this.
    """

    compute: Callable
    better: str
    about: str
    least: int
    needs: tuple = ()
    per_feature: int = 0


def _fid(comparison):
    return frechet_distance(comparison.real.statistics, Statistics(comparison.fake))


def _kid(comparison):
    real, fake = comparison.real.features, comparison.fake
    fewest = min(len(real), len(fake))
    if fewest <= KID_SUBSET:
        return mmd2(real, fake), None
    mean, std = kid(real, fake, KID_SUBSETS, KID_SUBSET, comparison.seed)
    # Subsets that share most of their rows deviate less than independent ones.
    return mean, std if fewest >= 2 * KID_SUBSET else None


def _inception_score(comparison):
    # Each split needs all classes, and folders are often sorted by class.
    order = np.random.Generator(np.random.Philox(comparison.seed)).permutation(len(comparison.fake))
    return inception_score(comparison.logits[order])


def _angle(comparison):
    directions = comparison.directions
    return largest_angle(directions, comparison.real.components(len(directions)))


def _principal_share(comparison):
    real, directions = comparison.real, comparison.directions
    best = share_of_variance(real.features, real.components(len(directions)))
    return share_of_variance(real.features, directions) / best


MEASURES = {
    "fid": Measure(
        _fid, "lower", "Frechet distance (Heusel et al. 2017, eq. 6)", least=10, per_feature=2
    ),
    "kid": Measure(
        _kid,
        "lower",
        f"kernel distance, unbiased (Binkowski et al. 2018): mean over {KID_SUBSETS} subsets of "
        f"{KID_SUBSET:,}, or the distance of all where there are no more; deviation from "
        f"{2 * KID_SUBSET:,} samples",
        least=10,
    ),
    "precision": Measure(
        lambda comparison: comparison.precision_recall[0],
        "higher",
        f"share of generated samples near real ones, k = {PRECISION_K} (Kynkaanniemi et al. 2019)",
        least=PRECISION_K + 1,
    ),
    "recall": Measure(
        lambda comparison: comparison.precision_recall[1],
        "higher",
        f"share of real samples near generated ones, k = {PRECISION_K} (Kynkaanniemi et al. 2019)",
        least=PRECISION_K + 1,
    ),
    "density": Measure(
        lambda comparison: comparison.density_coverage[0],
        "higher",
        f"density of real samples around generated ones, k = {DENSITY_K}, 1 for equal "
        "distributions (Naeem et al. 2020)",
        least=DENSITY_K + 1,
    ),
    "coverage": Measure(
        lambda comparison: comparison.density_coverage[1],
        "higher",
        f"share of real samples with a generated one nearby, k = {DENSITY_K} (Naeem et al. 2020)",
        least=DENSITY_K + 1,
    ),
    "inception_score": Measure(
        _inception_score,
        "higher",
        "exp of the mean divergence of classes, 10 splits in random order (Salimans et al. 2016); "
        "uses the generated images only",
        least=100,
        needs=("classes",),
    ),
    "classifier_accuracy": Measure(
        lambda comparison: classifier_accuracy(comparison.logits, comparison.labels),
        "higher",
        "share of generated images that are classified as the requested label",
        least=1,
        needs=("classes", "labels"),
    ),
    "modes": Measure(
        lambda comparison: comparison.modes.covered,
        "higher",
        "number of modes with a point within 3 deviations (Srivastava et al. 2017); for data with "
        "known modes, such as ring",
        least=1,
        needs=("modes",),
    ),
    "high_quality": Measure(
        lambda comparison: comparison.modes.high_quality,
        "higher",
        "share of generated points within 3 deviations of a mode (Srivastava et al. 2017)",
        least=1,
        needs=("modes",),
    ),
    "principal_share": Measure(
        _principal_share,
        "higher",
        "variance of the data along the directions of a linear generator, as a share of that along "
        "as many principal components (Feizi et al. 2017)",
        least=2,
        needs=("directions",),
    ),
    "principal_angle": Measure(
        _angle,
        "lower",
        "largest angle, in degrees, between these directions and as many principal components "
        "(Feizi et al. 2017)",
        least=2,
        needs=("directions",),
    ),
    "fid_thesis": Measure(
        _fid,
        "lower",
        "Frechet distance as Akel 2022 seems to have measured it: see results/published/fid_audit; "
        "comparable only with the printed values of that document",
        least=10,
        per_feature=2,
    ),
}


def names():
    """The names of all metrics, in the order of the table."""
    return list(MEASURES)


def compute(name, comparison):
    """One metric of a comparison.

    Args:
        name: A name of the table.
        comparison: `Comparison`.

    Returns:
        (value, std): floats; std is None if the metric has none.

    Raises:
        UsageError: The features are not finite or too few, or a requirement is missing.
    """
    try:
        result = MEASURES[name].compute(comparison)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from error
    value, std = result if isinstance(result, tuple) else (result, None)
    return float(value), None if std is None else float(std)


def note(name, count, dimension):
    """A warning that a value is biased by a small sample, or None.

    Args:
        name: A name of the table.
        count: Samples on each side.
        dimension: Number of features.
    """
    if count >= MEASURES[name].per_feature * dimension:
        return None
    return (
        f"{name} of {count:,} samples in {dimension:,} features is biased upwards; compare it only "
        "with values of as many samples"
    )


def feature_names(name, chosen, real_name):
    """The extractors of the real and of the generated samples.

    All metrics take the same extractor for both sides, except `fid_thesis`: there the generated
    images have the range [-1, 1] where the network expects 0 to 255, and so do the real ones
    except MNIST, which the thesis reads again from its file. Of an imagenet it takes the layer.

    Args:
        name: A metric.
        chosen: The chosen extractor, or None.
        real_name: Name of the real data set.

    Returns:
        (real, generated): names for `features.get`, or (None, None) if none is chosen.
    """
    if "modes" in MEASURES[name].needs:
        return "values", "values"
    if "directions" in MEASURES[name].needs:
        return ("values", "values") if chosen == "values" else ("pixels", "pixels")
    if name != "fid_thesis":
        return chosen, chosen
    network = "imagenet768" if (chosen or "").startswith("imagenet768") else "imagenet2048"
    return (network if real_name == "mnist" else f"{network}_signed"), f"{network}_signed"

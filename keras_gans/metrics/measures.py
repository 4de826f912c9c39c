"""What can be said of generated images beside real ones, by name: one visible table.

A row, `--metrics` and the report all speak of measures by these names. Each compares features
that were computed once; what several measures need of them is computed once too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from keras_gans.errors import UsageError
from keras_gans.metrics import density_coverage, precision_recall
from keras_gans.metrics.classifier_accuracy import classifier_accuracy
from keras_gans.metrics.fid import frechet_distance
from keras_gans.metrics.inception_score import inception_score
from keras_gans.metrics.kid import kid
from keras_gans.metrics.neighbours import balls
from keras_gans.metrics.statistics import Statistics

KID_SUBSETS, KID_SUBSET = 100, 1000
PRECISION_K, DENSITY_K = 3, 5


class Reals:
    """The real side of comparisons.

    Attributes:
        features: float32 [n, d].
    """

    def __init__(self, features):
        self.features = features

    @cached_property
    def statistics(self):
        """`Statistics` of the features."""
        return Statistics.from_features(self.features)


class Comparison:
    """Generated images beside real ones, as features.

    Attributes:
        real: `Reals`.
        fake: float32 [m, d].
        extractor: The `features.Extractor` of the generated side.
        labels: Integers [m], the classes that the generated images were to be of, or None.
        seed: Of whatever a measure draws, an integer at least 0.
    """

    def __init__(self, real, fake, extractor, labels=None, seed=0):
        self.real, self.fake, self.extractor = real, fake, extractor
        self.labels, self.seed = labels, seed

    @cached_property
    def logits(self):
        """Of the generated images: float32 [m, classes]."""
        return self.extractor.logits(self.fake)

    @cached_property
    def _balls(self):
        ks = (PRECISION_K, DENSITY_K), (PRECISION_K,)
        return balls(self.real.features, self.fake, *ks)

    @property
    def precision_recall(self):
        """(precision, recall)."""
        of_real, of_fake = self._balls
        return precision_recall.from_balls(of_real[PRECISION_K], of_fake[PRECISION_K])

    @property
    def density_coverage(self):
        """(density, coverage)."""
        return density_coverage.from_balls(self._balls[0][DENSITY_K])


@dataclass(frozen=True)
class Measure:
    """One measure.

    Attributes:
        compute: Function of a `Comparison`: a number, or a pair of mean and standard deviation.
        better: "lower" or "higher".
        about: What it is, its source and its convention, in a line.
    """

    compute: Callable
    better: str
    about: str


def _fid(comparison):
    return frechet_distance(comparison.real.statistics, Statistics.from_features(comparison.fake))


def _kid(comparison):
    size = min(KID_SUBSET, len(comparison.real.features), len(comparison.fake))
    return kid(comparison.real.features, comparison.fake, KID_SUBSETS, size, comparison.seed)


def _accuracy(comparison):
    if comparison.labels is None:
        raise UsageError(
            "classifier_accuracy compares with the labels asked for, and these images have none; "
            "give an .npz with the array 'labels' beside 'images'"
        )
    return classifier_accuracy(comparison.logits, comparison.labels)


MEASURES = {
    "fid": Measure(_fid, "lower", "Frechet distance (Heusel et al. 2017, eq. 6)"),
    "kid": Measure(
        _kid,
        "lower",
        "kernel distance, unbiased (Binkowski et al. 2018): mean and deviation over "
        f"{KID_SUBSETS} subsets of {KID_SUBSET:,}, or of all where there are fewer",
    ),
    "precision": Measure(
        lambda comparison: comparison.precision_recall[0],
        "higher",
        f"share of generated images among the real ones, k = {PRECISION_K} "
        "(Kynkaanniemi et al. 2019)",
    ),
    "recall": Measure(
        lambda comparison: comparison.precision_recall[1],
        "higher",
        f"share of real images among the generated ones, k = {PRECISION_K} "
        "(Kynkaanniemi et al. 2019)",
    ),
    "density": Measure(
        lambda comparison: comparison.density_coverage[0],
        "higher",
        f"how densely reals surround generated images, k = {DENSITY_K}, 1 for equal laws "
        "(Naeem et al. 2020)",
    ),
    "coverage": Measure(
        lambda comparison: comparison.density_coverage[1],
        "higher",
        f"share of reals with a generated image nearby, k = {DENSITY_K} (Naeem et al. 2020)",
    ),
    "inception_score": Measure(
        lambda comparison: inception_score(comparison.logits),
        "higher",
        "exp of the mean divergence of classes, 10 splits (Salimans et al. 2016); looks at the "
        "generated images alone",
    ),
    "classifier_accuracy": Measure(
        _accuracy, "higher", "share of generated images recognised as the label asked for"
    ),
    "fid_thesis": Measure(
        _fid,
        "lower",
        "the reading of FID by which Akel 2022 seems to have measured: see results/fid_audit; "
        "comparable with its printed values and with nothing else",
    ),
}


def names():
    """The names of all measures, in the order of the table."""
    return list(MEASURES)


def compute(name, comparison):
    """One measure of a comparison.

    Args:
        name: A name of the table.
        comparison: `Comparison`.

    Returns:
        (value, std): floats; std is None where the measure has none.

    Raises:
        UsageError: There are too few images for it, features that are not finite, or it needs
            labels or classes that are not there.
    """
    try:
        result = MEASURES[name].compute(comparison)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from error
    value, std = result if isinstance(result, tuple) else (result, None)
    return float(value), None if std is None else float(std)


def feature_names(name, chosen, real_name):
    """The extractors of the real and of the generated images.

    Every measure looks at both sides in the same way, but for the thesis's reading: there the
    generated images keep their range of [-1, 1] where the network expects 0 to 255, and so do
    the reals, unless they are MNIST, which was read again from its file.

    Args:
        name: A measure.
        chosen: The extractor that was asked for, or None.
        real_name: Name of the real data set.

    Returns:
        (real, generated): names for `features.get`, or (None, None) where none was asked for.
    """
    if name != "fid_thesis":
        return chosen, chosen
    network = chosen if chosen and chosen.startswith("imagenet") else "imagenet2048"
    return (network if real_name == "mnist" else f"{network}_signed"), f"{network}_signed"

"""Metrics of generated samples against a data set, for runs and for `keras-gans evaluate`.

`Measuring` is constructed once and called with a generator as often as needed. All callers follow
one rule for seeds, so a full name such as `fid5k_lenet` has one value for one generator:

    real samples        the sample of seed 0
    generated samples   a stream of their own, `[seed, 1]`: of the latents of a generator, or of
                        the choice of samples of a folder. With the same stream for both sides, a
                        set in the order of the data set would be compared pair by pair.

`seed` is that of the run. `evaluate` reads it from the file of a generator.
"""

import copy
import math
import os
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

import keras_gans
from keras_gans import datasets, parts
from keras_gans.datasets import Source
from keras_gans.datasets.seeds import checked_seed
from keras_gans.errors import UsageError
from keras_gans.generators import Rejection, Saved
from keras_gans.metrics import features as extractors
from keras_gans.metrics import measures, metric_name, requirements
from keras_gans.metrics.drawn import draw
from keras_gans.metrics.features.cache import cached_features
from keras_gans.metrics.requirements import ALL, applies, check_names

REAL_SEED = 0
"""Seed of the sample of real data, the same for all comparisons."""
SAMPLES = 5000
"""Default number of samples on each side."""


@dataclass(frozen=True)
class Result:
    """One value.

    Attributes:
        name: Full name, such as "fid5k_lenet".
        metric: Name of the metric, such as "fid".
        value: The value, or None if there is none.
        std: Its standard deviation, or None if the metric has none.
        better: "lower" or "higher".
        convention: Definition of the metric in one line.
        features: Name of the extractor of the generated side.
        weights: sha256 of the extractor's weights; "" if it has none.
        reason: Why there is no value, or None if there is one.
    """

    name: str
    metric: str
    value: float | None
    std: float | None
    better: str
    convention: str
    features: str
    weights: str
    reason: str | None


class Measuring:
    """Metrics of generated samples against one data set.

    The constructor refuses everything that does not depend on the generated samples. A call
    refuses the rest before any feature is computed. The features of the data set are computed
    once, at the first call, and cached on disk; those of generated samples are not cached.

    Attributes:
        source: `datasets.Source`, the real side.
        count: Samples on each side.
        names: {metric: full name}, in the requested order.
        reasons: {metric: the error that says why it has no value, whatever is generated}.
    """

    def __init__(
        self,
        source,
        metrics=("fid",),
        features=None,
        count=None,
        data_dir=None,
        progress=None,
        tolerated=(),
    ):
        """Loads the extractors.

        Args:
            source: As the attribute.
            metrics: Names of `measures.names()`; or `ALL`, to be `narrowed` to those that apply.
            features: Name of `features.names()`; None for the one that fits the data set.
            count: Samples on each side; None for 5,000, or all if there are fewer.
            data_dir: Data folder, with the weights and the cache; see `datasets.data_folder`.
            progress: Object with `status(text)` and `note(text)`, if given.
            tolerated: Class of errors after which a metric is None and does not discard the
                others: `WeightsMissing`, or `UsageError` for what concerns it alone, as for `ALL`.

        Raises:
            WeightsMissing: Weights are missing.
            UsageError: A name is unknown, the extractor does not take such samples, there are too
                few of them, or the data set lacks something else that a metric needs.
        """
        metrics = check_names(metrics, features)
        self._all = metrics == ALL
        if self._all and tolerated is not UsageError:
            raise UsageError(f"'{ALL[0]}' needs a generator to choose for: name the metrics")
        metrics = measures.names() if self._all else metrics
        if not isinstance(source, Source):
            raise UsageError(f"{type(source).__name__} is no data set: give datasets.load(name)")
        progress = progress or _Quiet()
        self.source = source
        self.count = parts.natural(min(SAMPLES, len(source)) if count is None else count, "count")
        if self.count > len(source):
            raise _too_few(source, self.count)
        chosen = features or extractors.default_name(source.shape)
        if chosen is None:
            raise UsageError(f"no feature extractor takes samples of the shape {source.shape}")
        self._pairs = {name: measures.feature_names(name, chosen, source.name) for name in metrics}
        self.names = {
            name: metric_name(name, self.count, fake) for name, (_, fake) in self._pairs.items()
        }
        self._centers, self._std = (getattr(source, key, None) for key in ("centers", "std"))
        self._folder, self._tolerated = datasets.data_folder(data_dir), tolerated
        self._extractors, self._reals, self.reasons = {}, {}, {}
        # Before any network is loaded: a mistake should not have to wait for one.
        for name, pair in self._pairs.items():
            with self._noting(name, self.reasons):
                requirements.check_data(name, pair, source, self.count)
        for name, pair in self._pairs.items():
            if name not in self.reasons:
                with self._noting(name, self.reasons):
                    self._load(name, pair, progress)

    @contextmanager
    def _noting(self, name, reasons):
        """Adds a tolerated error of the block to the reasons why metrics have no value."""
        try:
            yield
        except self._tolerated as error:
            reasons[name] = error

    def _load(self, name, pair, progress):
        for extractor in pair:
            if extractor not in self._extractors:
                progress.status(f"loading {extractor}")
                self._extractors[extractor] = extractors.get(extractor, self._folder)
        fake = self._extractors[pair[1]]
        if "classes" in measures.MEASURES[name].needs:
            fake.check_classes()
        dimension = getattr(fake, "dimension", math.prod(self.source.shape))
        note = measures.note(name, self.count, dimension)
        if note:
            progress.note(note)

    def prepare(self, progress=None):
        """Computes the features of the data set, as the first call does otherwise."""
        for name, (real, _) in self._pairs.items():
            if name not in self.reasons and real not in self._reals:
                found = cached_features(
                    self.source,
                    self._extractors[real],
                    self.count,
                    REAL_SEED,
                    self._folder / "features",
                    _announced(progress or _Quiet(), real, self.count, "real"),
                )
                self._reals[real] = measures.Reals(found, self._centers, self._std)

    def check(self, generated):
        """Refuses samples that cannot be compared, before any is generated.

        Args:
            generated: As for a call.

        Returns:
            {metric: the error that says why it will have no value}.

        Raises:
            UsageError: Their shape is not that of the data set, there are too few, or what a metric
                needs of them is missing.
        """
        _check_kind(generated)
        is_source, shape = isinstance(generated, Source), tuple(self.source.shape)
        if tuple(generated.shape) != shape:
            title = generated.source if is_source else generated.title
            raise UsageError(
                f"{title} has samples of {_text(generated.shape)} and {self.source.source} of "
                f"{_text(shape)}: convert one side to the shape of the other"
            )
        if is_source and len(generated) < self.count:
            raise _too_few(generated, self.count)
        labels = generated.labels if is_source else generated.turns_of_labels(self.count)
        reasons, directions = dict(self.reasons), getattr(generated, "directions", None)
        for name, (_, fake) in self._pairs.items():
            if applies(reasons.get(name)):
                with self._noting(name, reasons):
                    requirements.check_labels(name, labels, fake)
                    requirements.check_directions(name, directions, self.count, math.prod(shape))
        return reasons

    def narrowed(self, generated, progress=None):
        """This one for some samples: of `ALL`, those that apply, even if their weights are missing.

        Args:
            generated: As for a call.
            progress: Object with `note(text)`, if given: each other one is noted.

        Returns:
            A `Measuring` that shares what this one has loaded and computed.

        Raises:
            UsageError: As in `check`, or no metric would have a value.
        """
        reasons, progress = self.check(generated), progress or _Quiet()
        left_out = [n for n in self.names if self._all and not applies(reasons.get(n))]
        if len(left_out) == len(self.names):
            raise UsageError(f"no metric applies: {reasons[left_out[0]]}")
        for name in left_out:
            progress.note(f"{name} is left out: {reasons.pop(name)}")
        narrowed = copy.copy(self)
        narrowed.names = {n: full for n, full in self.names.items() if n not in left_out}
        narrowed._pairs = {n: self._pairs[n] for n in narrowed.names}
        narrowed.reasons = {n: e for n, e in self.reasons.items() if n in narrowed.names}
        if len(reasons) == len(narrowed.names):
            raise UsageError("; ".join(dict.fromkeys(map(str, reasons.values()))))
        return narrowed

    def __call__(self, generated, seed=0, progress=None):
        """Measures a generator or a set of samples.

        Args:
            generated: `generators.Saved`, `generators.Rejection` or `datasets.Source`.
            seed: Seed of the latents or of the choice of samples, and of the random choices of a
                metric: the seed of the run.
            progress: Object with `status(text)`, `begin(total)` and `update(done)`, if given.

        Returns:
            List of `Result`, in the order of `names`.

        Raises:
            UsageError: As in `check`, or the samples or features are not finite.
        """
        self.check(generated)
        return self.measure(draw(generated, self.count, seed, progress), seed, progress)

    def classified(self, generated, seed=0):
        """The images of `classifier_accuracy`, and how its classifier reads them.

        Args:
            generated, seed: As for a call.

        Returns:
            The pair (`metrics.drawn.Drawn`, integers `(count,)`).
        """
        drawn = draw(generated, self.count, seed)
        extractor = self._extractors[self._pairs["classifier_accuracy"][1]]
        return drawn, extractor.logits(extractor(drawn.values)).argmax(axis=1)

    def measure(self, drawn, seed=0, progress=None):
        """Measures `count` samples that `draw` returned, as a call does."""
        progress = progress or _Quiet()
        self.prepare(progress)
        fakes, comparisons, results, reasons = {}, {}, [], self.check(drawn)
        for name, (real, fake) in self._pairs.items():
            value, std, weights = None, None, ""
            if name not in reasons:
                extractor = self._extractors[fake]
                weights = extractor.weights_hash
                if fake not in fakes:
                    step = _announced(progress, fake, self.count, "generated")
                    fakes[fake] = extractor(drawn.values, step)
                if (real, fake) not in comparisons:
                    given = drawn.labels, seed, drawn.directions
                    comparisons[real, fake] = measures.Comparison(
                        self._reals[real], fakes[fake], extractor, *given
                    )
                progress.status(name)
                with self._noting(name, reasons):
                    value, std = measures.compute(name, comparisons[real, fake])
            results.append(self._result(name, value, std, weights, reasons.get(name)))
        return results

    def nothing(self, reason):
        """The results of samples that have no values, and why."""
        return [self._result(name, None, None, "", reason) for name in self.names]

    def _result(self, name, value, std, weights, reason):
        measure, fake = measures.MEASURES[name], self._pairs[name][1]
        reason = None if reason is None else str(reason)
        more = measure.better, measure.about, fake, weights, reason
        return Result(self.names[name], name, value, std, *more)

    def about(self, seed):
        """What values depend on beside the generated samples, as a dict of plain values."""
        import keras

        packages = ("keras", keras.config.backend(), "numpy", "scipy")
        return {
            "count": self.count,
            "seed": seed,
            "real": self.source.about | {"seed": REAL_SEED},
            "keras_gans": keras_gans.__version__,
            "versions": {name: import_module(name).__version__ for name in packages},
        }


def evaluate(
    generated: Saved | Rejection | Source,
    real: Source,
    metrics: str | Sequence[str] = ("fid",),
    features: str | None = None,
    count: int | None = None,
    seed: int | None = None,
    data_dir: str | os.PathLike | None = None,
    progress: Any = None,
) -> dict:
    """Measures a generator, or a set of samples, against a data set.

    Example:

    >>> evaluate(generators.load("generator_model_best.h5"), datasets.load("mnist"), "all")

    Args:
        generated: `generators.Saved`, `generators.Rejection`, or a `datasets.Source` of samples.
        real: `datasets.Source`.
        metrics: As for `Measuring`, or "all" for those that apply.
        features: As for `Measuring`.
        count: As for `Measuring`; by default not more than there are samples on either side.
        seed: As for a call of `Measuring`; None for the seed that the generator records, or 0 if
            it records none.
        data_dir: Data folder; see `datasets.data_folder`.
        progress: None, or an object with the methods of `terminal.line.Line`.

    Returns:
        A dict of plain values: "results" (each `Result` as a dict; a metric that does not apply
        has no value but a reason), "count", "seed", "generated" and "real" (name, source, shape
        and sha256 of the samples), "keras_gans" and "versions".

    Raises:
        UsageError: The two sides differ in shape, a name is unknown, or no metric applies.
    """
    metrics, progress = check_names(metrics, features), progress or _Quiet()
    _check_kind(generated)
    is_source = isinstance(generated, Source)
    recorded = 0 if is_source else generated.origin.get("seed", 0)
    if seed is None and not (type(recorded) is int and recorded >= 0):
        raise UsageError(
            f"{generated.title} records the seed {recorded!r}: give another with --seed"
        )
    seed = recorded if seed is None else checked_seed(seed)
    if count is None and is_source:
        count = min(SAMPLES, len(real), len(generated))
    measuring = Measuring(real, metrics, features, count, data_dir, progress, UsageError)
    measuring = measuring.narrowed(generated, progress)
    drawn = draw(generated, measuring.count, seed, progress)
    results = measuring.measure(drawn, seed, progress)
    return {
        "results": [asdict(result) for result in results],
        "generated": (generated if is_source else drawn).about,
        **measuring.about(seed),
    }


def _check_kind(generated):
    if not isinstance(generated, Saved | Rejection | Source):
        raise UsageError(
            f"{type(generated).__name__} is no set of samples: give generators.load(path), "
            "datasets.load(name), or fit(callbacks=[callbacks.MeasureGenerator(source)])"
        )


def _announced(progress, extractor, count, side):
    """Announces the computation of features; returns the function that reports its progress."""
    progress.status(f"{extractor} of {count:,} {side} samples")
    progress.begin(count, unit="samples")
    return lambda done, total: progress.update(done)


def _too_few(source, count):
    return UsageError(
        f"{count:,} samples are requested and {source.source} has {len(source):,}: give more of "
        f"them, or request {len(source):,} (--samples {len(source)})"
    )


def _text(shape):
    return "x".join(map(str, shape))


class _Quiet:
    def status(self, *given, **named):
        pass

    note = begin = update = status

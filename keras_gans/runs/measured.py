"""What a run measures of its generator, and under which names."""

from dataclasses import dataclass

from keras_gans.evaluation import Measuring
from keras_gans.metrics import features_of, measures
from keras_gans.metrics.features import WeightsMissing
from keras_gans.pictures.mistakes import mistakes


@dataclass(frozen=True)
class Metric:
    """One metric of a run.

    Attributes:
        metric: Its short name, a name of `measures.names()`.
        name: The full name under which values are recorded.
        better: "lower" or "higher".
        printed: The document's value on the same scale, or None.
    """

    metric: str
    name: str
    better: str
    printed: float | None

    @property
    def best(self):
        """`min` or `max`, whichever finds the best of several values."""
        return min if self.better == "lower" else max


class Measured:
    """The metrics of a row, called with a `generators.Saved`.

    Args:
        experiment: `rows.Experiment`.
        data: `datasets.Source`.
        data_dir: Data folder, for weights; None for the usual one.
        seed: The run's seed.
        progress: Object with `status(text)`, `note(text)`.

    Attributes:
        metrics: Tuple of `Metric`. One whose weights are missing is noted on the screen and null.

    Raises:
        UsageError: A metric does not apply to these data.
    """

    def __init__(self, experiment, data, data_dir, seed, progress):
        self.seed, self.metrics = seed, ()
        if not experiment.measure:
            return
        count = min(experiment.measure_samples, len(data))
        features = experiment.measure_features
        self._measuring = Measuring(
            data, experiment.measure, features, count, data_dir, progress, WeightsMissing
        )
        for metric, reason in self._measuring.reasons.items():
            progress.note(f"{self._measuring.names[metric]} is null: {reason}")
        self._measuring.prepare(progress)
        self.metrics = tuple(
            Metric(m, name, measures.MEASURES[m].better, _printed(experiment, m, name))
            for m, name in self._measuring.names.items()
        )

    @property
    def unknown(self):
        """The full names, a set, of metrics whose weights are missing."""
        reasons = self._measuring.reasons if self.metrics else ()
        return {metric.name for metric in self.metrics if metric.metric in reasons}

    def check(self, saved):
        """Refuses a generator without what a metric needs: labels, or directions.

        Args:
            saved: `generators.Saved`.

        Raises:
            UsageError: As `evaluation.Measuring.check`.
        """
        if self.metrics:
            self._measuring.check(saved)

    def misread(self, saved):
        """The picture of images that are classified as another label than the one requested.

        Args:
            saved: `generators.Saved`.

        Returns:
            A `PIL.Image.Image`; None where `classifier_accuracy` is not measured.
        """
        name, measured = "classifier_accuracy", [metric.metric for metric in self.metrics]
        if name not in measured or name in self._measuring.reasons:
            return None
        drawn, found = self._measuring.classified(saved, self.seed)
        return mistakes(drawn.values, drawn.labels, found)

    def __call__(self, saved):
        """Values by full name; None for a metric whose weights are missing."""
        return {result.name: result.value for result in self._measuring(saved, self.seed)}


def _printed(experiment, metric, name):
    """Documents print what they measured with all of Inception; other layers have other scales."""
    return experiment.printed.get(metric) if "2048" in (features_of(name) or "") else None

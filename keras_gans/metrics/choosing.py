"""Which metrics: names are checked, and `all` stands for those that apply to a comparison."""

from math import prod
from types import SimpleNamespace

from keras_gans.errors import UsageError, suggestion
from keras_gans.metrics import features as extractors
from keras_gans.metrics import measures

ALL = ("all",)
"""Stands for every metric that applies."""


def check_names(metrics, features=None):
    """Checks names, without Keras.

    Args:
        metrics: Names of metrics, or `ALL`; a text is one name.
        features: Name of an extractor, or None.

    Returns:
        Tuple of names.

    Raises:
        UsageError: There is no name, or one is unknown.
    """
    metrics = (metrics,) if isinstance(metrics, str) else tuple(metrics)
    if not metrics:
        raise UsageError(f"there are no metrics: name one, such as fid, or {ALL[0]}")
    for name in metrics if metrics != ALL else ():
        if name not in measures.names():
            known = suggestion(name, [*measures.names(), *ALL])
            raise UsageError(f"unknown metric '{name}'{known}")
    if features is not None and features not in extractors.names():
        known = suggestion(features, extractors.names())
        raise UsageError(f"unknown feature extractor '{features}'{known}")
    return metrics


def choose(metrics, source, generated, features, count, progress):
    """The metrics that are asked for; of `ALL`, those that apply, and a note about each other one.

    Args:
        metrics: Names, or `ALL`.
        source: `datasets.Source`, the real side.
        generated: `generators.Saved` or `datasets.Source`.
        features: Name of an extractor; None for the one that fits the data set.
        count: Samples on each side; None for as many as there are real ones, of which a
            measurement takes at most 5,000.
        progress: Object with `note(text)`.

    Returns:
        Tuple of names.

    Raises:
        UsageError: Of `ALL`, none applies.
    """
    if tuple(metrics) != ALL:
        return metrics
    count = len(source) if count is None else count
    turns = getattr(generated, "turns_of_labels", lambda _: generated.labels)
    directions = getattr(generated, "directions", None)
    names, reasons = applicable(source, turns(count), count, features, directions)
    for name, reason in reasons.items():
        progress.note(f"{name} is left out: {reason}")
    if not names:
        raise UsageError(f"no metric applies: {next(iter(reasons.values()))}")
    return names


def applicable(source, labels, count, features=None, directions=None):
    """The metrics that a data set and samples allow.

    Those whose weights are missing are among them: they could be brought.

    Args:
        source: `datasets.Source`, the real side.
        labels: Classes requested for the generated samples, or None.
        count: Samples on each side.
        features: Name of an extractor; None for the one that fits the data set.
        directions: Of a linear generator, as `generators.Saved` has them, or None.

    Returns:
        (names, reasons): a tuple of names of `measures`, in the order of the table, and a dict
        from each other name to why it does not apply.
    """
    chosen = features or extractors.default_name(source.shape)
    names, reasons = [], {}
    for name in measures.names():
        try:
            _check(name, source, labels, count, chosen, directions)
            names.append(name)
        except UsageError as error:
            reasons[name] = str(error)
    return tuple(names), reasons


def _check(name, source, labels, count, chosen, directions):
    measures.check_data(name, count, getattr(source, "centers", None) is not None)
    pair = measures.feature_names(name, chosen, source.name)
    for extractor in pair:
        extractors.check_shape(extractor, source.shape)
    classes = extractors.WITH_CLASSES.get(pair[1])
    if "classes" in measures.MEASURES[name].needs and classes is None:
        raise extractors.no_classes(pair[1])
    # All that the check asks of an extractor, whose network is not loaded for it.
    measures.check_labels(name, labels, SimpleNamespace(name=pair[1], classes=classes))
    measures.check_directions(name, directions, count, prod(source.shape))

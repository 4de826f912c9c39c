"""Names of measurements: which of their values are better, and the order in which they stand."""

from keras_gans.metrics import measures, metric_of
from keras_gans.rows.claims import OF_CLASSIFIERS


def better(name):
    """Which values of a measurement are better.

    Args:
        name: A metric, a full name such as "fid5k_lenet", or an accuracy of a classifier, such as
            "test_accuracy_untuned".

    Returns:
        "lower" or "higher"; None for a name of something else, such as a loss.
    """
    if name.startswith(OF_CLASSIFIERS):
        return "higher"
    metric = _metric(name)
    return measures.MEASURES[metric].better if metric else None


def ordered(names):
    """The names of measurements among names, in the order of the table of metrics.

    Args:
        names: Texts, such as those of the values of a log.

    Returns:
        List of names, each once; accuracies of classifiers stand last.
    """
    order = [*measures.names(), None]
    known = {name for name in names if better(name)}
    return sorted(known, key=lambda name: (order.index(_metric(name)), name))


def _metric(name):
    metric = name if name in measures.MEASURES else metric_of(name)
    return metric if metric in measures.MEASURES else None

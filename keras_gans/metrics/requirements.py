"""What metrics ask of the data and of the samples. Nothing here needs Keras or loads a network."""

from keras_gans.errors import UsageError, suggestion
from keras_gans.metrics import features as extractors
from keras_gans.metrics.measures import MEASURES

ALL = ("all",)
"""Stands for every metric that applies."""


def check_names(metrics, features=None):
    """Checks names.

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
        if name not in MEASURES:
            raise UsageError(f"unknown metric '{name}'{suggestion(name, [*MEASURES, *ALL])}")
    if features is not None and features not in extractors.names():
        known = suggestion(features, extractors.names())
        raise UsageError(f"unknown feature extractor '{features}'{known}")
    return metrics


def check_data(name, pair, source, count):
    """Refuses a metric that the data or the extractors do not allow.

    Args:
        name: A metric.
        pair: Names of the extractors of the real and of the generated side.
        source: `datasets.Source`, the real side.
        count: Samples on each side.

    Raises:
        UsageError: There are too few samples, no known modes or no classes, or an extractor does
            not take such samples.
    """
    measure = MEASURES[name]
    if count < measure.least:
        raise UsageError(f"{name} needs at least {measure.least} samples on each side, not {count}")
    if "modes" in measure.needs and getattr(source, "centers", None) is None:
        raise UsageError(f"{name} needs a data set with known modes, such as ring")
    for extractor in pair:
        extractors.check_shape(extractor, source.shape)
    if "classes" in measure.needs and pair[1] not in extractors.WITH_CLASSES:
        raise UsageError(f"{name}: {extractors.no_classes(pair[1])}")


def check_labels(name, labels, extractor):
    """Refuses a metric that needs labels, if the generated images have no suitable ones.

    Args:
        name: A metric.
        labels: Classes requested for the generated images, or None.
        extractor: Name of the extractor of the generated side, which has classes.

    Raises:
        UsageError: There are none, or some are not among the classes of the extractor.
    """
    if "labels" not in MEASURES[name].needs:
        return
    if labels is None:
        raise UsageError(
            f"{name} needs the labels requested for the images, and these have none; take a "
            "conditional generator, or give an .npz with the arrays 'images' and 'labels'"
        )
    classes = extractors.WITH_CLASSES[extractor]
    if max(labels) >= classes:
        raise UsageError(
            f"{name}: the classes of {extractor} are 0 to {classes - 1}, and there are labels up "
            f"to {max(labels)}"
        )


def check_directions(name, directions, count, size):
    """Refuses a metric of linear generators, if it does not fit the generator.

    Args:
        name: A metric.
        directions: Array `(r, d)`, or None.
        count: Samples on each side.
        size: Numbers of a sample.

    Raises:
        UsageError: There are no directions, or as many principal components do not exist.
    """
    if "directions" not in MEASURES[name].needs:
        return
    if directions is None:
        raise UsageError(
            f"{name} needs a linear generator, whose samples are combinations of some directions: "
            "take a run with the networks lqg"
        )
    if len(directions) > min(count - 1, size):
        raise UsageError(
            f"{name}: {len(directions)} directions need more samples than that, of as many numbers "
            f"at least, and not {count:,} of {size:,}: measure more samples, or take fewer latents"
        )


def applies(error):
    """Whether a metric would have a value if the weights of its extractor were there.

    Args:
        error: Why it has no value, or None.
    """
    return error is None or isinstance(error, extractors.WeightsMissing)

"""Metrics of generated samples against real ones.

Each metric is a module with a pure function of feature arrays `(n, d)`. The networks that compute
these features from images are in `features`; `measures` is the table of all metrics. A value is
comparable only with values of the same metric, sample size, network and layer, so its name
contains all four: see `metric_name`.
"""

import re

_NAME = re.compile(r"([a-z_]+)\d+k?_(\w\S*)")


def metric_name(metric, count, extractor_name):
    """The full name of a value: metric, sample size, network and layer.

    Args:
        metric: Short name of the metric, such as `"fid"`.
        count: Samples on each side, at least 1. Whole thousands are written with a k.
        extractor_name: A name of `features.names()`.

    Returns:
        `"fid5k_inception768_75px"`, `"fid1797_lenet"`, ...
    """
    size = f"{count // 1000}k" if count and count % 1000 == 0 else str(count)
    return f"{metric}{size}_{extractor_name}"


def metric_of(name):
    """The metric of a full name: "fid" of "fid5k_lenet"; None of a text that is no such name."""
    match = _NAME.fullmatch(name)
    return match and match[1]


def features_of(name):
    """The features of a full name: "lenet" of "fid5k_lenet"; None of another text."""
    match = _NAME.fullmatch(name)
    return match and match[2]

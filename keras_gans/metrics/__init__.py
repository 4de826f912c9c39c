"""Measures of how close generated images are to real ones.

Each metric is a file and a pure function of feature arrays [n, d]; `features` makes these arrays
from images, with one named network for both sides. A number is only comparable with numbers
of the same metric, sample size, network and layer, so all of them are in its name.
"""


def metric_name(metric, count, extractor_name):
    """The name under which a number is recorded: what was measured, on how many, with what.

    Args:
        metric: Short name of the metric, as `"fid"`.
        count: Images on each side, at least 1. Whole thousands are written with a k.
        extractor_name: A name of `features.names()`.

    Returns:
        `"fid5k_inception768_75px"`, `"fid1797_lenet"`, ...
    """
    size = f"{count // 1000}k" if count and count % 1000 == 0 else str(count)
    return f"{metric}{size}_{extractor_name}"

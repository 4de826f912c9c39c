"""Stop rules: when a run ends before its last iteration.

A rule sees the records of losses so far, as log.jsonl has them, and nothing else. So a run that is
resumed comes to the same end. `STOPS` is the table of the names; a new rule is one class and one
entry.
"""

from abc import ABC, abstractmethod

from keras_gans import parts
from keras_gans.parts import Count, Positive, Recorded


class Stop(Recorded, ABC):
    """A stop rule."""

    @abstractmethod
    def why(self, records, begun=0):
        """The reason to stop, or None.

        Args:
            records: List, not empty, of dicts with "iteration", "d_loss" and "g_loss", means over
                the iterations since the record before; None for a loss that is not finite.
            begun: Iteration after which the first record's mean begins.
        """


class Collapse(Stop):
    """The discriminator tells the samples apart and has not lost for a while.

    Sundar 2018 stops where a mode collapse has not been recovered from: the discriminator's loss
    stays near 0. A loss below 0, as a critic has, says nothing.

    Args:
        below: Its loss, the mean of those on real and on fake samples, > 0.
        iterations: How long it has to stay in [0, below).
    """

    def __init__(self, below: Positive = 0.01, iterations: Count = 1000):
        self.below, self.iterations = below, iterations

    def why(self, records, begun=0):
        last = _last(records, begun, self.iterations)
        if last and all(r["d_loss"] is not None and 0 <= r["d_loss"] < self.below for r in last):
            return f"collapse: d_loss below {self.below:g} for {self.iterations:,} iterations"
        return None


class Flat(Stop):
    """Both losses no longer change (Sundar 2018: they "straighten out").

    Args:
        change: Difference between the largest and the smallest value of each loss, > 0.
        iterations: Iterations in which it has to be smaller.
    """

    def __init__(self, change: Positive = 0.01, iterations: Count = 1000):
        self.change, self.iterations = change, iterations

    def why(self, records, begun=0):
        last = _last(records, begun, self.iterations)
        values = [[record[name] for record in last] for name in ("d_loss", "g_loss")]
        if last and all(None not in v and max(v) - min(v) < self.change for v in values):
            return f"flat: losses within {self.change:g} for {self.iterations:,} iterations"
        return None


def _last(records, begun, iterations):
    """The records of the last iterations; none where there have not been as many."""
    since = records[-1]["iteration"] - iterations
    return [r for r in records if r["iteration"] > since] if since >= begun else []


STOPS = {"collapse": Collapse, "flat": Flat}


def get(identifier):
    """The rule of a name, a mapping or a `Part`; None and an object are returned.

    Raises:
        UsageError: It is unknown, or an option is.
    """
    return parts.get("stops", identifier)

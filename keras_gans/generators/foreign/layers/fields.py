"""Typed access to the settings of a layer in a file."""

import math

from keras_gans.errors import UsageError, short

MAX_SIZE = 1 << 26  # of one dimension


class Fields:
    """Settings of a layer; every method checks type and range of one of them.

    Args:
        config: Dict in the file.
        legacy: Whether Keras 2 wrote the file; it computed `hard_sigmoid` in another way.
    """

    def __init__(self, config, legacy=True):
        self.config, self.legacy = config, legacy

    def get(self, key, default=None):
        value = self.config.get(key, default)
        while isinstance(value, dict) and "value" in (inner := value.get("config", value)):
            value = inner["value"]  # the notation of arrays and NumPy numbers
        if isinstance(value, float) and math.isnan(value):
            return None
        return value

    def integer(self, key, default=None, low=1, high=MAX_SIZE):
        return integer(self.get(key, default), key, low, high)

    def number(self, key, default=None, low=-1e6, high=1e6):
        value = self.get(key, default)
        if type(value) not in (int, float) or not low <= value <= high:
            raise UsageError(f"{key} is {short(value)}, not a number of {low:g} to {high:g}")
        return float(value)

    def flag(self, key, default=False):
        value = self.get(key, default)
        if value not in (True, False, None):
            raise UsageError(f"{key} is {short(value)}, not true or false")
        return default if value is None else bool(value)

    def choice(self, key, default, choices):
        value = self.get(key, default)
        if not isinstance(value, str) or value not in choices:
            raise UsageError(f"{key} is {short(value)}, not one of {', '.join(choices)}")
        return value

    def sizes(self, key, default, count, low=1, high=4096):
        """A tuple of `count` integers, which the file may write as one."""
        value = self.get(key, default)
        if not isinstance(value, list | tuple):
            value = [value] * count
        if len(value) != count:
            raise UsageError(f"{key} is {short(value)}, not {count} numbers")
        return tuple(integer(v, key, low, high) for v in value)

    def margins(self, key, default, count):
        """`count` pairs of integers; one number, or one for each pair, stands for all."""
        value = self.get(key, default)
        if not isinstance(value, list | tuple):
            value = [value] * count
        if count == 1 and len(value) == 2:
            value = [value]
        if len(value) != count:
            raise UsageError(f"{key} is {short(value)}, not {count} margins")
        pairs = [v if isinstance(v, list | tuple) else [v, v] for v in value]
        if any(len(pair) != 2 for pair in pairs):
            raise UsageError(f"{key} is {short(value)}, not {count} margins")
        return tuple(tuple(integer(v, key, 0, 4096) for v in pair) for pair in pairs)

    def axis(self, rank, default=-1):
        """One axis, counted from the batch axis, which it cannot be; -1 is the last."""
        value = self.get("axis", default)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        value = integer(value, "axis", -rank, rank)
        if value == 0:
            raise UsageError("axis is 0, the batch axis")
        return value if value > 0 else value + rank + 1

    def only(self, key, value):
        """Refuses a setting that has any other value than the supported one."""
        found = self.get(key, value)
        if found not in (value, None):
            raise UsageError(f"{key} is {short(found)}, which is not supported")


def integer(value, key, low, high):
    """An integer in [low, high], which the file may write as a float."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise UsageError(f"{key} is {short(value)}, not an integer from {low} to {high}")
    return value

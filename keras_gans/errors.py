"""Errors of the user: one line that says what is wrong and what to do."""

import reprlib
from difflib import get_close_matches

_repr = reprlib.Repr()
# A few lines of YAML can stand for 10^30 words.
_repr.maxlevel, _repr.maxdict, _repr.maxstring = 1, 12, 80


class UsageError(ValueError):
    """A mistake in what was asked for: a name, a value, a file.

    The command line prints its message on one line, without a traceback, and ends with
    status 2. Raise it with a sentence that names the thing and says what to do.
    """


class NotFinite(UsageError):
    """A network makes NaN or infinity."""


class Failed(Exception):
    """Work that could not be completed, such as a file that does not fit on the disk: status 1."""


def short(value):
    """A value as Python writes it, cut where it is long or deep."""
    return _repr.repr(value)


def suggestion(name, choices):
    """The end of an error message about an unknown name.

    Args:
        name: What was asked for.
        choices: The names that exist.

    Returns:
        `"; did you mean 'x'?"` where something is close, else the list of the choices.
    """
    choices = [str(choice) for choice in choices]
    name = name if isinstance(name, str) else short(name)
    # Short names need the same first letter: the loss "wgan" is no "f_gan".
    close = get_close_matches(name, [c for c in choices if c[:1] == name[:1]], n=1)
    close = close or get_close_matches(name, choices, n=1, cutoff=0.7)
    return f"; did you mean '{close[0]}'?" if close else f"; there is {', '.join(choices)}"

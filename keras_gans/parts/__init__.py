"""Parts: everything that a row, or `compile`, chooses by a name and its options.

A part is written `NAME` or `{name: NAME, option: value}`. Its name stands in the table of a
module (`losses.LOSSES`, `optimizers.OPTIMIZERS`, ...) or is a module of a folder (`networks/`,
`datasets/`); a data set may also be a path. Its options are the annotated parameters of the class
or function behind the name.

Importing Keras takes seconds, and a misspelt name should be answered at once. So `names` and
`check` read the source text of those modules, which stays the one place where a name or an option
is written down. `get` imports the module and builds the object.
"""

from importlib import import_module
from numbers import Integral, Real

from keras_gans.errors import UsageError, short
from keras_gans.parts.checking import Chosen, Part, check, from_text, read, typed
from keras_gans.parts.ranges import (
    Count,
    Iterations,
    Natural,
    NonNegative,
    Of,
    Positive,
    Rate,
    Reference,
    Row,
    Several,
    Share,
    Side,
    Tier,
)
from keras_gans.parts.recorded import Recorded
from keras_gans.parts.signatures import (
    NOUNS,
    names,
    parameters,
    path_parameters,
    takes_labels,
)

__all__ = [
    "NOUNS", "Chosen", "Count", "Iterations", "Natural", "NonNegative", "Of", "Part", "Positive",
    "Rate", "Recorded", "Reference", "Row", "Several", "Share", "Side", "Tier", "check",
    "from_text", "get", "names", "natural", "parameters", "path_parameters", "read",
    "takes_labels", "typed",
]  # fmt: skip


def get(noun, identifier, kind=object, **given):
    """The object that an identifier stands for.

    Args:
        noun: A key of `NOUNS` that has a table.
        identifier: `NAME`, `{name: NAME, option: value}` or a `Part`; an object, whose options
            are checked where its class is one of ours, or None is returned as it is.
        kind: What such an object has to be an instance of.
        **given: Options that the identifier may leave out.

    Returns:
        The object, or None for None.

    Raises:
        UsageError: As `check`, or the class refuses its options, or it is a class, a plain value
            or an object of another kind.
    """
    word = NOUNS[noun].word
    if isinstance(identifier, type):
        raise UsageError(f"{word}: {identifier.__name__} is a class: give {identifier.__name__}()")
    known = str | dict | Part
    plain = isinstance(identifier, int | float | bytes | list | tuple | set)
    if plain or not isinstance(identifier, known | kind):
        raise UsageError(
            f"{word}: {short(identifier)}: give a name, such as '{names(noun)[0]}', a mapping "
            "{'name': NAME, ...} or an object"
        )
    if not isinstance(identifier, known):
        _check_object(noun, identifier, word)
        return identifier
    part = check(noun, identifier, word, partial=bool(given))
    try:
        return _classes(noun)[part.name](**{**given, **part.options})
    except ValueError as error:
        raise UsageError(f"{word} '{part.name}': {error}") from None


def natural(value, where):
    """An integer of at least 0, such as a number of samples, as a plain one.

    Args:
        value: What Python was given; types of NumPy are fine.
        where: Start of the error message.

    Raises:
        UsageError: It is none.
    """
    return typed(_plain(value), Natural, where)


def _classes(noun):
    """The table of a kind of part: dict from name to class or function."""
    return getattr(import_module(NOUNS[noun].module), noun.upper())


def _check_object(noun, built, word):
    """Refuses an object whose options a mapping could not have.

    Keras checks its own, and what is no plain value, such as a variable, can be anything.
    """
    if not isinstance(built, Recorded):
        return
    for name, known in _classes(noun).items():
        if type(built) is known:
            options = {k: _plain(v) for k, v in built.get_config().items() if _is_plain(v)}
            check(noun, {"name": name, **options}, word, partial=True)


def _is_plain(value):
    return value is None or isinstance(value, Real | str | tuple)


def _plain(value):
    """A plain value, without the types of NumPy."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)

"""Checks plain values against types, and choices of parts against what there is."""

from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from math import inf, isfinite
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from keras_gans.errors import UsageError, short, suggestion
from keras_gans.parts.ranges import Of
from keras_gans.parts.signatures import NOUNS, names, parameters, path_parameters


@dataclass(frozen=True)
class Part:
    """A checked choice: an object that is not built yet.

    Attributes:
        noun: Kind of part, a key of `NOUNS`.
        name: One of `names(noun)`; of a data set also a path.
        options: Dict of options, those not given left out.
    """

    noun: str
    name: str
    options: dict = field(default_factory=dict)

    @property
    def plain(self):
        """The part as YAML has it: `NAME`, or `{name: NAME, option: value}`."""
        options = {k: list(v) if isinstance(v, tuple) else v for k, v in self.options.items()}
        return {"name": self.name, **options} if options else self.name


Chosen = str | dict | Part
"""How Python names a part: `NAME`, `{"name": NAME, "option": value}`, or what was checked."""


def check(noun, value, where, role=None, default=None, partial=False):
    """Checks a name and its options.

    Args:
        noun: A key of `NOUNS`.
        value: `NAME`, `{name: NAME, option: value}` or a `Part`.
        where: Start of error messages, such as "akel2022 3: loss".
        role: Of a network, "generator" or "discriminator".
        default: Name of a mapping that has none.
        partial: Let options be missing that have no default: they are given later.

    Returns:
        A `Part`.

    Raises:
        UsageError: The name or an option is unknown, missing, of another type or out of range.
    """
    if isinstance(value, Part):
        name, options = value.name, value.options
    elif isinstance(value, dict) and ("name" in value or default):
        name = value.get("name", default)
        options = {key: option for key, option in value.items() if key != "name"}
    else:
        name, options = value, {}
    if not isinstance(name, str):
        raise UsageError(f"{where}: {short(value)}: write NAME or {{name: NAME, option: value}}")
    is_path = noun == "datasets" and name not in names(noun)
    if not is_path and name not in names(noun, role):
        of = f" with a {role}" if role else ""
        known = suggestion(name, names(noun, role))
        raise UsageError(f"{where}: unknown {NOUNS[noun].word}{of} {short(name)}{known}")
    known = path_parameters() if is_path else parameters(noun, name, role)
    for option in options:
        if option not in known:
            raise UsageError(f"{where}: {_unknown_option(noun, name, option, known)}")
    for option, (_, required) in known.items():
        if required and option not in options and not partial:
            raise UsageError(f"{where}: the option '{option}' of '{name}' is missing")
    checked = {
        option: typed(option_value, known[option][0], f"{where}.{option}")
        for option, option_value in options.items()
    }
    return Part(noun, name, checked)


def _unknown_option(noun, name, option, known):
    if noun == "datasets" and known == path_parameters():
        return f"{short(name)} is no data set of the package, and a path has {' and '.join(known)}"
    if noun == "datasets" and option in path_parameters():
        return f"'{option}' is for pictures of your own: give their path instead of '{name}'"
    if not known:
        return f"'{name}' has no options, so {short(option)} is none"
    return f"unknown option {short(option)} of '{name}'{suggestion(option, known)}"


def from_text(noun, text, where):
    """Reads what an option of the command line writes: `NAME` or `NAME:VALUE,VALUE`.

    The values are those of the options that have a default, in their order.

    Raises:
        UsageError: It is no such text, or `check` refuses it.
    """
    name, colon, values = text.partition(":")
    if name not in names(noun):
        raise UsageError(f"{where}: unknown {NOUNS[noun].word} '{name}'"
                         f"{suggestion(name, names(noun))}")  # fmt: skip
    optional = [o for o, (_, required) in parameters(noun, name).items() if not required]
    values = values.split(",") if colon else []
    try:
        options = {o: float(v) for o, v in zip(optional, values, strict=False)}
    except ValueError:
        options = None
    if options is None or len(values) not in (0, len(optional)):
        form = f"{name}:{','.join(o.upper() for o in optional)}"
        raise UsageError(f"{where} {text}: write {name} or {form}, in numbers")
    return check(noun, {"name": name, **options}, where, partial=True)


# --- values ------------------------------------------------------------------------------------


def typed(value, annotation, where):
    """Checks a value as YAML has it against an annotated type.

    Args:
        value: Plain value.
        annotation: `int`, `float`, `str`, `bool`, `dict`, one of `parts.ranges`, `Literal[...]`,
            `tuple[T, ...]` or `tuple[T, T]` for a list, a part (`Of`), a dataclass for a mapping of
            its fields, or a union of these with `None`. A float is finite.
        where: Start of the error message.

    Returns:
        The value. An int where a float is wanted becomes one, and a list becomes a tuple.

    Raises:
        UsageError: Another type, or a value out of range.
    """
    union = get_origin(annotation) in (Union, UnionType)
    alternatives = get_args(annotation) if union else (annotation,)
    if value is None and NoneType in alternatives:
        return None
    out_of_range = None
    for alternative in alternatives:
        found = _as(value, alternative, where)
        if not isinstance(found, _No):
            return found
        out_of_range = out_of_range or found.reason
    if out_of_range:
        raise UsageError(f"{where}: {out_of_range}")
    words = " or ".join(dict.fromkeys(map(_words, alternatives)))
    kind = "null" if value is None else f"of type {type(value).__name__}"
    lists = any(get_origin(alternative) is tuple for alternative in alternatives)
    one = lists and isinstance(value, str) and len(value) < 40
    advice = f"; write [{value}]" if one else ""
    raise UsageError(f"{where}: {short(value)} is {kind}, not {words}{advice}")


def read(cls, mapping, where):
    """Builds a dataclass from a mapping of its fields.

    Args:
        cls: Dataclass whose fields have types that `typed` knows.
        mapping: Dict of plain values.
        where: Start of error messages.

    Raises:
        UsageError: A field is unknown, missing, of another type or out of range.
    """
    if not isinstance(mapping, dict):
        raise UsageError(f"{where}: {short(mapping)} is not a mapping of fields")
    known = {f.name: f for f in fields(cls)}
    for key in mapping:
        if key not in known:
            raise UsageError(f"{where}: unknown field {short(key)}{suggestion(key, known)}")
    for name, f in known.items():
        if name not in mapping and f.default is MISSING and f.default_factory is MISSING:
            raise UsageError(f"{where}: the field '{name}' is missing")
    values = {n: typed(value, known[n].type, f"{where}: {n}") for n, value in mapping.items()}
    try:
        return cls(**values)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


@dataclass(frozen=True)
class _No:
    """A value is not of a type; a reason is given where it is of the type but out of range."""

    reason: str = ""


def _as(value, annotation, where):
    """The value as one alternative of a type, or a `_No`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated and isinstance(arguments[1], Of):
        noun, role, default = arguments[1]
        return check(noun, value, where, role, default)
    if origin is Annotated:
        found = _as(value, arguments[0], where)
        if isinstance(found, _No) or arguments[1].test(found):
            return found
        return _No(f"{short(value)} must be {arguments[1].words}")
    if origin is Literal:
        if any(type(value) is type(choice) and value == choice for choice in arguments):
            return value
        choices = ["null" if choice is None else choice for choice in arguments]
        return _No(f"{short(value)} is not known{suggestion(value, choices)}")
    if origin is tuple:
        return _as_tuple(value, arguments, where)
    if is_dataclass(annotation):
        return value if isinstance(value, annotation) else read(annotation, value, where)
    if annotation is float:
        return _number(value)
    # type() and not isinstance(): True is an int to Python, but not to a reader of a table.
    return value if type(value) is annotation else _No()


def _as_tuple(value, arguments, where):
    if type(value) not in (list, tuple):
        return _No()
    if arguments[-1] is Ellipsis:
        arguments = arguments[:1] * len(value)
    if len(value) != len(arguments):
        return _No(f"{short(value)} has {len(value)} values, not {len(arguments)}")
    return tuple(
        typed(item, annotation, f"{where}[{index}]")
        for index, (item, annotation) in enumerate(zip(value, arguments, strict=True))
    )


def _number(value):
    if type(value) not in (int, float):
        return _No()
    try:
        number = float(value)
    except OverflowError:  # an int of hundreds of digits
        number = inf
    return number if isfinite(number) else _No(f"{short(value)} must be finite")


def _words(annotation):
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is NoneType:
        return "null"
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(_words, arguments)))
    if is_dataclass(annotation):
        return "mapping"
    if origin is Annotated:
        return _words(arguments[0])
    if origin is tuple:
        return f"a list of {_words(arguments[0])}"
    if origin is Literal:
        return ", ".join(map(str, arguments))
    return annotation.__name__

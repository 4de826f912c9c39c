"""Types of options: plain ones with a range, and parts."""

from typing import Annotated, Literal, NamedTuple


class Valid(NamedTuple):
    """A range of an annotated type."""

    words: str
    test: object


Count = Annotated[int, Valid("at least 1", lambda value: value >= 1)]
Side = Annotated[int, Valid("from 1 to 4096", lambda value: 1 <= value <= 4096)]
"""Of an image, in pixels."""
Several = Annotated[int, Valid("at least 2", lambda value: value >= 2)]
Natural = Annotated[int, Valid("at least 0", lambda value: value >= 0)]
Positive = Annotated[float, Valid("positive", lambda value: value > 0)]
NonNegative = Annotated[float, Valid("at least 0", lambda value: value >= 0)]
Share = Annotated[float, Valid("in (0, 1]", lambda value: 0 < value <= 1)]
Rate = Annotated[float, Valid("in [0, 1)", lambda value: 0 <= value < 1)]


class Of(NamedTuple):
    """Marks a field that holds a part: `Annotated[Part, Of("losses")]`."""

    noun: str
    role: str | None = None
    default: str | None = None
    """Name of a mapping that has none."""


TYPES = {
    "Count": Count, "Natural": Natural, "Positive": Positive, "NonNegative": NonNegative,
    "Rate": Rate, "Several": Several, "Side": Side, "Literal": Literal,
}  # fmt: skip
"""The names that annotations of options are made of."""

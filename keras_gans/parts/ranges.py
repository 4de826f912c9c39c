"""Types of options: plain ones with a range, parts, and references to rows."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple


class Valid(NamedTuple):
    """A range of an annotated type."""

    words: str
    test: object


Count = Annotated[int, Valid("at least 1", lambda value: value >= 1)]
Iterations = Annotated[int, Valid("from 1 to 2,147,483,647", lambda value: 1 <= value < 2**31)]
"""As many as the counter of a GAN, an int32, can hold."""
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


@dataclass(frozen=True)
class Reference:
    """A row that results are asked of: of any table, with changes, at any iteration."""

    row: int | str
    """Number of a row of the same table, or TABLE/NUMBER."""
    set: dict = field(default_factory=dict)
    """Dict from field, with dots for nested ones, to the value that replaces the row's."""
    at: Natural | None = None
    """Iteration of the run; None for its last and its best generator."""

    @classmethod
    def of(cls, row):
        """The reference that a number, a text `TABLE/NUMBER` or a reference stands for."""
        return row if isinstance(row, cls) else cls(row)

    @property
    def place(self):
        """The pair (name of a table or None for the same one, number or None for no number)."""
        if not isinstance(self.row, str):
            return None, self.row
        table, _, number = self.row.rpartition("/")
        return table, int(number) if number.isdecimal() else None

    @property
    def label(self):
        """The row's name in a report, such as "2 (loss = mse) at 600"."""
        plain = {key: "null" if value is None else value for key, value in self.set.items()}
        changes = ", ".join(f"{key} = {value}" for key, value in plain.items())
        at = "" if self.at is None else f" at {self.at:,}"
        return f"{self.row}{changes and f' ({changes})'}{at}"


Row = int | str | Reference
Tier = int | str | tuple[Row, ...] | Reference
"""A row, or several that stand side by side. Lists are tried before mappings."""


TYPES = {
    "Count": Count, "Natural": Natural, "Positive": Positive, "NonNegative": NonNegative,
    "Rate": Rate, "Several": Several, "Side": Side, "Row": Row, "Tier": Tier, "Literal": Literal,
}  # fmt: skip
"""The names that annotations of options are made of."""

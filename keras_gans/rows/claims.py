"""Claims: what a document says came of its rows, each with one test.

A claim is checked when its table is read. What its test says of the rows is in `rows.tests`.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from keras_gans import parts
from keras_gans.errors import UsageError, short, suggestion
from keras_gans.parts import Of, Part, Reference
from keras_gans.rows.planned import effective

LOG_FIELDS = ("d_loss", "g_loss")
"""Values of a run's log that a claim may be about, next to its metrics."""
OF_CLASSIFIERS = "test_accuracy"
"""What a row that trains a classifier measures."""


@dataclass(frozen=True)
class Claim:
    """One claim of a document."""

    says: str
    """The claim, in one sentence."""
    where: str
    """The section or page of the document."""
    test: Annotated[Part, Of("tests")] | None = None
    """How it is decided."""
    untested: str | None = None
    """Instead of a test: why no row of the package decides it."""

    def __post_init__(self):
        if (self.test is None) == (self.untested is None):
            raise UsageError("give either a test, or untested with the reason")
        for name in ("says", "where", "untested"):
            text = getattr(self, name)
            object.__setattr__(self, name, text and " ".join(text.split()))

    @property
    def rows(self):
        """The rows that the test compares: tuple of `Reference`, each once."""
        options = self.test.options if self.test else {}
        lists = [options[key] for key in ("rows", "groups", "row") if options.get(key) is not None]
        found = {row.label: row for row in _flat(lists)}
        return tuple(found.values())

    def measure(self, experiment):
        """The metric or log field that the test is about; that of the first row if none is named.

        Args:
            experiment: Function from a `Reference` to the row, such as `Table.row`.

        Returns:
            Its name, or None if the row measures nothing.
        """
        named = self.test.options.get("measure")
        if named is not None:
            return named
        measures = getattr(experiment(self.rows[0]), "measure", (OF_CLASSIFIERS,))
        return measures[0] if measures else None


def read(content, table):
    """Reads and checks the claims of a table.

    Args:
        content: Mapping from number to claim, as YAML has it, or None.
        table: The `Table` that they belong to.

    Returns:
        Dict from number to `Claim`, in the order of the numbers.

    Raises:
        UsageError: A number, a field, a test or a row is not as it has to be.
    """
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UsageError(f"{table.path}: 'claims' must be a mapping from numbers to claims")
    for number in content:
        if type(number) is not int or number < 1:
            raise UsageError(
                f"{table.path}: claim {short(number)}: its key must be a number of at least 1"
            )
    row = _remembered(table)
    return {n: _claim(content[n], f"{table.name} claim {n}", row) for n in sorted(content)}


def _remembered(table):
    """`Table.row` of a table: many claims are about the same rows.

    It gives None for a row of the table that is wrong, which says so when it is asked for.
    """
    read = {}

    def row(reference):
        key = f"{reference.row} {reference.set}"
        if key not in read:
            name, number = reference.place
            try:
                read[key] = table.row(reference)
            except UsageError:
                if name or reference.set or number not in table.rows:
                    raise
                read[key] = None
        return read[key]

    return row


def _claim(mapping, where, experiment):
    claim = parts.read(Claim, mapping, where)
    if claim.test is None:
        return claim
    measure = claim.test.options.get("measure")
    known = [*parts.names("measures"), *LOG_FIELDS, OF_CLASSIFIERS]
    if measure is not None and measure not in known:
        raise UsageError(f"{where}: unknown measure {short(measure)}{suggestion(measure, known)}")
    try:
        parts.get("tests", claim.test)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    sound = [
        _check(row, experiment, where, claim.test.options.get("printed")) for row in claim.rows
    ]
    if sound[0] and claim.measure(experiment) is None:
        raise UsageError(f"{where}: row {claim.rows[0].label} measures nothing: name a measure")
    return claim


def _check(reference, experiment, where, printed):
    """Refuses a row that does not exist, and changes or an iteration that it cannot have.

    Returns:
        Whether the row itself is right.
    """
    if reference.place[1] is None:
        raise UsageError(
            f"{where}: {short(reference.row)} is no row: write its number, or TABLE/NUMBER"
        )
    try:
        row = experiment(reference)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    if row is None:
        return False
    kept = effective(reference.set, lambda changed: experiment(replace(reference, set=changed)))
    for key in reference.set.keys() - kept.keys():  # no run would have it in its name
        raise UsageError(
            f"{where}: row {reference.row} has this {key} already: leave it out of set"
        )
    at = reference.at
    if at is not None and (at > row.iterations or not getattr(row, "measures", _never)(at)):
        raise UsageError(f"{where}: row {reference.row} is not measured at {at:,}")
    if printed is not None and printed not in row.printed:
        raise UsageError(f"{where}: row {reference.row} has no printed {short(printed)}")
    return True


def _never(iteration):
    return False


def _flat(rows):
    for row in rows:
        if isinstance(row, tuple):
            yield from _flat(row)
        else:
            yield Reference.of(row)

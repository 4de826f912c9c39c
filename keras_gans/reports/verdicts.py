"""What the runs say of a claim: the words, and which generator and measure they come from."""

from dataclasses import dataclass

HOLDS, FAILS, OPEN, UNTESTED = WORDS = ("holds", "does not hold", "not decided", "not tested")
"""All verdicts."""


@dataclass(frozen=True)
class Finding:
    """What one generator of each run, the last or the best, says of a claim.

    Attributes:
        generator: "last", "best", or "" where the claim names iterations.
        word: One of `WORDS`.
        numbers: The means, and the comparison that decides, as a short text.
        interval: (low, high) of that comparison: of a ratio, a difference or a mean; None where
            there is none.
        reason: Why nothing is decided; "" otherwise.
    """

    generator: str
    word: str
    numbers: str
    interval: tuple | None
    reason: str


@dataclass(frozen=True)
class Judgement:
    """A claim judged by one measure.

    Attributes:
        measure: Its full name, such as "fid5k_lenet", or several; the metric where no run has it.
        counts: Whether it may decide the claim.
        findings: Tuple of `Finding`.
    """

    measure: str
    counts: bool
    findings: tuple

    @property
    def word(self):
        """One of `WORDS`."""
        return _word(self.findings)

    @property
    def reason(self):
        """One short sentence, or ""."""
        return _reason([(self, finding) for finding in self.findings])

    @property
    def numbers(self):
        """The numbers of the findings, one text."""
        told = [
            f"{f.generator}: {f.numbers}".removeprefix(": ") for f in self.findings if f.numbers
        ]
        return "; ".join(told)


@dataclass(frozen=True)
class Verdict:
    """A claim of a table and what the runs say of it.

    Attributes:
        table: Name of the table.
        number: Of the claim.
        says: The claim.
        where: Section or page of the document.
        rows: The rows that are compared, as a short text.
        by: Tuple of `Judgement`: by the measure of the claim, then by a distance in other features
            and by `fid_thesis` where runs have them. Empty for a claim that is not tested.
        untested: Why it is not tested, or "".
    """

    table: str
    number: int
    says: str
    where: str
    rows: str
    by: tuple
    untested: str = ""

    @property
    def word(self):
        """One of `WORDS`."""
        return _word([finding for _, finding in self._findings]) if self.by else UNTESTED

    @property
    def reason(self):
        """One short sentence, or ""."""
        return _reason(self._findings) if self.by else self.untested

    @property
    def _findings(self):
        """Pairs (`Judgement`, `Finding`) of those that may decide."""
        return [(one, finding) for one in self.by if one.counts for finding in one.findings]


def _word(findings):
    """What several findings say together."""
    words = {finding.word for finding in findings} - {OPEN}
    return words.pop() if len(words) == 1 else OPEN


def _reason(pairs):
    """Which of several findings decide, or why none does; pairs of `Judgement` and `Finding`."""
    deciding = [pair for pair in pairs if pair[1].word != OPEN]
    if not deciding:
        return pairs[0][1].reason
    words = dict.fromkeys(finding.word for _, finding in deciding)
    sides = [_named([p for p in deciding if p[1].word == word], pairs) for word in words]
    if len(sides) > 1:
        told = (f"it {word} by {side}" for word, side in zip(words, sides, strict=True))
        return f"opposite verdicts: {' and '.join(told)}"
    return "" if len(deciding) == len(pairs) else f"by {sides[0]} alone"


def _named(deciding, pairs):
    """The generators and the measures of findings, as a short text."""
    own = {}
    for judgement, finding in deciding:
        own.setdefault(judgement, []).append(finding.generator)
    of_all = dict.fromkeys(judgement for judgement, _ in pairs)
    if own.keys() == of_all.keys() and len({tuple(names) for names in own.values()}) == 1:
        return _generators(next(iter(own.values())))
    told = []
    for one, names in own.items():
        alone = "" if len(names) == len(one.findings) else f"{_generators(names)} in "
        told.append(alone + _measure(one))
    return " and ".join(told)


def _generators(names):
    return f"the {' and the '.join(names)} generators"


def _measure(judgement):
    several = ", " in judgement.measure
    return "the features of each row's own data" if several else judgement.measure

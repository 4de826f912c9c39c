"""The claims of a document, judged by finished runs.

A claim *holds* where its bounds (`rows.tests`) contain the 95 % intervals over seeds, and *does
not hold* where an interval lies outside its bound. Otherwise it is *not decided*: an interval
crosses a bound, or is not known without a second seed, or rows have not been run.

- Intervals are those of `reports.intervals`: Student's t, with the deviation of a row of three or
  more seeds, or one that is pooled over the rows of a table and data set. Distances and losses are
  compared as logarithms, because their spread grows with their size; differences are then ratios.
- A claim of several comparisons holds if all of them do, and fails if one does; one about most rows
  needs more than half of them.
- The document seldom says which generator it measured, so the last and the best one are judged
  apart. A claim about `fid` is judged again by its values in other features, where runs have them:
  what looks better to one network may look worse to another. Any of these may decide, and the
  verdict names those that do. A comparison on which they decide opposite ways is not decided, and
  there each needs no more than an interval of its own.
- All intervals of a claim are right together: Bonferroni's correction divides the 5 % by their
  number, those with rows that have not been run included. It needs no independence, and gives
  intervals, which Holm's procedure does not.
- `equal` is a test of equivalence (Schuirmann 1987): it holds where the interval lies within the
  margin, and a difference that is merely not significant decides nothing. The usual pair of
  one-sided tests at 5 % looks at the 90 % interval; the one of 95 % here is stricter.
- Of `trend` and `correlates` the rows are the sample: the rank correlation (Spearman) of their
  means has to be above 0 in a permutation test, likewise at 5 % in all, and the claim fails where
  it is below 0. Moments of one run follow from each other and are no such sample: they are
  refused. Where two of them are compared, they are taken as independent.
- Rows that were not evaluated in other features leave a claim open there, unless the rest refutes
  it. `fid_thesis` is shown, because what a document says may be true of its own scale alone, and
  decides nothing. `at_least`, `at_most` and `equal` to a number are judged by the measure of the
  rows alone: the number belongs to one scale.
"""

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from math import exp, factorial, inf

from keras_gans import parts
from keras_gans.errors import UsageError
from keras_gans.metrics import features_of, metric_of
from keras_gans.reports.intervals import ENOUGH, LEVEL, interval, rank_correlation
from keras_gans.reports.means import better, means, short
from keras_gans.reports.verdicts import FAILS, HOLDS, OPEN, Finding, Judgement, Verdict
from keras_gans.rows import tests

_MOST = 4  # rows whose values are shown where no two of them can be compared
_OF_RANKS = tests.Trend | tests.Correlates
_SCALES = "the rows are measured on different scales"
_FEWEST = 3  # rows of a rank correlation that is shown; tests have more


def verdicts(table, runs):
    """The verdicts on all claims of a table.

    Args:
        table: `rows.Table`.
        runs: Function from the name of a table to the list of its `results.Finished`.

    Returns:
        List of `Verdict`, in the order of the numbers.

    Raises:
        UsageError: A file of a finished run is damaged.
    """
    return [judge(number, claim, table, runs) for number, claim in table.claims.items()]


def judge(number, claim, table, runs):
    """The verdict on one claim.

    Args:
        number: Of the claim.
        claim: `rows.Claim`.
        table: `rows.Table` of the claim.
        runs: Function from the name of a table to the list of its `results.Finished`.

    Returns:
        `Verdict`.
    """
    rows = short([row.label for row in claim.rows])
    verdict = Verdict(table.name, number, claim.says, claim.where, rows, (), claim.untested or "")
    if claim.test is None:
        return verdict
    try:
        for row in claim.rows:
            if row.place[0] is None:  # those of other tables are right, or the table is refused
                table.row(row)
    except UsageError as error:  # what other claims say can be judged all the same
        wrong = Finding("", OPEN, "", None, str(error))
        return replace(verdict, by=(Judgement("", True, (wrong,)),))
    test, measure = parts.get("tests", claim.test), claim.measure(table.row)
    own = _means(measure, test, claim, table, runs)
    found = [(measure, own)]
    if measure == "fid" and getattr(test, "value", None) is None:
        for name in _others(claim, table, runs):
            other = _means(metric_of(name), test, claim, table, runs, name)
            if any(_adds(other[called], own[called], test) for called in other if called in own):
                found.append((metric_of(name), other))
    deciding = [pair for metric, one in found for pair in one.items() if metric == measure]
    if isinstance(test, _OF_RANKS):
        judged = partial(_by_ranks, test, claim, table, len(deciding))
    else:
        bounds = test.bounds(measure, better(measure))
        opposed = {measure: _opposed(deciding, bounds)}  # other measures are shown as they are
        judged = partial(_by_bounds, test, len(deciding), opposed)
    judgements = []
    for metric, one in found:
        findings = [judged(g, m, metric) for g, m in one.items()]
        names = dict.fromkeys(full for m in one.values() for full in m.names.values())
        counts = metric == measure
        judgements.append(Judgement(", ".join(names) or measure, counts, tuple(findings)))
    return replace(verdict, by=tuple(judgements))


def _means(measure, test, claim, table, runs, name=None):
    """What each generator is judged by: dict from "last", "best" or "" to `means.Means`."""
    if all(row.at is not None for row in claim.rows):
        generators = {"": "last"}  # the log is asked
    else:
        generators = {g: g for g in ([test.generator] if test.generator else ("last", "best"))}
    found = {
        called: means(claim.rows, measure, generator, table.name, runs, name)
        for called, generator in generators.items()
    }
    # A generator without any value is left out, unless the other one has none either.
    return {g: m for g, m in found.items() if m.samples} or dict([next(iter(found.items()))])


def _others(claim, table, runs):
    """Full names, sorted, of `fid` and `fid_thesis` in all features that the runs have."""
    names = {
        name
        for place, number in {row.place for row in claim.rows}
        for run in runs(place or table.name)
        if run.experiment == number
        for name in chain(run.measured, *run.evaluated.values())
    }
    return sorted(name for name in names if metric_of(name) in ("fid", "fid_thesis"))


def _adds(other, own, test):
    """Whether rows can be compared in other features than their own; all of them for ranks."""
    scales = [
        {label: (metric_of(name), features_of(name)) for label, name in found.names.items()}
        for found in (other, own)
    ]
    new = {label for label, scale in scales[0].items() if scale != scales[1].get(label)}
    if isinstance(test, _OF_RANKS):
        compared = [] if _lack(other) else [set(other.samples)]
    else:
        compared = [set(bound.rows) for bound in test.bounds("fid", "lower")]
    return any(rows <= other.samples.keys() and rows & new for rows in compared)


def _lack(found):
    """Why rows cannot be compared; "" where they can."""
    if found.missing:
        return _rows(found.missing, "has not been run", "have not been run")
    if found.diverged:
        return _rows(found.diverged, "has seeds that diverged", "have seeds that diverged")
    if found.silent:
        return _rows(found.silent, f"has no {found.measure}", f"have no {found.measure}")
    return ""


def _rows(labels, one, several):
    return f"rows {short(labels)} {several}" if len(labels) > 1 else f"row {labels[0]} {one}"


# --- by bounds ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Compared:
    """A bound, and what is compared with it."""

    bound: tests.Bound
    center: float
    interval: tuple | None

    @property
    def word(self):
        if self.interval is None:
            return OPEN
        low, high = self.interval
        if (
            self.bound.second is not None
            and low == high
            and low in (self.bound.low, self.bound.high)
        ):
            return FAILS  # all seeds of both rows are equal: neither is better
        if self.bound.low <= low and high <= self.bound.high:
            return HOLDS
        return FAILS if high < self.bound.low or low > self.bound.high else OPEN

    @property
    def room(self):
        """From the mean to the nearer limit; negative outside."""
        return min(self.center - self.bound.low, self.bound.high - self.center)


def _by_bounds(test, looks, opposed, generator, found, measure):
    bounds, opposed = test.bounds(measure, better(measure)), opposed.get(measure, {})
    compared = _comparisons(found, bounds, len(bounds) * looks)
    sure = [c for c in compared if c.bound.rows not in opposed]
    holding, failing = ([c for c in sure if c.word == word] for word in (HOLDS, FAILS))
    undecided = [c for c in compared if c not in holding and c not in failing]
    most = getattr(test, "most", False)
    needed = len(bounds) // 2 + 1 if most else len(bounds)
    # The comparison with the least room is shown: of those that fail, else of those left open.
    shown = min(failing or undecided or compared, key=lambda c: c.room, default=None)
    word, reason = (HOLDS if len(holding) >= needed else FAILS), ""
    if len(holding) < needed <= len(bounds) - len(failing):
        # Of a claim about most rows some may fail, and what is missing is said of another one.
        shown = min(undecided, key=lambda c: c.room, default=shown)
        word, reason = OPEN, _lack(found) or _open(undecided, shown, found)
        reason = opposed.get(shown.bound.rows, reason) if shown else reason
    if most and compared:
        counts = f"{len(holding)} of {len(bounds)} rows, {len(failing)} do not"
        return Finding(generator, word, counts, None, reason)
    return Finding(generator, word, *_told(found, shown, measure), reason)


def _comparisons(found, bounds, together):
    """Those of some bounds that can be compared, as `_Compared`; so many are right together."""
    compared = []
    for bound in bounds:
        samples = [found.samples.get(label) for label in bound.rows]
        if None not in samples and _one_scale(bound.rows, found):
            center = samples[0].mean - sum(sample.mean for sample in samples[1:])
            compared.append(_Compared(bound, center, interval(samples, together)))
    return compared


def _opposed(deciding, bounds):
    """The rows on which networks, or the last and the best generators, say the opposite.

    Each interval is right at 95 % alone: less is needed to object to a verdict than to reach it.

    Args:
        deciding: List of pairs ("last", "best" or "", `Means`), all that may decide.
        bounds: List of `Bound`.

    Returns:
        Dict from the labels of the rows to who says what, as a short text.
    """
    said = {}
    for generator, found in deciding:
        for compared in _comparisons(found, bounds, 1):
            by = f"{generator} in {found.names[compared.bound.first]}".removeprefix(" in ")
            said.setdefault(compared.bound.rows, {}).setdefault(compared.word, []).append(by)
    return {
        rows: f"opposite verdicts on {' and '.join(rows)}: "
        + ", ".join(f"{word} by {' and '.join(words[word])}" for word in (HOLDS, FAILS))
        for rows, words in said.items()
        if {HOLDS, FAILS} <= words.keys()
    }


def _one_scale(labels, found):
    return len({found.names[label] for label in labels if label in found.names}) < 2


def _open(undecided, compared, found):
    if not undecided:
        return _SCALES
    if compared.interval is None:
        row = next(row for row in compared.bound.rows if found.samples[row].deviation is None)
        seeds, valued = found.seeds[row], found.samples[row].count
        if seeds > valued:
            return (
                f"the spread of row {row} is not known: of its {seeds} seeds {valued} "
                f"{'has' if valued == 1 else 'have'} a value; evaluate the others"
            )
        return f"the spread of row {row} is not known: it needs a second seed"
    rows = " and ".join(compared.bound.rows)
    return f"the interval of {rows} contains the limit"


def _told(found, compared, measure):
    """The text of the numbers, and the interval of the comparison."""
    as_ratio = measure in tests.RATIOS
    back = _exp if as_ratio else float
    labels = compared.bound.rows if compared else list(found.samples)[:_MOST]
    text = ", ".join(_value(label, found.samples[label], back) for label in labels)
    if compared is None:
        return text, None
    if len(labels) > 1:
        text += f", {'ratio' if as_ratio else 'difference'} {back(compared.center):.3g}"
    if compared.interval is None:
        return text, None
    low, high = map(back, compared.interval)
    pooled = any(found.samples[label].count < ENOUGH for label in labels)
    spread = ", pooled spread" if pooled else ""
    return f"{text} ({low:.3g} to {high:.3g}{spread})", (low, high)


def _exp(value):
    return exp(value) if value < 700 else inf  # two losses, of which one is 0, are that far apart


def _value(label, sample, back):
    seeds = f" over {sample.count} seeds" if sample.count > 1 else ""
    return f"row {label} = {back(sample.mean):.4g}{seeds}"


# --- by ranks -----------------------------------------------------------------------------------


def _by_ranks(test, claim, table, looks, generator, found, measure):
    rows = [row for row in claim.rows if row.label in found.samples]
    sign = 1 if better(measure) == "lower" else -1
    worse = [sign * found.samples[row.label].mean for row in rows]
    expected = test.expected(rows, lambda row: _printed(row, table, test.printed))
    lack = _lack(found)
    one_scale = _one_scale(found.names, found)
    several = one_scale and len(rows) >= _FEWEST
    correlation = rank_correlation(expected, worse) if several else None
    if correlation is None:
        reason = lack or ("the values of all rows are equal" if one_scale else _SCALES)
        return Finding(generator, OPEN, "", None, reason)
    numbers = (
        f"rank correlation {correlation.rho:.2f} of {correlation.count} rows, "
        f"p = {correlation.p:.2g}"
    )
    word = HOLDS if correlation.rho > 0 else FAILS
    reason = ""
    level = (1 - LEVEL) / looks
    if lack or correlation.p > level:
        word, reason = OPEN, lack or _of_chance(correlation.count, level)
    return Finding(generator, word, numbers, None, reason)


def _of_chance(count, level):
    """Why so many rows are in no order at a level: whether any order of them would be enough."""
    needed = next(n for n in range(_FEWEST, 100) if 2 / factorial(n) <= level)
    if count < needed:
        return f"the order of {count} rows shows nothing at this level: it needs {needed}"
    return "chance orders so few rows like this"


def _printed(row, table, name):
    """What the document prints of a row, the larger the worse."""
    value = table.row(row).printed[name]
    return value if better(name) == "lower" else -value

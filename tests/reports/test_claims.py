"""Claims: verdicts on synthetic runs whose verdict is known, and what a table may not claim."""

import json
import math
import subprocess
import sys
from itertools import permutations

import pytest
import yaml
from scipy import stats
from wording import says

from keras_gans import reports
from keras_gans.errors import UsageError
from keras_gans.reports import claims, intervals, means, orders, results, verdicts
from keras_gans.rows import read_table, tables

HOLDS, FAILS, OPEN, UNTESTED = verdicts.WORDS
ROW = {
    "derived_from": "GAN",
    "dataset": "digits",
    "iterations": 1000,
    "batch_size": 32,
    "latents": {"size": 10},
    "loss": "binary_crossentropy",
    "optimizer": "adam",
    "generator": "vanilla",
    "discriminator": "vanilla",
    "save_every": 100,
}
# Values of seeds that deviate by about 2 %, 2 % and 2 %: 10 and 20 are far apart, 10 and 10.1 not.
TEN, LIKE_TEN, TWENTY = (9.8, 10.0, 10.2), (9.9, 10.1, 10.3), (19.6, 20.0, 20.4)


def entry(last, best=None, metric="fid", name="{}5k_lenet"):
    better = "lower" if metric == "fid" else "higher"
    best = last if best is None else best
    values = {"first": None, "last": last, "best": best, "best_iteration": 500}
    return {name.format(metric): {"metric": metric, "better": better, **values}}


def judged(table, folder):
    """The verdicts on a table's claims by the runs in a folder of results."""
    return claims.verdicts(table, lambda name: results.finished(folder / name))


@pytest.fixture
def table(tmp_path):
    """A function that writes a table of nine rows with claims; returns its path."""

    def write(claims, **others):
        rows = {n: {**ROW, "printed": {"fid_thesis": 50.0 + n}} for n in range(1, 10)}
        content = {"source": "s", "command": "c", "claims": claims, "rows": rows, **others}
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(content))
        return str(path)

    return write


@pytest.fixture
def run(write_run):
    """A function that writes the runs of a row, one for each seed; returns their folders."""

    def write(row, last, best=None, metric="fid", name="{}5k_lenet", folder=None, **changes):
        changes = {"table": "mine", "iterations": 1000, "final": {}, **changes}
        folders = []
        for seed, (end, top) in enumerate(zip(last, best or last, strict=True)):
            own = {"experiment": row, "seed": seed, "measured": entry(end, top, metric, name)}
            folders.append(write_run(folder or str(row), **{**own, **changes}).parent)
        return folders

    return write


def change(folder, **changes):
    path = folder / "metrics.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.fixture
def judge(table, tmp_path):
    """A function that judges one test; returns the verdict."""

    def judging(name, **options):
        claim = {"says": "So it is", "where": "page 1", "test": {"name": name, **options}}
        (verdict,) = judged(read_table(table({1: claim})), tmp_path)
        return verdict

    return judging


# --- ordered, best ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [(TEN, TWENTY, HOLDS), (TWENTY, TEN, FAILS), (TEN, LIKE_TEN, OPEN), (LIKE_TEN, TEN, OPEN)],
)
def test_the_first_row_is_better(run, judge, first, second, word):
    run(1, first)
    run(2, second)
    verdict = judge("ordered", rows=[1, 2])
    assert verdict.word == word
    assert (verdict.table, verdict.number, verdict.rows) == ("mine", 1, "1, 2")
    assert (verdict.says, verdict.where, verdict.untested) == ("So it is", "page 1", "")
    assert verdict.reason == ("the interval of 1 and 2 contains the limit" * (word == OPEN))
    (by,) = verdict.by
    assert by.measure == "fid5k_lenet"
    assert [finding.generator for finding in by.findings] == ["last", "best"]


def test_of_some_metrics_the_higher_value_is_better(run, judge):
    run(1, (0.8, 0.82), metric="recall")
    run(2, (0.3, 0.32), metric="recall")
    assert judge("ordered", rows=[1, 2], measure="recall").word == HOLDS
    assert judge("ordered", rows=[2, 1], measure="recall").word == FAILS
    assert judge("ordered", rows=[1, 2], measure="recall", by=0.3).word == HOLDS
    assert judge("ordered", rows=[1, 2], measure="recall", by=0.7).word == FAILS
    numbers = judge("ordered", rows=[1, 2], measure="recall").by[0].findings[0].numbers
    assert numbers.startswith(
        "row 1 = 0.81 over 2 seeds, row 2 = 0.31 over 2 seeds, difference 0.5 ("
    )


@pytest.mark.parametrize(("by", "word"), [(1.5, HOLDS), (2.0, OPEN), (3.0, FAILS)])
def test_a_row_is_better_by_a_factor(run, judge, by, word):
    run(1, TEN)
    run(2, TWENTY)
    assert judge("ordered", rows=[1, 2], by=by).word == word


@pytest.mark.parametrize(("by", "word"), [(0.4, HOLDS), (0.5, OPEN), (0.6, FAILS)])
def test_a_factor_below_1_allows_a_row_to_be_worse(run, judge, by, word):
    run(1, TWENTY)
    run(2, TEN)
    assert judge("ordered", rows=[1, 2], by=by).word == word
    assert judge("ordered", rows=[2, 1], by=by).word == HOLDS


def test_rows_in_a_list_of_their_own_are_not_compared(run, judge):
    for row, values in ((1, TEN), (2, TWENTY), (3, (40.0,)), (4, (90.0,))):
        run(row, values)
    assert judge("ordered", rows=[1, 2, [3, 4]]).word == HOLDS
    assert judge("ordered", rows=[1, 2, [4, 3]]).word == HOLDS
    assert judge("ordered", rows=[[1, 2], [3, 4]]).word == HOLDS
    assert judge("ordered", rows=[1, [2, 4], 3]).word == FAILS


def test_groups_are_compared_within_themselves(run, judge):
    for row, values in ((1, TEN), (2, TWENTY), (3, (40.0,)), (4, (90.0,))):
        run(row, values)
    assert judge("ordered", groups=[[3, 4], [1, 2]]).word == HOLDS
    assert judge("ordered", groups=[[1, 2], [4, 3]]).word == FAILS


def test_groups_may_be_measured_on_different_scales(run, judge):
    run(1, TEN)
    run(2, TWENTY)
    run(3, TEN, name="{}5k_inception768_75px", data="faces.npz")
    run(4, TWENTY, name="{}5k_inception768_75px", data="faces.npz")
    verdict = judge("ordered", groups=[[1, 2], [3, 4]])
    assert verdict.word == HOLDS
    assert verdict.by[0].measure == "fid5k_lenet, fid5k_inception768_75px"
    verdict = judge("ordered", rows=[1, 3])
    assert (verdict.word, verdict.reason) == (OPEN, "the rows are measured on different scales")


def test_best_is_better_than_each_of_the_others(run, judge):
    run(1, TEN)
    run(2, TWENTY)
    run(3, (30.0,))
    assert judge("best", row=1, rows=[1, 2, 3]).word == HOLDS
    assert judge("best", row=2, rows=[1, 2, 3]).word == FAILS
    run(4, (10.1,))
    verdict = judge("best", row=1, rows=[1, 2, 3, 4])
    assert (verdict.word, verdict.rows) == (OPEN, "1-4")
    assert "row 4 = 10.1" in verdict.by[0].numbers  # the comparison that is open is shown


def test_deviations_that_are_equal_by_chance_are_not_shared():
    """Two rows of three seeds have 4 degrees of freedom, not 2."""
    own = [intervals.pooled([values]) for values in ([8, 8, 7], [7, 7, 8])]
    assert own[0] == own[1]
    rows = [intervals.Sample(m, 3, d) for m, d in zip((23 / 3, 22 / 3), own, strict=True)]
    low, high = intervals.interval(rows)
    half = stats.t.ppf(0.975, 4) * math.sqrt(2 * (1 / 3) / 3)
    assert (low, high) == pytest.approx((1 / 3 - half, 1 / 3 + half))
    few = [intervals.Sample(m, 2, intervals.Deviation(1 / 3, 2)) for m in (23 / 3, 22 / 3)]
    low, high = intervals.interval(few)  # here it is one deviation
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, 2) * math.sqrt(1 / 3))


def test_several_comparisons_have_wider_intervals(run, judge):
    values = {1: (9.0, 10.0, 11.0), 2: (11.6, 12.8, 14.0), 3: (60.0,)}
    for row, several in values.items():
        run(row, several)
    assert judge("ordered", rows=[1, 2], generator="last").word == HOLDS
    assert judge("best", row=1, rows=[2, 3, 4, 5, 6, 7, 8, 9], generator="last").word == OPEN
    one = judge("ordered", rows=[1, 2]).by[0].findings[0].interval
    two = judge("best", row=1, rows=[2, 3]).by[0].findings[0].interval
    assert two[0] < one[0] and one[1] < two[1]
    (last,) = judge("ordered", rows=[1, 2], generator="last").by[0].findings
    assert one[0] < last.interval[0] and last.interval[1] < one[1]  # of two generators


# --- equal, at_least, at_most -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "within", "word"),
    [(LIKE_TEN, 10, HOLDS), (LIKE_TEN, 2, OPEN), (TWENTY, 10, FAILS), (TWENTY, 150, HOLDS)],
)
def test_rows_are_equal_within_a_margin(run, judge, second, within, word):
    run(1, TEN)
    run(2, second)
    assert judge("equal", rows=[1, 2], within=within).word == word
    assert judge("equal", groups=[[2, 1]], within=within).word == word


def test_shares_are_equal_within_points(run, judge):
    run(1, (0.50, 0.51), metric="recall")
    run(2, (0.54, 0.55), metric="recall")
    assert judge("equal", rows=[1, 2], within=9, measure="recall").word == HOLDS
    assert judge("equal", rows=[1, 2], within=5, measure="recall").word == OPEN
    last = judge("equal", rows=[1, 2], within=0.5, measure="recall", generator="last")
    assert last.word == FAILS


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("at_most", 11.0, HOLDS), ("at_most", 10.0, OPEN), ("at_most", 9.0, FAILS),
        ("at_least", 9.0, HOLDS), ("at_least", 10.0, OPEN), ("at_least", 11.0, FAILS),
    ],
)  # fmt: skip
def test_a_measure_is_compared_with_a_number(run, judge, name, value, word):
    run(1, TEN)
    verdict = judge(name, rows=[1], measure="fid", value=value)
    assert verdict.word == word
    low, high = verdict.by[0].findings[0].interval
    assert low < 10 < high


def test_rows_are_equal_to_a_number_within_a_margin(run, judge):
    of_rows = {1: (0.69, 0.70, 0.71), 2: (0.60, 0.70, 0.80), 3: (0.20, 0.21, 0.22)}
    for row, losses in of_rows.items():
        for folder, loss in zip(run(row, (1.0,) * 3), losses, strict=True):
            change(folder, final={"d_loss": loss, "g_loss": 1.0})
    test = {"value": 0.7, "measure": "d_loss"}
    words = [judge("equal", rows=[row], within=10, **test).word for row in of_rows]
    assert words == [HOLDS, OPEN, FAILS]
    assert judge("equal", rows=[3], within=300, **test).word == HOLDS  # a ratio, 4 at most


@pytest.mark.parametrize(
    ("values", "word", "counts"),
    [
        ([0.5, 0.5, 0.5, 0.1, 0.1], HOLDS, "3 of 5 rows, 2 do not"),
        ([0.5, 0.5, 0.1, 0.1], FAILS, "2 of 4 rows, 2 do not"),  # half are not most
        ([0.5, 0.5, 0.3, 0.1, 0.1], OPEN, "2 of 5 rows, 2 do not"),
        ([0.5, 0.5, 0.5, None, 0.3], HOLDS, "3 of 5 rows, 0 do not"),  # the rest cannot turn it
        ([0.5, 0.5, None, None, None], OPEN, "2 of 5 rows, 0 do not"),
    ],
)
def test_most_rows_are_more_than_half(run, judge, values, word, counts):
    for row, value in enumerate(values, 1):
        if value is not None:
            run(row, (value - 0.002, value, value + 0.002), metric="recall")
    test = {"rows": list(range(1, len(values) + 1)), "measure": "recall", "generator": "last"}
    at_least = judge("at_least", value=0.3, most=True, **test)
    assert (at_least.word, at_least.by[0].findings[0].numbers) == (word, counts)
    upside = judge("at_least", value=0.3, **test)  # all of them
    assert upside.word == (FAILS if 0.1 in values else OPEN)


def test_a_spread_that_is_not_the_rows_own_is_named(run, judge):
    run(1, (0.49, 0.50, 0.51), metric="recall")
    run(2, (0.49, 0.51), metric="recall")
    own = judge("at_least", rows=[1], measure="recall", value=0.1)
    pooled = judge("at_least", rows=[2], measure="recall", value=0.1)
    assert "pooled" not in own.by[0].numbers
    assert ", pooled spread)" in pooled.by[0].numbers


def test_losses_of_the_log_are_compared_too(run, judge):
    for row, losses in ((1, (1e-6, 4e-6)), (2, (0.6, 0.7)), (3, (0.0, 0.0)), (4, (-0.3, -0.3))):
        for folder, loss in zip(run(row, (1.0, 1.0)), losses, strict=True):
            change(folder, final={"d_loss": loss, "g_loss": 1.0})
    assert judge("at_most", rows=[1], measure="d_loss", value=0.01).word == HOLDS
    assert judge("at_most", rows=[2], measure="d_loss", value=0.01).word == FAILS
    assert judge("ordered", rows=[1, 2], measure="d_loss").word == HOLDS
    # A loss that ends as exactly 0 has a logarithm, a critic's negative one has none.
    zero = judge("at_most", rows=[3], measure="d_loss", value=0.01)
    assert (zero.word, zero.by[0].measure) == (HOLDS, "d_loss")
    assert [finding.generator for finding in zero.by[0].findings] == ["last"]
    assert judge("at_most", rows=[4], measure="d_loss", value=0.01).reason == "row 4 has no d_loss"


def test_a_loss_of_zero_has_an_interval_beyond_all_numbers(run, judge):
    for row, losses in ((1, (0.0, 0.69)), *((n, (0.5,)) for n in range(2, 6))):
        for folder, loss in zip(run(row, (1.0,) * len(losses)), losses, strict=True):
            change(folder, final={"d_loss": loss, "g_loss": 1.0})
    verdict = judge("ordered", rows=[1, 2, 3, 4, 5], measure="d_loss")
    assert verdict.word == OPEN
    assert verdict.by[0].findings[0].interval[1] == math.inf


def test_short_trials_lend_no_spread(run, judge):
    """A row of one seed has the spread of the others of its table, not that of changed ones."""
    run(1, (10.0,))
    run(2, (20.0,))
    run(3, (5.0, 5.1), folder="3+iterations=100", changed={"iterations": 100})
    verdict = judge("ordered", rows=[1, 2])
    assert verdict.reason == "the spread of row 1 is not known: it needs a second seed"
    run(4, (5.0, 5.1))
    assert judge("ordered", rows=[1, 2]).word == HOLDS


# --- trend, correlates --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "word"),
    [((1, 2, 3, 4, 5), HOLDS), ((5, 4, 3, 2, 1), FAILS), ((1, 2, 3, 5, 4), OPEN)],
)
def test_rows_get_worse_along_a_list(run, judge, values, word):
    for row, value in enumerate(values, 1):
        run(row, (float(value),))
    trend = judge("trend", rows=[1, 2, 3, 4, 5])
    printed = judge("correlates", rows=[5, 1, 2, 3, 4], printed="fid_thesis")  # rise with the row
    assert trend.word == printed.word == word
    assert trend.by[0].numbers == printed.by[0].numbers
    if word == OPEN:
        assert trend.reason == "chance orders so few rows like this"
        assert "correlation 0.90 of 5 rows, p = 0.083" in trend.by[0].numbers


def test_an_order_of_too_few_rows_says_how_many_it_needs(run, judge):
    """2 of 120 orders of 5 rows correlate fully: 1.7 %, more than a quarter of 5 %."""
    for row in range(1, 6):
        for folder in run(row, (float(row),), (float(row),)):
            for kind in ("last", "best"):
                evaluated(folder, kind, "imagenet768", fid=float(row))
    verdict = judge("trend", rows=[1, 2, 3, 4, 5])
    assert verdict.word == OPEN
    assert verdict.reason == "the order of 5 rows shows nothing at this level: it needs 6"


def test_a_trend_of_equal_rows_shows_nothing(run, judge):
    for row in range(1, 6):
        run(row, (7.0,))
    assert judge("trend", rows=[1, 2, 3, 4, 5]).reason == "the values of all rows are equal"


def test_rank_correlation_is_that_of_scipy_with_the_exact_p():
    first, second = [1, 2, 3, 4, 5, 6], [2.0, 1.0, 4.0, 3.0, 7.0, 5.0]
    found = intervals.rank_correlation(first, second)
    assert found.rho == pytest.approx(stats.spearmanr(first, second).statistic)
    rhos = [stats.spearmanr(first, order).statistic for order in permutations(second)]
    as_much = sum(rho >= found.rho - 1e-9 for rho in rhos)
    assert found.p == pytest.approx(2 * as_much / math.factorial(6))
    assert found.count == 6
    assert intervals.rank_correlation([1, 2, 3], [1.0, 1.0, 1.0]) is None


def test_p_of_many_rows_is_nearly_that_of_the_usual_approximation():
    first = list(range(20))
    second = [value + 9 * math.sin(value * value) for value in first]
    found, usual = intervals.rank_correlation(first, second), stats.spearmanr(first, second)
    assert found.rho == pytest.approx(usual.statistic)
    assert found.p == pytest.approx(usual.pvalue, abs=0.005)
    assert found == intervals.rank_correlation(first, second)
    assert intervals.rank_correlation(first, first).p == pytest.approx(1 / 50_000)


def test_ties_have_the_mean_of_their_ranks():
    first, second = [1, 2, 2, 4, 5], [3.0, 3.0, 1.0, 6.0, 7.0]
    rho = intervals.rank_correlation(first, second).rho
    assert rho == pytest.approx(stats.spearmanr(first, second).statistic)


# --- intervals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ((8.0, 11.0), (15.0, 14.0), True),
        ((8.0, 11.0, 9.0), (15.0, 14.0, 21.0, 14.5), False),  # three seeds have their own spread
    ],
)
def test_interval_of_two_rows_is_that_of_students_t_of_logarithms(
    run, judge, first, second, shared
):
    run(1, first)
    run(2, second)
    (last,) = judge("ordered", rows=[1, 2], generator="last").by[0].findings
    logs = [[math.log(value) for value in values] for values in (first, second)]
    found = stats.ttest_ind(*logs, equal_var=shared).confidence_interval(0.95)
    assert last.interval == pytest.approx((math.exp(found.low), math.exp(found.high)))


def test_a_row_with_one_seed_has_the_deviation_of_the_others(run, judge):
    """By hand: squares 2 + 8 within rows, 1 + 1 degrees of freedom, so s^2 = 5."""
    seeds = {1: (1.0, 3.0), 2: (10.0, 14.0), 3: (40.0,), 4: (50.0,)}
    for row, values in seeds.items():
        run(row, values, metric="modes")
    verdict = judge("ordered", rows=[4, 3], measure="modes", generator="last")
    (low, high) = verdict.by[0].findings[0].interval
    half = 4.302652729911275 * math.sqrt(5 * (1 + 1))  # the 97.5 % quantile of t with 2 degrees
    assert (low, high) == pytest.approx((10 - half, 10 + half))
    assert verdict.word == OPEN
    # One seed against two: 5 (1 + 1/2).
    verdict = judge("ordered", rows=[3, 1], measure="modes", generator="last")
    low, high = verdict.by[0].findings[0].interval
    half = 4.302652729911275 * math.sqrt(5 * 1.5)
    assert (low, high) == pytest.approx((38 - half, 38 + half))


def test_without_two_seeds_of_any_row_nothing_is_decided(run, judge):
    run(1, (10.0,))
    run(2, (900.0,))
    verdict = judge("ordered", rows=[1, 2])
    assert (verdict.word, verdict.by[0].findings[0].interval) == (OPEN, None)
    assert verdict.reason == ("the spread of row 1 is not known: it needs a second seed")
    assert verdict.by[0].findings[0].numbers == "row 1 = 10, row 2 = 900, ratio 0.0111"
    run(3, TEN)
    assert judge("ordered", rows=[1, 2]).word == HOLDS


def test_seeds_without_an_evaluation_are_asked_for(run, judge):
    for number in (1, 2):
        folders = run(number, (10.0, 11.0, 12.0))
        evaluated(folders[0], "last", recall=0.1 * number)
    verdict = judge("ordered", rows=[2, 1], measure="recall")
    assert verdict.reason == (
        "the spread of row 2 is not known: of its 3 seeds 1 has a value; evaluate the others"
    )


def test_rows_with_equal_seeds_tell_nothing_of_a_row_with_one(run, judge):
    run(1, (8.0, 8.0, 8.0), metric="modes")
    run(2, (1.0,), metric="modes")
    assert judge("at_least", rows=[1], measure="modes", value=7.5).word == HOLDS
    verdict = judge("at_least", rows=[2], measure="modes", value=7.5)
    assert (verdict.word, verdict.by[0].findings[0].interval) == (OPEN, None)
    assert verdict.reason == "the spread of row 2 is not known: it needs a second seed"
    run(3, (1.0, 1.0), metric="modes")
    assert judge("at_least", rows=[3], measure="modes", value=7.5).word == FAILS


def test_seeds_of_other_data_tell_nothing_of_the_spread(run, judge):
    run(1, (10.0,))
    run(2, (900.0,))
    run(3, TEN, data="other.npz")
    run(4, TEN, samples=77)
    assert judge("ordered", rows=[1, 2]).word == OPEN


def test_a_row_of_another_table_has_a_deviation_of_its_own(run, judge):
    first, second = (8.0, 11.0, 9.0), (15.0, 14.0, 19.0, 16.0)
    run(1, first)
    run(102, second, table="akel2022_ablation")
    verdict = judge("ordered", rows=[1, "akel2022_ablation/102"], generator="last")
    logs = [[math.log(value) for value in values] for values in (first, second)]
    found = stats.ttest_ind(*logs, equal_var=False).confidence_interval(0.95)
    interval = verdict.by[0].findings[0].interval
    assert interval == pytest.approx((math.exp(found.low), math.exp(found.high)))
    assert verdict.rows == "1, akel2022_ablation/102"
    run(103, (9.0,), table="akel2022_claims")
    assert "row akel2022_claims/103" in judge("ordered", rows=[1, "akel2022_claims/103"]).reason


def test_intervals_of_several_comparisons_are_those_of_bonferroni():
    deviation = intervals.Deviation(4.0, 10)
    sample = intervals.Sample(1.0, 4, deviation)
    low, high = intervals.interval([sample], 5)
    half = stats.t.ppf(1 - 0.05 / 2 / 5, 10) * 2 / math.sqrt(4)
    assert (low, high) == pytest.approx((1 - half, 1 + half))


def test_seeds_that_are_all_equal_have_an_interval_of_no_width(run, judge):
    run(1, (10.0, 10.0))
    run(2, (11.0, 11.0))
    assert judge("ordered", rows=[1, 2]).word == HOLDS
    run(3, (10.0, 10.0))
    assert judge("ordered", rows=[1, 3]).word == judge("ordered", rows=[3, 1]).word == FAILS
    assert judge("equal", rows=[1, 3], within=1).word == HOLDS


# --- generators, measures -----------------------------------------------------------------------


def test_opposite_verdicts_of_the_last_and_the_best_generator_decide_nothing(run, judge):
    run(1, TWENTY, TEN)
    run(2, (15.0, 15.1, 14.9))
    verdict = judge("ordered", rows=[1, 2])
    assert [finding.word for finding in verdict.by[0].findings] == [OPEN, OPEN]
    assert verdict.word == OPEN
    assert verdict.reason == (
        "opposite verdicts on 1 and 2: holds by best in fid5k_lenet, does not hold by last in "
        "fid5k_lenet"
    )
    assert judge("ordered", rows=[1, 2], generator="last").word == FAILS
    assert judge("ordered", rows=[1, 2], generator="best").word == HOLDS


def test_one_generator_may_decide_alone_and_is_named(run, judge):
    run(1, LIKE_TEN, (5.0, 5.1, 5.2))
    run(2, TEN, TEN)
    verdict = judge("ordered", rows=[1, 2])
    assert verdict.word == HOLDS
    assert verdict.reason == "by the best generators alone"


def evaluated(folder, which, features="lenet", **values):
    listed = [{"name": f"{m}5k_{features}", "metric": m, "value": v} for m, v in values.items()]
    name = (
        f"evaluated_{which}.json" if features == "lenet" else f"evaluated_{which}_{features}.json"
    )
    (folder / name).write_text(json.dumps({"results": listed}))


def test_claims_of_fid_are_judged_by_fid_thesis_too(run, judge):
    for row, values, others in ((1, TEN, TWENTY), (2, TWENTY, TEN)):
        for folder, other in zip(run(row, values), others, strict=True):
            for which in ("last", "best"):
                evaluated(folder, which, fid=1.0, fid_thesis=other)
    fid, thesis = judge("ordered", rows=[1, 2]).by
    assert (fid.word, fid.measure) == (HOLDS, "fid5k_lenet")
    assert (thesis.word, thesis.measure) == (FAILS, "fid_thesis5k_lenet")
    assert judge("ordered", rows=[1, 2]).word == HOLDS
    (only,) = judge("ordered", rows=[1, 2], measure="fid_thesis").by
    assert only.word == FAILS
    numbers = {"at_least": {"value": 1.0}, "at_most": {"value": 99.0}}  # of the scale of fid
    for name, test in {**numbers, "equal": {"value": 14.0, "within": 900}}.items():
        (only,) = judge(name, rows=[1, 2], measure="fid", **test).by
        assert (only.word, only.measure) == (HOLDS, "fid5k_lenet")


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ((TEN, TWENTY), (HOLDS, HOLDS)),
        ((TEN, LIKE_TEN), (HOLDS, OPEN)),
        ((TWENTY, TEN), (OPEN, OPEN)),
    ],
)
def test_claims_of_fid_are_judged_in_other_features_too(run, judge, others, words):
    for row, values, other in ((1, TEN, others[0]), (2, TWENTY, others[1])):
        for folder, value in zip(run(row, values), other, strict=True):
            for which in ("last", "best"):
                evaluated(folder, which, fid=99.0)  # lenet's own number is the one of the run
                evaluated(folder, which, "imagenet768", fid=value)
    verdict = judge("ordered", rows=[1, 2])
    assert [one.measure for one in verdict.by] == ["fid5k_lenet", "fid5k_imagenet768"]
    assert (verdict.word, verdict.by[1].word) == words
    assert (
        verdict.reason
        == {
            (HOLDS, HOLDS): "",
            (HOLDS, OPEN): "by fid5k_lenet alone",
            (OPEN, OPEN): "opposite verdicts on 1 and 2: holds by last in fid5k_lenet and best in "
            "fid5k_lenet, does not hold by last in fid5k_imagenet768 and best in fid5k_imagenet768",
        }[words]
    )


def test_networks_that_oppose_each_other_on_two_rows_leave_the_others_to_decide(run, judge):
    """Else the network whose verdict on another pair of rows is open would have no say."""
    of_imagenet = {1: TWENTY, 2: TEN, 3: TEN, 4: LIKE_TEN}
    for row, values in ((1, TEN), (2, TWENTY), (3, TEN), (4, LIKE_TEN)):
        for folder, value in zip(run(row, values), of_imagenet[row], strict=True):
            evaluated(folder, "last", "imagenet768", fid=value)
    verdict = judge("ordered", groups=[[2, 1], [3, 4]], generator="last")
    assert (verdict.word, verdict.by[0].word) == (OPEN, OPEN)
    assert "opposite verdicts on 2 and 1" in verdict.reason
    assert judge("ordered", groups=[[2, 1]], generator="last").word == OPEN
    run(5, TEN)
    run(6, TWENTY)
    groups = [[2, 1], [6, 5]]  # both networks, or one, against the second pair
    assert judge("ordered", groups=groups, generator="last").word == FAILS


def test_an_interval_of_its_own_is_enough_to_object(run, judge):
    """Corrected for all comparisons the objection crosses the bound; the verdict does not."""
    of_imagenet = {1: (10.0, 11.0, 12.0), 2: (8.5, 9.0, 9.5)}
    for row, values in ((1, TEN), (2, TWENTY)):
        for folder, value in zip(run(row, values), of_imagenet[row], strict=True):
            evaluated(folder, "last", "imagenet768", fid=value)
    for row in range(3, 9):
        run(row, TEN if row % 2 else TWENTY)
    groups = [[1, 2], [3, 4], [5, 6], [7, 8]]
    verdict = judge("ordered", groups=groups, generator="last")
    assert verdict.word == OPEN
    assert verdict.by[0].findings[0].reason.startswith("opposite verdicts on 1 and 2: holds by")
    reverse = [[2, 1], *groups[1:]]  # what the first network refutes alone, the other defends
    assert judge("ordered", groups=reverse, generator="last").word == OPEN
    assert judge("ordered", rows=[2, 1], generator="last").word == OPEN
    assert judge("ordered", groups=groups[1:], generator="last").word == HOLDS


def test_one_network_of_features_may_decide_alone_and_is_named(run, judge):
    for row, values, other in ((1, TEN, TWENTY), (2, LIKE_TEN, TEN)):
        for folder, value in zip(run(row, values), other, strict=True):
            evaluated(folder, "last", "imagenet768", fid=value)
    verdict = judge("ordered", rows=[1, 2])
    assert [one.word for one in verdict.by] == [OPEN, FAILS]
    assert verdict.word == FAILS
    assert verdict.reason == "by fid5k_imagenet768 alone"


def test_the_order_of_rows_is_judged_in_other_features_too(run, judge):
    """Where all rows have them: the order of some is not that of all."""
    for row in range(1, 7):
        for folder in run(row, (10.0 * row,)):
            if row < 6:
                evaluated(folder, "last", "imagenet768", fid=100.0 - row)
    rows = list(range(1, 7))
    assert len(judge("trend", rows=rows).by) == 1
    own, other = judge("trend", rows=rows[:5]).by
    assert (own.word, other.word) == (HOLDS, FAILS)
    assert judge("trend", rows=rows[:5]).word == OPEN


def test_more_samples_of_the_same_features_are_no_second_opinion(run, judge):
    for row, values in ((1, TEN), (2, TWENTY)):
        for folder in run(row, values):
            listed = [{"name": "fid10k_lenet", "metric": "fid", "value": 5.0}]
            (folder / "evaluated_last.json").write_text(json.dumps({"results": listed}))
    (only,) = judge("ordered", rows=[1, 2]).by
    assert (only.word, only.measure) == (HOLDS, "fid5k_lenet")


def test_a_network_that_contradicts_itself_is_not_overruled(run, judge):
    for row, last, best in ((1, TEN, TWENTY), (2, TWENTY, TEN)):
        for folder, value in zip(run(row, last, best), TEN if row == 1 else TWENTY, strict=True):
            for which in ("last", "best"):
                evaluated(folder, which, "imagenet768", fid=value)
    verdict = judge("ordered", rows=[1, 2])
    assert [one.word for one in verdict.by] == [OPEN, OPEN]
    assert verdict.word == OPEN
    assert verdict.reason.endswith("does not hold by best in fid5k_lenet")


def test_rows_that_have_other_features_may_refute_a_claim_about_more_rows(run, judge):
    for row, values, other in ((1, TEN, TWENTY), (2, TWENTY, TEN), (3, TWENTY, None)):
        for folder, value in zip(run(row, values), other or TEN, strict=True):
            if other:
                evaluated(folder, "last", "imagenet768", fid=value)
    own, other = judge("best", row=1, rows=[1, 2, 3]).by
    assert (own.word, other.word) == (OPEN, OPEN)  # they oppose each other on rows 1 and 2
    for folder, value in zip(run(4, TEN), TWENTY, strict=True):
        evaluated(folder, "last", "imagenet768", fid=value)
    for folder, value in zip(run(5, LIKE_TEN), TEN, strict=True):
        evaluated(folder, "last", "imagenet768", fid=value)
    own, other = judge("best", row=4, rows=[4, 5, 3]).by
    assert (own.word, other.word) == (OPEN, FAILS)
    assert judge("best", row=4, rows=[4, 5, 3]).word == FAILS
    own, other = judge("best", row=5, rows=[4, 5, 3]).by
    assert other.reason == "row 3 has no fid5k_imagenet768"


def test_other_features_count_where_two_rows_have_them(run, judge):
    for row, values in ((1, TEN), (2, TWENTY)):
        for folder in run(row, values):
            if row == 1:
                evaluated(folder, "last", "imagenet768", fid=5.0)
    (only,) = judge("ordered", rows=[1, 2]).by
    assert (only.word, only.measure) == (HOLDS, "fid5k_lenet")


def test_a_claim_about_several_data_sets_is_judged_in_the_features_that_all_have(run, judge):
    """Digits measured by one network, faces by another, and the digits by that of the faces."""
    for row, values in ((1, TEN), (2, TWENTY)):
        for folder, value in zip(run(row, values), values, strict=True):
            for which in ("last", "best"):
                evaluated(folder, which, "inception768_75px", fid=value)
    run(3, TEN, name="{}5k_inception768_75px", data="faces.npz")
    run(4, TWENTY, name="{}5k_inception768_75px", data="faces.npz")
    own, same = judge("ordered", groups=[[1, 2], [3, 4]]).by
    assert own.measure == "fid5k_lenet, fid5k_inception768_75px"
    assert (same.word, same.measure) == (HOLDS, "fid5k_inception768_75px")


def test_seeds_that_diverged_do_not_drop_out(run, judge):
    """The mean of the others would be that of the lucky ones."""
    last = run(1, TEN)[0]
    run(2, TWENTY)
    assert judge("ordered", rows=[1, 2]).word == HOLDS
    change(last, diverged_at=300)
    assert judge("ordered", rows=[1, 2]).word == HOLDS  # it has a value all the same
    change(last, measured=entry(None))
    verdict = judge("ordered", rows=[1, 2])
    assert (verdict.word, verdict.reason) == (OPEN, "row 1 has seeds that diverged")


def test_seeds_that_were_given_up_do_not_drop_out(run, judge):
    """A run that stops where it diverges has no metrics.json."""
    last = run(1, TEN)[0]
    run(2, TWENTY)
    given_up = last.parent / "seed-9"
    given_up.mkdir()
    (given_up / "log.jsonl").write_text('{"iteration": 300, "not_finite": ["generator"]}\n')
    verdict = judge("ordered", rows=[1, 2])
    assert (verdict.word, verdict.reason) == (OPEN, "row 1 has seeds that diverged")
    (given_up / "log.jsonl").write_text('{"iteration": 300, "d_loss": 0.1}\n')  # it goes on
    assert judge("ordered", rows=[1, 2]).word == HOLDS


def test_of_most_rows_the_one_that_is_open_gives_the_reason(run, judge):
    for row, last in enumerate(([0.9, 0.91, 0.89], [0.1, 0.11, 0.09], [0.2, 0.9, 0.6]), 1):
        run(row, last, metric="precision", name="precision5k_lenet")
    test = {"rows": [1, 2, 3], "measure": "precision", "value": 0.5, "most": True}
    verdict = judge("at_least", **test)
    assert (verdict.word, verdict.reason) == (OPEN, "the interval of 3 contains the limit")


def test_a_row_with_a_negative_loss_has_no_ratio(run, judge):
    for row, losses in ((1, (-3.0, -2.0, 0.5)), (2, (1.0, 1.1, 1.2))):
        for folder, loss in zip(run(row, TEN), losses, strict=False):
            change(folder, final={"g_loss": loss})
    verdict = judge("ordered", rows=[1, 2], measure="g_loss")
    assert verdict.word == OPEN
    assert verdict.by[0].findings[0].interval is None


def test_another_metric_of_the_best_generator_is_evaluated_or_in_the_log(tmp_path, run):
    recall = entry(0.1, 0.9, "recall")
    (folder,) = run(1, (5.0,), measured={**entry(5.0, 4.0), **recall})
    records = [{"iteration": 400, "recall5k_lenet": 0.9}, {"iteration": 500, "d_loss": 0.5}]
    records += [{"iteration": 500, "fid5k_lenet": 4.0, "recall5k_lenet": 0.4}]
    (folder / "log.jsonl").write_text("\n".join(map(json.dumps, records)))

    def reading(*arguments):
        (found,) = results.finished(tmp_path / "mine")
        return found.reading(*arguments)

    assert reading("fid", "best") == ("fid5k_lenet", 4.0)
    assert reading("recall", "last") == ("recall5k_lenet", 0.1)
    assert reading("recall", "best") == ("recall5k_lenet", 0.4)  # 0.9 is of another generator
    assert reading("recall", "last", 400) == ("recall5k_lenet", 0.9)
    assert reading("recall", "last", 401) is None
    assert reading("precision", "last") is None
    evaluated(folder, "best", recall=0.45, precision=0.3)
    assert reading("recall", "best") == ("recall5k_lenet", 0.45)
    (folder / "evaluated_best.json").rename(folder / "evaluated_best_of_lenet.json")
    evaluated(folder, "best", fid_thesis=7.0)  # files of several networks are read together
    assert reading("precision", "best") == ("precision5k_lenet", 0.3)
    assert reading("fid_thesis", "best") == ("fid_thesis5k_lenet", 7.0)
    assert reading("precision", "best") == ("precision5k_lenet", 0.3)
    assert reading("precision", "last") is None


def test_generators_at_an_iteration_are_compared_once(run, judge):
    for folder in run(1, (5.0, 5.0)):
        records = [{"iteration": 100, "fid5k_lenet": 50.0}, {"iteration": 200, "fid5k_lenet": 20.0}]
        (folder / "log.jsonl").write_text("\n".join(map(json.dumps, records)))
    verdict = judge("ordered", rows=[{"row": 1, "at": 200}, {"row": 1, "at": 100}])
    assert verdict.word == HOLDS
    assert verdict.rows == "1 at 200, 1 at 100"
    assert [finding.generator for finding in verdict.by[0].findings] == [""]
    assert verdict.by[0].numbers.startswith("row 1 at 200 = 20 over 2 seeds")


def test_a_changed_row_is_another_one(run, judge):
    run(1, TWENTY)
    run(1, TEN, folder="1+loss=mse", changed={"loss": "mse"})
    verdict = judge("ordered", rows=[{"row": 1, "set": {"loss": "mse"}}, 1])
    assert (verdict.word, verdict.rows) == (HOLDS, "1, 1 (loss = mse)")


def test_changes_of_a_row_may_need_each_other(run, judge):
    run(1, TEN)
    two = {"optimizer": None, "d_optimizer": "sgd", "g_optimizer": "sgd"}
    verdict = judge("ordered", rows=[{"row": 1, "set": two}, 1])
    assert verdict.reason.startswith("row 1 (d_optimizer = sgd, g_optimizer = sgd, optimizer")


# --- what is missing ----------------------------------------------------------------------------


def test_rows_that_have_not_been_run_are_named(run, judge):
    assert judge("ordered", rows=[1, 2]).reason == "rows 1, 2 have not been run"
    run(1, TEN)
    verdict = judge("best", row=1, rows=[1, 2, 3, 4, 7])
    assert (verdict.word, verdict.reason) == (OPEN, "rows 2-4, 7 have not been run")
    assert "row 1 = 9.999 over 3 seeds" in verdict.by[0].numbers
    run(2, (0.5,), metric="recall")
    assert judge("ordered", rows=[1, 2]).reason == "row 2 has no fid"


def test_a_claim_of_several_rows_may_fail_before_all_have_been_run(run, judge):
    run(1, TWENTY)
    run(2, TEN)
    assert judge("best", row=1, rows=[2, 3]).word == FAILS


def test_a_trend_waits_for_all_of_its_rows(run, judge):
    for row in (1, 2, 3, 4, 5):
        run(row, (float(row),))
    verdict = judge("trend", rows=[1, 2, 3, 4, 5, 6])
    assert (verdict.word, verdict.reason) == (OPEN, "row 6 has not been run")
    assert "of 5 rows" in verdict.by[0].numbers


def test_a_claim_that_no_row_tests_is_not_tested(table, tmp_path):
    claim = {"says": "a", "where": "b", "untested": "by\n eye"}
    (verdict,) = judged(read_table(table({7: claim})), tmp_path)
    assert (verdict.word, verdict.reason, verdict.by) == (UNTESTED, "by eye", ())
    assert (verdict.number, verdict.rows) == (7, "")


def test_labels_of_rows_are_short():
    assert means.short(["3", "1", "2", "x/9", "7", "8"]) == "1-3, 7, 8, x/9"
    assert means.short([]) == ""


# --- the printed order --------------------------------------------------------------------------


def test_measured_rows_are_correlated_with_printed_ones_for_each_data_set(tmp_path, run):
    printed = {1: 3.0, 2: 2.0, 3: 1.0, 4: 4.0}
    for row, number in printed.items():
        data = "faces.npz" if row == 4 else "mnist.npz"
        run(row, (float(row), row + 0.1), printed={"fid_thesis": number}, data=data)
    run(5, (9.0,), printed={"fid_thesis": 9.0}, changed={"loss": "mse"})
    found = orders.orders(results.finished(tmp_path / "mine"))
    assert [(o.data, o.printed, o.measure, o.generator) for o in found] == [
        ("mnist.npz", "fid_thesis", "fid5k_lenet", generator) for generator in ("last", "best")
    ]
    assert all(o.correlation.rho == pytest.approx(-1) for o in found)
    assert all(o.correlation.count == 3 for o in found)


def test_a_high_share_is_a_good_place_in_both_orders(tmp_path, run):
    for row in (1, 2, 3):
        run(
            row, (row / 10,), metric="recall", printed={"recall": row / 20, "fid_thesis": 4.0 - row}
        )
    found = orders.orders(results.finished(tmp_path / "mine"))
    assert {o.printed for o in found} == {"recall"}  # no fid is measured
    assert found[0].correlation.rho == pytest.approx(1)


# --- the page -----------------------------------------------------------------------------------


def test_the_page_of_a_table_ends_with_its_claims(tmp_path, write_run):
    for row, value in ((1, 17.0), (3, 20.0), (5, 70.0)):
        for seed in (0, 1):
            measured = entry(value + seed / 10)
            printed = {"fid_thesis": float(row)}
            write_run(str(row), experiment=row, seed=seed, measured=measured, printed=printed)
    (page,) = reports.write(tmp_path)
    text = page.read_text()
    section = text.partition("\n## What the document claims\n")[2]
    claimed = [line for line in section.splitlines() if line.startswith("|")]
    lines = {line.split(" | ")[0].strip("| "): line.split(" | ") for line in claimed}
    table = read_table("akel2022")
    assert [key for key in lines if key.isdecimal()] == [str(number) for number in table.claims]
    assert lines["2"][1] == table.claims[2].says
    assert lines["2"][2:5] == ["section 4.7", "1, 3", "does not hold"]
    assert lines["2"][5].startswith("last: row 3 = 20.05 over 2 seeds, row 1 = 17.05 over 2 seeds")
    assert lines["23"][4].startswith("not tested: no row varies them")
    assert "Verdicts on 33 claims: does not hold 3, not decided 28, not tested 2." in section
    assert "| mnist.npz | fid_thesis | fid5k_lenet | last | 1.00 | 3 | 0.33 |" in section
    assert "by fid_thesis" not in section


def test_the_page_has_a_column_for_fid_thesis_where_runs_have_it(tmp_path, write_run):
    for row, value in ((1, 10.0), (3, 20.0)):
        for seed in (0, 1):
            measured = entry(value + seed / 10)
            path = write_run(str(row), experiment=row, seed=seed, measured=measured)
            evaluated(path.parent, "last", fid_thesis=50.0 - value + seed / 10)
    (page,) = reports.write(tmp_path)
    (line,) = [x for x in page.read_text().splitlines() if x.startswith("| 2 | Row 3")]
    cells = line.split(" | ")
    assert cells[4] == "does not hold"
    assert cells[7].startswith("fid_thesis5k_lenet: holds; last: row 3 = 30.05")


def test_a_table_without_claims_has_no_section(tmp_path, write_run):
    write_run(table="quickstart")
    (page,) = reports.write(tmp_path)
    assert "claims" not in page.read_text()


# --- strict reading -----------------------------------------------------------------------------

GOOD = {"says": "a", "where": "b", "test": {"name": "ordered", "rows": [1, 2]}}


def of(**test):
    return {"says": "a", "where": "b", "test": test}


@pytest.mark.parametrize(
    ("claimed", "message"),
    [
        ([GOOD], "'claims' must be a mapping"),
        ({"one": GOOD}, "claim 'one' ... number"),
        ({0: GOOD}, "claim 0 ... at least 1"),
        ({True: GOOD}, "claim True ... number"),
        ({1: "words"}, "claim 1: 'words' is not a mapping"),
        ({1: {**GOOD, "say": "x"}}, "claim 1: unknown field 'say'; did you mean 'says'?"),
        ({1: {"says": "a", "test": GOOD["test"]}}, "claim 1: the field 'where' is missing"),
        ({1: {**GOOD, "where": 4.7}}, "claim 1: where: 4.7 is of type float"),
        ({1: {"says": "a", "where": "b"}}, "claim 1: give either a test, or untested"),
        ({1: {**GOOD, "untested": "c"}}, "claim 1: give either a test, or untested"),
        (
            {1: of(name="order", rows=[1, 2])},
            "unknown test of a claim 'order'; did you mean 'ordered'?",
        ),
        ({1: of(name="ordered", row=[1, 2])}, "unknown option 'row' ... 'rows'?"),
        ({1: of(name="ordered")}, "claim 1: ... test.rows, or test.groups"),
        ({1: of(name="ordered", rows=[1, 2], groups=[[1, 2]])}, "test.rows, or test.groups"),
        ({1: of(name="ordered", rows=[1])}, "at least two rows"),
        ({1: of(name="ordered", groups=[[1, 2], [3]])}, "at least two rows"),
        ({1: of(name="ordered", rows=[1, 2], by=0)}, "by ... positive"),
        ({1: of(name="equal", rows=[1, 2])}, "option 'within' of 'equal' is missing"),
        ({1: of(name="equal", rows=[1, [2, 3]], within=1)}, "rows[1]"),
        ({1: of(name="best", row=1, rows=[1])}, "at least two rows"),
        ({1: of(name="at_most", rows=[], measure="fid", value=1)}, "rows is empty"),
        ({1: of(name="equal", rows=[1], value=1.0, within=5)}, "needs test.rows and test.measure"),
        (
            {1: of(name="equal", groups=[[1, 2]], measure="fid", value=1.0, within=5)},
            "needs test.rows and test.measure",
        ),
        ({1: of(name="at_most", rows=[1], value=1)}, "'measure' of 'at_most' is missing"),
        ({1: of(name="trend", rows=[1, 2, 3, 4])}, "fewer than 5 ... ordered"),
        (
            {1: of(name="trend", rows=[{"row": 1, "at": n} for n in (0, 20, 40, 60, 80)])},
            "moments of one run ... ordered",
        ),
        ({1: of(name="ordered", rows=[1, [2, 1]])}, "compares row 1 with itself"),
        ({1: of(name="equal", rows=[1, "1"], within=1)}, "compares row 1 with itself"),
        ({1: of(name="ordered", rows=[1, {"row": 2, "at": 10000}])}, "not measured at 10,000"),
        ({1: of(name="ordered", rows=[1, 99])}, "claim 1: ... no experiment 99"),
        ({1: of(name="ordered", rows=[1, "two"])}, "claim 1: 'two' is no row"),
        ({1: of(name="ordered", rows=[1, "akel/2"])}, "unknown table 'akel' ... 'akel2022'?"),
        ({1: of(name="ordered", rows=[1, "akel2022/21"])}, "no experiment 21"),
        (
            {1: of(name="ordered", rows=[1, {"row": 2, "set": {"los": "mse"}}])},
            "'los' ... loss",
        ),
        (
            {1: of(name="ordered", rows=[1, {"row": 2, "set": {"loss": "mse", "batch_size": 32}}])},
            "row 2 has this batch_size already: leave it out of set",
        ),
        ({1: of(name="ordered", rows=[1, {"row": 2, "at": 150}])}, "not measured at 150"),
        ({1: of(name="ordered", rows=[1, {"roe": 2}])}, "unknown field 'roe' ... 'row'?"),
        (
            {1: of(name="ordered", rows=[1, 2], measure="fit")},
            "unknown measure 'fit' ... 'fid'?",
        ),
        ({1: of(name="ordered", rows=[1, 2], generator="first")}, "'first' ... last, best"),
        (
            {1: of(name="correlates", rows=[1, 2, 3, 4, 5], printed="fid")},
            "claim 1: row 1 has no printed 'fid'",
        ),
        ({1: of(name="correlates", rows=[1, 2, 3, 4, 5])}, "option 'printed' ... missing"),
    ],
)
def test_a_wrong_claim_is_refused_in_one_line(table, claimed, message):
    with pytest.raises(UsageError) as caught:
        read_table(table(claimed))
    assert "\n" not in str(caught.value)
    assert says(str(caught.value), f" ... {message}")


def test_a_row_that_measures_nothing_needs_a_named_measure(table):
    others = {"defaults": {"measure": []}}
    with pytest.raises(UsageError, match="row 1 measures nothing: name a measure"):
        read_table(table({1: GOOD}, **others))
    assert read_table(table({1: of(name="ordered", rows=[1, 2], measure="fid")}, **others))


def test_a_wrong_row_leaves_the_claims_about_it_and_the_other_rows_alone(table):
    path = table({1: GOOD}, rows={1: {**ROW, "loss": "msee"}, 2: ROW})
    found = read_table(path)
    assert list(found.claims) == [1] and found.experiment(2)
    with pytest.raises(UsageError, match="did you mean 'mse'"):
        found.experiment(1)


def test_a_claim_about_a_wrong_row_is_not_decided_and_the_others_are(run, table, tmp_path):
    run(2, TEN)
    run(3, TWENTY)
    tests = {1: {"name": "ordered", "rows": [1, 2]}, 2: {"name": "ordered", "rows": [2, 3]}}
    found = {number: of(**test) for number, test in tests.items()}
    path = table(found, rows={1: {**ROW, "loss": "msee"}, 2: ROW, 3: ROW})
    wrong, right = judged(read_table(path), tmp_path)
    assert (wrong.word, right.word) == (OPEN, HOLDS)
    assert "did you mean 'mse'" in wrong.reason


def test_claims_are_in_the_order_of_their_numbers(table):
    assert list(read_table(table({9: GOOD, 2: GOOD})).claims) == [2, 9]
    assert read_table(table(None)).claims == {}


def test_tables_are_read_without_keras():
    code = "import sys; from keras_gans.rows import read_table; read_table('akel2022'); "
    code += "from keras_gans.reports.claims import verdicts; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- the claims of the package ------------------------------------------------------------------

DOCUMENTS = {"akel2022": 33, "vedal2017": 36, "sundar2018": 24, "sabiri2022": 14, "iasd2023": 13}


@pytest.mark.parametrize("name", tables())
def test_every_document_has_its_claims(name, tmp_path):
    table = read_table(name)  # which checks them
    assert list(table.claims) == list(range(1, DOCUMENTS.get(name, 0) + 1))
    for claim in table.claims.values():
        assert not claim.says.endswith(".")
        assert claim.where and (claim.rows or claim.untested)
    for verdict in judged(table, tmp_path):
        assert verdict.word == (UNTESTED if verdict.untested else OPEN)
        assert verdict.untested or "not been run" in verdict.reason

"""When a run ends before its last iteration: rules on records of losses."""

import pytest

from keras_gans.errors import UsageError
from keras_gans.parts import Part
from keras_gans.rows import stops
from keras_gans.rows.stops import Collapse, Flat


def records(d_losses, g_losses=None, every=10):
    pairs = zip(d_losses, g_losses or d_losses, strict=True)
    return [
        {"iteration": every * (n + 1), "d_loss": d, "g_loss": g} for n, (d, g) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("d_losses", "stops_"),
    [
        ([0.5, 0.09, 0.09, 0.09], True),
        ([0.5, 0.09, 0.1, 0.09], False),  # recovered
        ([0.09, 0.09, 0.09], True),
        ([0.09, 0.09], False),  # not as many iterations yet
        ([0.5, 0.09, 0.0, 0.09], True),
        ([0.5, 0.09, -0.01, 0.09], False),  # a critic's
        ([0.5, 0.09, None, 0.09], False),
    ],
)
def test_a_collapse_is_a_low_loss_of_the_discriminator_for_long_enough(d_losses, stops_):
    why = Collapse(below=0.1, iterations=30).why(records(d_losses, [5.0] * len(d_losses)))
    assert why == ("collapse: d_loss below 0.1 for 30 iterations" if stops_ else None)


@pytest.mark.parametrize(
    ("d_losses", "g_losses", "stops_"),
    [
        ([0.1, 0.5, 0.55, 0.5], [3.0, 0.8, 0.8, 0.89], True),
        ([0.1, 0.5, 0.55, 0.5], [0.8, 0.8, 0.8, 0.91], False),
        ([0.1, 0.5, 0.61, 0.5], [0.8, 0.8, 0.8, 0.8], False),
        ([0.5, 0.5, 0.5], [0.8, 0.8, 0.8], True),
        ([0.5, 0.5], [0.8, 0.8], False),
        ([0.5, 0.5, None, 0.5], [0.8, 0.8, 0.8, 0.8], False),
    ],
)
def test_losses_are_flat_where_both_stay_within_a_range(d_losses, g_losses, stops_):
    why = Flat(change=0.1, iterations=30).why(records(d_losses, g_losses))
    assert why == ("flat: losses within 0.1 for 30 iterations" if stops_ else None)


def test_iterations_before_the_first_record_do_not_count():
    later = [{**r, "iteration": r["iteration"] + 70} for r in records([0.09] * 3)]
    rule = Collapse(below=0.1, iterations=30)
    assert rule.why(later, begun=70) is not None
    assert rule.why(later[:2], begun=70) is None


def test_rules_are_parts():
    rule = stops.get({"name": "flat", "iterations": 20})
    assert rule.get_config() == {"change": 0.01, "iterations": 20}
    assert stops.get(None) is None
    assert stops.get(rule) is rule
    assert type(stops.get(Part("stops", "collapse"))) is Collapse
    with pytest.raises(UsageError, match=r"unknown stop rule 'flatt'.*'flat'"):
        stops.get("flatt")
    with pytest.raises(UsageError, match=r"change: 0.* must be positive"):
        stops.get({"name": "flat", "change": 0.0})

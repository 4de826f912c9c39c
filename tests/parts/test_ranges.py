from typing import get_args

import pytest

from keras_gans.errors import UsageError
from keras_gans.parts import Reference, Row, Tier, ranges, typed


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("Count", [1, 10**9], [0, -1]),
        ("Several", [2, 10**9], [1, 0, -5]),
        ("Side", [1, 4096], [0, 4097]),
        ("Natural", [0, 7], [-1]),
        ("Positive", [1e-300, 1, 1e300], [0, -0.0, -1e-300]),
        ("NonNegative", [0, 1e300], [-1e-300]),
        ("Rate", [0, 0.999], [1, 1.0, -0.1]),
    ],
)
def test_both_ends_of_every_range(name, inside, outside):
    kind = ranges.TYPES[name]
    for value in inside:
        found = typed(value, kind, "here")
        assert found == value
        assert type(found) is get_args(kind)[0]
    for value in outside:
        with pytest.raises(UsageError, match=r"^here: .* (at least|from 1 to|positive|in \[)"):
            typed(value, kind, "here")


def test_every_range_that_annotations_may_use_is_tested_here():
    mark = test_both_ends_of_every_range.pytestmark[0]
    tested = {row[0] for row in mark.args[1]}
    others = {"Literal", "Row", "Tier"}
    assert set(ranges.TYPES) - others == tested


@pytest.mark.parametrize(
    ("row", "place", "label"),
    [
        (3, (None, 3), "3"),
        ("akel2022_ablation/102", ("akel2022_ablation", 102), "akel2022_ablation/102"),
        ("mine.yaml/0", ("mine.yaml", 0), "mine.yaml/0"),
        ("row three", ("", None), "row three"),
        ({"row": 3, "at": 14070}, (None, 3), "3 at 14,070"),
        ({"row": 2, "set": {"a.b": None, "c": 5}}, (None, 2), "2 (a.b = null, c = 5)"),
        ({"row": "x/2", "set": {"c": "d"}, "at": 1}, ("x", 2), "x/2 (c = d) at 1"),
    ],
)
def test_a_reference_names_a_row(row, place, label):
    found = Reference.of(typed(row, Row, "here"))
    assert (found.place, found.label) == (place, label)


def test_a_tier_is_one_row_or_several():
    assert typed([1, [2, {"row": 3}]], tuple[Tier, ...], "here") == (1, (2, Reference(3)))
    for wrong in (1.5, None, [1, [2, [3]]], {"row": 1, "at": -1}, {"rows": 1}, {"set": {}}):
        with pytest.raises(UsageError, match=r"^here"):
            typed(wrong, Tier, "here")

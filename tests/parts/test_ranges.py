from typing import Literal, get_args

import pytest

from keras_gans.errors import UsageError
from keras_gans.parts import ranges, typed


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
    assert {name for name, kind in ranges.TYPES.items() if kind is not Literal} == tested

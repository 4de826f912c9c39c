"""Settings of layers are read with their type and range."""

import pytest

from keras_gans.errors import UsageError
from keras_gans.generators.foreign.layers.fields import Fields


def fields(value):
    return Fields({"key": value, "axis": value})


@pytest.mark.parametrize(
    "value", [3, 3.0, {"type": "ndarray", "value": 3}, {"config": {"value": 3}}]
)
def test_integers_of_every_notation(value):
    assert fields(value).integer("key") == 3


@pytest.mark.parametrize("value", [0, -1, 1 << 40, 3.5, "3", True, None, [3], {}, float("nan")])
def test_integers_that_are_refused(value):
    with pytest.raises(UsageError, match=r"key is .*, not an integer from 1 to"):
        fields(value).integer("key")


@pytest.mark.parametrize("value", ["3", True, None, 1e7, float("inf"), float("nan"), [1.0]])
def test_numbers_that_are_refused(value):
    with pytest.raises(UsageError, match="key is"):
        fields(value).number("key")


def test_defaults_are_used_where_the_file_has_no_setting():
    empty = Fields({})
    assert empty.number("key", 0.3) == 0.3
    assert empty.flag("key", True) is True and fields(None).flag("key", True) is True
    assert empty.choice("key", "valid", ("valid", "same")) == "valid"
    assert empty.sizes("key", 1, 2) == (1, 1)
    assert empty.axis(3) == 3


@pytest.mark.parametrize(
    ("value", "count", "found"),
    [(2, 2, (2, 2)), ([2, 3], 2, (2, 3)), ([2], 1, (2,))],
)
def test_sizes(value, count, found):
    assert fields(value).sizes("key", None, count) == found


@pytest.mark.parametrize(
    ("value", "count", "found"),
    [
        (2, 2, ((2, 2), (2, 2))), ([1, 2], 2, ((1, 1), (2, 2))), ([1, 2], 1, ((1, 2),)),
        ([[1, 2], [0, 4]], 2, ((1, 2), (0, 4))),
    ],
)  # fmt: skip
def test_margins(value, count, found):
    assert fields(value).margins("key", 0, count) == found


@pytest.mark.parametrize("value", [[1, 2, 3], [[1, 2, 3], 1], [-1, 0], "1"])
def test_margins_that_are_refused(value):
    with pytest.raises(UsageError, match="key is"):
        fields(value).margins("key", 0, 2)


@pytest.mark.parametrize(("value", "axis"), [(-1, 3), (1, 1), ([3], 3), (-3, 1)])
def test_axis_counts_from_the_batch(value, axis):
    assert fields(value).axis(3) == axis


@pytest.mark.parametrize("value", [0, 4, -4, [1, 2], "1"])
def test_axes_that_are_refused(value):
    with pytest.raises(UsageError, match="axis is"):
        fields(value).axis(3)


def test_other_values_than_the_supported_one_are_refused():
    fields(None).only("key", False)
    with pytest.raises(UsageError, match="which is not supported"):
        fields(True).only("key", False)

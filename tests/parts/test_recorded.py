import inspect

import pytest

from keras_gans import averages, constraints, latents, losses, penalties, updates
from keras_gans.parts.recorded import Recorded
from keras_gans.rows import stops


class Line(Recorded):
    def __init__(self, slope, offset=0.0):
        self.slope, self.offset = slope, offset


class Steeper(Line):
    pass


class Nothing(Recorded):
    pass


def test_the_arguments_of_the_constructor_are_the_configuration():
    assert Line(2.0).get_config() == {"slope": 2.0, "offset": 0.0}
    copy = Steeper.from_config(Steeper(3.0, offset=1.0).get_config())
    assert (type(copy), copy.slope, copy.offset) == (Steeper, 3.0, 1.0)
    assert Nothing().get_config() == {}
    assert type(Nothing.from_config({})) is Nothing


def test_the_text_is_what_builds_the_object():
    assert repr(Line(2.0, offset="a")) == "Line(slope=2.0, offset='a')"
    assert repr(Nothing()) == "Nothing()"


TABLES = (losses.LOSSES, updates.UPDATES, penalties.PENALTIES, constraints.CONSTRAINTS,
          averages.AVERAGES, latents.LATENTS, stops.STOPS)  # fmt: skip


@pytest.mark.parametrize("kind", [kind for table in TABLES for kind in table.values()])
def test_every_argument_of_a_part_is_an_attribute(kind):
    parameters = inspect.signature(kind).parameters.values()
    required = {p.name: 3 for p in parameters if p.default is p.empty or p.name == "size"}
    config = kind(**required).get_config()
    assert kind(**config).get_config() == config

import inspect
from importlib import import_module

import pytest

from keras_gans import losses, networks, signatures


@pytest.mark.parametrize("name", networks.names())
@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_read_from_text_equals_what_python_sees(name, role):
    function = getattr(import_module(f"keras_gans.networks.{name}"), role, None)
    found = signatures.parameters(f"networks/{name}.py", role)
    if function is None:
        assert found is None
        return
    expected = {
        p.name: p.annotation
        for p in inspect.signature(function).parameters.values()
        if p.annotation is not p.empty
    }
    assert found == expected
    assert expected, "a network has options"


def test_keys_of_a_table():
    assert signatures.keys("losses.py", "OBJECTIVES") == list(losses.OBJECTIVES)
    with pytest.raises(KeyError):
        signatures.keys("losses.py", "OBJECTVES")


def test_modules():
    assert signatures.modules("networks") == networks.names()
    assert "__init__" not in networks.names()

"""What is read from source text against what Python and Keras see."""

import inspect
from importlib import import_module
from typing import get_args

import keras
import pytest

from keras_gans import losses, networks, optimizers, parts
from keras_gans.metrics import measures
from keras_gans.parts import NOUNS, ranges, signatures

TABLES = [noun for noun in NOUNS if NOUNS[noun].place.endswith(".py")]
FOLDERS = [noun for noun in NOUNS if noun not in TABLES]
MODULES = [
    (noun, name, role)
    for noun in FOLDERS
    for role in NOUNS[noun].functions
    for name in parts.names(noun, role)
]


def test_every_kind_of_part_is_one_of_these():
    assert set(TABLES) == {
        "losses", "updates", "penalties", "constraints", "optimizers", "latents", "averages",
        "augmentations", "measures", "stops", "tests",
    }  # fmt: skip
    assert FOLDERS == ["networks", "datasets"]


@pytest.mark.parametrize("noun", TABLES)
def test_names_are_the_keys_of_the_table(noun):
    module = import_module(NOUNS[noun].module)
    assert parts.names(noun) == list(getattr(module, noun.upper()))


@pytest.mark.parametrize("noun", FOLDERS)
def test_names_are_the_modules_that_define_a_function(noun):
    for name in parts.names(noun):
        module = import_module(f"keras_gans.{noun}.{name}")
        assert any(callable(getattr(module, f, None)) for f in NOUNS[noun].functions)
        for role in NOUNS[noun].functions:
            assert (name in parts.names(noun, role)) == hasattr(module, role)
    assert "__init__" not in parts.names(noun)
    assert not {"blocks", "rewriting", "sources", "files"} & set(parts.names(noun))


def seen(function):
    """The annotated parameters as Python sees them: (type, whether there is no default)."""
    return {
        p.name: (p.annotation, p.default is p.empty)
        for p in inspect.signature(function).parameters.values()
        if p.annotation is not p.empty
    }


@pytest.mark.parametrize(("noun", "name", "role"), MODULES)
def test_options_of_a_module_are_the_annotated_parameters(noun, name, role):
    function = getattr(import_module(f"keras_gans.{noun}.{name}"), role)
    assert parts.parameters(noun, name, role) == seen(function)


@pytest.mark.parametrize(("noun", "name", "role"), [m for m in MODULES if m[0] == "networks"])
def test_networks_with_a_number_of_classes_take_labels(noun, name, role):
    function = getattr(import_module(f"keras_gans.{noun}.{name}"), role)
    expected = "classes" in inspect.signature(function).parameters
    assert parts.takes_labels(name, role) == expected
    assert expected == ("conditional" in name)


@pytest.mark.parametrize("noun", [n for n in TABLES if n not in ("optimizers", "measures")])
def test_options_of_a_class_are_the_annotated_parameters(noun):
    module = import_module(NOUNS[noun].module)
    for name, kind in getattr(module, noun.upper()).items():
        expected = {} if kind.__init__ is object.__init__ else seen(kind)
        assert parts.parameters(noun, name) == expected, name


def test_a_class_inherits_the_options_of_its_base():
    assert list(parts.parameters("penalties", "r1")) == ["weight"]


def test_metrics_have_no_options():
    for name in measures.MEASURES:
        assert parts.parameters("measures", name) == {}


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_options_of_an_optimizer_of_keras_are_its_own(name):
    of_keras = inspect.signature(optimizers.OPTIMIZERS[name]).parameters
    found = parts.parameters("optimizers", name)
    # A row has `average` and `batch_size`, and scales no losses.
    left_out = {"use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor"}
    left_out |= {"gradient_accumulation_steps", "name", "kwargs"}
    assert set(found) == set(of_keras) - left_out
    assert not any(required for _, required in found.values())
    for option, (kind, _) in found.items():
        default = of_keras[option].default
        # The default of an option is a value that the option accepts, unchanged.
        assert parts.typed(default, kind, option) == default
        assert type(parts.typed(default, kind, option)) is type(default)
    assert found["learning_rate"][0] == ranges.Positive


def test_ours_has_the_options_of_its_signature():
    found = parts.parameters("optimizers", "rmsprop_keras2")
    assert found == seen(optimizers.RMSpropKeras2)
    assert list(found) == ["learning_rate", "rho", "epsilon"]


@pytest.mark.parametrize(("noun", "name", "role"), MODULES)
def test_every_default_of_ours_is_a_value_that_the_option_accepts(noun, name, role):
    function = getattr(import_module(f"keras_gans.{noun}.{name}"), role)
    for p in inspect.signature(function).parameters.values():
        if p.annotation is not p.empty and p.default is not p.empty:
            assert parts.typed(p.default, p.annotation, p.name) == p.default


def test_a_network_has_options_and_no_option_is_supplied_by_the_run():
    for role in ("generator", "discriminator"):
        for name in networks.names(role):
            found = parts.parameters("networks", name, role)
            assert found or name == "lqg"
            assert not {"shape", "latent_size", "classes"} & set(found)


def test_a_union_is_read_as_python_reads_it():
    kind, required = parts.parameters("losses", "mse")["real"]
    assert get_args(kind) == (float, tuple[float, float])
    assert not required
    assert parts.parameters("latents", "normal")["size"] == (ranges.Count, True)


def test_a_module_without_its_table_is_an_error(monkeypatch):
    monkeypatch.setitem(NOUNS, "loses", NOUNS["losses"])
    with pytest.raises(KeyError, match="LOSES"):
        parts.names("loses")


def test_a_table_may_name_classes_of_keras_and_ours():
    assert signatures.names("optimizers") == ["adam", "adamw", "rmsprop", "rmsprop_keras2", "sgd"]
    assert optimizers.OPTIMIZERS["adam"] is keras.optimizers.Adam
    assert set(losses.LOSSES) == set(parts.names("losses"))

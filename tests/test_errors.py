"""Error messages that name the right thing."""

import pytest

from keras_gans.errors import UsageError, short, suggestion


def test_a_near_miss_is_suggested():
    assert suggestion("itertions", ["latent_dim", "iterations"]) == "; did you mean 'iterations'?"


def test_the_nearest_of_several_is_suggested():
    assert suggestion("lsgam", ["lsgan", "wgan", "dcgan"]) == "; did you mean 'lsgan'?"


def test_without_a_near_one_all_choices_are_listed_in_their_order():
    assert suggestion("xyz", ["mse", "hinge"]) == "; there is mse, hinge"


def test_what_merely_has_some_letters_in_common_is_not_suggested():
    names = ["wasserstein", "f_gan"]
    assert suggestion("wgan", names) == "; there is wasserstein, f_gan"


@pytest.mark.parametrize("name", [None, 7, True, ["hinge"]])
def test_whatever_yaml_gives_as_a_name_gets_an_answer(name):
    assert suggestion(name, ["mse", 12]) == "; there is mse, 12"


def test_number_near_a_number_is_suggested_as_text():
    assert suggestion(1, [1, 22]) == "; did you mean '1'?"


def test_usage_error_is_a_value_error():
    with pytest.raises(ValueError, match=r"^say so$"):
        raise UsageError("say so")


def test_short_values_are_written_as_python_does():
    assert [short(v) for v in (5e-05, "x", None, [1])] == ["5e-05", "'x'", "None", "[1]"]


def test_long_and_deep_values_are_cut():
    deep = "x" * 1000
    for _ in range(20):
        deep = [deep] * 10
    assert len(short(deep)) < 100
    assert len(short("x" * 1000)) < 100
    assert suggestion(deep, ["mse"]) == "; there is mse"

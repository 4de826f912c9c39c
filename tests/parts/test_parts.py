import subprocess
import sys

import keras
import pytest

from keras_gans import constraints, latents, losses, optimizers, parts, penalties, updates
from keras_gans.errors import UsageError


def test_a_name_a_mapping_and_a_part_build_the_same_object():
    mapping = {"name": "clip", "limit": 0.5, "weights": "all"}
    for identifier in (mapping, parts.check("constraints", mapping, "here")):
        built = parts.get("constraints", identifier)
        assert type(built) is constraints.Clip
        assert (built.limit, built.weights) == (0.5, "all")
    assert parts.get("constraints", "clip").limit == 0.01


def test_each_object_is_a_new_one():
    for noun, name in (("losses", "mse"), ("optimizers", "adam"), ("penalties", "r1")):
        assert parts.get(noun, name) is not parts.get(noun, name)


@pytest.mark.parametrize("noun", ["losses", "penalties", "optimizers", "latents"])
def test_objects_and_none_pass(noun):
    for given in (None, object(), keras.optimizers.SGD()):
        assert parts.get(noun, given) is given
    for given in (3, 0.5, True, ["adam"], keras.optimizers.SGD):
        with pytest.raises(UsageError, match="give "):
            parts.get(noun, given)


def test_given_options_yield_to_those_of_the_identifier():
    assert parts.get("latents", "uniform", size=7).size == 7
    assert parts.get("latents", {"name": "uniform", "size": 5}, size=7).size == 5


def test_lists_of_yaml_arrive_as_tuples():
    assert parts.get("losses", {"name": "mse", "real": [0.8, 1.1]}).real == (0.8, 1.1)


@pytest.mark.parametrize(
    ("noun", "identifier", "message"),
    [
        ("losses", "waserstein", "loss: unknown loss 'waserstein'; did you mean 'wasserstein'"),
        ("latents", "normal", "'size' of 'normal' is missing"),
        # What only the class knows comes out as the same kind of error.
        ("losses", {"name": "mse", "real": [1.1, 0.8]}, "loss 'mse': .*the lower comes first"),
        ("latents", {"name": "uniform", "size": 2, "low": 2, "high": 1}, "latents 'uniform': low"),
        ("optimizers", {"name": "adam", "clipnorm": 1, "clipvalue": 1}, "optimizer 'adam': Only "),
    ],
)
def test_a_mistake_is_a_usage_error_in_one_line(noun, identifier, message):
    with pytest.raises(UsageError, match=message) as caught:
        parts.get(noun, identifier)
    assert "\n" not in str(caught.value)


def test_the_modules_of_the_nouns_build_through_it():
    assert type(losses.get("mse")) is losses.MeanSquaredError
    assert type(updates.get("joint")) is updates.Joint
    assert type(penalties.get("r1")) is penalties.R1
    assert type(optimizers.get("sgd")) is keras.optimizers.SGD
    assert type(latents.get("normal", 3)) is latents.Normal
    assert penalties.get(None) is None


def test_names_and_checks_import_no_keras():
    program = (
        "import sys\n"
        "from keras_gans import parts\n"
        "for noun in parts.NOUNS:\n"
        "    for name in parts.names(noun):\n"
        "        parts.parameters(noun, name)\n"
        "parts.check('optimizers', {'name': 'adam', 'learning_rate': 2e-4}, 'here')\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'scipy', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)

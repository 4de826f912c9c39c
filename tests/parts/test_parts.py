import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_gans import (
    averages,
    constraints,
    latents,
    losses,
    optimizers,
    parts,
    penalties,
    updates,
)
from keras_gans.errors import UsageError
from keras_gans.networks import augmentations


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


@pytest.mark.parametrize(
    ("noun", "built", "message"),
    [
        ("penalties", penalties.R1(-10.0), r"^penalty\.weight: -10\.0 must be positive$"),
        ("penalties", penalties.GradientPenalty(sides=3), r"penalty\.sides: 3 is not known"),
        ("constraints", constraints.Clip(-0.5), r"constraint\.limit: -0\.5 must be positive"),
        ("averages", averages.Exponential(2.0), r"average\.decay: 2\.0 must be in \[0, 1\)"),
        ("updates", updates.Weighted(-1.0, 1.0), r"update\.real: -1\.0 must be positive"),
        ("latents", latents.Normal(0), r"latents\.size: 0 must be at least 1"),
        (
            "augmentations",
            augmentations.Differentiable(cutout=np.float64(1)),
            r"\.cutout: 1\.0 must",
        ),
    ],
)
def test_options_of_an_object_have_the_ranges_of_a_mapping(noun, built, message):
    with pytest.raises(UsageError, match=message):
        parts.get(noun, built)


def test_what_else_an_object_may_hold_is_its_own():
    class Mine(penalties.R1):
        pass

    for noun, built in (
        ("penalties", penalties.R1(np.float32(10.0))),
        ("penalties", penalties.R1(keras.Variable(10.0))),  # which a callback may change
        ("penalties", Mine(-1.0)),
        ("latents", latents.Normal(np.int64(3))),
        ("losses", losses.BinaryCrossentropy(real=(0.8, 1.1))),
        ("optimizers", keras.optimizers.SGD(0.0)),  # and a schedule
    ):
        assert parts.get(noun, built) is built


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

"""One row: what is accepted, what is refused, and by which names."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, fields

import pytest
import yaml
from wording import says

from keras_gans.errors import UsageError
from keras_gans.parts import Part
from keras_gans.rows import Experiment
from keras_gans.turns import Turns

CLIP = {"name": "clip", "limit": 0.01}


def refusal(row, change):
    with pytest.raises(UsageError) as caught:
        Experiment.from_dict({**row, **change}, "some 1")
    return str(caught.value)


def test_a_row_becomes_an_experiment_with_the_defaults(row):
    experiment = Experiment.from_dict(row)
    assert experiment.generator == Part("networks", "dcgan", {"kernel_size": 4})
    assert experiment.discriminator == Part("networks", "shallow")
    assert experiment.optimizer.options == {"learning_rate": 0.0002, "beta_1": 0.5}
    assert (experiment.d_optimizer, experiment.g_optimizer) == (None, None)
    assert experiment.latents == Part("latents", "normal", {"size": 10})
    assert experiment.turns == Turns(1, "joint", "training", "fresh", "batch")
    parts = (experiment.penalty, experiment.constraint, experiment.average)
    assert parts == (None, None, None)
    assert (experiment.sampling, experiment.on_divergence) == ("replacement", "stop")
    assert (experiment.measure, experiment.measure_samples) == (("fid",), 5000)


def test_an_experiment_cannot_be_changed(row):
    experiment = Experiment.from_dict(row)
    with pytest.raises(FrozenInstanceError):
        experiment.iterations = 1
    with pytest.raises(FrozenInstanceError):
        experiment.turns.d_steps = 2


def test_every_part_of_a_row_can_have_options(row):
    row |= {
        "dataset": {"name": "celeba", "size": 40},
        "latents": {"name": "uniform", "size": 10, "low": 0},
        "loss": {"name": "mse", "real": [0.8, 1.1]},
        "turns": {"d_steps": 3, "update": {"name": "joint"}},
        "penalty": {"name": "r1", "weight": 5},
        "constraint": CLIP,
        "average": {"name": "exponential", "decay": 0.9},
    }
    experiment = Experiment.from_dict(row)
    assert experiment.dataset.options == {"size": 40}
    assert experiment.latents.options == {"size": 10, "low": 0.0}
    assert experiment.loss.options == {"real": (0.8, 1.1)}
    assert experiment.turns.update == Part("updates", "joint")
    assert experiment.penalty.options == {"weight": 5.0}
    assert experiment.constraint.options == {"limit": 0.01}
    assert experiment.average.options == {"decay": 0.9}
    assert Experiment.from_dict(yaml.safe_load(yaml.safe_dump(experiment.to_dict()))) == experiment


def test_to_dict_has_every_field_in_plain_values(row):
    found = Experiment.from_dict({**row, "save_at": [7]}).to_dict()
    assert list(found) == [f.name for f in fields(Experiment)]
    assert found["latents"] == {"name": "normal", "size": 10}
    assert found["discriminator"] == "shallow"
    assert found["turns"] == {
        "d_steps": 1, "update": "joint", "fakes": "training", "latents": "fresh",
        "batch_norm": "batch", "g_steps": 1, "unroll": 0, "train": "both",
    }  # fmt: skip
    assert (found["save_at"], found["measure"]) == ([7], ["fid"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"itertions": 5}, "some 1: ... field 'itertions' ... 'iterations'?"),
        ({7: 5}, "some 1: ... field 7 ... iterations, batch_size"),
        ({"clip": 0.01}, "some 1: ... field 'clip'"),
        ({"iterations": "many"}, "some 1: iterations: 'many' ... str ... int"),
        ({"iterations": 10.0}, "some 1: iterations: 10.0 ... float ... int"),
        ({"iterations": True}, "some 1: iterations: True ... bool ... int"),
        ({"iterations": None}, "some 1: iterations: None ... null ... int"),
        ({"iterations": 0}, "some 1: iterations: 0 ... from 1 to"),
        ({"batch_size": -1}, "some 1: batch_size: -1 ... at least 1"),
        ({"save_every": 0}, "some 1: save_every: 0 ... at least 1"),
        ({"save_at": [15, 0]}, "some 1: save_at[1]: 0 ... at least 1"),
        ({"save_at": 15}, "some 1: save_at: 15 ... int ... list of int"),
        ({"measure_every": 0}, "some 1: measure_every: 0 ... at least 1"),
        ({"measure_samples": 1}, "some 1: measure_samples: 1 ... at least 2"),
        ({"measure": "fid"}, "some 1: measure: 'fid' ... str ... list of str"),
        ({"measure": [3]}, "some 1: measure[0]: 3 ... int ... str"),
        ({"measure": ["fid", "fid"]}, "some 1: measure: ... twice"),
        ({"save_at": [7, 7]}, "some 1: save_at: [7, 7] has an iteration twice"),
        ({"measure": ["fid", "fdi"]}, "some 1: measure: ... metric 'fdi' ... 'fid'?"),
        ({"measure_features": "lenett"}, "some 1: measure_features: ... 'lenett' ... 'lenet'?"),
        ({"measure_features": 3}, "some 1: measure_features: 3 ... int ... str or null"),
        ({"dataset": 3}, "some 1: dataset: 3: ... NAME"),
        ({"dataset": {"name": "celeba", "sise": 40}}, "some 1: dataset: ... 'sise' ... 'size'?"),
        ({"latents": 100}, "some 1: latents: 100: ... NAME"),
        ({"latents": {"size": 0}}, "some 1: latents.size: 0 ... at least 1"),
        ({"latents": {"std": 2.0}}, "some 1: latents: ... 'size' ... missing"),
        ({"loss": "msee"}, "some 1: loss: ... 'msee' ... 'mse'?"),
        ({"loss": None}, "some 1: loss: None: ... NAME"),
        ({"loss": {"name": "mse", "real": [0.8]}}, "some 1: loss.real: [0.8] ... 2"),
        ({"generator": "shallow"}, "some 1: generator: ... 'shallow' ... dcgan"),
        ({"generator": {"name": "dcgan", "kernel": 3}}, "some 1: generator: ... 'kernel_size'?"),
        ({"generator": "conditional"},
         "some 1: the generator 'conditional' takes labels ... discriminator 'shallow' does not"),
        ({"discriminator": "conditional"},
         "some 1: the discriminator 'conditional' takes labels ... generator 'dcgan' does not"),
        ({"generator": {"network": "dcgan"}}, "some 1: generator: {'network': 'dcgan'}: ... NAME"),
        ({"discriminator": {"name": "lsgan", "last_activation": "None"}},
         "some 1: discriminator.last_activation: 'None' ... sigmoid, null"),
        ({"optimizer": 3}, "some 1: optimizer: 3: ... NAME"),
        ({"optimizer": {"name": "adam", "beta_1": 1}}, "some 1: optimizer.beta_1: 1 ... [0, 1)"),
        ({"optimizer": {"name": "adam", "learning_rate": float("nan")}},
         "some 1: optimizer.learning_rate: nan ... finite"),
        ({"optimizer": {"name": "adam", "clipnorm": -1.0}},
         "some 1: optimizer.clipnorm: -1.0 ... positive"),
        ({"optimizer": {"name": "sgd", "weight_decay": -1}},
         "some 1: optimizer.weight_decay: -1 ... at least 0"),
        ({"optimizer": None}, "some 1: ... optimizer, or d_optimizer and g_optimizer"),
        ({"d_optimizer": "adam"}, "some 1: ... optimizer, or d_optimizer and g_optimizer"),
        ({"g_optimizer": "adam"}, "some 1: ... optimizer, or d_optimizer and g_optimizer"),
        ({"optimizer": None, "d_optimizer": "adam"}, "some 1: ... d_optimizer and g_optimizer"),
        ({"optimizer": None, "g_optimizer": "adam"}, "some 1: ... d_optimizer and g_optimizer"),
        ({"d_optimizer": "adam", "g_optimizer": "adam"}, "some 1: ... d_optimizer and g_optimizer"),
        ({"turns": "joint"}, "some 1: turns: 'joint' ... mapping"),
        ({"turns": {"d_step": 3}}, "some 1: turns: ... 'd_step' ... 'd_steps'?"),
        ({"turns": {"d_steps": 0}}, "some 1: turns: d_steps: 0 ... at least 1"),
        ({"turns": {"latents": "shard"}}, "some 1: turns: latents: 'shard' ... 'shared'?"),
        ({"turns": {"fakes": None}}, "some 1: turns: fakes: None ... training, inference"),
        ({"turns": {"update": "jont"}}, "some 1: turns: update: ... 'jont' ... 'joint'?"),
        ({"turns": {"unroll": -1}}, "some 1: turns: unroll: -1 ... at least 0"),
        ({"turns": {"update": "weighted"}}, "some 1: turns: update: ... 'real' ... missing"),
        ({"phases": [{"iterations": 5}]}, "some 1: phases[0]: ... 'train' is missing"),
        ({"phases": [{"iterations": 5, "train": "both"}]},
         "some 1: phases[0]: train: 'both' ... discriminator, generator"),
        ({"phases": [{"iterations": 10**6, "train": "generator"}]},
         "some 1: phases: they take 1,000,000 of ... iterations"),
        ({"phases": [{"iterations": 1, "train": "generator"}], "turns": {"train": "generator"}},
         "some 1: phases: after them turns.train is 'generator'"),
        ({"stop": "flatt"}, "some 1: stop: ... 'flatt' ... 'flat'?"),
        ({"stop": {"name": "flat", "change": 0}}, "some 1: stop.change: 0 ... positive"),
        ({"penalty": {"name": "r1", "weight": -1}}, "some 1: penalty.weight: -1 ... positive"),
        ({"constraint": {**CLIP, "limit": True}}, "some 1: constraint.limit: True ... bool"),
        ({"constraint": {**CLIP, "limit": 0}}, "some 1: constraint.limit: 0 ... positive"),
        ({"constraint": {**CLIP, "weights": "al"}}, "some 1: constraint.weights: 'al' ... 'all'?"),
        ({"average": {"name": "exponential", "decay": 1}}, "some 1: average.decay: 1 ... [0, 1)"),
        ({"sampling": None}, "some 1: sampling: None ... replacement, epochs"),
        ({"on_divergence": "go"}, "some 1: on_divergence: 'go' ... stop, continue"),
        ({"printed": [53.7]}, "some 1: printed: [53.7] ... list ... dict"),
        ({"printed": {"fid": "53,7"}}, "some 1: printed.fid: '53,7' ... str ... float"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_refused_by_the_name_of_the_field(row, change, message):
    assert says(refusal(row, change), message)


REQUIRED = (
    "derived_from", "dataset", "iterations", "batch_size", "latents", "loss", "generator",
    "discriminator", "save_every",
)  # fmt: skip


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_field_is_named(row, name):
    del row[name]
    with pytest.raises(UsageError, match=f"^row: .*'{name}'.* missing"):
        Experiment.from_dict(row)


def test_printed_values_are_floats(row):
    experiment = Experiment.from_dict({**row, "printed": {"fid": 53, "kid": 5e-2}})
    assert experiment.printed == {"fid": 53.0, "kid": 0.05}


def test_no_other_field_is_required(row):
    found = Experiment.from_dict({name: row[name] for name in (*REQUIRED, "optimizer")})
    assert found == Experiment.from_dict(row)


@pytest.mark.parametrize("row", [None, 3, "text", [{}]])
def test_a_row_that_is_no_mapping_is_refused(row):
    with pytest.raises(UsageError, match="mapping"):
        Experiment.from_dict(row)


def test_a_value_of_any_length_makes_a_short_message(row):
    bomb = ["lol"]
    for _ in range(30):
        bomb = [bomb] * 10  # 10^30 words, were they ever written out
    long = "x" * 10_000
    changes = [{f.name: bomb} for f in fields(Experiment)]
    changes += [{"turns": {f.name: bomb}} for f in fields(Turns)]
    changes += [{"generator": {"name": bomb}}, {"generator": {"name": "dcgan", "alpha": bomb}}]
    changes += [{"measure": [long]}, {"turns": {"latents": long}}, {long: 1}, {"loss": long}]
    changes += [{"loss": {"name": "mse", long: 1}}, {"printed": {"fid": bomb}}]
    for change in changes:
        assert len(refusal(row, change)) < 500, change.keys()


# --- when something is done --------------------------------------------------------------------


def iterations(experiment, function):
    return [i for i in range(1, experiment.iterations + 1) if getattr(experiment, function)(i)]


def test_networks_are_saved_at_intervals_at_further_iterations_and_at_the_end(row):
    row |= {"iterations": 23, "save_every": 10, "save_at": [3, 15]}
    assert iterations(Experiment.from_dict(row), "saves") == [3, 10, 15, 20, 23]


def test_the_generator_is_measured_when_it_is_saved_or_at_an_interval_of_its_own(row):
    row |= {"iterations": 23, "save_every": 10, "save_at": [3]}
    assert iterations(Experiment.from_dict(row), "measures") == [3, 10, 20, 23]
    row["measure_every"] = 7
    assert iterations(Experiment.from_dict(row), "measures") == [7, 14, 21, 23]
    assert iterations(Experiment.from_dict(row), "saves") == [3, 10, 20, 23]


def test_rows_need_no_keras():
    program = (
        "import sys\n"
        "from keras_gans.rows import read_table, tables\n"
        "for name in tables():\n"
        "    read_table(name)\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'scipy', 'matplotlib'}\n"
        "print(len(tables()) > 2, sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("True []\n", "", 0)

import keras
import pytest
from running import quickstart

from keras_gans import networks
from keras_gans.runs import pace


def row(**changed):
    return quickstart(1, "results", changed).experiment


@pytest.mark.parametrize(
    ("changed", "dense", "convolutional"),
    [
        ({"save_every": 500}, 50, 5),
        ({"save_every": 10}, 10, 5),
        ({"save_every": 7}, 7, 1),
        ({"save_every": 53}, 1, 1),
        ({"save_every": 100, "measure_every": 30}, 10, 5),
        ({"save_every": 100, "save_at": [15, 25]}, 5, 5),
        ({"save_every": 100, "save_at": [16], "measure_every": 8}, 4, 4),
        ({"save_every": 12, "measure_every": 8}, 4, 4),
    ],
)
def test_losses_are_recorded_at_a_divisor_of_every_interval(changed, dense, convolutional):
    experiment = row(**changed)
    assert pace.log_every(experiment, convolutional=False) == dense
    assert pace.log_every(experiment, convolutional=True) == convolutional


def test_quick_iterations_share_a_return_to_python(monkeypatch):
    experiment = row(save_every=500)
    monkeypatch.setattr(keras.config, "backend", lambda: "tensorflow")
    assert pace.steps_per_execution(experiment, convolutional=False) == 50
    assert pace.steps_per_execution(experiment, convolutional=True) == 1
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    assert pace.steps_per_execution(experiment, convolutional=False) == 1


def test_xla_compiles_perceptrons_and_on_jax_everything(monkeypatch):
    for backend, expected in (
        ("tensorflow", (True, False)),
        ("jax", (True, True)),
        ("torch", (False, False)),
    ):
        monkeypatch.setattr(keras.config, "backend", lambda name=backend: name)
        assert tuple(pace.jit_compile(row(), c) for c in (False, True)) == expected, backend


def test_xla_does_not_compile_unrolled_turns_with_a_penalty(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "tensorflow")
    unrolled = {"turns.unroll": 1, "optimizer": "sgd", "d_optimizer": None, "g_optimizer": None}
    for changed, expected in (({"penalty": "r2"}, True), (unrolled, True)):
        assert pace.jit_compile(row(**changed), False) == expected
    assert not pace.jit_compile(row(**unrolled, penalty="r2"), False)


def test_convolutions_are_found_in_either_network_and_inside_others():
    shape = (8, 8, 1)
    dense = networks.build("vanilla", "generator", shape, 4)
    judge = networks.build("vanilla", "discriminator", shape)
    for network in ("shallow", "dcgan", "transposed"):
        convolutional = networks.build(network, "discriminator", shape)
        assert pace.is_convolutional(dense, convolutional)
        nested = keras.Sequential([keras.Input(shape), convolutional])
        assert pace.is_convolutional(nested)
    layers = keras.layers
    for layer in (
        layers.SpectralNormalization(layers.Conv2D(2, 3)),
        layers.TimeDistributed(layers.Conv1D(2, 3)),
        layers.DepthwiseConv2D(3),
        layers.SeparableConv2D(2, 3),
    ):
        assert pace.is_convolutional(keras.Sequential([keras.Input(shape), layer]))
    assert pace.is_convolutional(networks.build("transposed", "generator", shape, 4), judge)
    assert not pace.is_convolutional(dense, judge)

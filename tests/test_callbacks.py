"""What is not finite is noticed where something would be saved."""

import keras
import numpy as np
import pytest

from keras_gans import callbacks, losses, networks
from keras_gans.gan import GAN


@pytest.fixture
def gan():
    shape = (8, 8, 1)
    gan = GAN(networks.generator("vanilla", shape, 4), networks.discriminator("lsgan", shape))
    objective = losses.get("mse")
    optimizers = keras.optimizers.Adam(), keras.optimizers.Adam()
    gan.compile(*optimizers, objective.discriminator, objective.generator)
    return gan


class Noted(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_begin(self, logs=None):
        self.seen.append("begin")

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(self.model.iterations)


def spoil(network, value):
    weight = network.weights[-1]
    values = np.zeros(weight.shape, "float32")
    values.flat[-1] = value
    weight.assign(values)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_weight_of_a_network_that_is_not_finite_names_it(gan, value):
    assert callbacks.not_finite(gan) == []
    spoil(gan.generator, value)
    assert callbacks.not_finite(gan) == ["generator"]
    spoil(gan.discriminator, value)
    assert callbacks.not_finite(gan) == ["discriminator", "generator"]


def check(gan, tmp_path, go_on):
    noted, history = Noted(), callbacks.History(tmp_path / "log.jsonl")
    checks = callbacks.CheckWeights((10, 15), 40, history, go_on, [noted])
    checks.set_model(gan)
    checks.on_train_begin()

    def at(iteration):
        gan.g_optimizer.iterations.assign(iteration)
        checks.on_train_batch_end(0)

    return at, noted.seen, history.records


def test_weights_are_looked_at_before_anything_is_saved(gan, tmp_path):
    at, seen, _ = check(gan, tmp_path, go_on=False)
    at(10)
    spoil(gan.generator, np.nan)
    at(14)  # nothing is saved here
    with pytest.raises(callbacks.Diverged, match=r"weights of the generator .* at iteration 15"):
        at(15)
    assert seen == ["begin", 10, 14]


def test_going_on_saves_nothing_and_says_so_once(gan, tmp_path):
    at, seen, records = check(gan, tmp_path, go_on=True)
    at(10)
    spoil(gan.discriminator, np.inf)
    for iteration in (15, 16, 20, 40):
        at(iteration)
    assert seen == ["begin", 10]
    assert records == [{"iteration": 15, "not_finite": ["discriminator"]}]


def test_checkpoints_take_a_second_and_then_their_share_of_the_time(tmp_path, monkeypatch, gan):
    """Each costs 0.4 s here and an interval 4 s: without a bound, a tenth of the time."""
    clock = iter(np.arange(0, 1000, 0.2))
    monkeypatch.setattr(callbacks.time, "perf_counter", lambda: next(clock))
    written = []
    monkeypatch.setattr(callbacks.checkpoints, "capture", lambda model: [])

    def write(folder, checkpoint):
        next(clock)
        written.append(checkpoint.iteration)

    monkeypatch.setattr(callbacks.checkpoints, "save", write)
    seconds = {"wall": 0.0, "training": 0.0, "saving": 0.0}
    recorder = callbacks.RecordLosses(1, 100, None, None, seconds)
    history = callbacks.History(tmp_path / "log.jsonl")
    save = callbacks.SaveCheckpoint(1, 100, tmp_path, history, recorder, None, {}, lambda: False)
    save.set_model(gan)
    for iteration in range(1, 101):
        recorder.seconds["wall"] += 4.0
        save.at(iteration)
    assert written[:3] == [1, 2, 3]  # within the first second
    assert written[-1] == 100
    assert recorder.seconds["saving"] == pytest.approx(0.4 * len(written))
    assert recorder.seconds["saving"] <= 1 + 0.015 * 400 + 0.8
    assert 10 < len(written) < 22
    recorder.seconds["wall"] = 0.0
    save.at(50)
    assert written[-1] == 100, "it has had its share"

"""When callbacks act, and what they leave undone where weights are no longer finite."""

import numpy as np
import pytest
from running import Silent

from keras_gans import networks
from keras_gans.gan import GAN
from keras_gans.runs import callbacks
from keras_gans.runs.finite import Diverged, not_finite
from keras_gans.runs.history import History
from keras_gans.runs.measured import Metric


@pytest.fixture
def gan():
    generator = networks.build("vanilla", "generator", (8, 8, 1), 4)
    gan = GAN(generator, networks.build("lsgan", "discriminator", (8, 8, 1)))
    gan.compile(loss="mse", d_optimizer="adam", g_optimizer="adam")
    return gan


@pytest.fixture
def history(tmp_path):
    return History(tmp_path)


@pytest.fixture
def going_on(tmp_path):
    return History(tmp_path, go_on=True)


def at(gan, iteration, *called):
    """Ends an execution after which the model has done so many iterations."""
    gan.iteration.assign(iteration)
    for callback in called:
        callback.set_model(gan)
        callback.on_train_batch_end(0)


def spoil(network, value):
    weight = network.weights[-1]
    values = np.zeros(weight.shape, "float32")
    values.flat[-1] = value
    weight.assign(values)


class Noted(callbacks.Scheduled):
    """Notes the iterations at which it is called and weights were finite."""

    def __init__(self, when, history):
        super().__init__(when)
        self.history, self.seen = history, []

    def at(self, iteration):
        if self.history.finite:
            self.seen.append(iteration)


def multiples(*intervals):
    return lambda iteration: any(iteration % n == 0 for n in intervals)


def test_a_callback_acts_after_the_iterations_of_its_schedule(gan, history):
    noted = Noted(multiples(10, 15), history)
    for iteration in (5, 10, 14, 15, 20, 30):
        at(gan, iteration, noted)
    assert noted.seen == [10, 15, 20, 30]


# --- what is not finite ------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_weight_of_a_network_that_is_not_finite_names_it(gan, value):
    assert not_finite(gan) == []
    spoil(gan.generator, value)
    assert not_finite(gan) == ["generator"]
    spoil(gan.discriminator, value)
    assert not_finite(gan) == ["discriminator", "generator"]


def test_weights_are_looked_at_before_anything_is_saved(gan, history):
    check = callbacks.CheckWeights(multiples(10, 15), history)
    noted = Noted(multiples(1), history)
    at(gan, 10, check, noted)
    spoil(gan.generator, np.nan)
    at(gan, 14, check)  # nothing is saved here
    with pytest.raises(Diverged, match=r"weights of the generator .* iteration 15"):
        at(gan, 15, check, noted)
    assert noted.seen == [10]
    assert history.records == [{"iteration": 15, "not_finite": ["generator"]}]


def test_going_on_saves_nothing_and_says_so_once(gan, going_on):
    check = callbacks.CheckWeights(multiples(10, 15), going_on)
    noted = Noted(multiples(5), going_on)
    at(gan, 10, check, noted)
    spoil(gan.discriminator, np.inf)
    for iteration in (15, 20, 30):
        at(gan, iteration, check, noted)
    assert noted.seen == [10]
    assert going_on.records == [{"iteration": 15, "not_finite": ["discriminator"]}]


def test_weights_that_are_finite_again_are_saved_again(gan, going_on):
    check = callbacks.CheckWeights(multiples(5), going_on)
    noted = Noted(multiples(5), going_on)
    kept = gan.discriminator.get_weights()
    spoil(gan.discriminator, np.inf)
    at(gan, 5, check, noted)
    gan.discriminator.set_weights(kept)
    at(gan, 10, check, noted)
    assert noted.seen == [10]


# --- losses ------------------------------------------------------------------------------------

LOGS = {"d_loss": 0.5, "d_loss_real": 0.25, "d_loss_fake": 0.75, "g_loss": 2.0,
        "d_loss_max": 0.5, "g_loss_max": 2.0}  # fmt: skip


def recorder(gan, history):
    progress = Silent()
    record = callbacks.RecordLosses(multiples(5), history, progress)
    record.set_model(gan)
    record.on_train_begin()

    def execute(iteration, **changed):
        gan.iteration.assign(iteration)
        record.on_train_batch_begin(0)
        record.on_train_batch_end(0, {**LOGS, **changed})

    return execute, progress


def test_losses_are_recorded_shown_and_begin_anew(gan, history):
    execute, progress = recorder(gan, history)
    for metric in gan.metrics:
        metric.update_state(7.0)
    execute(4)
    assert (history.records, history.recorded) == ([], None)
    execute(5)
    assert history.records == [{"iteration": 5, **LOGS}]
    assert history.recorded == 5
    assert progress.updates == [(5, {"d_loss": 0.5, "g_loss": 2.0})]
    assert [float(m.result()) for m in gan.metrics] == [0.0] * 4 + [-np.inf] * 2


def test_seconds_are_counted_on_from_those_before(gan, tmp_path):
    before = {"wall": 100.0, "training": 50.0, "saving": 1.0}
    history = History(tmp_path, seconds=before)
    execute, _ = recorder(gan, history)
    execute(5)
    assert 50.0 < history.seconds["training"] < 51.0
    assert 100.0 < history.seconds["wall"] < 101.0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_losses_that_are_not_finite_name_the_network(gan, history, value):
    execute, _ = recorder(gan, history)
    execute(4, g_loss=value)  # not recorded, and so not looked at
    with pytest.raises(Diverged, match=r"loss of the generator is .* iteration 5"):
        execute(5, g_loss=value)
    with pytest.raises(Diverged, match="discriminator and the generator"):
        execute(5, g_loss=value, d_loss=value)
    assert history.records == [{"iteration": 5, "not_finite": ["generator"]}]  # once


def test_losses_that_are_not_finite_are_null_where_a_run_goes_on(gan, going_on):
    execute, progress = recorder(gan, going_on)
    execute(5, g_loss=float("nan"))
    assert going_on.records == [{"iteration": 5, **LOGS, "g_loss": None}]
    assert np.isnan(progress.updates[0][1]["g_loss"])


# --- the best generator ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("better", "values", "best"),
    [
        # Before training, and after iterations 5, 10, ...: the first of equals stays.
        ("lower", [1.0, 5.0, 3.0, 4.0, 3.0, None, 2.0, 9.0], [5, 10, 30]),
        ("higher", [9.0, 0.0, 0.5, 0.25, 0.5, None, 0.75, 0.0], [5, 10, 30]),
        ("lower", [1.0, None, None], []),
    ],
)
def test_the_best_of_training_is_kept(better, values, best, gan, history, monkeypatch):
    class Given:
        metrics = (Metric("a", "a5_x", better, None), Metric("b", "b5_x", "lower", None))

        def __call__(self, saved):
            return {"a5_x": next(left), "b5_x": 0.5}

    kept, left = [], iter(values)
    monkeypatch.setattr(
        callbacks.generators, "save", lambda saved, path, **about: kept.append((path.name, about))
    )
    progress = Silent()
    measure = callbacks.Measure(multiples(5), history, None, Given(), progress)
    measure.set_model(gan)
    measure.on_train_begin()
    for iteration in range(5, 5 * len(values), 5):
        at(gan, iteration, measure)
    assert [r["a5_x"] for r in history.records] == values
    assert [done for done, _ in progress.updates] == [r["iteration"] for r in history.records]
    assert [about["iteration"] for _, about in kept] == best
    for name, about in kept:
        assert name == "generator_model_best.h5"
        assert about["a5_x"] == values[about["iteration"] // 5]
        assert about["b5_x"] == 0.5


def test_a_resumed_run_is_not_measured_before_its_first_iteration(gan, history):
    class Unused:
        metrics = (Metric("a", "a5_x", "lower", None),)

    gan.iteration.assign(10)
    measure = callbacks.Measure(multiples(5), history, None, Unused(), Silent())
    measure.set_model(gan)
    measure.on_train_begin()
    assert history.records == []


# --- checkpoints -------------------------------------------------------------------------------


@pytest.fixture
def written(monkeypatch):
    """Iterations of the checkpoints, which are not written."""
    iterations = []
    monkeypatch.setattr(callbacks.checkpoints, "capture", lambda model: [])
    monkeypatch.setattr(
        callbacks.checkpoints, "save", lambda folder, c: iterations.append(c.iteration)
    )
    return iterations


def saver(gan, history, when, last, stop=lambda: False):
    save = callbacks.SaveCheckpoint(when, history, {}, lambda i: i == last, stop)
    save.set_model(gan)
    return save


def test_checkpoints_take_a_second_and_then_their_share_of_the_time(
    gan, history, written, monkeypatch
):
    """Each costs 0.4 s here and an interval 4 s: without a bound, a tenth of the time."""
    clock = iter(np.arange(0, 1000, 0.4))
    monkeypatch.setattr(callbacks.time, "perf_counter", lambda: next(clock))
    save = saver(gan, history, multiples(1), last=100)
    for iteration in range(1, 101):
        history.seconds["wall"] += 4.0
        save.at(iteration)
    assert written[:3] == [1, 2, 3]  # within the first second
    assert written[-1] == 100
    assert history.seconds["saving"] == pytest.approx(0.4 * len(written))
    assert history.seconds["saving"] <= 1 + 0.015 * 400 + 0.8
    assert 10 < len(written) < 22
    history.seconds["wall"] = 0.0
    save.at(50)
    assert written[-1] == 100, "it has had its share"


def test_a_stop_waits_for_the_next_record_of_losses(gan, history, written):
    """Half a mean is no part of the state."""
    asked = []
    save = saver(gan, history, multiples(10), 100, lambda: asked.append(1) or True)
    gan.stop_training = False
    at(gan, 3, save)
    assert (asked, written, gan.stop_training) == ([], [], False)
    history.recorded = 4
    at(gan, 4, save)
    assert (written, gan.stop_training) == ([4], True)


def test_a_stop_at_a_checkpoint_writes_it_once(gan, history, written):
    save = saver(gan, history, multiples(10), 100, lambda: True)
    history.recorded = 10
    at(gan, 10, save)
    assert written == [10]
    assert gan.stop_training


def test_a_stop_saves_no_weights_that_are_not_finite(gan, history, written):
    save = saver(gan, history, multiples(10), 100, lambda: True)
    history.recorded = 4
    spoil(gan.generator, np.nan)
    with pytest.raises(Diverged, match="generator"):
        at(gan, 4, save)
    assert written == []


# --- rates -------------------------------------------------------------------------------------


class Timed(callbacks.Scheduled):
    """Work that takes some seconds of a clock: longer the first time."""

    def __init__(self, when, clock, first, later):
        super().__init__(when)
        self.clock, self.first, self.later = clock, first, later

    def at(self, iteration):
        self.clock.now += self.later if self.seconds else self.first


@pytest.fixture
def rated(gan, tmp_path, monkeypatch):
    """A function that trains executions of 5 iterations, a second each; returns what is kept."""

    class Clock:
        now = 1000.0

        def perf_counter(self):
            return self.now

        monotonic = perf_counter

    clock = Clock()
    monkeypatch.setattr(callbacks, "time", clock)

    def train(executions, save_every=20, measure_every=40):
        kept, history = [], History(tmp_path)
        record = callbacks.RecordLosses(multiples(5), history, Silent())
        save = Timed(multiples(save_every), clock, first=9.0, later=0.5)
        measure = Timed(multiples(measure_every), clock, first=7.0, later=0.25)
        keep = callbacks.KeepRate(kept.append, history, clock.now - 30.0, [save], measure)
        for callback in (record, keep, save, measure):
            callback.set_model(gan)
            callback.on_train_begin()
        for execution in range(1, executions + 1):
            gan.iteration.assign(5 * execution)
            record.on_train_batch_begin(0)
            clock.now += 6.0 if execution == 1 else 1.0  # 5 s of compiling
            for callback in (record, keep, save, measure):
                callback.on_train_batch_end(0, LOGS)
        for callback in (record, keep):
            callback.on_train_end()
        return kept

    return train


def test_a_rate_has_each_part_without_its_first_time(rated):
    *_, rate = rated(executions=40)
    assert rate.start == pytest.approx(36.0)
    assert rate.iteration == pytest.approx(0.2)
    assert (rate.saving, rate.measuring) == pytest.approx((0.5, 0.25))
    assert rate.iterations == 195


def test_what_was_done_once_counts_as_it_was(rated):
    *_, rate = rated(executions=9)
    assert rate.iteration == pytest.approx(0.2)
    assert (rate.saving, rate.measuring) == pytest.approx((0.5, 7.0))


def test_a_rate_is_kept_early_and_at_the_end(rated):
    early, late = rated(executions=40)
    assert early.iterations < late.iterations
    assert early.iteration == pytest.approx(0.2)


@pytest.mark.parametrize(("executions", "measure_every"), [(3, 40), (7, 40), (1, 5)])
def test_a_run_that_has_not_done_everything_once_leaves_no_rate(executions, measure_every, rated):
    assert rated(executions, measure_every=measure_every) == []

"""What happens every N iterations: record, check, save, draw, measure, checkpoint.

Keras calls back after each execution of `steps_per_execution` iterations. The model itself
knows how many it has done, so nothing is counted twice and a resumed run needs no offset. The
callbacks know the run's `History` and not each other; their order is that of the list that
`runs.run` gives to `fit`.
"""

import math
import time
from typing import NamedTuple

import keras
import numpy as np

from keras_gans import generators, pictures
from keras_gans.errors import NotFinite
from keras_gans.pictures import curves
from keras_gans.runs import checkpoints
from keras_gans.runs.finite import check_weights, lost
from keras_gans.runs.rates import Rate

CHECKPOINT_SHARE = 0.015
"""Share of a run's time that checkpoints may take."""
CHECKPOINT_SECONDS = 1.0
"""Seconds that they may take in any case."""
RATE_SECONDS = 10.0
"""Time of training after which the rate is kept for the first time."""
CURVES_SECONDS = 30.0
"""Least time between two drawings of the curves, which take a quarter of a second."""


class Scheduled(keras.callbacks.Callback):
    """Calls the subclass's `at(iteration)` after the iterations that a schedule names.

    Args:
        when: Function from an iteration to whether it is one of them.

    Attributes:
        seconds: List of the time that each of these calls took.
    """

    def __init__(self, when):
        super().__init__()
        self.when, self.seconds = when, []

    def on_train_batch_end(self, batch, logs=None):
        iteration = self.model.iterations  # on JAX this brings the weights up to date
        if self.when(iteration):
            begun = time.perf_counter()
            self.at(iteration)
            self.seconds.append(time.perf_counter() - begun)


class RecordLosses(Scheduled):
    """Adds the losses since the last record to the history and shows them: means and maxima.

    Args:
        history: `History`; gets the run's seconds too. Where the run goes on, it gets null for
            losses that are no longer finite, and `Diverged` is not raised.
        progress: Object with `doing(text)` and `update(iteration, values)`.
    """

    def __init__(self, when, history, progress):
        super().__init__(when)
        self.history, self.progress = history, progress

    def on_train_begin(self, logs=None):
        self._begun = time.perf_counter() - self.history.seconds["wall"]

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 0:
            self.progress.doing("compiling")
        self._execution_begun = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._values = {name: float(value) for name, value in logs.items()}
        now, seconds = time.perf_counter(), self.history.seconds
        seconds["training"] += now - self._execution_begun
        seconds["wall"] = now - self._begun
        super().on_train_batch_end(batch, logs)

    def on_train_end(self, logs=None):
        self.history.seconds["wall"] = time.perf_counter() - self._begun

    def at(self, iteration):
        for metric in self.model.metrics:
            metric.reset_state()
        values = {name: v if math.isfinite(v) else None for name, v in self._values.items()}
        if None in values.values() and not self.history.go_on:
            owners = {"d_loss": "discriminator", "g_loss": "generator"}
            names = [owner for name, owner in owners.items() if values[name] is None]
            lost(self.history, iteration, "loss", names)
        self.history.add(iteration, **values)
        self.history.recorded = iteration
        shown = {name: self._values[name] for name in ("d_loss", "g_loss")}
        self.progress.update(iteration, shown)


class CheckWeights(Scheduled):
    """Ends a run whose weights are no longer finite, before anything of it is saved.

    Args:
        history: `History`. Where the run goes on, it gets one record that names the networks, the
            callbacks that follow skip their work, and `Diverged` is not raised.
    """

    def __init__(self, when, history):
        super().__init__(when)
        self.history = history

    def at(self, iteration):
        check_weights(self.model, self.history, iteration)


class SaveNetworks(Scheduled):
    """Writes generator_model_<iteration>.h5 and discriminator_model_<iteration>.h5.

    Args:
        history: `History`.
        saved: `generators.Saved` over the weights that make samples.
        experiment: `rows.Experiment`, whose loss tells what the discriminator's scores mean.
    """

    def __init__(self, when, history, saved, experiment):
        super().__init__(when)
        self.history, self.saved, self.experiment = history, saved, experiment

    def at(self, iteration):
        if self.history.finite:
            self.save(iteration, self.model.discriminator)

    def save(self, iteration, network):
        """Writes both files."""
        folder, name = self.history.folder, f"model_{iteration:06d}.h5"
        generators.save(self.saved, folder / f"generator_{name}", iteration=iteration)
        generators.save_discriminator(
            network,
            self.experiment.discriminator,
            self.saved.shape,
            self.saved.classes,
            folder / f"discriminator_{name}",
            self.saved.origin,
            iteration=iteration,
            loss=self.experiment.loss.plain,
            scale=self.saved.scale.plain,
        )


class Sampling(Scheduled):
    """Makes samples where all weights are finite. Samples may overflow all the same.

    Args:
        history: `History`.
        saved: `generators.Saved`.
    """

    def __init__(self, when, history, saved):
        super().__init__(when)
        self.history, self.saved = history, saved

    def at(self, iteration):
        if self.history.finite:
            try:
                self.sample(iteration)
            except NotFinite:
                self.history.finite = False
                lost(self.history, iteration, "samples", ["generator"])


class Shown(NamedTuple):
    """What every picture of a run shows.

    Attributes:
        latents: float32 `(n, size)`.
        labels: Integers `(n,)`, or None.
        columns: Images a row.
        reals: Real samples `(n, ...)`: the background of points.
    """

    latents: np.ndarray
    labels: np.ndarray | None
    columns: int
    reals: np.ndarray


class DrawSamples(Sampling):
    """Writes samples/<iteration>.png: samples of latents that stay the same.

    Args:
        history, saved: As for `Sampling`.
        shown: `Shown`.
    """

    def __init__(self, when, history, saved, shown):
        super().__init__(when, history, saved)
        self.shown = shown

    def sample(self, iteration):
        values = self.saved.make(self.shown.latents, self.shown.labels)
        picture = pictures.samples(values, self.shown.columns, self.shown.reals)
        pictures.save(picture, self.history.folder / "samples" / f"{iteration:06d}.png")


class Measure(Sampling):
    """Measures the generator, before the first iteration too, and keeps the best one.

    Args:
        history, saved: As for `Sampling`.
        measured: `runs.measured.Measured`.
        progress: Object with `doing(text)` and `update(iteration, values)`.
    """

    def __init__(self, when, history, saved, measured, progress):
        super().__init__(when, history, saved)
        self.measured, self.progress = measured, progress

    def on_train_begin(self, logs=None):
        if self.model.iterations == 0:
            self.at(0)

    def sample(self, iteration):
        if not self.measured.metrics:
            return
        first = self.measured.metrics[0]
        trained = [value for at, value in self.history.values(first.name) if at]
        self.progress.doing("measuring")
        values = self.measured(self.saved)
        self.history.add(iteration, **values)
        self.progress.update(iteration, values)
        value = values[first.name]
        # The first of equals stays: `value` is better than all before, not as good as one.
        new = iteration and value is not None and value not in trained
        if new and first.best([*trained, value]) == value:
            path = self.history.folder / "generator_model_best.h5"
            generators.save(self.saved, path, iteration=iteration, **values)


class DrawCurves(Scheduled):
    """Redraws plot_loss.png, plot_accuracy.png where there are some, and a plot of each metric.

    Args:
        history: `History`.
        measured: `runs.measured.Measured`.
        ends: Function from an iteration to whether it is the last one, at which they are drawn
            however short the time since they were.
        title: Of each plot.
    """

    def __init__(self, when, history, measured, ends, title=None):
        super().__init__(when)
        self.history, self.measured, self.ends, self.title = history, measured, ends, title
        self._drawn = -math.inf

    def at(self, iteration):
        if not self.ends(iteration) and time.monotonic() < self._drawn + CURVES_SECONDS:
            return
        self._drawn = time.monotonic()
        folder = self.history.folder
        curves.losses(folder / "plot_loss.png", self.history.records, self.title)
        if any("d_accuracy_real" in record for record in self.history.losses):
            path = folder / "plot_accuracy.png"
            curves.accuracies(path, self.history.records, self.title)
        for metric in self.measured.metrics:
            if self.history.values(metric.name):
                curves.measured(
                    folder / f"plot_{metric.metric}.png",
                    self.history.records,
                    metric.name,
                    metric.better,
                    metric.printed,
                    self.title,
                )


class SaveCheckpoint(Scheduled):
    """Writes checkpoint/; stands last, so that it holds everything that was done.

    An interval is left out where checkpoints have taken more than `CHECKPOINT_SECONDS` and
    `CHECKPOINT_SHARE` of the run's time so far: where iterations take milliseconds, the disk costs
    more than it saves.

    Args:
        history: `History`.
        about: Dict for `checkpoints.Checkpoint`.
        ends: Function from an iteration to whether it is the last one, at which one is always
            written.
        stop: Function that says whether a signal asked the run to stop: it then ends at the
            next boundary, with a checkpoint.
    """

    def __init__(self, when, history, about, ends, stop):
        super().__init__(when)
        self.history, self.about, self.ends, self.stop = history, about, ends, stop
        self.saved = None

    def on_train_batch_end(self, batch, logs=None):
        iteration = self.model.iterations
        # Only where the losses were just recorded: half a mean is not part of the state.
        stops = self.history.recorded == iteration and self.stop()
        super().on_train_batch_end(batch, logs)
        if stops:
            if self.saved != iteration:
                check_weights(self.model, self.history, iteration)
                self._write(iteration)
            self.model.stop_training = True

    def at(self, iteration):
        seconds = self.history.seconds
        most = CHECKPOINT_SECONDS + CHECKPOINT_SHARE * seconds["wall"]
        if self.ends(iteration) or seconds["saving"] <= most:
            self._write(iteration)

    def _write(self, iteration):
        begun = time.perf_counter()
        best = self.history.folder.glob("generator_model_best*.h5")
        checkpoint = checkpoints.Checkpoint(
            iteration,
            checkpoints.capture(self.model),
            self.history.records,
            self.history.seconds,
            self.about,
            {path.name: path.read_bytes() for path in sorted(best)},
        )
        checkpoints.save(self.history.folder / "checkpoint", checkpoint)
        self.saved = iteration
        self.history.seconds["saving"] += time.perf_counter() - begun


class KeepRate(keras.callbacks.Callback):
    """Keeps what the parts of a run cost, for later plans; stands after `RecordLosses`.

    It does so once early, so that a run that is killed leaves its rate too, and at the end. What
    happens for the first time takes longer, and is left out where there was a second time.

    Args:
        keep: Function of a `rates.Rate`.
        history: `History`.
        begun: Moment on `time.monotonic` at which the process began.
        saving: List of the callbacks that are at work whenever the networks are saved.
        measuring: The callback that measures.
    """

    def __init__(self, keep, history, begun, saving, measuring):
        super().__init__()
        self.keep, self.history, self.begun = keep, history, begun
        self.saving, self.measuring = saving, measuring
        self._first, self._kept = None, False

    def on_train_batch_end(self, batch, logs=None):
        now = self.model.iterations, self.history.seconds["wall"]
        if self._first is None:
            self._first, self._start = now, time.monotonic() - self.begun
        elif not self._kept and now[1] - self._first[1] >= RATE_SECONDS:
            self._keep()

    def on_train_end(self, logs=None):
        self._keep()

    def _keep(self):
        iterations = self.model.iterations - self._first[0]
        seconds = self.history.seconds["wall"] - self._first[1]
        # Without a first time of everything only the half is known.
        if iterations > 0 and all(callback.seconds for callback in [*self.saving, self.measuring]):
            aside = sum(sum(callback.seconds) for callback in [*self.saving, self.measuring])
            iteration = max(0.0, seconds - aside) / iterations
            saving = sum(_typical(callback.seconds) for callback in self.saving)
            measuring = _typical(self.measuring.seconds)
            self.keep(Rate(self._start, iteration, saving, measuring, iterations))
            self._kept = True


def _typical(seconds):
    return sum(seconds[1:] or seconds) / len(seconds[1:] or seconds)

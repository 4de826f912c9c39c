"""What happens every N iterations: record, save, draw, evaluate, checkpoint.

Keras calls back after each execution of `steps_per_execution` iterations. The model itself
knows how many it has done, so nothing is counted twice and a resumed run needs no offset.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import ops

from keras_gans import checkpoints, generators, plots
from keras_gans.files import replacing

SHARE = 0.015
"""Of a run's time, what checkpoints may take."""


class Diverged(FloatingPointError):
    """Losses or weights are no longer finite; training on cannot bring them back."""


def not_finite(gan):
    """Names of the networks of a `GAN` that have a weight which is no finite number."""
    networks = {"discriminator": gan.discriminator, "generator": gan.generator}
    finite = {
        name: ops.all(ops.stack([ops.all(ops.isfinite(w)) for w in network.weights]))
        for name, network in networks.items()
    }
    return [name for name, value in finite.items() if not bool(value)]


@dataclass(frozen=True)
class Measurement:
    """How a generator is measured during training.

    Attributes:
        measure: A name of `measures.names()`; None where nothing is to be measured.
        name: The full name under which values are recorded.
        better: "lower" or "higher".
        printed: What the document prints on this scale, or None.
        value: Function of the generator that returns a float; None where the weights that it
            needs are missing: null is recorded then.
    """

    measure: str | None
    name: str | None = None
    better: str = "lower"
    printed: float | None = None
    value: Callable | None = None

    @property
    def best(self):
        """`min` or `max`, whichever finds the best of several values."""
        return min if self.better == "lower" else max


class History:
    """What was measured, record by record: the lines of log.jsonl.

    Args:
        path: The file; written anew from `records`, then appended to.
        records: List of dicts to begin with.
    """

    def __init__(self, path, records=()):
        self.path = path
        self.records = list(records)
        self.write()

    def add(self, iteration, **values):
        """Appends one record. None stands for what could not be measured, or is no number."""
        record = {"iteration": iteration, **values}
        self.records.append(record)
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def write(self):
        """Writes the whole file anew and brings it to the disk, which `add` leaves undone."""
        with replacing(self.path) as partial:
            partial.write_text(checkpoints.lines(self.records))


class Interval(keras.callbacks.Callback):
    """Calls the subclass's `at(iteration)` every `every` iterations and at the last one.

    It asks `self.model` first, which on JAX brings the weights up to date.

    Args:
        every: Iterations, >= 1.
        last: The last iteration of the run.
    """

    def __init__(self, every, last):
        super().__init__()
        self.every, self.last = every, last

    def on_train_batch_end(self, batch, logs=None):
        iteration = self.model.iterations
        if iteration % self.every == 0 or iteration == self.last:
            self.at(iteration)


class RecordLosses(Interval):
    """Adds the mean losses since the last record to the history and shows them.

    Args:
        history: `History`.
        progress: Object with `update(iteration, values)`.
        seconds: Dict of the time that earlier parts of the run took, "wall" with everything,
            "training" for the iterations and "saving" for checkpoints; None for a new run.
        go_on: Record null for losses that are no longer finite, instead of raising `Diverged`.
    """

    def __init__(self, every, last, history, progress, seconds=None, go_on=False):
        super().__init__(every, last)
        self.history, self.progress, self.go_on = history, progress, go_on
        self.recorded = None
        self.seconds = dict(seconds or {"wall": 0.0, "training": 0.0, "saving": 0.0})

    def on_train_begin(self, logs=None):
        self._begun = time.perf_counter() - self.seconds["wall"]

    def on_train_batch_begin(self, batch, logs=None):
        self._execution_begun = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._values = {name: float(value) for name, value in logs.items()}
        self.seconds["training"] += time.perf_counter() - self._execution_begun
        self.seconds["wall"] = time.perf_counter() - self._begun
        super().on_train_batch_end(batch, logs)

    def on_train_end(self, logs=None):
        self.seconds["wall"] = time.perf_counter() - self._begun

    def at(self, iteration):
        for metric in self.model.metrics:
            metric.reset_state()
        values = {name: v if math.isfinite(v) else None for name, v in self._values.items()}
        if None in values.values() and not self.go_on:
            owners = {"d_loss_real": "discriminator", "d_loss_fake": "discriminator"}
            owners["g_loss"] = "generator"
            lost = dict.fromkeys(owners[n] for n, v in values.items() if v is None and n in owners)
            raise Diverged(
                f"the loss of the {' and the '.join(lost)} is no longer finite at iteration "
                f"{iteration:,}"
            )
        self.history.add(iteration, **values)
        self.recorded = iteration
        shown = {name: self._values[name] for name in ("d_loss", "g_loss")}
        self.progress.update(iteration, shown)


class CheckWeights(keras.callbacks.Callback):
    """Ends a run whose weights are no longer finite, before anything of it is saved.

    Args:
        intervals: Numbers of iterations between which others save or measure.
        last: The last iteration of the run.
        history: `History`; gets one record that names the networks, where the run goes on.
        go_on: Only skip, from then on, what `then` does, instead of raising `Diverged`.
        then: List of callbacks that are to see finite weights alone.
    """

    def __init__(self, intervals, last, history, go_on, then):
        super().__init__()
        self.intervals, self.last, self.history, self.go_on = intervals, last, history, go_on
        self.then = then
        self._finite = True

    def set_model(self, model):
        super().set_model(model)
        for callback in self.then:
            callback.set_model(model)

    def on_train_begin(self, logs=None):
        for callback in self.then:
            callback.on_train_begin(logs)

    def on_train_batch_end(self, batch, logs=None):
        iteration = self.model.iterations
        if iteration == self.last or not all(iteration % every for every in self.intervals):
            self.check(iteration)
        if self._finite:
            for callback in self.then:
                callback.on_train_batch_end(batch, logs)

    def check(self, iteration):
        """Raises `Diverged`, or notes it, where a weight is no longer finite."""
        lost = not_finite(self.model)
        self._finite = not lost
        if lost and not self.go_on:
            raise Diverged(
                f"the weights of the {' and the '.join(lost)} are no longer finite at iteration "
                f"{iteration:,}"
            )
        if lost and not any("not_finite" in record for record in self.history.records):
            self.history.add(iteration, not_finite=lost)


class SaveGenerator(Interval):
    """Writes generator_model_<iteration>.h5.

    Args:
        generator: `keras.Model` over the weights that are trained.
        folder: The run's folder.
        recipe: Dict for `generators.save`; the iteration is added.
    """

    def __init__(self, every, last, generator, folder, recipe):
        super().__init__(every, last)
        self.generator, self.folder, self.recipe = generator, folder, recipe

    def at(self, iteration):
        path = self.folder / f"generator_model_{iteration:06d}.h5"
        generators.save(self.generator, path, {**self.recipe, "iteration": iteration})


class DrawSamples(Interval):
    """Writes samples/<iteration>.png, a grid of images of latents that stay the same.

    Args:
        generator: `keras.Model` over the weights that are trained.
        folder: The run's folder.
        latents: float32 `(n, latent_dim)`.
        columns: Images a row.
    """

    def __init__(self, every, last, generator, folder, latents, columns=5):
        super().__init__(every, last)
        self.generator, self.folder = generator, folder
        self.latents, self.columns = latents, columns

    def at(self, iteration):
        images = generators.images(self.generator, self.latents)
        grid = plots.grid(images, self.columns)
        plots.save_image(grid, self.folder / "samples" / f"{iteration:06d}.png")


class Evaluate(Interval):
    """Measures the generator, before the first iteration too, and keeps the best one.

    Args:
        generator: `keras.Model` over the weights that are trained.
        folder: The run's folder.
        recipe: Dict for `generators.save`.
        history: `History`.
        progress: Object with `update(iteration, values)`.
        measurement: `Measurement`.
    """

    def __init__(self, every, last, generator, folder, recipe, history, progress, measurement):
        super().__init__(every, last)
        self.generator, self.folder, self.recipe = generator, folder, recipe
        self.history, self.progress = history, progress
        self.measurement = measurement

    def on_train_begin(self, logs=None):
        if self.model.iterations == 0:
            self.at(0)

    def at(self, iteration):
        name = self.measurement.name
        if name is None:
            return
        if self.measurement.value is None:
            self.history.add(iteration, **{name: None})
            return
        trained = [r[name] for r in self.history.records if name in r and r["iteration"]]
        value = self.measurement.value(self.generator)
        self.history.add(iteration, **{name: value})
        self.progress.update(iteration, {name: value})
        # The first of equals stays: `value` is better than all before, not as good as one.
        if iteration and value not in trained and self.measurement.best([*trained, value]) == value:
            recipe = {**self.recipe, "iteration": iteration, name: value}
            generators.save(self.generator, self.folder / "generator_model_best.h5", recipe)


class DrawCurves(Interval):
    """Redraws plot_loss.png and plot_fid.png, no more often than every `seconds`.

    Args:
        folder: The run's folder.
        history: `History`.
        measurement: `Measurement`; plot_fid.png, or plot_kid.png and so on, shows it.
        seconds: Drawing takes half a second; a fast run would spend its time on it.
    """

    def __init__(self, every, last, folder, history, measurement, seconds=15.0):
        super().__init__(every, last)
        self.folder, self.history, self.seconds = folder, history, seconds
        self.measurement = measurement
        self._drawn = -math.inf

    def at(self, iteration):
        if iteration < self.last and time.monotonic() < self._drawn + self.seconds:
            return
        self._drawn = time.monotonic()
        plots.losses(self.folder / "plot_loss.png", self.history.records)
        measured = self.measurement
        if any(record.get(measured.name) is not None for record in self.history.records):
            path = self.folder / f"plot_{measured.measure}.png"
            plots.measured(
                path, self.history.records, measured.name, measured.better, measured.printed
            )


class SaveCheckpoint(Interval):
    """Writes checkpoint/; stands last, so that what it holds is all that was done.

    An interval is left out where checkpoints have taken more than a second and `SHARE` of the
    run's time so far: where iterations take milliseconds, the disk costs more than it saves.

    Args:
        folder: The run's folder.
        history: `History`.
        losses: `RecordLosses`, for the wall time.
        weights: `CheckWeights`.
        about: Dict for `checkpoints.Checkpoint`.
        stop: Function that says whether a signal asked the run to stop: it then ends at the
            next boundary, with a checkpoint.
    """

    def __init__(self, every, last, folder, history, losses, weights, about, stop):
        super().__init__(every, last)
        self.folder, self.history, self.losses = folder, history, losses
        self.weights, self.about, self.stop = weights, about, stop
        self.saved = None

    def on_train_batch_end(self, batch, logs=None):
        iteration = self.model.iterations
        # Only where the losses were just recorded: half a mean is not part of the state.
        stops = self.losses.recorded == iteration and self.stop()
        super().on_train_batch_end(batch, logs)
        if stops:
            if self.saved != iteration:
                self.weights.check(iteration)
                self._write(iteration)
            self.model.stop_training = True

    def at(self, iteration):
        seconds = self.losses.seconds
        if iteration == self.last or seconds["saving"] <= 1 + SHARE * seconds["wall"]:
            self._write(iteration)

    def _write(self, iteration):
        begun = time.perf_counter()
        best = self.folder.glob("generator_model_best*.h5")
        checkpoint = checkpoints.Checkpoint(
            iteration,
            checkpoints.capture(self.model),
            self.history.records,
            self.losses.seconds,
            self.about,
            {path.name: path.read_bytes() for path in sorted(best)},
        )
        checkpoints.save(self.folder / "checkpoint", checkpoint)
        self.saved = iteration
        self.losses.seconds["saving"] += time.perf_counter() - begun

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

from keras_gans import checkpoints, generators, plots


class Diverged(FloatingPointError):
    """The losses are no longer numbers; training on cannot bring them back."""


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
        path.write_text("".join(json.dumps(record) + "\n" for record in self.records))

    def add(self, iteration, **values):
        """Appends one record. None stands for what could not be measured."""
        record = {"iteration": iteration, **values}
        self.records.append(record)
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")


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
        seconds: Dict of the time that earlier parts of the run took, "wall" with everything
            and "training" for the iterations alone; None for a new run.
    """

    def __init__(self, every, last, history, progress, seconds=None):
        super().__init__(every, last)
        self.history, self.progress = history, progress
        self.recorded = None
        self.seconds = dict(seconds or {"wall": 0.0, "training": 0.0})

    def on_train_begin(self, logs=None):
        self._begun = time.perf_counter() - self.seconds["wall"]

    def on_train_batch_begin(self, batch, logs=None):
        self._execution_begun = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._values = {name: float(value) for name, value in logs.items()}
        self.seconds["training"] += time.perf_counter() - self._execution_begun
        self.seconds["wall"] = time.perf_counter() - self._begun
        super().on_train_batch_end(batch, logs)

    def at(self, iteration):
        for metric in self.model.metrics:
            metric.reset_state()
        if not all(math.isfinite(value) for value in self._values.values()):
            raise Diverged(f"the losses are no longer finite at iteration {iteration:,}")
        self.history.add(iteration, **self._values)
        self.recorded = iteration
        shown = {name: self._values[name] for name in ("d_loss", "g_loss")}
        self.progress.update(iteration, shown)


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

    Args:
        folder: The run's folder.
        history: `History`.
        losses: `RecordLosses`, for the wall time.
        stop: Function that says whether a signal asked the run to stop: it then ends at the
            next boundary, with a checkpoint.
    """

    def __init__(self, every, last, folder, history, losses, stop):
        super().__init__(every, last)
        self.folder, self.history, self.losses, self.stop = folder, history, losses, stop

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        # Only where the losses were just recorded: half a mean is not part of the state.
        if self.losses.recorded == self.model.iterations and self.stop():
            self.at(self.model.iterations)
            self.model.stop_training = True

    def at(self, iteration):
        records, seconds = self.history.records, self.losses.seconds
        checkpoints.save(self.folder / "checkpoint", self.model, records, seconds)

"""One run from start to end: the composition root, where every part meets.

row -> data, networks, GAN -> folder with everything that is known before training -> `fit` with
callbacks -> metrics.json. Nothing is written until the data and the networks are right.
"""

import hashlib
import time

import numpy as np

from keras_gans import pictures
from keras_gans.batches import Sampler, batches
from keras_gans.datasets import fitting, scaling
from keras_gans.errors import UsageError
from keras_gans.files import locked, remove_partial, sha256
from keras_gans.generators import Saved
from keras_gans.runs import callbacks, checkpoints, course, folder, machine, memory, pace, rates
from keras_gans.runs.building import build
from keras_gans.runs.environment import environment
from keras_gans.runs.finite import not_finite
from keras_gans.runs.history import History
from keras_gans.runs.measured import Measured
from keras_gans.runs.shorter import adopt_shorter
from keras_gans.runs.summary import summary

GRID = 5
"""Rows, and columns, of the sample grids (Akel 2022, section 4.3)."""
POINTS = 1000
"""Samples in a picture of points."""


class Stopped(Exception):
    """A signal ended the run early; its checkpoint is written."""


def run(
    planned, data, data_dir, progress, stop=lambda: False, restart=False, begun=None, devices=1
):
    """Trains one experiment, or what is left of it.

    Args:
        planned: `rows.PlannedRun`.
        data: `datasets.Source` of the experiment.
        data_dir: Data folder, for the weights of feature extractors; None for the usual one.
        progress: Object with `status(text)`, `doing(text)`, `note(text)`, `begin(total, done)` and
            `update(iteration, values)`.
        stop: Function that says whether to stop at the next boundary.
        restart: Train from the start, over what is in the folder.
        begun: Moment on `time.monotonic` at which the process began; None for now.
        devices: Devices that share each batch; see `building.build`.

    Returns:
        The dict that metrics.json holds.

    Raises:
        UsageError: Data, networks or the folder are not right; nothing was written.
        Stopped: `stop` said so; running it again goes on from there.
        Diverged: A loss or a weight is no longer finite, and the row does not say to go on.
        CannotWrite: A file could not be written; what was there before is whole.
    """
    begun = time.monotonic() if begun is None else begun
    # --- Objects: the row's words, checked against the data. ---
    experiment, place, last = planned.experiment, planned.folder, planned.experiment.iterations
    for at in experiment.save_at:
        if at > last:
            progress.note(f"nothing is saved at {at:,}: the run ends at {last:,} iterations")
    progress.status("building the networks")
    data = data.standardized() if experiment.standardize else data
    gan = build(experiment, data, planned.seed, devices)
    data = scaling.matched(data, gan.bounds)
    _check_values(experiment, data, gan.bounds)
    memory.check(gan, experiment)
    metrics = Measured(experiment, data, data_dir, planned.seed, progress)
    origin = {"table": planned.table, "experiment": planned.number}
    origin |= {"changed": planned.changed, "seed": planned.seed}
    saved = Saved.of(gan.sampling_generator, experiment.generator, gan.latents, data, origin)
    metrics.check(saved)
    shown = _shown(saved, data, planned.seed)
    picture = pictures.samples(shown.reals, shown.columns)

    folder.make(place)
    with locked(place), folder.failures_to_write(place):
        # --- Where to begin: from nothing, or from the newest whole checkpoint. ---
        if restart or planned.state == "new":
            folder.empty(place)
            folder.write_text(place / "experiment.yaml", planned.to_yaml())
        remove_partial(place)
        (place / "samples").mkdir(exist_ok=True)
        about = {
            "run": sha256(place / "experiment.yaml"),
            "data": _identity(data, gan.conditional),
            "environment": environment(planned.seed, data, devices),
        }
        if not restart:
            adopt_shorter(planned, about, metrics.unknown, progress)
        checkpoint = checkpoints.resume(place, gan, about, progress)
        folder.check_space(place, gan, experiment)

        # --- Everything that is known before training. ---
        go_on = experiment.on_divergence == "continue"
        history = History(place, *_before(checkpoint), go_on=go_on)
        folder.write_json(place / "environment.json", about["environment"])
        folder.describe(place, gan.generator, gan.discriminator, planned.heading)
        pictures.save(picture, place / "samples" / "reals.png")

        # --- Training. Batches, latents and masks follow from the seed and the iteration. ---
        every = pace.log_every(experiment, pace.is_convolutional(gan.generator, gan.discriminator))

        def ends(iteration):
            return iteration == last or history.stopped is not None

        def records(iteration):
            return iteration % every == 0 or iteration == last

        def saves(iteration):
            return experiment.saves(iteration) or ends(iteration)

        def measures(iteration):
            return experiment.measures(iteration) or ends(iteration)

        def keep(rate):
            rates.keep(rates.key(experiment, machine.speed(devices=devices)), rate, data_dir)

        check = callbacks.CheckWeights(lambda i: saves(i) or measures(i), history)
        save = callbacks.SaveNetworks(saves, history, saved, experiment)
        draw = callbacks.DrawSamples(saves, history, saved, shown)
        measure = callbacks.Measure(measures, history, saved, metrics, progress)
        plot = callbacks.DrawCurves(saves, history, metrics, ends, planned.heading)
        store = callbacks.SaveCheckpoint(saves, history, about, ends, stop)
        beside = [check, save, draw, plot, store]
        progress.begin(total=last, done=gan.iterations)
        if not ends(gan.iterations):
            size = experiment.turns.samples(experiment.batch_size)
            replacement = experiment.sampling == "replacement"
            sampler = Sampler(len(data), size, planned.seed, replacement)
            classes = data.labels if gan.conditional else None
            gan.fit(
                batches(data.values, classes, sampler, gan.iterations, last),
                steps_per_epoch=last - gan.iterations,
                shuffle=False,  # the batches are drawn already
                verbose=0,
                callbacks=[
                    callbacks.RecordLosses(records, history, progress),
                    *course.changes(experiment, records, history),
                    callbacks.KeepRate(keep, history, begun, beside, measure),
                    check,
                    save,
                    draw,
                    measure,
                    plot,
                    store,
                ],
            )
        else:
            # All is trained: what a kill or a damaged disk took of the last files comes again.
            if not not_finite(gan):
                save.save(gan.iterations, gan.discriminator)
                draw.at(gan.iterations)
            plot.at(gan.iterations)
        if not ends(gan.iterations):
            raise Stopped(f"stopped at iteration {gan.iterations:,} of {last:,}")
        if history.stopped is not None:
            progress.note(f"ended at iteration {gan.iterations:,}: {history.stopped['stopped']}")

        if history.finite and not not_finite(gan):
            progress.doing("drawing")
            misread = metrics.misread(saved)
            if misread is not None:
                pictures.save(misread, place / "misread.png")

        # --- The summary, which vouches for the files. ---
        history.write()
        content = summary(planned, data, history, metrics.metrics)
        names = folder.vouched_for(place, gan.iterations)
        content["sha256"] = {name: sha256(place / name) for name in names}
        folder.write_json(place / "metrics.json", content)
        return content


def _check_values(experiment, data, bounds):
    """Refuses values that the generator cannot make, as `fit` would, and writes nothing."""
    if experiment.standardize and bounds is not None:
        low, high = bounds
        raise UsageError(
            f"standardize: the generator makes values of {low:g} to {high:g} by its last "
            "activation, and standardized ones go beyond: give --set "
            "generator.last_activation=linear"
        )
    fitting.checked(data.values, data.scale, bounds)


def _identity(data, conditional):
    """Text that changes with the values, and with the labels of a conditional run."""
    labels = hashlib.sha256(data.labels).hexdigest() if conditional else ""
    return data.fingerprint + labels


def _before(checkpoint):
    return (checkpoint.history, checkpoint.seconds) if checkpoint else ()


def _shown(saved, data, seed):
    """What the pictures of a run show: samples, and as many real ones.

    A conditional generator gets one class a column, the first ones where there are many; a class
    without real samples has an empty one.
    Real samples are chosen by seed 0 in all runs.
    """
    columns = min(saved.classes or GRID, pictures.WIDEST)
    count = GRID * columns if len(data.shape) == 3 else POINTS
    latents, labels = saved.latents.sample(count, seed), saved.turns_of_labels(count)
    if labels is None:
        reals = data.values[Sampler(len(data), count, 0).indices(0)]
        return callbacks.Shown(latents, None, columns, reals)
    labels = (np.arange(count) % columns).astype(labels.dtype)
    reals = np.zeros((count, *data.shape), data.values.dtype)
    for label in range(columns):
        members = data.values[data.labels == label]
        if len(members):
            reals[label::columns] = np.resize(members, reals[label::columns].shape)
    return callbacks.Shown(latents, labels, columns, reals)

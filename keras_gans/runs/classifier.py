"""The stage `classifier`: a LeNet is trained on a mixture of real and generated images.

It takes minutes, so it has no checkpoints: a run that was interrupted begins again. metrics.json
comes last, as in `run`, so a kill never leaves a run that seems finished.
"""

import math
import time

import numpy as np

from keras_gans import datasets, generators, pictures
from keras_gans.errors import UsageError
from keras_gans.files import locked, remove_partial, sha256
from keras_gans.metrics.features import lenet
from keras_gans.pictures.mistakes import mistakes
from keras_gans.rows import PlannedRun, StoredRun
from keras_gans.rows.planned import trained
from keras_gans.runs import folder, machine, rates
from keras_gans.runs.environment import environment
from keras_gans.runs.history import History
from keras_gans.runs.measured import Metric
from keras_gans.runs.summary import about, diverged_at, results

UNTUNED, FINAL = "test_accuracy_untuned", "test_accuracy"
"""Share of the test images that is classified correctly: before fine-tuning, and at the end."""
_STREAM = 2  # of the run's seed; 1 has the samples of measurements
_GRID = 100


def run(planned, data, data_dir, progress, begun):
    """Trains and measures one classifier, from the start.

    Args:
        planned: `rows.PlannedRun` of a `rows.ClassifierExperiment`.
        data: `datasets.Source` of its data set.
        data_dir: Data folder; None for the usual one.
        progress: Object with `status(text)`, `begin(total)` and `update(done, values)`.
        begun: Moment on `time.monotonic` at which the process began.

    Returns:
        The dict that metrics.json holds.

    Raises:
        UsageError: The data or the generator are not right, or the generator's run is not
            finished; nothing was written.
        CannotWrite: A file could not be written.
    """
    # --- Objects: data of three kinds, and the generator. ---
    experiment, place, seed = planned.experiment, planned.folder, planned.seed
    test = datasets.load(experiment.dataset, data_dir, "test")
    for source in (data, test):
        _check_data(source)
    if experiment.validation >= len(data):
        raise UsageError(
            f"validation: {experiment.validation:,} images of {len(data):,} leave none to train on"
        )
    path = None if planned.needs is None else _generator(planned)
    progress.status("making the training set")
    images, labels, made = _mixed(data, experiment, path, seed)

    folder.make(place)
    with locked(place), folder.failures_to_write(place):
        folder.empty(place)
        remove_partial(place)
        folder.write_text(place / "experiment.yaml", planned.to_yaml())
        folder.write_json(place / "environment.json", environment(seed, data))
        (place / "samples").mkdir(exist_ok=True)
        if made:
            pictures.save(pictures.samples(images[:_GRID], 10), place / "samples" / "synthetic.png")

        # --- Training: the mixture, then the real images that were held out. ---
        history = History(place)
        start = time.monotonic()

        def record(epoch, loss):
            loss = float(loss)
            history.add(epoch, loss=loss if math.isfinite(loss) else None)
            progress.update(epoch, {"loss": loss})

        def measure(epoch, *names):
            value = lenet.accuracy(model, test.values, test.labels)
            history.add(epoch, **dict.fromkeys(names, value))
            progress.update(epoch, {names[0]: value})

        names = (UNTUNED, FINAL) if experiment.fine_tune else (FINAL,)
        progress.begin(total=experiment.iterations)
        model = lenet.build(seed)
        measure(0, *names)
        lenet.train(images, labels, seed, experiment.epochs, model, record)
        if experiment.fine_tune:
            measure(experiment.epochs, UNTUNED)
            held_out = slice(experiment.validation)
            lenet.train(
                data.values[held_out],
                data.labels[held_out],
                seed,
                experiment.fine_tune,
                model,
                lambda epoch, loss: record(experiment.epochs + epoch, loss),
            )
        training = time.monotonic() - start
        measure(experiment.iterations, FINAL)

        # --- Files, and the summary, which vouches for them. ---
        found = lenet.classified(model, test.values)
        name = f"{experiment.iterations:06d}.png"
        picture = mistakes(test.values, test.labels, found)
        pictures.save(picture, place / "samples" / name)
        lenet.save(model, place / "classifier.npz", {"seed": seed, "images": len(images)})
        history.seconds |= {"wall": time.monotonic() - start, "training": training}
        history.write()
        metrics = [Metric(n, n, "higher", experiment.printed.get(n)) for n in names]
        content = {
            **about(planned, data),
            "trained_on": {"real": len(images) - made, "generated": made},
            "generator_sha256": path and sha256(path),
            "diverged_at": diverged_at(history.records),
            **results(planned, history, metrics),
        }
        vouched = [*folder.vouched_for(place, experiment.iterations), "classifier.npz"]
        content["sha256"] = {name: sha256(place / name) for name in vouched}
        folder.write_json(place / "metrics.json", content)
    epoch = training / experiment.iterations
    rate = rates.Rate(start - begun, epoch, 0.0, 0.0, experiment.iterations)
    rates.keep(rates.key(experiment, machine.speed()), rate, data_dir)
    return content


def _check_data(source):
    if source.shape != lenet.SHAPE or source.labels is None or source.classes > lenet.CLASSES:
        raise UsageError(
            f"{source.source}: the classifier takes 28x28 grey images of {lenet.CLASSES} classes, "
            f"with labels, not {source.summary}"
        )


def _generator(planned):
    """The last generator of the run that a row names, which has to be finished."""
    row = planned.experiment.needs
    try:
        stored = StoredRun.read(planned.needs)
    except UsageError:
        raise UsageError(f"row {row} is needed first: {planned.needs} is not there") from None
    of = stored.table, stored.number, stored.experiment, stored.seed, stored.changed
    run = PlannedRun(*of, planned.results)
    metrics = run.result() if run.folder == planned.needs else None
    path = metrics and planned.needs / f"generator_model_{trained(metrics):06d}.h5"
    if path is None or run.state != "finished" or not path.is_file():
        raise UsageError(
            f"row {row} is needed first: {planned.needs} is no finished run with its networks; "
            "train it, with --restart if its networks were removed"
        )
    return path


def _mixed(data, experiment, path, seed):
    """The training set.

    Args:
        data: `datasets.Source`; its first images are left out, for validation.
        experiment: `rows.ClassifierExperiment`.
        path: File of the generator, or None.
        seed: The run's seed.

    Returns:
        (images, labels, number of generated images, which come first).
    """
    values, labels = data.values[experiment.validation :], data.labels[experiment.validation :]
    if path is None:
        return values, labels, 0
    saved = generators.load(path, shape=data.shape)
    if saved.classes != data.classes:
        raise UsageError(
            f"row {experiment.needs}: its generator makes {saved.classes} classes, and the "
            f"data have {data.classes}; give the row of a conditional GAN on the same data"
        )
    made = max(1, round(experiment.synthetic.share * len(values)))
    kept = np.random.Generator(np.random.Philox([seed, _STREAM])).permutation(len(values))[made:]
    images = np.concatenate([saved.sample(made, [seed, _STREAM]), values[kept]])
    return images, np.concatenate([saved.turns_of_labels(made), labels[kept]]), made

"""One run from start to end: the composition root, where every part meets.

row -> data, networks, GAN -> folder with everything that is known before training -> `fit`
with callbacks -> metrics.json. Nothing is written until the data and the networks are right.
"""

import errno
import json
import os
import platform
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

import keras_gans
from keras_gans import callbacks, checkpoints, datasets, generators, losses, networks, plots
from keras_gans.errors import UsageError
from keras_gans.files import locked, remove_folder, remove_partial, replacing, sha256
from keras_gans.gan import GAN
from keras_gans.metrics import features, measures, metric_name
from keras_gans.metrics.cache import cached_features
from keras_gans.sampling import Sampler, batches

GRID = 5
"""Rows and columns of the sample grids (Akel 2022, section 4.3)."""


class Stopped(Exception):
    """A signal ended the run early; its checkpoint is written."""


class CannotWrite(Exception):
    """The disk is full, or the folder no longer takes files: one line that says what to do."""


def run(planned, data, data_dir, progress, stop=lambda: False, restart=False):
    """Trains one experiment, or what is left of it.

    Args:
        planned: `experiment.Run`.
        data: `datasets.Images` of the experiment.
        data_dir: Data folder, for the weights of feature extractors; None for the usual one.
        progress: Object with `status(text)`, `note(text)`, `begin(total, done)` and
            `update(iteration, values)`.
        stop: Function that says whether to stop at the next boundary.
        restart: Train from the start, over what is in the folder.

    Returns:
        The dict that metrics.json holds.

    Raises:
        UsageError: Data, networks or the folder are not right; nothing was written.
        Stopped: `stop` said so; running it again goes on from there.
        Diverged: A loss or a weight is no longer finite, and the row does not say to go on.
        CannotWrite: A file could not be written; what was there before is whole.
    """
    experiment, folder = planned.experiment, planned.folder
    experiment.check_data(data)
    progress.status("building the networks")
    keras.utils.clear_session()
    keras.utils.set_random_seed(planned.seed)
    generator = networks.generator(
        experiment.generator.network,
        data.shape,
        experiment.latent_dim,
        **experiment.generator.options,
    )
    discriminator = networks.discriminator(
        experiment.discriminator.network, data.shape, **experiment.discriminator.options
    )
    gan = compile_gan(experiment, generator, discriminator, planned.seed)
    measurement = _measurement(experiment, data, data_dir, planned.seed, progress)

    _make_folder(folder)
    with locked(folder), _failures_to_write(folder):
        if restart or planned.state == "new":
            _begin_folder(folder)
            _write_text(folder / "experiment.yaml", planned.to_yaml())
        remove_partial(folder)
        (folder / "samples").mkdir(exist_ok=True)
        about = {
            "run": sha256(folder / "experiment.yaml"),
            "data": data.fingerprint,
            "environment": environment(planned.seed, data),
        }
        checkpoint = _resume(folder, gan, about, progress)
        _check_space(folder, gan, generator, experiment)
        history = callbacks.History(folder / "log.jsonl", checkpoint.history if checkpoint else ())
        _write_json(folder / "environment.json", about["environment"])
        _describe(folder, generator, discriminator)
        plots.save_image(
            plots.grid(data.images[Sampler(len(data), GRID**2, 0).indices(0)], GRID),
            folder / "samples" / "reals.png",
        )
        recipe = {
            "network": experiment.generator.network,
            "options": experiment.generator.options,
            "image_shape": list(data.shape),
            "latent_dim": experiment.latent_dim,
            "latents": "standard normal",
            "table": planned.table,
            "experiment": planned.number,
            "changed": planned.changed,
            "seed": planned.seed,
        }
        every, last = experiment.save_every, experiment.iterations
        go_on = experiment.on_divergence == "continue"
        grid_latents = generators.latents(GRID**2, experiment.latent_dim, planned.seed)
        recorder = callbacks.RecordLosses(
            log_every(experiment, generator, discriminator),
            last,
            history,
            progress,
            checkpoint.seconds if checkpoint else None,
            go_on,
        )
        save = callbacks.SaveGenerator(every, last, generator, folder, recipe)
        draw = callbacks.DrawSamples(every, last, generator, folder, grid_latents, GRID)
        curves = callbacks.DrawCurves(every, last, folder, history, measurement)
        evaluate = callbacks.Evaluate(
            experiment.evaluate_every,
            last,
            generator,
            folder,
            recipe,
            history,
            progress,
            measurement,
        )
        intervals = (every, experiment.evaluate_every)
        check = callbacks.CheckWeights(intervals, last, history, go_on, [save, draw, evaluate])
        progress.begin(total=last, done=gan.iterations)
        if gan.iterations < last:
            sampler = Sampler(
                len(data),
                experiment.d_steps * experiment.batch_size,
                planned.seed,
                replacement=experiment.sampling == "replacement",
            )
            gan.fit(
                batches(data.images, sampler, gan.iterations, last),
                steps_per_epoch=last - gan.iterations,
                shuffle=False,  # the batches are drawn already
                verbose=0,
                callbacks=[
                    recorder,
                    check,
                    curves,
                    callbacks.SaveCheckpoint(
                        every, last, folder, history, recorder, check, about, stop
                    ),
                ],
            )
        else:
            # All is trained: what a kill or a damaged disk took of the last files comes again.
            if not callbacks.not_finite(gan):
                save.at(last)
                draw.at(last)
            curves.at(last)
        if gan.iterations < last:
            raise Stopped(f"stopped at iteration {gan.iterations:,} of {last:,}")
        history.write()
        metrics = _summary(planned, data, history.records, measurement, recorder)
        metrics["sha256"] = {name: sha256(folder / name) for name in _vouched_for(folder, last)}
        _write_json(folder / "metrics.json", metrics)
        return metrics


def compile_gan(experiment, generator, discriminator, seed):
    """The GAN of a row, compiled: what the row's words mean as objects.

    Args:
        experiment: `Experiment`.
        generator: `keras.Model`.
        discriminator: `keras.Model`, as the row describes it.
        seed: The run's seed.

    Returns:
        `GAN` over the weights of these networks, which stay what is saved and described.
    """
    objective = losses.get(experiment.loss)
    if objective.from_logits:
        discriminator = networks.without_sigmoid(discriminator)
    gan = GAN(networks.fuse_upsampling(generator), discriminator, seed=seed)
    gan.compile(
        d_optimizer=_optimizer(experiment.optimizer),
        g_optimizer=_optimizer(experiment.optimizer),
        d_loss=objective.discriminator,
        g_loss=objective.generator,
        d_steps=experiment.d_steps,
        d_update=experiment.d_update,
        fakes=experiment.fakes,
        latents=experiment.latents,
        g_turn_batch_norm=experiment.g_turn_batch_norm,
        clip=experiment.clip,
        clip_weights=experiment.clip_weights,
        jit_compile=_jit_compile(generator, discriminator),
        steps_per_execution=_steps_per_execution(experiment, generator, discriminator),
    )
    return gan


def environment(seed, data):
    """What a run depends on besides its row: versions, commit, device, seed, command, data."""
    from importlib.metadata import version

    packages = ("keras", keras.config.backend(), "numpy", "scipy", "h5py", "matplotlib")
    return {
        "keras_gans": keras_gans.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "backend": keras.config.backend(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": _threads(),
        "seed": seed,
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "data": {
            "name": data.name,
            "source": data.source,
            "images": list(data.images.shape),
            "sha256": data.fingerprint,
        },
    }


def _optimizer(spec):
    options = {"learning_rate": spec.learning_rate}
    if spec.beta_1 is not None:
        options["beta_1"] = spec.beta_1
    classes = {
        "adam": keras.optimizers.Adam,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    return classes[spec.name](**options)


def log_every(experiment, generator, discriminator):
    """Iterations between two records of the losses: a divisor of every interval.

    Many where an iteration takes milliseconds, few where whoever watches has to wait for it.
    """
    most = 5 if _convolutional(generator, discriminator) else 50
    interval = np.gcd(experiment.save_every, experiment.evaluate_every)
    return max(n for n in range(1, most + 1) if interval % n == 0)


def _steps_per_execution(experiment, generator, discriminator):
    """Iterations between two returns to Python.

    Where an iteration takes milliseconds the return would cost as much. Convolutions are
    faster without: inside TensorFlow's loop its optimizations of graphs fail. PyTorch knows only 1.
    """
    if keras.config.backend() == "torch" or _convolutional(generator, discriminator):
        return 1
    return log_every(experiment, generator, discriminator)


def _jit_compile(generator, discriminator):
    """XLA makes perceptrons faster on a CPU and convolutions slower; torch has no use of it."""
    backend = keras.config.backend()
    return backend == "jax" or (
        backend == "tensorflow" and not _convolutional(generator, discriminator)
    )


def _convolutional(generator, discriminator):
    return any(
        isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose)
        for layer in [*generator.layers, *discriminator.layers]
    )


def _measurement(experiment, data, data_dir, seed, progress):
    """How the row's generator is measured; it cannot be where weights are missing."""
    measure = experiment.metric
    if measure is None:
        return callbacks.Measurement(None)
    chosen = experiment.fid_features or features.default_name(data.shape)
    sides = measures.feature_names(measure, chosen, data.name)
    better, printed = measures.MEASURES[measure].better, experiment.printed.get(measure)
    if "2048" not in (sides[1] or ""):
        printed = None  # documents print what they measured with all of Inception: another scale
    count = min(experiment.fid_samples, len(data))
    if sides[1] is None:
        progress.note(f"no feature extractor fits images of {data.shape}: {measure} is null")
        return callbacks.Measurement(measure, measure, better, printed)
    name = metric_name(measure, count, sides[1])
    folder = datasets.data_folder(data_dir)
    try:
        loaded = {side: features.get(side, folder) for side in set(sides)}
    except features.WeightsMissing as error:
        progress.note(f"{name} is null: {error}")
        return callbacks.Measurement(measure, name, better, printed)
    progress.status(f"features of {count:,} real images")
    real = measures.Reals(
        cached_features(
            data.images, data.fingerprint, loaded[sides[0]], count, 0, folder / "features"
        )
    )
    latents = generators.latents(count, experiment.latent_dim, [seed, 1])
    extractor = loaded[sides[1]]

    def value(generator):
        fake = extractor(generators.images(generator, latents))
        return measures.compute(measure, measures.Comparison(real, fake, extractor))[0]

    return callbacks.Measurement(measure, name, better, printed, value)


def _make_folder(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}; see --results") from None


def _begin_folder(folder):
    """Empties the folder of an earlier run, once its turn has really come.

    What says whose files these are goes last: whoever is killed here begins again here.
    """
    identity = folder / "experiment.yaml"
    if identity.is_file():
        for path in sorted(folder.iterdir(), key=lambda path: path.name != "checkpoint"):
            if path.is_dir():
                remove_folder(path)
            elif path.name not in (identity.name, ".lock"):
                path.unlink()
        identity.unlink()


def _resume(folder, gan, about, progress):
    """Puts the newest whole checkpoint into the model, and its files into the folder.

    Returns:
        The `Checkpoint`, or None where a run begins.
    """
    checkpoint, passed = checkpoints.latest(folder / "checkpoint", about["run"])
    for path, reason in passed:
        progress.note(f"checkpoint {path} is not used ({reason}); going back to the one before")
    if checkpoint and checkpoint.about["data"] != about["data"]:
        raise UsageError(
            f"{folder} was begun with other images (sha256 {checkpoint.about['data'][:8]}... "
            f"there, {about['data'][:8]}... now); bring those back, or --restart trains it again"
        )
    kept = checkpoint.kept if checkpoint else {}
    for path in folder.glob("generator_model_best*.h5"):
        # A kill may have come after this one was written and before the next checkpoint.
        if path.name not in kept:
            path.unlink()
    for name, content in kept.items():
        with replacing(folder / name) as partial:
            partial.write_bytes(content)
    if checkpoint is None:
        return None
    try:
        checkpoints.restore(gan, checkpoint.arrays)
    except ValueError as error:
        raise UsageError(f"{folder}: {error}; --restart trains it again") from None
    progress.note(f"resuming at iteration {checkpoint.iteration:,}")
    changes = _changes(checkpoint.about["environment"], about["environment"])
    if changes:
        progress.note(f"since then {changes}: the last digits may differ from one run in one go")
    return checkpoint


def _changes(there, now):
    """What is not as it was of what decides the last digits, in words; "" for nothing."""
    keys = ("keras_gans", "commit", "python", "backend", "processor", "threads")
    pairs = {key: (there.get(key), now[key]) for key in keys}
    packages = there.get("packages", {})
    pairs |= {key: (packages.get(key), version) for key, version in now["packages"].items()}
    return ", ".join(f"{key} {a} became {b}" for key, (a, b) in pairs.items() if a != b)


def _check_space(folder, gan, generator, experiment):
    """Refuses a run that would fill the disk: its checkpoints and generators are counted."""
    state = sum(array.nbytes for array in checkpoints.capture(gan))
    weights = 4 * generator.count_params()
    left = -(-(experiment.iterations - gan.iterations) // experiment.save_every)
    needed = 3 * (state + weights) + (left + 1) * weights
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UsageError(
            f"{folder} has {free / 1e6:,.0f} MB of room, the run needs {needed / 1e6:,.0f} MB for "
            f"{left:,} generators and its checkpoints: make room, save less often "
            "(--set save_every=N), or give another folder with --results"
        )


@contextmanager
def _failures_to_write(folder):
    """Turns the many ways in which a disk says no into one line."""
    try:
        yield
    except BrokenPipeError:
        raise  # of the screen, not of a disk
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise CannotWrite(
            f"cannot write to {folder}: {reason}; what was saved before is whole, and the same "
            "command goes on from the last checkpoint once this is put right"
        ) from error


def _vouched_for(folder, last):
    """Names of the files that metrics.json is about, of those that are there."""
    names = ["experiment.yaml", "log.jsonl", f"samples/{last:06d}.png"]
    names += [f"generator_model_{last:06d}.h5"]
    names += sorted(path.name for path in folder.glob("generator_model_best*.h5"))
    return [name for name in names if (folder / name).is_file()]


def _describe(folder, generator, discriminator):
    """Model summaries and the drawing, as the thesis kept them (section 4.3, items 1 to 4)."""
    combined = keras.Sequential(
        [keras.layers.Input(generator.input_shape[1:]), generator, discriminator], name="gan"
    )
    summaries = {
        "discriminator_modelsummary.txt": discriminator,
        "generator_modelsummary.txt": generator,
    }
    for file, model in summaries.items():
        _write_summary(folder / file, model)
    discriminator.trainable = False
    _write_summary(folder / "modelsummary.txt", combined)
    discriminator.trainable = True
    plots.networks(folder / "model_plot.png", generator, discriminator)


def _write_summary(path, model):
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line), line_length=80)
    _write_text(path, "\n".join(lines) + "\n")


def _summary(planned, data, records, measurement, recorder):
    experiment, name = planned.experiment, measurement.name
    measured = [(r["iteration"], r[name]) for r in records if r.get(name) is not None]
    values = None
    if any(iteration for iteration, _ in measured):
        best = measurement.best((m for m in measured if m[0]), key=lambda m: m[1])
        values = {
            "first": measured[0][1],
            "last": measured[-1][1],
            "best": best[1],
            "best_iteration": best[0],
        }
    final = [r for r in records if "d_loss" in r][-1]
    lost = [r["iteration"] for r in records if "not_finite" in r or r.get("d_loss", 0) is None]
    return {
        "table": planned.table,
        "experiment": planned.number,
        "changed": planned.changed,
        "seed": planned.seed,
        "derived_from": experiment.derived_from,
        "data": data.source,
        "images": len(data),
        "iterations": experiment.iterations,
        "final": {key: final[key] for key in ("d_loss", "g_loss")},
        "diverged_at": min(lost, default=None),
        "metric": name,
        "better": measurement.better,
        "measured": values,
        "printed": experiment.printed,
        "seconds": {part: round(value, 1) for part, value in recorder.seconds.items()},
        "iterations_per_second": round(experiment.iterations / recorder.seconds["training"], 2),
    }


def _commit():
    """The checkout's commit, with a + where files differ from it; None outside a checkout."""
    root = Path(keras_gans.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        git = ["git", "-C", str(root)]
        commit = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True, stderr=-3).strip()
        status = [*git, "status", "--porcelain", "--untracked-files=no"]
        return commit + ("+" if subprocess.check_output(status, stderr=-3).strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _threads():
    """Threads that share one operation: they decide in which order sums are taken."""
    given = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    available = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    return int(given) if given.isdecimal() and int(given) else len(available)


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor()


def _write_json(path, content):
    _write_text(path, json.dumps(content, indent=2) + "\n")


def _write_text(path, text):
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")

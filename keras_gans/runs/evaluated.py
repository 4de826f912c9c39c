"""All saved generators of a run, measured as the run measures them."""

from dataclasses import asdict

import keras_gans
from keras_gans import datasets, evaluation, generators
from keras_gans.errors import NotFinite, UsageError
from keras_gans.metrics import features_of, measures
from keras_gans.metrics.choosing import check_names, choose


def evaluate(
    run,
    dataset=None,
    metrics=None,
    features=None,
    count=None,
    seed=None,
    split="train",
    damaged="refuse",
    data_dir=None,
    progress=None,
):
    """Measures every saved generator of a run. What is not given is that of the run's row.

    So a value is the one in the run's log. The best generator is measured apart where it is none
    of the numbered ones.

    Args:
        run: `rows.StoredRun`.
        dataset, metrics, features, count, split, damaged, data_dir: As for `evaluation.evaluate`.
        seed: As for a call of `evaluation.Measuring`.
        progress: Object with `status(text)`, `note(text)`, `begin(total)` and `update(done)`.

    Returns:
        A dict of plain values: "generators", a list of dicts with "file", "iteration" and
        "results" (each `evaluation.Result` as a dict, without a value where the samples of a
        generator are not finite), in the order of the iterations; "run",
        "count", "seed", "real", "keras_gans" and "versions" as of `evaluation.evaluate`.

    Raises:
        UsageError: The run has no saved generators, or as `evaluation.evaluate`.
    """
    files = dict.fromkeys(run.generators.values())
    if run.best:
        best = generators.load(run.best)
        if _iteration(run.best, best) not in run.generators:  # else it is one of these
            files[run.best] = best
    if not files:
        raise run.without_generators()
    row = run.experiment
    metrics = metrics or row.measure or ("fid",)
    features = features or row.measure_features
    check_names(metrics, features)
    progress.status("reading the data set")
    real = datasets.load(dataset or row.dataset, data_dir, split, damaged)
    if dataset is None and split == "train" and (difference := run.other_data(real)):
        progress.note(f"these are not the data that the run learned from: {difference}")
    count = min(row.measure_samples, len(real)) if count is None else count
    seed = run.seed if seed is None else seed
    measuring, found = None, []
    for number, (path, saved) in enumerate(files.items(), 1):
        saved = saved or generators.load(path)
        iteration = _iteration(path, saved)
        if measuring is None:
            names = choose(metrics, real, saved, features, count, progress)
            measuring = evaluation.Measuring(
                real, names, features, count, data_dir, progress, UsageError
            )
            for metric, reason in measuring.check_some(saved).items():
                progress.note(f"{measuring.names[metric]} is null: {reason}")
        progress.status(f"{path.name}, {number} of {len(files)}")
        try:
            results = measuring(saved, seed)
        except NotFinite as error:  # the others can be measured all the same
            results = _nothing(measuring, str(error))
            progress.note(f"{path.name}: {error}")
        results = [asdict(result) for result in results]
        found.append({"file": path.name, "iteration": iteration, "results": results})
    return {
        "run": str(run.folder),
        "generators": sorted(found, key=lambda line: line["iteration"]),
        "count": measuring.count,
        "seed": seed,
        "real": real.about | {"split": split, "seed": evaluation.REAL_SEED},
        "keras_gans": keras_gans.__version__,
        "versions": evaluation.versions(),
    }


def _nothing(measuring, reason):
    """The results of a generator that has no values, and why."""
    return [
        evaluation.Result(
            full,
            metric,
            value=None,
            std=None,
            better=measures.MEASURES[metric].better,
            convention=measures.MEASURES[metric].about,
            features=features_of(full) or "",
            weights="",
            reason=reason,
        )
        for metric, full in measuring.names.items()
    ]


def _iteration(path, saved):
    iteration = saved.origin.get("iteration")
    if type(iteration) is not int:
        raise UsageError(f"{path} is not a generator that a run saved: move it away")
    return iteration

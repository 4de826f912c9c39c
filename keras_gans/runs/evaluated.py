"""All saved generators of a run, measured as the run measures them."""

from dataclasses import asdict

from keras_gans import generators
from keras_gans.errors import NotFinite, UsageError
from keras_gans.evaluation import Measuring
from keras_gans.metrics.requirements import check_names


def evaluate(
    run,
    real,
    metrics=None,
    features=None,
    count=None,
    seed=None,
    data_dir=None,
    progress=None,
):
    """Measures every saved generator of a run. What is not given is that of the run's row.

    So a value is the one in the run's log. The best generator is measured apart where it is none
    of the numbered ones.

    Args:
        run: `rows.StoredRun` that has saved generators.
        real, metrics, features, count, data_dir: As for `evaluation.evaluate`.
        seed: As for a call of `evaluation.Measuring`.
        progress: Object with `status(text)`, `note(text)`, `begin(total)` and `update(done)`.

    Returns:
        A dict of plain values: "generators", a list of dicts with "file", "iteration" and
        "results" (each `evaluation.Result` as a dict, without a value where the samples of a
        generator are not finite), in the order of the iterations; "run", and "count", "seed",
        "real", "keras_gans" and "versions" as of `evaluation.evaluate`.

    Raises:
        UsageError: As `evaluation.evaluate`, or a file is no generator of the run.
    """
    files = dict.fromkeys(run.generators.values())
    if run.best:
        best = generators.load(run.best)
        if _iteration(best) not in run.generators:  # else it is one of these
            files[run.best] = best
    row = run.experiment
    metrics = check_names(metrics or row.measure or ("fid",), features)
    features = features or row.measure_features
    count = min(row.measure_samples, len(real)) if count is None else count
    seed = run.seed if seed is None else seed
    measuring = Measuring(real, metrics, features, count, data_dir, progress, UsageError)
    found = []
    for number, (path, saved) in enumerate(files.items(), 1):
        saved = saved or generators.load(path)
        if number == 1:
            measuring = measuring.narrowed(saved, progress)
            for metric, error in measuring.check(saved).items():
                progress.note(f"{measuring.names[metric]} is null: {error}")
        progress.status(f"{path.name}, {number} of {len(files)}")
        try:
            results = measuring(saved, seed)
        except NotFinite as error:  # the others can be measured all the same
            results = measuring.nothing(error)
            progress.note(f"{path.name}: {error}")
        results = [asdict(result) for result in results]
        found.append({"file": path.name, "iteration": _iteration(saved), "results": results})
    return {
        "run": str(run.folder),
        "generators": sorted(found, key=lambda line: line["iteration"]),
        **measuring.about(seed),
    }


def _iteration(saved):
    iteration = saved.origin.get("iteration")
    if type(iteration) is not int:
        raise UsageError(f"{saved.title} is not a generator that a run saved: move it away")
    return iteration

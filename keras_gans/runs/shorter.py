"""A longer run begins where a shorter one of the same row and seed ended.

No iteration depends on how many follow. So a run of fewer iterations is the beginning of one of
more, and its checkpoint is one of the longer run, too.
"""

from dataclasses import replace

from keras_gans.errors import UsageError
from keras_gans.files import replacing, sha256
from keras_gans.rows import Experiment, StoredRun
from keras_gans.runs import checkpoints, environment


def adopt_shorter(planned, about, unknown, progress):
    """Gives a run that has no checkpoint the newest one of a shorter run, and its files.

    Networks that the shorter run saved go on naming it as their origin.

    Args:
        planned: `rows.PlannedRun`; its folder has experiment.yaml and samples/.
        about: Dict for `checkpoints.Checkpoint`, of the run.
        unknown: Set of the full names of metrics that cannot be measured now.
        progress: Object with `note(text)`.
    """
    if any((planned.folder / "checkpoint").glob("[0-9]*")):
        return
    found = [(_checkpoint(run, planned, about), run.folder) for run in _shorter(planned)]
    # The first value of one that could not be measured then would be missing for good.
    found = [pair for pair in found if pair[0] and _unmeasured(pair[0]) == unknown]
    if not found:
        return
    checkpoint, folder = max(found, key=lambda pair: pair[0].iteration)
    for path in [*folder.glob("*_model_*.h5"), *folder.glob("samples/*.png")]:
        digits = path.stem.rpartition("_")[2]
        if digits.isdecimal() and int(digits) <= checkpoint.iteration:
            with replacing(planned.folder / path.relative_to(folder)) as partial:
                partial.write_bytes(path.read_bytes())
    about = {**checkpoint.about, "run": about["run"]}
    checkpoints.save(planned.folder / "checkpoint", replace(checkpoint, about=about))
    progress.note(f"begins with the {checkpoint.iteration:,} iterations of {folder}")


def _shorter(planned):
    """The stored runs that differ from a planned one in nothing but fewer iterations."""
    for path in (planned.results / planned.table).glob(f"*/seed-{planned.seed}/experiment.yaml"):
        try:
            run = StoredRun.read(path.parent)
            experiment = run.experiment
        except UsageError:
            continue
        own = planned.experiment
        same = (run.number, run.seed, type(experiment)) == (
            planned.number,
            planned.seed,
            Experiment,
        )
        if not same or experiment.iterations >= own.iterations:
            continue  # a shorter one may have no room for the phases of this one
        if replace(experiment, iterations=own.iterations, printed=own.printed) == own:
            yield run


def _checkpoint(run, planned, about):
    """The newest checkpoint that the planned run, here and on its data, would have written too.

    At its last iteration a run saves and measures in any case, and applies no stop rule.
    """
    last, longer = run.experiment.iterations, planned.experiment

    def same(iteration):
        both = longer.saves(iteration) and longer.measures(iteration) and longer.stop is None
        return iteration < last or both

    identity = sha256(run.folder / "experiment.yaml")
    checkpoint, _ = checkpoints.latest(run.folder / "checkpoint", identity, same)
    if checkpoint is None or checkpoint.about["data"] != about["data"]:
        return None
    elsewhere = environment.changes(checkpoint.about["environment"], about["environment"])
    return None if elsewhere else checkpoint


def _unmeasured(checkpoint):
    """The names without a value before training, when nothing can have diverged."""
    untrained = [record for record in checkpoint.history if not record["iteration"]]
    return {name for record in untrained for name, value in record.items() if value is None}

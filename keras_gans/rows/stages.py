"""Kinds of rows: a GAN, or a later stage that works with one. The field `stage` chooses."""

from dataclasses import fields

from keras_gans import parts
from keras_gans.errors import UsageError, short, suggestion
from keras_gans.rows.classifier import ClassifierExperiment
from keras_gans.rows.experiment import Experiment

STAGES = {"classifier": ClassifierExperiment}
"""Rows that name a stage; the others are GANs."""


def kind(row, where):
    """The class of a row.

    Args:
        row: Mapping as a table has it.
        where: Start of error messages.

    Raises:
        UsageError: There is no such stage.
    """
    if "stage" not in row:
        return Experiment
    stage = row["stage"]
    if not isinstance(stage, str) or stage not in STAGES:
        raise UsageError(f"{where}: unknown stage {short(stage)}{suggestion(stage, STAGES)}")
    return STAGES[stage]


def read(row, where="row"):
    """Builds and checks a row of any kind; arguments and errors are those of `Experiment`."""
    cls = kind(row, where)
    own, of_gan = ({field.name for field in fields(c)} for c in (cls, Experiment))
    for key in row:
        if key in of_gan - own:
            raise UsageError(
                f"{where}: the row trains a {row['stage']}, which has no '{key}'; it has "
                f"{', '.join(sorted(own - {'stage', 'printed', 'derived_from'}))}"
            )
    return parts.read(cls, row, where)


def merged(defaults, row, where):
    """A row with the defaults of its table: those that are fields of its kind."""
    names = {field.name for field in fields(kind(row, where))}
    # A default that no kind of row knows is a mistake, which `read` names.
    shared = {k: v for k, v in defaults.items() if k in names or "stage" not in row}
    return {**shared, **row}

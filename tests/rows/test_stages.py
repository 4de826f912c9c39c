"""Rows of a later stage: their fields, what they share with a table, and what they wait for."""

from pathlib import Path

import pytest
import yaml

from keras_gans.errors import UsageError
from keras_gans.rows import ClassifierExperiment, Experiment, PlannedRun, read_table, stages

CLASSIFIER = {
    "stage": "classifier",
    "derived_from": "LeNet",
    "dataset": "mnist",
    "epochs": 4,
    "synthetic": {"row": 1, "share": 0.25},
    "fine_tune": 2,
}


@pytest.fixture
def table(write_table, row):
    """Function from changes of the classifier's row, None for none of a field, to the table."""
    row |= {"generator": "conditional", "discriminator": "conditional"}

    def table(**changed):
        classifier = {k: v for k, v in {**CLASSIFIER, **changed}.items() if v is not None}
        content = {"source": "s", "command": "c", "expected": "e", "rows": {1: row, 2: classifier}}
        found = read_table(str(write_table(content)))
        found.experiments()
        return found

    return table


def test_the_stage_chooses_the_kind_of_row(table):
    found = table()
    assert type(found.experiment(1)) is Experiment
    classifier = found.experiment(2)
    assert type(classifier) is ClassifierExperiment
    assert (classifier.epochs, classifier.iterations, classifier.validation) == (4, 6, 5000)
    assert (classifier.synthetic.row, classifier.synthetic.share) == (1, 0.25)


def test_a_row_survives_being_written_and_read(table):
    for changed in ({}, {"synthetic": None}, {"printed": {"test_accuracy": 1}}):
        experiment = table(**changed).experiment(2)
        written = yaml.safe_load(yaml.safe_dump(experiment.to_dict()))
        assert stages.read(written) == experiment


def test_defaults_that_a_classifier_does_not_have_are_left_out(write_table, row):
    row |= {"generator": "conditional", "discriminator": "conditional"}
    own = {key: row.pop(key) for key in ("derived_from", "generator", "discriminator")}
    del row["dataset"]
    content = {"source": "s", "command": "c", "expected": "e"}
    content |= {"defaults": {**row, "dataset": "mnist"}, "rows": {1: own}}
    content["rows"][2] = {k: v for k, v in CLASSIFIER.items() if k != "dataset"}
    found = read_table(str(write_table(content)))
    assert found.experiment(2).dataset.name == found.experiment(1).dataset.name == "mnist"
    assert "batch_size" not in found.rows[2]


def test_a_run_waits_for_the_run_of_its_row_and_seed(table):
    found = table()
    runs = [PlannedRun("t", n, found.experiment(n), 3, {}, Path("out")) for n in (1, 2)]
    assert runs[1].needs == runs[0].folder == Path("out/t/1/seed-3")
    assert runs[0].needs is None
    alone = PlannedRun("t", 2, table(synthetic=None).experiment(2), 3, {}, Path("out"))
    assert alone.needs is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"stage": "clasifier"}, "2: unknown stage 'clasifier'; did you mean 'classifier'"),
        ({"stage": 3}, "2: unknown stage 3"),
        ({"epochs": None}, "the field 'epochs' is missing"),
        ({"epochs": 0}, "epochs: 0 must be at least 1"),
        ({"synthetic": {"row": 1, "share": 0.0}}, r"share: 0.0 must be in \(0, 1\]"),
        ({"synthetic": {"row": 1, "share": 1.5}}, r"share: 1.5 must be in \(0, 1\]"),
        ({"synthetic": {"row": 1}}, "synthetic: the field 'share' is missing"),
        ({"synthetic": {"row": 7, "share": 1.0}}, "the table has no GAN 7"),
        ({"synthetic": {"row": 2, "share": 1.0}}, "the table has no GAN 2"),
        ({"validation": 0}, "fine_tune needs validation images"),
        ({"batch_size": 8}, "which has no 'batch_size'"),
        ({"printed": {"test_accuracy": "high"}}, "printed.test_accuracy"),
    ],
)
def test_mistakes(table, changed, says):
    with pytest.raises(UsageError, match=says) as error:
        table(**changed)
    assert "\n" not in str(error.value)


def test_a_classifier_has_no_fields_of_a_gan(table):
    with pytest.raises(
        UsageError, match=r"trains a classifier, which has no 'iterations'; it has .*epochs"
    ):
        table(iterations=5)

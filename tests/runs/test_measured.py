"""What a run measures, under which names, and on which scale a printed value is."""

import numpy as np
import pytest
from running import Silent, plan, quickstart

from keras_gans import datasets
from keras_gans.datasets import Images, scaling
from keras_gans.errors import UsageError
from keras_gans.generators import Saved
from keras_gans.runs import measured as module
from keras_gans.runs.building import build
from keras_gans.runs.measured import Measured

MNIST = Images("mnist", np.full((60, 28, 28), 7, "uint8"), None, "mnist")


def measured(planned, data, data_dir):
    progress = Silent()
    return Measured(planned.experiment, data, data_dir, 0, progress), progress


def test_names_say_metric_count_and_features_in_the_order_of_the_row(tmp_path):
    names = ["kid", "coverage", "fid"]
    found, _ = measured(quickstart(1, tmp_path, {"measure": names}), MNIST, tmp_path)
    assert [(m.metric, m.name, m.better) for m in found.metrics] == [
        ("kid", "kid50_lenet", "lower"),
        ("coverage", "coverage50_lenet", "higher"),
        ("fid", "fid50_lenet", "lower"),
    ]
    assert [m.best for m in found.metrics] == [min, max, min]


def test_there_are_at_most_as_many_samples_as_data(tmp_path):
    found, _ = measured(quickstart(1, tmp_path, {"measure_samples": 5000}), MNIST, tmp_path)
    assert found.metrics[0].name == "fid60_lenet"


def test_a_frechet_distance_of_few_samples_is_noted(tmp_path):
    _, progress = measured(quickstart(1, tmp_path, {"measure": ["fid", "kid"]}), MNIST, tmp_path)
    (note,) = progress.notes
    assert "fid of 50 samples in 84 features is biased upwards" in note


def test_misread_images_are_those_that_classifier_accuracy_counts(tmp_path, monkeypatch):
    digits = datasets.load("digits")
    planned = quickstart(5, tmp_path, {"iterations": 30})
    found, _ = measured(planned, digits, tmp_path)
    gan = build(planned.experiment, digits, 0)
    source = scaling.matched(digits, gan.bounds)
    saved = Saved.of(gan.generator, planned.experiment.generator, gan.latents, source, {})
    given = []
    monkeypatch.setattr(module, "mistakes", lambda *arrays: given.extend(arrays))
    found.misread(saved)
    images, labels, read = given
    np.testing.assert_array_equal(images, saved.sample(50, [0, 1], np.arange(50) % 10))
    np.testing.assert_array_equal(labels, np.arange(50) % 10)
    assert np.mean(labels == read) == found(saved)["classifier_accuracy50_lenet"]


def test_nothing_is_misread_where_no_classifier_is_asked(tmp_path):
    found, _ = measured(quickstart(5, tmp_path, {"measure": ["fid"]}), MNIST, tmp_path)
    assert found.misread(None) is None


def test_a_row_may_measure_nothing(tmp_path):
    found, progress = measured(quickstart(1, tmp_path, {"measure": []}), MNIST, tmp_path)
    assert (found.metrics, progress.notes) == ((), [])
    found.check(None)


def test_what_lacks_weights_is_noted_and_null_and_the_rest_is_measured(tmp_path):
    """Of the features of real and of generated images each metric has its own."""
    planned = quickstart(1, tmp_path, {"measure": ["fid", "fid_thesis"]})
    digits = datasets.load("digits")
    found, progress = measured(planned, digits, tmp_path)
    assert [m.metric for m in found.metrics] == ["fid", "fid_thesis"]
    (note,) = [note for note in progress.notes if "null" in note]
    assert note.startswith(found.metrics[1].name)

    gan = build(planned.experiment, digits, 0)
    saved = Saved.of(gan.generator, planned.experiment.generator, gan.latents, digits, {})
    values = found(saved)
    assert list(values) == [m.name for m in found.metrics]
    assert values["fid50_lenet"] > 0
    assert values[found.metrics[1].name] is None


@pytest.mark.parametrize(("features", "line"), [("imagenet2048", 53.7039), ("imagenet768", None)])
def test_a_printed_value_is_on_its_own_scale_alone(tmp_path, features, line):
    changed = {"measure": ["fid_thesis"], "measure_features": features}
    found, progress = measured(plan("akel2022", 1, tmp_path, changed), MNIST, tmp_path)
    (metric,) = found.metrics
    assert metric.name == f"fid_thesis60_{features}_signed"
    assert metric.printed == line
    assert "null" in progress.notes[0]
    (fid,) = measured(plan("akel2022", 1, tmp_path), MNIST, tmp_path)[0].metrics
    assert (fid.name, fid.printed) == ("fid60_lenet", None)


def test_a_number_of_samples_is_no_network(tmp_path):
    images = Images("mnist", np.full((2048, 28, 28), 7, "uint8"), None, "mnist")
    changed = {"measure": ["fid"], "measure_samples": 2048, "printed": {"fid": 5.0}}
    (fid,) = measured(plan("akel2022", 1, tmp_path, changed), images, tmp_path)[0].metrics
    assert (fid.name, fid.printed) == ("fid2048_lenet", None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"measure": ["modes"]}, "modes"),
        ({"measure_features": "values"}, "values"),
        ({"measure": ["inception_score"], "measure_samples": 99}, "at least 100"),
    ],
)
def test_a_metric_that_does_not_apply_is_refused(changed, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        measured(quickstart(1, tmp_path, changed), MNIST, tmp_path)

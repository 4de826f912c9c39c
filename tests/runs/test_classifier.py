"""The stage `classifier`: what is trained on what, what a run leaves, and what it waits for."""

import json
import time
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from running import Silent, records, train

from keras_gans import datasets
from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics.features import lenet
from keras_gans.rows import PlannedRun, read_table
from keras_gans.runs import classifier, executors

pytestmark = pytest.mark.usefixtures("without_xla")
GAN = {
    "derived_from": "CGAN", "iterations": 2, "batch_size": 8, "latents": {"size": 5},
    "loss": "binary_crossentropy", "optimizer": "adam", "generator": "conditional",
    "discriminator": "conditional", "save_every": 2, "measure": [],
}  # fmt: skip
CLASSIFIER = {"stage": "classifier", "derived_from": "LeNet", "epochs": 2, "validation": 100}
HALF = {"row": 1, "share": 0.5}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table of two GANs, the second one of other data, and of classifiers."""
    folder = tmp_path_factory.mktemp("table")
    digits = datasets.load("digits")
    split = {"x_train": digits.values[:500], "y_train": digits.labels[:500]}
    split |= {"x_test": digits.values[500:700], "y_test": digits.labels[500:700]}
    np.savez(folder / "digits.npz", **split)
    nine = {name: array % 9 if name.startswith("y") else array for name, array in split.items()}
    np.savez(folder / "nine.npz", **nine)
    rows = {
        1: GAN,
        2: {**GAN, "dataset": str(folder / "nine.npz")},
        3: {**CLASSIFIER, "synthetic": HALF, "fine_tune": 1, "printed": {"test_accuracy": 0.977}},
        4: CLASSIFIER,
        5: {**CLASSIFIER, "synthetic": {"row": 2, "share": 1.0}},
    }
    content = {"source": "s", "command": "c", "expected": "e", "rows": rows}
    content["defaults"] = {"dataset": str(folder / "digits.npz")}
    (folder / "t.yaml").write_text(yaml.safe_dump(content))
    return str(folder / "t.yaml")


def plan(table, number, results):
    return PlannedRun("t", number, read_table(table).experiment(number), 0, {}, results)


def run(planned):
    data = datasets.load(planned.experiment.dataset)
    return classifier.run(planned, data, None, Silent(), time.monotonic())


@pytest.fixture(scope="module")
def done(table, tmp_path_factory):
    """(the GAN's run, the classifier's run, its metrics)."""
    results = tmp_path_factory.mktemp("results")
    gan, planned = plan(table, 1, results), plan(table, 3, results)
    train(gan)
    return gan, planned, run(planned)


def test_what_a_run_leaves(done):
    gan, planned, metrics = done
    assert planned.state == "finished"
    names = {path.name for path in planned.folder.rglob("*") if path.is_file()}
    assert names == {
        "experiment.yaml", "environment.json", "log.jsonl", "metrics.json", "classifier.npz",
        "synthetic.png", "000003.png",
    }  # fmt: skip
    assert json.loads((planned.folder / "metrics.json").read_text()) == metrics
    assert metrics["trained_on"] == {"real": 200, "generated": 200}  # 500 without 100
    assert metrics["generator_sha256"] == sha256(gan.folder / "generator_model_000002.h5")
    assert metrics["printed"] == {"test_accuracy": 0.977}
    assert "classifier.npz" in metrics["sha256"] and "samples/000003.png" in metrics["sha256"]


def test_accuracies_are_those_of_the_saved_classifier_and_of_the_log(done):
    _, planned, metrics = done
    test = datasets.load(planned.experiment.dataset, split="test")
    model = lenet.load(planned.folder / "classifier.npz")
    final = metrics["measured"]["test_accuracy"]
    assert final["last"] == lenet.accuracy(model, test.values, test.labels)
    found = records(planned)
    assert [r["iteration"] for r in found if "loss" in r] == [1, 2, 3]
    (before,) = [r["test_accuracy_untuned"] for r in found[1:] if "test_accuracy_untuned" in r]
    assert metrics["measured"]["test_accuracy_untuned"]["last"] == before
    assert final["first"] == lenet.accuracy(lenet.build(0), test.values, test.labels)


def test_the_same_run_has_the_same_log_and_weights(done, table):
    _, planned, _ = done
    again = plan(table, 3, planned.results)
    before = {n: (planned.folder / n).read_bytes() for n in ("log.jsonl", "classifier.npz")}
    (planned.folder / "metrics.json").unlink()  # as a kill leaves it
    assert again.state == "interrupted"
    run(again)
    assert again.state == "finished"
    assert {name: (planned.folder / name).read_bytes() for name in before} == before


def test_the_mixture_has_each_image_of_its_part_once(done):
    gan, planned, _ = done
    data = datasets.load(planned.experiment.dataset)
    path = gan.folder / "generator_model_000002.h5"
    images, labels, made = classifier._mixed(data, planned.experiment, path, seed=0)
    assert (len(images), len(labels), made) == (400, 400, 200)
    assert np.array_equal(labels[:200], np.arange(200) % 10)
    real = {image.tobytes(): label for image, label in zip(data.values, data.labels, strict=True)}
    kept = [image.tobytes() for image in images[200:]]
    assert [real[image] for image in kept] == labels[200:].tolist()
    held_out = {image.tobytes() for image in data.values[:100]}
    assert len(set(kept)) == 200 and not held_out & set(kept)
    other = classifier._mixed(data, planned.experiment, path, seed=1)
    assert not np.array_equal(images, other[0])


def test_real_images_alone_need_no_gan(table, tmp_path):
    metrics = run(plan(table, 4, tmp_path))
    assert metrics["trained_on"] == {"real": 400, "generated": 0}
    assert list(metrics["measured"]) == ["test_accuracy"]
    assert metrics["generator_sha256"] is None


def test_a_classifier_that_diverges_says_so(table, tmp_path, monkeypatch):
    build = lenet.build

    def broken(seed):
        model = build(seed)
        model.set_weights([np.nan * weight for weight in model.get_weights()])
        return model

    monkeypatch.setattr(lenet, "build", broken)
    planned = plan(table, 4, tmp_path)
    metrics = run(planned)
    assert metrics["diverged_at"] == 1
    assert planned.state == "finished"
    assert [r["loss"] for r in records(planned) if "loss" in r] == [None, None]


def test_the_run_that_is_needed_has_to_be_finished(done, table, tmp_path):
    planned = plan(table, 3, tmp_path)
    with pytest.raises(UsageError, match=r"row 1 is needed first: .* is not there"):
        run(planned)
    planned.needs.mkdir(parents=True)
    (planned.needs / "experiment.yaml").write_text(plan(table, 1, tmp_path).to_yaml())
    with pytest.raises(UsageError, match=r"row 1 is needed first: .* is no finished run"):
        run(planned)
    assert not planned.folder.exists()


def test_a_generator_of_other_classes_is_refused(table, tmp_path):
    train(plan(table, 2, tmp_path))
    planned = plan(table, 5, tmp_path)
    with pytest.raises(UsageError, match="row 2: its generator makes 9 classes, and the data have"):
        run(planned)
    assert not planned.folder.exists()


def test_data_that_the_classifier_cannot_take_are_refused(table, tmp_path):
    digits = datasets.load("digits")
    planned = plan(table, 4, tmp_path)
    for data, says in [
        (datasets.Images("a", digits.values, None, "a"), "with labels"),
        (datasets.Images("a", digits.values[:, 4:], digits.labels, "a"), "28x28"),
        (datasets.Images("a", digits.values[:90], digits.labels[:90], "a"), "leave none"),
    ]:
        with pytest.raises(UsageError, match=says):
            classifier.run(planned, data, None, Silent(), time.monotonic())
    assert not planned.folder.exists()


def test_a_classifier_begins_when_the_run_it_needs_has_ended(table, tmp_path):
    """Also where it stands first, and where several could begin at a time."""
    jobs = [executors.Job(plan(table, number, tmp_path), table) for number in (3, 4, 1)]
    order = []

    def work(job):
        order.append(("begin", job.planned.number))
        time.sleep(0.1)
        order.append(("end", job.planned.number))
        return executors.Outcome(job.planned, "done")

    workers = SimpleNamespace(run=work, at_a_time=3, line=nullcontext, signal=None)
    assert executors.run_several(jobs, [], workers) == 0
    assert order.index(("end", 1)) < order.index(("begin", 3))
    assert order.index(("begin", 4)) < order.index(("end", 1))

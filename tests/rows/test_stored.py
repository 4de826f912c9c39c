"""A run as it lies in its folder: whole, unfinished, without networks, damaged."""

import gzip
import json
from dataclasses import replace

import pytest

from keras_gans import files
from keras_gans.datasets import Points
from keras_gans.errors import UsageError
from keras_gans.files import PACKED_LOG, sha256
from keras_gans.rows import Experiment, PlannedRun, StoredRun


@pytest.fixture
def planned(row, tmp_path):
    experiment = Experiment.from_dict({**row, "iterations": 20})
    return PlannedRun("table", 1, experiment, 3, {"iterations": 20}, tmp_path)


@pytest.fixture
def folder(planned):
    """A folder with experiment.yaml alone."""
    planned.folder.mkdir(parents=True)
    (planned.folder / "experiment.yaml").write_text(planned.to_yaml())
    return planned.folder


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")


def test_what_was_run_is_what_was_planned(planned, folder):
    run = StoredRun.read(folder)
    assert (run.table, run.number, run.seed) == ("table", 1, 3)
    assert run.heading == planned.heading == "table 1, seed 3: iterations=20"
    assert run.experiment == planned.experiment


def test_a_run_that_has_just_begun_has_nothing_yet(folder):
    run = StoredRun.read(folder)
    assert (run.records, run.samples, run.generators, run.best) == ([], {}, {}, None)
    with pytest.raises(UsageError, match="no saved generator yet: the command that began"):
        run.generator()


def test_why_there_is_no_generator(folder):
    (folder / "log.jsonl").write_text('{"iteration": 10, "not_finite": ["generator"]}\n')
    with pytest.raises(UsageError, match="because it diverged before the first one"):
        StoredRun.read(folder).generator()
    (folder / "log.jsonl").unlink()
    fill(folder, "metrics.json")
    with pytest.raises(UsageError, match="as published runs have none: train it again, or give"):
        StoredRun.read(folder).generator()
    (folder / "log.jsonl").write_text('{"iteration": 10, "not_finite": ["generator"]}\n')
    with pytest.raises(UsageError, match="because it diverged before the first one"):
        StoredRun.read(folder).generator()
    classifier = replace(StoredRun.read(folder), row={"stage": "classifier"})
    with pytest.raises(UsageError, match="trained a classifier: it has no generator"):
        classifier.generator()


def test_files_come_in_the_order_of_their_iterations(folder):
    fill(folder, "samples/000010.png", "samples/1000000.png", "samples/000500.png")
    fill(folder, "samples/reals.png", "samples/.partial-9-000010.png", "samples/1.png")
    fill(folder, "generator_model_000020.h5", "generator_model_000003.h5")
    fill(folder, "discriminator_model_000020.h5")
    run = StoredRun.read(folder)
    assert list(run.samples) == [10, 500, 1000000]
    assert run.samples[500] == folder / "samples" / "000500.png"
    assert list(run.generators) == [3, 20]


def test_the_best_generator_is_taken_or_the_last(folder):
    fill(folder, "generator_model_000020.h5", "generator_model_000003.h5")
    path, why = StoredRun.read(folder).generator()
    assert path.name == "generator_model_000020.h5" and "the last" in why
    fill(folder, "generator_model_best.h5")
    path, why = StoredRun.read(folder).generator()
    assert path.name == "generator_model_best.h5" and why == "the best"


def test_a_line_that_is_being_written_is_left_out(folder):
    (folder / "log.jsonl").write_text('{"iteration": 1, "d_loss": null}\n{"iterat')
    assert StoredRun.read(folder).records == [{"iteration": 1, "d_loss": None}]


@pytest.mark.parametrize("line", ["x", "[]", '{"d_loss": 1}', '{"iteration": "1"}', "[" * 100_000])
def test_a_damaged_log_is_named(folder, line):
    (folder / "log.jsonl").write_text(f'{line}\n{{"iteration": 1}}\n')
    with pytest.raises(UsageError, match="has a line that no run writes"):
        StoredRun.read(folder).records  # noqa: B018


def test_a_log_that_cannot_be_read_is_not_called_damaged(folder, monkeypatch):
    def denied(place):
        raise PermissionError(13, "Permission denied", str(place / "log.jsonl.gz"))

    monkeypatch.setattr("keras_gans.rows.stored.files.log", denied)
    with pytest.raises(UsageError, match=r"log\.jsonl\.gz cannot be read: Permission denied$"):
        StoredRun.read(folder).records  # noqa: B018


@pytest.mark.parametrize("content", ["", "3", "a: b", "table: t\nexperiment: one\nseed: 0\n"])
def test_another_experiment_yaml_is_refused(folder, content):
    (folder / "experiment.yaml").write_text(content)
    with pytest.raises(UsageError, match="is not the file that a run writes"):
        StoredRun.read(folder)


def test_a_folder_above_a_run_names_it(folder, tmp_path):
    with pytest.raises(UsageError) as caught:
        StoredRun.read(tmp_path)
    assert str(folder) in str(caught.value)
    with pytest.raises(UsageError, match="there is no folder"):
        StoredRun.read(tmp_path / "absent")


def test_a_row_of_another_version_can_be_looked_at(folder):
    path = folder / "experiment.yaml"
    path.write_text(path.read_text().replace("batch_size", "size_of_batches"))
    run = StoredRun.read(folder)
    assert run.heading == "table 1, seed 3: iterations=20"
    with pytest.raises(UsageError, match="size_of_batches"):
        run.experiment  # noqa: B018


def test_other_data_are_noticed(folder, random):
    values = random.standard_normal((5, 2), dtype="float32")
    data = Points("points", values, None, "points")
    run = StoredRun.read(folder)
    assert run.other_data(data) == ""  # nothing says what the run learned from
    (folder / "environment.json").write_text(json.dumps({"data": data.about}))
    assert run.other_data(data) == ""
    assert run.other_data(Points("points", values[:4], None, "p")) == "5 samples then, 4 now"
    difference = run.other_data(Points("points", values + 1, None, "points"))
    assert difference.startswith(f"sha256 {data.fingerprint[:8]}... then, ")


def test_a_packed_log_is_read_as_it_was(planned, folder):
    lines = b'{"iteration": 10, "d_loss": 0.5}\n{"iteration": 20, "d_loss": 0.25}\n'
    (folder / "log.jsonl").write_bytes(lines)
    metrics = {"iterations": 20, "sha256": {"log.jsonl": sha256(folder / "log.jsonl")}}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "log.jsonl").unlink()
    assert planned.result() is None
    (folder / PACKED_LOG).write_bytes(gzip.compress(lines))
    assert planned.result() == metrics
    assert [r["d_loss"] for r in StoredRun.read(folder).records] == [0.5, 0.25]
    (folder / PACKED_LOG).write_bytes(gzip.compress(lines + lines))
    assert planned.result() is None


@pytest.mark.parametrize(
    "content", [b"no gzip", gzip.compress(bytes(100))[:-9]], ids=["no gzip", "cut"]
)
def test_a_damaged_packed_log_is_named(planned, folder, content):
    (folder / PACKED_LOG).write_bytes(content)
    (folder / "metrics.json").write_text('{"iterations": 20, "sha256": {"log.jsonl": "0"}}')
    assert planned.result() is None
    with pytest.raises(UsageError, match="it is damaged"):
        _ = StoredRun.read(folder).records


def test_a_packed_log_that_fills_the_memory_is_refused(folder, monkeypatch):
    monkeypatch.setattr(files, "_LONGEST_LOG", 1000)
    (folder / PACKED_LOG).write_bytes(gzip.compress(bytes(2000)))
    with pytest.raises(UsageError, match="it is damaged"):
        _ = StoredRun.read(folder).records

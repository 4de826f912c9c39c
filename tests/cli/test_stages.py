"""Rows of a later stage on the command line: the row that they need comes first."""

import pytest
import yaml

GAN = {
    "derived_from": "CGAN", "dataset": "digits", "iterations": 20, "batch_size": 8,
    "latents": {"size": 5}, "loss": "binary_crossentropy", "optimizer": "adam",
    "generator": "conditional", "discriminator": "conditional", "save_every": 20,
}  # fmt: skip
CLASSIFIER = {"stage": "classifier", "derived_from": "LeNet", "dataset": "digits", "epochs": 2}


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    synthetic = {"row": 1, "share": 0.25}
    rows = {1: GAN, 2: CLASSIFIER, 3: {**CLASSIFIER, "synthetic": synthetic}}
    content = {"source": "s", "command": "c", "expected": "e", "rows": rows}
    (tmp_path / "t.yaml").write_text(yaml.safe_dump(content))
    return ["run", "--table", "t.yaml"]


def planned(said):
    return [line.split("/")[2] for line in said.splitlines() if line.startswith("# ")]


@pytest.mark.parametrize(
    ("asked", "rows"), [("3", ["1", "3"]), ("2", ["2"]), ("1,3", ["1", "3"]), ("2-3", "123")]
)
def test_the_gan_that_a_row_needs_is_planned_before_it(main, table, asked, rows):
    status, said, _ = main(*table, "--exp", asked, "--dry-run", "--verbose")
    assert status == 0
    assert planned(said) == list(rows)


def test_restart_is_for_the_row_that_was_asked_for_and_not_for_its_gan(main, table, monkeypatch):
    found = []
    monkeypatch.setattr("keras_gans.cli.run._train", lambda jobs, *about: found.extend(jobs) or 0)
    assert main(*table, "--exp", "3", "--restart")[0] == 0
    assert [(job.planned.number, job.restart) for job in found] == [(1, False), (3, True)]


def test_each_seed_has_its_own_gan_and_a_change_is_one_of_the_classifier(main, table):
    options = ["--exp", "3", "--seeds", "0-1", "--set", "epochs=1", "--dry-run", "--verbose"]
    _, said, _ = main(*table, *options)
    assert sorted(planned(said)) == ["1", "1", "3+epochs=1", "3+epochs=1"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--slurm-script", "a.sh"], "row 3 uses the generator of row 1: train that row first"),
        (["--ray"], "row 3 uses the generator of row 1: train it here, without --ray"),
        (["--iterations", "5"], "t 3: the row trains a classifier, which has no 'iterations'"),
    ],
)
def test_mistakes(main, table, options, says, tmp_path):
    status, _, err = main(*table, "--exp", "3", *options)
    assert (status, err.count("\n")) == (2, 1)
    assert says in err
    assert [path.name for path in tmp_path.iterdir()] == ["t.yaml"]


def test_the_list_shows_what_a_classifier_is_trained_on(main, table, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    status, said, _ = main(*table, "--list")
    assert status == 0
    lines = {line.split()[0]: line for line in said.splitlines() if line[:1].isdigit()}
    assert "2 epochs" in lines["3"] and "lenet on 25% of row 1" in lines["3"]
    assert "of row" not in lines["2"] and "new" in lines["2"]

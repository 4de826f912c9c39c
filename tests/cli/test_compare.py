"""`keras-gans compare`: runs with networks and without, finished or not, of any metrics."""

import json
import os

import pytest
import yaml
from commands import ROOT, files
from PIL import Image

from keras_gans.pictures import curves

PUBLISHED = ROOT / "results" / "published" / "akel2022"


@pytest.fixture
def drawn(monkeypatch):
    """The arguments of `curves.compared`, instead of a picture."""
    calls = []
    monkeypatch.setattr(curves, "compared", lambda *arguments: calls.append(arguments))
    return calls


@pytest.fixture
def write(tmp_path):
    """Function: makes the folder of a run with these records."""

    def make(name, *records, number=1, changed=None):
        about = {"table": "table", "experiment": number, "seed": 0, "changed": changed or {}}
        folder = tmp_path / name
        folder.mkdir()
        (folder / "experiment.yaml").write_text(yaml.safe_dump({**about, "row": {}}))
        lines = [{"iteration": 1, "d_loss": 1.0, "g_loss": 2.0}, *records]
        (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return folder

    return make


def test_published_runs_become_a_picture(main, tmp_path):
    out = tmp_path / "new" / "curves.png"
    runs = [PUBLISHED / number / "seed-0" for number in ("1", "3", "7")]
    status, said, err = main("compare", *runs, runs[0], "--out", out)
    assert (status, said, err) == (0, f"3 runs in {out}\n", "")
    with Image.open(out) as picture:
        assert picture.width == 1210


def test_a_measurement_is_there_if_one_run_has_it(main, write, drawn):
    first = write("a", {"iteration": 2, "kid5k_lenet": 1.0, "recall5k_lenet": None})
    second = write("b", {"iteration": 2, "fid5k_lenet": 3}, number=2, changed={"loss": "mse"})
    third = write("c", {"iteration": 2, "fid10k_lenet": 3}, {"iteration": 3, "not_finite": ["g"]})
    assert main("compare", first, second, third)[0] == 0
    ((out, runs, better),) = drawn
    assert out.name == "curves.png"
    assert list(better.items()) == [
        ("fid10k_lenet", "lower"),
        ("fid5k_lenet", "lower"),
        ("kid5k_lenet", "lower"),
    ]
    assert list(runs) == [
        "table 1, seed 0 (a)",
        "table 2, seed 0: loss=mse",
        "table 1, seed 0 (c)",
    ]


def test_classifiers_are_compared_by_their_accuracy(main, drawn):
    runs = [ROOT / "results" / "published" / "sundar2018" / n / "seed-0" for n in ("40", "51")]
    assert main("compare", *runs)[0] == 0
    ((_, found, better),) = drawn
    assert list(found) == ["sundar2018 40, seed 0", "sundar2018 51, seed 0"]
    assert better == dict.fromkeys(["test_accuracy", "test_accuracy_untuned"], "higher")


def test_a_classifier_is_drawn_beside_a_gan(main, tmp_path):
    classifier = ROOT / "results" / "published" / "sundar2018" / "40" / "seed-0"
    out = tmp_path / "curves.png"
    assert main("compare", classifier, PUBLISHED / "1" / "seed-0", "--out", out)[0] == 0
    with Image.open(out) as picture:
        assert picture.height > 700  # five panels in three rows


def test_a_run_that_is_given_twice_is_one(main, write, drawn):
    folder = write("a")
    assert main("compare", folder, f"{folder}/../a")[0] == 0
    assert list(drawn[0][1]) == ["table 1, seed 0"]


def test_a_run_without_losses_yet_is_named(main, write, drawn):
    folder = write("a")
    os.truncate(folder / "log.jsonl", 10)
    status, _, err = main("compare", folder)
    said = f"keras-gans compare: {folder} has no losses in its log.jsonl yet: leave it out\n"
    assert (status, err, drawn) == (2, said, [])


def test_a_published_run_without_a_log_is_not_called_damaged(main, drawn):
    folder = PUBLISHED / "1" / "seed-1"
    status, _, err = main("compare", folder)
    assert (status, drawn) == (2, [])
    assert err == (
        f"keras-gans compare: {folder} has no log.jsonl, as many published runs: leave it out, or "
        "train it again\n"
    )


def test_a_run_that_diverged_before_its_first_losses_is_named(main, write, drawn):
    folder = write("a")
    (folder / "log.jsonl").write_text('{"iteration": 3, "not_finite": ["generator"]}\n')
    status, _, err = main("compare", folder)
    assert (status, drawn) == (2, [])
    assert err == f"keras-gans compare: {folder} diverged before its first losses: leave it out\n"


@pytest.mark.parametrize("size", [0, 10, 55])
def test_a_log_of_a_finished_run_that_was_cut_is_damaged(main, write, drawn, size):
    folder = write("a", {"iteration": 2, "d_loss": 1.0, "g_loss": 2.0})
    (folder / "metrics.json").write_text("{}")
    assert main("compare", folder)[0] == 0
    drawn.clear()
    os.truncate(folder / "log.jsonl", size)
    status, _, err = main("compare", folder)
    assert (status, drawn) == (2, [])
    assert "log.jsonl" in err and "is damaged; the command of the run writes it again" in err


def test_a_full_disk_is_one_line_and_leaves_nothing(main, write, tmp_path, monkeypatch):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_gans.files.sync", full)
    out = tmp_path / "out" / "curves.png"
    status, _, err = main("compare", write("a"), "--out", out)
    assert status == 1
    assert err == f"keras-gans compare: cannot write {out}: No space left on device\n"
    assert files(tmp_path / "out") == []

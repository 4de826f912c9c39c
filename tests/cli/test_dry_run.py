"""What `--dry-run` shows, with rates that are there, with none, and with one that it measures."""

import json
import re

import pytest
from commands import files, finish, in_one_process, keras_gans

from keras_gans.rows import PlannedRun, read_table
from keras_gans.runs import rates
from keras_gans.runs.costs import Costs
from keras_gans.runs.executors import Job
from keras_gans.runs.rates import Rate

ASK = ["keras-gans", "run", "--dry-run", "--data-dir", "data", "--table", "quickstart"]
REQUESTS = {
    "known": [*ASK, "--exp", "1,2", "--seeds", "0-1"],
    "one": [*ASK, "--exp", "2"],
    "side by side": [*ASK, "--exp", "1,2", "--seeds", "0-1", "--jobs", "2"],
    "begun": [*ASK, "--exp", "1,2", "--results", "begun"],
    "again": [*ASK, "--exp", "1,2", "--results", "begun", "--restart"],
    "without data": [*ASK, "--exp", "1", "--dataset", "celeba"],
    "known without data": [*ASK, "--exp", "2", "--dataset", "celeba"],
    "some without data": ["keras-gans", "run", "--dry-run", "--data-dir", "data", "--exp", "1-2"],
}
SECONDS = {1: 100, 2: 20}


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """Answers to all requests, from one process."""
    folder = tmp_path_factory.mktemp("requests")
    runs = {
        number: PlannedRun(
            "quickstart", number, read_table("quickstart").experiment(number), 0, {}, folder / "x"
        )
        for number in SECONDS
    }
    faces = read_table("quickstart").experiment(2, {"dataset": "celeba"})
    faces = PlannedRun("quickstart", 2, faces, 0, {"dataset": "celeba"}, folder / "x")
    for side_by_side in (1, 2):
        jobs = [Job(run, "quickstart", folder / "data") for run in [*runs.values(), faces]]
        costs = Costs(jobs, ["new"] * 3, side_by_side)
        for job in jobs:
            row = job.planned.experiment
            iteration = SECONDS[job.planned.number] / row.iterations
            rates.keep(costs._keys[job], Rate(0.0, iteration, 0.0, 0.0, 1), folder / "data")
    for number, run in runs.items():
        begun = PlannedRun("quickstart", number, run.experiment, 0, {}, folder / "begun")
        half = begun.folder / "checkpoint" / f"{run.experiment.iterations // 2:06d}"
        half.mkdir(parents=True)
        (half / "manifest.json").write_text("{}")
        (begun.folder / "experiment.yaml").write_text(begun.to_yaml())
        if number == 1:
            metrics = {"iterations": run.experiment.iterations, "sha256": {}}
            (begun.folder / "metrics.json").write_text(json.dumps(metrics))
    before = files(folder)
    answers = in_one_process(REQUESTS, folder)
    assert files(folder) == before
    return answers


def rows(answered, case):
    """The rows of the table that is shown, and the line below it."""
    answer = answered[case]
    assert (answer["status"], answer["err"], answer["imported"]) == (0, "", [])
    lines = answer["out"].splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("exp "))
    assert lines[begin].split() == ["exp", "seed", "state", "iterations", "time"]
    return [tuple(line.split(None, 4)) for line in lines[begin + 1 : -2]], lines[-1]


def test_each_run_has_a_line_and_its_time(answered):
    table, total = rows(answered, "known")
    assert table == [
        ("1", "0", "new", "6,000", "1:40"),
        ("1", "1", "new", "6,000", "1:40"),
        ("2", "0", "new", "1,500", "0:20"),
        ("2", "1", "new", "1,500", "0:20"),
    ]
    assert total == "4 runs: 4:00"


def test_one_run_is_one(answered):
    assert rows(answered, "one")[1] == "1 run: 0:20"


def test_the_total_of_runs_side_by_side_is_that_of_packing_them(answered):
    assert rows(answered, "side by side")[1] == "4 runs, 2 at a time: 2:00"


def test_only_what_is_left_takes_time(answered):
    table, total = rows(answered, "begun")
    assert table == [("1", "0", "finished", "0", "0:00"), ("2", "0", "interrupted", "750", "0:10")]
    assert total == "2 runs: 0:10"
    table, total = rows(answered, "again")
    assert [line[2:] for line in table] == [("new", "6,000", "1:40"), ("new", "1,500", "0:20")]


@pytest.mark.parametrize("case", ["without data", "known without data", "some without data"])
def test_where_data_are_missing_the_time_is_unknown_and_says_why(answered, case):
    table, total = rows(answered, case)
    assert all(
        re.match("unknown: .*keras-gans prepare|unknown: .*mnist", line[4]) for line in table
    )
    unknown = sum(line[4].startswith("unknown") for line in table)
    left = "unknown" if unknown == len(table) else f"0:00, without {unknown} of unknown time"
    assert re.fullmatch(rf"\d runs?: {left}", total)


def test_a_rate_that_is_not_known_is_measured_once(tmp_path):
    ask = keras_gans("run", "--table", "quickstart", "--exp", "6", "--seeds", "0-1", "--dry-run")
    ask += ["--data-dir", tmp_path / "data", "--results", tmp_path / "results"]
    (tmp_path / "data").mkdir()
    first = finish(ask)
    assert (first.returncode, first.stderr) == (0, "")
    assert "quickstart: measuring 1 row" in first.stdout
    (rate,) = [name for name in files(tmp_path) if name.startswith("data/rates/")]
    assert [name for name in files(tmp_path) if not name.startswith("data/")] == []
    again = finish(ask)
    assert "measuring" not in again.stdout
    assert first.stdout[first.stdout.index("exp ") :] == again.stdout[again.stdout.index("exp ") :]
    assert re.search(r"^6 +1 +new +[\d,]+ +\d+:\d\d$", again.stdout, re.M)
    content = json.loads((tmp_path / rate).read_text())
    assert content["rate"]["iterations"] > 100

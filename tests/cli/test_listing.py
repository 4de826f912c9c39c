"""`run --list`: rows with their state and time, in the width of the terminal."""

import json
import shutil
from dataclasses import replace

import pytest
from commands import ROOT

from keras_gans import cli, files
from keras_gans.cli import listing
from keras_gans.rows import PlannedRun, read_table, tables
from keras_gans.runs import machine, rates


@pytest.fixture
def listed(main, tmp_path, monkeypatch):
    """Function: dict from number to the line of a table, and the whole text."""
    places = ["--results", tmp_path / "results", "--data-dir", tmp_path / "data"]
    (tmp_path / "data").mkdir()
    # Of the published runs, one: others come with time.
    one, published = "akel2022/3/seed-0", tmp_path / "published"
    shutil.copytree(ROOT / "results" / "published" / one, published / one)
    monkeypatch.setattr(listing, "_published", lambda run: replace(run, results=published))

    def show(*options, columns=80, table="akel2022"):
        monkeypatch.setenv("COLUMNS", str(columns))
        status, said, err = main("run", "--list", "--table", table, *places, *options)
        assert (status, err) == (0, "")
        lines = [line.split() for line in said.splitlines()]
        return {int(line[0]): line for line in lines if line and line[0].isdigit()}, said

    return show


@pytest.fixture
def plan(tmp_path):
    def planning(number, seed=0, table="akel2022"):
        row = read_table(table).experiment(number)
        return PlannedRun(table, number, row, seed, {}, tmp_path / "results")

    return planning


def begin(run):
    run.folder.mkdir(parents=True)
    (run.folder / "experiment.yaml").write_text(run.to_yaml())


def finish(run, seconds):
    begin(run)
    metrics = {"iterations": run.experiment.iterations, "sha256": {}, "seconds": {"wall": seconds}}
    (run.folder / "metrics.json").write_text(json.dumps(metrics))


def test_each_row_has_its_state_and_the_time_that_was_measured(listed, plan):
    finish(plan(2), 125.4)
    begin(plan(5))
    lines, said = listed()
    assert list(lines) == list(range(1, 21))
    assert lines[2][-2:] == ["finished", "2:05"]
    assert lines[5][-1] == "interrupted"
    assert lines[6][-1] == "new"
    published = ROOT / "results" / "published" / "akel2022" / "3" / "seed-0" / "metrics.json"
    minutes, seconds = divmod(round(json.loads(published.read_text())["seconds"]["wall"]), 60)
    assert lines[3][-2:] == ["published", f"{minutes}:{seconds:02}"]
    assert "State and time: seed 0." in said


def test_a_run_of_other_settings_is_called_so(listed, plan):
    begin(plan(4))
    path = plan(4).folder / "experiment.yaml"
    path.write_text(path.read_text().replace("batch_size: 32", "batch_size: 33"))
    assert listed()[0][4][-2:] == ["other", "settings"]


def test_a_copy_of_a_table_with_other_settings_has_no_published_runs(main, tmp_path):
    """A table has the name of its file, and so have the published runs."""
    text = (ROOT / "experiments" / "akel2022.yaml").read_text()
    (tmp_path / "akel2022.yaml").write_text(text.replace("batch_size: 32", "batch_size: 16"))
    options = ["--table", tmp_path / "akel2022.yaml", "--results", tmp_path / "results"]
    status, said, err = main("run", "--list", *options)
    assert (status, err) == (0, "")
    (line,) = [line for line in said.splitlines() if line.startswith("3 ")]
    assert "new" in line


def test_a_kept_rate_gives_the_time_that_is_expected(listed, plan, tmp_path):
    run = plan(6)
    key = rates.key(run.experiment, machine.speed())
    rates.keep(key, rates.Rate(10.0, 0.01, 0.0, 0.0, 100), tmp_path / "data")
    assert listed()[0][6][-2:] == ["new", "~0:50"]  # 10 s and 4,000 iterations
    assert listed("--seeds", "0-2")[0][6][-2:] == ["new", "~2:30"]


def test_changed_rows_are_counted(listed, plan):
    assert "changed rows" not in listed()[1]
    for iterations in (7, 8):
        begin(replace(plan(3), changed={"iterations": iterations}))
    said = " ".join(listed()[1].split())
    assert "Runs of changed rows: 2, such as 3+iterations=7; `keras-gans report` shows" in said


def test_several_seeds_are_counted(listed, plan):
    for seed in (0, 2):
        finish(plan(8, seed), 100)
    assert " ".join(listed("--seeds", "0-2", columns=200)[0][8]).endswith("2 finished, 1 new")
    assert listed("--seeds", "0,2")[0][8][-2:] == ["finished", "3:20"]


@pytest.mark.parametrize("table", ["akel2022", "akel2022_ablation", "quickstart"])
def test_lines_fit_a_terminal_of_80_columns(listed, plan, table):
    number = min(read_table(table).rows)
    begin(plan(number, table=table))
    said = listed(table=table)[1]
    several = listed("--seeds", "0-4", table=table)[1]
    assert max(map(len, [*said.splitlines(), *several.splitlines()])) <= 80
    assert "A terminal of more columns shows also:" in said


def test_a_wide_terminal_shows_everything(listed):
    lines, said = listed(columns=200)
    assert lines[18][:10] == (
        ["18", "DCGAN", "celeba", "4,000", "100", "128", "binary_crossentropy"]
        + ["transposed", "fid_thesis", "0.0681"]
    )
    assert "more columns" not in said


def test_rows_stand_under_what_they_are_for(listed):
    said = listed(columns=200, table="vedal2017")[1].splitlines()
    heading = said.index("Leak of both networks, 0.01, 0.1 and 0.3 (row 9 has 0.2)")
    assert said[heading - 1] == ""
    assert [line.split()[0] for line in said[heading + 1 : heading + 4]] == ["31", "32", "33"]
    assert said[heading + 4] == ""


def test_a_heading_is_shown_where_its_first_row_is_wrong(main, tmp_path):
    text = (ROOT / "experiments" / "quickstart.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("iterations: 6000", "iterations: none", 1))
    options = ["--table", tmp_path / "mine.yaml", "--results", tmp_path / "results"]
    status, said, err = main("run", "--list", *options)
    assert status == 2 and "mine 1: iterations" in err
    lines = said.splitlines()
    assert lines[lines.index("The four GANs of akel2022") + 1].startswith("2 ")


def test_every_table_of_the_package_is_named_with_its_document(listed):
    lines = listed()[1].splitlines()
    found = lines[lines.index("Tables (--table NAME):") + 1 :]
    assert [line.split()[0] for line in found] == tables()
    (vedal,) = [line for line in found if line.startswith("vedal2017 ")]
    assert "A. Vedal, C. Matsoukas and W. Kryscinski, Exploring" in vedal


def test_a_list_of_finished_runs_reads_no_networks(plan, capsys, monkeypatch):
    read = files.sha256

    def not_networks(path):
        assert path.suffix != ".h5"
        return read(path)

    for number in (1, 2):
        finish(plan(number), 60)
        metrics = plan(number).folder / "metrics.json"
        content = json.loads(metrics.read_text())
        content["sha256"]["generator_model_best.h5"] = "0"
        metrics.write_text(json.dumps(content))
        (plan(number).folder / "generator_model_best.h5").write_text("some")
    monkeypatch.setattr(files, "sha256", not_networks)
    assert cli.main(["run", "--list", "--results", str(plan(1).results)]) == 0
    assert capsys.readouterr().out.count("finished") == 2

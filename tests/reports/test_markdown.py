"""Pages of results: measured values against those that the documents print."""

import os

import pytest
import yaml

from keras_gans import reports
from keras_gans.errors import UsageError

HEAD = ["row", "from", "data", "iterations", "seed", "printed", "measure", "start", "end"]
HEAD += ["best (at)", "time", "last samples"]


@pytest.fixture
def lines(tmp_path):
    """A function that writes the page; returns the lines of its table, as lists of cells."""

    def read():
        (page,) = reports.write(tmp_path)
        runs, _, _ = page.read_text().partition("\n## ")
        table = [line for line in runs.splitlines() if line.startswith("| ")]
        return [[cell.strip() for cell in line[1:-1].split(" | ")] for line in table]

    return read


@pytest.fixture
def columns(lines):
    """A function that writes the page; returns the columns of its table by their heads."""
    return lambda: {head: list(cells) for head, *cells in zip(*lines(), strict=True)}


def test_page_has_measured_against_printed(tmp_path, write_run, lines):
    write_run()
    assert lines() == [
        HEAD,
        ["1", "GAN", "mnist.npz (60,000)", "30,000", "0", "fid_thesis 53.7039", "fid5k_lenet"]
        + ["812.3", "9.877", "8.5 (29,500)", "37:28", "[picture](1/seed-0/samples/030000.png)"],
    ]
    (page,) = reports.write(tmp_path)
    assert page == tmp_path / "akel2022" / "README.md"
    text = page.read_text()
    assert text.startswith("# akel2022: measured against printed\n")
    assert "S. Akel" in text  # the table's source


def test_every_line_of_the_table_has_as_many_cells_as_its_head(tmp_path, write_run):
    write_run()
    write_run("2", experiment=2, measured={}, printed={})
    write_run("2+a=b", experiment=2, changed={"a": "b|c"}, seed=1)
    write_run("2+a=b", experiment=2, changed={"a": "b|c"}, seed=2)
    (page,) = reports.write(tmp_path)
    text = page.read_text().partition("\n## ")[0].replace(r"\|", "")
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 2 + 3
    assert len({line.count("|") for line in table}) == 1


def test_null_is_a_value_that_could_not_be_measured(write_run, columns, fid):
    write_run(measured=fid(None, None, None, None), printed={})
    page = columns()
    assert [page[head][0] for head in ("start", "end", "best (at)")] == ["null"] * 3
    assert (page["printed"][0], page["measure"][0]) == ("", "fid5k_lenet")


def test_run_that_measures_nothing_has_a_line(write_run, columns):
    write_run(measured={})
    page = columns()
    assert (page["measure"], page["start"]) == (["-"], ["null"])
    assert page["printed"] == ["fid_thesis 53.7039"]


def test_distance_of_zero_is_a_number(write_run, columns, fid):
    write_run(measured=fid(0.0, 0.0, 0.0, 1))
    page = columns()
    assert [page[head][0] for head in ("start", "end", "best (at)")] == ["0", "0", "0 (1)"]


def test_a_line_over_seeds_says_how_many_ended_early(write_run, columns):
    for seed, diverged_at in ((0, 1200), (1, None), (2, 900)):
        write_run(seed=seed, diverged_at=diverged_at)
    assert columns()["iterations"][-1] == "30,000 (diverged in 2 of 3)"


def test_diverged_run_says_so(write_run, columns):
    write_run(diverged_at=1200)
    assert columns()["iterations"] == ["30,000 (diverged at 1,200)"]


@pytest.mark.parametrize(
    ("seconds", "time"), [(20.2, "0:20"), (240, "4:00"), (2248.3, "37:28"), (37480, "10:24:40")]
)
def test_times_are_readable(write_run, columns, seconds, time):
    write_run(seconds={"wall": seconds})
    assert columns()["time"] == [time]


# --- several measures -------------------------------------------------------------------------


def test_each_measure_has_a_line_below_the_first(write_run, columns, fid):
    precision = {
        "metric": "precision",
        "better": "higher",
        "first": 0.0,
        "last": 0.5,
        "best": 0.625,
    }
    precision |= {"best_iteration": 100}
    measured = fid(800.0, 9.0, 8.0) | {"precision5k_lenet": precision}
    write_run(measured=measured, printed={"precision": 0.7, "fid_thesis": 53.5, "fid5k_lenet": 7.0})
    page = columns()
    assert page["measure"] == ["fid5k_lenet", "precision5k_lenet"]
    assert page["best (at)"] == ["8 (29,500)", "0.625 (100)"]
    # A printed number stands in the line of its measure, any other one in the first line.
    assert page["printed"] == ["fid_thesis 53.5, fid5k_lenet 7", "precision 0.7"]
    for head in ("row", "from", "data", "iterations", "seed", "time", "last samples"):
        assert page[head][0]
        assert not page[head][1]


# --- changed rows -----------------------------------------------------------------------------


def test_each_change_of_a_row_is_named_in_its_line(write_run, columns):
    write_run()
    changes = [
        {"constraint": {"name": "clip", "limit": 0.01}, "iterations": 20},
        {"loss": "mse"},
        {"penalty": None, "save_at": [15, 20]},
    ]
    for i, changed in enumerate(changes):
        write_run(f"1+{i}", changed=changed)
    page = columns()
    assert page["row"] == ["1"] * 4
    assert page["changes"] == [
        "",
        "loss = mse",
        "constraint = {name: clip, limit: 0.01}, iterations = 20",
        "penalty = null, save_at = [15, 20]",
    ]


def test_page_without_changes_has_no_column_for_them(write_run, lines):
    write_run()
    assert lines()[0] == HEAD


def test_links_lead_to_folders_with_plus_and_equals(write_run, columns):
    write_run("1+clip=0.5+iterations=20", changed={"clip": 0.5, "iterations": 20})
    assert columns()["last samples"] == [
        "[picture](1%2Bclip%3D0.5%2Biterations%3D20/seed-0/samples/030000.png)"
    ]


def test_missing_picture_has_no_link(write_run, columns):
    path = write_run()
    (path.parent / "samples" / "030000.png").unlink()
    assert columns()["last samples"] == [""]


# --- seeds ------------------------------------------------------------------------------------


def test_seeds_have_a_line_each_and_one_over_all(tmp_path, write_run, columns, fid):
    for seed, best in enumerate((8.0, 10.0, 15.0)):
        write_run(seed=seed, measured=fid(800.0, 20.0, best), seconds={"wall": 60.0 * seed})
    page = columns()
    assert page["row"] == ["1"] * 4
    assert page["seed"] == ["0", "1", "2", "3 seeds"]
    assert page["best (at)"][-1] == "11 ± 3.6"
    assert page["start"][-1] == "800 ± 0"
    assert page["time"] == ["0:00", "1:00", "2:00", "1:00"]
    assert page["last samples"][-1] == ""
    assert "deviation" in (tmp_path / "akel2022" / "README.md").read_text()


def test_spread_over_some_of_the_seeds_says_how_many(write_run, columns, fid):
    write_run(seed=0, measured=fid(800.0, None, None, None))
    write_run(seed=1, measured=fid(800.0, 20.0, 10.0))
    write_run(seed=2, measured=fid(800.0, 30.0, None, None))
    page = columns()
    assert page["end"][-1] == "25 ± 7.1 (2 of 3)"
    assert page["best (at)"][-1] == "10 (1 of 3)"


def test_seeds_of_different_changes_are_kept_apart(write_run, columns):
    for seed in (0, 1):
        write_run(seed=seed)
    write_run("1+loss=mse", changed={"loss": "mse"}, seed=7)
    page = columns()
    assert page["seed"] == ["0", "1", "2 seeds", "7"]
    assert page["changes"] == ["", "", "", "loss = mse"]


def test_single_seeds_have_no_line_over_seeds(tmp_path, write_run, columns):
    write_run(seed=3)
    assert columns()["seed"] == ["3"]
    assert "deviation" not in (tmp_path / "akel2022" / "README.md").read_text()


# --- files ------------------------------------------------------------------------------------


def test_bar_in_a_name_does_not_break_the_table(tmp_path, write_run):
    write_run(data="a|b.npz")
    (page,) = reports.write(tmp_path)
    assert r"a\|b.npz (60,000)" in page.read_text()


def test_each_table_has_a_page_and_one_can_be_asked_for(tmp_path, write_run):
    write_run()
    write_run(table="quickstart")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert reports.write(tmp_path, "quickstart") == [tmp_path / "quickstart" / "README.md"]
    assert not (tmp_path / "akel2022" / "README.md").exists()
    assert [path.parent.name for path in reports.write(tmp_path)] == ["akel2022", "quickstart"]
    assert not list(tmp_path.rglob(".partial*"))


def test_tables_under_published_have_pages_of_their_own(tmp_path, write_run):
    write_run(table="published/akel2022")
    assert reports.write(tmp_path / "published") == [
        tmp_path / "published" / "akel2022" / "README.md"
    ]
    with pytest.raises(UsageError, match="no finished runs"):
        reports.write(tmp_path)


def test_results_of_an_unknown_table_have_a_page_without_a_source(tmp_path, write_run):
    write_run(table="of-mine")
    (page,) = reports.write(tmp_path)
    assert "Source" not in page.read_text()


@pytest.mark.parametrize("table", [None, "akel2022"])
def test_without_finished_runs_there_is_a_hint(tmp_path, table):
    with pytest.raises(UsageError, match=r"no finished runs under .*keras-gans run --table"):
        reports.write(tmp_path / "nowhere", table)


def test_damaged_metrics_leave_no_page(tmp_path, write_run):
    write_run().write_text("{")
    with pytest.raises(UsageError, match=r"metrics\.json"):
        reports.write(tmp_path)
    assert not list(tmp_path.rglob("*README.md"))


def test_damaged_logs_that_a_claim_asks_for_are_named(claimed):
    path = claimed / "akel2022" / "akel2022.yaml"
    content = yaml.safe_load(path.read_text())
    rows = [{"row": n, "at": 500} for n in (1, 2)]
    content["claims"] = {1: {"says": "a", "where": "b", "test": {"name": "ordered", "rows": rows}}}
    path.write_text(yaml.safe_dump(content))
    log = claimed / "akel2022" / "1" / "seed-0" / "log.jsonl"
    os.truncate(log, 100)
    damaged = []
    (page,) = reports.write(claimed, damaged=damaged)
    (error,) = damaged
    assert str(error).startswith(f"{log} has a line that no run writes")
    text = page.read_text()
    assert "row 1 at 500 = 533.3 over 2 seeds, row 2 at 500 = 1067 over 3 seeds" in text
    assert "| 3 seeds |" in text  # metrics.json of all of them is whole

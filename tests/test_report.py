"""Pages of results: what finished runs measured, beside what the documents print."""

import json

import pytest

from keras_gans import report
from keras_gans.errors import UsageError

METRICS = {
    "table": "akel2022",
    "experiment": 1,
    "changed": {},
    "seed": 0,
    "derived_from": "GAN",
    "data": "mnist.npz",
    "images": 60000,
    "iterations": 30000,
    "final": {"d_loss": 0.5, "g_loss": 1.0},
    "metric": "fid5000_lenet",
    "better": "lower",
    "measured": {"first": 812.34, "last": 9.8765, "best": 8.5, "best_iteration": 29500},
    "printed": {"fid_thesis": 53.7039},
    "seconds": {"wall": 412.6, "training": 400.0},
    "iterations_per_second": 72.7,
}


def write_run(results, folder="1", **changes):
    metrics = {**METRICS, **changes}
    path = results / metrics["table"] / folder / f"seed-{metrics['seed']}" / "metrics.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(metrics))
    return path


def rows(page):
    lines = [line for line in page.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_page_has_measured_beside_printed(tmp_path):
    write_run(tmp_path)
    (page,) = report.write(tmp_path)
    assert page == tmp_path / "akel2022" / "README.md"
    text = page.read_text()
    assert text.startswith("# akel2022: measured beside printed\n")
    assert "S. Akel" in text  # the table's source
    assert rows(page) == [
        ["1", "GAN", "mnist.npz (60,000)", "30,000", "fid_thesis 53.7039", "fid5000_lenet", "812.3"]
        + ["9.877", "8.5 (29,500)", "413 s", "[grid](1/seed-0/samples/030000.png)"]
    ]


def test_every_line_of_the_table_has_as_many_cells_as_its_head(tmp_path):
    write_run(tmp_path)
    write_run(tmp_path, "2", experiment=2, measured=None, printed={})
    (page,) = report.write(tmp_path)
    table = [line for line in page.read_text().splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1


def test_what_could_not_be_measured_is_null_and_what_is_not_printed_a_dash(tmp_path):
    write_run(tmp_path, measured=None, printed={})
    (page,) = report.write(tmp_path)
    assert rows(page)[0][4:9] == ["-", "fid5000_lenet", "null", "null", "null"]


def test_distance_of_zero_is_a_number(tmp_path):
    zero = {"first": 0.0, "last": 0.0, "best": 0.0, "best_iteration": 1}
    write_run(tmp_path, measured=zero)
    (page,) = report.write(tmp_path)
    assert rows(page)[0][6:9] == ["0", "0", "0 (1)"]


def test_rows_are_in_the_order_of_numbers_then_changes_then_seeds(tmp_path):
    write_run(tmp_path, "10", experiment=10)
    write_run(tmp_path, "2+clip=1", experiment=2, changed={"clip": 1})
    write_run(tmp_path, "2", experiment=2, seed=1)
    write_run(tmp_path, "2", experiment=2)
    (page,) = report.write(tmp_path)
    assert [row[0] for row in rows(page)] == ["2", "2 (seed 1)", "2*", "10"]


def test_changes_are_named_once_under_the_table_and_the_link_leads_there(tmp_path):
    changed = {"clip": 0.5, "iterations": 20}
    for seed in (0, 1):
        write_run(tmp_path, "1+clip=0.5+iterations=20", changed=changed, seed=seed)
    (page,) = report.write(tmp_path)
    assert page.read_text().count("1*: the row with clip = 0.5, iterations = 20.") == 1
    assert rows(page)[0][-1] == (
        "[grid](1%2Bclip%3D0.5%2Biterations%3D20/seed-0/samples/030000.png)"
    )


def test_bar_in_a_name_does_not_break_the_table(tmp_path):
    write_run(tmp_path, data="a|b.npz")
    (page,) = report.write(tmp_path)
    assert r"a\|b.npz (60,000)" in page.read_text()


def test_each_table_has_a_page_of_its_own_and_one_can_be_asked_for(tmp_path):
    write_run(tmp_path)
    write_run(tmp_path, table="quickstart")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert report.write(tmp_path, "quickstart") == [tmp_path / "quickstart" / "README.md"]
    assert not (tmp_path / "akel2022" / "README.md").exists()
    assert [path.parent.name for path in report.write(tmp_path)] == ["akel2022", "quickstart"]
    assert not list(tmp_path.rglob(".partial*"))


def test_results_of_a_table_that_is_gone_have_a_page_without_a_source(tmp_path):
    write_run(tmp_path, table="of-mine")
    (page,) = report.write(tmp_path)
    assert "Source" not in page.read_text()


def test_unfinished_run_is_not_on_the_page(tmp_path):
    write_run(tmp_path)
    unfinished = tmp_path / "akel2022" / "2" / "seed-0"
    unfinished.mkdir(parents=True)
    (unfinished / "experiment.yaml").write_text("{}")
    (page,) = report.write(tmp_path)
    assert [row[0] for row in rows(page)] == ["1"]


@pytest.mark.parametrize("table", [None, "akel2022"])
def test_without_finished_runs_there_is_a_hint(tmp_path, table):
    with pytest.raises(UsageError, match=r"no finished runs under .*run_experiment.py --exp 1"):
        report.write(tmp_path / "nowhere", table)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"experiment": 1}', "\x00", "null"])
def test_damaged_metrics_are_named(tmp_path, content):
    path = write_run(tmp_path)
    path.write_text(content)
    with pytest.raises(UsageError, match=f"^{path} is not what a run writes"):
        report.write(tmp_path)
    assert not list(tmp_path.rglob("*README.md"))

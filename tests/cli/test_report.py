"""`keras-gans report` on the results of a real run."""

import re
import shutil
from urllib.parse import unquote

import pytest
from commands import ROOT, in_one_process

PUBLISHED = ROOT / "results" / "published"


def test_the_page_shows_the_run_without_keras(trained, tmp_path):
    results = tmp_path / "results"
    shutil.copytree(trained[0].parents[2], results, ignore=shutil.ignore_patterns("*.h5"))
    (answer,) = in_one_process({"": ["keras-gans", "report"]}, tmp_path).values()
    assert (answer["status"], answer["err"], answer["imported"]) == (0, "", [])
    assert answer["out"] == "results/quickstart/README.md\n"
    page = results / "quickstart" / "README.md"
    (line,) = [text for text in page.read_text().splitlines() if text.startswith("| 1 |")]
    assert "| fid20_lenet |" in line and "iterations = 30" in line
    assert (page.parent / unquote(re.search(r"\]\((.*?)\)", line)[1])).is_file()


def test_the_page_of_html_is_written_without_keras(trained, tmp_path):
    results = tmp_path / "results"
    shutil.copytree(trained[0].parents[2], results, ignore=shutil.ignore_patterns("*.h5"))
    (answer,) = in_one_process({"": ["keras-gans", "report", "--html"]}, tmp_path).values()
    assert (answer["status"], answer["err"], answer["imported"]) == (0, "", [])
    assert answer["out"] == "results/quickstart/report.html\n"
    text = (results / "quickstart" / "report.html").read_text()
    assert "fid20_lenet" in text and text.count("<img ") == len(samples(results))


@pytest.fixture
def results(tmp_path):
    """A folder of results with the published runs of two tables, without pages."""
    for name in ("sabiri2022", "modern"):
        kept = shutil.ignore_patterns("README.md", "report.html", "*.png")
        shutil.copytree(PUBLISHED / name, tmp_path / name, ignore=kept)
    return tmp_path


@pytest.mark.parametrize("table", ["modern", "modern.yaml", "experiments/modern.yaml"])
def test_a_table_is_named_as_for_run(main, results, table):
    page = results / "modern" / "README.md"
    assert main("report", "--results", results, "--table", table) == (0, f"{page}\n", "")
    assert not (results / "sabiri2022" / "README.md").exists()


@pytest.mark.parametrize(
    ("table", "advice"),
    [
        ("modren", "; did you mean 'modern'?"),
        ("quickstart", "; there is modern, sabiri2022"),
        ("res/t.yaml", "; there is modern, sabiri2022"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--html",)])
def test_tables_that_have_runs_are_named(main, results, table, advice, options):
    status, _, err = main("report", *options, "--results", results, "--table", table)
    place = results / table.removeprefix("res/").removesuffix(".yaml")
    kind = "runs" if options else "finished runs"
    said = f"keras-gans report: there are no {kind} under {place}{advice}\n"
    assert (status, err) == (2, said)


@pytest.mark.parametrize(("options", "name"), [((), "README.md"), (("--html",), "report.html")])
def test_a_full_disk_names_the_page(main, results, monkeypatch, options, name):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_gans.files.sync", full)
    page = results / "modern" / name
    message = f"keras-gans report: cannot write {page}: No space left on device\n"
    given = ("--results", results, "--table", "modern", *options)
    assert main("report", *given) == (1, "", message)
    assert not page.exists()


def samples(results):
    return [path for path in results.rglob("samples/*.png") if path.stem.isdigit()]

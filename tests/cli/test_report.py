"""`keras-gans report` on the results of a real run."""

import re
import shutil
from urllib.parse import unquote

from commands import in_one_process


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


def samples(results):
    return [path for path in results.rglob("samples/*.png") if path.stem.isdigit()]

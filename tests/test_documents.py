"""What the documents show has to work as it stands there."""

import json
import re
from pathlib import Path

import pytest

from keras_gans import cli
from keras_gans.experiment import Run, read_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs_as_printed(tmp_path, monkeypatch):
    (example,) = re.findall(r"```python\n(import keras\n.*?)```", README, re.S)
    assert len(example.strip().splitlines()) <= 12
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(
        compile(example.replace("epochs=20", "epochs=1, steps_per_epoch=2"), "README", "exec"),
        names,
    )
    assert names["gan"].iterations == 2
    assert (tmp_path / "digits.h5").is_file()


COMMANDS = re.findall(r"^python run_experiment\.py (.*?)(?:\s+#.*)?$", README, re.M)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_every_command_is_one(arguments, capsys):
    """--dry-run checks rows, names and values of what the README tells people to type."""
    assert cli.run_experiment([*arguments.split(), "--dry-run"]) == 0
    assert capsys.readouterr().out


def test_the_first_commands_stand_in_order():
    places = [README.index(c) for c in ("make run", "make test", "run_experiment.py --exp 18")]
    assert places == sorted(places)
    assert len(COMMANDS) >= 5


def test_files_that_documents_name_exist():
    for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"", text)
        for link in filter(None, (a or b for a, b in links)):
            assert (ROOT / link).exists(), f"{page} names {link}"


def test_the_map_names_every_module():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in (ROOT / "keras_gans").glob("*.py"):
        if path.stem != "__init__":
            assert path.name in text


def test_published_runs_are_small_and_whole():
    results = ROOT / "results"
    for metrics in results.glob("*/*/seed-*/metrics.json"):
        folder = metrics.parent
        for name in ("experiment.yaml", "environment.json", "log.jsonl", "plot_loss.png"):
            assert (folder / name).is_file(), f"{folder} has no {name}"
        table, number = folder.parts[-3], int(re.match(r"\d+", folder.parts[-2])[0])
        assert number in read_table(table).rows
        changed = json.loads(metrics.read_text())["changed"]
        row = read_table(table).experiment(number, changed)
        run = Run(table, number, row, int(folder.name.removeprefix("seed-")), changed, results)
        assert run.folder == folder
        assert run.state == "finished", f"{metrics} does not vouch for what is there"


def test_no_file_of_the_checkout_is_large():
    import subprocess

    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        assert (ROOT / name).stat().st_size < 1_000_000, name

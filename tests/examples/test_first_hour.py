"""The notebook runs from its first cell to its last, on small budgets."""

import json
import shlex

import matplotlib
import matplotlib.pyplot as plt
import pytest
from commands import ROOT

from keras_gans import cli

NOTEBOOK = json.loads((ROOT / "examples" / "first_hour.ipynb").read_text(encoding="utf-8"))
SHORTER = {
    "epochs=60, verbose=2": "epochs=1, verbose=0",
    "006000.png": "000020.png",
}


def cells():
    return ["".join(c["source"]) for c in NOTEBOOK["cells"] if c["cell_type"] == "code"]


def shortened(text):
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    return text


def words_of(line):
    """A command line, its runs as short as a test needs them, under the folder's usual name."""
    words = shlex.split(line.removeprefix("!"))
    if words[1] == "run":
        small = ["save_every=10", "batch_size=8", "measure_samples=100"]
        at = words.index("--set") + 1 if "--set" in words else len(words)
        words[at:at] = ([] if "--set" in words else ["--set"]) + small
        words += ["--iterations", "20"]
    return words[1:]


def test_every_replacement_is_needed():
    text = "\n".join(cells())
    assert all(long in text for long in SHORTER)


@pytest.mark.usefixtures("without_xla")
def test_the_notebook_runs(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_GANS_DATA", str(tmp_path))
    matplotlib.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    names = {}
    for cell in cells():
        python = []
        for line in shortened(cell).splitlines():
            if not line.startswith("!"):
                python.append(line)
                continue
            assert line.startswith("!keras-gans ")
            status = cli.main(words_of(line))
            assert status == 0, capfd.readouterr().err
            rename(tmp_path)
        exec(compile("\n".join(python), "first_hour.ipynb", "exec"), names)
    assert names["values"].shape == (64, 28, 28, 1)
    made = ("reals.png", "mine.png", "morph.gif", "training.gif", "curves.png")
    assert all((tmp_path / name).stat().st_size > 1000 for name in made)


def rename(folder):
    """Gives the folder of a shortened run the name that the notebook reads."""
    for found in (folder / "results" / "quickstart").glob("1+*save_every=10*"):
        changed = "+turns.d_steps=3" if "d_steps" in found.name else ""
        found.rename(found.with_name(f"1{changed}"))


def test_no_output_is_kept():
    for cell in NOTEBOOK["cells"]:
        assert not cell.get("outputs")
        assert max(map(len, cell["source"])) <= 130

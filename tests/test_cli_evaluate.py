"""`keras-gans evaluate` and `audit` as a user meets them: real commands."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from keras_gans import datasets


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with an .npz of a hundred digits."""
    folder = tmp_path_factory.mktemp("evaluate")
    np.savez(folder / "made.npz", images=datasets.load("digits").images[:100])
    return folder


def keras_gans(place, *arguments):
    program = "import sys; from keras_gans.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, *map(str, arguments), "--data-dir", place / "data"]
    return subprocess.run(command, cwd=place, capture_output=True, text=True)


def test_a_table_on_the_terminal_and_the_same_as_json(place):
    arguments = ["evaluate", "made.npz", "--dataset", "digits", "--samples", 80, "--seed", 3]
    arguments += ["--metrics", "fid,kid,precision,recall"]
    table = keras_gans(place, *arguments)
    assert table.returncode == 0, table.stderr
    lines = table.stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == [
        "fid80_lenet",
        "kid80_lenet",
        "precision80_lenet",
        "recall80_lenet",
    ]
    assert re.fullmatch(r"kid80_lenet +-?[\d.e-]+ \+- [\d.e-]+  \(lower is better\)", lines[1])
    assert lines[4] == "80 images of made.npz (seed 3) beside 80 of " + (
        datasets.load("digits").source + " (train)"
    )
    assert len(lines) == 5
    found = json.loads(keras_gans(place, *arguments, "--json").stdout)
    assert found["results"][0]["name"] == "fid80_lenet"
    assert lines[0].split()[1] == f"{found['results'][0]['value']:.6g}"
    assert (found["seed"], found["count"]) == (3, 80)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.npz", "--dataset", "digits"], "there is no file or folder nothing.npz"),
        (["made.npz"], "--dataset"),
        (["made.npz", "--dataset", "digits", "--metrics", "fdi"], "unknown metric 'fdi'; did you"),
        (["made.npz", "--dataset", "digits", "--features", "lenett"], "did you mean 'lenet'?"),
        (["made.npz", "--dataset", "digits", "--samples", "1"], "at least 2"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(place, arguments, says):
    failed = keras_gans(place, "evaluate", *arguments)
    assert failed.returncode == 2
    assert says in failed.stderr
    assert (failed.stdout, len(failed.stderr.splitlines())) == ("", 1)


def test_help_teaches_every_measure(place):
    from keras_gans.metrics import measures

    text = keras_gans(place, "evaluate", "--help").stdout
    for name in measures.names():
        assert re.search(rf"^  {name} ", text, re.MULTILINE)
    assert "--features" in text


def test_an_audit_without_weights_says_which(place):
    failed = keras_gans(place, "audit", "--out", place / "audit")
    assert failed.returncode == 2
    assert "inception_v3_imagenet.npz" in failed.stderr.splitlines()[-1]
    assert not (place / "audit").exists()

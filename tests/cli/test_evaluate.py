"""`keras-gans evaluate` and `audit`: what they print, and a run's numbers made again."""

import json
import re

import numpy as np
import pytest

from keras_gans import datasets


@pytest.fixture
def made(tmp_path):
    """An .npz of a hundred digits."""
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "made.npz", images=datasets.load("digits").values[:100])
    return tmp_path / "made.npz"


def test_a_table_and_the_same_as_json(main, made):
    command = ["evaluate", made, "--dataset", "digits", "--samples", 80, "--seed", 3]
    command += ["--metrics", "fid,kid,precision", "--data-dir", made.parent / "data"]
    status, table, _ = main(*command)
    assert status == 0
    *values, sides = table.splitlines()
    assert [line.split()[0] for line in values] == [
        "fid80_lenet",
        "kid80_lenet",
        "precision80_lenet",
    ]
    assert re.fullmatch(r"fid80_lenet +[\d.]+  \(lower is better\)", values[0])
    assert re.match(r"80 samples of made.npz \(seed 3\) against 80 of .* \(train\)$", sides)
    found = json.loads(main(*command, "--json")[1])
    assert found["results"][0]["name"] == "fid80_lenet"
    assert values[0].split()[1] == f"{found['results'][0]['value']:.6g}"
    assert (found["seed"], found["count"]) == (3, 80)


def test_a_run_and_evaluate_give_the_same_number(main, trained, tmp_path):
    folder, _ = trained
    metrics = json.loads((folder / "metrics.json").read_text())
    path = folder / "generator_model_000030.h5"
    command = ["evaluate", path, "--dataset", "digits", "--samples", 20, "--json"]
    status, said, _ = main(*command, "--data-dir", tmp_path)
    assert status == 0
    (result,) = json.loads(said)["results"]
    assert result["name"] == "fid20_lenet"
    assert result["value"] == metrics["measured"]["fid20_lenet"]["last"]


def test_an_audit_without_weights_names_them(main, tmp_path):
    places = ["--out", tmp_path / "audit", "--data-dir", tmp_path, "--results", tmp_path]
    status, _, err = main("audit", *places)
    assert status == 2
    assert "inception_v3_imagenet.npz" in err
    assert not (tmp_path / "audit").exists()


def test_own_pictures_are_fitted_on_both_sides(main, tmp_path):
    digits = datasets.load("digits").values
    for name, pad in (("real", 4), ("made", 2)):
        wide = np.pad(digits[:30], ((0, 0), (0, 0), (pad, pad), (0, 0)))
        np.savez(tmp_path / f"{name}.npz", images=wide)
    command = ["evaluate", tmp_path / "made.npz", "--dataset", tmp_path / "real.npz", "--json"]
    command += ["--samples", 30, "--data-dir", tmp_path]
    status, said, err = main(*command, "--resize", 28, "--crop", "center")
    assert status == 0
    found = json.loads(said)
    assert found["real"]["source"] == "real.npz, the middle square, scaled to 28x28"
    assert found["results"][0]["value"] == pytest.approx(0, abs=1e-3)
    for name in ("real", "made"):
        assert f"evaluate: 30 images of 28x28 grey from {name}.npz" in err
    status, _, err = main(*command, "--resize", 28)
    assert status == 2 and "not square; give --resize 28 --crop center" in err


def test_what_is_no_path_is_not_fitted(main, tmp_path):
    (tmp_path / "a.h5").write_bytes(b"x")
    command = ["evaluate", tmp_path / "a.h5", "--dataset", "digits", "--data-dir", tmp_path]
    status, _, err = main(*command, "--crop", "center")
    assert status == 2
    assert "'crop' is for pictures of your own: give their path instead of 'digits'" in err

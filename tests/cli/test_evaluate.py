"""`keras-gans evaluate` and `audit`: what they print, and a run's numbers made again."""

import json
import re

import numpy as np
import pytest

from keras_gans import datasets


@pytest.fixture
def made(tmp_path):
    """An .npz of a hundred digits."""
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


def test_a_run_is_measured_with_and_without_rejection(main, trained, tmp_path):
    folder, _ = trained
    command = ["evaluate", folder / "generator_model_000030.h5", "--dataset", "digits"]
    command += ["--samples", 50, "--json", "--data-dir", tmp_path]
    reject = ["--reject", folder / "discriminator_model_000030.h5", "--gamma", "20%"]
    one, other, again = (main(*command, *options) for options in ([], reject, reject))
    assert (one[0], other[0]) == (0, 0)
    assert json.loads(again[1]) == json.loads(other[1])
    plain, accepted = json.loads(one[1]), json.loads(other[1])
    assert plain["results"][0]["value"] != accepted["results"][0]["value"]
    assert plain["results"][0]["name"] == accepted["results"][0]["name"] == "fid50_lenet"
    assert plain["generated"]["source"] == "generator_model_000030.h5"
    expected = "those that discriminator_model_000030.h5 accepts (gamma 20%)"
    assert accepted["generated"]["source"] == f"generator_model_000030.h5, {expected}"


def test_an_audit_without_weights_names_them(main, tmp_path):
    places = ["--out", tmp_path / "audit", "--data-dir", tmp_path, "--results", tmp_path]
    status, _, err = main("audit", *places)
    assert status == 2
    assert "inception_v3_imagenet.npz" in err
    assert not (tmp_path / "audit").exists()

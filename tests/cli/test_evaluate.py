"""`keras-gans evaluate` and `audit`: what they print, and a run's numbers made again."""

import json
import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gans import datasets, generators, networks, parts


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


def test_a_metric_without_a_value_is_null_with_its_reason(main, made):
    command = ["evaluate", made, "--dataset", "digits", "--samples", 80]
    command += ["--data-dir", made.parent / "data", "--metrics"]
    status, table, err = main(*command, "modes,fid")
    assert status == 1
    null, value, _ = table.splitlines()
    assert re.fullmatch(
        r"modes80_values +null  \(modes needs a data set with known modes.*\)", null
    )
    assert re.fullmatch(r"fid80_lenet +[\d.]+  \(lower is better\)", value)
    assert "80 samples in 84 features is biased" in err
    status, said, _ = main(*command, "modes,fid", "--json")
    null, value = json.loads(said)["results"]
    assert status == 1
    assert (null["value"], value["reason"]) == (None, None)
    status, table, err = main(*command, "modes,high_quality")
    assert (status, table) == (2, "")
    assert err.count("known modes") == 2


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


def test_every_generator_of_a_run_has_a_line_with_the_value_of_its_log(main, trained, tmp_path):
    folder, _ = trained
    logged = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    logged = {r["iteration"]: r["fid20_lenet"] for r in logged if "fid20_lenet" in r}
    command = ["evaluate", folder, "--data-dir", tmp_path]
    status, said, _ = main(*command, "--json")
    assert status == 0
    found = json.loads(said)
    values = {line["iteration"]: line["results"][0]["value"] for line in found["generators"]}
    assert values == {iteration: logged[iteration] for iteration in (10, 20, 30)}
    assert (found["count"], found["seed"], found["real"]["name"]) == (20, 0, "digits")
    status, table, _ = main(*command)
    head, *lines, sides = table.splitlines()
    assert head.split() == ["iteration", "fid20_lenet"]
    best = min(values.values())
    assert [line.split() for line in lines] == [
        [str(iteration), f"{value:.6g}" + "*" * (value == best)]
        for iteration, value in values.items()
    ]
    assert sides.startswith("20 samples (seed 0) against 20 of scikit-learn")


def test_other_data_than_those_of_the_run_are_noted(main, trained, tmp_path):
    folder = shutil.copytree(trained[0], tmp_path / "run")
    path = folder / "environment.json"
    path.write_text(path.read_text().replace('"sha256": "', '"sha256": "00000000'))
    for options, noted in ((), True), (("--dataset", "digits"), False):
        given = ["--metrics", "recall", "--data-dir", tmp_path, *options]
        status, _, err = main("evaluate", folder, *given)
        assert status == 0
        assert ("not the data that the run learned from: sha256 00000000" in err) == noted


def test_all_metrics_of_a_run_fit_a_terminal_under_short_names(main, trained, tmp_path):
    folder, _ = trained
    command = ["evaluate", folder, "--metrics", "all", "--samples", 100, "--data-dir", tmp_path]
    status, table, err = main(*command)
    assert status == 0
    assert "classifier_accuracy is left out: " in err and "modes is left out: " in err
    lines = table.splitlines()
    assert max(map(len, lines)) <= 110
    assert lines[0].split()[:3] == ["iteration", "fid", "kid"]
    assert "full names: fid100_lenet, kid100_lenet" in table
    weightless = lines[0].split().index("fid_thesis")
    assert {line.split()[weightless] for line in lines[1:4]} == {"null"}


def test_a_best_generator_between_the_saved_ones_has_a_line_too(main, trained, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(trained[0], folder, ignore=shutil.ignore_patterns("checkpoint"))
    best = folder / "generator_model_best.h5"
    iteration = generators.load(best).origin["iteration"]
    (folder / f"generator_model_{iteration:06d}.h5").unlink()
    found = json.loads(main("evaluate", folder, "--json", "--data-dir", tmp_path)[1])
    assert [line["iteration"] for line in found["generators"]] == [10, 20, 30]
    assert [best.name] == [
        line["file"] for line in found["generators"] if line["iteration"] == iteration
    ]


def test_all_metrics_of_images_are_those_that_apply(main, made):
    command = ["evaluate", made, "--dataset", "digits", "--metrics", "all", "--samples", 80]
    status, table, err = main(*command, "--data-dir", made.parent / "data")
    assert status == 0
    names = [line.split()[0] for line in table.splitlines()[:-1]]
    assert names[:2] == ["fid80_lenet", "kid80_lenet"]
    assert "inception_score is left out: inception_score needs at least 100 samples" in err


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


@pytest.mark.parametrize("kind", ["own of another size", "foreign of another size", "critic"])
def test_a_file_that_cannot_be_measured_is_refused_without_keras(tmp_path, kind):
    path, k = tmp_path / "network.h5", keras.layers
    if kind == "own of another size":
        source = datasets.Images("small", np.zeros((9, 24, 24, 1), "u1"), None, "small")
        part = parts.check("networks", "vanilla", "generator", "generator")
        latents = parts.get("latents", {"name": "normal", "size": 7})
        network = networks.build(part, "generator", source.shape, latents.size)
        generators.save(generators.Saved.of(network, part, latents, source, {}), path)
    elif kind == "critic":
        keras.Sequential([k.Input((28, 28, 1)), k.Flatten(), k.Dense(1)]).save(path)
    else:
        layers = k.Dense(576, activation="tanh"), k.Reshape((24, 24, 1))
        keras.Sequential([k.Input((7,)), *layers]).save(path)
    script = (
        "import sys; from keras_gans import cli\n"
        f"status = cli.main(['evaluate', {str(path)!r}, '--dataset', 'digits'])\n"
        "print(status, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    expected = "judges images" if kind == "critic" else "samples of 24x24x1 and 28x28x1 is needed"
    assert "network.h5 " in done.stderr and expected in done.stderr
    assert done.stdout.split() == ["2", "False"]


@pytest.mark.parametrize("told", [("--range=0,1",), ("--latents", "uniform")])
def test_options_of_foreign_generators_are_not_ignored(main, made, trained, told):
    folder, _ = trained
    data = ["--dataset", "digits", "--data-dir", made.parent / "data", *told]
    own = folder / "generator_model_000030.h5"
    for path, said in (
        (own, "is of this package"),
        (made, "is no generator"),
        (folder, "is a run"),
    ):
        status, _, err = main("evaluate", path, *data)
        assert status == 2 and f"{path} {said}" in err and "--range" in err


def test_the_other_split_of_the_data_of_a_run(main, trained, tmp_path):
    status, _, err = main("evaluate", trained[0], "--split", "test", "--data-dir", tmp_path)
    assert status == 2
    assert "digits has no split 'test'" in err


def test_damaged_files_of_the_data_of_a_run_are_skipped(main, tmp_path):
    """They are those that the run had left out."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, image in enumerate(datasets.load("digits").values[:60]):
        Image.fromarray(image[..., 0]).save(folder / f"{number:03d}.png")
    (folder / "007.png").write_bytes(b"no picture")
    command = ["run", "--table", "quickstart", "--exp", 1, "--dataset", folder, "--skip-damaged"]
    small = ["--iterations", 5, "--set", "measure_samples=20", "--results", tmp_path / "results"]
    assert main(*command, *small, "--data-dir", tmp_path)[0] == 0
    (run,) = (path.parent for path in (tmp_path / "results").rglob("metrics.json"))
    status, _, err = main("evaluate", run, "--data-dir", tmp_path)
    assert status == 2 and "007.png" in err
    status, said, _ = main("evaluate", run, "--skip-damaged", "--data-dir", tmp_path)
    assert status == 0 and "without 1 damaged" in said

"""`run_experiment.py` and `keras-gans run`: what is planned, and real runs with their files."""

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from commands import ROOT, files, finish, in_one_process, keras_gans, run_experiment
from kill_harness import digest
from PIL import Image

from keras_gans import datasets, generators, pictures
from keras_gans.rows import PlannedRun, read_table

CHECKPOINT = ("kept-generator_model_best.h5", "log.jsonl", "manifest.json", "state.bin")

MISTAKES = {
    "no row": (["--seeds", "0-1"], "give the rows to train"),
    "rows twice": (["--exp", "1", "--all"], "not allowed with argument"),
    "unknown row": (["--exp", "21"], "table 'akel2022' has no experiment 21"),
    "rows that are no numbers": (["--exp", "one"], "--exp one: write numbers and ranges"),
    "empty range": (["--exp", "5-1"], "write the lower number first: 1-5"),
    "endless range": (["--exp", "1-999999999999999999"], "are more than 10,000 numbers"),
    "longer than a number": (["--exp", "9" * 5000], "write numbers and ranges"),
    "huge seed": (["--exp", "1", "--seed", str(2**32)], "a seed has 32 bits"),
    "negative seed": (["--exp", "1", "--seed=-1"], "--seeds -1: write numbers"),
    "unknown table": (
        ["--exp", "1", "--table", "akel2021"],
        "unknown table 'akel2021'; did you mean 'akel2022'?",
    ),
    "no table file": (["--exp", "1", "--table", "none.yaml"], "there is no table none.yaml"),
    "misspelt field": (
        ["--exp", "1", "--set", "batchsize=3"],
        "unknown field 'batchsize'; did you mean 'batch_size'?",
    ),
    "misspelt option": (
        ["--exp", "2", "--set", "generator.kernel=3"],
        "unknown option 'kernel' of 'dcgan'; did you mean 'kernel_size'?",
    ),
    "optimizer of another row": (
        ["--exp", "1", "--table", "quickstart", "--set", "optimizer.learning_rate=1e-4"],
        "the row has no optimizer, so no 'optimizer.learning_rate'; it has d_optimizer and "
        "g_optimizer",
    ),
    "optimizers of another row": (
        ["--exp", "1", "--set", "d_optimizer.learning_rate=1e-4"],
        "the row has no d_optimizer, so no 'd_optimizer.learning_rate'; it has optimizer",
    ),
    "iterations of a classifier": (
        ["--exp", "40", "--table", "sundar2018", "--iterations", "5"],
        "the row trains a classifier, which has no 'iterations'; it has dataset, epochs",
    ),
    "no value": (["--exp", "1", "--set", "batch_size"], "--set batch_size: write KEY=VALUE"),
    "two values": (
        ["--exp", "1", "--iterations", "5", "--set", "iterations=6"],
        "iterations is given twice",
    ),
    "empty value": (["--exp", "1", "--set", "batch_size="], "batch_size: None is null"),
    "value of another type": (
        ["--exp", "1", "--set", "batch_size=many"],
        "batch_size: 'many' is of type str, not int",
    ),
    "value that is not YAML": (["--exp", "1", "--set", "save_at=["], "the value is not valid YAML"),
    "value that is no date": (["--exp", "1", "--set", "save_at=2022-02-30"], "is not valid YAML"),
    "iterations of another type": (["--exp", "1", "--iterations", "x"], "x is not a whole number"),
    "no iterations": (["--exp", "1", "--iterations", "0"], "0 is not a whole number of at least 1"),
    "measured never": (["--exp", "1", "--measure-every", "0"], "whole number of at least 1"),
    "unknown option": (["--expp", "1"], "unknown argument --expp; did you mean --exp?"),
    "unknown option with a value": (["--sed=3"], "unknown argument --sed=3; did you mean --seed?"),
    "a second value": (["--exp", "1", "2"], "unknown argument 2; --help explains the options"),
    "no jobs": (["--exp", "1", "--jobs", "0"], "0 is not a whole number of at least 1"),
    "unknown data": (["--exp", "1", "--dataset", "mnits"], "did you mean 'mnist'"),
    "no data file": (["--exp", "1", "--dataset", "./no.npz"], "there is no file or folder"),
    "one value for a list": (["--exp", "1", "--set", "measure=fid"], "a list of str; write [fid]"),
    "seeds in reverse": (["--exp", "1", "--seeds", "4-0"], "write the lower number first: 0-4"),
    "a table that is no YAML": (
        ["--exp", "1", "--table", "file"],
        "a table of your own is a .yaml file",
    ),
    "missing data": (["--exp", "18"], "keras-gans prepare celeba"),
    "missing data of several": (["--exp", "12,18"], "keras-gans prepare celeba"),
    "data in a file": (["--exp", "18", "--data-dir", "file"], "is a file; give the folder"),
    "data in no folder": (["--exp", "18", "--data-dir", "dta"], "there is no folder dta; make it"),
    "resized data of the package": (["--exp", "1", "--resize", "64"], "pictures of your own"),
    "huge pictures": (
        ["--exp", "1", "--dataset", "own", "--resize", "100000"],
        "dataset.resize: 100000 must be from 1 to 4096",
    ),
    "pictures of no size": (["--exp", "1", "--dataset", "own", "--resize", "0"], "at least 1"),
    "cropped elsewhere": (["--exp", "1", "--dataset", "own", "--crop", "left"], "'left'"),
    "pictures that are not square": (
        ["--exp", "1", "--dataset", "own", "--resize", "28"],
        "'a.png' is 40x30 RGB, not square; give --resize 28 --crop center",
    ),
    "results in a file": (
        ["--table", "quickstart", "--exp", "1", "--results", "file"],
        "cannot write to the folder file: give another one with --results",
    ),
    "28x28 for 40x40": (["--exp", "18", "--data-dir", "28x28"], "28x28"),
    "black images": (["--exp", "18", "--data-dir", "floats"], "looks like [0, 1]"),
    "a list on a cluster": (
        ["--list", "--ray"],
        "--list shows all rows as they are: leave out --r",
    ),
    "a list side by side": (["--list", "--jobs", "3"], "leave out --jobs"),
    "a list of pictures": (["--list", "--resize", "5"], "leave out --resize"),
    "a list without damage": (["--list", "--skip-damaged"], "leave out --skip-damaged"),
    "a list of all": (["--list", "--all"], "leave out --all"),
    "a script side by side": (
        ["--exp", "1", "--slurm-script", "s.sh", "--jobs", "4"],
        "--slurm-script leaves to Slurm where, and how many at a time, runs are trained: leave out",
    ),
    "a plan of a cluster": (
        ["--exp", "1", "--dry-run", "--ray"],
        "--dry-run is about this machine: leave out --ray",
    ),
    "values of a run that is no plan": (["--exp", "1", "--verbose"], "--dry-run"),
    "other settings": (
        ["--table", "quickstart", "--exp", "1", "--results", "other"],
        "batch_size: 64 there, 32 now",
    ),
}
PLANS = {
    "several": ["--exp", "18,1-2", "--seeds", "0-1", "--dataset", "digits"],
    "the row's own values": ["--exp", "18", "--iterations", "4000", "--set", "batch_size=128"],
    "dependent": ["--exp", "1", "--set", "optimizer={name: sgd, learning_rate: 1e-2}"],
    "own pictures": ["--exp", "1", "--dataset", "own", "--resize", "28", "--crop", "center"],
    "measured often": ["--exp", "1", "--measure-every", "50"],
    "again": ["--table", "quickstart", "--exp", "1", "--results", "other", "--restart"],
}


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """(folder, answers) of all mistakes and plans, from one process."""
    folder = tmp_path_factory.mktemp("requests")
    (folder / "file").write_text("mine")
    (folder / "own").mkdir()
    Image.new("RGB", (40, 30)).save(folder / "own" / "a.png")
    for name, dtype, side in (("28x28", "uint8", 28), ("floats", "float32", 40)):
        (folder / name).mkdir()
        np.savez(folder / name / "celeba.npz", images=np.zeros((3, side, side, 3), dtype))
    (folder / "data").mkdir()
    row = read_table("quickstart").experiment(1, {"batch_size": 64})
    run = PlannedRun("quickstart", 1, row, 0, {}, folder / "other")
    run.folder.mkdir(parents=True)
    (run.folder / "experiment.yaml").write_text(run.to_yaml())
    requests = {case: arguments for case, (arguments, _) in MISTAKES.items()}
    requests |= {case: [*arguments, "--dry-run", "--verbose"] for case, arguments in PLANS.items()}
    before = files(folder)
    answers = in_one_process(
        {
            case: ["run_experiment.py", "--data-dir", "data", *arguments]
            for case, arguments in requests.items()
        },
        folder,
    )
    assert files(folder) == before
    return answers


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_status_2_without_keras(answered, case):
    answer = answered[case]
    assert (answer["status"], answer["imported"]) == (2, [])
    assert re.fullmatch(r"run_experiment\.py: .*\n", answer["err"])
    assert MISTAKES[case][1] in answer["err"]
    assert all(line.endswith(": reading the data") for line in answer["out"].splitlines())


def planned(answered, case):
    """(folders and states, contents) that a dry run shows."""
    answer = answered[case]
    assert (answer["status"], answer["err"], answer["imported"]) == (0, "", [])
    heads = re.findall("^# (.*)$", answer["out"], re.M)
    return heads, [yaml.safe_load(text) for text in re.split("^# .*$", answer["out"], flags=re.M)]


def test_a_verbose_dry_run_shows_every_value(answered):
    heads, contents = planned(answered, "several")
    assert heads == [
        f"results/akel2022/{number}+dataset=digits/seed-{seed}: new"
        for number in (18, 1, 2)
        for seed in (0, 1)
    ]
    expected = read_table("akel2022").experiment(18, {"dataset": "digits"}).to_dict()
    assert contents[1]["row"] == expected


def test_a_value_that_the_row_has_anyway_is_no_change(answered):
    heads, contents = planned(answered, "the row's own values")
    assert heads == ["results/akel2022/18/seed-0: new"]
    assert contents[1]["changed"] == {}


def test_a_part_is_changed_as_a_whole(answered):
    _, contents = planned(answered, "dependent")
    assert contents[1]["row"]["optimizer"] == {"name": "sgd", "learning_rate": 0.01}


def test_how_own_pictures_are_fitted_is_a_change_of_the_row(answered):
    heads, contents = planned(answered, "own pictures")
    name = "1+dataset=own+dataset.crop=center+dataset.resize=28"
    assert heads == [f"results/akel2022/{name}/seed-0: new"]
    assert contents[1]["changed"] == {
        "dataset": "own",
        "dataset.resize": 28,
        "dataset.crop": "center",
    }
    assert contents[1]["row"]["dataset"] == {"name": "own", "resize": 28, "crop": "center"}


def test_measure_every_is_a_field_of_the_row(answered):
    heads, contents = planned(answered, "measured often")
    assert heads == ["results/akel2022/1+measure_every=50/seed-0: new"]
    assert contents[1]["row"]["measure_every"] == 50


def test_restart_begins_over_other_settings(answered):
    assert planned(answered, "again")[0] == ["other/quickstart/1/seed-0: new"]


# --- a small run and what it leaves ------------------------------------------------------------


def test_a_run_leaves_every_file_that_is_promised(trained):
    folder, said = trained
    assert said["first"]["status"] == 0, said["first"]["err"]
    numbers = ("000010", "000020", "000030")
    assert files(folder) == sorted(
        [
            *(f"checkpoint/{number}/{name}" for number in numbers[1:] for name in CHECKPOINT),
            *(f"discriminator_model_{number}.h5" for number in numbers),
            *(f"generator_model_{number}.h5" for number in numbers),
            *(f"samples/{number}.png" for number in numbers),
            "discriminator_modelsummary.txt",
            "environment.json",
            "experiment.yaml",
            "generator_model_best.h5",
            "generator_modelsummary.txt",
            "log.jsonl",
            "metrics.json",
            "model_plot.png",
            "modelsummary.txt",
            "plot_fid.png",
            "plot_loss.png",
            "samples/reals.png",
        ]
    )


def test_a_run_prints_nothing_on_standard_error(trained):
    assert trained[1]["first"]["err"] == ""


def test_a_run_says_what_it_read(trained):
    line = "quickstart 1 (changed) seed 0: 1,797 images of 28x28 grey from scikit-learn"
    assert trained[1]["first"]["out"].count(line) == 1


def test_the_last_line_is_the_path_of_the_last_grid(trained):
    folder, said = trained
    last = said["first"]["out"].splitlines()[-1].strip()
    assert Path(last) == folder / "samples" / "000030.png"
    with Image.open(last) as image:
        assert image.size == (2 + 5 * 86, 2 + 5 * 86)


def test_log_and_metrics_agree(trained):
    folder, said = trained
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    metrics = json.loads((folder / "metrics.json").read_text())
    losses = [record for record in log if "d_loss" in record]
    distances = {r["iteration"]: r["fid20_lenet"] for r in log if "fid20_lenet" in r}
    assert list(distances) == [0, 10, 20, 30]
    assert losses[-1]["iteration"] == 30
    assert metrics["final"] == {key: losses[-1][key] for key in ("d_loss", "g_loss")}
    best = min([10, 20, 30], key=distances.get)
    assert metrics["measured"] == {
        "fid20_lenet": {
            "metric": "fid",
            "better": "lower",
            "first": distances[0],
            "last": distances[30],
            "best": distances[best],
            "best_iteration": best,
        }
    }
    assert f"best {distances[best]:.4g} at {best}" in said["first"]["out"]
    assert metrics["changed"] == {"iterations": 30, "save_every": 10, "measure_samples": 20}


def test_the_environment_says_what_ran(trained):
    environment = json.loads((trained[0] / "environment.json").read_text())
    assert environment["seed"] == 0
    assert "run_experiment.py --table quickstart --exp 1" in environment["command"]
    assert environment["data"]["shape"] == [1797, 28, 28, 1]
    assert re.fullmatch("[0-9a-f]{64}", environment["data"]["sha256"])
    assert {"keras", "tensorflow", "numpy"} <= set(environment["packages"])


def test_a_run_records_its_row(trained):
    about = yaml.safe_load((trained[0] / "experiment.yaml").read_text())
    changes = {"iterations": 30, "save_every": 10, "measure_samples": 20}
    assert about["changed"] == changes
    assert about["row"] == read_table("quickstart").experiment(1, changes).to_dict()


def test_a_finished_run_is_skipped(trained):
    again = trained[1]["again"]
    assert (again["status"], again["err"]) == (0, "")
    assert "finished already" in again["out"] and "--restart" in again["out"]
    assert again["out"].count("\n") == 1  # "loading Keras" would be another
    assert not trained[1]["touched"]


def test_the_last_grid_is_made_from_latents_of_the_seed(trained):
    folder, _ = trained
    saved = generators.load(folder / "generator_model_000030.h5")
    assert [saved.origin[key] for key in ("iteration", "seed", "experiment")] == [30, 0, 1]
    grid = pictures.samples(saved.sample(25, saved.origin["seed"]), 5)
    with Image.open(folder / "samples" / "000030.png") as image:
        difference = np.asarray(image).astype(int) - np.asarray(grid)
    assert np.abs(difference).max() <= 1


# --- stopping and resuming ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def stopped(shared, tiny, places):
    """The same run, stopped while it is built, trains and resumes; then finished."""
    options, name = tiny

    def stop(folder, number, line, path=None):
        """Sends a signal when a line is printed and, if one is given, a path exists."""
        command = run_experiment(*options, *places(folder))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        run = folder / "results" / name / "seed-0"
        with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
            lines = []
            while not lines or line not in lines[-1]:
                lines.append(process.stdout.readline())
                assert lines[-1], process.stderr.read()
            while path and not (run / path).exists():
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.005)
            process.send_signal(number)
            out, err = process.communicate(timeout=240)
        said = {"status": process.returncode, "out": "".join(lines) + out, "err": err}
        return {**said, "files": files(run)}

    def make(folder):
        said = [
            stop(folder, signal.SIGTERM, "building the networks"),
            stop(folder, signal.SIGTERM, "building the networks", "checkpoint/000010"),
            stop(folder, signal.SIGINT, "resuming at iteration"),
        ]
        done = finish(run_experiment(*options, *places(folder)))
        return [*said, {"status": done.returncode, "out": done.stdout, "err": done.stderr}]

    folder, said = shared("stopped", make)
    return folder / "results" / name / "seed-0", said


def test_a_signal_ends_at_once_where_nothing_is_lost(stopped):
    building, _, resuming, _ = stopped[1]
    assert (building["status"], building["err"]) == (143, "")
    assert building["files"] == []
    assert (resuming["status"], resuming["err"]) == (130, "")
    assert "stopped at" not in resuming["out"]
    assert "checkpoint/000020/manifest.json" in resuming["files"]


def test_a_signal_stops_training_at_a_checkpoint(stopped):
    said = stopped[1][1]
    assert (said["status"], said["err"]) == (143, "")
    assert "stopped at iteration 20 of 30; the same command resumes it" in said["out"]
    assert "checkpoint/000020/manifest.json" in said["files"]
    assert not {"metrics.json", ".lock"} & set(said["files"])
    assert not any("partial" in name for name in said["files"])


def test_the_same_command_resumes_and_finishes(stopped):
    said = stopped[1][3]
    assert "resuming at iteration 20" in said["out"]
    assert (said["status"], said["err"]) == (0, "")


def test_a_stopped_run_ends_with_the_same_bytes(stopped, trained):
    assert digest(stopped[0]) == digest(trained[0])


# --- several runs ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def side_by_side(shared, trained, tiny, places):
    """Two seeds at a time; one is there already and trained again."""
    options, name = tiny

    def make(folder):
        shutil.copytree(trained[0].parents[3], folder, dirs_exist_ok=True)
        stale = folder / "results" / name / "seed-0" / "generator_model_999999.h5"
        stale.write_text("of the run before")
        several = ["--seeds", "0-1", "--jobs", "2", "--restart"]
        done = finish(keras_gans("run", *options, *several, *places(folder)))
        return {"status": done.returncode, "out": done.stdout, "err": done.stderr}

    folder, said = shared("side-by-side", make)
    return folder / "results" / name, said


def test_jobs_run_side_by_side_and_their_lines_are_relayed(side_by_side):
    folder, said = side_by_side
    assert (said["status"], said["err"]) == (0, "")
    lines = said["out"].splitlines()
    assert lines[-2:] == [f"quickstart 1 (changed) seed {seed}: done" for seed in (0, 1)]
    assert len([line for line in lines if "1,797 images of 28x28 grey" in line]) == 1
    begun, ended = (
        [lines.index(line.format(seed)) for seed in (0, 1)]
        for line in (
            "quickstart 1 (changed) seed {}: building the networks",
            f"  {folder}/seed-{{}}/samples/000030.png",
        )
    )
    assert max(begun) < min(ended)


def test_restart_trains_again_from_the_start(side_by_side, trained):
    folder, _ = side_by_side
    assert files(folder / "seed-0") == files(trained[0])  # earlier files are gone
    logs = [(path / "log.jsonl").read_text() for path in (folder / "seed-0", trained[0])]
    again, before = ([json.loads(line) for line in log.splitlines()] for log in logs)
    # Each of two has half the threads, which sum in another order, and training amplifies that.
    for one, other in zip(again, before, strict=True):
        assert one == pytest.approx(other, rel=1e-4 if one["iteration"] <= 10 else 1e-2)


def test_seeds_are_different_runs(side_by_side):
    folder, _ = side_by_side
    logs = [(folder / f"seed-{seed}" / "log.jsonl").read_text() for seed in (0, 1)]
    assert logs[0].count("\n") == logs[1].count("\n")
    assert logs[0] != logs[1]


def test_a_finished_run_on_pictures_that_have_changed_is_not_taken_for_one(
    main, tmp_path, monkeypatch
):
    pictures_ = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype="uint8")
    own = tmp_path / "own.npy"
    np.save(own, pictures_)
    changed = {"dataset": str(own)}
    row = read_table("quickstart").experiment(1, changed)
    planned = PlannedRun("quickstart", 1, row, 0, changed, tmp_path / "results")
    planned.folder.mkdir(parents=True)
    (planned.folder / "experiment.yaml").write_text(planned.to_yaml())
    metrics = {"iterations": row.iterations, "sha256": {}}
    (planned.folder / "metrics.json").write_text(json.dumps(metrics))
    about = {"data": datasets.load(str(own)).about}
    (planned.folder / "environment.json").write_text(json.dumps(about))
    command = ["run", "--table", "quickstart", "--exp", 1, "--dataset", own]
    command += ["--results", tmp_path / "results"]
    status, out, _ = main(*command)
    assert status == 0 and "finished already" in out
    with monkeypatch.context() as context:
        context.setattr("keras_gans.runs.executors.run_several", lambda *_: 0)
        status, out, _ = main(*command, "--seeds", "0-1")
    assert (status, out.count("6 images of 28x28 grey")) == (0, 1)  # read once for both

    np.save(own, pictures_[:5])
    for more in ((), ("--dry-run",)):
        status, _, err = main(*command, *more)
        assert status == 2
        assert "was trained on other data (6 samples then, 5 now): --restart trains" in err
    status, _, err = main(*command, "--restart", "--dry-run", "--verbose")
    assert (status, err) == (0, "")

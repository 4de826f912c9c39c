"""The command line as a user meets it: real commands, their output, their files, their status.

Training takes TensorFlow, which takes seconds to load, so runs are made once and looked at by
several tests, also where the tests are spread over several processes.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from kill_harness import digest
from PIL import Image

from keras_gans import cli, generators, plots
from keras_gans.experiment import Run, read_table

ROOT = Path(__file__).parent.parent
TINY = ["--table", "quickstart", "--exp", "1", "--iterations", "30"]
TINY += ["--set", "save_every=10", "fid_samples=20"]
TINY_FOLDER = "quickstart/1+fid_samples=20+iterations=30+save_every=10"
CHECKPOINT = ("kept-generator_model_best.h5", "log.jsonl", "manifest.json", "state.bin")
HEAVY = {"keras", "tensorflow", "jax", "torch"}


def keras_gans(*arguments):
    program = "import sys; from keras_gans.cli import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", program, *map(str, arguments)]


def run_experiment(*arguments):
    return [sys.executable, "run_experiment.py", *map(str, arguments)]


def places(folder):
    """Options that keep a command's files in a folder."""
    return ["--results", folder / "results", "--data-dir", folder / "data"]


def finish(command, **kwargs):
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False, **kwargs
    )


def light(command):
    """Runs a command that is to answer without Keras, and makes sure that it does."""
    program = (
        "import runpy, sys\n"
        "sys.path.insert(0, '')\n"
        "try:\n"
        "    if sys.argv[1:2] == ['run_experiment.py']:\n"
        "        sys.argv = sys.argv[1:]\n"
        "        runpy.run_path('run_experiment.py', run_name='__main__')\n"
        "    else:\n"
        "        from keras_gans.cli import main\n"
        "        sys.exit(main(sys.argv[1:]))\n"
        "finally:\n"
        f"    loaded = sorted({HEAVY} & set(sys.modules))\n"
        "    if loaded:\n"
        "        print('imported', loaded, file=sys.stderr)\n"
    )
    arguments = command[1:] if command[1] == "run_experiment.py" else command[3:]
    return finish([sys.executable, "-c", program, *arguments])


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A function that makes a folder once for all processes of this test session."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def get(name, make):
        folder, result = base / f"cli-{name}", base / f"cli-{name}.json"
        with open(base / f"cli-{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not result.exists():
                folder.mkdir()
                result.write_text(json.dumps(make(folder)))
        return folder, json.loads(result.read_text())

    return get


def outcome(done):
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr}


# --- answers that need no Keras ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            run_experiment("--help"),
            ["--exp", "--seeds", "--restart", "--dry-run", "KERAS_GANS_DATA"],
        ),
        (keras_gans("--help"), ["generate", "report", "prepare", "weights"]),
        (keras_gans("generate", "--help"), ["--interpolate", "--spherical", "--seed"]),
        (
            run_experiment("--list"),
            ["S. Akel", "akel2022_ablation", "quickstart", "fid_thesis 53.7039"],
        ),
        (run_experiment("--list", "--table", "quickstart"), ["LSGAN", "digits", "wgan"]),
    ],
)
def test_questions_are_answered_at_once(command, words):
    done = light(command)
    assert (done.returncode, done.stderr) == (0, "")
    for word in words:
        assert word in done.stdout


def test_list_has_a_line_for_every_row():
    lines = finish(run_experiment("--list")).stdout.splitlines()
    numbers = [int(line.split()[0]) for line in lines if line[:1].isdigit()]
    assert numbers == list(range(1, 21))
    (line,) = [line for line in lines if line.startswith("18 ")]
    assert line.split() == (
        ["18", "DCGAN", "celeba", "4,000", "100", "128", "binary_crossentropy"]
        + ["transposed", "fid_thesis", "0.0681"]
    )


def test_list_into_a_closed_pipe_is_no_error():
    command = f"{sys.executable} run_experiment.py --list | head -1; exit ${{PIPESTATUS[0]}}"
    done = finish(["bash", "-c", command])
    assert (done.returncode, done.stderr) == (0, "")


def test_dry_run_shows_every_value_and_writes_nothing(tmp_path):
    where = places(tmp_path)
    options = ["--exp", "18,1-2", "--seeds", "0-1", "--dataset", "digits", "--dry-run"]
    done = light(run_experiment(*options, *where))
    assert (done.returncode, done.stderr) == (0, "")
    titles = [line for line in done.stdout.splitlines() if line.startswith("# ")]
    results = tmp_path / "results" / "akel2022"
    assert titles == [
        f"# {results}/{number}+dataset=digits/seed-{seed}: new"
        for number in (18, 1, 2)
        for seed in (0, 1)
    ]
    first = yaml.safe_load(done.stdout.split("\n# ")[0])
    expected = read_table("akel2022").experiment(18, {"dataset": "digits"}).to_dict()
    assert first["row"] == expected
    assert files(tmp_path) == []


def bad_requests():
    return {
        "no row": (["--seeds", "0-1"], "say which experiments"),
        "unknown row": (["--exp", "21"], "table 'akel2022' has no experiment 21"),
        "rows that are no numbers": (["--exp", "one"], "--exp one: write numbers like"),
        "empty range": (["--exp", "5-1"], "5-1 is no range"),
        "endless range": (["--exp", "1-99999999999999999999"], "is no range"),
        "huge seed": (["--exp", "1", "--seed", str(2**32)], "a seed has 32 bits"),
        "negative seed": (["--exp", "1", "--seed=-1"], "--seed -1: write numbers"),
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
            "unknown option 'kernel'; did you mean 'kernel_size'?",
        ),
        "no value": (["--exp", "1", "--set", "batch_size"], "--set batch_size: write KEY=VALUE"),
        "empty value": (["--exp", "1", "--set", "batch_size="], "batch_size: None is of type"),
        "value of another type": (
            ["--exp", "1", "--set", "batch_size=many"],
            "batch_size: 'many' is of type str, not int",
        ),
        "number that YAML reads as text": (
            ["--exp", "1", "--set", "optimizer.learning_rate=2e-4"],
            "YAML reads 2e-4 as text; write 0.0002",
        ),
        "value that is no YAML": (["--exp", "1", "--set", "clip=["], "--set clip=[: the value"),
        "value that is no date": (["--exp", "1", "--set", "clip=2022-02-30"], "is not valid YAML"),
        "iterations of another type": (["--exp", "1", "--iterations", "x"], "iterations: 'x' is"),
        "no iterations": (["--exp", "1", "--iterations", "0"], "iterations: 0 must be at least 1"),
        "FID every 0": (["--exp", "1", "--fid-every", "0"], "fid_every: 0 must be at least 1"),
        "unknown option": (["--expp", "1"], "unrecognized arguments: --expp 1"),
        "no jobs": (["--exp", "1", "--jobs", "0"], "0 is not a whole number of at least 1"),
        "unknown data": (["--exp", "1", "--dataset", "mnits"], "did you mean 'mnist'"),
        "no data file": (["--exp", "1", "--dataset", "./no.npz"], "there is no file or folder"),
    }


@pytest.mark.parametrize("case", bad_requests())
def test_wrong_request_is_one_line_and_status_2(tmp_path, case):
    arguments, message = bad_requests()[case]
    done = light(run_experiment(*arguments, *places(tmp_path)))
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(r"run_experiment\.py: .*\n", done.stderr)
    assert message in done.stderr
    assert files(tmp_path) == []


def test_missing_data_name_the_command_that_makes_them(tmp_path):
    done = light(run_experiment("--exp", "18", *places(tmp_path)))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "keras-gans prepare celeba" in done.stderr
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((3, 28, 28, 3), "uint8"), "28x28, the experiment is about 40x40"),
        (np.zeros((3, 40, 40, 3), "float32"), "float32 from 0 to 0, which looks like [0, 1]; save"),
        (np.zeros((3, 40, 40, 2), "uint8"), "2 channels"),
        (np.zeros((0, 40, 40, 3), "uint8"), "no images"),
        (np.array([[None]]), "object"),
    ],
)
def test_data_that_do_not_fit_are_refused_before_anything_is_written(tmp_path, images, message):
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data" / "celeba.npz", images=images)
    done = light(run_experiment("--exp", "18", *places(tmp_path)))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert files(tmp_path) == ["data/celeba.npz"]


def test_results_folder_that_is_a_file(tmp_path):
    (tmp_path / "results").write_text("mine")
    done = light(run_experiment(*TINY, *places(tmp_path)))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot write" in done.stderr
    assert "--results" in done.stderr
    assert (tmp_path / "results").read_text() == "mine"


def test_folder_of_a_changed_row_is_refused_and_left_as_it_was(tmp_path):
    table = read_table("quickstart")
    run = Run("quickstart", 1, table.experiment(1, {"batch_size": 64}), 0, {}, tmp_path / "results")
    run.folder.mkdir(parents=True)
    (run.folder / "experiment.yaml").write_text(run.to_yaml())
    arguments = ["--table", "quickstart", "--exp", "1", *places(tmp_path)]
    done = light(run_experiment(*arguments))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "batch_size: 64 there, 32 now" in done.stderr
    assert files(run.folder) == ["experiment.yaml"]
    assert "new" in light(run_experiment(*arguments, "--restart", "--dry-run")).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.h5"], "there is no file missing.h5"),
        (["README.md"], "is not an HDF5 file"),
        (["README.md", "--out", "grid.jpg"], "write a .png, an .npz or a folder"),
        (["README.md", "--out", "setup.cfg"], "write a .png, an .npz or a folder"),
        (["README.md", "--out", "LICENSE"], "cannot write to the folder LICENSE"),
        (["README.md", "--out", "LICENSE/a.png"], "cannot write to the folder LICENSE"),
        (["README.md", "--spherical"], "--spherical says how to --interpolate"),
        (["README.md", "--interpolate", "1"], "1 is not a whole number of at least 2"),
        (["README.md", "--count", "0"], "0 is not a whole number of at least 1"),
        (["README.md", "--seed=-1"], "-1 is not a whole number of at least 0"),
        (["README.md", "--range", "1"], "write two numbers, the lower first, like --range=-1,1"),
        (["README.md", "--range=1,-1"], "write two numbers, the lower first, like --range=-1,1"),
        (["README.md", "--range=nan,1"], "write two numbers, the lower first, like --range=-1,1"),
        (["README.md", "--labels", "x"], "--labels x: write numbers like"),
        (["README.md", "--latents", "cauchy"], "write normal, uniform"),
    ],
)
def test_wrong_request_for_images_is_one_line_and_status_2(arguments, message):
    done = light(keras_gans("generate", *arguments))
    assert done.returncode == 2
    assert re.fullmatch(r"keras-gans( generate)?: .*\n", done.stderr)
    assert message in done.stderr
    assert not (ROOT / "generated.png").exists()


def test_images_cannot_take_the_place_of_a_folder(tmp_path):
    done = light(keras_gans("generate", "README.md", "--out", tmp_path.with_name("x.png")))
    assert "is not an HDF5 file" in done.stderr
    (tmp_path / "x.png").mkdir()
    done = light(keras_gans("generate", "README.md", "--out", tmp_path / "x.png"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "that is a folder" in done.stderr


def test_file_without_weights_is_no_generator(tmp_path):
    import h5py

    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.attrs["model_config"] = "{}"
    done = light(keras_gans("generate", tmp_path / "model.h5", "--out", tmp_path / "a.png"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is not laid out like a Keras .h5 file: it has no list of layers" in done.stderr
    assert files(tmp_path) == ["model.h5"]


def test_report_without_results(tmp_path):
    done = light(keras_gans("report", "--results", tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "there are no finished runs" in done.stderr


def test_no_verb_is_one_line():
    done = light(keras_gans())
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "VERB" in done.stderr


def test_message_of_several_lines_becomes_one(capsys, monkeypatch):
    def fail(options):
        raise cli.UsageError("first\nsecond")

    assert cli._guarded(cli._experiment_parser(), fail, None) == 2
    assert capsys.readouterr().err == "run_experiment.py: first second\n"


# --- a small run and what it leaves -----------------------------------------------------------


@pytest.fixture(scope="module")
def trained(shared):
    """A tiny run, then the same command again."""

    def make(folder):
        command = run_experiment(*TINY, *places(folder))
        first = outcome(finish(command))
        before = {name: (folder / name).stat().st_mtime_ns for name in files(folder)}
        again = outcome(light(command))
        after = {name: (folder / name).stat().st_mtime_ns for name in files(folder)}
        return {"first": first, "again": again, "touched": before != after}

    folder, said = shared("trained", make)
    return folder / "results" / TINY_FOLDER / "seed-0", said


def test_run_leaves_every_file_that_is_promised(trained):
    folder, said = trained
    assert said["first"]["status"] == 0, said["first"]["err"]
    assert files(folder) == sorted(
        [
            *(f"checkpoint/000020/{name}" for name in CHECKPOINT),
            *(f"checkpoint/000030/{name}" for name in CHECKPOINT),
            "discriminator_modelsummary.txt",
            "environment.json",
            "experiment.yaml",
            "generator_model_000010.h5",
            "generator_model_000020.h5",
            "generator_model_000030.h5",
            "generator_model_best.h5",
            "generator_modelsummary.txt",
            "log.jsonl",
            "metrics.json",
            "model_plot.png",
            "modelsummary.txt",
            "plot_fid.png",
            "plot_loss.png",
            "samples/000010.png",
            "samples/000020.png",
            "samples/000030.png",
            "samples/reals.png",
        ]
    )


def test_run_says_nothing_on_standard_error(trained):
    assert trained[1]["first"]["err"] == ""


def test_last_line_is_the_path_of_the_last_grid(trained):
    folder, said = trained
    last = said["first"]["out"].splitlines()[-1].strip()
    assert Path(last) == folder / "samples" / "000030.png"
    with Image.open(last) as image:
        assert image.size == (2 + 5 * 86, 2 + 5 * 86)


def test_log_and_metrics_tell_the_same(trained):
    folder, said = trained
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    metrics = json.loads((folder / "metrics.json").read_text())
    losses = [record for record in log if "d_loss" in record]
    distances = {r["iteration"]: r["fid20_lenet"] for r in log if "fid20_lenet" in r}
    assert list(distances) == [0, 10, 20, 30]
    assert losses[-1]["iteration"] == 30
    assert metrics["final"] == {key: losses[-1][key] for key in ("d_loss", "g_loss")}
    best = min([10, 20, 30], key=distances.get)
    assert metrics["metric"] == "fid20_lenet"
    assert metrics["measured"] == {
        "first": distances[0],
        "last": distances[30],
        "best": distances[best],
        "best_iteration": best,
    }
    assert f"best {distances[best]:.4g} at iteration {best}" in said["first"]["out"]
    assert metrics["changed"] == {"save_every": 10, "fid_samples": 20, "iterations": 30}


def test_environment_says_what_ran(trained):
    environment = json.loads((trained[0] / "environment.json").read_text())
    assert environment["seed"] == 0
    assert environment["command"].startswith("run_experiment.py --table quickstart --exp 1")
    assert environment["data"]["images"] == [1797, 28, 28, 1]
    assert re.fullmatch("[0-9a-f]{64}", environment["data"]["sha256"])
    assert {"keras", "tensorflow", "numpy"} <= set(environment["packages"])


def test_run_is_written_as_the_row_that_it_is(trained):
    about = yaml.safe_load((trained[0] / "experiment.yaml").read_text())
    changes = {"save_every": 10, "fid_samples": 20, "iterations": 30}
    assert about["changed"] == changes
    assert about["row"] == read_table("quickstart").experiment(1, changes).to_dict()


def test_finished_run_is_skipped_without_keras(trained):
    again = trained[1]["again"]
    assert (again["status"], again["err"]) == (0, "")
    assert again["out"] == (
        f"quickstart 1 (changed) seed 0: finished already, see {trained[0]}; "
        "--restart trains it again\n"
    )
    assert not trained[1]["touched"]


def test_last_grid_is_made_by_the_last_generator_from_latents_of_the_seed(trained):
    folder, _ = trained
    generator, recipe = generators.load(folder / "generator_model_000030.h5")
    assert (recipe["iteration"], recipe["seed"], recipe["experiment"]) == (30, 0, 1)
    latents = generators.latents(25, recipe["latent_dim"], recipe["seed"])
    grid = plots.grid(generators.images(generator, latents), 5)
    with Image.open(folder / "samples" / "000030.png") as image:
        difference = np.asarray(image).astype(int) - np.asarray(grid)
    assert np.abs(difference).max() <= 1


# --- stopping and going on --------------------------------------------------------------------


@pytest.fixture(scope="module")
def stopped(shared):
    """The same run, stopped while it is built, while it trains and while it resumes; ended."""

    def stop(folder, number, line, path=None):
        """Sends a signal once a line is printed and, where one is given, a path is there."""
        command = run_experiment(*TINY, *places(folder))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        run = folder / "results" / TINY_FOLDER / "seed-0"
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
        return [*said, outcome(finish(run_experiment(*TINY, *places(folder))))]

    folder, said = shared("stopped", make)
    return folder / "results" / TINY_FOLDER / "seed-0", said


def test_signal_where_nothing_is_lost_ends_at_once(stopped):
    building, _, resuming, _ = stopped[1]
    assert (building["status"], building["err"]) == (143, "")
    assert building["files"] == []
    assert (resuming["status"], resuming["err"]) == (130, "")
    assert "stopped at" not in resuming["out"]
    assert "checkpoint/000020/manifest.json" in resuming["files"]


def test_signal_stops_training_at_a_checkpoint(stopped):
    said = stopped[1][1]
    assert (said["status"], said["err"]) == (143, "")
    assert "stopped at iteration 20 of 30; the same command resumes it" in said["out"]
    assert "checkpoint/000020/manifest.json" in said["files"]
    assert not {"metrics.json", ".lock"} & set(said["files"])
    assert not any("partial" in name for name in said["files"])


def test_same_command_resumes_and_finishes(stopped):
    said = stopped[1][3]
    assert "resuming at iteration 20" in said["out"]
    assert (said["status"], said["err"]) == (0, "")


def test_stopped_run_measures_what_an_uninterrupted_one_does(stopped, trained):
    assert digest(stopped[0]) == digest(trained[0])


# --- several runs -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def side_by_side(shared, trained):
    """Two seeds at a time, one of them there already and trained again."""

    def make(folder):
        shutil.copytree(trained[0].parents[3], folder, dirs_exist_ok=True)
        stale = folder / "results" / TINY_FOLDER / "seed-0" / "generator_model_999999.h5"
        stale.write_text("of the run before")
        options = ["--seeds", "0-1", "--jobs", "2", "--restart"]
        return outcome(finish(run_experiment(*TINY, *options, *places(folder))))

    folder, said = shared("side-by-side", make)
    return folder / "results" / TINY_FOLDER, said


def test_jobs_run_side_by_side_and_their_lines_are_relayed(side_by_side):
    folder, said = side_by_side
    assert (said["status"], said["err"]) == (0, "")
    lines = said["out"].splitlines()
    assert lines[-2:] == [f"quickstart 1 (changed) seed {seed}: done" for seed in (0, 1)]
    for seed in (0, 1):
        assert f"quickstart 1 (changed) seed {seed}: building the networks" in lines
        assert f"  {folder}/seed-{seed}/samples/000030.png" in lines
    first = {
        seed: lines.index(f"quickstart 1 (changed) seed {seed}: building the networks")
        for seed in (0, 1)
    }
    ends = [lines.index(f"  {folder}/seed-{seed}/samples/000030.png") for seed in (0, 1)]
    assert max(first.values()) < min(ends)  # both had begun before either ended


def test_restart_trains_again_from_the_start(side_by_side, trained):
    folder, _ = side_by_side
    assert files(folder / "seed-0") == files(trained[0])  # what was there is gone
    logs = [(path / "log.jsonl").read_text() for path in (folder / "seed-0", trained[0])]
    again, before = ([json.loads(line) for line in log.splitlines()] for log in logs)
    # Not to the last bit: side by side each has half the threads, which sum in another order.
    for one, other in zip(again, before, strict=True):
        assert one == pytest.approx(other, rel=1e-3)


def test_seeds_are_different_runs(side_by_side):
    folder, _ = side_by_side
    logs = [(folder / f"seed-{seed}" / "log.jsonl").read_text() for seed in (0, 1)]
    assert logs[0].count("\n") == logs[1].count("\n")
    assert logs[0] != logs[1]


# --- keras-gans -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generated(shared, trained):
    """Images of the trained generator in every form, by one process."""

    def make(folder):
        path = trained[0] / "generator_model_best.h5"
        commands = [
            ["--count", 10, "--seed", 3, "--out", folder / "new" / "grid.png"],
            ["--count", 10, "--seed", 3, "--out", folder / "some.npz"],
            ["--count", 3, "--seed", 3, "--out", folder / "pictures"],
            ["--count", 12, "--interpolate", 4, "--out", folder / "line.npz"],
            ["--count", 12, "--interpolate", 4, "--spherical", "--out", folder / "arc.npz"],
            ["--count", 12, "--interpolate", 4, "--out", folder / "line.png"],
        ]
        program = (
            "import json, sys; from keras_gans.cli import main\n"
            "for command in json.loads(sys.argv[1]): assert main(command) == 0"
        )
        texts = json.dumps([["generate", str(path), *map(str, c)] for c in commands])
        return outcome(finish([sys.executable, "-c", program, texts]))

    return shared("generated", make)


def test_generating_says_what_it_made_and_nothing_else(generated):
    folder, said = generated
    assert (said["status"], said["err"]) == (0, "")
    assert f"10 images in {folder / 'new' / 'grid.png'}\n" in said["out"]
    assert f"3 images in {folder / 'pictures'}\n" in said["out"]


def test_arrays_hold_images_and_their_latents(generated):
    with np.load(generated[0] / "some.npz") as file:
        images, latents = file["images"], file["latents"]
    assert (images.shape, images.dtype) == ((10, 28, 28, 1), np.uint8)
    np.testing.assert_array_equal(latents, generators.latents(10, 100, 3))


def test_grid_and_folder_show_the_images_of_the_arrays(generated):
    folder, _ = generated
    with np.load(folder / "some.npz") as file:
        images = file["images"]
    with Image.open(folder / "new" / "grid.png") as grid:
        np.testing.assert_array_equal(np.asarray(grid), np.asarray(plots.grid(images, 4)))
    names = ["000000.png", "000001.png", "000002.png"]
    assert files(folder / "pictures") == names
    for name, image in zip(names, images, strict=False):
        with Image.open(folder / "pictures" / name) as picture:
            difference = np.asarray(picture).astype(int) - image[..., 0]
        assert np.abs(difference).max() <= 1  # three at a time instead of ten


@pytest.mark.parametrize(("name", "spherical"), [("line", False), ("arc", True)])
def test_interpolation_has_rows_from_one_latent_to_another(generated, name, spherical):
    with np.load(generated[0] / f"{name}.npz") as file:
        latents, images = file["latents"].reshape(3, 4, 100), file["images"]
    assert images.shape == (12, 28, 28, 1)
    ends = generators.latents(6, 100, 0).reshape(3, 2, 100)
    for row, (start, end) in zip(latents, ends, strict=True):
        np.testing.assert_array_equal(row, generators.interpolate(start, end, 4, spherical))


def test_grid_of_an_interpolation_has_a_row_for_each_way(generated):
    with Image.open(generated[0] / "line.png") as image:
        assert image.size == (2 + 4 * 86, 2 + 3 * 86)


def test_report_writes_the_page_without_keras(trained, tmp_path):
    results = tmp_path / "results"
    shutil.copytree(trained[0].parents[2], results, ignore=shutil.ignore_patterns("*.npz", "*.h5"))
    done = light(keras_gans("report", "--results", results))
    assert (done.returncode, done.stderr) == (0, "")
    page = results / "quickstart" / "README.md"
    assert done.stdout == f"{page}\n"
    line = next(line for line in page.read_text().splitlines() if line.startswith("| 1* |"))
    assert "| fid20_lenet |" in line
    link = re.search(r"\[grid\]\((.*?)\)", line)[1]
    link = link.replace("%2B", "+").replace("%3D", "=")
    assert (results / "quickstart" / link).is_file()

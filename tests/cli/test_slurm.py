"""The job array for Slurm, run by a shell that stands for it."""

import os
import shlex
import subprocess
import sys

import pytest
from commands import ROOT, finish, keras_gans, run_experiment


def written(folder, *arguments):
    done = finish(run_experiment(*arguments, "--slurm-script", folder / "table.sh"), ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout, (folder / "table.sh").read_text()


def test_each_element_of_the_array_trains_one_run(tmp_path):
    results = tmp_path / "my results"
    words = ["--table", "quickstart", "--exp", "1,6", "--seeds", "0-1", "--results", results]
    said, text = written(tmp_path, *words, "--set", "iterations=40", "save_every=20")
    assert "a job array of 4" in said
    assert "sbatch" in said
    assert "#SBATCH --array=1-4\n" in text
    assert text.startswith("#!/bin/bash\n")
    # A stand-in for Python prints what it is asked to run.
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$OUT/$SLURM_ARRAY_TASK_ID"\n')
    program.chmod(0o755)
    (tmp_path / "table.sh").write_text(text.replace(shlex.quote(sys.executable), str(program)))
    seen = set()
    for element in range(1, 5):
        environment = {**os.environ, "SLURM_ARRAY_TASK_ID": str(element), "OUT": str(tmp_path)}
        subprocess.run(["bash", tmp_path / "table.sh"], env=environment, cwd="/", check=True)
        _, package, verb, *asked = (tmp_path / str(element)).read_text().splitlines()
        assert (package, verb) == ("keras_gans", "run")
        assert asked[asked.index("--results") + 1] == str(results)
        assert asked[asked.index("--set") + 1 :] == ["iterations=40", "save_every=20"]
        seen.add((asked[asked.index("--exp") + 1], asked[asked.index("--seed") + 1]))
    assert seen == {("1", "0"), ("1", "1"), ("6", "0"), ("6", "1")}


def test_a_real_element_trains_and_only_missing_runs_are_listed(tmp_path):
    words = ["--table", "quickstart", "--exp", "6", "--seeds", "0-1", "--results", tmp_path]
    words += ["--set", "iterations=4", "save_every=2", "batch_size=8", "measure_samples=50"]
    written(tmp_path, *words)
    environment = {**os.environ, "SLURM_ARRAY_TASK_ID": "2"}
    done = finish(["bash", tmp_path / "table.sh"], "/", env=environment)
    assert done.returncode == 0, done.stderr
    said, text = written(tmp_path, *words)
    assert "a job array of 1" in said
    assert "# 1 run of the table quickstart" in text


def test_nothing_missing_and_a_place_that_cannot_be_written_are_one_line(tmp_path):
    words = keras_gans("run", "--table", "quickstart", "--exp", "6", "--slurm-script")
    done = finish([*words, str(tmp_path / "none" / "table.sh")], tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_script_does_not_train_from_the_start(tmp_path):
    done = finish(keras_gans("run", "--exp", "1", "--restart", "--slurm-script", "x.sh"), tmp_path)
    assert done.returncode == 2
    assert "leave out --restart" in done.stderr and not (tmp_path / "x.sh").exists()


@pytest.mark.parametrize(
    "words", [["--ray", "--slurm-script", "x.sh"], ["--ray", "--dry-run"]], ids=" ".join
)
def test_options_that_do_not_go_together_are_refused(words, tmp_path):
    done = finish(keras_gans("run", "--exp", "1", *words), tmp_path)
    assert done.returncode == 2
    assert "leave out --ray" in done.stderr

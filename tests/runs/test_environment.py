import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np

import keras_gans
from keras_gans.datasets import Points
from keras_gans.runs.environment import changes, environment

DATA = Points("p", np.ones((3, 2)), None, "p.npz")


def test_what_a_run_depends_on_is_written_plainly():
    found = environment(7, DATA)
    assert json.loads(json.dumps(found)) == found
    assert found["seed"] == 7
    assert found["keras_gans"] == keras_gans.__version__
    assert found["packages"]["keras"] == keras.__version__
    assert found["packages"]["numpy"] == np.__version__
    assert found["backend"] == keras.config.backend()
    assert found["data"] == {
        "name": "p", "source": "p.npz", "shape": [3, 2], "sha256": DATA.fingerprint,
    }  # fmt: skip


def test_the_commit_is_that_of_the_checkout_with_a_mark_for_changes(tmp_path, monkeypatch):
    package = tmp_path / "keras_gans" / "__init__.py"
    package.parent.mkdir()
    package.write_text("")
    monkeypatch.setattr(keras_gans, "__file__", str(package))
    assert environment(0, DATA)["commit"] is None

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=b"]
        command = ["git", "-C", tmp_path, *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "c")
    commit = git("rev-parse", "HEAD")
    assert environment(0, DATA)["commit"] == commit
    package.write_text("x = 1\n")
    assert environment(0, DATA)["commit"] == f"{commit}+"
    monkeypatch.setenv("PATH", "/nowhere")
    assert environment(0, DATA)["commit"] is None


def test_threads_are_those_that_tensorflow_is_given_or_finds(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert environment(0, DATA)["threads"] == 3
    for none in ("", "0", "many"):
        monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", none)
        assert environment(0, DATA)["threads"] == len(os.sched_getaffinity(0))


def test_the_command_is_as_it_was_typed(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/some/where/run_experiment.py", "--exp", "18"])
    assert environment(0, DATA)["command"] == "run_experiment.py --exp 18"


def test_only_what_decides_digits_is_a_change():
    now = environment(0, DATA)
    assert changes(now, now) == ""
    other = {**now, "command": "x", "seed": 9, "platform": "y", "cores": 99, "data": {}}
    assert changes(other, now) == ""
    other = {**now, "threads": 64, "packages": {**now["packages"], "keras": "3.0"}}
    said = changes(other, now)
    assert f"threads 64 became {now['threads']}" in said
    assert f"keras 3.0 became {keras.__version__}" in said
    assert said.count("became") == 2


def test_an_environment_of_an_older_version_can_be_compared():
    now = environment(0, DATA)
    assert f"threads None became {now['threads']}" in changes({}, now)


def test_a_machine_that_hides_its_processor_has_one_all_the_same(monkeypatch):
    read_text = Path.read_text

    def hidden(path, *arguments, **options):
        if path.name == "cpuinfo":
            raise PermissionError(path)
        return read_text(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", hidden)
    assert isinstance(environment(0, DATA)["processor"], str)

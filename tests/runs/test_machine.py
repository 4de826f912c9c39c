import json
import os

import keras
import numpy as np
import pytest

import keras_gans
from keras_gans.runs import machine


def test_speed_is_plain_and_names_versions_and_threads():
    found = machine.speed({"TF_NUM_INTRAOP_THREADS": "3", "KERAS_BACKEND": "tensorflow"})
    assert json.loads(json.dumps(found)) == found
    assert found["threads"] == 3
    assert found["keras_gans"] == keras_gans.__version__
    assert found["packages"]["keras"] == keras.__version__
    assert found["packages"]["numpy"] == np.__version__


def test_a_backend_that_is_not_installed_has_no_version():
    found = machine.speed({"KERAS_BACKEND": "none-such"})
    assert (found["backend"], found["packages"]["none-such"]) == ("none-such", None)


@pytest.mark.backends
def test_a_failed_allocation_of_the_backend_is_known():
    """400 TB are beyond the addresses of a process, so nothing is allocated."""
    with pytest.raises(Exception) as caught:
        keras.ops.convert_to_numpy(keras.ops.zeros((10**14,), "float32"))
    assert machine.is_out_of_memory(caught.value)
    assert not machine.is_out_of_memory(RuntimeError("something else"))


def test_the_backend_is_the_one_that_keras_has():
    assert machine.backend() == keras.config.backend()


@pytest.mark.parametrize(
    ("settings", "variable", "backend"),
    [
        (None, None, "tensorflow"),
        ('{"backend": "jax"}', None, "jax"),
        ('{"backend": "jax"}', "torch", "torch"),
        ('{"backend": "jax"}', "", "jax"),
        ("{", None, "tensorflow"),
        ("[]", None, "tensorflow"),
        ("{}", None, "tensorflow"),
    ],
)
def test_the_backend_is_found_as_keras_finds_it(settings, variable, backend, tmp_path):
    if settings is not None:
        (tmp_path / "keras.json").write_text(settings)
    environ = {"KERAS_HOME": str(tmp_path)}
    environ |= {} if variable is None else {"KERAS_BACKEND": variable}
    assert machine.backend(environ) == backend


@pytest.mark.parametrize(("side_by_side", "threads"), [(2, "2"), (3, "1"), (9, "1")])
def test_runs_side_by_side_share_the_cores(side_by_side, threads, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)  # of which a job of Slurm has four
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(4))
    assert set(machine.share(side_by_side).values()) == {threads}


def test_a_single_run_has_the_threads_that_there_are():
    assert machine.share(1) == {}
    assert machine.threads({}) == len(os.sched_getaffinity(0))

"""Devices that share each batch: JAX on a processor that passes for several."""

import json
import os
import sys
from importlib.util import find_spec

import pytest
from commands import ROOT, finish, keras_gans

pytestmark = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")

ROWS = {
    "perceptrons with batch normalization": (1, {}),
    "convolutions, dropout, three turns and clipping": (
        3,
        {
            "discriminator": "shallow",
            "turns": {"d_steps": 3, "update": "separate"},
            "constraint": {"name": "clip", "limit": 0.1},
        },
    ),
    "labels": (5, {}),
    "points and a penalty": (6, {"penalty": "r1"}),
}

PROGRAM = """
import json, sys
from pathlib import Path
import keras
from running import plan, records, train

answers = {}
for case, (number, changed) in json.loads(sys.argv[1]).items():
    changed |= {"iterations": 4, "save_every": 4, "measure": [], "batch_size": 8}
    for devices in (1, 2, 4):
        keras.distribution.set_distribution(None)
        planned = plan("quickstart", number, Path(sys.argv[2]) / str(devices), changed)
        train(planned, devices=devices)
        log = [v for record in records(planned) for k, v in record.items() if "loss" in k]
        environment = json.loads((planned.folder / "environment.json").read_text())
        answers[f"{case}, {devices}"] = [environment["devices"], log]
print(json.dumps(answers))
"""


def on_jax(devices):
    # Most of the time is XLA's, which compiles each case for each number of devices.
    flags = f"--xla_force_host_platform_device_count={devices} --xla_backend_optimization_level=0"
    tools = os.pathsep.join(map(str, (ROOT, ROOT / "tests" / "tools")))
    return {**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": flags, "PYTHONPATH": tools}


def command(*arguments):
    return keras_gans("run", "--table", "quickstart", *arguments)


def test_the_losses_are_those_of_one_device(tmp_path):
    words = [sys.executable, "-c", PROGRAM, json.dumps(ROWS), str(tmp_path)]
    done = finish(words, tmp_path, env=on_jax(4))
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    for case in ROWS:
        shared, alone = answers[f"{case}, 1"]
        assert shared == 1
        assert len(alone) >= 6
        for devices in (2, 4):
            assert answers[f"{case}, {devices}"][0] == devices
            assert answers[f"{case}, {devices}"][1] == pytest.approx(alone, rel=1e-5), case


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--exp", "1", "--set", "batch_size=30", "--devices", "4"], "batch of 30"),
        (["--exp", "1", "--devices", "5"], "JAX finds 4 here"),
        (["--exp", "1-2", "--jobs", "2", "--devices", "2"], "leave out --jobs"),
    ],
)
def test_what_cannot_be_shared_is_refused_in_one_line(words, said, tmp_path):
    done = finish(command(*words, "--results", tmp_path), ROOT, env=on_jax(4))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line
    assert not list(tmp_path.iterdir())


def test_other_backends_say_what_to_do(tmp_path):
    words = ["--exp", "1", "--devices", "2", "--results", tmp_path]
    done = finish(command(*words), ROOT, env={**os.environ, "KERAS_BACKEND": "tensorflow"})
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("set KERAS_BACKEND=jax")

"""Commands as a user types them, for tests: in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def keras_gans(*arguments):
    """The command line of `keras-gans`."""
    return [sys.executable, "-m", "keras_gans", *map(str, arguments)]


def run_experiment(*arguments):
    """The command line of `run_experiment.py`."""
    return [sys.executable, "run_experiment.py", *map(str, arguments)]


def finish(command, cwd=ROOT, **kwargs):
    """Runs a command to its end; returns a `subprocess.CompletedProcess` with text."""
    pipes = {"capture_output": True, "text": True, "timeout": 240, "check": False}
    return subprocess.run(command, cwd=cwd, **pipes, **kwargs)


def files(folder):
    """Names of all files below a folder, sorted."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def in_one_process(requests, cwd, environment=None):
    """Answers to many commands, which one process gives one after the other.

    Args:
        requests: Dict from a case to its command: "keras-gans" or "run_experiment.py" and the
            arguments.
        cwd: Working directory of the process.
        environment: Its variables; default those of this process.

    Returns:
        Dict from the case to {"status", "out", "err", "imported"}; the last is a list of those of
        Keras and its backends that are imported by then.
    """
    plain = {case: [str(word) for word in command] for case, command in requests.items()}
    environment = environment or {**os.environ, "PYTHONPATH": str(ROOT)}
    environment = {**environment, "COLUMNS": "100"}
    program = [sys.executable, "-c", _PROGRAM]
    done = finish(program, cwd, input=json.dumps(plain), env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


_PROGRAM = """
import contextlib, io, json, sys
from keras_gans import cli
from keras_gans.terminal import quiet

quiet.silence_libraries = lambda: None  # it would take the place of the streams of later commands
commands = {"keras-gans": cli.main, "run_experiment.py": cli.run_experiment}
answers = {}
for case, (name, *arguments) in json.load(sys.stdin).items():
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = commands[name](arguments)
        except SystemExit as ended:
            status = ended.code
    imported = sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules))
    answers[case] = {
        "status": status, "out": out.getvalue(), "err": err.getvalue(), "imported": imported
    }
print(json.dumps(answers))
"""

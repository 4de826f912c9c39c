"""A trained run that several tests look at, and the command line in the process of a test.

Training takes TensorFlow, which takes seconds to load. So a run is made once, also where the
tests are spread over several processes.
"""

import pytest
from commands import files, finish, run_experiment

from keras_gans import cli

TINY = ["--table", "quickstart", "--exp", "1", "--iterations", "30"]
TINY += ["--set", "save_every=10", "measure_samples=20"]
TINY_FOLDER = "quickstart/1+iterations=30+measure_samples=20+save_every=10"


@pytest.fixture(scope="session")
def tiny():
    """(options, folder) of a run of 30 iterations."""
    return TINY, TINY_FOLDER


@pytest.fixture(scope="session")
def places():
    """Function: options that keep a command's files in a folder."""

    def options(folder):
        (folder / "data").mkdir(exist_ok=True)
        return ["--results", folder / "results", "--data-dir", folder / "data"]

    return options


@pytest.fixture(scope="session")
def trained(shared, places):
    """(folder, outcomes) of the tiny run, and of the same command again."""

    def make(folder):
        command = run_experiment(*TINY, *places(folder))
        first = outcome(finish(command))
        before = {name: (folder / name).stat().st_mtime_ns for name in files(folder)}
        again = outcome(finish(command))
        after = {name: (folder / name).stat().st_mtime_ns for name in files(folder)}
        return {"first": first, "again": again, "touched": before != after}

    folder, said = shared("trained", make)
    return folder / "results" / TINY_FOLDER / "seed-0", said


def outcome(done):
    """What a finished process said, as plain values."""
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr}


@pytest.fixture
def main(monkeypatch, capsys):
    """Function: runs `keras-gans` in this process; returns (status, output, errors)."""
    # The filter of standard error would outlive the test.
    monkeypatch.setattr("keras_gans.terminal.quiet.silence_libraries", lambda: None)

    def run(*arguments):
        try:
            status = cli.main([*map(str, arguments)])
        except SystemExit as ended:
            status = ended.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return run

"""The package where there is no Unix: what Windows lacks is hidden from the package.

This is no test on Windows: the libraries that the package uses are those of this system.
"""

import json
import os
import pkgutil
import sys

import pytest
from commands import ROOT, files, finish, in_one_process, keras_gans

import keras_gans as package

WITHOUT_UNIX = """
import builtins, errno, os, shutil, signal, sys

MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"}
NAMES = set(
    "fchmod fchown fork forkpty geteuid getpgid getuid killpg pread pwrite nice posix_spawn "
    "sched_getaffinity setsid statvfs sync sysconf uname O_DIRECTORY O_NONBLOCK "
    "SIGALRM SIGCHLD SIGHUP SIGKILL SIGQUIT SIGUSR1 SIGUSR2 SIGXCPU SIGXFSZ pthread_kill "
    "pthread_sigmask setitimer alarm".split()
)
OURS = ("keras_gans", "filelock", "__main__")  # hdf5_index.py is the main module of a process


def is_ours(module):
    return module.get("__name__", "").partition(".")[0] in OURS


class Picky(type(os)):
    def __getattribute__(self, name):
        if name in NAMES and is_ours(sys._getframe(1).f_globals):
            raise AttributeError(f"module has no attribute {name!r}")
        return super().__getattribute__(name)


def imports(name, globals=None, *rest, **kwargs):
    if name in MODULES and is_ours(globals or {}):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return importing(name, globals, *rest, **kwargs)


def opens(path, *rest, **kwargs):
    if not isinstance(path, int) and os.path.isdir(path):
        raise PermissionError(errno.EACCES, "Permission denied")
    if str(path).startswith("/proc/"):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")
    return opening(path, *rest, **kwargs)


importing, opening = builtins.__import__, os.open
builtins.__import__, os.open = imports, opens
os.__class__ = signal.__class__ = Picky
shutil._use_fd_functions = False
"""


@pytest.fixture
def elsewhere(tmp_path):
    """The environment of processes without Unix, and of their children."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITHOUT_UNIX)
    return {**os.environ, "PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{ROOT}"}


MODULES = [m.name for m in pkgutil.walk_packages(package.__path__, "keras_gans.")]
IMPORT_ALL = """
import importlib, os, sys
for what in ("import fcntl", "os.pread", "os.open('/', os.O_RDONLY)"):
    try:
        exec(what)
    except (AttributeError, ImportError, PermissionError):
        continue
    sys.exit(f"{what} is not hidden")
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_every_module_is_imported_without_unix(elsewhere, tmp_path):
    names = [name for name in MODULES if not name.endswith("__main__")]
    done = finish([sys.executable, "-c", IMPORT_ALL, *names], tmp_path, env=elsewhere)
    assert done.returncode == 0, done.stderr
    assert len(names) > 90


def test_a_run_its_generators_and_their_measures_need_no_unix(elsewhere, tmp_path):
    results, data = tmp_path / "results", tmp_path / "data"
    data.mkdir()
    row = ["--table", "quickstart", "--exp", "1", "--iterations", "20", "--set", "save_every=10"]
    row += ["measure_samples=20", "--results", results, "--data-dir", data]

    done = finish(keras_gans("run", *row, "--seeds", "0-1"), tmp_path, env=elsewhere)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert "20 iterations in" in done.stdout
    (folder,) = results.glob("quickstart/*/seed-0")
    assert json.loads((folder / "environment.json").read_text())["processor"]
    assert not list(results.rglob(".*"))  # neither locks nor unfinished files
    generator = folder / "generator_model_best.h5"
    about = ["--dataset", "digits", "--data-dir", data, "--samples", "50"]
    requests = {
        "finished already": ["keras-gans", "run", *row],
        "grid.png": ["keras-gans", "generate", generator, "--count", "4", "--out", "grid.png"],
        "fid50_lenet": ["keras-gans", "evaluate", generator, *about],
        "README.md": ["keras-gans", "report", "--results", results],
    }
    for said, answer in in_one_process(requests, tmp_path, elsewhere).items():
        assert answer["status"] == 0 and "Traceback" not in answer["err"], answer["err"]
        assert said in answer["out"]
    names = files(results) + files(data) + ["grid.png"]
    assert [name for name in names if not all(map(is_a_name, name.split("/")))] == []


# --- names of files ---------------------------------------------------------------------------

RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


def is_a_name(name):
    """Whether Windows takes it for a file or a folder."""
    printable = all(c not in '<>:"\\|?*' and c >= " " for c in name)
    return printable and name[-1] not in ". " and name.partition(".")[0].lower() not in RESERVED


@pytest.mark.parametrize("name", ["a:b", "a.", "b ", "aux", "Con.yaml", "a\tb", "x?", 'a"b'])
def test_what_is_no_name_is_known(name):
    assert not is_a_name(name)


def test_every_file_of_the_project_has_a_name_everywhere():
    folders = ("keras_gans", "experiments", "results/published", "docs", "tests", "benchmarks")
    names = [name for folder in folders for name in files(ROOT / folder)]
    assert [name for name in names if not all(map(is_a_name, name.split("/")))] == []
    assert len({name.lower() for name in names}) == len(set(names))  # on a disk without case

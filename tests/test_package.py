"""The package as others import and install it."""

import configparser
import inspect
import json
import os
import re
import shutil
import sys
import typing
import zipfile
from importlib.util import find_spec

import keras
import pytest
import yaml
from commands import ROOT, finish

import keras_gans

PROGRAM = """
import sys
import keras_gans
from keras_gans import Turns, {name}
assert "{name}" in dir(keras_gans)
print(keras_gans.__version__, "keras" in sys.modules)
"""


@pytest.mark.parametrize(("name", "imports_keras"), [("datasets", False), ("GAN", True)])
def test_keras_comes_with_the_first_name_that_needs_it(name, imports_keras):
    done = finish([sys.executable, "-c", PROGRAM.format(name=name)])
    assert done.stdout.split() == [keras_gans.__version__, str(imports_keras)], done.stderr


@pytest.mark.parametrize("name", keras_gans.__all__)
def test_every_name_is_there(name):
    assert getattr(keras_gans, name).__doc__


def test_other_names_are_attribute_errors():
    with pytest.raises(AttributeError, match=r"keras_gans.*'gams'"):
        keras_gans.gams  # noqa: B018


@pytest.mark.parametrize(
    "function",
    [
        keras_gans.GAN.__init__,
        keras_gans.GAN.compile,
        keras_gans.GAN.fit,
        keras_gans.datasets.load,
        keras_gans.evaluation.evaluate,
        keras_gans.generators.load,
        keras_gans.generators.load_discriminator,
        keras_gans.generators.Saved.make,
        keras_gans.generators.Saved.sample,
        keras_gans.networks.build,
    ],
    ids=lambda function: function.__qualname__,
)
def test_what_users_call_has_types(function):
    signature = inspect.signature(function)
    names = [name for name, p in signature.parameters.items() if p.annotation is p.empty]
    assert names in ([], ["self"])
    # They are names that exist, those of Keras too.
    typing.get_type_hints(function, {**function.__globals__, "keras": keras})


def test_the_versions_and_limits_that_files_repeat_are_one():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == keras_gans.__version__
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    pythons = re.findall(r"Python :: (3\.\d+)$", config["metadata"]["classifiers"], re.M)
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    assert flow["jobs"]["test"]["strategy"]["matrix"]["python"] == pythons
    after = f"3.{int(pythons[-1].split('.')[1]) + 1}"  # TensorFlow has no wheels for it
    assert config["options"]["python_requires"] == f">={pythons[0]},<{after}"
    assert f"{pythons[0]} to {pythons[-1]}" in (ROOT / "README.md").read_text()


def test_messages_advise_packages_that_can_be_installed():
    """The package has no place of its own on an index, so its extras work in a checkout alone."""
    advice = [
        (path.name, package)
        for path in (ROOT / "keras_gans").rglob("*.py")
        for package in re.findall(r"pip install ([^\s,:\"{]+)", path.read_text())
    ]
    assert {package for _, package in advice} == {"torch", "ray", "mtcnn==1.0.0"}
    assert "mtcnn==1.0.0" in (ROOT / "setup.cfg").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel, built from a copy so that the checkout stays clean."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("keras_gans", "experiments"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    done = finish([*pip, "wheel", source, "--no-deps", "--wheel-dir", folder])
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    done = finish([*pip, "install", "--no-deps", "--target", folder / "site", path])
    assert done.returncode == 0, done.stderr
    return path


def test_a_wheel_holds_every_file_of_the_package(wheel):
    paths = [p for p in (ROOT / "keras_gans").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    expected = {p.relative_to(ROOT).as_posix() for p in paths}
    expected |= {f"keras_gans/experiments/{p.name}" for p in (ROOT / "experiments").glob("*.yaml")}
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if not re.match(r"[^/]*\.dist-info/", name)}
    assert found == expected


def test_an_installed_package_plans_runs_in_an_empty_folder(wheel, tmp_path):
    program = [sys.executable, "-m", "keras_gans", "run"]
    environment = {"PYTHONPATH": str(wheel.parent / "site"), "PATH": ""}
    where = [sys.executable, "-c", "import keras_gans; print(keras_gans.__file__)"]
    done = finish(where, tmp_path, env=environment)
    assert done.stdout == f"{wheel.parent}/site/keras_gans/__init__.py\n"
    listed = finish([*program, "--list"], tmp_path, env=environment)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "keras-gans run --exp 1-20\n\nTables (--table NAME):\nakel2022 " in listed.stdout
    planned = finish([*program, "--exp", "18", "--dry-run", "--verbose"], tmp_path, env=environment)
    assert (planned.returncode, planned.stderr) == (0, "")
    assert planned.stdout.startswith("# results/akel2022/18/seed-0: new\n")


def test_an_installed_package_trains_in_an_empty_folder(wheel, tmp_path):
    """Everything that a run opens, tables and feature weights too, is in the wheel."""
    environment = {**os.environ, "PYTHONPATH": str(wheel.parent / "site")}
    run = ["run", "--table", "quickstart", "--exp", "1", "--iterations", "20", "--data-dir", "data"]
    (tmp_path / "data").mkdir()
    run += ["--set", "measure_samples=20"]
    folder = "results/quickstart/1+iterations=20+measure_samples=20/seed-0"
    drawn = ["generate", f"{folder}/generator_model_best.h5", "--count", "4", "--out", "grid.png"]
    for command in (run, drawn, ["report"], ["--version"]):
        program = [sys.executable, "-m", "keras_gans", *command]
        done = finish(program, tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
    assert done.stdout == f"keras-gans {keras_gans.__version__}\n"
    about = json.loads((tmp_path / folder / "environment.json").read_text())
    assert about["commit"] is None  # which a checkout would have
    assert (tmp_path / "grid.png").is_file()
    assert (tmp_path / "results" / "quickstart" / "README.md").is_file()


WITHOUT_TENSORFLOW = """
import sys

class Hidden:
    def find_spec(self, name, *rest):
        if name.split(".")[0] in ("tensorflow", "tensorflow_datasets"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden())
from keras_gans.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")
def test_a_run_on_jax_needs_no_tensorflow(tmp_path):
    wanted = ["run", "--table", "quickstart", "--exp", "2", "--iterations", "4", "--set"]
    wanted += ["batch_size=4", "measure_samples=50", "save_every=2", "--results", str(tmp_path)]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = finish([sys.executable, "-c", WITHOUT_TENSORFLOW, *wanted], tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    (generator,) = tmp_path.glob("quickstart/*/seed-0/generator_model_000004.h5")
    made = ["generate", generator, "--count", "4", "--out", tmp_path / "grid.png"]
    done = finish(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, *map(str, made)], tmp_path, env=environment
    )
    assert done.returncode == 0 and (tmp_path / "grid.png").is_file(), done.stderr

"""The door: load tells files of this package from foreign ones, and both from anything else."""

import subprocess
import sys

import foreign_files
import h5py
import numpy as np
import pytest

from keras_gans import generators, parts
from keras_gans.errors import UsageError

pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture
def file(saved, tmp_path):
    generators.save(saved, tmp_path / "g.h5")
    return tmp_path / "g.h5"


def test_both_kinds_of_files_make_samples(saved, file, foreign_networks, tmp_path):
    foreign_files.save(foreign_networks["perceptron"], tmp_path / "other.h5", "2.8.0")
    own, other = generators.load(file), generators.load(str(tmp_path / "other.h5"))
    assert own.sample(3).shape == other.sample(3).shape == (3, 8, 8, 1)
    assert "source" not in own.origin and other.origin["source"] == "foreign"


def test_missing_file(tmp_path):
    for path in (tmp_path, tmp_path / "g.h5"):
        with pytest.raises(UsageError, match="there is no file"):
            generators.load(path)


@pytest.mark.parametrize(
    "told",
    [{"output_range": (0.0, 1.0)}, {"latents": parts.from_text("latents", "uniform", "--latents")}],
    ids=["range", "latents"],
)
def test_own_file_needs_no_range_and_no_latents(file, told):
    with pytest.raises(UsageError, match="--range"):
        generators.load(file, **told)


def test_foreign_generator_cannot_be_saved(foreign_networks, tmp_path):
    foreign_files.save(foreign_networks["perceptron"], tmp_path / "g.h5", "2.8.0")
    loaded = generators.load(tmp_path / "g.h5")
    with pytest.raises(ValueError, match="foreign"):
        generators.save(loaded, tmp_path / "again.h5")
    assert not (tmp_path / "again.h5").exists()


def test_errors_about_files_need_no_keras(tmp_path):
    (tmp_path / "words.h5").write_text("just words")
    with h5py.File(tmp_path / "data.h5", "w") as data:
        data["images"] = np.zeros(3)
    program = f"""
import sys
from keras_gans import generators
from keras_gans.errors import UsageError
for path in {[str(tmp_path / name) for name in ("no.h5", "words.h5", "data.h5")]}:
    try:
        generators.load(path)
        raise SystemExit("opened")
    except UsageError:
        pass
assert "keras" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()

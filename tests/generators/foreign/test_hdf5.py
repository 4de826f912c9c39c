"""HDF5 files are described by a process that may crash alone, and read byte by byte."""

import json
import resource
import signal
import subprocess

import h5py
import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.generators.foreign import hdf5, hdf5_index

VALUES = np.random.default_rng(0).normal(size=(37, 53))


def write(path, put):
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [b"dense"]
        group = root.create_group("dense")
        put(group)
        group.attrs["weight_names"] = [name.encode() for name in group]
    return path


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4", ">f8"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (10, 20)},
        {"chunks": (10, 20), "compression": "gzip", "shuffle": True},
        {"chunks": (37, 1), "shuffle": True},
        {"compression": "gzip"},
    ],
    ids=str,
)
def test_numbers_are_read_as_h5py_reads_them(tmp_path, dtype, options):
    values = VALUES.astype(dtype)
    path = write(tmp_path / "w.h5", lambda g: g.create_dataset("kernel", data=values, **options))
    ((name, (dataset,)),) = hdf5.describe(path).layers
    assert (name, dataset.name, dataset.shape, dataset.dtype) == (
        "dense",
        "kernel",
        (37, 53),
        dtype,
    )
    found = hdf5.read(path, dataset)
    np.testing.assert_array_equal(found, values)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")


def test_numbers_within_the_description_and_empty_arrays(tmp_path):
    def put(group):
        create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        create.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((3,))
        made = h5py.h5d.create(group.id, b"compact", h5py.h5t.IEEE_F32LE, space, create)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([1, 2, 3], "f4"))
        group["empty"] = np.zeros((0, 4), "f4")

    path = write(tmp_path / "w.h5", put)
    ((_, datasets),) = hdf5.describe(path).layers
    compact, empty = (hdf5.read(path, dataset) for dataset in datasets)
    np.testing.assert_array_equal(compact, [1, 2, 3])
    assert empty.shape == (0, 4)


def test_file_that_changed_after_it_was_described(tmp_path):
    path = write(tmp_path / "w.h5", lambda g: g.create_dataset("kernel", data=VALUES))
    ((_, (dataset,)),) = hdf5.describe(path).layers
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(UsageError, match="'kernel': the file ends before its values"):
        hdf5.read(path, dataset)


def test_places_beyond_the_end_are_refused(tmp_path, monkeypatch):
    path = write(tmp_path / "w.h5", lambda g: g.create_dataset("kernel", data=VALUES))
    answer = hdf5_index.described(path)
    answer["layers"][0][1][0]["pieces"] = [[None, 100, 10**12]]
    monkeypatch.setattr(hdf5, "_ask", lambda path: json.loads(json.dumps(answer)))
    with pytest.raises(UsageError, match="lie beyond its end"):
        hdf5.describe(path)


class Crashing:
    """In place of a process that the HDF5 library crashes."""

    def __init__(self, *arguments, **options):
        self.options = options

    def wait(self, timeout=None):
        return -signal.SIGSEGV

    def kill(self):
        pass


def test_crash_of_the_library_is_an_error_of_the_file(tmp_path, monkeypatch):
    path = write(tmp_path / "w.h5", lambda g: g.create_dataset("kernel", data=VALUES))
    monkeypatch.setattr(subprocess, "Popen", Crashing)
    with pytest.raises(UsageError, match="is damaged: reading it ended with SIGSEGV"):
        hdf5.describe(path)


def test_library_that_takes_too_long_is_stopped(tmp_path, monkeypatch):
    path = write(tmp_path / "w.h5", lambda g: g.create_dataset("kernel", data=VALUES))
    monkeypatch.setattr(hdf5, "SECONDS", 0.001)
    with pytest.raises(UsageError, match="is damaged: reading it took too long"):
        hdf5.describe(path)


def test_split_lists_of_names_are_joined(tmp_path):
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        for piece in range(3):
            file.attrs[f"layer_names{piece}"] = [f"layer{piece}".encode()]
            file.create_group(f"layer{piece}").attrs["weight_names"] = np.array([], "f8")
    assert [name for name, _ in hdf5.describe(path).layers] == ["layer0", "layer1", "layer2"]


def test_a_system_that_refuses_a_limit_is_no_reason_not_to_read(monkeypatch):
    """macOS takes no limit of the address space; the others are set all the same."""
    taken = []

    def refuse(what, limits):
        if what == resource.RLIMIT_AS:
            raise ValueError("current limit exceeds maximum limit")
        taken.append(what)

    monkeypatch.setattr(resource, "setrlimit", refuse)
    hdf5_index._limit()
    assert taken == [resource.RLIMIT_CORE, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE]

"""Files with other content are called by its name; .keras archives are unpacked within limits."""

import io
import zipfile

import h5py
import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.generators import foreign
from keras_gans.generators.foreign import files, hdf5

pytestmark = pytest.mark.usefixtures("one_process")


def refusal(path):
    with pytest.raises(UsageError) as caught, foreign.described(path):
        pass
    message = str(caught.value)
    assert message.count(str(path)) == 1 and "\n" not in message
    return message


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"just words\n", r"is not an HDF5 file: it begins with 'just words\n'"),
        (b"\xfe\xff\x00words", "is not an HDF5 file: it begins with fe ff 00 77"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n",
            "Git LFS pointer to a file of 12,345 bytes",
        ),
        (b"PK\x03\x04\xff\xff", "is a damaged zip archive"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"\x80\x04\x95", "is a Python pickle, which can run code"),
        (b"\x89PNG....", "a PNG image"),
        (b"\x93NUMPY...", "a NumPy array"),
        (b"\x14\x00\x00\x00TFL3", "TensorFlow Lite"),
        (b'{"class_name"', "JSON text"),
    ],
)
def test_file_that_is_not_hdf5_is_named(tmp_path, content, what):
    path = tmp_path / "g.h5"
    path.write_bytes(content)
    assert what in refusal(path)


@pytest.mark.parametrize(
    ("members", "what"),
    [
        (["archive/data.pkl"], "weights of PyTorch"),
        (["images.npy", "labels.npy"], "an .npz file"),
        (["a/generator.h5"], "a zip archive that holds a/generator.h5: unpack it first"),
        (["words.txt"], "a zip archive"),
    ],
)
def test_zip_archive_is_named(tmp_path, members, what):
    with zipfile.ZipFile(tmp_path / "g.h5", "w") as archive:
        for name in members:
            archive.writestr(name, "words")
    assert what in refusal(tmp_path / "g.h5")


def weights():
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 3), "f4")
        file.attrs["keras_version"] = "of the weights"
    return data.getvalue()


def archive(path, **members):
    members = {"config.json": "{}", "model.weights.h5": weights(), **members}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("metadata", "version"),
    [('{"keras_version": "3.6.0"}', "3.6.0"), ('{"keras_version": 3}', "3"), ("[]", "3")],
)
def test_archive_has_the_attributes_of_its_texts_and_no_other(tmp_path, metadata, version):
    path = archive(tmp_path / "g.keras", **{"metadata.json": metadata})
    with foreign.described(path) as description:
        assert description.attributes == {"model_config": "{}", "keras_version": version}
        assert description.kind == "variables"
        ((name, (dataset,)),) = description.layers
        assert name == "layers/dense"
        np.testing.assert_array_equal(hdf5.read(description.path, dataset), np.ones((2, 3)))
    assert not description.path.exists()


def test_errors_of_the_block_name_the_archive(tmp_path):
    path = archive(tmp_path / "g.keras")
    with pytest.raises(UsageError, match=r"g\.keras: too large"), foreign.described(path) as found:
        raise UsageError(f"{found.path}: too large")


@pytest.mark.parametrize(
    "members", [{"config.json": b"\xff"}, {"metadata.json": "{"}, {"model.weights.h5": b"\x89HDF"}]
)
def test_damaged_archive(tmp_path, members):
    message = refusal(archive(tmp_path / "g.keras", **members))
    assert "is damaged" in message or "is not an HDF5 file" in message


def test_archive_with_too_much_in_it(tmp_path, monkeypatch):
    path = archive(tmp_path / "g.keras", **{"metadata.json": " " * (8 << 20)})
    assert "declares far more bytes" in refusal(path)
    monkeypatch.setattr(files, "MAX_TEXT", 1)
    assert "has more than 0 MiB" in refusal(archive(tmp_path / "g.keras"))
    monkeypatch.setattr(files, "MAX_MEMBERS", 1)
    assert "has more than 1 members" in refusal(path)

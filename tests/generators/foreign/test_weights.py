"""Arrays are assigned to weights by name where names are known, else in Keras's order."""

import zipfile

import foreign_files
import h5py
import numpy as np
import pytest

from keras_gans import generators
from keras_gans.errors import UsageError


@pytest.mark.parametrize(
    "options",
    [{"dtype": "f8"}, {"dtype": ">f4"}, {"chunk_names": True}, {"fixed": False}],
    ids=str,
)
def test_other_ways_of_storing_the_same(foreign_networks, outputs_of, tmp_path, options):
    model = foreign_networks["conditional"]
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0", **options)
    saved = generators.load(tmp_path / "g.h5")
    given = foreign_files.inputs_of(model)
    np.testing.assert_array_equal(outputs_of(saved.network, given), outputs_of(model, given))


def test_half_precision_is_read(foreign_networks, outputs_of, tmp_path):
    model = foreign_networks["conditional"]
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0", dtype="f2")
    saved = generators.load(tmp_path / "g.h5")
    given = foreign_files.inputs_of(model)
    np.testing.assert_allclose(
        outputs_of(saved.network, given), outputs_of(model, given), atol=0.02
    )


def test_names_that_were_changed_are_matched_in_order(foreign_networks, outputs_of, tmp_path):
    model = foreign_networks["conditional"]
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    with h5py.File(tmp_path / "g.h5", "r+") as file:
        text = file.attrs["model_config"]
        for layer in model.layers:
            text = text.replace(f'"{layer.name}"', f'"renamed_{layer.name}"')
        file.attrs["model_config"] = text
    saved = generators.load(tmp_path / "g.h5")
    given = foreign_files.inputs_of(model)
    np.testing.assert_array_equal(outputs_of(saved.network, given), outputs_of(model, given))


def test_archive_without_its_weights_names_the_missing_ones(foreign_networks, tmp_path):
    foreign_networks["convolutional"].save(tmp_path / "g.keras")
    foreign_networks["perceptron"].save(tmp_path / "other.keras")
    with (
        zipfile.ZipFile(tmp_path / "g.keras") as good,
        zipfile.ZipFile(tmp_path / "other.keras") as other,
        zipfile.ZipFile(tmp_path / "mixed.keras", "w") as mixed,
    ):
        mixed.writestr("config.json", good.read("config.json"))
        mixed.writestr("model.weights.h5", other.read("model.weights.h5"))
    with pytest.raises(UsageError, match=r"mixed\.keras: the weights of layer 'dense"):
        generators.load(tmp_path / "mixed.keras")


def spoil(path, change):
    """Applies `change(group, name)` to the first kernel."""
    with h5py.File(path, "r+") as file:
        found = []
        file.visititems(
            lambda name, item: found.append(item) if name.endswith("kernel:0") else None
        )
        change(found[0].parent, found[0].name.rsplit("/", 1)[1])


def transpose(group, name):
    values = group[name][()]
    del group[name]
    group[name] = values.T


def put_one_nan(group, name):
    group[name][0, 0] = np.nan


@pytest.mark.parametrize(
    ("change", "message"), [(transpose, "is float32"), (put_one_nan, "not finite")]
)
def test_weights_that_do_not_fit(foreign_networks, tmp_path, change, message):
    foreign_files.save(foreign_networks["perceptron"], tmp_path / "g.h5", "2.8.0")
    spoil(tmp_path / "g.h5", change)
    with pytest.raises(UsageError, match=message):
        generators.load(tmp_path / "g.h5")


def test_diverged_training_is_named(foreign_networks, tmp_path):
    foreign_files.save(foreign_networks["perceptron"], tmp_path / "g.h5", "2.8.0")
    with h5py.File(tmp_path / "g.h5", "r+") as file:
        file.visititems(
            lambda name, item: (
                item.write_direct(np.full(item.shape, np.nan, "f4"))
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    with pytest.raises(UsageError, match="entirely NaN: training had diverged"):
        generators.load(tmp_path / "g.h5")

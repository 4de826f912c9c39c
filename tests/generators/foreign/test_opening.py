"""Files that Keras has written since 2.0 open, and their networks make what they made."""

import foreign_files
import h5py
import keras
import numpy as np
import pytest

from keras_gans import generators
from keras_gans.errors import UsageError
from keras_gans.generators import Input


@pytest.mark.parametrize("style", foreign_files.STYLES)
@pytest.mark.parametrize("name", foreign_files.NETWORKS)
def test_files_of_every_keras_make_what_they_made(
    foreign_networks, outputs_of, tmp_path, name, style
):
    model = foreign_networks[name]
    foreign_files.save(model, tmp_path / "g.h5", style)
    saved = generators.load(tmp_path / "g.h5")
    given = foreign_files.inputs_of(model)
    np.testing.assert_array_equal(outputs_of(saved.network, given), outputs_of(model, given))
    assert saved.part is None
    assert saved.origin["source"] == "foreign" and saved.origin["keras_version"] == style
    assert saved.origin["parameters"] == model.count_params()
    images = saved.sample(5, seed=3)
    assert images.dtype == np.uint8 and images.shape == (5, *saved.shape)
    np.testing.assert_array_equal(saved.sample(5, seed=3), images)


@pytest.mark.parametrize("name", ["perceptron", "concatenated", "various", "recurrent"])
def test_archives_of_keras_3(foreign_networks, outputs_of, tmp_path, name):
    foreign_networks[name].save(tmp_path / "g.keras")
    saved = generators.load(tmp_path / "g.keras")
    given = foreign_files.inputs_of(foreign_networks[name])
    np.testing.assert_array_equal(
        outputs_of(saved.network, given), outputs_of(foreign_networks[name], given)
    )
    assert saved.origin["keras_version"] == keras.__version__


def test_stock_keras_makes_the_same_of_files_that_it_can_open(
    foreign_networks, outputs_of, tmp_path
):
    opened = 0
    for name, model in foreign_networks.items():
        model.save(tmp_path / "g.h5", include_optimizer=False)
        stock = keras.models.load_model(tmp_path / "g.h5", compile=False)
        saved = generators.load(tmp_path / "g.h5")
        given = foreign_files.inputs_of(model)
        np.testing.assert_array_equal(
            outputs_of(saved.network, given), outputs_of(stock, given), err_msg=name
        )
        opened += 1
    assert opened == len(foreign_files.NETWORKS)


def test_generator_inside_a_combined_network_is_taken(outputs_of, tmp_path):
    model = foreign_files.randomize(foreign_files.combined())
    foreign_files.save(model, tmp_path / "gan.h5", "2.8.0")
    saved = generators.load(tmp_path / "gan.h5")
    assert saved.shape == (8, 8, 1)
    assert "the generator 'the_generator' inside it was taken" in saved.notes[0]
    assert saved.origin["parameters"] == model.get_layer("the_generator").count_params() == 512
    latents = saved.latents.sample(3)
    inner = model.get_layer("the_generator")
    np.testing.assert_array_equal(
        outputs_of(saved.network, [latents]), outputs_of(inner, [latents])
    )


def test_labels_are_those_asked_for(foreign_networks, tmp_path):
    foreign_files.save(foreign_networks["conditional"], tmp_path / "g.h5", "2.8.0")
    saved = generators.load(tmp_path / "g.h5")
    assert saved.inputs == (Input("labels", (1,), 5), Input("latents", (10,)))
    assert (saved.classes, saved.latents.size) == (5, 10)
    turns = saved.sample(7)
    np.testing.assert_array_equal(turns, saved.sample(7, labels=[0, 1, 2, 3, 4, 0, 1]))
    assert not np.array_equal(turns, saved.sample(7, labels=[1] * 7))
    with pytest.raises(UsageError, match="labels are 0 to 4"):
        saved.sample(1, labels=[5])


def test_one_hot_labels(outputs_of, tmp_path):
    k = keras.layers
    noise, label = k.Input((9,)), k.Input((4,))
    x = k.Dense(64, activation="tanh")(k.Concatenate()([noise, label]))
    model = keras.Model([noise, label], k.Reshape((8, 8, 1))(x))
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    saved = generators.load(tmp_path / "g.h5")
    assert [entry.role for entry in saved.inputs] == ["latents", "one-hot"]
    assert any("which of them are labels" in note for note in saved.notes)
    latents = saved.latents.sample(2)
    expected = outputs_of(model, [latents, np.eye(4, dtype="float32")[[3, 0]]])
    pixels = saved.make(latents, labels=[3, 0])
    np.testing.assert_array_equal(pixels, np.rint((expected + 1) * 127.5).astype("uint8"))


def test_generator_with_labels_alone(tmp_path):
    k = keras.layers
    label = k.Input((1,))
    x = k.Dense(64, activation="tanh")(k.Flatten()(k.Embedding(5, 10)(label)))
    model = foreign_files.randomize(keras.Model(label, x))
    foreign_files.save(model, tmp_path / "g.h5", "2.8.0")
    saved = generators.load(tmp_path / "g.h5")
    assert (saved.latents.size, saved.classes) == (0, 5)
    np.testing.assert_array_equal(saved.sample(6, seed=1)[5], saved.sample(1, seed=2)[0])


def test_latents_of_four_dimensions_and_a_fixed_batch(simple, outputs_of):
    def fix(config):
        config["config"]["layers"][0]["config"]["batch_input_shape"] = [64, 1, 1, 12]

    layer = keras.layers.Conv2DTranspose(1, 9, activation="tanh")
    saved, model = simple(layer, shape=(1, 1, 12), change=fix)
    assert saved.latents.size == 12
    given = [saved.latents.sample(3).reshape(3, 1, 1, 12)]
    np.testing.assert_array_equal(outputs_of(saved.network, given), outputs_of(model, given))
    assert saved.sample(3).shape == (3, 9, 9, 1)


def test_large_images_are_made_in_small_batches(simple):
    k = keras.layers
    saved, _ = simple(
        k.Dense(64), k.Reshape((8, 8, 1)), k.UpSampling2D(64), k.Activation("tanh"), shape=(2,)
    )
    activations = 64 + 64 + 2 * 512**2
    assert saved.origin["activations"] == activations
    assert saved.batch_size == (1 << 27) // activations < 500
    assert simple(k.Dense(784))[0].batch_size == 500


def test_hdf5_file_without_a_model(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["images"] = np.zeros(3)
    with pytest.raises(UsageError, match="is an HDF5 file but no Keras model: it holds images"):
        generators.load(tmp_path / "data.h5")


def test_weights_without_a_model(foreign_networks, tmp_path):
    foreign_networks["perceptron"].save_weights(tmp_path / "g.weights.h5")
    with pytest.raises(UsageError, match="weights without a description"):
        generators.load(tmp_path / "g.weights.h5")


def test_refusals_begin_with_the_path_once(foreign_networks, tmp_path):
    foreign_files.save(foreign_networks["perceptron"], tmp_path / "g.h5", "2.8.0")
    with h5py.File(tmp_path / "g.h5", "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace("LeakyReLU", "Lambda")
    with pytest.raises(UsageError, match="holds Python code, which is never run") as caught:
        generators.load(tmp_path / "g.h5")
    assert str(caught.value).startswith(f"{tmp_path / 'g.h5'}: the layer ")
    assert str(caught.value).count(str(tmp_path)) == 1

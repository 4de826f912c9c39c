"""Generators of strangers: what every Keras since 2.0 has saved opens, and makes what it made."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
import strangers

from keras_gans import generators
from keras_gans.errors import UsageError


@pytest.fixture(scope="module")
def networks():
    """Each network once, with random weights."""
    keras.utils.set_random_seed(0)
    return {name: strangers.randomize(make()) for name, make in strangers.NETWORKS.items()}


def made(model, given):
    return keras.ops.convert_to_numpy(model(given if len(given) > 1 else given[0], training=False))


@pytest.mark.parametrize("style", strangers.STYLES)
@pytest.mark.parametrize("name", strangers.NETWORKS)
def test_files_of_every_keras_make_what_they_made(networks, tmp_path, name, style):
    model = networks[name]
    strangers.save(model, tmp_path / "g.h5", style)
    loaded, recipe = generators.load(tmp_path / "g.h5")
    given = strangers.inputs_of(model)
    np.testing.assert_array_equal(made(loaded, given), made(model, given))
    assert recipe["source"] == "foreign" and recipe["keras_version"] == style
    assert recipe["kind"] is None
    assert recipe["parameters"] == model.count_params()
    images = generators.sample(loaded, recipe, 5, seed=3)
    assert images.dtype == np.uint8 and images.shape == (5, *recipe["image_shape"])
    np.testing.assert_array_equal(generators.sample(loaded, recipe, 5, seed=3), images)


@pytest.mark.parametrize("name", ["perceptron", "concatenated", "various", "recurrent"])
def test_archives_of_keras_3(networks, tmp_path, name):
    networks[name].save(tmp_path / "g.keras")
    loaded, recipe = generators.load(tmp_path / "g.keras")
    given = strangers.inputs_of(networks[name])
    np.testing.assert_array_equal(made(loaded, given), made(networks[name], given))
    assert recipe["keras_version"] == keras.__version__


@pytest.mark.parametrize(
    "options",
    [{"dtype": "f8"}, {"dtype": ">f4"}, {"chunk_names": True}, {"fixed": False}],
    ids=str,
)
def test_other_ways_of_storing_the_same(networks, tmp_path, options):
    strangers.save(networks["conditional"], tmp_path / "g.h5", "2.8.0", **options)
    loaded, _ = generators.load(tmp_path / "g.h5")
    given = strangers.inputs_of(networks["conditional"])
    np.testing.assert_array_equal(made(loaded, given), made(networks["conditional"], given))


def test_half_precision_is_read(networks, tmp_path):
    strangers.save(networks["conditional"], tmp_path / "g.h5", "2.8.0", dtype="f2")
    loaded, _ = generators.load(tmp_path / "g.h5")
    given = strangers.inputs_of(networks["conditional"])
    np.testing.assert_allclose(made(loaded, given), made(networks["conditional"], given), atol=0.02)


def test_stock_keras_makes_the_same_of_what_it_can_open(networks, tmp_path):
    opened = 0
    for name, model in networks.items():
        model.save(tmp_path / "g.h5", include_optimizer=False)
        stock = keras.models.load_model(tmp_path / "g.h5", compile=False)
        loaded, _ = generators.load(tmp_path / "g.h5")
        given = strangers.inputs_of(model)
        np.testing.assert_array_equal(made(loaded, given), made(stock, given), err_msg=name)
        opened += 1
    assert opened == len(strangers.NETWORKS)


def test_generator_inside_a_combined_network_is_taken(tmp_path):
    model = strangers.randomize(strangers.combined())
    strangers.save(model, tmp_path / "gan.h5", "2.8.0")
    loaded, recipe = generators.load(tmp_path / "gan.h5")
    assert recipe["image_shape"] == [8, 8, 1]
    assert "the generator 'the_generator' inside it was taken" in recipe["notes"][0]
    latents = generators.latents(3, 7)
    inner = model.get_layer("the_generator")
    np.testing.assert_array_equal(made(loaded, [latents]), made(inner, [latents]))


def test_labels_come_as_they_are_asked_for(networks, tmp_path):
    strangers.save(networks["conditional"], tmp_path / "g.h5", "2.8.0")
    loaded, recipe = generators.load(tmp_path / "g.h5")
    assert [entry["role"] for entry in recipe["inputs"]] == ["labels", "latent"]
    assert (recipe["labels"], recipe["latent_dim"]) == (5, 10)
    turns = generators.sample(loaded, recipe, 7)
    np.testing.assert_array_equal(
        turns, generators.sample(loaded, recipe, 7, labels=[0, 1, 2, 3, 4, 0, 1])
    )
    assert not np.array_equal(turns, generators.sample(loaded, recipe, 7, labels=[1] * 7))
    with pytest.raises(UsageError, match="labels are 0 to 4"):
        generators.sample(loaded, recipe, 1, labels=[5])


def test_one_of_many_is_a_label_too(tmp_path):
    k = keras.layers
    noise, label = k.Input((9,)), k.Input((4,))
    x = k.Dense(64, activation="tanh")(k.Concatenate()([noise, label]))
    model = keras.Model([noise, label], k.Reshape((8, 8, 1))(x))
    strangers.save(model, tmp_path / "g.h5", "2.8.0")
    loaded, recipe = generators.load(tmp_path / "g.h5")
    assert [entry["role"] for entry in recipe["inputs"]] == ["latent", "one-hot"]
    latents = generators.latents(2, 9)
    expected = made(model, [latents, np.eye(4, dtype="float32")[[3, 0]]])
    pixels = generators.images(loaded, latents, recipe=recipe, labels=[3, 0])
    np.testing.assert_array_equal(pixels, np.rint((expected + 1) * 127.5).astype("uint8"))


def simple(tmp_path, *layers, shape=(6,), **options):
    """A Sequential network saved and loaded: (generator, recipe, the network)."""
    keras.utils.set_random_seed(0)
    model = strangers.randomize(keras.Sequential([keras.layers.Input(shape), *layers]))
    strangers.save(model, tmp_path / "g.h5", "2.8.0")
    return *generators.load(tmp_path / "g.h5", **options), model


@pytest.mark.parametrize(
    ("activation", "scale", "expected", "note"),
    [
        ("tanh", 1, [-1, 1], None),
        ("sigmoid", 1, [0, 1], None),
        ("linear", 0.2, [-1, 1], "nothing bounds its values"),
        ("relu", 0.2, [0, 1], "nothing bounds its values"),
        ("softplus", 300, [0, 255], "nothing bounds its values"),
    ],
)
def test_range_is_what_the_values_say(tmp_path, activation, scale, expected, note):
    k = keras.layers
    layers = [
        k.Dense(64, activation="tanh"),
        k.Dense(784, use_bias=False),
        k.Activation(activation),
    ]
    keras.utils.set_random_seed(0)
    model = strangers.randomize(keras.Sequential([k.Input((6,)), *layers]))
    layers[1].kernel.assign(layers[1].kernel * scale)
    strangers.save(model, tmp_path / "g.h5", "2.8.0")
    _, recipe = generators.load(tmp_path / "g.h5")
    assert recipe["output_range"] == expected
    assert (
        [note] == [text[: len(note)] for text in recipe["notes"]] if note else not recipe["notes"]
    )


def test_pixels_of_0_to_1_from_a_tanh_are_noticed(tmp_path):
    k = keras.layers
    _, recipe, _ = simple(tmp_path, k.Dense(784, activation="relu"), k.Activation("tanh"))
    assert recipe["output_range"] == [0, 1]
    assert "hardly any below 0" in recipe["notes"][0]


def test_range_that_the_user_gives_counts(tmp_path):
    k = keras.layers
    layers = [k.Dense(784, activation="tanh")]
    loaded, recipe, model = simple(tmp_path, *layers, output_range=(-2.0, 2.0))
    latents = generators.latents(3, 6)
    expected = np.rint((made(model, [latents]) + 2) / 4 * 255).reshape(3, 28, 28, 1)
    pixels = generators.images(loaded, latents, recipe=recipe)
    np.testing.assert_allclose(pixels.astype(int), expected, atol=1)


@pytest.mark.parametrize(
    ("shape", "image"),
    [
        ((784,), [28, 28, 1]),
        ((3072,), [32, 32, 3]),
        ((16, 16), [16, 16, 1]),
        ((3, 16, 12), [16, 12, 3]),
        ((12, 16, 4), [12, 16, 3]),
        ((100, 1), [10, 10, 1]),
    ],
)
def test_outputs_that_are_images(tmp_path, shape, image):
    k = keras.layers
    layers = [k.Dense(int(np.prod(shape)), activation="tanh"), k.Reshape(shape)]
    loaded, recipe, _ = simple(tmp_path, *layers)
    assert recipe["image_shape"] == image
    assert generators.sample(loaded, recipe, 2).shape == (2, *image)


@pytest.mark.parametrize(
    ("shape", "layers", "what"),
    [
        ((6,), [keras.layers.Dense(30)], "a network whose output, [30], is no image"),
        ((16, 16, 1), [keras.layers.Conv2D(3, 3)], "makes images of images"),
        ((16, 16, 1), [keras.layers.Flatten(), keras.layers.Dense(1)], "judges images"),
        ((9,), [keras.layers.Embedding(5, 8), keras.layers.LSTM(64)], "for text or other"),
    ],
)
def test_networks_that_are_no_generators_are_called_what_they_are(tmp_path, shape, layers, what):
    loaded, recipe, _ = simple(tmp_path, *layers, shape=shape)
    assert what in recipe["kind"]
    with pytest.raises(UsageError, match="this is a network"):
        generators.sample(loaded, recipe, 2)


def test_latents_of_four_dimensions_and_a_fixed_batch(tmp_path):
    def fix(config):
        config["config"]["layers"][0]["config"]["batch_input_shape"] = [64, 1, 1, 12]

    keras.utils.set_random_seed(0)
    layer = keras.layers.Conv2DTranspose(1, 9, activation="tanh")
    model = strangers.randomize(keras.Sequential([keras.layers.Input((1, 1, 12)), layer]))
    strangers.save(model, tmp_path / "g.h5", "2.8.0", change=fix)
    loaded, recipe = generators.load(tmp_path / "g.h5")
    assert recipe["latent_dim"] == 12
    latents = generators.latents(3, 12)
    expected = made(model, [latents.reshape(3, 1, 1, 12)])
    np.testing.assert_array_equal(made(loaded, [latents.reshape(3, 1, 1, 12)]), expected)
    assert generators.sample(loaded, recipe, 3).shape == (3, 9, 9, 1)


def test_collapsed_generator_is_noticed(tmp_path):
    k = keras.layers
    layers = [k.Dense(784, activation="tanh")]
    keras.utils.set_random_seed(0)
    model = strangers.randomize(keras.Sequential([k.Input((6,)), *layers]))
    layers[0].kernel.assign(layers[0].kernel * 0)
    strangers.save(model, tmp_path / "g.h5", "2.8.0")
    assert "has collapsed" in generators.load(tmp_path / "g.h5")[1]["notes"][0]


def test_latents_that_the_statistics_do_not_fit_are_noticed(tmp_path):
    k = keras.layers
    dense, norm = k.Dense(50, use_bias=False), k.BatchNormalization()
    model = strangers.randomize(
        keras.Sequential([k.Input((6,)), dense, norm, k.Dense(784, activation="tanh")])
    )
    # The statistics of latents 30 times as large.
    values = generators.latents(5000, 6, 5) @ dense.kernel.numpy() * 30
    norm.moving_mean.assign(values.mean(axis=0))
    norm.moving_variance.assign(values.var(axis=0))
    strangers.save(model, tmp_path / "g.h5", "2.8.0")
    notes = generators.load(tmp_path / "g.h5")[1]["notes"]
    assert len(notes) == 1 and "it may have been trained with other ones" in notes[0]
    norm.moving_variance.assign(values.var(axis=0) / 900)
    norm.moving_mean.assign(values.mean(axis=0) / 30)
    strangers.save(model, tmp_path / "g.h5", "2.8.0")
    assert not generators.load(tmp_path / "g.h5")[1]["notes"]


@pytest.mark.parametrize("text", ["gauss", "normal:0", "normal:0,0", "uniform:1,0", "normal:0,1e9"])
def test_latents_that_are_none(text):
    with pytest.raises(UsageError, match="write normal, uniform"):
        generators.latents(1, 1, distribution=text)


def test_latents_of_every_kind():
    uniform = generators.latents(4000, 2, distribution="uniform")
    assert uniform.min() >= -1 and uniform.max() <= 1 and abs(uniform.std() - 3**-0.5) < 0.02
    shifted = generators.latents(4000, 2, distribution="normal:-1,0.5")
    assert abs(shifted.mean() + 1) < 0.03 and abs(shifted.std() - 0.5) < 0.02


def test_channels_first_is_turned_around(tmp_path):
    k = keras.layers
    last = keras.Sequential(
        [
            k.Input((4, 4, 3)), k.UpSampling2D(),
            k.Conv2DTranspose(5, 3, strides=2, padding="same"), k.MaxPooling2D(),
            k.ZeroPadding2D(1), k.Conv2D(1, 3, activation="tanh"),
        ]
    )  # fmt: skip
    strangers.randomize(last)

    def first(config):
        text = json.dumps(config).replace("channels_last", "channels_first")
        return json.loads(text.replace("[null, 4, 4, 3]", "[null, 3, 4, 4]"))

    strangers.save(last, tmp_path / "g.h5", "2.8.0", change=first)
    loaded, _ = generators.load(tmp_path / "g.h5")
    values = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    expected = np.moveaxis(made(last, [values]), -1, 1)
    found = made(loaded, [np.moveaxis(values, -1, 1)])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_operators_are_understood_and_others_refused(tmp_path):
    def scaled(function, number):
        def change(config):
            inner = config["config"]
            name = inner["output_layers"][0][0]
            inner["layers"].append(
                {
                    "name": "op", "class_name": "TFOpLambda",
                    "config": {"name": "op", "function": function},
                    "inbound_nodes": [[name, 0, 0, {"y": number, "name": None}]],
                }
            )  # fmt: skip
            inner["output_layers"] = [["op", 0, 0]]

        return change

    k = keras.layers
    noise = k.Input((6,))
    model = strangers.randomize(keras.Model(noise, k.Dense(784, activation="tanh")(noise)))
    strangers.save(model, tmp_path / "g.h5", "2.8.0", change=scaled("math.multiply", 127.5))
    loaded, recipe = generators.load(tmp_path / "g.h5")
    assert recipe["output_range"] == [-127.5, 127.5]
    latents = generators.latents(2, 6)
    np.testing.assert_allclose(made(loaded, [latents]), 127.5 * made(model, [latents]), rtol=1e-6)
    strangers.save(model, tmp_path / "g.h5", "2.8.0", change=scaled("io.write_file", 1))
    with pytest.raises(UsageError, match=r"the operation 'io\.write_file'"):
        generators.load(tmp_path / "g.h5")


def test_old_hard_sigmoid_is_the_old_one(tmp_path):
    k = keras.layers
    loaded, _, model = simple(tmp_path, k.Dense(784), k.Activation("hard_sigmoid"))
    latents = generators.latents(2, 6)
    expected = np.clip(0.2 * made(model.layers[0], [latents]) + 0.5, 0, 1)
    np.testing.assert_allclose(made(loaded, [latents]), expected, atol=1e-6)


def test_names_that_were_changed_are_matched_by_their_order(networks, tmp_path):
    model = networks["conditional"]
    strangers.save(model, tmp_path / "g.h5", "2.8.0")
    with h5py.File(tmp_path / "g.h5", "r+") as file:
        text = file.attrs["model_config"]
        for layer in model.layers:
            text = text.replace(f'"{layer.name}"', f'"renamed_{layer.name}"')
        file.attrs["model_config"] = text
    loaded, _ = generators.load(tmp_path / "g.h5")
    given = strangers.inputs_of(model)
    np.testing.assert_array_equal(made(loaded, given), made(model, given))


def test_archive_without_its_weights_names_what_is_missing(networks, tmp_path):
    networks["convolutional"].save(tmp_path / "g.keras")
    networks["perceptron"].save(tmp_path / "other.keras")
    with (
        zipfile.ZipFile(tmp_path / "g.keras") as good,
        zipfile.ZipFile(tmp_path / "other.keras") as other,
        zipfile.ZipFile(tmp_path / "mixed.keras", "w") as mixed,
    ):
        mixed.writestr("config.json", good.read("config.json"))
        mixed.writestr("model.weights.h5", other.read("model.weights.h5"))
    with pytest.raises(UsageError, match=r"mixed\.keras: the weights of layer 'dense"):
        generators.load(tmp_path / "mixed.keras")

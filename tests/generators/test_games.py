"""Files of a whole GAN: the generator inside is the one that was trained."""

import json
import zipfile

import foreign_files
import keras
import numpy as np
import pytest
from keras import layers

from keras_gans import generators, networks
from keras_gans.datasets.sources import Scale
from keras_gans.errors import UsageError
from keras_gans.gan import GAN
from keras_gans.generators import games
from keras_gans.latents import LATENTS, Latents, Normal, Uniform

pytestmark = pytest.mark.usefixtures("one_process")
SHAPE = (8, 8, 1)


def game(latents=None, average=None, last="tanh", optimizers=2, **options):
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(64),
            layers.BatchNormalization(),
            layers.Dense(64, activation=last),
            layers.Reshape(SHAPE),
        ]
    )
    discriminator = keras.Sequential([layers.Input(SHAPE), layers.Flatten(), layers.Dense(1)])
    gan = GAN(generator, discriminator, latents=latents, **options)
    given = (
        {"optimizer": "adam"} if optimizers == 1 else {"d_optimizer": "sgd", "g_optimizer": "adam"}
    )
    gan.compile(average=average, **given)
    foreign_files.randomize(gan.generator)
    if gan.averaged is not None:
        foreign_files.randomize(gan.averaged)
    return gan


@pytest.fixture
def opened(tmp_path):
    def opened(gan, **options):
        gan.save(tmp_path / "gan.keras")
        return generators.load(tmp_path / "gan.keras", **options)

    return opened


@pytest.mark.parametrize("name", ["conditional", "conditional_convolutional"])
def test_a_conditional_network_of_the_package_keeps_its_labels(name, opened, random):
    about = {"shape": (28, 28, 1), "classes": 3}
    generator = networks.build(name, "generator", latent_size=4, **about)
    gan = GAN(generator, networks.build(name, "discriminator", **about), seed=3)
    gan.compile(optimizer="adam")
    saved = opened(gan)
    assert [entry.role for entry in saved.inputs] == ["latents", "labels"]
    latents, labels = random.standard_normal((6, 4)).astype("f4"), np.arange(6) % 3
    expected = generator.predict_on_batch([latents, labels])
    found = saved.make(latents, labels)
    np.testing.assert_allclose(found / 127.5 - 1, expected, atol=0.5 / 127.5 + 1e-4)
    same = np.repeat(latents[:1], 3, axis=0)
    assert len(np.unique(saved.make(same, [0, 1, 2]), axis=0)) == 3


@pytest.mark.parametrize("average", [None, "exponential"])
@pytest.mark.parametrize("optimizers", [1, 2])
def test_the_generator_makes_what_it_made(average, optimizers, opened):
    gan = game(average=average, optimizers=optimizers, seed=3)
    saved = opened(gan)
    given = saved.latents.sample(5, seed=1)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(saved.network(given)),
        keras.ops.convert_to_numpy(gan.sampling_generator(given)),
    )
    assert saved.shape == SHAPE and saved.origin["seed"] == 3
    assert saved.sample(2).dtype == np.uint8
    assert ("averaged" in saved.notes[0]) == (average is not None)


@pytest.mark.parametrize("latents", [Normal(4), Normal(4, 1.0, 0.5), Uniform(4, 0.0, 2.0)])
def test_latents_are_those_of_the_game(latents, opened):
    found = opened(game(latents)).latents
    assert type(found) is type(latents) and found.get_config() == latents.get_config()


def test_every_distribution_of_the_package_is_known():
    named = {keras.saving.get_registered_name(kind): name for name, kind in LATENTS.items()}
    assert named == games._LATENTS


@keras.saving.register_keras_serializable("test_games")
class Ones(Latents):
    def draw(self, n, seed):
        return keras.ops.ones((n, self.size))

    def _sample(self, random, shape):
        return np.ones(shape, "float32")


def test_latents_of_another_class_are_noted_and_not_built(opened):
    saved = opened(game(Ones(4)))
    assert type(saved.latents) is Normal and "class 'Ones' are unknown" in saved.notes[1]


@pytest.mark.parametrize(
    ("scale", "last", "expected"),
    [
        (None, "tanh", [-1, 1]),
        (None, "sigmoid", [0, 1]),
        (Scale("uint8", 127.5, 1.0), None, [-1, 1]),
        (Scale("uint8", 255.0, 0.0), None, [0, 1]),
        (Scale("float32", 127.5, 1.0), "tanh", [-1, 1]),
        (Scale("float32", 255.0, 0.0), None, [0, 1]),
        (Scale("float32", 0.5, 1.0), None, [-1, 1]),
    ],
)
def test_the_range_of_pixels_is_that_of_the_game(scale, last, expected, opened):
    gan = game(last=last, scale=scale)
    assert opened(gan).origin["output_range"] == pytest.approx(expected)
    assert opened(gan, output_range=(-2.0, 2.0)).origin["output_range"] == [-2, 2]


def points_game(scale=None):
    keras.utils.set_random_seed(0)
    generator = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    discriminator = keras.Sequential([layers.Input((2,)), layers.Dense(1)])
    gan = GAN(generator, discriminator, scale=scale)
    gan.compile(optimizer="adam")
    return gan


@pytest.mark.parametrize("scale", [None, Scale("float32", 2.0, 0.5)])
def test_a_game_of_points_makes_points_on_the_scale_of_its_data(scale, opened):
    gan = points_game(scale)
    saved = opened(gan, shape=(2,))
    latents = saved.latents.sample(5, seed=1)
    outputs = keras.ops.convert_to_numpy(gan.generator(latents))
    expected = outputs if scale is None else (outputs + 0.5) * 2.0
    np.testing.assert_allclose(saved.make(latents), expected, rtol=1e-6)
    assert saved.sample(3).dtype == np.float32
    with pytest.raises(UsageError, match=r"makes points, .* leave out --range"):
        opened(gan, output_range=(0.0, 1.0))


def test_a_game_of_pixels_makes_no_points(opened):
    with pytest.raises(UsageError, match="is no image"):
        opened(points_game(Scale("uint8", 127.5, 1.0)))


def test_a_file_of_weights_is_named(tmp_path):
    game().save_weights(tmp_path / "gan.weights.h5")
    with pytest.raises(UsageError, match=r"weights of a GAN without .* gan.save"):
        generators.load(tmp_path / "gan.weights.h5")


def changed(path, change):
    """Rewrites an archive with another config."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config["config"])
    members["config.json"] = json.dumps(config)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("generator"), "description is not that of a network"),
        (lambda c: c.update(generator=[]), "description is not that of a network"),
        (lambda c: c["generator"].update(class_name="Lambda"), "Python code, which is never run"),
        (lambda c: c.update(scale_of_data={"dtype": "uint8"}), "damaged setting: no scale"),
        (lambda c: c.update(scale_of_data=[1]), "damaged setting: no scale"),
        (lambda c: c["scale_of_data"].update(divisor=0), "damaged setting: no scale"),
        (lambda c: c["scale_of_data"].update(divisor=10**400), "damaged setting: "),
        (lambda c: c["latents"]["config"].update(std="x"), "damaged setting: latents.std"),
        (lambda c: c["latents"]["config"].update(code="x"), "damaged setting: latents: unknown"),
    ],
)
def test_damaged_settings_are_named(change, message, tmp_path):
    path = tmp_path / "gan.keras"
    game(scale=Scale("uint8", 127.5, 1.0)).save(path)
    changed(path, change)
    with pytest.raises(UsageError, match=f"^{path}: .*{message}"):
        generators.load(path)


@pytest.mark.parametrize(
    "latents", [None, [], {"config": 3, "registered_name": "keras_gans>Normal"}]
)
def test_latents_that_are_no_mapping_are_standard_normal(latents, tmp_path):
    path = tmp_path / "gan.keras"
    game().save(path)
    changed(path, lambda config: config.update(latents=latents, seed="x"))
    saved = generators.load(path)
    assert saved.latents.get_config() == Normal(4).get_config()
    assert "seed" not in saved.origin

"""Transposed against strided convolutions: plans, options, labels, reference batches, files."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import generators, networks, parts
from keras_gans.datasets.sources import Images
from keras_gans.gan import GAN
from keras_gans.generators import Saved
from keras_gans.latents import Normal
from keras_gans.networks.custom import AddReference

SHAPE = (8, 8, 1)


def kinds(network):
    return [type(layer).__name__ for layer in network.layers]


def test_the_plan_of_a_generator():
    """Four blocks from 4x4 maps (Sabiri 2022)."""
    network = networks.build(
        "convolutional", "generator", (64, 64, 3), 100, filters=[128, 64, 32, 16],
        normalization="batch", kernel_size=3,
    )  # fmt: skip
    assert kinds(network) == (
        ["Dense", "Reshape"]
        + ["BatchNormalization", "LeakyReLU", "Conv2DTranspose"] * 4
        + ["Activation"]
    )
    maps = [x.output.shape[1:] for x in network.layers if isinstance(x, layers.Conv2DTranspose)]
    assert maps == [(8, 8, 64), (16, 16, 32), (32, 32, 16), (64, 64, 3)]
    assert network.layers[1].output.shape == (None, 4, 4, 128)
    counted = 101 * 2048 + 4 * (128 + 64 + 32 + 16)
    counted += (9 * 128 + 1) * 64 + (9 * 64 + 1) * 32 + (9 * 32 + 1) * 16 + (9 * 16 + 1) * 3
    assert network.count_params() == counted


@pytest.mark.parametrize("normalize_first", [False, True])
def test_the_plan_of_a_discriminator(normalize_first):
    network = networks.build(
        "convolutional", "discriminator", (64, 64, 3), filters=[16, 32, 64],
        normalization="batch", normalize_first=normalize_first, dropout=0.3,
    )  # fmt: skip
    block = ["Conv2D", "BatchNormalization", "LeakyReLU", "Dropout"]
    first = block if normalize_first else [name for name in block if name != "BatchNormalization"]
    assert kinds(network) == first + block * 2 + ["Flatten", "Dense", "Activation"]
    flat = next(x for x in network.layers if isinstance(x, layers.Flatten))
    assert flat.output.shape == (None, 8 * 8 * 64)


def test_minibatch_discrimination_stands_before_the_score():
    network = networks.build("convolutional", "discriminator", SHAPE, minibatch=7)
    assert kinds(network)[-4:] == ["Flatten", "MinibatchDiscrimination", "Dense", "Activation"]
    assert network.layers[-2].kernel.shape == (2 * 2 * 128 + 7, 1)


VIRTUAL = [
    ("convolutional", "generator"),
    ("convolutional", "discriminator"),
    ("conditional", "generator"),
    ("conditional", "discriminator"),
    ("conditional_convolutional", "generator"),
    ("conditional_convolutional", "discriminator"),
]


@pytest.mark.parametrize(("name", "role"), VIRTUAL)
def test_virtual_normalization_stands_where_batch_normalization_does(name, role):
    batch, virtual = (
        networks.build(name, role, SHAPE, 5, 3, normalization=kind) for kind in ("batch", "virtual")
    )
    found = [n for n in kinds(virtual) if n not in ("AddReference", "DropReference")]
    renamed = [n.replace("Virtual", "") for n in found]
    assert sorted(renamed) == sorted(kinds(batch))
    assert sum(isinstance(x, AddReference) for x in virtual.layers) == 1


@pytest.mark.parametrize(("name", "role"), VIRTUAL)
def test_with_virtual_normalization_a_sample_does_not_depend_on_its_batch(name, role, random):
    network = networks.build(name, role, SHAPE, 5, 3, normalization="virtual")
    shape = (4, 5) if role == "generator" else (4, *SHAPE)
    values, labels = random.standard_normal(shape).astype("float32"), np.array([2, 0, 1, 2])

    def call(part):
        given = [values[part], labels[part]] if len(network.inputs) == 2 else values[part]
        return ops.convert_to_numpy(network(given))

    together = call(slice(None))
    assert together.std() > 1e-4
    np.testing.assert_allclose(together[1:2], call(slice(1, 2)), rtol=1e-3, atol=1e-5)


def test_the_label_reaches_every_pixel(random):
    network = networks.build("conditional_convolutional", "discriminator", SHAPE, classes=3)
    image = np.repeat(random.standard_normal((1, *SHAPE)).astype("float32"), 3, axis=0)
    joined = next(x for x in network.layers if isinstance(x, layers.Concatenate)).output
    maps = keras.Model(network.inputs, joined)([image, np.arange(3, dtype="int32")])
    maps = ops.convert_to_numpy(maps)
    assert np.array_equal(maps[..., :1], image)
    assert np.array_equal(maps[..., 1:], np.tile(np.eye(3)[:, None, None], (1, 8, 8, 1)))
    assert len(np.unique(ops.convert_to_numpy(network([image, np.arange(3)])))) == 3


@pytest.mark.backends
@pytest.mark.parametrize("rules", [{"penalty": "gradient_penalty"}, {"average": "exponential"}])
def test_a_gan_of_these_layers_trains(rules, random):
    keras.utils.set_random_seed(0)
    generator = networks.build(
        "convolutional", "generator", SHAPE, 5, filters=[4, 2], normalization="virtual"
    )
    discriminator = networks.build(
        "convolutional", "discriminator", SHAPE, filters=[2, 4], normalization="virtual",
        spectral=True, minibatch=3, dropout=0.2,
    )  # fmt: skip
    gan = GAN(generator, discriminator)
    adam = {"name": "adam", "learning_rate": 0.01}
    gan.compile(d_optimizer=adam, g_optimizer=adam, turns={"d_steps": 2}, **rules)
    weights = [*generator.weights, *discriminator.weights]
    before = [np.array(ops.convert_to_numpy(w)) for w in weights]
    history = gan.fit(random.uniform(-1, 1, (16, *SHAPE)).astype("float32"), batch_size=8,
                      epochs=2, verbose=0).history  # fmt: skip
    assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()
    for weight, old in zip(weights, before, strict=True):
        assert np.array_equal(ops.convert_to_numpy(weight), old) == ("reference" in weight.path)


@pytest.fixture
def saved():
    keras.utils.set_random_seed(0)
    part = parts.check(
        "networks", {"name": "convolutional", "filters": [4], "normalization": "virtual"},
        "generator", "generator",
    )  # fmt: skip
    source = Images("pixels", np.zeros((3, *SHAPE), "uint8"), None, "here")
    network = networks.build(part, "generator", SHAPE, 5)
    return Saved.of(network, part, Normal(5), source, {})


def test_a_file_keeps_the_reference_batch(saved, tmp_path):
    generators.save(saved, tmp_path / "g.h5")
    loaded = generators.load(tmp_path / "g.h5")
    assert saved.sample(5).std() > 1
    assert np.array_equal(loaded.sample(5), saved.sample(5))


def test_keras_without_this_package_names_the_layer(saved, tmp_path):
    generators.save(saved, tmp_path / "g.h5")
    program = "import keras; keras.models.load_model('g.h5', compile=False)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True)
    assert done.returncode == 1
    assert b"keras_gans>AddReference" in done.stderr


def test_a_spectral_discriminator_survives_a_file(tmp_path):
    part = parts.check(
        "networks", {"name": "convolutional", "filters": [4], "spectral": True, "minibatch": 2},
        "discriminator", "discriminator",
    )  # fmt: skip
    network = networks.build(part, "discriminator", SHAPE)
    images = np.random.default_rng(0).standard_normal((3, *SHAPE)).astype("float32")
    network(images, training=True)
    generators.save_discriminator(network, part, SHAPE, None, tmp_path / "d.h5", {})
    loaded, _ = generators.load_discriminator(tmp_path / "d.h5")
    assert np.array_equal(loaded.predict(images, verbose=0), network.predict(images, verbose=0))

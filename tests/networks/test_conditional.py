"""Networks that take labels: inputs, the one-hot code, and files that plain Keras opens."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import networks
from keras_gans.errors import UsageError

pytestmark = pytest.mark.backends
MNIST = (28, 28, 1)


def pair(**options):
    generator = networks.build("conditional", "generator", MNIST, 7, 10, **options)
    return generator, networks.build("conditional", "discriminator", MNIST, classes=10, **options)


def test_inputs_and_outputs(random):
    generator, discriminator = pair()
    assert [(x.name, x.shape, x.dtype) for x in generator.inputs] == [
        ("latents", (None, 7), "float32"),
        ("labels", (None,), "int32"),
    ]
    assert [(x.name, x.shape, x.dtype) for x in discriminator.inputs] == [
        ("values", (None, *MNIST), "float32"),
        ("labels", (None,), "int32"),
    ]
    for n in (1, 5):
        labels = np.arange(n, dtype="int32")
        images = generator([random.standard_normal((n, 7)).astype("float32"), labels])
        assert tuple(images.shape) == (n, *MNIST)
        assert tuple(discriminator([ops.convert_to_numpy(images), labels]).shape) == (n, 1)


@pytest.mark.parametrize(
    ("hidden", "generator_count", "discriminator_count"),
    [  # Sundar 2018, table 1, latent 100: 128-784 and 128-1, 128-512-784 and 128-8-1, 256 and 32
        ((128,), 111 * 128 + 129 * 784, 795 * 128 + 129),
        ((128, 512), 111 * 128 + 129 * 512 + 513 * 784, 795 * 128 + 129 * 512 + 513),
        ((), 111 * 784, 795),
    ],
)
def test_parameters(hidden, generator_count, discriminator_count):
    generator = networks.build("conditional", "generator", MNIST, 100, 10, hidden=hidden)
    discriminator = networks.build("conditional", "discriminator", MNIST, classes=10, hidden=hidden)
    assert generator.count_params() == generator_count
    assert discriminator.count_params() == discriminator_count
    assert not generator.non_trainable_variables and not discriminator.non_trainable_variables


def test_the_label_is_one_hot():
    generator, _ = pair()
    encoding = next(x for x in generator.layers if isinstance(x, keras.layers.CategoryEncoding))
    labels = np.array([3, 0, 9, 3], "int32")
    assert np.array_equal(ops.convert_to_numpy(encoding(labels)), np.eye(10)[labels])
    assert np.array_equal(ops.convert_to_numpy(encoding(labels[:1])), np.eye(10)[labels[:1]])


def test_every_label_gives_its_own_image(random):
    generator, discriminator = pair()
    latents = np.repeat(random.standard_normal((1, 7)).astype("float32"), 10, axis=0)
    labels = np.arange(10, dtype="int32")
    images = ops.convert_to_numpy(generator([latents, labels]))
    assert len({image.tobytes() for image in images}) == 10
    scores = ops.convert_to_numpy(discriminator([images[:1].repeat(10, axis=0), labels]))
    assert len(set(scores.ravel().tolist())) == 10


def test_a_compiled_step_gives_what_eager_calls_give(random):
    """`predict` compiles where the backend does."""
    for network, values in zip(pair(), ((5, 7), (5, *MNIST)), strict=True):
        inputs = [random.standard_normal(values).astype("float32"), np.arange(5, dtype="int32")]
        np.testing.assert_allclose(
            network.predict(inputs, verbose=0),
            ops.convert_to_numpy(network(inputs)),
            rtol=1e-4,
            atol=1e-6,
        )


def test_a_training_step(random):
    _, discriminator = pair()
    discriminator.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    images, labels = random.standard_normal((8, *MNIST)), np.arange(8, dtype="int32")
    losses = [
        discriminator.train_on_batch([images, labels], (labels % 2)[:, None]) for _ in range(20)
    ]
    assert losses[-1] < losses[0] / 2


@pytest.mark.filterwarnings("ignore")
def test_plain_keras_opens_the_files(random, tmp_path):
    networks_ = dict(zip(("generator", "discriminator"), pair(), strict=True))
    shapes = {"generator": (3, 7), "discriminator": (3, *MNIST)}
    values = {role: random.standard_normal(s).astype("float32") for role, s in shapes.items()}
    for role, network in networks_.items():
        network.save(tmp_path / f"{role}.h5")
        np.save(tmp_path / f"{role}.npy", values[role])
    code = (
        "import sys, keras, numpy as np\n"
        "for role in 'generator', 'discriminator':\n"
        "    network = keras.models.load_model(role + '.h5', compile=False)\n"
        "    out = network([np.load(role + '.npy'), np.array([2, 0, 9], 'int32')])\n"
        "    np.save(role + '-out.npy', keras.ops.convert_to_numpy(out))\n"
        "assert not [m for m in sys.modules if m.startswith('keras_gans')]\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=os.environ, check=True)
    for role, network in networks_.items():
        expected = network([values[role], np.array([2, 0, 9], "int32")])
        assert np.array_equal(np.load(tmp_path / f"{role}-out.npy"), ops.convert_to_numpy(expected))


def test_labels_are_needed():
    for role in ("generator", "discriminator"):
        with pytest.raises(UsageError, match=f"{role} 'conditional' takes labels"):
            networks.build("conditional", role, MNIST, 100)


def test_networks_without_labels_ignore_the_classes():
    assert len(networks.build("vanilla", "generator", MNIST, 100, 10).inputs) == 1

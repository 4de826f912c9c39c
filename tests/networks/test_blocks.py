"""Building blocks: seeds, sizes, and optional layers."""

import keras
import pytest

from keras_gans import networks, parts
from keras_gans.errors import UsageError
from keras_gans.networks import blocks, custom


def test_dropout_is_seeded_by_keras_alone():
    seeds = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        network = networks.build("dcgan", "discriminator", (28, 28, 1))
        seeds.append([x.seed for x in network.layers if isinstance(x, keras.layers.Dropout)])
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 4
    assert None not in seeds[0]


def test_optional_layers():
    assert blocks.normalization(None) == blocks.output(None) == []
    assert blocks.normalization(0.7)[0].momentum == 0.7
    assert blocks.output("sigmoid")[0].activation is keras.activations.sigmoid
    assert blocks.activation("leaky_relu", 0.3).negative_slope == 0.3
    assert blocks.activation("relu", 0.3).activation is keras.activations.relu


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("vanilla", [512, 256, 1]),
        ("lsgan", [512, 256, 1]),
        ("dcgan", [32, 64, 128, 256, 1]),
        ("wgan", [16, 32, 64, 128, 1]),
        ("shallow", [64, 64, 1]),
        ("transposed", [128, 128, 128, 128, 1]),
        ("convolutional", [64, 128, 1]),
        ("conditional", [128, 1]),
        ("conditional_convolutional", [64, 128, 256, 1]),
        ("points", [128, 128, 1]),
    ],
)
def test_spectral_normalization_takes_every_kernel(name, outputs):
    shape = (2,) if name == "points" else (28, 28, 1)
    classes = 10 if name.startswith("conditional") else None
    spectral, plain = (
        networks.build({"name": name, "spectral": wanted}, "discriminator", shape, classes=classes)
        for wanted in (True, False)
    )
    with_kernel = [x for x in spectral.layers if hasattr(x, "layer") or hasattr(x, "kernel")]
    assert all(isinstance(x, custom.SpectralNormalization) for x in with_kernel)
    assert [x.output.shape[-1] for x in with_kernel] == outputs
    assert spectral.count_params() - plain.count_params() == sum(outputs)  # u of each


def test_every_discriminator_may_have_spectral_normalization():
    """But for the quadratic one, which has no options."""
    names = set(parts.names("networks", "discriminator"))
    with_it = {n for n in names if "spectral" in parts.parameters("networks", n, "discriminator")}
    assert names - with_it == {"lqg"}


def test_divide():
    assert blocks.divide((28, 40, 3), 4) == (7, 10)
    with pytest.raises(UsageError, match=r"28x42.*divisible by 4"):
        blocks.divide((28, 42, 3), 4)
    with pytest.raises(UsageError, match="makes images"):
        blocks.divide((2,), 4)

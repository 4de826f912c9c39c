"""Every network: parameters, order of layers, options, sizes, and mistakes."""

import keras
import numpy as np
import pytest

from keras_gans import networks, parts
from keras_gans.errors import UsageError

MNIST, FACES, PLANE, POINTS = (28, 28, 1), (40, 40, 3), (2,), (100,)

# Akel 2022: Figures 4.4 to 4.6 and appendices B, K, N, R; computed from the drawings where the
# thesis prints no count. (all parameters, trainable ones)
GENERATORS = {
    ("vanilla", MNIST): (1_493_520, 1_489_936),
    ("vanilla", FACES): (5_609_920, 5_606_336),
    ("lsgan", MNIST): (1_493_520, 1_489_936),
    ("dcgan", MNIST): (856_193, 855_809),
    ("dcgan", FACES): (1_516_675, 1_516_291),
    ("wgan", MNIST): (1_028_673, 1_028_289),
    ("wgan", FACES): (1_690_051, 1_689_667),
    ("transposed", FACES): (1_119_619, 1_119_619),
    ("points", PLANE): (29_698, 29_698),
    ("conditional", MNIST): (115_344, 115_344),
    ("convolutional", MNIST): (839_937, 839_937),  # 101 * 49 * 128 + (25 * 128 + 1) * 64 + 1,601
    ("convolutional", FACES): (1_502_467, 1_502_467),
    ("conditional_convolutional", MNIST): (903_425, 903_041),  # 10 * 49 * 128 and 4 * 192 more
    ("lqg", POINTS): (10_100, 10_100),
}
DISCRIMINATORS = {
    ("vanilla", MNIST): (533_505, 533_505),
    ("vanilla", FACES): (2_589_697, 2_589_697),
    ("lsgan", FACES): (2_589_697, 2_589_697),
    ("dcgan", MNIST): (393_729, 392_833),
    ("dcgan", FACES): (399_425, 398_529),
    ("wgan", MNIST): (100_097, 99_649),
    ("wgan", FACES): (102_945, 102_497),
    ("shallow", MNIST): (40_705, 40_705),
    ("shallow", FACES): (45_121, 45_121),
    ("transposed", FACES): (1_242_113, 1_242_113),
    ("points", PLANE): (17_025, 17_025),
    ("conditional", MNIST): (101_889, 101_889),
    ("convolutional", MNIST): (212_865, 212_865),  # 26 * 64 + (25 * 64 + 1) * 128 + 49 * 128 + 1
    ("convolutional", FACES): (222_593, 222_593),
    # (25 * 11 + 1) * 64 + (25 * 64 + 1) * 128 + (25 * 128 + 1) * 256 + 16 * 256 + 1 + 4 * 448
    ("conditional_convolutional", MNIST): (1_047_937, 1_047_041),
    ("lqg", POINTS): (10_101, 10_101),
}


def counts(network):
    trainable = sum(int(np.prod(v.shape)) for v in network.trainable_weights)
    return network.count_params(), trainable


def kinds(network):
    return [type(layer).__name__ for layer in network.layers]


@pytest.mark.parametrize(("name", "shape"), GENERATORS)
def test_generator_parameters(name, shape):
    assert counts(networks.build(name, "generator", shape, 100, 10)) == GENERATORS[name, shape]


@pytest.mark.parametrize(("name", "shape"), DISCRIMINATORS)
def test_discriminator_parameters(name, shape):
    assert (
        counts(networks.build(name, "discriminator", shape, classes=10))
        == DISCRIMINATORS[name, shape]
    )


def test_every_network_is_counted_here():
    assert {name for name, _ in [*GENERATORS, *DISCRIMINATORS]} == set(networks.names())


@pytest.mark.parametrize(
    ("name", "shape", "size"),
    [("dcgan", MNIST, 4096), ("dcgan", FACES, 9216), ("wgan", FACES, 4608),
     ("transposed", FACES, 3200)],
)  # fmt: skip
def test_flattened_sizes_of_the_drawings(name, shape, size):
    network = networks.build(name, "discriminator", shape)
    flatten = next(x for x in network.layers if isinstance(x, keras.layers.Flatten))
    assert flatten.output.shape == (None, size)


ORDER = {
    "vanilla": (
        ["Dense", "LeakyReLU", "BatchNormalization"] * 3 + ["Dense", "Reshape"],
        ["Flatten", "Dense", "LeakyReLU", "Dense", "LeakyReLU", "Dense", "Activation"],
    ),
    "lsgan": (
        ["Dense", "LeakyReLU", "BatchNormalization"] * 3 + ["Dense", "Reshape"],
        ["Flatten", "Dense", "LeakyReLU", "Dense", "LeakyReLU", "Dense"],
    ),
    "dcgan": (
        ["Dense", "Reshape"]
        + ["UpSampling2D", "Conv2D", "BatchNormalization", "Activation"] * 2
        + ["Conv2D", "Activation"],
        ["Conv2D", "LeakyReLU", "Dropout"]
        + ["Conv2D", "ZeroPadding2D", "BatchNormalization", "LeakyReLU", "Dropout"]
        + ["Conv2D", "BatchNormalization", "LeakyReLU", "Dropout"] * 2
        + ["Flatten", "Dense", "Activation"],
    ),
    "transposed": (
        ["Dense", "LeakyReLU", "Reshape"] + ["Conv2DTranspose", "LeakyReLU"] * 3 + ["Conv2D"],
        ["Conv2D", "LeakyReLU"] * 4 + ["Flatten", "Dropout", "Dense", "Activation"],
    ),
}


@pytest.mark.parametrize("name", ORDER)
def test_order_of_layers(name):
    generator, discriminator = ORDER[name]
    assert kinds(networks.build(name, "generator", FACES, 100)) == generator
    assert kinds(networks.build(name, "discriminator", FACES)) == discriminator


def test_shallow_discriminator():
    network = networks.build("shallow", "discriminator", MNIST)
    assert kinds(network) == ["Conv2D", "LeakyReLU", "Dropout"] * 2 + [
        "Flatten", "Dense", "Activation",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="network with a generator 'shallow'"):
        networks.build("shallow", "generator", MNIST, 100)


def test_options_of_the_tables_reach_the_layers():
    network = networks.build(
        "dcgan",
        "generator",
        MNIST,
        100,
        activation="leaky_relu",
        alpha=0.3,
        momentum=0.7,
        kernel_size=5,
    )
    layers = keras.layers
    leaky = [x for x in network.layers if isinstance(x, layers.LeakyReLU)]
    assert len(leaky) == 3
    assert {x.negative_slope for x in leaky} == {0.3}
    assert {x.momentum for x in network.layers if isinstance(x, layers.BatchNormalization)} == {0.7}
    assert {x.kernel_size for x in network.layers if isinstance(x, layers.Conv2D)} == {(5, 5)}

    network = networks.build("dcgan", "discriminator", MNIST, dropout=0.1, strides=1, momentum=None)
    assert {x.rate for x in network.layers if isinstance(x, layers.Dropout)} == {0.1}
    assert {x.strides for x in network.layers if isinstance(x, layers.Conv2D)} == {(1, 1)}
    assert not [x for x in network.layers if isinstance(x, layers.BatchNormalization)]


def test_first_convolutions_have_the_strides_of_the_source():
    strides = [
        x.strides[0]
        for x in networks.build("dcgan", "discriminator", MNIST).layers
        if isinstance(x, keras.layers.Conv2D)
    ]
    assert strides == [2, 2, 2, 1]


@pytest.mark.parametrize(
    "name", ["vanilla", "lsgan", "dcgan", "wgan", "transposed", "convolutional", "lqg"]
)
@pytest.mark.parametrize(("shape", "latent_size"), [((16, 24, 2), 3), ((8, 8, 1), 200)])
def test_any_size_channels_and_latent_size(name, shape, latent_size):
    generator = networks.build(name, "generator", shape, latent_size)
    images = generator(np.zeros((2, latent_size), "float32"))
    assert tuple(images.shape) == (2, *shape)
    assert tuple(networks.build(name, "discriminator", shape)(images).shape) == (2, 1)


@pytest.mark.parametrize(
    ("name", "shape", "by"),
    [("dcgan", (30, 28, 1), 4), ("wgan", (28, 27, 1), 4), ("transposed", (28, 28, 1), 8),
     ("convolutional", (28, 30, 1), 4)],
)  # fmt: skip
def test_sizes_that_do_not_divide_are_refused(name, shape, by):
    with pytest.raises(UsageError, match=f"{shape[0]}x{shape[1]}.*divisible by {by}"):
        networks.build(name, "generator", shape, 100)


def test_images_where_points_are_needed_and_points_where_images_are():
    for name, role, shape in [
        ("dcgan", "generator", PLANE),
        ("dcgan", "discriminator", PLANE),
        ("points", "generator", MNIST),
        ("points", "discriminator", MNIST),
    ]:
        with pytest.raises(UsageError) as error:
            networks.build(name, role, shape, 100)
        assert "\n" not in str(error.value)


def test_unknown_name_and_options_out_of_range():
    with pytest.raises(UsageError, match="did you mean 'dcgan'"):
        networks.build("dcgn", "generator", MNIST, 100)
    with pytest.raises(UsageError, match=r"discriminator.dropout: 1.5 must be in \[0, 1\)"):
        networks.build("dcgan", "discriminator", MNIST, dropout=1.5)
    with pytest.raises(UsageError, match="unknown option 'dropuot'"):
        networks.build("dcgan", "discriminator", MNIST, dropuot=0.5)
    with pytest.raises(UsageError, match="discriminator 'dcgan' cannot be built"):
        networks.build("dcgan", "discriminator", (28, 28))
    with pytest.raises(UsageError, match="unknown role 'generater'; did you mean 'generator'"):
        networks.build("dcgan", "generater", MNIST, 100)
    with pytest.raises(UsageError, match="'dcgan' takes latents; give latent_size"):
        networks.build("dcgan", "generator", MNIST)


def test_images_with_channels_first_are_refused(monkeypatch):
    monkeypatch.setattr(keras.config, "image_data_format", lambda: "channels_first")
    with pytest.raises(UsageError, match="change image_data_format"):
        networks.build("shallow", "discriminator", (28, 28, 1))


def test_a_part_is_a_name_with_options():
    part = parts.check("networks", {"name": "dcgan", "filters": 8}, "row 1", "discriminator")
    for given, options in [
        (part, {}),
        ({"name": "dcgan", "filters": 8}, {}),
        ("dcgan", {"filters": 8}),
        (part, {"filters": 8}),
    ]:
        network = networks.build(given, "discriminator", MNIST, **options)
        assert network.layers[0].filters == 8


def test_names_by_role():
    assert "shallow" in networks.names() and "shallow" not in networks.names("generator")
    assert {"blocks", "layers", "rewriting"}.isdisjoint(networks.names())

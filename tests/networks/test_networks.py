import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import networks
from keras_gans.errors import UsageError

MNIST, FACES = (28, 28, 1), (40, 40, 3)

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
}


def counts(network):
    trainable = sum(int(np.prod(v.shape)) for v in network.trainable_weights)
    return network.count_params(), trainable


def kinds(network):
    return [type(layer).__name__ for layer in network.layers]


@pytest.mark.parametrize(("name", "shape"), GENERATORS)
def test_generator_parameters(name, shape):
    assert counts(networks.generator(name, shape, 100)) == GENERATORS[name, shape]


@pytest.mark.parametrize(("name", "shape"), DISCRIMINATORS)
def test_discriminator_parameters(name, shape):
    assert counts(networks.discriminator(name, shape)) == DISCRIMINATORS[name, shape]


def test_every_network_is_counted_here():
    assert {name for name, _ in [*GENERATORS, *DISCRIMINATORS]} == set(networks.names())


@pytest.mark.parametrize(
    ("name", "shape", "size"),
    [("dcgan", MNIST, 4096), ("dcgan", FACES, 9216), ("wgan", FACES, 4608),
     ("transposed", FACES, 3200)],
)  # fmt: skip
def test_flattened_sizes_of_the_drawings(name, shape, size):
    network = networks.discriminator(name, shape)
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
    assert kinds(networks.generator(name, FACES, 100)) == generator
    assert kinds(networks.discriminator(name, FACES)) == discriminator


def test_shallow_discriminator():
    network = networks.discriminator("shallow", MNIST)
    assert kinds(network) == ["Conv2D", "LeakyReLU", "Dropout"] * 2 + [
        "Flatten", "Dense", "Activation",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="'shallow' has no generator"):
        networks.generator("shallow", MNIST, 100)


def test_options_of_the_tables_reach_the_layers():
    network = networks.generator(
        "dcgan", MNIST, 100, activation="leaky_relu", alpha=0.3, momentum=0.7, kernel_size=5
    )
    layers = keras.layers
    leaky = [x for x in network.layers if isinstance(x, layers.LeakyReLU)]
    assert len(leaky) == 3
    assert {x.negative_slope for x in leaky} == {0.3}
    assert {x.momentum for x in network.layers if isinstance(x, layers.BatchNormalization)} == {0.7}
    assert {x.kernel_size for x in network.layers if isinstance(x, layers.Conv2D)} == {(5, 5)}

    network = networks.discriminator("dcgan", MNIST, dropout=0.1, strides=1, momentum=None)
    assert {x.rate for x in network.layers if isinstance(x, layers.Dropout)} == {0.1}
    assert {x.strides for x in network.layers if isinstance(x, layers.Conv2D)} == {(1, 1)}
    assert not [x for x in network.layers if isinstance(x, layers.BatchNormalization)]


def test_first_convolutions_have_the_strides_of_the_source():
    strides = [
        x.strides[0]
        for x in networks.discriminator("dcgan", MNIST).layers
        if isinstance(x, keras.layers.Conv2D)
    ]
    assert strides == [2, 2, 2, 1]


@pytest.mark.parametrize("name", ["vanilla", "lsgan", "dcgan", "wgan", "transposed"])
@pytest.mark.parametrize(("shape", "latent_dim"), [((16, 24, 2), 3), ((8, 8, 1), 200)])
def test_any_size_channels_and_latent_size(name, shape, latent_dim):
    generator = networks.generator(name, shape, latent_dim)
    images = generator(np.zeros((2, latent_dim), "float32"))
    assert tuple(images.shape) == (2, *shape)
    assert tuple(networks.discriminator(name, shape)(images).shape) == (2, 1)


@pytest.mark.parametrize(
    ("name", "shape", "by"),
    [("dcgan", (30, 28, 1), 4), ("wgan", (28, 27, 1), 4), ("transposed", (28, 28, 1), 8)],
)
def test_sizes_that_do_not_divide_are_refused(name, shape, by):
    with pytest.raises(UsageError, match=f"{shape[0]}x{shape[1]}.*divisible by {by}"):
        networks.generator(name, shape, 100)


def test_unknown_name_and_options_out_of_range():
    with pytest.raises(UsageError, match="did you mean 'dcgan'"):
        networks.generator("dcgn", MNIST, 100)
    with pytest.raises(UsageError, match="discriminator 'dcgan' cannot be built"):
        networks.discriminator("dcgan", MNIST, dropout=1.5)


def test_without_sigmoid_is_the_score_behind_the_probability(random):
    network = networks.discriminator("vanilla", MNIST)
    scores = networks.without_sigmoid(network)
    images = random.standard_normal((5, *MNIST)).astype("float32")
    probability = ops.convert_to_numpy(network(images))
    score = ops.convert_to_numpy(scores(images))
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-score)), rtol=1e-5)
    assert [v.path for v in scores.weights] == [v.path for v in network.weights]
    linear = networks.discriminator("lsgan", MNIST)
    assert networks.without_sigmoid(linear) is linear


def test_dropout_is_seeded_by_keras_alone():
    seeds = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        network = networks.discriminator("dcgan", MNIST)
        seeds.append([x.seed for x in network.layers if isinstance(x, keras.layers.Dropout)])
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 4
    assert None not in seeds[0]

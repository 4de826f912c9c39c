"""From the words of a row to objects."""

import keras
import numpy as np
import pytest
from keras import ops
from running import plan, quickstart

from keras_gans import averages, constraints, datasets, losses, optimizers, penalties, updates
from keras_gans.errors import UsageError
from keras_gans.latents import Uniform
from keras_gans.networks.custom import AddReference
from keras_gans.runs.building import build

DIGITS = datasets.load("digits")


def built(number, data=DIGITS, seed=0, **changed):
    return build(quickstart(number, "results", changed).experiment, data, seed)


@pytest.mark.parametrize(
    ("last", "low", "high"), [("tanh", -1, 1), ("linear", -1, 1), ("sigmoid", 0, 1)]
)
def test_pixels_go_to_the_range_of_the_last_activation(last, low, high):
    changed = {"generator": {"name": "vanilla", "last_activation": last}}
    values = built(1, **changed).scale.to_network(DIGITS.values)
    assert (values.min(), values.max()) == (low, high)


def test_images_too_large_for_a_saved_generator_are_refused_before_a_network_is_built():
    wide = datasets.Images("wide", np.zeros((8, 8, 600, 1), "uint8"), None, "wide")
    with pytest.raises(
        UsageError, match=r"^samples of 8x600x1 are too large: .* at most 512 pixels"
    ):
        built(1, wide)


@pytest.mark.parametrize(
    ("changed", "label", "message"),
    [
        ({"latents": {"size": 100_000}}, 9, "100,000 latents are too many: .* 65,536"),
        ({"generator": "conditional", "discriminator": "conditional"}, 490_000_000, "classes are"),
    ],
)
def test_networks_that_would_fill_the_memory_are_not_built(changed, label, message):
    data = datasets.Images("few", DIGITS.values[:2], np.array([0, label]), "few")
    with pytest.raises(UsageError, match=message):
        built(1, data, **changed)


def test_labels_of_networks_without_labels_may_be_any_number():
    built(1, datasets.Images("few", DIGITS.values[:2], np.array([0, 490_000_000]), "few"))


def test_standardized_pixels_have_mean_0_and_std_1():
    values = built(1, DIGITS.standardized()).scale.to_network(DIGITS.values)
    assert (values.mean(), values.std()) == pytest.approx((0, 1), abs=1e-4)


def test_every_part_of_a_row_arrives_in_the_model():
    gan = built(
        1,
        latents={"name": "uniform", "size": 7, "low": 0},
        loss={"name": "mse", "real": [0.8, 1.1]},
        d_optimizer={"name": "sgd", "learning_rate": 0.1},
        g_optimizer={"name": "rmsprop_keras2", "rho": 0.5},
        turns={"d_steps": 3, "fakes": "inference", "latents": "shared", "batch_norm": "frozen"},
        penalty={"name": "r1", "weight": 3},
        constraint={"name": "clip", "limit": 0.5, "weights": "all"},
        average={"name": "exponential", "decay": 0.5},
        augment={"name": "differentiable", "cutout": 0.25},
    )
    assert (type(gan.latents), gan.latents.size, gan.latents.low) == (Uniform, 7, 0.0)
    assert type(gan.objective) is losses.MeanSquaredError
    assert gan.objective.real == (0.8, 1.1)
    assert type(gan.d_optimizer) is keras.optimizers.SGD
    assert (type(gan.g_optimizer), gan.g_optimizer.rho) == (optimizers.RMSpropKeras2, 0.5)
    assert gan.turns.plain == {
        "d_steps": 3, "update": "joint", "fakes": "inference", "latents": "shared",
        "batch_norm": "frozen", "g_steps": 1, "unroll": 0, "train": "both",
    }  # fmt: skip
    assert type(gan.update) is updates.Joint
    assert (type(gan.penalty), gan.penalty.weight) == (penalties.R1, 3.0)
    assert (type(gan.constraint), gan.constraint.limit) == (constraints.Clip, 0.5)
    assert (type(gan.average), gan.average.decay) == (averages.Exponential, 0.5)
    assert gan.augment.get_config() == {"color": 1.0, "translation": 0.125, "cutout": 0.25}
    assert gan.sampling_generator is gan.averaged is not gan.generator
    assert (gan.scale, gan.seed) == (DIGITS.scale, 0)
    assert gan.generator.output_shape == (None, 28, 28, 1)


def test_one_optimizer_is_one_object_for_both_networks():
    experiment = plan("akel2022", 1, "results").experiment
    gan = build(experiment, DIGITS, 0)
    assert gan.d_optimizer is gan.g_optimizer
    two = built(1)
    assert two.d_optimizer is not two.g_optimizer


def references(gan):
    layers = [*gan.generator.layers, *gan.discriminator.layers]
    found = [x.reference for x in layers if isinstance(x, AddReference)]
    return [ops.convert_to_numpy(reference) for reference in found]


def test_reference_batches_are_latents_and_real_samples_of_the_seed():
    virtual = {"name": "convolutional", "filters": [4, 2], "normalization": "virtual"}
    rows = {"generator": virtual, "discriminator": virtual, "average": "exponential"}
    gan = built(1, seed=3, latents={"name": "uniform", "size": 5, "low": 2, "high": 3}, **rows)
    latents, reals = references(gan)
    assert np.array_equal(latents, gan.latents.sample(64, [3, 2]))
    pixels = {image.tobytes() for image in DIGITS.values}
    assert len({image.tobytes() for image in DIGITS.scale.to_values(reals)} & pixels) == 64
    assert not np.array_equal(references(built(1, seed=4, **rows))[1], reals)
    (averaged,) = (x.reference for x in gan.averaged.layers if isinstance(x, AddReference))
    assert np.array_equal(ops.convert_to_numpy(averaged), latents)


def test_reference_batches_of_conditional_networks_have_labels():
    virtual = {"name": "conditional", "normalization": "virtual"}
    latents, reals = references(built(5, generator=virtual, discriminator=virtual))
    assert np.array_equal(latents[:, -10:], np.eye(10)[np.arange(64) % 10])
    images = DIGITS.scale.to_network(DIGITS.values).reshape(len(DIGITS), -1)
    for sample in reals:
        (place,) = np.flatnonzero((images == sample[:-10]).all(axis=1))[:1]
        assert np.array_equal(sample[-10:], np.eye(10)[DIGITS.labels[place]])


def test_weights_follow_from_the_seed_whatever_was_built_before():
    def first(gan):
        return ops.convert_to_numpy(gan.generator.weights[0])

    expected = first(built(1, seed=3))
    np.random.seed(9)
    built(3, seed=8)
    np.testing.assert_array_equal(first(built(1, seed=3)), expected)
    assert not np.array_equal(first(built(1, seed=4)), expected)


def test_labels_make_a_conditional_model_and_points_a_scale_of_their_own():
    gan = built(5)
    assert gan.conditional
    assert gan.generator.inputs[1].shape == (None,)
    ring = datasets.load("ring")
    gan = built(6, ring)
    assert not gan.conditional
    assert gan.scale == ring.scale != DIGITS.scale
    assert gan.generator.output_shape == (None, 2)


@pytest.mark.parametrize(
    ("number", "changed", "message"),
    [
        (1, {"generator": "points"}, "points"),
        (1, {"penalty": "r1", "turns": {"update": "separate"}}, "joint"),
        (1, {"generator": "transposed"}, "divisible by 8"),
    ],
)
def test_networks_and_rules_that_do_not_fit_are_usage_errors(number, changed, message):
    with pytest.raises(UsageError, match=message):
        built(number, **changed)

import hashlib

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from keras_gans import latents, parts
from keras_gans.errors import UsageError
from keras_gans.latents import Normal, Uniform

DISTRIBUTIONS = [
    (Normal(3), 0.0, 1.0),
    (Normal(3, mean=2.0, std=0.5), 2.0, 0.5),
    (Uniform(3), 0.0, 2 / np.sqrt(12)),
    (Uniform(3, low=0.0, high=1.0), 0.5, 1 / np.sqrt(12)),
]


# --- sample: with NumPy ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "digest"),
    [
        (0, "eda84317268936308edb554d39edf35ad01acdae0c82a853a8a1e4dcccbc3f0e"),
        (7, "23fd518b93f4b2958e3a6ac9b79635e663eeca918c73ea6017899b40d70fb7e1"),
    ],
)
def test_standard_normal_latents_are_those_of_every_version_of_the_package(seed, digest):
    """Otherwise the grids and the measurements of published runs could not be made again."""
    drawn = Normal(100).sample(25, seed)
    assert (drawn.shape, drawn.dtype) == ((25, 100), np.float32)
    assert hashlib.sha256(drawn.tobytes()).hexdigest() == digest


def test_sample_is_a_function_of_its_arguments():
    for distribution, _, _ in DISTRIBUTIONS:
        first = distribution.sample(10, 4)
        np.testing.assert_array_equal(distribution.sample(10, 4), first)
        assert not np.array_equal(distribution.sample(10, 5), first)


def test_fewer_samples_are_the_beginning_of_more():
    for distribution, _, _ in DISTRIBUTIONS:
        np.testing.assert_array_equal(
            distribution.sample(3, 1), distribution.sample(10, 1)[:3], strict=True
        )


@pytest.mark.parametrize("n", [-1, 2.5, "3", None, True])
def test_a_number_of_latents_is_an_integer(n):
    with pytest.raises(UsageError, match=f"^latents: .*{n}"):
        Normal(5).sample(n)
    assert Normal(5).sample(np.int64(3)).shape == (3, 5)


def test_a_list_of_seeds_is_a_stream_of_its_own():
    streams = [Normal(5).sample(10, seed) for seed in (3, [3, 1], [3, 2], [4, 1])]
    for i, one in enumerate(streams):
        for other in streams[:i]:
            assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.6
            assert not np.array_equal(one, other)


@pytest.mark.parametrize(("distribution", "mean", "std"), DISTRIBUTIONS)
def test_sampled_latents_have_the_distribution(distribution, mean, std):
    drawn = distribution.sample(20_000, 0)
    assert drawn.dtype == np.float32
    if isinstance(distribution, Normal):
        known = stats.norm(mean, std)
    else:
        known = stats.uniform(distribution.low, distribution.high - distribution.low)
    for component in drawn.T:
        assert stats.kstest(component, known.cdf).pvalue > 1e-4
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 0.03
    assert drawn.mean() == pytest.approx(mean, abs=4 * std / np.sqrt(drawn.size))
    assert drawn.std() == pytest.approx(std, rel=0.02)


# --- draw: in the training step ----------------------------------------------------------------


@pytest.mark.backends
@pytest.mark.parametrize(("distribution", "mean", "std"), DISTRIBUTIONS)
def test_drawn_latents_have_the_moments_of_the_distribution(distribution, mean, std):
    seed = keras.random.SeedGenerator(0)
    drawn, again = (ops.convert_to_numpy(distribution.draw(20_000, seed)) for _ in range(2))
    assert (drawn.shape, drawn.dtype) == ((20_000, 3), np.float32)
    assert not np.array_equal(drawn, again), "the seed moves on"
    np.testing.assert_allclose(drawn.mean(0), mean, atol=5 * std / np.sqrt(len(drawn)))
    np.testing.assert_allclose(drawn.std(0), std, rtol=0.03)
    fourth = ((drawn - mean) ** 4).mean() / std**4
    assert fourth == pytest.approx(3.0 if isinstance(distribution, Normal) else 1.8, rel=0.05)
    if isinstance(distribution, Uniform):
        assert distribution.low <= drawn.min() < drawn.max() <= distribution.high


@pytest.mark.backends
def test_the_same_seed_draws_the_same_latents():
    one, other = (ops.convert_to_numpy(Normal(4).draw(5, keras.random.SeedGenerator(2)))
                  for _ in range(2))  # fmt: skip
    np.testing.assert_array_equal(one, other)


# --- identifiers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distribution", "plain"),
    [
        (Normal(100), {"name": "normal", "size": 100}),
        (Normal(8, std=2.0), {"name": "normal", "size": 8, "std": 2.0}),
        (Uniform(8), {"name": "uniform", "size": 8}),
        (Uniform(8, low=0.0), {"name": "uniform", "size": 8, "low": 0.0}),
    ],
)
def test_plain_is_what_yaml_has_and_builds_the_same(distribution, plain):
    assert distribution.plain == plain
    copy = latents.get(plain)
    assert type(copy) is type(distribution)
    assert copy.get_config() == distribution.get_config()
    assert parts.check("latents", plain, "here").plain == plain
    np.testing.assert_array_equal(copy.sample(3, 1), distribution.sample(3, 1))


def test_the_size_may_be_an_argument_of_its_own():
    assert latents.get("uniform", size=6).size == 6
    assert latents.get({"name": "uniform", "size": 5}, size=6).size == 5
    given = Normal(3)
    assert latents.get(given, size=6) is given


def test_a_distribution_that_is_none_is_refused():
    with pytest.raises(UsageError, match="'size'"):
        latents.get("normal")
    with pytest.raises(UsageError, match=r"latents: .*: give a name, such as 'normal'"):
        latents.get(object())
    with pytest.raises(UsageError, match="low"):
        latents.get({"name": "uniform", "size": 3, "low": 1.0, "high": 1.0})
    for std in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="std"):
            Normal(3, std=std)


def test_serialization_and_text():
    for distribution, _, _ in DISTRIBUTIONS:
        config = keras.saving.serialize_keras_object(distribution)
        copy = keras.saving.deserialize_keras_object(config)
        assert copy.plain == distribution.plain
    assert repr(Uniform(3, 0.0)) == "Uniform(size=3, low=0.0, high=1.0)"


def test_a_distribution_of_ones_own_cannot_be_written_down():
    class Ones(Normal):
        pass

    with pytest.raises(UsageError, match="of the class Ones cannot be written down: use Normal"):
        Ones(3).plain  # noqa: B018

"""Rejection sampling against densities that are known: N(0, 1) made, N(1/2, 0.7^2) wanted."""

import json
from types import SimpleNamespace

import h5py
import keras
import numpy as np
import pytest
from scipy.special import expit

from keras_gans import generators, losses, networks, parts
from keras_gans.datasets.sources import PIXELS, PLAIN, Points
from keras_gans.errors import UsageError
from keras_gans.generators import Judge, Rejection, Saved, rejection
from keras_gans.latents import Normal

MEAN, STD = 0.5, 0.7
GRID = np.linspace(-8, 8, 400_001)


def log_ratio(x):
    return -(((x - MEAN) / STD) ** 2) / 2 + x**2 / 2 - np.log(STD)


class Identity:
    """A generator of its latents; with `classes`, the label is added to them."""

    shape, scale, latents = (1,), PLAIN, Normal(1)

    def __init__(self, classes=None):
        self.classes, self.made = classes, []

    def turns_of_labels(self, count):
        return None if self.classes is None else np.arange(count) % self.classes

    def make(self, latents, labels=None):
        self.made.append(latents)
        return latents if labels is None else latents + labels[:, None].astype("float32")


def judge(function, classes=None):
    """A judge that is a function of values and labels."""
    found = Judge(None, None, PLAIN, (1,), classes)
    object.__setattr__(found, "log_ratio", function)
    return found


EXACT = judge(lambda values, labels: log_ratio(values[:, 0].astype("float64")))


def expected(gamma):
    """Rate, mean and standard deviation of what is accepted, from the densities."""
    made = np.exp(-(GRID**2) / 2) / np.sqrt(2 * np.pi) * (GRID[1] - GRID[0])
    margins = log_ratio(GRID) - log_ratio(GRID).max()
    accepted = made * expit(margins - np.log(-np.expm1(margins - 1e-8)) - gamma)
    rate = accepted.sum()
    mean = (GRID * accepted).sum() / rate
    return rate, mean, np.sqrt(((GRID - mean) ** 2 * accepted).sum() / rate)


def test_with_gamma_0_accepted_samples_have_the_distribution_of_the_data():
    n = 20_000
    found = Rejection(Identity(), EXACT, 0.0, percentile=False).draw(n, seed=3)
    assert found.values.mean() == pytest.approx(MEAN, abs=4 * STD / np.sqrt(n))
    assert found.values.std() == pytest.approx(STD, abs=4 * STD / np.sqrt(2 * n))
    # The whole distribution, by the Kolmogorov distance at the level 1e-4.
    normal = np.sort((found.values[:, 0] - MEAN) / STD)
    from scipy.stats import kstest

    assert kstest(normal, "norm").pvalue > 1e-4
    assert kstest(found.latents[:, 0], "norm").pvalue < 1e-9
    # One of M samples is accepted, where M is the largest ratio.
    assert found.rate == pytest.approx(1 / np.exp(log_ratio(GRID).max()), rel=0.03)


@pytest.mark.parametrize("gamma", [-2.0, 1.0, 3.0])
def test_rate_and_moments_for_other_gammas_are_those_of_the_formula(gamma):
    n = 20_000
    found = Rejection(Identity(), EXACT, gamma, percentile=False).draw(n, seed=1)
    rate, mean, std = expected(gamma)
    assert found.rate == pytest.approx(rate, rel=0.05)
    assert found.values.mean() == pytest.approx(mean, abs=5 * std / np.sqrt(n))
    assert found.values.std() == pytest.approx(std, abs=5 * std / np.sqrt(2 * n))


def test_a_percentile_sets_gamma_in_each_batch():
    found = Rejection(Identity(), EXACT, 80.0).draw(5000, seed=2)
    margins = log_ratio(GRID) - log_ratio(GRID).max()
    f = margins - np.log(-np.expm1(margins - 1e-8))
    made = np.exp(-(GRID**2) / 2) / np.sqrt(2 * np.pi) * (GRID[1] - GRID[0])
    order = np.argsort(f)
    gamma = f[order][np.searchsorted(np.cumsum(made[order]), 0.8)]
    assert found.rate == pytest.approx(expected(gamma)[0], rel=0.05)
    lower = Rejection(Identity(), EXACT, 20.0).draw(5000, seed=2)
    assert lower.rate > 2 * found.rate


def test_the_sample_of_the_highest_ratio_is_accepted_and_not_a_division_by_zero():
    sampler = Rejection(Identity(), EXACT, 0.0, percentile=False)
    with np.errstate(all="raise"):
        found = sampler._probabilities(np.array([0.0, -1e-9, -1.0, -500.0]))
    assert found[:2] == pytest.approx([1.0, 1.0], abs=2e-8)
    assert found[2:] == pytest.approx(np.exp([-1.0, -500.0]), rel=1e-6)


def test_the_maximum_is_that_of_all_samples_so_far(monkeypatch):
    """Nearly equal ratios: the second batch has a higher one, so the third is mostly rejected."""
    monkeypatch.setattr(rejection, "BATCH", 1000)
    highest = iter([0.0, 3.0, *[0.0] * 1000])

    def ratios(values, labels):
        found = np.zeros(len(values))
        found[:2] = next(highest), -1e-9  # a judge that gives all the same is refused
        return found

    made = Identity()
    found = Rejection(made, judge(ratios), 0.0, percentile=False).draw(1500, seed=0)
    # 1000 of the first batch; of all others a share of exp(-3), about 50 of each.
    assert len(made.made) == pytest.approx(1 + 500 / (1000 * np.exp(-3)), abs=2)
    np.testing.assert_array_equal(found.values[:1000], made.made[0])


def test_samples_are_a_function_of_the_seed_and_the_count():
    sampler = Rejection(Identity(), EXACT)
    a, b = (sampler.draw(500, seed=[4, 1]) for _ in range(2))
    np.testing.assert_array_equal(a.values, b.values)
    np.testing.assert_array_equal(sampler.sample(500, [4, 1]), a.values)
    assert not np.isin(sampler.sample(500, 4), a.values).any()
    assert not np.isin(sampler.sample(500, 5), sampler.sample(500, 4)).any()
    np.testing.assert_array_equal(sampler.sample(100, 4), sampler.sample(500, 4)[:100])


def test_every_place_gets_a_sample_of_its_label():
    """Class 2 is accepted seldom: the others wait for it, and are not drawn in the meantime."""
    seldom = judge(lambda values, labels: np.where(labels == 2, -3.0, 0.0), classes=3)
    made = Identity(classes=3)
    labels = np.resize([0, 1, 2, 2], 4000)
    found = Rejection(made, seldom, 0.0, percentile=False).draw(4000, 0, labels)
    np.testing.assert_array_equal(found.labels, labels)
    np.testing.assert_allclose(found.values - found.latents, labels[:, None], atol=1e-5)
    assert np.unique(found.latents).size == 4000
    rounds = 1 + (2000 - 5000 * np.exp(-3)) / (10_000 * np.exp(-3))
    assert len(made.made) == pytest.approx(rounds, abs=2)


def test_sampling_that_accepts_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(rejection, "BATCH", 1000)
    made = Identity()
    sampler = Rejection(made, EXACT, 60.0, percentile=False)
    with pytest.raises(UsageError, match="0 of 10,000 samples were accepted, 5 are missing: give"):
        sampler.draw(5)
    assert len(made.made) == 10


def test_progress_is_told():
    said = []
    Rejection(Identity(), EXACT).draw(100, progress=SimpleNamespace(status=said.append))
    assert said == ["100 of 100 samples accepted"]


@pytest.mark.parametrize(
    ("shape", "made", "judged", "message"),
    [
        ((2,), None, None, "makes samples (1,) and the discriminator takes (2,)"),
        ((1,), None, 3, "has no classes and the discriminator 3"),
        ((1,), 4, 3, "has 4 classes and the discriminator 3"),
    ],
)
def test_networks_of_different_data_are_refused(shape, made, judged, message):
    with pytest.raises(UsageError) as caught:
        Rejection(Identity(made), Judge(None, None, PLAIN, shape, judged))
    assert message in str(caught.value)


# --- saved discriminators ----------------------------------------------------------------------


def save(path, loss, shape=(2,), name="points", classes=None, scale=PLAIN, **options):
    """A discriminator with random weights."""
    keras.utils.set_random_seed(0)
    part = parts.check("networks", {"name": name, **options}, "d", "discriminator")
    network = networks.build(part, "discriminator", shape, classes=classes)
    about = {"loss": loss, "scale": scale.plain} if loss else {}
    generators.save_discriminator(network, part, shape, classes, path, {"seed": 0}, **about)
    return network


@pytest.mark.parametrize("loss", ["binary_crossentropy", "mse", {"name": "kl"}])
@pytest.mark.parametrize("last", ["sigmoid", None])
@pytest.mark.usefixtures("one_process")
def test_a_judge_reads_the_scores_as_its_loss_does(tmp_path, random, loss, last):
    network = save(tmp_path / "d.h5", loss, last_activation=last)
    points = random.normal(size=(700, 2)).astype("float32")
    output = network.predict(points, verbose=0).astype("float64")
    objective = losses.get(loss)
    if last == "sigmoid" and objective.of_scores:
        output = np.log(output / (1 - output))
    expected = keras.ops.convert_to_numpy(objective.log_ratio(output))[:, 0]
    found = Judge.open(tmp_path / "d.h5").log_ratio(points)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.usefixtures("one_process")
def test_a_judge_takes_values_of_the_data_and_labels(tmp_path, random):
    pixels = random.integers(0, 256, (5, 8, 8, 1), dtype="uint8")
    options = {"shape": (8, 8, 1), "name": "conditional", "scale": PIXELS, "classes": 3}
    network = save(tmp_path / "d.h5", "f_gan", last_activation=None, **options)
    labels = np.array([0, 1, 2, 0, 1])
    judged = Judge.open(tmp_path / "d.h5")
    assert (judged.classes, judged.shape, judged.title) == (3, (8, 8, 1), "d.h5")
    expected = network.predict([PIXELS.to_network(pixels), labels.astype("int32")], verbose=0)
    assert judged.log_ratio(pixels, labels) == pytest.approx(expected[:, 0], abs=1e-5)


@pytest.mark.parametrize(
    ("loss", "change", "message"),
    [
        (None, {}, "does not record the loss"),
        ("wasserstein", {}, "the scores of Wasserstein give no ratio"),
        ("mse", {"loss": "msee"}, "unknown loss 'msee'"),
        ("mse", {"loss": 7}, "loss: 7"),
        ("mse", {"scale": {"dtype": "uint8"}}, "damaged recipe"),
        ("mse", {"scale": 3}, "damaged recipe"),
        ("mse", {"scale": {"dtype": "uint8", "divisor": 0, "shift": 0}}, "no scale"),
    ],
)
@pytest.mark.usefixtures("one_process")
def test_a_discriminator_that_gives_no_ratio_is_refused(tmp_path, loss, change, message):
    save(path := tmp_path / "d.h5", loss)
    with h5py.File(path, "r+") as file:
        recipe = json.loads(file.attrs["keras_gans"])
        file.attrs["keras_gans"] = json.dumps({**recipe, **change})
    with pytest.raises(UsageError) as caught:
        Judge.open(path)
    assert message in str(caught.value) and str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("one_process")
def test_files_of_a_generator_and_a_discriminator_make_a_sampler(tmp_path):
    keras.utils.set_random_seed(0)
    part = parts.check("networks", "points", "g", "generator")
    source = Points("plane", np.ones((3, 2), "float32"), None, "plane")
    network = networks.build(part, "generator", (2,), 4)
    saved = Saved.of(network, part, Normal(4), source, {})
    save(tmp_path / "d.h5", "binary_crossentropy")
    sampler = Rejection(saved, Judge.open(tmp_path / "d.h5"))
    found = sampler.draw(50, seed=1)
    np.testing.assert_array_equal(saved.make(found.latents), found.values)
    ratios = sampler.judge.log_ratio(found.values)
    assert ratios.mean() > sampler.judge.log_ratio(saved.sample(5000, 1)).mean()
    assert sampler.title == "the generator, those that d.h5 accepts (gamma 80%)"


def test_a_judge_that_tells_nothing_apart_is_refused():
    """As least squares do whose scores are all beyond the targets."""
    part = parts.check("networks", "points", "g", "generator")
    source = Points("plane", np.ones((3, 2), "float32"), None, "plane")
    saved = Saved.of(networks.build(part, "generator", (2,), 4), part, Normal(4), source, {})
    low = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    low.layers[0].bias.assign([-3.0])
    sampler = Rejection(saved, Judge(low, losses.get("mse"), PLAIN, (2,), title="d.h5"))
    with pytest.raises(UsageError, match=r"^d\.h5 gives all samples the same ratio"):
        sampler.draw(10)
    with pytest.raises(UsageError, match=r"^samples: -1 must be at least 0"):
        sampler.sample(-1)

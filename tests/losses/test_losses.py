import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import losses
from keras_gans.errors import UsageError
from keras_gans.losses.divergences import DIVERGENCES

pytestmark = [pytest.mark.backends, pytest.mark.usefixtures("eager")]
SCORES = np.array([[-30.0], [-1.5], [0.0], [0.5], [40.0]], "float32")
FAKES = np.array([[20.0], [-2.5], [1.0], [0.25], [-3.0]], "float32")


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def found(objective, scores=SCORES, seed=0):
    """The losses on real and on fake samples and the generator's, of one array of scores."""
    seed = keras.random.SeedGenerator(seed)
    scores = ops.convert_to_tensor(scores)
    values = objective.on_real(scores, seed), objective.on_fake(scores, seed)
    return [number(value) for value in (*values, objective.to_fool(scores))]


def crossentropy(d, y):
    return y * np.logaddexp(0, -d) + (1 - y) * np.logaddexp(0, d)


CLOSED_FORMS = {
    # Loss on real samples, on fake ones, and of the generator, each as a function of the scores.
    "binary_crossentropy": (
        lambda d: crossentropy(d, 1),
        lambda d: crossentropy(d, 0),
        lambda d: crossentropy(d, 1),
    ),
    "mse": (lambda d: (d - 1) ** 2, lambda d: d**2, lambda d: (d - 1) ** 2),
    "wasserstein": (lambda d: -d, lambda d: d, lambda d: -d),
    "hinge": (lambda d: np.maximum(0, 1 - d), lambda d: np.maximum(0, 1 + d), lambda d: -d),
}


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


def relativistic(real, fake):
    on_pairs = -log_sigmoid(real - fake).mean()
    return on_pairs / 2, on_pairs / 2, -log_sigmoid(fake - real).mean()


def relativistic_average(real, fake):
    d_real, d_fake = real - fake.mean(), fake - real.mean()
    on_real, on_fake = -log_sigmoid(d_real).mean(), -log_sigmoid(-d_fake).mean()
    return on_real, on_fake, -log_sigmoid(d_fake).mean() - log_sigmoid(-d_real).mean()


def feature_matching(real, fake):
    squares = (real.mean(axis=0) - fake.mean(axis=0)) ** 2
    return crossentropy(real, 1).mean(), crossentropy(fake, 0).mean(), squares.sum()


# The same three, as functions of scores of real and of fake samples.
OF_PAIRS = {"relativistic": relativistic, "relativistic_average": relativistic_average}
OF_BOTH = {**OF_PAIRS, "feature_matching": feature_matching}
TARGETS = {"binary_crossentropy": crossentropy, "mse": lambda d, y: (d - y) ** 2}


def test_every_objective_has_a_closed_form_here():
    of_f_gan = set(DIVERGENCES)  # in test_divergences.py
    assert set(CLOSED_FORMS) | set(OF_BOTH) == set(losses.LOSSES) - of_f_gan
    targets = {n for n, kind in losses.LOSSES.items() if issubclass(kind, losses.ToTargets)}
    assert set(TARGETS) | {"feature_matching"} == targets


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_value_is_the_closed_form(name):
    scores = SCORES.astype("float64")
    expected = [form(scores).mean() for form in CLOSED_FORMS[name]]
    assert found(losses.get(name)) == pytest.approx(expected, rel=1e-6)


def found_of_pairs(objective, real=SCORES, fake=FAKES):
    real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)
    on_real, on_fake = objective.sides(lambda: real, lambda: fake, keras.random.SeedGenerator(0))
    return [number(x) for x in (on_real()[0], on_fake()[0], objective.to_fool(fake, real))]


@pytest.mark.parametrize("name", OF_BOTH)
def test_value_of_an_objective_of_both_sides_is_the_closed_form(name):
    expected = OF_BOTH[name](SCORES.astype("float64"), FAKES.astype("float64"))
    assert found_of_pairs(losses.get(name)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", OF_PAIRS)
def test_a_paired_objective_is_of_differences_of_scores(name):
    moved = found_of_pairs(losses.get(name), SCORES + 3.0, FAKES + 3.0)
    assert moved == pytest.approx(found_of_pairs(losses.get(name)), rel=1e-5)


def test_features_of_any_shape_are_matched_by_their_means(random):
    real, fake = (random.normal(size=(6, 3, 2)).astype("float32") for _ in range(2))
    found = losses.get("feature_matching").to_fool(*map(ops.convert_to_tensor, (fake, real)))
    expected = np.sum((real.mean(axis=0) - fake.mean(axis=0)) ** 2)
    assert number(found) == pytest.approx(expected, rel=1e-5)


def test_sides_of_other_objectives_are_their_two_losses():
    seed, real, fake = keras.random.SeedGenerator(0), ops.ones((3, 1)), ops.zeros((3, 1))
    on_real, on_fake = losses.get("mse").sides(lambda: real * 3, lambda: fake + 5, seed)
    assert [number(loss) for loss, _ in (on_real(), on_fake())] == [4.0, 25.0]
    assert [number(ops.mean(scores)) for _, scores in (on_real(), on_fake())] == [3.0, 5.0]


def test_a_paired_objective_scores_each_side_once():
    calls = []

    def scored(side):
        calls.append(side)
        return ops.ones((2, 1))

    sides = losses.get("relativistic").sides(lambda: scored("real"), lambda: scored("fake"), None)
    assert [number(side()[0]) for side in sides] == pytest.approx([np.log(2) / 2] * 2)
    assert calls == ["real", "fake"]


@pytest.mark.parametrize("name", OF_PAIRS)
def test_a_paired_objective_has_no_loss_on_one_side(name):
    objective = losses.get(name)
    assert objective.paired
    for on in (objective.on_real, objective.on_fake):
        with pytest.raises(UsageError, match=r"set turns\.update to joint or weighted"):
            on(ops.ones((2, 1)), None)


# --- ratios of densities -----------------------------------------------------------------------


def optimal_score(name, ratio, real, fake):
    """Score that minimises the expected loss where p / q is `ratio`, found on a fine grid."""
    form = TARGETS[name]
    grid = np.linspace(-8, 8, 160_001)
    return grid[np.argmin(ratio * form(grid, real) + form(grid, fake))]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize(("real", "fake"), [(1.0, 0.0), (0.9, 0.0), (0.9, 0.2), ((0.8, 1.0), 0.1)])
@pytest.mark.parametrize("ratio", [0.05, 0.5, 1.0, 8.0])
def test_log_ratio_is_that_of_the_optimal_discriminator(name, real, fake, ratio):
    # The losses are linear (cross-entropy) or quadratic in a target: its mean decides the optimum.
    score = optimal_score(name, ratio, np.mean(real), fake)
    scores = ops.convert_to_tensor(np.array([[score]], "float32"))
    objective = losses.get({"name": name, "real": real, "fake": fake})
    assert number(objective.log_ratio(scores)[0, 0]) == pytest.approx(np.log(ratio), abs=2e-3)


def test_log_ratio_of_cross_entropy_is_the_score_itself():
    found = losses.get("binary_crossentropy").log_ratio(ops.convert_to_tensor(SCORES))
    np.testing.assert_array_equal(ops.convert_to_numpy(found), SCORES)


def test_log_ratio_of_outputs_beyond_the_targets_is_large_and_finite():
    outputs = ops.convert_to_tensor(np.array([[-5.0], [0.5], [7.0]], "float32"))
    found = ops.convert_to_numpy(losses.get("mse").log_ratio(outputs))[:, 0]
    assert found == pytest.approx([-16.1, 0.0, 16.1], abs=0.2)


@pytest.mark.parametrize("name", ["wasserstein", "hinge", *OF_PAIRS])
def test_objectives_whose_optimum_has_no_ratio_say_so(name):
    objective = losses.get(name)
    with pytest.raises(UsageError, match=f"{type(objective).__name__} give no ratio"):
        objective.log_ratio(ops.convert_to_tensor(SCORES))
    with pytest.raises(UsageError, match="no ratio"):
        losses.get(keras.losses.MeanAbsoluteError()).log_ratio(ops.convert_to_tensor(SCORES))


# --- targets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TARGETS)
def test_targets_are_those_of_the_row_and_the_generator_keeps_1(name):
    form, scores = TARGETS[name], SCORES.astype("float64")
    expected = [form(scores, y).mean() for y in (0.9, 0.2, 1.0)]
    objective = losses.get({"name": name, "real": 0.9, "fake": 0.2})
    assert found(objective) == pytest.approx(expected, rel=1e-6)


def test_a_pair_of_targets_is_a_range_from_which_each_sample_draws_its_own():
    objective = losses.get({"name": "mse", "real": [0.8, 1.1], "fake": [0.0, 0.3]})
    # The loss of one score of 0 is the square of its target.
    seed, zero = keras.random.SeedGenerator(0), ops.zeros((1, 1))
    for on, low, high in ((objective.on_real, 0.8, 1.1), (objective.on_fake, 0.0, 0.3)):
        drawn = np.sqrt([number(on(zero, seed)) for _ in range(100)])
        assert low <= drawn.min() < low + 0.03
        assert high - 0.03 < drawn.max() <= high
    # E y^2 of U(0.8, 1.1); one target for all samples would miss it.
    many = number(objective.on_real(ops.zeros((20_000, 1)), seed))
    assert many == pytest.approx((1.1**3 - 0.8**3) / 0.9, rel=0.01)


def test_targets_may_be_numbers_of_numpy():
    given = losses.BinaryCrossentropy(real=np.float32(0.9), fake=np.int64(0))
    assert found(given) == pytest.approx(found(losses.BinaryCrossentropy(real=0.9)), rel=1e-6)
    json.dumps(given.get_config())


def test_drawn_targets_follow_from_the_seed():
    objective = losses.get({"name": "binary_crossentropy", "real": [0.8, 1.1]})
    assert found(objective, seed=3) == found(objective, seed=3)
    assert found(objective, seed=3)[0] != found(objective, seed=4)[0]
    assert found(objective, seed=3)[1:] == found(objective, seed=4)[1:]


@pytest.mark.parametrize("pair", [(1.1, 0.8), (1.0, 1.0)])
def test_the_lower_end_of_a_range_comes_first(pair):
    with pytest.raises(ValueError, match=r"real .*lower"):
        losses.BinaryCrossentropy(real=pair)
    with pytest.raises(UsageError, match=r"fake .*lower"):
        losses.get({"name": "mse", "fake": list(pair)})


@pytest.mark.parametrize("name", ["binary_crossentropy", "mse"])
def test_flipped_targets_are_refused(name):
    """The generator's target is 1, so it would learn to look fake."""
    for real, fake in ((0.0, 1.0), (0.5, 0.5), ((0.0, 0.3), (0.7, 1.0))):
        with pytest.raises(UsageError, match="has to be above that of fake ones"):
            losses.get({"name": name, "real": real, "fake": fake})


def test_which_objectives_are_functions_of_scores():
    of_scores = {name: losses.get(name).of_scores for name in losses.LOSSES}
    assert [name for name, of in of_scores.items() if not of] == ["mse"]
    assert not losses.get(keras.losses.BinaryCrossentropy()).of_scores
    assert losses.get(keras.losses.BinaryCrossentropy(from_logits=True)).of_scores


def test_a_loss_of_keras_gets_the_targets_1_and_0():
    objective = losses.get(keras.losses.MeanSquaredError())
    assert found(objective) == pytest.approx(found(losses.get("mse")))


def test_get_gives_new_objects_and_lets_objects_pass():
    objective = losses.get("mse")
    assert losses.get("mse") is not objective
    assert losses.get(objective) is objective


def test_an_unknown_name_is_answered_with_a_suggestion():
    with pytest.raises(UsageError, match="'wasserstein'"):
        losses.get("waserstein")


@pytest.mark.parametrize(
    "identifier",
    [
        *losses.LOSSES,
        {"name": "mse", "real": [0.8, 1.1], "fake": 0.1},
        {"name": "binary_crossentropy", "real": 0.9},
        {"name": "kl", "non_saturating": True},
        keras.losses.MeanAbsoluteError(),
    ],
)
def test_an_objective_serializes_with_its_targets(identifier):
    objective = losses.get(identifier)
    config = keras.saving.serialize_keras_object(objective)
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is type(objective)
    assert copy.get_config() == objective.get_config()
    losses_of = found_of_pairs if objective.paired or objective.of_features else found
    assert losses_of(copy) == losses_of(objective)

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import losses
from keras_gans.errors import UsageError

pytestmark = pytest.mark.backends
SCORES = np.array([[-30.0], [-1.5], [0.0], [0.5], [40.0]], "float32")


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
}
TARGETS = {"binary_crossentropy": crossentropy, "mse": lambda d, y: (d - y) ** 2}


def test_every_objective_has_a_closed_form_here():
    assert set(CLOSED_FORMS) == set(losses.LOSSES)
    targets = {n for n, kind in losses.LOSSES.items() if issubclass(kind, losses.ToTargets)}
    assert set(TARGETS) == targets


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_value_is_the_closed_form(name):
    scores = SCORES.astype("float64")
    expected = [form(scores).mean() for form in CLOSED_FORMS[name]]
    assert found(losses.get(name)) == pytest.approx(expected, rel=1e-6)


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


def test_which_objectives_are_functions_of_scores():
    of_scores = {name: losses.get(name).of_scores for name in losses.LOSSES}
    assert of_scores == {"binary_crossentropy": True, "mse": False, "wasserstein": True}
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
        keras.losses.MeanAbsoluteError(),
    ],
)
def test_an_objective_serializes_with_its_targets(identifier):
    objective = losses.get(identifier)
    config = keras.saving.serialize_keras_object(objective)
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is type(objective)
    assert copy.get_config() == objective.get_config()
    assert found(copy) == found(objective)

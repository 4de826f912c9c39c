import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import losses
from keras_gans.errors import UsageError

pytestmark = pytest.mark.backends
SCORES = np.array([[-30.0], [-1.5], [0.0], [0.5], [40.0]], "float32")


def value(loss, target):
    scores = ops.convert_to_tensor(SCORES)
    return float(ops.convert_to_numpy(loss(target * ops.ones_like(scores), scores)))


CLOSED_FORMS = {
    "binary_crossentropy": lambda d, y: np.logaddexp(0, np.where(y, -d, d)),
    "mse": lambda d, y: (d - y) ** 2,
    "wasserstein": lambda d, y: -d if y else d,
}


def test_every_objective_has_a_closed_form_here():
    assert set(CLOSED_FORMS) == set(losses.OBJECTIVES)


@pytest.mark.parametrize("target", [0.0, 1.0])
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_value_is_the_closed_form(name, target):
    expected = CLOSED_FORMS[name](SCORES.astype("float64"), target).mean()
    objective = losses.get(name)
    assert value(objective.discriminator, target) == pytest.approx(expected, rel=1e-6)
    assert value(objective.generator, target) == pytest.approx(expected, rel=1e-6)


def test_get_gives_new_loss_objects_and_lets_objects_pass():
    objective = losses.get("mse")
    assert losses.get("mse").generator is not objective.generator
    assert losses.get(objective) is objective


def test_unknown_name_is_answered_with_a_suggestion():
    with pytest.raises(UsageError, match="did you mean 'wasserstein'"):
        losses.get("waserstein")


def test_wasserstein_serializes():
    config = keras.saving.serialize_keras_object(losses.Wasserstein())
    assert isinstance(keras.saving.deserialize_keras_object(config), losses.Wasserstein)

"""One weight w, the loss (w - 1)^2 on real samples and (w + 3)^2 on fake ones."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import updates
from keras_gans.errors import UsageError
from keras_gans.updates import Joint, Separate

pytestmark = pytest.mark.backends
RATE = 0.1


def turn(update, penalty=None):
    """One turn from w = 2; returns the reported losses, w afterwards and the optimizer's steps."""
    w = keras.Variable(np.float32(2.0))
    optimizer = keras.optimizers.SGD(RATE)
    optimizer.build([w])
    losses = update(
        lambda: ops.square(w - 1.0),
        lambda: ops.square(w + 3.0),
        penalty and (lambda: penalty * w),
        [w],
        optimizer,
    )
    found = [float(ops.convert_to_numpy(x)) for x in (*losses, w, optimizer.iterations)]
    return found[:2], found[2], found[3]


def test_joint_is_one_step_on_the_sum():
    losses, w, steps = turn(Joint())
    assert losses == pytest.approx([1.0, 25.0])
    assert w == pytest.approx(2.0 - RATE * (2 * 1.0 + 2 * 5.0))
    assert steps == 1


def test_joint_adds_the_penalty_and_reports_the_losses_without_it():
    losses, w, steps = turn(Joint(), penalty=7.0)
    assert losses == pytest.approx([1.0, 25.0])
    assert w == pytest.approx(2.0 - RATE * (2 * 1.0 + 2 * 5.0 + 7.0))
    assert steps == 1


def test_separate_is_a_step_on_real_and_then_one_on_fake_samples():
    losses, w, steps = turn(Separate())
    between = 2.0 - RATE * 2 * 1.0
    assert losses == pytest.approx([1.0, (between + 3.0) ** 2])
    assert w == pytest.approx(between - RATE * 2 * (between + 3.0))
    assert steps == 2


def test_only_an_update_of_real_and_fake_samples_together_takes_a_penalty():
    assert {name: updates.get(name).takes_penalty for name in updates.UPDATES} == {
        "joint": True,
        "separate": False,
    }


def test_identifiers_and_configuration():
    for name, kind in updates.UPDATES.items():
        update = updates.get(name)
        assert type(update) is kind
        assert updates.get(update) is update
        config = keras.saving.serialize_keras_object(update)
        assert type(keras.saving.deserialize_keras_object(config)) is kind
    with pytest.raises(UsageError, match="'joint'"):
        updates.get("jont")

"""One weight w, the loss (w - 1)^2 on real samples and (w + 3)^2 on fake ones."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import losses, updates
from keras_gans.errors import UsageError
from keras_gans.updates import Adaptive, Joint, Separate, Weighted

pytestmark = pytest.mark.backends
RATE = 0.1


def turn(update, penalty=None):
    """One turn from w = 2; returns the reported losses, w afterwards and the optimizer's steps.

    Scores are half of what is squared.
    """
    w = keras.Variable(np.float32(2.0))
    optimizer = keras.optimizers.SGD(RATE)
    optimizer.build([w])
    real, fake = update(
        lambda: (ops.square(w - 1.0), (w - 1.0) / 2.0),
        lambda: (ops.square(w + 3.0), (w + 3.0) / 2.0),
        penalty and (lambda: penalty * w),
        [w],
        optimizer,
    )
    values = (*real, *fake, w, optimizer.iterations)
    real, of_real, fake, of_fake, *after = (float(ops.convert_to_numpy(x)) for x in values)
    assert [2 * of_real, 2 * of_fake] == pytest.approx([real**0.5, fake**0.5])
    return [real, fake], *after


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


def test_weighted_is_one_step_on_the_weighted_sum_and_the_penalty():
    losses, w, steps = turn(Weighted(0.5, 2.0), penalty=7.0)
    assert losses == pytest.approx([1.0, 25.0])
    assert w == pytest.approx(2.0 - RATE * (0.5 * 2 * 1.0 + 2.0 * 2 * 5.0 + 7.0))
    assert steps == 1


# --- adaptive weights: two weights, and losses whose gradients r and f are given -----------------

ACUTE, OBTUSE = ([2.0, 0.0], [3.0, 4.0]), ([2.0, 0.0], [-3.0, 4.0])  # at 53 and at 127 degrees


def adaptive_step(angle, s_r, s_f, **options):
    """The direction -step / RATE of a turn with gradients at an angle and mean probabilities."""
    r, f = (np.array(g, "float32") for g in angle)
    w = keras.Variable(np.zeros(2, "float32"))
    optimizer = keras.optimizers.SGD(RATE)
    optimizer.build([w])
    scores = [ops.convert_to_tensor([[np.log(s / (1 - s))]], "float32") for s in (s_r, s_f)]
    losses = Adaptive(**options)(
        lambda: (3.0 + ops.sum(w * r), scores[0]),
        lambda: (4.0 + ops.sum(w * f), scores[1]),
        None,
        [w],
        optimizer,
    )
    found = [ops.convert_to_numpy(x).item() for pair in losses for x in pair]
    assert found[::2] == [3.0, 4.0]
    assert found[1::2] == pytest.approx([np.log(s / (1 - s)) for s in (s_r, s_f)], rel=1e-6)
    assert int(ops.convert_to_numpy(optimizer.iterations)) == 1
    return -ops.convert_to_numpy(w) / RATE, r, f


REAL_BEHIND, SHIFTED, FAKE_BEHIND, NEITHER = (0.4, 0.1), (0.6, 0.7), (0.8, 0.3), (0.6, 0.3)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize(
    ("angle", "probabilities", "of_r", "of_f"),
    [
        # The part of one gradient along the other is left out: r f = -6, r r = 4, f f = 25.
        (OBTUSE, REAL_BEHIND, 1.0, 6 / 25),
        (OBTUSE, SHIFTED, 1.0, 6 / 25),
        (ACUTE, REAL_BEHIND, 1.0, 0.0),
        (OBTUSE, FAKE_BEHIND, 6 / 4, 1.0),
        (ACUTE, FAKE_BEHIND, 0.0, 1.0),
        (OBTUSE, NEITHER, 1.0, 1.0),
        (ACUTE, NEITHER, 1.0, 1.0),
    ],
)
def test_each_case_of_adaptive_weights(angle, probabilities, of_r, of_f, normalized):
    found, r, f = adaptive_step(angle, *probabilities, normalized=normalized)
    if normalized:  # |r| = 2, |f| = 5; the part of one along the other has the factor of the one
        both = probabilities == NEITHER
        of_r /= 2 if both or of_r == 1.0 else 5
        of_f /= 5 if both or of_f == 1.0 else 2
    np.testing.assert_allclose(found, (of_r + 0.05) * r + (of_f + 0.05) * f, rtol=1e-5)


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize(("probabilities", "kept"), [(REAL_BEHIND, 1), (FAKE_BEHIND, 0)])
def test_the_loss_that_is_not_behind_stays_and_the_other_falls(probabilities, kept, normalized):
    """The paper's theorem: at an obtuse angle, and without epsilon."""
    found, *both = adaptive_step(OBTUSE, *probabilities, normalized=normalized, epsilon=0.0)
    assert found @ both[kept] == pytest.approx(0.0, abs=1e-5)
    assert found @ both[1 - kept] > 0.1


def test_neither_loss_is_preferred_where_normalized_gradients_are_bisected():
    """The step halves the angle, so both losses fall as fast for their gradients' lengths."""
    found, r, f = adaptive_step(OBTUSE, *NEITHER, epsilon=0.0)
    assert found @ r / 2 == pytest.approx(found @ f / 5, rel=1e-5)
    assert found @ r > 0


def test_a_gradient_that_vanishes_leaves_the_step_finite():
    for probabilities in (REAL_BEHIND, FAKE_BEHIND, NEITHER):
        found, *_ = adaptive_step(([0.0, 0.0], [3.0, 4.0]), *probabilities)
        assert np.isfinite(found).all()


def test_thresholds_are_in_order():
    with pytest.raises(UsageError, match=r"update 'adaptive': alpha1 0.8 must be below alpha2"):
        updates.get({"name": "adaptive", "alpha1": 0.8})


# --- identifiers ----------------------------------------------------------------------------------

GIVEN = {"weighted": {"real": 0.5, "fake": 2.0}}


def of(name):
    return updates.get({"name": name, **GIVEN.get(name, {})})


def test_only_an_update_of_real_and_fake_samples_together_takes_a_penalty():
    assert {name: of(name).takes_penalty for name in updates.UPDATES} == {
        "joint": True,
        "separate": False,
        "weighted": True,
        "adaptive": False,
    }


@pytest.mark.parametrize("loss", ["wasserstein", "hinge", "kl", "mse"])
def test_adaptive_weights_need_scores_that_are_log_odds(loss):
    with pytest.raises(UsageError, match="whose scores are log-odds, such as binary_crossentropy"):
        updates.check_together(of("adaptive"), losses.get(loss), None)
    updates.check_together(of("joint"), losses.get(loss), None)
    for with_log_odds in ("feature_matching", "f_gan", "jensen_shannon", "reverse_kl"):
        updates.check_together(of("adaptive"), losses.get(with_log_odds), None)


@pytest.mark.parametrize("wrong", [None, object(), len])
def test_an_update_is_an_update(wrong):
    with pytest.raises(UsageError, match=r"update: .*: give a name, such as 'joint'"):
        updates.get(wrong)


def test_identifiers_and_configuration():
    for name, kind in updates.UPDATES.items():
        update = of(name)
        assert type(update) is kind
        assert updates.get(update) is update
        config = keras.saving.serialize_keras_object(update)
        again = keras.saving.deserialize_keras_object(config)
        assert type(again) is kind
        assert again.get_config() == update.get_config()
    with pytest.raises(UsageError, match="'joint'"):
        updates.get("jont")

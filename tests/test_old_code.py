"""What docs/old_code.md says of Keras, checked against the installed one."""

import keras
import numpy as np
import pytest
from keras import layers, ops

pytestmark = pytest.mark.backends
REAL = np.ones((4, 2), "float32")


def script(own_optimizers=True):
    """The two compiled models of an old script, (discriminator, combined)."""
    adam = keras.optimizers.Adam(0.01)
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(1, activation="sigmoid")])
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    discriminator.compile("sgd" if own_optimizers else adam, "binary_crossentropy")
    latents = keras.Input((3,))
    discriminator.trainable = False
    combined = keras.Model(latents, discriminator(generator(latents)))
    combined.compile(adam, "binary_crossentropy")
    return discriminator, combined


def step(model, x):
    """How far the first kernel moves in one `train_on_batch`."""
    before = model.get_weights()[0]
    model.train_on_batch(x, np.ones((len(x), 1), "float32"))
    return np.abs(model.get_weights()[0] - before).max()


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_a_model_that_was_compiled_before_is_frozen_too():
    discriminator, combined = script()
    assert step(discriminator, REAL) == 0.0
    assert step(combined, np.ones((4, 3), "float32")) > 0.0


def test_the_flag_set_before_each_step_is_the_remedy():
    discriminator, combined = script()
    for _ in range(2):
        discriminator.trainable = True
        assert step(discriminator, REAL) > 0.0
        discriminator.trainable = False
        assert step(combined, np.ones((4, 3), "float32")) > 0.0


def test_an_optimizer_does_not_take_a_second_model():
    discriminator, combined = script(own_optimizers=False)
    discriminator.trainable = True
    step(discriminator, REAL)
    discriminator.trainable = False
    with pytest.raises(Exception, match=r"[Vv]ariable"):
        step(combined, np.ones((4, 3), "float32"))


def test_a_shared_step_counter_ends_the_bias_correction_of_adam_sooner():
    """Three steps of one counter in an iteration against one, on a constant gradient."""

    def rate(steps):
        return np.sqrt(1 - 0.999**steps) / (1 - 0.5**steps)

    weight = keras.Variable([0.0])
    adam = keras.optimizers.Adam(0.001, beta_1=0.5)
    adam.build([weight])
    adam.iterations.assign(29)
    first_moment, second_moment = adam.variables[2:]
    first_moment.assign([1.0])
    second_moment.assign([1.0])
    adam.apply([ops.convert_to_tensor([1.0])], [weight])
    assert -ops.convert_to_numpy(weight).item() == pytest.approx(0.001 * rate(30), rel=1e-4)
    assert rate(30) / rate(10) == pytest.approx(1.7, abs=0.05)
    assert rate(3000) / rate(1000) == pytest.approx(1.2, abs=0.05)


def test_frozen_batch_normalization_uses_its_moving_statistics():
    layer = layers.BatchNormalization()
    x = 5.0 + np.arange(8, dtype="float32").reshape(4, 2)
    layer.build(x.shape)
    normalized = ops.convert_to_numpy(layer(x, training=True))
    np.testing.assert_allclose(normalized.mean(0), 0.0, atol=1e-5)
    before = [ops.convert_to_numpy(w) for w in layer.non_trainable_weights[:2]]
    layer.trainable = False
    mean, variance = before
    expected = (x - mean) / np.sqrt(variance + layer.epsilon)
    found = ops.convert_to_numpy(layer(x, training=True))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_rmsprop_has_its_epsilon_inside_the_root():
    weight = keras.Variable([0.0])
    optimizer = keras.optimizers.RMSprop(0.001)
    optimizer.build([weight])
    gradient = 1e-9
    optimizer.apply([ops.convert_to_tensor([gradient])], [weight])
    root = np.sqrt(0.1) * gradient  # of the moving mean of squares
    inside = 0.001 * gradient / np.sqrt(root**2 + 1e-7)
    outside = 0.001 * gradient / (root + 1e-7)
    moved = -ops.convert_to_numpy(weight).item()
    assert moved == pytest.approx(inside, rel=1e-4)
    assert outside / inside == pytest.approx(np.sqrt(1e7), rel=0.01)


def test_cross_entropy_of_a_probability_is_clipped_except_on_tensorflow():
    score = 30.0  # the discriminator is sure, and the generator wants the opposite
    network = keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(1, use_bias=False, kernel_initializer="ones", activation="sigmoid"),
        ]
    )
    network.compile(keras.optimizers.SGD(1.0), "binary_crossentropy", jit_compile=False)
    loss = network.train_on_batch(np.array([[-score]], "float32"), np.ones((1, 1), "float32"))
    moved = 1.0 - network.get_weights()[0].item()
    if keras.backend.backend() == "tensorflow":
        assert (loss, moved) == (pytest.approx(30.0), pytest.approx(30.0))
    else:
        assert (loss, moved) == (pytest.approx(-np.log(1e-7), rel=1e-3), 0.0)

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import optimizers
from keras_gans.errors import UsageError
from keras_gans.optimizers import RMSpropKeras2

pytestmark = pytest.mark.backends
SHAPES = [(3, 4), (5,), ()]


@pytest.fixture
def start(random):
    return [random.standard_normal(shape).astype("float32") for shape in SHAPES]


@pytest.fixture
def gradients(random):
    """Of five steps, over many orders of magnitude, as those of a clipped critic are."""
    return [
        [(random.standard_normal(s) * 10.0 ** random.uniform(-9, 1, s)).astype("float32")
         for s in SHAPES]
        for _ in range(5)
    ]  # fmt: skip


def variables_of(arrays):
    return [keras.Variable(array) for array in arrays]


def values(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


def tensors(arrays):
    return [ops.convert_to_tensor(array) for array in arrays]


def formula(weights, steps, learning_rate, rho, epsilon):
    """What Keras 2 computed: v = rho v + (1 - rho) g^2; w = w - lr g / (sqrt(v) + epsilon)."""
    weights = [w.astype("float64") for w in weights]
    squares = [np.zeros_like(w) for w in weights]
    for gradients in steps:
        for i, g in enumerate(g.astype("float64") for g in gradients):
            squares[i] = rho * squares[i] + (1 - rho) * g**2
            weights[i] = weights[i] - learning_rate * g / (np.sqrt(squares[i]) + epsilon)
    return weights


def moved(before, after):
    return np.concatenate([(b - a).ravel() for a, b in zip(before, after, strict=True)])


@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate": 5e-5},
        {"learning_rate": 0.1, "rho": 0.5, "epsilon": 1e-3},
        {"learning_rate": 0.1, "rho": 0.0},
    ],
)
def test_keras_2_steps_are_those_of_the_formula(options, start, gradients):
    optimizer, variables = RMSpropKeras2(**options), variables_of(start)
    optimizer.build(variables)
    for step in gradients:
        optimizer.apply(tensors(step), variables)
    known = {"rho": 0.9, "epsilon": 1e-7, **options}
    expected = formula(start, gradients, **known)
    # float32 rounding: of a step, and of the weight to which it is added.
    for found, exact, first in zip(values(variables), expected, start, strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-6, atol=2e-7 * np.abs(first).max())
    squares = values(optimizer.variables)[-len(SHAPES) :]
    exact = [
        sum(
            known["rho"] ** (4 - i) * (1 - known["rho"]) * g.astype("float64") ** 2
            for i, g in enumerate(of_one)
        )
        for of_one in zip(*gradients, strict=True)
    ]
    for found, expected_square in zip(squares, exact, strict=True):
        np.testing.assert_allclose(found, expected_square, rtol=1e-6)
    assert int(ops.convert_to_numpy(optimizer.iterations)) == 5


def test_a_shared_optimizer_moves_some_of_its_variables_at_a_time(start, gradients):
    """As two networks share one: each apply is of a subset, and moments stay apart."""
    optimizer, variables = RMSpropKeras2(0.1), variables_of(start)
    optimizer.build(variables)
    for step in gradients[:2]:
        optimizer.apply(tensors(step[:1]), variables[:1])
        optimizer.apply(tensors(step[1:]), variables[1:])
    optimizer.apply(tensors(gradients[2][1:]), variables[1:])
    expected = formula(start[:1], [g[:1] for g in gradients[:2]], 0.1, 0.9, 1e-7)
    expected += formula(start[1:], [g[1:] for g in gradients[:3]], 0.1, 0.9, 1e-7)
    for found, exact in zip(values(variables), expected, strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-6)
    assert int(ops.convert_to_numpy(optimizer.iterations)) == 5


@pytest.mark.parametrize("size", [1e-9, 1e-5, 1.0])
def test_epsilon_is_outside_the_root_and_that_of_keras_3_inside(size):
    """Small gradients of a clipped critic move weights here and vanish in Keras 3."""
    steps = {}
    for kind in (RMSpropKeras2, keras.optimizers.RMSprop):
        optimizer, variable = kind(0.5), keras.Variable(np.zeros(1, "float32"))
        optimizer.build([variable])
        optimizer.apply([ops.full((1,), size)], [variable])
        steps[kind] = -values([variable])[0].item()
    square = 0.1 * size**2
    outside = 0.5 * size / (np.sqrt(square) + 1e-7)
    inside = 0.5 * size / np.sqrt(square + 1e-7)
    assert steps[RMSpropKeras2] == pytest.approx(outside, rel=1e-5)
    assert steps[keras.optimizers.RMSprop] == pytest.approx(inside, rel=1e-5)
    ratio = {1e-9: 3152, 1e-5: 97.0, 1.0: 1.0}[size]
    assert outside / inside == pytest.approx(ratio, rel=0.01)


def test_it_trains_a_compiled_model_as_it_steps_by_itself(random):
    """In `fit` the update is compiled and fused; it stays the formula."""
    x = random.standard_normal((8, 3)).astype("float32")
    y = random.standard_normal((8, 1)).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    first = values(model.weights)[0]
    model.compile(optimizer=RMSpropKeras2(0.1), loss="mse")
    model.fit(x, y, batch_size=8, epochs=3, verbose=0)
    weights, square = first.astype("float64"), np.zeros((3, 1))
    for _ in range(3):
        gradient = 2 * x.T @ (x @ weights - y) / 8
        square = 0.9 * square + 0.1 * gradient**2
        weights = weights - 0.1 * gradient / (np.sqrt(square) + 1e-7)
    np.testing.assert_allclose(values(model.weights)[0], weights, rtol=1e-4, atol=1e-5)


def test_serialization_and_state_go_on_identically(start, gradients):
    one, variables = RMSpropKeras2(0.1, rho=0.8, epsilon=1e-5), variables_of(start)
    one.build(variables)
    one.apply(tensors(gradients[0]), variables)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(one))
    assert type(copy) is RMSpropKeras2
    assert copy.get_config() == one.get_config()
    others = variables_of(values(variables))
    copy.build(others)
    for variable, value in zip(copy.variables, values(one.variables), strict=True):
        variable.assign(value)
    one.apply(tensors(gradients[1]), variables)
    copy.apply(tensors(gradients[1]), others)
    for a, b in zip(values(variables), values(others), strict=True):
        np.testing.assert_array_equal(a, b)


def test_names_of_rows_are_classes_and_their_options_arrive():
    adam = optimizers.get({"name": "adam", "learning_rate": 2e-4, "beta_1": 0.5})
    assert isinstance(adam, keras.optimizers.Adam)
    assert float(ops.convert_to_numpy(adam.learning_rate)) == pytest.approx(2e-4)
    assert (adam.beta_1, adam.beta_2) == (0.5, 0.999)
    ours = optimizers.get({"name": "rmsprop_keras2", "learning_rate": 5e-5})
    assert (type(ours), ours.rho, ours.epsilon) == (RMSpropKeras2, 0.9, 1e-7)
    assert optimizers.get({"name": "sgd", "momentum": 0.9}).momentum == 0.9
    assert optimizers.get(adam) is adam
    assert optimizers.get(None) is None
    with pytest.raises(UsageError, match="'adam'"):
        optimizers.get("adm")

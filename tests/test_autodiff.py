import keras
import numpy as np
import pytest
from keras import ops

from keras_gans.autodiff import (
    Begun,
    Provisional,
    StatefulTrainStep,
    apply,
    gradients,
    input_gradient,
    minimize,
)

pytestmark = pytest.mark.backends


def make_model(objective):
    """A model whose one step is `objective(model, data)`."""

    class Model(StatefulTrainStep, keras.Model):
        def __init__(self):
            super().__init__()
            self.w = self.add_weight(shape=(2,), initializer="ones")
            self.steps = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.built = True

        def adversarial_step(self, data):
            return objective(self, data)

    model = Model()
    model.compile(optimizer=keras.optimizers.SGD(0.25))
    model.optimizer.build([model.w])
    return model


def test_minimize_takes_the_step_of_the_analytic_gradient():
    def step(model, data):
        def objective():
            model.steps.assign_add(1.0)
            return ops.sum(ops.square(model.w - data[0])), ops.sum(model.w)

        loss, total = minimize(objective, [model.w], model.optimizer)
        return {"loss": loss, "total": total}

    model = make_model(step)
    target = np.array([[3.0, -1.0]], "float32")
    history = model.fit(target, batch_size=1, verbose=0)
    # w = (1, 1), gradient 2 (w - t) = (-4, 4), step of 0.25.
    np.testing.assert_allclose(ops.convert_to_numpy(model.w), [2.0, 0.0])
    assert history.history["loss"] == [8.0]
    assert history.history["total"] == [2.0]
    assert float(ops.convert_to_numpy(model.steps)) == 1.0


def test_what_was_begun_before_is_differentiated_too():
    """The objective (w0 w1)^2 + w0, whose square was begun from w0 w1, while another step ran."""

    def step(model, data):
        begun = Begun(lambda: ops.prod(model.w), [model.w])
        minimize(lambda: (other * begun.value,), [other], model.optimizer)

        def objective(product):
            return ops.square(product) + model.w[0], product

        loss, product = minimize(objective, [model.w], model.optimizer, begun)
        return {"loss": loss + 0 * ops.sum(data), "product": product}

    model = make_model(step)
    other = model.add_weight(shape=(), initializer="ones", name="other")
    model.optimizer.built = False
    model.optimizer.build([model.w, other])
    model.w.assign([2.0, 3.0])
    history = model.fit(np.zeros((1, 2), "float32"), batch_size=1, verbose=0).history
    assert (history["loss"], history["product"]) == ([38.0], [6.0])
    # Gradient (2 p w1 + 1, 2 p w0) = (37, 24); that of the other variable is p = 6.
    np.testing.assert_allclose(ops.convert_to_numpy(model.w), [2 - 37 / 4, 3 - 24 / 4])
    assert float(ops.convert_to_numpy(other)) == 1 - 6 / 4


def test_minimize_leaves_other_variables_alone():
    def step(model, data):
        (loss,) = minimize(
            lambda: (ops.sum(model.w * other.value) + 0 * ops.sum(data),),
            [model.w],
            model.optimizer,
        )
        return {"loss": loss}

    model = make_model(step)
    other = keras.Variable([2.0, 4.0])
    model.fit(np.zeros((1, 2), "float32"), batch_size=1, verbose=0)
    np.testing.assert_allclose(ops.convert_to_numpy(other), [2.0, 4.0])
    np.testing.assert_allclose(ops.convert_to_numpy(model.w), [0.5, 0.0])


def test_two_steps_in_one_call_see_each_other():
    def step(model, data):
        def objective():
            return (ops.sum(ops.square(model.w - data[0])),)

        first = minimize(objective, [model.w], model.optimizer)[0]
        second = minimize(objective, [model.w], model.optimizer)[0]
        return {"first": first, "second": second}

    model = make_model(step)
    history = model.fit(np.array([[3.0, -1.0]], "float32"), batch_size=1, verbose=0).history
    # Each step halves the distance, so the loss falls to a quarter.
    assert history["second"][0] == pytest.approx(history["first"][0] / 4)


def test_input_gradient_is_the_analytic_one_and_can_be_differentiated():
    def step(model, data):
        def objective():
            gradient = input_gradient(lambda x: ops.sum(model.w * ops.square(x), axis=-1), data)
            return ops.sum(gradient), ops.sum(ops.square(gradient))

        total, squares = minimize(objective, [model.w], model.optimizer)
        return {"total": total, "squares": squares}

    model = make_model(step)
    history = model.fit(np.array([[3.0, -1.0]], "float32"), batch_size=1, verbose=0).history
    # d/dx w x^2 = 2 w x = (6, -2); its sum's derivative with respect to w is 2 x = (6, -2).
    assert history["total"][0] == pytest.approx(4.0)
    assert history["squares"][0] == pytest.approx(40.0)
    np.testing.assert_allclose(ops.convert_to_numpy(model.w), [1 - 1.5, 1 + 0.5])


def test_gradients_of_two_objectives_make_one_step():
    def step(model, data):
        def squares():
            model.steps.assign_add(1.0)
            return ops.sum(ops.square(model.w - data[0])), ops.sum(model.w)

        (loss, total), a = gradients(squares, [model.w])
        _, b = gradients(lambda: (ops.sum(model.w * model.w),), [model.w])
        apply([x + 2 * y for x, y in zip(a, b, strict=True)], [model.w], model.optimizer)
        return {"loss": loss, "total": total}

    model = make_model(step)
    history = model.fit(np.array([[3.0, -1.0]], "float32"), batch_size=1, verbose=0).history
    assert (history["loss"], history["total"]) == ([8.0], [2.0])
    # Gradients (-4, 4) and (2, 2): w = (1, 1) - 0.25 (0, 8).
    np.testing.assert_allclose(ops.convert_to_numpy(model.w), [1.0, -1.0])
    assert float(ops.convert_to_numpy(model.steps)) == 1.0


class Plain:
    """Steps of rate 1/4 that can be differentiated."""

    def apply(self, gradients, variables):
        for gradient, variable in zip(gradients, variables, strict=True):
            variable.assign(variable - gradient / 4)


def test_steps_of_a_provisional_block_are_differentiated_and_forgotten():
    """u = w - (w - a) / 2 after a step on (w - a)^2; the derivative of u^2 by a is u."""

    def step(model, data):
        def objective():
            with Provisional([model.w]):

                def inner():
                    model.steps.assign_add(1.0)
                    return (ops.sum(ops.square(model.w - other)),)

                minimize(inner, [model.w], Plain())
                model.steps.assign_add(10.0)
                return ops.sum(ops.square(model.w)), ops.sum(model.w)

        total, inside = minimize(objective, [other], model.optimizer)
        return {"total": total + 0 * ops.sum(data), "inside": inside, "w": ops.sum(model.w)}

    model = make_model(step)
    other = model.add_weight(shape=(2,), initializer="zeros", name="other")
    model.optimizer.built = False
    model.optimizer.build([model.w, other])
    other.assign([3.0, -5.0])
    history = model.fit(np.zeros((1, 2), "float32"), batch_size=1, verbose=0).history
    # u = (2, -2).
    assert (history["total"], history["inside"], history["w"]) == ([8.0], [0.0], [2.0])
    np.testing.assert_allclose(ops.convert_to_numpy(other), [3.0 - 2 / 4, -5.0 + 2 / 4])
    np.testing.assert_allclose(ops.convert_to_numpy(model.w), [1.0, 1.0])
    assert float(ops.convert_to_numpy(model.steps)) == 11.0, "what others were assigned stays"


def test_a_penalty_is_differentiated_by_the_samples_that_a_network_made():
    """The derivative of (d/dx w x^2)^2 = 4 w^2 x^2 by t, where x = t z."""

    def step(model, data):
        def objective():
            slope = input_gradient(lambda x: ops.sum(model.w * ops.square(x), -1), other * data)
            return (ops.sum(ops.square(slope)),)

        return {"loss": minimize(objective, [other], model.optimizer)[0]}

    model = make_model(step)
    other = model.add_weight(shape=(2,), initializer="ones", name="other")
    model.optimizer.built = False
    model.optimizer.build([model.w, other])
    model.fit(np.array([[3.0, -1.0]], "float32"), batch_size=1, verbose=0)
    np.testing.assert_allclose(ops.convert_to_numpy(other), [1 - 72 / 4, 1 - 8 / 4])

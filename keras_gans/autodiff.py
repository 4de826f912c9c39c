"""Gradients: the only module that knows which backend is running.

The rest of the package writes its mathematics once, in `keras.ops`, as ordinary stateful
code: call a network, take an optimizer step, read a metric. Four names make it run on
TensorFlow, JAX and PyTorch:

`minimize`           takes one optimizer step on a function of no arguments;
`Begun`              is a first part of that function, computed ahead of the rest;
`input_gradient`     differentiates a network with respect to its input, and can itself be
                     differentiated (gradient penalties);
`StatefulTrainStep`  lets `keras.Model.fit` call a stateful `adversarial_step(data)`.

JAX has no state, so there each of them runs inside a `keras.StatelessScope` that starts from
the values of the scope around it and hands its own updates (BatchNormalization statistics,
seeds, weights) back to it.
"""

import keras
from keras import ops

if keras.config.backend() == "tensorflow":
    import tensorflow as tf

    class Begun:
        def __init__(self, function, variables):
            self.tape = tf.GradientTape(watch_accessed_variables=False)
            with self.tape:
                for variable in variables:
                    self.tape.watch(variable.value)
                self.value = function()

    def minimize(objective, variables, optimizer, begun=None):
        with (begun or Begun(tuple, variables)).tape as tape:
            values = objective(*_values(begun))
        optimizer.apply(tape.gradient(values[0], variables), variables)
        return values

    def input_gradient(function, samples):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(samples)
            total = ops.sum(function(samples))
        return tape.gradient(total, samples)

    class StatefulTrainStep:
        def train_step(self, data):
            return self.adversarial_step(data)

elif keras.config.backend() == "torch":
    import torch

    class Begun:
        def __init__(self, function, variables):
            self.value = function()

    def minimize(objective, variables, optimizer, begun=None):
        values = objective(*_values(begun))
        gradients = torch.autograd.grad(values[0], [v.value for v in variables])
        with torch.no_grad():
            optimizer.apply(gradients, variables)
        return tuple(value.detach() for value in values)

    def input_gradient(function, samples):
        samples = samples.detach().requires_grad_(True)
        total = ops.sum(function(samples))
        return torch.autograd.grad(total, samples, create_graph=True)[0]

    class StatefulTrainStep:
        def train_step(self, data):
            return self.adversarial_step(data)

elif keras.config.backend() == "jax":
    import jax

    _scopes = []

    class _NestedScope(keras.StatelessScope):
        """A stateless scope that starts from the values of the scope around it."""

        def __init__(self, bindings=()):
            super().__init__()
            if _scopes:
                self.state_mapping.update(_scopes[-1].state_mapping)
            for variable, value in bindings:
                self.state_mapping[id(variable)] = value

        def __enter__(self):
            _scopes.append(self)
            return super().__enter__()

        def __exit__(self, *exception):
            _scopes.pop()
            return super().__exit__(*exception)

    def _hand_back(updates):
        if _scopes:
            _scopes[-1].state_mapping.update(updates)

    class Begun:
        def __init__(self, function, variables):
            def value_and_updates(weights):
                with _NestedScope(zip(variables, weights, strict=True)) as scope:
                    value = function()
                return value, scope.state_mapping

            weights = [v.value for v in variables]
            self.value, self.pull_back, updates = jax.vjp(value_and_updates, weights, has_aux=True)
            _hand_back(updates)

    def minimize(objective, variables, optimizer, begun=None):
        def loss_and_rest(weights, *value):
            with _NestedScope(zip(variables, weights, strict=True)) as scope:
                values = objective(*value)
            return values[0], (values, scope.state_mapping)

        value = _values(begun)
        differentiate = jax.grad(loss_and_rest, tuple(range(1 + len(value))), has_aux=True)
        (gradients, *by_value), rest = differentiate([v.value for v in variables], *value)
        values, updates = rest
        if begun:
            (through,) = begun.pull_back(*by_value)
            gradients = [a + b for a, b in zip(gradients, through, strict=True)]
        _hand_back(updates)
        optimizer.apply(gradients, variables)
        return values

    def input_gradient(function, samples):
        def total_and_updates(samples):
            with _NestedScope() as scope:
                total = ops.sum(function(samples))
            return total, scope.state_mapping

        gradient, updates = jax.grad(total_and_updates, has_aux=True)(samples)
        _hand_back(updates)
        return gradient

    class StatefulTrainStep:
        def train_step(self, state, data):
            groups = (
                self.trainable_variables,
                self.non_trainable_variables,
                self.optimizer.variables,
                self.metrics_variables,
            )
            bindings = [
                pair
                for variables, values in zip(groups, state, strict=True)
                for pair in zip(variables, values, strict=True)
            ]
            with _NestedScope(bindings) as scope:
                logs = self.adversarial_step(data)
            state = tuple([scope.get_current_value(v) for v in group] for group in groups)
            return logs, state

else:
    raise ImportError(
        f"keras_gans trains on tensorflow, jax or torch, not on '{keras.config.backend()}'; "
        "set KERAS_BACKEND to one of them"
    )


def _values(begun):
    return () if begun is None else (begun.value,)


minimize.__doc__ = """Takes one optimizer step.

Args:
    objective: Function of no arguments, or of `begun.value`, that returns a tuple of scalars, the
        loss to be minimised first. It may use and update any Keras state.
    variables: List of the trainable variables to move.
    optimizer: Keras optimizer, built for these variables and perhaps others.
    begun: `Begun` of the same variables, or None.

Returns:
    The tuple of scalar tensors, as it was before the step.
"""

Begun.__doc__ = """The first part of an objective, computed before `minimize` needs it.

`minimize` differentiates through it, as if its objective had called the function. In the meantime
`value` may be used otherwise, and the variables must not change.

Args:
    function: Function of no arguments that returns one float tensor.
    variables: Those that `minimize` is going to move.

Attributes:
    value: What the function returned.
"""

input_gradient.__doc__ = """Gradient of `sum(function(samples))` with respect to `samples`.

Args:
    function: Maps a batch of samples to one score a sample, shape `(n, 1)`.
    samples: Float tensor `(n, ...)`.

Returns:
    Float tensor with the shape of `samples`. It can be differentiated with respect to the weights
    that `function` uses.
"""

StatefulTrainStep.__doc__ = """Mixin for `keras.Model`: `fit` calls `adversarial_step(data)`.

A subclass writes `adversarial_step(data) -> dict of logs` as stateful code and sets
`self.optimizer` to an object whose `variables` are those of all its optimizers.
"""

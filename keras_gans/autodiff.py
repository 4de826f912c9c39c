"""Gradients: the only module that knows which backend is running.

The rest of the package writes its mathematics once, in `keras.ops`, as ordinary stateful
code: call a network, take an optimizer step, read a metric. Three names make it run on
TensorFlow, JAX and PyTorch:

`minimize`           takes one optimizer step on a function of no arguments;
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

    def minimize(objective, variables, optimizer):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for variable in variables:
                tape.watch(variable.value)
            values = objective()
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

    def minimize(objective, variables, optimizer):
        values = objective()
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

    def minimize(objective, variables, optimizer):
        def loss_and_rest(weights):
            with _NestedScope(zip(variables, weights, strict=True)) as scope:
                values = objective()
            return values[0], (values, scope.state_mapping)

        differentiate = jax.grad(loss_and_rest, has_aux=True)
        gradients, (values, updates) = differentiate([v.value for v in variables])
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

minimize.__doc__ = """Takes one optimizer step.

Args:
    objective: Function of no arguments that returns a tuple of scalars, the loss to be
        minimised first. It may use and update any Keras state.
    variables: List of the trainable variables to move.
    optimizer: Keras optimizer, built for these variables and perhaps others.

Returns:
    The tuple of scalar tensors, as it was before the step.
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

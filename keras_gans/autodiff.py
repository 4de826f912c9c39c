"""How a gradient is taken on each backend.

The rest of the package writes its mathematics once, in `keras.ops`, as ordinary stateful
code: call a network, take an optimizer step, read a metric. These names make it run on
TensorFlow, JAX and PyTorch:

`minimize`           takes one optimizer step on a function of no arguments: its two halves are
                     `gradients` and `apply`;
`Begun`              is a first part of that function, computed ahead of the rest;
`Provisional`        is a block whose steps are forgotten at its end and differentiated through;
`input_gradient`     differentiates a network with respect to its input, and can itself be
                     differentiated (gradient penalties);
`StatefulTrainStep`  lets `keras.Model.fit` call a stateful `adversarial_step(data)`.

JAX has no state, so there each of them runs inside a `keras.StatelessScope` that starts from
the values of the scope around it and hands its own updates (BatchNormalization statistics,
seeds, weights) back to it.
"""

import keras
from keras import ops

from keras_gans.errors import UsageError


class Provisional(keras.StatelessScope):
    """A block in which variables are moved for the time being.

    Code of the block sees what was assigned to them, and can be differentiated through it: steps
    of `minimize` too. At its end they are as they were. What the block assigns to other variables,
    such as seeds, stays.

    Args:
        variables: List of those that are put back.

    Attributes:
        open: How many such blocks the running code is in.
    """

    open = 0

    def __init__(self, variables):
        super().__init__()
        self._put_back, self._kept = {id(v) for v in variables}, {}

    def add_update(self, update):
        super().add_update(update)
        if id(update[0]) not in self._put_back:
            self._kept[id(update[0])] = update[0]

    def __enter__(self):
        Provisional.open += 1
        return super().__enter__()

    def __exit__(self, *exception):
        Provisional.open -= 1
        super().__exit__(*exception)
        for key, variable in self._kept.items():
            variable.assign(self.state_mapping[key])


if keras.config.backend() == "tensorflow":
    import tensorflow as tf

    sparse = tf.IndexedSlices

    class Begun:
        def __init__(self, function, variables):
            self.tape = tf.GradientTape(watch_accessed_variables=False)
            with self.tape:
                for variable in variables:
                    self.tape.watch(variable.value)
                self.value = function()

    def gradients(objective, variables, begun=None):
        with (begun or Begun(tuple, variables)).tape as tape:
            values = objective(*_values(begun))
        unused = tf.UnconnectedGradients.ZERO
        found = tape.gradient(values[0], [v.value for v in variables], None, unused)
        # Of an Embedding it is sparse, and no product takes it.
        return values, [tf.convert_to_tensor(g) if isinstance(g, sparse) else g for g in found]

    def apply(gradients, variables, optimizer):
        optimizer.apply(gradients, variables)

    def input_gradient(function, samples):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(samples)
            total = ops.sum(function(samples))
        return tape.gradient(total, samples)

    class StatefulTrainStep:
        def make_train_function(self, force=False):
            if self.distribute_strategy.num_replicas_in_sync > 1:
                raise UsageError(
                    "replicas of tf.distribute would draw the same latents and add up their steps: "
                    "train on one device, or on several with JAX (docs/machines.md)"
                )
            super().make_train_function(force)

        def train_step(self, data):
            return self.adversarial_step(data)

elif keras.config.backend() == "torch":
    import torch

    class Begun:
        def __init__(self, function, variables):
            self.value = function()

    def gradients(objective, variables, begun=None):
        values = objective(*_values(begun))
        weights = [v.value for v in variables]
        found = torch.autograd.grad(
            values[0], weights, create_graph=Provisional.open > 0, materialize_grads=True
        )
        return tuple(value.detach() for value in values), found

    def apply(gradients, variables, optimizer):
        with torch.set_grad_enabled(Provisional.open > 0):
            optimizer.apply(gradients, variables)

    def input_gradient(function, samples):
        if not samples.requires_grad:  # else they were made by a network that is differentiated
            samples = samples.detach().requires_grad_(True)
        total = ops.sum(function(samples))
        return torch.autograd.grad(total, samples, create_graph=True)[0]

    class StatefulTrainStep:
        def train_step(self, data):
            return self.adversarial_step(data)

elif keras.config.backend() == "jax":
    import jax

    _scopes = []

    class _Scope(keras.StatelessScope):
        """A stateless scope that starts from the values of the scope around it."""

        def __init__(self, bindings=()):
            super().__init__(collect_losses=True)  # so that `network.losses` has them
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

    class Provisional(_Scope):  # as above, among nested scopes
        def __init__(self, variables):
            super().__init__()
            self._put_back = {id(v) for v in variables}

        def __exit__(self, *exception):
            super().__exit__(*exception)
            own = self.state_mapping.items()
            _hand_back({key: value for key, value in own if key not in self._put_back})

    class Begun:
        def __init__(self, function, variables):
            def value_and_updates(weights):
                with _Scope(zip(variables, weights, strict=True)) as scope:
                    value = function()
                return value, scope.state_mapping

            weights = [v.value for v in variables]
            self.value, self.pull_back, updates = jax.vjp(value_and_updates, weights, has_aux=True)
            _hand_back(updates)

    def gradients(objective, variables, begun=None):
        def loss_and_rest(weights, *value):
            with _Scope(zip(variables, weights, strict=True)) as scope:
                values = objective(*value)
            return values[0], (values, scope.state_mapping)

        value = _values(begun)
        differentiate = jax.grad(loss_and_rest, tuple(range(1 + len(value))), has_aux=True)
        (found, *by_value), rest = differentiate([v.value for v in variables], *value)
        values, updates = rest
        if begun:
            (through,) = begun.pull_back(*by_value)
            found = [a + b for a, b in zip(found, through, strict=True)]
        _hand_back(updates)
        return values, found

    def apply(gradients, variables, optimizer):
        optimizer.apply(gradients, variables)

    def input_gradient(function, samples):
        def total_and_updates(samples):
            with _Scope() as scope:
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
            with _Scope(bindings) as scope:
                logs = self.adversarial_step(data)
            state = tuple([scope.get_current_value(v) for v in group] for group in groups)
            return logs, state

else:
    raise ImportError(
        f"keras_gans trains on tensorflow, jax or torch, not on '{keras.config.backend()}'; "
        "set KERAS_BACKEND to one of them"
    )


def minimize(objective, variables, optimizer, begun=None):
    """Takes one optimizer step.

    Args:
        objective: As for `gradients`.
        variables: List of the trainable variables to move.
        optimizer: Keras optimizer, built for these variables and perhaps others; in a
            `Provisional` block one of `unrolling`.
        begun: `Begun` of the same variables, or None.

    Returns:
        The tuple of tensors that `objective` returned, as it was before the step.
    """
    values, found = gradients(objective, variables, begun)
    apply(found, variables, optimizer)
    return values


def _values(begun):
    return () if begun is None else (begun.value,)


gradients.__doc__ = """Gradients of an objective.

Args:
    objective: Function of no arguments, or of `begun.value`, that returns a tuple of tensors, first
        the scalar to be differentiated. It may use and update any Keras state.
    variables: List of trainable variables.
    begun: `Begun` of the same variables, or None.

Returns:
    The pair (tuple that `objective` returned, list of gradients): zeros of variables that the
    objective does not use.
"""

apply.__doc__ = """Takes the optimizer step of these gradients.

Args:
    gradients: List of tensors.
    variables: List of as many trainable variables.
    optimizer: As for `minimize`.
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

"""Unrolled GANs: the generator answers the discriminator of some turns later.

Metz et al. 2017, arXiv 1611.02163, section 2: the generator's loss is f(G, D_K(G)), where D_K comes
after K further turns of the discriminator on the samples at hand (equation 8), and its gradient
goes through these turns (equation 11). The discriminator itself takes its ordinary turns.

The turns are taken as usual, in an `autodiff.Provisional` block. Only the optimizer is another one:
those of Keras may move variables in place, or divide by roots that have no derivative at 0.
"""

from contextlib import contextmanager

import keras
from keras import ops

from keras_gans.autodiff import Provisional
from keras_gans.errors import UsageError


@contextmanager
def ahead(network, optimizer, turn, count):
    """A block in which a network is as some further turns will leave it.

    Args:
        network: `keras.Model`. It and its optimizer are as before at the end of the block.
        optimizer: Keras optimizer of the network; see `differentiable`.
        turn: Function that takes one turn with the optimizer that it is given.
        count: Turns, >= 0; with 0 the block is no different from the code around it.
    """
    if not count:
        yield
        return
    steps = differentiable(optimizer)
    with Provisional([*network.weights, *optimizer.variables]):
        for _ in range(count):
            turn(steps)
        yield


def differentiable(optimizer):
    """The steps of an optimizer, in a form through which gradients go.

    They begin with the moments and the counter that the optimizer has, and move them too, as the
    paper's code does.

    Args:
        optimizer: `keras.optimizers.SGD` or `keras.optimizers.Adam`, built.

    Returns:
        Object with `apply(gradients, variables)`.

    Raises:
        UsageError: It is another one, or has an option beside its rates and momentum.
    """
    # By the rule itself: AdamW shares it, and on torch the classes are other ones.
    rules = {keras.optimizers.SGD.update_step: _SGD, keras.optimizers.Adam.update_step: _Adam}
    steps = rules.get(type(optimizer).update_step)
    if steps is None:
        name = type(optimizer).__name__
        raise UsageError(f"unroll: a step of {name} is not differentiated; give D sgd or adam")
    more = {key for key in _NOT_DIFFERENTIATED if getattr(optimizer, key, None)}
    if more:
        raise UsageError(f"unroll: {', '.join(sorted(more))} of D's optimizer: leave it out")
    return steps(optimizer)


_NOT_DIFFERENTIATED = (
    "amsgrad", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema",
    "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip


class _Steps:
    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.places = {id(v): i for i, v in enumerate(optimizer._trainable_variables)}

    def apply(self, gradients, variables):
        """Takes one step; the variables, moments and the counter are assigned."""
        rate = ops.cast(self.optimizer.learning_rate, "float32")
        for gradient, variable in zip(gradients, variables, strict=True):
            self.move(variable, gradient, self.places[id(variable)], rate)
            if variable.constraint is not None:  # of the layer; an optimizer applies it likewise
                variable.assign(variable.constraint(variable.value))
        self.optimizer.iterations.assign_add(1)


class _SGD(_Steps):
    """w = w - rate g; with momentum u = momentum u - rate g and w = w + u."""

    def move(self, variable, gradient, place, rate):
        sgd, step = self.optimizer, -rate * gradient
        if sgd.momentum:
            velocity = sgd.momentums[place]
            velocity.assign(sgd.momentum * velocity + step)
            step = sgd.momentum * velocity + step if sgd.nesterov else velocity.value
        variable.assign(variable + step)


class _Adam(_Steps):
    """Adam as Keras computes it, with epsilon outside the root of the uncorrected moment."""

    def move(self, variable, gradient, place, rate):
        adam = self.optimizer
        mean, square = adam._momentums[place], adam._velocities[place]
        mean.assign(mean + (1 - adam.beta_1) * (gradient - mean))
        square.assign(square + (1 - adam.beta_2) * (ops.square(gradient) - square))
        t = ops.cast(adam.iterations + 1, "float32")
        corrected = ops.sqrt(1 - adam.beta_2**t) / (1 - adam.beta_1**t)
        # A weight without gradients has the moment 0, where the root has no derivative. 1e-30 is
        # far below epsilon squared.
        root = ops.sqrt(ops.maximum(square, 1e-30))
        variable.assign(variable - rate * corrected * mean / (root + adam.epsilon))

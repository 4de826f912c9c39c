"""Optimizers: those of Keras by name, and what Keras once computed otherwise."""

import keras
from keras import ops

from keras_gans import parts
from keras_gans.errors import UsageError, short
from keras_gans.parts import Positive, Rate


@keras.saving.register_keras_serializable("keras_gans")
class RMSpropKeras2(keras.optimizers.Optimizer):
    """RMSprop as Keras 2 and tf.keras 2 computed it without momentum: epsilon outside the root.

    v = rho v + (1 - rho) g^2; w = w - learning_rate g / (sqrt(v) + epsilon).

    Keras 3 divides by sqrt(v + epsilon). At epsilon = 1e-7 no root is then below 3.2e-4, and
    where gradients are small, as those of a clipped critic, hardly anything moves. The update is
    written for each variable; a subclass of Keras's own RMSprop would keep its fused one on torch.

    Args:
        learning_rate: > 0.
        rho: Decay of the mean square, in [0, 1).
        epsilon: > 0.
        **kwargs: Of `keras.optimizers.Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Positive = 0.001,
        rho: Rate = 0.9,
        epsilon: Positive = 1e-7,
        name="rmsprop_keras2",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.rho, self.epsilon = rho, epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._mean_squares = self.add_optimizer_variables(variables, "mean_square")

    def update_step(self, gradient, variable, learning_rate):
        rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        mean_square = self._mean_squares[self._get_variable_index(variable)]
        value = self.rho * mean_square + (1 - self.rho) * ops.square(gradient)
        self.assign(mean_square, value)
        self.assign_sub(variable, rate * gradient / (ops.sqrt(value) + self.epsilon))

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}


OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "rmsprop_keras2": RMSpropKeras2,
    "sgd": keras.optimizers.SGD,
}


class Both:
    """The one or two optimizers of a GAN, behind the interface of one.

    Args:
        d_optimizer: Keras optimizer of the discriminator.
        g_optimizer: That of the generator, which may be the same object.
        d_weights: List of the variables that the first one moves.
        g_weights: List of those of the second one.

    Attributes:
        optimizers: List of the one or two. Callbacks that change a rate or swap averaged weights
            do so for each.
    """

    built = True

    def __init__(self, d_optimizer, g_optimizer, d_weights, g_weights):
        if d_optimizer is g_optimizer:
            d_optimizer.build([*d_weights, *g_weights])
            self.optimizers = [d_optimizer]
        else:
            d_optimizer.build(d_weights)
            g_optimizer.build(g_weights)
            self.optimizers = [d_optimizer, g_optimizer]
        self.variables = [v for optimizer in self.optimizers for v in optimizer.variables]

    @property
    def iterations(self):
        """The step counter of the discriminator's, which Keras's callbacks read."""
        return self.optimizers[0].iterations

    @property
    def learning_rate(self):
        """That of the one optimizer. Two have a rate each, and what is assigned is set for both."""
        if len(self.optimizers) == 2:
            raise AttributeError("read that of gan.d_optimizer or of gan.g_optimizer")
        return self.optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, rate):
        for optimizer in self.optimizers:
            optimizer.learning_rate = rate

    def finalize(self):
        """Ends a `fit` as Keras ends it: `use_ema` puts the averages in the weights."""
        for optimizer in self.optimizers:
            if int(ops.convert_to_numpy(optimizer.iterations)):  # else its averages are still zero
                optimizer.finalize_variable_values(optimizer._trainable_variables)


def is_known(identifier):
    """Whether an identifier is that of an optimizer: an object, a name or a mapping."""
    name = identifier.get("name") if isinstance(identifier, dict) else identifier
    return isinstance(name, keras.optimizers.Optimizer) or (
        isinstance(name, str) and name in OPTIMIZERS
    )


def pair(optimizer=None, d_optimizer=None, g_optimizer=None):
    """The optimizers of the discriminator and of the generator, one object where they share it.

    Args:
        optimizer, d_optimizer, g_optimizer: What `get` takes: the first, or the other two.

    Returns:
        Pair of Keras optimizers.

    Raises:
        UsageError: They are not one or two, one is unknown or no Keras optimizer, or a shared one
            accumulates gradients.
    """
    one, d_one, g_one = map(get, (optimizer, d_optimizer, g_optimizer))
    if (one is None) == (d_one is None) or (d_one is None) != (g_one is None):
        raise UsageError("give either optimizer, or d_optimizer and g_optimizer")
    one = one or (d_one if d_one is g_one else None)
    # Its one counter would let all steps of one network fall on moves, and none of the other's.
    if getattr(one, "gradient_accumulation_steps", None):
        raise UsageError(
            "gradient_accumulation_steps: two networks that share an optimizer share its counter; "
            "give d_optimizer and g_optimizer"
        )
    return (d_one, g_one) if one is None else (one, one)


def get(identifier):
    """The optimizer of a name, a mapping or a `Part`; None and an object are returned.

    Raises:
        UsageError: It is unknown, no Keras optimizer, or one that wants its losses scaled.
    """
    found = parts.get("optimizers", identifier)
    if not isinstance(found, keras.optimizers.Optimizer | None):
        raise UsageError(
            f"optimizer: {short(found)} is none; give a keras.optimizers object, or one of the "
            f"names {', '.join(OPTIMIZERS)}"
        )
    if getattr(found, "loss_scale_factor", None) or isinstance(
        found, keras.optimizers.LossScaleOptimizer
    ):
        raise UsageError(
            f"optimizer: {found.name} scales losses, which a GAN does not; leave it out"
        )
    return found

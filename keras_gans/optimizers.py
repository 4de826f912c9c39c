"""Optimizers: those of Keras by name, and what Keras once computed otherwise."""

import keras
from keras import ops

from keras_gans import parts
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


def get(identifier):
    """The optimizer of a name, a mapping or a `Part`; None and an object are returned."""
    return parts.get("optimizers", identifier)


class Pair:
    """The optimizers of the two networks, which may be one; to `keras.Model` they are its own.

    Args:
        optimizer: One for both: an object, a name, a mapping or a `Part`.
        d_optimizer, g_optimizer: Instead of it, one for each.

    Attributes:
        of_d, of_g: Keras optimizers of the discriminator and of the generator.
        variables: List of the variables of both.

    Raises:
        ValueError: The optimizers are not one or two.
    """

    built = True

    def __init__(self, optimizer, d_optimizer, g_optimizer):
        one, of_d, of_g = map(get, (optimizer, d_optimizer, g_optimizer))
        if (one is None) == (of_d is None) or (of_d is None) != (of_g is None):
            raise ValueError("give either optimizer, or d_optimizer and g_optimizer")
        self.of_d, self.of_g = (of_d, of_g) if one is None else (one, one)

    def build(self, d_weights, g_weights):
        """Makes the variables, for the lists of trainable weights of the networks."""
        if self.of_d is self.of_g:
            self.of_d.build([*d_weights, *g_weights])
            self.variables = [*self.of_d.variables]
        else:
            self.of_d.build(d_weights)
            self.of_g.build(g_weights)
            self.variables = [*self.of_d.variables, *self.of_g.variables]

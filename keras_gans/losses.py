"""Adversarial objectives: what the discriminator and the generator minimise.

A loss here is an ordinary `keras.losses.Loss`. `y_true` is 1 for "real" and 0 for "fake",
shape `(n, 1)`; `y_pred` is the discriminator's output of the same shape. The discriminator
minimises loss(1, D(real)) + loss(0, D(fake)), the generator loss(1, D(fake)).

The table below is all there is: `get(name)` returns the pair, and a new objective is one more
entry.
"""

from dataclasses import dataclass

import keras
from keras import ops

from keras_gans.errors import UsageError, suggestion


@keras.saving.register_keras_serializable("keras_gans")
class Wasserstein(keras.losses.Loss):
    """The critic's score with its sign: -D for real, +D for fake.

    Minimising it maximises E[D(real)] - E[D(fake)], the dual form of the Wasserstein-1
    distance when D is 1-Lipschitz (Arjovsky et al. 2017, arXiv 1701.07875, equation 2).
    """

    def __init__(self, name="wasserstein", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        """Args: `y_true` in {0, 1} and `y_pred` of shape `(n, 1)`. Returns: shape `(n,)`."""
        sign = 1.0 - 2.0 * ops.cast(y_true, y_pred.dtype)
        return ops.mean(sign * y_pred, axis=-1)


@dataclass(frozen=True)
class Objective:
    """What the two players minimise.

    Attributes:
        discriminator: Loss of the discriminator, for reals (target 1) and fakes (target 0).
        generator: Loss of the generator, for fakes with target 1.
        from_logits: Whether the losses take the score before a sigmoid. A discriminator that
            ends in one is then trained on what goes into it (`networks.without_sigmoid`),
            which is the same function without the rounding of probabilities near 0 and 1.
    """

    discriminator: keras.losses.Loss
    generator: keras.losses.Loss
    from_logits: bool = False


def _objective(loss, from_logits=False):
    return Objective(loss, loss, from_logits)


OBJECTIVES = {
    # Goodfellow et al. 2014, arXiv 1406.2661, section 3: the generator maximises log D(G(z)).
    "binary_crossentropy": lambda: _objective(
        keras.losses.BinaryCrossentropy(from_logits=True), from_logits=True
    ),
    # Mao et al. 2017, arXiv 1611.04076, equation 9 with a = 0, b = c = 1, without the factor 1/2.
    "mse": lambda: _objective(keras.losses.MeanSquaredError()),
    # Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1.
    "wasserstein": lambda: _objective(Wasserstein()),
}


def get(identifier):
    """The objective of a name, or the object itself.

    Args:
        identifier: A name in `OBJECTIVES` or an `Objective`.

    Returns:
        An `Objective` with loss objects of its own.

    Raises:
        UsageError: The name is unknown.
    """
    if isinstance(identifier, Objective):
        return identifier
    if identifier not in OBJECTIVES:
        raise UsageError(f"unknown loss '{identifier}'{suggestion(identifier, OBJECTIVES)}")
    return OBJECTIVES[identifier]()

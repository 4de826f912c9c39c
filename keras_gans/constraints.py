"""Constraints: what is done to the discriminator's weights after each of its turns."""

from collections.abc import Callable
from typing import Literal

import keras
from keras import ops

from keras_gans import parts
from keras_gans.networks.inside import layers_of
from keras_gans.parts import Positive, Recorded


@keras.saving.register_keras_serializable("keras_gans")
class Clip(Recorded):
    """Clips weights to [-limit, limit] (Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1).

    Args:
        limit: Bound, > 0; the paper's c is 0.01.
        weights: "all", with the moving statistics of BatchNormalization, as the public Keras
            scripts do; or "trainable" ones.
    """

    def __init__(self, limit: Positive = 0.01, weights: Literal["all", "trainable"] = "trainable"):
        self.limit, self.weights = limit, weights

    def __call__(self, network):
        """Constrains the weights of a `keras.Model`, in place."""
        chosen = network.trainable_weights
        if self.weights == "all":
            chosen = [*chosen, *_moving_statistics(network)]
        for weight in chosen:
            weight.assign(ops.clip(weight, -self.limit, self.limit))


def _moving_statistics(network):
    normal = keras.layers.BatchNormalization
    layers = [layer for layer in layers_of(network) if isinstance(layer, normal)]
    return [weight for layer in layers for weight in layer.non_trainable_weights]


CONSTRAINTS = {"clip": Clip}


def get(identifier):
    """The constraint of a name, a mapping or a `Part`; None and an object are returned.

    Raises:
        UsageError: It is unknown, or an option is, or it is another kind of object.
    """
    return parts.get("constraints", identifier, Callable | None)

"""Averages of the generator's weights over training: the averaged copy makes the samples."""

from abc import ABC, abstractmethod

import keras

from keras_gans import parts
from keras_gans.networks.inside import layers_of, own_variables
from keras_gans.parts import Rate, Recorded


class Average(Recorded, ABC):
    """Base of all averages: a copy of a network that follows its weights."""

    def copy(self, network):
        """A copy of a `keras.Model` with weights of its own, equal to the network's."""
        copied = keras.models.clone_model(network)
        copied.set_weights(network.get_weights())
        copied.trainable = False
        return copied

    @abstractmethod
    def update(self, copied, network):
        """Moves the weights of a copy towards those of the network, after each iteration."""


@keras.saving.register_keras_serializable("keras_gans")
class Exponential(Average):
    """Exponential moving average: copy = decay * copy + (1 - decay) * weights, each iteration.

    Yazici et al. 2019, arXiv 1806.04498, equation 1. Moving statistics of BatchNormalization are
    averaged too.

    Args:
        decay: In [0, 1); 0 keeps the latest weights.
    """

    def __init__(self, decay: Rate = 0.999):
        self.decay = decay

    def update(self, copied, network):
        for average, weight in zip(_weights(copied), _weights(network), strict=True):
            average.assign(self.decay * average + (1.0 - self.decay) * weight)


def _weights(network):
    """Weights in an order that does not depend on what is trainable."""
    weights = [weight for layer in layers_of(network) for weight in own_variables(layer)]
    return [weight for weight in weights if "float" in str(weight.dtype)]


AVERAGES = {"exponential": Exponential}


def get(identifier):
    """The average of a name, a mapping or a `Part`; None and an object are returned.

    Raises:
        UsageError: It is unknown, or an option is, or it is another kind of object.
    """
    return parts.get("averages", identifier, Average | None)

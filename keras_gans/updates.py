"""How the losses on real and on fake samples move the discriminator in one turn."""

from abc import ABC, abstractmethod

import keras

from keras_gans import parts
from keras_gans.autodiff import minimize
from keras_gans.parts import Recorded


class Update(Recorded, ABC):
    """One turn of the discriminator.

    Attributes:
        takes_penalty: Whether the update has a place for a penalty, which compares real and fake
            samples.
        takes_pairs: Whether the update differentiates both losses together, `on_real` first. Those
            of a `paired` objective share their scores and have no derivatives apart.
    """

    takes_penalty = True
    takes_pairs = False

    @abstractmethod
    def __call__(self, on_real, on_fake, penalty, weights, optimizer):
        """Takes the optimizer steps of a turn.

        Args:
            on_real: Function of no arguments: the loss on real samples, a scalar tensor.
            on_fake: Likewise, on fake samples.
            penalty: Likewise, or None.
            weights: Trainable weights of the discriminator.
            optimizer: Keras optimizer that is built for them.

        Returns:
            The losses on real and on fake samples, each before the step that it caused.
        """


@keras.saving.register_keras_serializable("keras_gans")
class Joint(Update):
    """One optimizer step on the sum of the two losses and the penalty (Goodfellow et al. 2014)."""

    takes_pairs = True

    def __call__(self, on_real, on_fake, penalty, weights, optimizer):
        def total():
            losses = on_real(), on_fake()
            added = losses[0] + losses[1]
            return (added if penalty is None else added + penalty(), *losses)

        return minimize(total, weights, optimizer)[1:]


@keras.saving.register_keras_serializable("keras_gans")
class Separate(Update):
    """One optimizer step on real samples, then one on fake ones (Akel 2022, section 3.2.7)."""

    takes_penalty = False

    def __call__(self, on_real, on_fake, penalty, weights, optimizer):
        return tuple(
            minimize(lambda loss=loss: (loss(),), weights, optimizer)[0]
            for loss in (on_real, on_fake)
        )


UPDATES = {"joint": Joint, "separate": Separate}


def get(identifier):
    """The update of a name, a mapping or a `Part`; an object is returned."""
    return parts.get("updates", identifier)

"""Objectives: what the discriminator and the generator minimise.

An `Objective` turns scores into losses, three times: the discriminator's on real samples, its on
fake ones, and the generator's, which wants its samples taken for real. Targets and their smoothing
live here. `LOSSES` is the table of the names; a new objective is one class and one entry.
"""

from abc import ABC, abstractmethod

import keras
from keras import ops

from keras_gans import parts
from keras_gans.errors import UsageError, short
from keras_gans.parts import Recorded


class Objective(Recorded, ABC):
    """What the two networks minimise.

    Attributes:
        of_scores: Whether the losses take scores, before a final sigmoid. `GAN` then trains a
            discriminator that ends in a sigmoid on what goes into it: the same function without
            the rounding of probabilities near 0 and 1.
    """

    of_scores = True

    @abstractmethod
    def on_real(self, scores, seed):
        """Loss of the discriminator on real samples.

        Args:
            scores: Float tensor `(n, 1)`: the discriminator's output.
            seed: `keras.random.SeedGenerator`, for targets that are drawn.

        Returns:
            Scalar tensor.
        """

    @abstractmethod
    def on_fake(self, scores, seed):
        """Loss of the discriminator on fake samples; as `on_real`."""

    @abstractmethod
    def to_fool(self, scores):
        """Loss of the generator.

        Args:
            scores: Float tensor `(n, 1)`: the discriminator's output for fake samples.

        Returns:
            Scalar tensor.
        """


@keras.saving.register_keras_serializable("keras_gans")
class ToTargets(Objective):
    """A Keras loss between scores and a target for real samples and one for fake ones.

    The generator's target is 1, whatever the discriminator's.

    Args:
        loss: `keras.losses.Loss`.
        real: Target of real samples, or a pair of numbers between which one is drawn uniformly for
            each sample (one-sided label smoothing, Salimans et al. 2016, arXiv 1606.03498,
            section 3.4).
        fake: Target of fake samples, likewise.
    """

    def __init__(self, loss, real=1.0, fake=0.0):
        self.loss, self.real, self.fake = loss, _target(real, "real"), _target(fake, "fake")
        self.of_scores = getattr(loss, "from_logits", False)

    def on_real(self, scores, seed):
        return self.loss(_targets(self.real, scores, seed), scores)

    def on_fake(self, scores, seed):
        return self.loss(_targets(self.fake, scores, seed), scores)

    def to_fool(self, scores):
        return self.loss(_targets(1.0, scores, None), scores)

    def get_config(self):
        config = super().get_config()
        packed = (
            {"loss": keras.saving.serialize_keras_object(self.loss)} if "loss" in config else {}
        )
        return {**config, **packed}

    @classmethod
    def from_config(cls, config):
        if "loss" in config:
            config = {**config, "loss": keras.saving.deserialize_keras_object(config["loss"])}
        return cls(**config)


def _target(value, which):
    if isinstance(value, int | float):
        return float(value)
    low, high = value
    if not low < high:
        raise ValueError(f"targets of {which} samples from {low} to {high}: the lower comes first")
    return (float(low), float(high))


def _targets(target, scores, seed):
    if isinstance(target, float):
        return target * ops.ones_like(scores)
    return keras.random.uniform(ops.shape(scores), *target, dtype=scores.dtype, seed=seed)


@keras.saving.register_keras_serializable("keras_gans")
class BinaryCrossentropy(ToTargets):
    """Cross-entropy of scores. The generator maximises log D(G(z)).

    Goodfellow et al. 2014, arXiv 1406.2661, section 3.

    Args:
        real: Target of real samples in [0, 1] or somewhat above, or a pair to draw it from.
        fake: Target of fake samples, likewise.
    """

    def __init__(
        self,
        real: float | tuple[float, float] = 1.0,
        fake: float | tuple[float, float] = 0.0,
    ):
        super().__init__(keras.losses.BinaryCrossentropy(from_logits=True), real, fake)


@keras.saving.register_keras_serializable("keras_gans")
class MeanSquaredError(ToTargets):
    """Least squares of the discriminator's output.

    Mao et al. 2017, arXiv 1611.04076, equation 9 with a = 0 and b = c = 1, without the factor 1/2.
    A discriminator that ends in a sigmoid is trained on its probabilities.

    Args:
        real: Target of real samples, or a pair to draw it from.
        fake: Target of fake samples, likewise.
    """

    def __init__(
        self,
        real: float | tuple[float, float] = 1.0,
        fake: float | tuple[float, float] = 0.0,
    ):
        super().__init__(keras.losses.MeanSquaredError(), real, fake)


@keras.saving.register_keras_serializable("keras_gans")
class Wasserstein(Objective):
    """The critic's score with its sign: -D on real samples, +D on fake ones.

    Minimising it maximises E[D(real)] - E[D(fake)], the dual form of the Wasserstein-1 distance
    where D is 1-Lipschitz (Arjovsky et al. 2017, arXiv 1701.07875, equation 2).
    """

    def on_real(self, scores, seed):
        return ops.mean(-scores)

    def on_fake(self, scores, seed):
        return ops.mean(scores)

    def to_fool(self, scores):
        return ops.mean(-scores)


LOSSES = {
    "binary_crossentropy": BinaryCrossentropy,
    "mse": MeanSquaredError,
    "wasserstein": Wasserstein,
}


def get(identifier):
    """The objective of an identifier.

    Args:
        identifier: A name of `LOSSES`, a mapping `{name: NAME, option: value}`, a `Part`, an
            `Objective`, or a `keras.losses.Loss`, which gets the targets 1 and 0.

    Raises:
        UsageError: It is unknown, or nothing of these.
    """
    if isinstance(identifier, keras.losses.Loss):
        return ToTargets(identifier)
    found = parts.get("losses", identifier)
    if not isinstance(found, Objective):
        raise UsageError(
            f"loss: {short(found)} is none; give an Objective, a keras.losses object, or one of "
            f"the names {', '.join(LOSSES)}"
        )
    return found

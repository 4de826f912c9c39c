"""Losses: the objectives that rows call by a name.

Targets and their smoothing live here, and the table of all names, `LOSSES`. A new loss is one class
and one entry; a new f-divergence is one class and one entry in `divergences`.
"""

from numbers import Real

import keras
import numpy as np
from keras import ops

from keras_gans import parts
from keras_gans.errors import UsageError, short
from keras_gans.losses.divergences import DIVERGENCES
from keras_gans.losses.objectives import Objective, Paired


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
        if np.mean(self.real) <= np.mean(self.fake):
            raise ValueError(
                f"the target of real samples, {real}, has to be above that of fake ones, {fake}: "
                "the generator's is 1"
            )
        from_logits = getattr(loss, "from_logits", None)  # of cross-entropies alone
        self.of_scores = self.of_log_odds = bool(from_logits)
        self.of_probabilities = from_logits is False

    def on_real(self, scores, seed):
        return self.loss(_targets(self.real, scores, seed), scores)

    def on_fake(self, scores, seed):
        return self.loss(_targets(self.fake, scores, seed), scores)

    def to_fool(self, fake, real=None):
        return self.loss(_targets(1.0, fake, None), fake)

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


def _log_ratio(outputs, objective):
    """The log ratio where the optimal output is the mean of the targets, (b p + a q) / (p + q).

    With the targets a of fake and b of real samples, p / q = (output - a) / (b - output). Outputs
    beyond the targets count as 1e-7 inside them: the result is in [-16.2, 16.2].
    """
    low, high = np.mean(objective.fake), np.mean(objective.real)
    share = ops.clip((outputs - low) / (high - low), 1e-7, 1 - 1e-7)
    return ops.log(share) - ops.log1p(-share)


def _target(value, which):
    if isinstance(value, Real):  # numbers of NumPy, too
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

    Goodfellow et al. 2014, arXiv 1406.2661, equation 1; for the generator, section 3.

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

    def log_ratio(self, scores):
        """The score itself (Goodfellow et al. 2014, proposition 1), corrected for smoothing."""
        if (self.real, self.fake) == (1.0, 0.0):
            return scores
        return _log_ratio(ops.sigmoid(scores), self)


@keras.saving.register_keras_serializable("keras_gans")
class FeatureMatching(BinaryCrossentropy):
    """|E f(x) - E f(G(z))|^2 of the generator, over the discriminator's last hidden layer f.

    Salimans et al. 2016, arXiv 1606.03498, section 3.1. The means are those of the batch. The
    discriminator minimises cross-entropy.

    Args:
        real: As of `BinaryCrossentropy`.
        fake: Likewise.
    """

    of_features = True

    def to_fool(self, fake, real=None):
        return ops.sum(ops.square(ops.mean(fake, axis=0) - ops.mean(real, axis=0)))


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

    def log_ratio(self, scores):
        """Of the optimal output (b p + a q) / (p + q), section 3.2 of the paper."""
        return _log_ratio(scores, self)


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

    def to_fool(self, fake, real=None):
        return ops.mean(-fake)


@keras.saving.register_keras_serializable("keras_gans")
class Hinge(Objective):
    """Real scores are to be above 1 and fake ones below -1; the generator maximises its scores.

    Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957, equations 16 and 17.
    The optimal score is the sign of p_data - p_g, so it gives no ratio.
    """

    def on_real(self, scores, seed):
        return ops.mean(ops.relu(1.0 - scores))

    def on_fake(self, scores, seed):
        return ops.mean(ops.relu(1.0 + scores))

    def to_fool(self, fake, real=None):
        return ops.mean(-fake)


@keras.saving.register_keras_serializable("keras_gans")
class Relativistic(Paired):
    """Cross-entropy of the difference between a real score and a fake one, in pairs.

    -log sigmoid(C(x_r) - C(x_f)) of the discriminator, and -log sigmoid(C(x_f) - C(x_r)) of the
    generator: RSGAN of Jolicoeur-Martineau 2018, arXiv 1807.00734. A pair is a real and a fake
    sample of the same place in their batches. The loss of a pair counts half as one on real and
    half as one on fake samples. A constant added to all scores changes nothing, so they give no
    ratio.
    """

    def losses(self, real, fake):
        half = ops.mean(ops.softplus(fake - real)) / 2
        return half, half

    def to_fool(self, fake, real=None):
        return ops.mean(ops.softplus(real - fake))


@keras.saving.register_keras_serializable("keras_gans")
class RelativisticAverage(Paired):
    """Cross-entropy of the difference between a score and the mean score of the other side.

    RaSGAN of Jolicoeur-Martineau 2018, arXiv 1807.00734: the discriminator's losses are
    -log sigmoid(C(x_r) - E C(x_f)) and -log(1 - sigmoid(C(x_f) - E C(x_r))), the generator's is
    their sum with the sides exchanged. The means are those of the batch.
    """

    def losses(self, real, fake):
        on_real = ops.mean(ops.softplus(ops.mean(fake) - real))
        return on_real, ops.mean(ops.softplus(fake - ops.mean(real)))

    def to_fool(self, fake, real=None):
        return sum(self.losses(fake, real))


LOSSES = {
    "binary_crossentropy": BinaryCrossentropy,
    "mse": MeanSquaredError,
    "wasserstein": Wasserstein,
    "hinge": Hinge,
    "relativistic": Relativistic,
    "relativistic_average": RelativisticAverage,
    "feature_matching": FeatureMatching,
    **DIVERGENCES,
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
        if identifier.reduction in (None, "none"):
            raise UsageError(
                "the loss has no reduction, and a step needs one number: leave reduction out"
            )
        return ToTargets(identifier)
    found = parts.get("losses", identifier)
    if not isinstance(found, Objective):
        raise UsageError(
            f"loss: {short(found)} is none; give an Objective, a keras.losses object, or one of "
            f"the names {', '.join(LOSSES)}"
        )
    return found

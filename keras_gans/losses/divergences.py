"""Objectives of f-GAN: variational bounds of f-divergences.

Nowozin et al. 2016, arXiv 1606.00709. An f-divergence D_f(P || Q) = E_Q f(p / q), of the data P and
the generator's distribution Q, is the largest value of equation 7 over all scores V,

    E_P g_f(V(x)) - E_Q f*(g_f(V(x))),

where f* is the conjugate of f, and g_f maps any score into the domain of f* (tables 2 and 6). A new
divergence is a subclass of `FDivergence` and an entry in `DIVERGENCES`.
"""

import math
from abc import abstractmethod

import keras
from keras import ops

from keras_gans.losses.objectives import Objective


class FDivergence(Objective):
    """The bound of a divergence: the discriminator raises it, and the generator lowers it.

    The losses of the discriminator are the two terms of the negated bound, so their sum, twice the
    d_loss that is reported, is an estimate of -D_f. Only the second term depends on the generator.

    Args:
        non_saturating: Let the generator maximise E_Q g_f(V(x)) instead of lowering the bound
            (section 3.2). Its gradient stays large where the discriminator is sure.
    """

    def __init__(self, non_saturating: bool = False):
        self.non_saturating = non_saturating

    @abstractmethod
    def output(self, scores):
        """g_f(V): the scores `(n, 1)` in the domain of f*."""

    @abstractmethod
    def conjugate(self, scores):
        """f*(g_f(V)) of the scores, simplified so that it is exact for scores of any size."""

    @abstractmethod
    def log_ratio(self, scores):
        """log p / q where f'(p / q) = g_f(V), as for the optimal V (equation 5)."""

    def on_real(self, scores, seed):
        return -ops.mean(self.output(scores))

    def on_fake(self, scores, seed):
        return ops.mean(self.conjugate(scores))

    def to_fool(self, fake, real=None):
        return -ops.mean(self.output(fake) if self.non_saturating else self.conjugate(fake))


@keras.saving.register_keras_serializable("keras_gans")
class GANDivergence(FDivergence):
    """f(u) = u log u - (u + 1) log(u + 1), 2 JS - log 4: the minimax game of Goodfellow et al."""

    of_log_odds = True

    def output(self, scores):
        return -ops.softplus(-scores)

    def conjugate(self, scores):
        return ops.softplus(scores)

    def log_ratio(self, scores):
        return scores


@keras.saving.register_keras_serializable("keras_gans")
class KL(FDivergence):
    """f(u) = u log u, KL(P || Q)."""

    def output(self, scores):
        return scores

    def conjugate(self, scores):
        return ops.exp(scores - 1.0)

    def log_ratio(self, scores):
        return scores - 1.0


@keras.saving.register_keras_serializable("keras_gans")
class ReverseKL(FDivergence):
    """f(u) = -log u, KL(Q || P)."""

    of_log_odds = True

    def output(self, scores):
        return -ops.exp(-scores)

    def conjugate(self, scores):
        return scores - 1.0

    def log_ratio(self, scores):
        return scores


@keras.saving.register_keras_serializable("keras_gans")
class Pearson(FDivergence):
    """f(u) = (u - 1)^2, Pearson's chi-squared. Scores below -2 belong to no ratio; it is 1e-8."""

    def output(self, scores):
        return scores

    def conjugate(self, scores):
        return ops.square(scores) / 4.0 + scores

    def log_ratio(self, scores):
        return ops.log(ops.maximum(1.0 + scores / 2.0, 1e-8))


@keras.saving.register_keras_serializable("keras_gans")
class Hellinger(FDivergence):
    """f(u) = (sqrt(u) - 1)^2, the squared Hellinger distance without a factor 1/2."""

    def output(self, scores):
        return 1.0 - ops.exp(-scores)

    def conjugate(self, scores):
        return ops.expm1(scores)

    def log_ratio(self, scores):
        return 2.0 * scores


@keras.saving.register_keras_serializable("keras_gans")
class JensenShannon(FDivergence):
    """f(u) = u log u - (u + 1) log((u + 1) / 2), twice the Jensen-Shannon divergence.

    Non-saturating, its gradients are those of `losses.BinaryCrossentropy`.
    """

    of_log_odds = True

    def output(self, scores):
        return math.log(2.0) - ops.softplus(-scores)

    def conjugate(self, scores):
        return ops.softplus(scores) - math.log(2.0)

    def log_ratio(self, scores):
        return scores


DIVERGENCES = {
    "f_gan": GANDivergence,
    "kl": KL,
    "reverse_kl": ReverseKL,
    "pearson": Pearson,
    "hellinger": Hellinger,
    "jensen_shannon": JensenShannon,
}

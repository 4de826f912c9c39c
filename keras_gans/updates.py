"""How the losses on real and on fake samples move the discriminator in one turn."""

from abc import ABC, abstractmethod

import keras
from keras import ops

from keras_gans import parts
from keras_gans.autodiff import apply, gradients, minimize
from keras_gans.errors import UsageError
from keras_gans.parts import NonNegative, Positive, Rate, Recorded


class Update(Recorded, ABC):
    """One turn of the discriminator.

    Attributes:
        takes_penalty: Whether the update has a place for a penalty, which compares real and fake
            samples.
        takes_pairs: Whether the update differentiates both losses together, `on_real` first. Those
            of a `paired` objective share their scores and have no derivatives apart.
        needs_log_odds: Whether the objective has to be one of scores, whose sigmoids are
            probabilities.
    """

    takes_penalty = True
    takes_pairs = False
    needs_log_odds = False

    @abstractmethod
    def __call__(self, on_real, on_fake, penalty, weights, optimizer):
        """Takes the optimizer steps of a turn.

        Args:
            on_real: Function of no arguments that returns the loss on real samples, a scalar
                tensor, and their scores `(n, 1)`.
            on_fake: Likewise, on fake samples.
            penalty: Likewise, or None.
            weights: Trainable weights of the discriminator.
            optimizer: Keras optimizer that is built for them.

        Returns:
            What both functions returned, each before the step that it caused: the pairs (loss,
            scores) of real and of fake samples.
        """


@keras.saving.register_keras_serializable("keras_gans")
class Joint(Update):
    """One optimizer step on the sum of the two losses and the penalty (Goodfellow et al. 2014)."""

    takes_pairs = True

    def __call__(self, on_real, on_fake, penalty, weights, optimizer):
        def total():
            real, fake = on_real(), on_fake()
            added = self.add(real[0], fake[0])
            return (added if penalty is None else added + penalty(), *real, *fake)

        before = minimize(total, weights, optimizer)[1:]
        return before[:2], before[2:]

    def add(self, on_real, on_fake):
        """The loss whose gradient is followed, a scalar, without the penalty."""
        return on_real + on_fake


@keras.saving.register_keras_serializable("keras_gans")
class Weighted(Joint):
    """One optimizer step on a weighted sum of the two losses, and the penalty.

    The loss of `Adaptive`'s paper with weights that are fixed.

    Args:
        real: Weight of the loss on real samples, > 0.
        fake: Weight of the loss on fake samples, > 0.
    """

    def __init__(self, real: Positive, fake: Positive):
        self.real, self.fake = real, fake

    def add(self, on_real, on_fake):
        return self.real * on_real + self.fake * on_fake


@keras.saving.register_keras_serializable("keras_gans")
class Separate(Update):
    """One optimizer step on real samples, then one on fake ones (Akel 2022, section 3.2.7)."""

    takes_penalty = False

    def __call__(self, on_real, on_fake, penalty, weights, optimizer):
        return minimize(on_real, weights, optimizer), minimize(on_fake, weights, optimizer)


@keras.saving.register_keras_serializable("keras_gans")
class Adaptive(Update):
    """One optimizer step on a sum of the two gradients, whose weights follow from them.

    The aw-loss of Zadorozhnyy et al. 2021, arXiv 2012.03149. A sum with equal weights may reduce
    one loss and raise the other, where their gradients r (of real samples) and f (of fake ones) are
    at an obtuse angle. The mean probabilities s_r of real and s_f of fake samples, sigmoids of the
    scores, say which loss is behind:

    - the one on real samples, where s_r < alpha1 or s_r < s_f - delta: follow r without its part
      along f, so that the loss on fake samples stays as it is; at an acute angle follow r alone;
    - the one on fake samples, where s_r > alpha2 and s_r > s_f - delta: likewise with r and f
      exchanged;
    - otherwise neither: follow both.

    Each gradient that is followed has length 1 (algorithm 1) or its own (algorithm 2), and epsilon
    is added to both weights.

    Args:
        normalized: Whether to follow gradients of length 1.
        alpha1: Least probability of real samples that is enough, in [0, 1).
        alpha2: Probability of real samples that is high, in [0, 1), above alpha1.
        epsilon: What each gradient has at least, >= 0.
        delta: How much lower s_r may be than s_f, >= 0.
    """

    takes_penalty = False
    needs_log_odds = True

    def __init__(
        self,
        normalized: bool = True,
        alpha1: Rate = 0.5,
        alpha2: Rate = 0.75,
        epsilon: NonNegative = 0.05,
        delta: NonNegative = 0.05,
    ):
        if not alpha1 < alpha2:
            raise ValueError(f"alpha1 {alpha1:g} must be below alpha2 {alpha2:g}")
        self.normalized, self.alpha1, self.alpha2 = normalized, alpha1, alpha2
        self.epsilon, self.delta = epsilon, delta

    def __call__(self, on_real, on_fake, penalty, weights, optimizer):
        real, r = gradients(on_real, weights)
        fake, f = gradients(on_fake, weights)
        probabilities = (ops.mean(ops.sigmoid(scores)) for _, scores in (real, fake))
        products = _product(r, r), _product(f, f), _product(r, f)
        # Constants of the step: an unrolled one is differentiated as if they were given.
        w_r, w_f = map(ops.stop_gradient, self.weights(*probabilities, *products))
        total = [w_r * a + w_f * b for a, b in zip(r, f, strict=True)]
        apply(total, weights, optimizer)
        return real, fake

    def weights(self, s_r, s_f, rr, ff, rf):
        """The weights of the two gradients.

        Args:
            s_r, s_f: Mean probabilities of real and of fake samples, scalar tensors.
            rr, ff, rf: Products of the gradients: r r, f f and r f.

        Returns:
            The pair (weight of r, weight of f) of scalar tensors.
        """
        rr, ff = rr + 1e-12, ff + 1e-12  # a gradient may vanish
        of_r = 1 / ops.sqrt(rr) if self.normalized else ops.ones_like(rr)
        of_f = 1 / ops.sqrt(ff) if self.normalized else ops.ones_like(ff)
        obtuse = ops.maximum(-rf, 0.0)
        real_behind = ops.logical_or(s_r < self.alpha1, s_r < s_f - self.delta)
        fake_behind = ops.logical_and(s_r > self.alpha2, s_r > s_f - self.delta)
        w_r = ops.where(fake_behind, of_f * obtuse / rr, of_r)
        w_f = ops.where(real_behind, of_r * obtuse / ff, of_f)
        return w_r + self.epsilon, w_f + self.epsilon


def _product(a, b):
    """The inner product of two lists of tensors of the same shapes."""
    return sum(ops.sum(x * y) for x, y in zip(a, b, strict=True))


UPDATES = {"joint": Joint, "separate": Separate, "weighted": Weighted, "adaptive": Adaptive}


def get(identifier):
    """The update of a name, a mapping or a `Part`; an object is returned.

    Raises:
        UsageError: It is unknown, or an option is, or it is another kind of object.
    """
    return parts.get("updates", identifier, Update)


def check_together(update, objective, penalty):
    """Refuses what an update has no place for.

    Args:
        update: `Update`.
        objective: `losses.Objective`.
        penalty: Penalty, or None.

    Raises:
        UsageError: Two of them do not go together.
    """
    if penalty is not None and not update.takes_penalty:
        raise UsageError(
            "a penalty belongs to one step on real and fake samples: set turns.update to joint or "
            "weighted"
        )
    if objective.paired and not update.takes_pairs:
        raise UsageError(
            "this loss compares real and fake samples: set turns.update to joint or weighted"
        )
    if update.needs_log_odds and not objective.of_log_odds:
        raise UsageError(
            f"update='{type(update).__name__.lower()}' compares probabilities: it needs a loss "
            "whose scores are log-odds, such as binary_crossentropy"
        )

"""What an objective is: the way from the scores of a discriminator to what both networks minimise.

`losses.LOSSES` is the table of those that have names; those of f-GAN are in `divergences`.
"""

from abc import ABC, abstractmethod

from keras_gans.errors import UsageError
from keras_gans.parts import Recorded


class Objective(Recorded, ABC):
    """What the two networks minimise.

    It turns scores into losses, three times: the discriminator's on real samples, its on fake
    ones, and the generator's, which wants its samples taken for real.

    Attributes:
        of_scores: Whether the losses take scores, before a final sigmoid. `GAN` then trains a
            discriminator that ends in a sigmoid on what goes into it: the same function without
            the rounding of probabilities near 0 and 1.
        of_log_odds: Whether the sigmoid of a score is the probability that the sample is real.
        of_probabilities: Whether the losses take such probabilities, and not scores.
        paired: Whether every loss compares scores of real samples with scores of fake ones. The
            losses of the discriminator then have no derivatives apart, and `GAN` gives `to_fool`
            the scores of real samples too.
        of_features: Whether the generator's loss compares features, the output of the
            discriminator's last hidden layer, instead of scores.
    """

    of_scores = True
    of_log_odds = False
    of_probabilities = False
    paired = False
    of_features = False

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
    def to_fool(self, fake, real=None):
        """Loss of the generator.

        Args:
            fake: Float tensor `(n, 1)`: the discriminator's output for fake samples. Features
                `(n, ...)` where the objective is `of_features`.
            real: Likewise for real samples, where the objective is `paired` or `of_features`.

        Returns:
            Scalar tensor.
        """

    def sides(self, real, fake, seed):
        """Both losses of the discriminator, as functions for an `updates.Update` to differentiate.

        Args:
            real: Function of no arguments: the discriminator's output for real samples.
            fake: Likewise for fake samples.
            seed: As for `on_real`.

        Returns:
            Two functions of no arguments, on real and on fake samples. Each returns the loss, a
            scalar tensor, and the scores.
        """

        def side(loss, score):
            scores = score()
            return loss(scores, seed), scores

        return lambda: side(self.on_real, real), lambda: side(self.on_fake, fake)

    def log_ratio(self, scores):
        """log p_data(x) / p_g(x) of samples, if the discriminator is the optimal one.

        Args:
            scores: Float tensor `(n, 1)`: the discriminator's output.

        Returns:
            Float tensor `(n, 1)`.

        Raises:
            UsageError: The optimal discriminator of this objective does not determine the ratio.
        """
        raise UsageError(
            f"the scores of {type(self).__name__} give no ratio of densities: use a discriminator "
            "that was trained with binary_crossentropy, feature_matching, mse or an f-divergence"
        )


class Paired(Objective):
    """An objective of the differences between scores of real samples and of fake ones."""

    paired = True

    @abstractmethod
    def losses(self, real, fake):
        """Both losses of the discriminator.

        Args:
            real: Float tensor `(n, 1)`: the discriminator's output for real samples.
            fake: Likewise for fake samples.

        Returns:
            Pair of scalar tensors, on real and on fake samples.
        """

    def sides(self, real, fake, seed):
        made = []  # scores cost a pass of the network, so the first function keeps both sides

        def on_real():
            scores = real(), fake()
            made[:] = zip(self.losses(*scores), scores, strict=True)
            return made[0]

        return on_real, lambda: made[1]

    def on_real(self, scores, seed):
        raise UsageError(
            f"{type(self).__name__} has no loss on one side: set turns.update to joint or weighted"
        )

    on_fake = on_real

"""What `fit` reports of a game: keras.metrics over the iterations since they were last reset."""

import keras
from keras import ops

from keras_gans.errors import UsageError

LOSSES = ("d_loss", "d_loss_real", "d_loss_fake", "g_loss")
MAXIMA = ("d_loss_max", "g_loss_max")
ACCURACIES = ("d_accuracy_real", "d_accuracy_fake")


class Maximum(keras.metrics.Metric):
    """The largest of the values since the last reset: the peak of an interval."""

    def __init__(self, name="maximum", **kwargs):
        super().__init__(name=name, **kwargs)
        self.largest = self.add_variable((), initializer=_least, name="largest")

    def update_state(self, value):
        self.largest.assign(ops.maximum(self.largest, ops.cast(value, self.largest.dtype)))

    def result(self):
        return ops.convert_to_tensor(self.largest)

    def reset_state(self):
        self.largest.assign(_least((), self.largest.dtype))


def _least(shape, dtype=None):
    return ops.full(shape, -float("inf"), dtype)


def check_accuracy(objective):
    """Refuses an objective whose scores do not say whether a sample is taken for real.

    Args:
        objective: `Objective`.

    Raises:
        UsageError: They give no ratio of densities.
    """
    try:
        accuracies(objective, *ops.zeros((2, 1, 1)))
    except UsageError:
        raise UsageError(
            f"accuracy: the scores of {type(objective).__name__} do not say whether a sample is "
            "taken for real: leave it out, or use binary_crossentropy, mse or an f-divergence"
        ) from None


def accuracies(objective, real, fake):
    """Shares of samples that a discriminator judges right: as more likely real, or generated.

    Args:
        objective: `Objective`, which tells what scores mean.
        real: Float tensor `(n, 1)`: scores of real samples.
        fake: Likewise of fake ones.

    Returns:
        List of two scalar tensors, the shares of real samples and of fake ones; NaN where a score
        is. A sample that is as likely real as generated is judged wrong.
    """
    towards_right = objective.log_ratio(real), -objective.log_ratio(fake)
    # A comparison would take NaN for a wrong judgement.
    return [
        ops.mean(ops.where(ops.isnan(ratios), ratios, ops.cast(ratios > 0, ratios.dtype)))
        for ratios in towards_right
    ]

"""Arguments of `keras.Model` that mean nothing in a game: they are refused, and not ignored."""

from keras_gans.errors import UsageError

NO_VALIDATION = (
    "a GAN has no loss on data that it is not trained on: measure its samples instead, with "
    "fit(callbacks=[callbacks.MeasureGenerator(source)]) or evaluation.Measuring"
)
NO_WEIGHTS = (
    "a GAN does not weigh single samples: leave the weights out; turns={'update': {'name': "
    "'weighted', ...}} weighs the losses on real and on fake samples"
)
_NO_METRICS = (
    "a GAN reports its losses: measure its samples with "
    "fit(callbacks=[callbacks.MeasureGenerator(source)])"
)
_REFUSED = {
    "metrics": _NO_METRICS,
    "weighted_metrics": _NO_METRICS,
    "loss_weights": NO_WEIGHTS,
    "validation_data": NO_VALIDATION,
    "validation_split": NO_VALIDATION,
    "sample_weight": NO_WEIGHTS,
    "class_weight": NO_WEIGHTS,
}


def check(given):
    """Refuses what `compile` or `fit` would ignore.

    Args:
        given: Dict of keyword arguments of `keras.Model`.

    Raises:
        UsageError: One of them means nothing here.
    """
    for name, value in given.items():
        absent = value is None or (name == "validation_split" and not value)
        if name in _REFUSED and not absent:
            raise UsageError(f"{name}: {_REFUSED[name]}")

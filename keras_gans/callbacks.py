"""Callbacks for `GAN.fit`, beside those of Keras."""

import warnings
from dataclasses import replace

import keras
import numpy as np

from keras_gans.datasets import scaling
from keras_gans.datasets.sources import PIXELS
from keras_gans.errors import UsageError
from keras_gans.evaluation import Measuring
from keras_gans.gan import GAN
from keras_gans.generators import Saved
from keras_gans.losses import reported
from keras_gans.networks import pairs


class MeasureGenerator(keras.callbacks.Callback):
    """Measures the generator at the end of each epoch, and adds the values to the logs.

    A metric such as `fid5k_lenet` is logged as `val_fid5k_lenet`, where `EarlyStopping` and
    `ModelCheckpoint` can monitor it; tell them the `mode`. Give this callback before them: they see
    what earlier ones have logged.

    Example:

    >>> measure = MeasureGenerator(digits, count=1000)
    >>> stop = keras.callbacks.EarlyStopping("val_fid1k_lenet", mode="min", patience=5)
    >>> gan.fit(digits, epochs=50, callbacks=[measure, stop])

    Args:
        source: `datasets.Source`, the real side; it may be one that is not trained on. Samples
            become values as the GAN's data became network values. A generator of images without a
            last activation, which learned from floats and has no scale, is taken to make -1 for
            black and 1 for white.
        metrics: Names of metrics, as for `evaluation.Measuring`.
        features: Name of a feature extractor; None for the one that fits the data.
        count: Samples on each side; None for 5,000, or all if there are fewer.
        seed: Of the latents, the same in each epoch.
        data_dir: Data folder, with the weights and the cache; see `datasets.data_folder`.

    Raises:
        UsageError: As `evaluation.Measuring`; when training begins, the model is no GAN, makes
            samples that cannot be compared, or is conditional and does not know the classes of the
            source.
    """

    def __init__(self, source, metrics=("fid",), features=None, count=None, seed=0, data_dir=None):
        super().__init__()
        self.measuring = Measuring(source, metrics, features, count, data_dir)
        self.seed = seed

    @property
    def names(self):
        """Names under which values are logged, in the order of the metrics."""
        return [f"val_{name}" for name in self.measuring.names.values()]

    def on_train_begin(self, logs=None):
        if not isinstance(self.model, GAN):
            raise UsageError("MeasureGenerator measures the generator of a keras_gans.GAN")
        if self.model.conditional:
            self._check_classes(self.measuring.source.classes, pairs.classes(self.model.generator))
        self.measuring.check(self._saved())
        self.measuring.prepare()

    @staticmethod
    def _check_classes(found, known):
        if found is None:
            raise UsageError(
                "the generator is conditional and the source of MeasureGenerator has no labels: "
                "give it some, so that the same classes are compared"
            )
        if known is not None and found > known:
            raise UsageError(
                f"the source of MeasureGenerator has {found} classes and the generator {known}: "
                "give samples of those classes"
            )

    def on_epoch_end(self, epoch, logs=None):
        results = self.measuring(self._saved(), self.seed)
        logs |= {f"val_{result.name}": result.value for result in results}

    def _saved(self):
        gan, source = self.model, self.measuring.source
        scale = gan.scale
        if scale is None or scale.dtype != source.scale.dtype:  # trained on arrays of floats
            pixels = source.scale == PIXELS
            scale = scaling.of_pixels(scale, gan.bounds) if pixels else source.scale
        saved = Saved.of(gan.sampling_generator, None, gan.latents, source, {})
        return replace(saved, scale=scale, shape=tuple(gan.generator.output_shape[1:]))


class TerminateOnNotFinite(keras.callbacks.Callback):
    """Ends `fit` after the first batch whose losses are NaN or infinite, with a warning.

    `keras.callbacks.TerminateOnNaN` looks at a `loss`, and a GAN has two.
    """

    def on_train_batch_end(self, batch, logs=None):
        lost = [name for name in reported.LOSSES if not np.isfinite(float((logs or {})[name]))]
        if lost:
            warnings.warn(
                f"training ends at iteration {self.model.iterations:,}: {', '.join(lost)} "
                f"{'is' if len(lost) == 1 else 'are'} not finite",
                stacklevel=2,
            )
            self.model.stop_training = True

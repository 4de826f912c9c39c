"""What an extractor does: samples in, features out."""

import numpy as np

from keras_gans.errors import UsageError
from keras_gans.metrics.features.archive import WeightsMissing


class Extractor:
    """Images to features.

    Attributes:
        name: Network, layer and size of the images inside, as in `features.names()`.
        dimension: Features of an image.
        weights_hash: Hexadecimal sha256 of the file of weights.
        classes: Number of classes of `logits`, or None.
    """

    def __init__(self, name, network, prepare, weights_hash, batch_size, head=None):
        """Combines a network with the preparation of its input.

        Args:
            name: As the attribute.
            network: keras.Model, `(batch, ...)` -> `(batch, dimension)`.
            prepare: Function of uint8 images that returns the input of the network, or raises
                UsageError.
            weights_hash: As the attribute.
            batch_size: Images in a batch. The last batch is padded, so that one shape is
                compiled.
            head: Pair (kernel, bias) of the layer that computes logits from features; None
                where there are no classes, or the `WeightsMissing` where its weights are missing.
        """
        self.name = name
        self.dimension = network.output.shape[-1]
        self.weights_hash = weights_hash
        self.classes = head[0].shape[1] if isinstance(head, tuple) else None
        self._head = head
        self._network = network
        self._prepare = prepare
        self._batch_size = batch_size

    def __call__(self, images, progress=None):
        """Features of images.

        Args:
            images: uint8 `(n, height, width, channels)`, 0 to 255.
            progress: Called with (images done, n) after every batch, if given.

        Returns:
            float32 `(n, dimension)`.

        Raises:
            UsageError: The images are not uint8, or of a shape that the network does not take.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 4:
            raise UsageError(
                "features are those of uint8 images (n, height, width, channels), 0 to 255; "
                f"these are {images.dtype} {images.shape}"
            )
        features = np.empty((len(images), self.dimension), np.float32)
        size = self._batch_size
        for start in range(0, len(images), size):
            batch = images[start : start + size]
            done = start + len(batch)
            if len(batch) < size:
                batch = np.pad(batch, [(0, size - len(batch)), (0, 0), (0, 0), (0, 0)])
            found = self._network.predict_on_batch(self._prepare(batch))
            features[start:done] = found[: done - start]
            if progress is not None:
                progress(done, len(images))
        return features

    def check_classes(self):
        """Raises the error of `logits` before any feature is computed.

        Raises:
            UsageError: The network has no classes at this layer.
            WeightsMissing: The file of weights ends before the classes.
        """
        if self._head is None:
            raise no_classes(self.name)
        if isinstance(self._head, WeightsMissing):
            raise self._head

    def logits(self, features):
        """Logits of the classes, from features.

        Args:
            features: float32 `(n, dimension)`, as the extractor returns them.

        Returns:
            float32 `(n, classes)`, before the softmax. Those of Inception are without the bias,
            as in the published code of the Inception Score.

        Raises:
            UsageError: As `check_classes`, or the features are of another shape.
        """
        self.check_classes()
        features = np.asarray(features, np.float32)
        if features.ndim != 2 or features.shape[1] != self.dimension:
            raise UsageError(
                f"{self.name} has features (n, {self.dimension}); these are {features.shape}"
            )
        kernel, bias = self._head
        return features @ kernel + bias


class Values:
    """The extractor of points: the values themselves are the features.

    Its attributes and methods are those of `Extractor`, but for `dimension`, which is that of the
    points.
    """

    name = "values"
    weights_hash = ""
    classes = None

    def __call__(self, points, progress=None):
        points = np.asarray(points)
        if points.dtype != np.float32 or points.ndim != 2:
            raise UsageError(f"points are float32 (n, d); these are {points.dtype} {points.shape}")
        if progress is not None:
            progress(len(points), len(points))
        return points

    def check_classes(self):
        raise no_classes(self.name)

    def logits(self, features):
        raise no_classes(self.name)


class Pixels(Values):
    """The extractor whose features are the pixels of images, flattened, as `Values` otherwise."""

    name = "pixels"

    def __call__(self, images, progress=None):
        return super().__call__(np.asarray(images, "float32").reshape(len(images), -1), progress)


def no_classes(name):
    """The error for an extractor without classes."""
    from keras_gans.metrics.features import WITH_CLASSES

    return UsageError(f"{name} has no classes; {', '.join(WITH_CLASSES)} have them")

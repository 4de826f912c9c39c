"""Networks that turn images into features, by name.

A name says the network, the layer by its number of features and, where it is not the published
299, the size to which images are brought:

    lenet                         84 features of a small MNIST classifier, 28x28x1 only
    inception64 ... inception2048 the FID network at 299 pixels, the published way
    inception768_75px, ...        the same network on images of 75 pixels: some twenty times
                                  cheaper, good for watching a training run, and another number

Real and generated images go through the same function as uint8, so a difference of scale or of
resize between the two sides cannot arise. keras is imported only when a network is loaded:
asking for names costs nothing.
"""

import functools

import numpy as np

from keras_gans.errors import UsageError, suggestion
from keras_gans.metrics.archive import WeightsMissing, sha256

__all__ = ["Extractor", "WeightsMissing", "default_name", "get", "names"]

INCEPTION = {
    f"inception{tap}{suffix}": (tap, size)
    for size, suffix in ((299, ""), (75, "_75px"))
    for tap in (64, 192, 768, 1280, 2048)
}


def names():
    """The names that `get` knows."""
    return ["lenet", *INCEPTION]


def default_name(image_shape):
    """The extractor that suits images, for watching a run at little cost.

    28x28x1 gives `"lenet"`. Everything else that Inception can take gives
    `"inception768_75px"`: colour, and also grey of other sizes, where Inception is the only
    network there is; its features were learnt on photographs, so on drawings or digits such a
    number ranks runs at best. It is in the number's name.

    Args:
        image_shape: (height, width, channels).

    Returns:
        A name, or None where no extractor takes such images.
    """
    height, width, channels = image_shape
    if (height, width, channels) == (28, 28, 1):
        return "lenet"
    return "inception768_75px" if channels in (1, 3) else None


def get(name, data_folder):
    """Loads an extractor.

    Args:
        name: One of `names()`.
        data_folder: The folder that has the weights of Inception. `lenet` does not look there:
            its weights come with the package, so that its name means one network everywhere.

    Returns:
        An `Extractor`.

    Raises:
        WeightsMissing: The weights are not in the folder, or stop before the layer.
        UsageError: An unknown name, or a file of weights that is damaged.
    """
    if name == "lenet":
        return _lenet()
    if name not in INCEPTION:
        raise UsageError(f"unknown feature extractor '{name}'{suggestion(name, names())}")
    return _inception(name, data_folder)


class Extractor:
    """Images to features.

    Attributes:
        name: Network, layer and size of the images inside, as in `names()`.
        dimension: Features of an image.
        weights_hash: sha256 of the file of weights, hexadecimal.
    """

    def __init__(self, name, network, prepare, weights_hash, batch_size):
        """Joins a network and what it needs to be given.

        Args:
            name: As the attribute.
            network: keras.Model, [batch, ...] -> [batch, dimension].
            prepare: Function of uint8 images that gives the network's input, or raises
                UsageError.
            weights_hash: As the attribute.
            batch_size: Images at a time. The last batch is filled up, so that one shape is
                compiled.
        """
        self.name = name
        self.dimension = network.output.shape[-1]
        self.weights_hash = weights_hash
        self._network = network
        self._prepare = prepare
        self._batch_size = batch_size

    def __call__(self, images, progress=None):
        """Features of images.

        Args:
            images: uint8 [n, height, width, channels], 0 to 255.
            progress: Called with (images done, n) after every batch, if given.

        Returns:
            float32 [n, dimension].

        Raises:
            UsageError: The images are not uint8, or not of a shape that the network takes.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 4:
            raise UsageError(
                "features are taken of uint8 images [n, height, width, channels], 0 to 255; "
                f"these are {images.dtype} {list(images.shape)}"
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


def _lenet():
    import keras

    from keras_gans.metrics import lenet

    def prepare(images):
        if images.shape[1:] != lenet.SHAPE:
            shape = "x".join(map(str, images.shape[1:]))
            raise UsageError(f"lenet takes images of 28x28x1, and these are {shape}; "
                             f"there is also {', '.join(INCEPTION)}")  # fmt: skip
        return images

    model = lenet.load()
    network = keras.Model(model.input, model.outputs[0], name="lenet_features")
    return Extractor("lenet", network, prepare, sha256(lenet.PACKAGED), 1000)


def _inception(name, data_folder):
    from keras_gans.metrics import inception

    tap, size = INCEPTION[name]
    network, weights_hash = inception.load(tap, size, data_folder)
    prepare = functools.partial(inception.prepare, size=size)
    # The batch sizes at which two CPU cores are fastest, or nearly.
    return Extractor(name, network, prepare, weights_hash, 32 if size == 299 else 128)

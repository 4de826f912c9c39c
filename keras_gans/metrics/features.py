"""Networks that turn images into features, by name.

A name says the network, the layer by its number of features and, where it is not the published
299, the size to which images are brought:

    lenet                         84 features of a small MNIST classifier, 28x28x1 only
    inception64 ... inception2048 the FID network at 299 pixels, the published way
    inception768_75px, ...        the same network on images of 75 pixels: some twenty times
                                  cheaper, good for watching a training run, and another number
    inception2048_pytorch-fid, .. the same network, images resized and scaled as pytorch-fid does
    imagenet768, imagenet2048     another network, that of keras.applications: for numbers that
                                  were measured with it, never comparable with FID
    imagenet2048_signed, _unit    the same, images presented in -1..1 or 0..1 where it expects
                                  0..255: the mistake of some published code, to examine it

Real and generated images go through the same function as uint8, so a difference of scale or of
resize between the two sides cannot arise. keras is imported only when a network is loaded:
asking for names costs nothing.
"""

import functools

import numpy as np

from keras_gans.errors import UsageError, suggestion
from keras_gans.files import sha256
from keras_gans.metrics.archive import WeightsMissing

__all__ = ["Extractor", "WeightsMissing", "default_name", "get", "names"]

INCEPTION = {
    f"inception{tap}{suffix}": (tap, size, preparation)
    for suffix, size, preparation in (
        ("", 299, "prepare"),
        ("_75px", 75, "prepare"),
        ("_pytorch-fid", 299, "prepare_as_pytorch_fid"),
    )
    for tap in (64, 192, 768, 1280, 2048)
}
IMAGENET = {
    f"imagenet{tap}{suffix}": (tap, presented)
    for suffix, presented in (("", "0..255"), ("_signed", "-1..1"), ("_unit", "0..1"))
    for tap in (768, 2048)
}
WITH_CLASSES = ("lenet", *(name for name, (tap, *_) in INCEPTION.items() if tap == 2048))


def names():
    """The names that `get` knows."""
    return ["lenet", *INCEPTION, *IMAGENET]


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
        data_folder: The folder that has the weights of both Inceptions. `lenet` does not look
            there: its weights come with the package, so that its name means one network
            everywhere.

    Returns:
        An `Extractor`.

    Raises:
        WeightsMissing: The weights are not in the folder, or stop before the layer.
        UsageError: An unknown name, or a file of weights that is damaged.
    """
    if name == "lenet":
        return _lenet()
    if name in INCEPTION:
        return _inception(name, data_folder)
    if name in IMAGENET:
        return _imagenet(name, data_folder)
    raise UsageError(f"unknown feature extractor '{name}'{suggestion(name, names())}")


class Extractor:
    """Images to features.

    Attributes:
        name: Network, layer and size of the images inside, as in `names()`.
        dimension: Features of an image.
        weights_hash: sha256 of the file of weights, hexadecimal.
        classes: Classes that `logits` tells apart, or None where there are none.
    """

    def __init__(self, name, network, prepare, weights_hash, batch_size, classes=None, logits=None):
        """Joins a network and what it needs to be given.

        Args:
            name: As the attribute.
            network: keras.Model, [batch, ...] -> [batch, dimension].
            prepare: Function of uint8 images that gives the network's input, or raises
                UsageError.
            weights_hash: As the attribute.
            batch_size: Images at a time. The last batch is filled up, so that one shape is
                compiled.
            classes: As the attribute.
            logits: Function of features [n, dimension] that gives [n, classes] or raises
                WeightsMissing; None where there are no classes.
        """
        self.name = name
        self.dimension = network.output.shape[-1]
        self.weights_hash = weights_hash
        self.classes = classes
        self._logits = logits
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

    def logits(self, features):
        """What the network says of classes, from features that are already computed.

        Args:
            features: float32 [n, dimension], as the extractor gives them.

        Returns:
            float32 [n, classes], before the softmax. Of Inception without the bias, as the
            published Inception Score is computed.

        Raises:
            UsageError: The network has no classes at this layer, or these are not its features.
            WeightsMissing: The file of weights stops before the classes.
        """
        if self._logits is None:
            raise UsageError(
                f"{self.name} does not tell classes apart; of these, you can have classes of "
                f"{', '.join(WITH_CLASSES)}"
            )
        features = np.asarray(features, np.float32)
        if features.ndim != 2 or features.shape[1] != self.dimension:
            raise UsageError(
                f"{self.name} has features [n, {self.dimension}]; these are {list(features.shape)}"
            )
        return self._logits(features)


def _lenet():
    import keras

    from keras_gans.metrics import lenet

    def prepare(images):
        if images.shape[1:] != lenet.SHAPE:
            shape = "x".join(map(str, images.shape[1:]))
            raise UsageError(f"lenet takes images of 28x28x1, and these are {shape}; "
                             "there is also inception768_75px")  # fmt: skip
        return images

    model = lenet.load()
    network = keras.Model(model.input, model.outputs[0], name="lenet_features")
    kernel, bias = model.get_layer("logits").get_weights()

    def logits(features):
        return features @ kernel + bias

    classes = lenet.CLASSES
    return Extractor("lenet", network, prepare, sha256(lenet.PACKAGED), 1000, classes, logits)


def _inception(name, data_folder):
    from keras_gans.metrics import inception

    tap, size, preparation = INCEPTION[name]
    network, weights_hash = inception.load(tap, size, data_folder)
    prepare = functools.partial(getattr(inception, preparation), size=size)
    # The batch sizes at which two CPU cores are fastest, or nearly.
    batch_size = 32 if size == 299 else 128
    if tap != 2048:
        return Extractor(name, network, prepare, weights_hash, batch_size)
    kernel = inception.load_head(data_folder)

    def logits(features):
        if kernel is None:
            raise WeightsMissing(
                f"{inception.find(data_folder)} has no softmax/kernel, which the classes need; "
                "'keras-gans weights inception' makes a whole file"
            )
        return features @ kernel

    classes = inception.CLASSES
    return Extractor(name, network, prepare, weights_hash, batch_size, classes, logits)


def _imagenet(name, data_folder):
    from keras_gans.metrics import imagenet

    tap, presented = IMAGENET[name]
    network, weights_hash = imagenet.load(tap, data_folder)
    prepare = functools.partial(imagenet.prepare, presented=presented)
    return Extractor(name, network, prepare, weights_hash, 32)

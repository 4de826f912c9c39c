"""Networks that compute features from samples, by name.

A name contains the network, the layer by its number of features and, if it is not the published
299, the size to which images are resized:

    lenet                         84 features of a small MNIST classifier, 28x28x1 only
    inception64 ... inception2048 the FID network at 299 pixels, the published convention
    inception768_75px, ...        the same network on images of 75 pixels: about twenty times
                                  cheaper, for monitoring a training run; another value
    inception2048_pytorch-fid, .. the same network, images resized and scaled as in pytorch-fid
    imagenet768, imagenet2048     the network of keras.applications: for values that were measured
                                  with it, never comparable with FID
    imagenet2048_signed, _unit    the same, images scaled to -1..1 or 0..1 where it expects
                                  0..255: a mistake in some published code, for its study
    values                        points (n, d): the values themselves
    pixels                        the pixels of images of one size, as they are

The function is the same for real and generated images, and takes uint8, so the two sides cannot
differ in scale or resize. Keras is imported when a network is loaded, not for the names.
"""

import functools

from keras_gans.errors import UsageError, suggestion
from keras_gans.files import sha256
from keras_gans.metrics.features.archive import WeightsMissing
from keras_gans.metrics.features.extractor import Extractor, Pixels, Values, no_classes

__all__ = [
    "Extractor", "WeightsMissing", "check_shape", "default_name", "get", "names", "no_classes",
]  # fmt: skip

INCEPTION = {
    f"inception{tap}{suffix}": (tap, size, preparation)
    for suffix, size, preparation in (
        ("", 299, "as_in_graph"),
        ("_75px", 75, "as_in_graph"),
        ("_pytorch-fid", 299, "as_pytorch_fid"),
    )
    for tap in (64, 192, 768, 1280, 2048)
}
IMAGENET = {
    f"imagenet{tap}{suffix}": (tap, presented)
    for suffix, presented in (("", "0..255"), ("_signed", "-1..1"), ("_unit", "0..1"))
    for tap in (768, 2048)
}
WITH_CLASSES = {"lenet": 10} | {n: 1008 for n, (tap, *_) in INCEPTION.items() if tap == 2048}
"""Number of classes of the extractors that have them."""


def names():
    """The names that `get` accepts."""
    return ["lenet", *INCEPTION, *IMAGENET, "values", "pixels"]


def default_name(shape):
    """The extractor for monitoring a run at low cost.

    28x28x1 gives `"lenet"`, all other images of 1 or 3 channels `"inception768_75px"`. For grey
    images of other sizes there is no better network: its features were trained on photographs,
    so on drawings or digits its values can only rank runs. Points `(d,)` give `"values"`.

    Args:
        shape: Shape of one sample.

    Returns:
        A name, or None if no extractor takes such samples.
    """
    candidates = "lenet", "inception768_75px", "values"
    return next((name for name in candidates if _takes(name, tuple(shape))), None)


def check_shape(name, shape):
    """Checks that an extractor exists and takes samples of a shape, without loading it.

    Args:
        name: A name.
        shape: Shape of one sample.

    Raises:
        UsageError: The name is unknown, or the extractor does not take such samples.
    """
    if name not in names():
        raise UsageError(f"unknown feature extractor '{name}'{suggestion(name, names())}")
    if not _takes(name, tuple(shape)):
        kinds = {"lenet": "images of 28x28x1", "values": "points (n, d)", "pixels": "images"}
        found = f"images of {'x'.join(map(str, shape))}" if len(shape) == 3 else f"points {shape}"
        default = default_name(shape)
        other = f"; use {default}" if default else ""
        kind = kinds.get(name, "images of 1 or 3 channels")
        raise UsageError(f"{name} takes {kind}, not {found}{other}")


def _takes(name, shape):
    if name == "lenet":
        return shape == (28, 28, 1)
    if name == "values":
        return len(shape) == 1
    if name == "pixels":
        return len(shape) == 3
    return len(shape) == 3 and shape[-1] in (1, 3)


def get(name, data_folder):
    """Loads an extractor.

    Args:
        name: One of `names()`.
        data_folder: Folder with the weights of both Inceptions. The weights of `lenet` are in
            the package, so that its name stands for the same network everywhere.

    Returns:
        An `Extractor`, `Values` or `Pixels`.

    Raises:
        WeightsMissing: The weights are not in the folder, or end before the layer.
        UsageError: The name is unknown, or the file of weights is damaged.
    """
    if name == "lenet":
        return _lenet()
    if name == "values":
        return Values()
    if name == "pixels":
        return Pixels()
    if name in INCEPTION:
        return _inception(name, data_folder)
    if name in IMAGENET:
        return _imagenet(name, data_folder)
    raise UsageError(f"unknown feature extractor '{name}'{suggestion(name, names())}")


def _lenet():
    import keras

    from keras_gans.metrics.features import lenet

    def prepare(images):
        check_shape("lenet", images.shape[1:])
        return images

    model = lenet.load()
    network = keras.Model(model.input, model.outputs[0], name="lenet_features")
    head = tuple(model.get_layer("logits").get_weights())
    return Extractor("lenet", network, prepare, sha256(lenet.PACKAGED), 1000, head)


def _inception(name, data_folder):
    from keras_gans.metrics.features import inception, preparation

    tap, size, convention = INCEPTION[name]
    network, weights_hash = inception.load(tap, size, data_folder)
    prepare = functools.partial(getattr(preparation, convention), size=size)
    head = None
    if tap == 2048:
        try:
            head = inception.load_head(data_folder), 0
        except WeightsMissing as error:
            head = error
    # The fastest batch sizes on two CPU cores, or nearly.
    return Extractor(name, network, prepare, weights_hash, 32 if size == 299 else 128, head)


def _imagenet(name, data_folder):
    from keras_gans.metrics.features import imagenet, preparation

    tap, presented = IMAGENET[name]
    network, weights_hash = imagenet.load(tap, data_folder)
    prepare = functools.partial(preparation.as_keras, presented=presented)
    return Extractor(name, network, prepare, weights_hash, 32)

"""A small classifier of MNIST digits, for Frechet distances on MNIST.

LeNet-5 (LeCun et al., "Gradient-based learning applied to document recognition", 1998) with
ReLU and max pooling: 61,706 parameters, 84 features before the ten logits. Inception was trained
on photographs and is not recommended for digits, where a small classifier is the usual choice.
Distances in its features have `lenet` in their names and are comparable only with each other.
Noise moves these features towards regions where real images are dense, so precision and density
can rise with noise.

The weights in the package, `lenet.npz`, were trained by `train_and_save` with its defaults (seed
0, 12 epochs) on the 60,000 training images with Keras 3.15.1 and TensorFlow 2.21.0 on a CPU. They
classify 99.32 % of the 10,000 test images correctly; `metadata()` reads this from the file.
"""

import json
import platform
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from keras_gans.errors import UsageError
from keras_gans.files import writing
from keras_gans.metrics.features import archive

PACKAGED = Path(__file__).with_name("lenet.npz")
SHAPE = (28, 28, 1)
FEATURES = 84
CLASSES = 10
BATCH = 128


def build(seed=None):
    """The network.

    Args:
        seed: Seed of the initial weights; None for weights of zero, without any random number.

    Returns:
        Model: images `(n, 28, 28, 1)` uint8 -> (features `(n, 84)` at least 0, logits
        `(n, 10)`), both float32.
    """
    channels = "channels_last"  # independent of the default that the user sets
    seeds = iter(np.random.SeedSequence(seed).generate_state(5).tolist())

    def options(name):
        kernel = "zeros" if seed is None else keras.initializers.GlorotUniform(next(seeds))
        return {"name": name, "kernel_initializer": kernel, "dtype": "float32"}

    def convolution(x, filters, padding, name):
        x = layers.Conv2D(
            filters, 5, padding=padding, activation="relu", data_format=channels, **options(name)
        )(x)
        return layers.MaxPooling2D(2, data_format=channels, dtype="float32", name=f"{name}_pool")(x)

    images = keras.Input(SHAPE, dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255, name="scale", dtype="float32")(images)
    x = convolution(x, 6, "same", "conv_1")
    x = convolution(x, 16, "valid", "conv_2")
    x = layers.Flatten(data_format=channels, name="flatten", dtype="float32")(x)
    x = layers.Dense(120, activation="relu", **options("dense_1"))(x)
    features = layers.Dense(FEATURES, activation="relu", **options("dense_2"))(x)
    logits = layers.Dense(CLASSES, **options("logits"))(features)
    return keras.Model(images, [features, logits], name="lenet")


def load(path=PACKAGED):
    """The network with the weights of a file written by `save`.

    Args:
        path: The .npz file.

    Returns:
        Model as that of `build`.

    Raises:
        UsageError: The file is damaged, or of another network.
    """
    model = build()
    arrays = archive.read_arrays(path, {k: (v.shape, np.float32) for k, v in _weights(model)})
    for key, variable in _weights(model):
        variable.assign(arrays[key])
    return model


def save(model, path, metadata):
    """Writes weights, and a dictionary about them as JSON text, into one .npz file."""
    arrays = {key: ops.convert_to_numpy(ops.copy(value)) for key, value in _weights(model)}
    arrays["metadata"] = np.array(json.dumps(metadata, sort_keys=True))
    archive.write_arrays(path, arrays)


def metadata(path=PACKAGED):
    """The dictionary passed to `save`: test accuracy, seed, epochs and versions."""
    return json.loads(str(archive.read_arrays(path, {"metadata": ((), str)})["metadata"]))


def train(images, labels, seed=0, epochs=12, model=None, each=None):
    """Trains the network: Adam, batches of 128, cosine decay of the rate from 0.002 to 0.

    The same arguments give the same weights on the same machine and backend. No global seed is
    read or set.

    Args:
        images: uint8 `(n, 28, 28)` or `(n, 28, 28, 1)`.
        labels: `(n,)`, digits 0 to 9.
        seed: Seed of the initial weights and of the order of images.
        epochs: Passes over the images, at least 1.
        model: Model of `build` to go on with; None for a new one.
        each: Function that is called after each pass with its number, from 1, and the mean loss.

    Returns:
        The trained model of `build`.

    Raises:
        UsageError: The images or labels have another shape or type.
    """
    images, labels = _checked(images, labels)
    model = build(seed) if model is None else model
    steps = epochs * -(-len(images) // BATCH)
    classifier = keras.Model(model.input, model.outputs[1])
    classifier.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    order = np.random.Generator(np.random.Philox(seed))
    for epoch in range(1, epochs + 1):
        turn = order.permutation(len(images))
        done = classifier.fit(
            images[turn], labels[turn], batch_size=BATCH, shuffle=False, verbose=0
        )
        if each:
            each(epoch, done.history["loss"][-1])
    return model


def classified(model, images):
    """The classes `(n,)` that a model finds in images, uint8 `(n, 28, 28, 1)`."""
    _, logits = model.predict(images, batch_size=1000, verbose=0)
    return logits.argmax(axis=1)


def accuracy(model, images, labels):
    """Share of images, 0 to 1, that a model classifies correctly.

    Args:
        model: Model of `build`.
        images, labels: As for `train`.
    """
    images, labels = _checked(images, labels)
    return float(np.mean(classified(model, images) == labels))


def train_and_save(images, labels, test_images, test_labels, out=PACKAGED, seed=0, epochs=12):
    """Trains the network, measures it on test images, and writes it with the result.

    Args:
        images, labels: As for `train`; for the file in the package, the training set of MNIST.
        test_images, test_labels: The same, of the test set.
        out: The .npz file to write.
        seed, epochs: As for `train`.

    Returns:
        The written metadata: test_accuracy, seed, epochs, images, backend and versions.
    """
    model = train(images, labels, seed, epochs)
    backend = keras.config.backend()
    written = {
        "test_accuracy": accuracy(model, test_images, test_labels),
        "test_images": len(test_images),
        "images": len(images),
        "seed": seed,
        "epochs": epochs,
        "backend": backend,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "keras": keras.__version__,
            backend: __import__(backend).__version__,
        },
    }
    with writing(out):
        save(model, out, written)
    return written


def _weights(model):
    for layer in model.layers:
        for variable in layer.weights:
            yield f"{layer.name}/{variable.name}", variable


def _checked(images, labels):
    images, labels = np.asarray(images), np.asarray(labels)
    if images.shape[1:] == SHAPE[:2]:
        images = images[..., None]
    if images.shape[1:] != SHAPE or images.dtype != np.uint8:
        raise UsageError(
            f"lenet takes uint8 images of 28x28x1; these are {images.dtype} {images.shape[1:]}"
        )
    if labels.shape != (len(images),):
        raise UsageError(f"{len(images)} images with labels of shape {labels.shape}")
    return images, labels

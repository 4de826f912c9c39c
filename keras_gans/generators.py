"""Saved generators: writing them, opening them safely, making images with them.

A file is an ordinary Keras .h5 (`keras.models.load_model(path, compile=False)` opens it without
this package) with one attribute more, the recipe: the network's name and options and the run
it comes from. Opening never believes the file's own model description: the network is built
by this package from the recipe, and the file has to hold exactly its weights.
"""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from keras_gans.errors import UsageError
from keras_gans.files import replacing, write

_ATTRIBUTE = "keras_gans"


def save(generator, path, recipe):
    """Writes a generator; the file appears complete or not at all.

    Args:
        generator: `keras.Model` built by `networks.generator`.
        path: Where to; ends in .h5.
        recipe: Dict of plain values: "network", "options", "image_shape", "latent_dim", and
            whatever else is worth knowing about the run.
    """
    # HDF5 writes to memory: where a disk is full it leaves files that open, or ends the process.
    with _InMemory("new", "w", driver="core", backing_store=False) as file:
        with _legacy_format_accepted():
            generator.save(file, include_optimizer=False)
        file.attrs[_ATTRIBUTE] = json.dumps(recipe)
        file.flush()
        content = file.id.get_file_image()
    with replacing(path) as partial:
        write(partial, content)


class _InMemory(h5py.File):
    """An open HDF5 file that Keras takes for the path of one, by how it ends."""

    def __str__(self):
        return "generator.h5"


def load(path):
    """Opens a generator that this package saved.

    Args:
        path: An .h5 file.

    Returns:
        The pair (generator, recipe): a `keras.Model` and the dict that `save` was given.

    Raises:
        UsageError: The file is missing, is not HDF5, was not saved by this package, or does not
            hold exactly the weights of the network that its recipe names.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if not h5py.is_hdf5(path):
        raise UsageError(f"{path} is not an HDF5 file: it begins with {_beginning(path)}")
    try:
        with h5py.File(path, "r") as file:
            recipe = _recipe(file, path)
            values = _values(file, _shapes(recipe, path), path)
    except UsageError:
        raise
    except Exception as error:  # h5py has many ways to say so
        raise UsageError(f"{path} is damaged: {' '.join(str(error).split())}") from error
    generator = _build(recipe, path)
    for weight, value in zip(_weights(generator), values, strict=True):
        weight.assign(value)
    return generator, recipe


def latents(count, latent_dim, seed=0):
    """Standard normal latents: float32 `(count, latent_dim)`, a function of the arguments."""
    random = np.random.Generator(np.random.Philox(seed))
    return random.standard_normal((count, latent_dim), dtype="float32")


def sample(generator, recipe, count, seed=0):
    """Images of random latents: a function of the arguments.

    Args:
        generator, recipe: What `load` returned.
        count: How many images, >= 1.
        seed: Of the latents.

    Returns:
        uint8 array `(count, height, width, channels)`.
    """
    return images(generator, latents(count, recipe["latent_dim"], seed))


def interpolate(start, end, steps, spherical=False):
    """Points from one latent to another, both included.

    Args:
        start: Array `(latent_dim,)`.
        end: Array of the same shape.
        steps: Number of points, >= 2.
        spherical: Follow the arc between the two directions instead of the straight line, so
            that the points keep the length that standard normal latents have (White 2016,
            arXiv 1609.04468, section 2.1).

    Returns:
        float32 array `(steps, latent_dim)`.
    """
    t = np.linspace(0.0, 1.0, steps)[:, None]
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / lengths, -1.0, 1.0)) if spherical and lengths else 0
    if np.sin(angle) < 1e-6:  # no arc between vectors that are parallel
        points = (1 - t) * start + t * end
    else:
        points = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    return points.astype("float32")


def images(generator, latents, batch_size=500):
    """What a generator makes of latents, in inference mode.

    Args:
        generator: `keras.Model` with images in [-1, 1].
        latents: float32 `(n, latent_dim)`.
        batch_size: Images made at a time.

    Returns:
        uint8 array `(n, height, width, channels)`.
    """
    from keras_gans.datasets import to_uint8

    return to_uint8(generator.predict(latents, batch_size=batch_size, verbose=0))


def _recipe(file, path):
    text = file.attrs.get(_ATTRIBUTE)
    if text is None:
        kind = "a Keras model" if "model_config" in file.attrs else "no Keras model"
        raise UsageError(
            f"{path} was not saved by keras_gans (it is {kind}); "
            "keras-gans opens the generator_model_*.h5 files of its own runs"
        )
    try:
        recipe = json.loads(text)
        shape, latent_dim = tuple(recipe["image_shape"]), recipe["latent_dim"]
        sizes_are_sane = (
            len(shape) == 3
            and all(type(size) is int and 0 < size <= 512 for size in shape)
            and type(latent_dim) is int
            and 0 < latent_dim <= 65536
        )
        named = isinstance(recipe["network"], str) and isinstance(recipe["options"], dict)
    except (ValueError, TypeError, KeyError, RecursionError):
        sizes_are_sane = named = False
    if not (sizes_are_sane and named):
        raise UsageError(f"{path} has a damaged recipe; train it again or use another file")
    return recipe


def _build(recipe, path):
    from keras_gans import networks
    from keras_gans.experiment import Network, check_network

    try:
        check_network(Network(recipe["network"], recipe["options"]), "generator")
        return networks.generator(
            recipe["network"],
            tuple(recipe["image_shape"]),
            recipe["latent_dim"],
            **recipe["options"],
        )
    except UsageError as error:
        raise UsageError(f"{path} names a network that cannot be built: {error}") from None


def _shapes(recipe, path):
    """Shapes of the weights that the recipe asks for, which may be absurd: none is made.

    Keras remembers variables that await their values, and makes all of them the next time it
    makes any. It does so thread by thread; so the sketch is drawn in one that ends with it.
    """

    def sketch():
        import keras

        with keras.StatelessScope(initialize_variables=False):
            return [tuple(weight.shape) for weight in _weights(_build(recipe, path))]

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(sketch).result()


def _weights(generator):
    """The weights in the order in which Keras writes them, layer by layer."""
    return [
        weight
        for layer in generator.layers
        for weight in [*layer.trainable_weights, *layer.non_trainable_weights]
    ]


def _values(file, expected, path):
    """The arrays of a file, which have to be of the expected shapes."""
    found = list(_datasets(file, path))
    if len(found) != len(expected):
        raise UsageError(f"{path} holds {len(found)} weights, its network has {len(expected)}")
    values = []
    for dataset, shape in zip(found, expected, strict=True):
        if dataset.shape != shape or dataset.dtype != np.float32:
            raise UsageError(
                f"{path}: {dataset.name} is {dataset.dtype} {dataset.shape}, not float32 {shape}"
            )
        values.append(dataset[()])
        if not np.isfinite(values[-1]).all():
            raise UsageError(f"{path}: {dataset.name} has values that are not finite")
    return values


def _datasets(file, path):
    """The datasets of weights, in the order of the layers; nothing that points elsewhere."""
    try:
        root = _plain(file, "model_weights")
        for layer in root.attrs["layer_names"]:
            group = _plain(root, layer)
            for name in group.attrs["weight_names"]:
                dataset = group
                for part in _text(name).split("/"):
                    dataset = _plain(dataset, part)
                storage = dataset.id.get_create_plist()
                if dataset.is_virtual or dataset.external or storage.get_nfilters():
                    raise ValueError(f"{dataset.name} is not stored plainly")
                yield dataset
    except (KeyError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"{path} is not laid out like a Keras .h5 file: {error}") from None


def _plain(group, name):
    name = _text(name)
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"'{name}' is missing or a link to elsewhere")
    return group[name]


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)


def _beginning(path):
    with path.open("rb") as file:
        beginning = file.read(24)
    return repr(beginning.decode("ascii")) if beginning.isascii() else beginning[:8].hex(" ")


@contextmanager
def _legacy_format_accepted():
    """Keeps Keras's notice about HDF5 quiet: the format is what this package promises."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)

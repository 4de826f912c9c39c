"""Saved generators: writing them, opening them safely, making images with them.

A file of ours is an ordinary Keras .h5 (`keras.models.load_model(path, compile=False)` opens it
without this package) with one attribute more, the recipe: the network's name and options and the
run it comes from. Opening it never believes its model description: the network is built by this
package from the recipe, and the file has to hold exactly its weights. Other files have only that
description; `foreign` reads it as data.
"""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from keras_gans import foreign, foreign_files, foreign_probe, hdf5
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


def load(path, output_range=None, distribution=None):
    """Opens a generator: one that this package saved, or a stranger's.

    Of a stranger's file the description is read as data and the network made of Keras's own
    layers; nothing in it is run. What it does not say is found by trying it, or given here.

    Args:
        path: An .h5 file of any Keras since 2.0, or a .keras archive.
        output_range: (least, most) of a stranger's pixels, where it is known.
        distribution: Of a stranger's latents, as in `latents`, where it is known; else "normal".

    Returns:
        The pair (generator, recipe): a `keras.Model` and a dict. Of our own files it is what `save`
        was given. Of strangers' it has "source" ("foreign"), "keras_version", "kind" (None, or what
        it is that is no generator with latents), "parameters", "activations" (numbers made for
        one image), "inputs" (list of dicts: "name", "shape", "role": "latent", "labels",
        "one-hot", "image" or "tokens", and of labels "classes"), "latent_dim" (of all latents
        together), "labels" (how many classes, or None), "output_shape", "image_shape" (None where
        it makes no images), "layout" and "bounds" of the output, "output_range" and "latents" (the
        distribution), and "notes": sentences that a user should see.

    Raises:
        UsageError: The file is missing or is something else, is damaged, holds code or layers
            that are not known, or not exactly the weights of its network.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if foreign_files.is_keras_archive(path):
        with foreign_files.unpacked(path) as (weights, description):
            try:
                return _load_foreign(weights, description, output_range, distribution)
            except UsageError as error:
                raise UsageError(str(error).replace(str(weights), str(path))) from None
    with path.open("rb") as file:
        if file.read(len(hdf5.SIGNATURE)) != hdf5.SIGNATURE:
            raise UsageError(f"{path} is {foreign_files.guess(path)}")
    description = hdf5.describe(path)
    if _ATTRIBUTE in description.attributes:
        return _load_own(path, description)
    if "model_config" in description.attributes:
        return _load_foreign(path, description, output_range, distribution)
    if description.kind == "other":
        names = ", ".join(description.names) or "nothing"
        raise UsageError(f"{path} is an HDF5 file but no Keras model: it holds {names}")
    raise UsageError(
        f"{path} holds weights alone and not the network that they belong to; it takes the file "
        "that model.save() writes, or the code that made it"
    )


def _load_own(path, description):
    recipe = _recipe(description.attributes[_ATTRIBUTE], path)
    found = [dataset for _, datasets in description.layers for dataset in datasets]
    values = _values(found, _shapes(recipe, path), path)
    generator = _build(recipe, path)
    for weight, value in zip(_weights(generator), values, strict=True):
        weight.assign(value)
    return generator, recipe


def _load_foreign(path, description, output_range, distribution):
    generator, recipe, normalization = foreign.open_network(path, description)
    if recipe["kind"] is None:
        try:
            foreign_probe.probe(generator, recipe, normalization, output_range, distribution)
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None
    return generator, recipe


def latents(count, latent_dim, seed=0, distribution="normal"):
    """Latents, a function of the arguments: float32 `(count, latent_dim)`.

    Args:
        count: How many.
        latent_dim: Numbers in each.
        seed: >= 0.
        distribution: "normal", the standard one; "uniform" in [-1, 1]; or with numbers
            "normal:MEAN,DEVIATION" or "uniform:LEAST,MOST".
    """
    return foreign_probe.draw(count, latent_dim, seed, distribution)


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


def images(generator, latents, batch_size=500, recipe=None, labels=None):
    """What a generator makes of latents, in inference mode.

    Args:
        generator: `keras.Model` with images in [-1, 1], or what the recipe says.
        latents: float32 `(n, latent_dim)`.
        batch_size: Images made at a time; fewer of a stranger's large ones.
        recipe: Of `load`; needed for a stranger's.
        labels: Integers `(n,)` for a stranger's generator that takes labels; None is all of them
            in turns.

    Returns:
        uint8 array `(n, height, width, channels)`.

    Raises:
        UsageError: It is no generator of images, takes no such labels, or makes NaN.
    """
    from keras_gans.datasets import to_uint8

    if not is_foreign(recipe):
        if labels is not None:
            raise UsageError("this generator takes no labels")
        return to_uint8(generator.predict(latents, batch_size=batch_size, verbose=0))
    if recipe["kind"] is not None:
        raise UsageError(f"this is {recipe['kind']}")
    if labels is not None:
        if recipe["labels"] is None:
            raise UsageError("this generator takes no labels")
        if len(labels) and not 0 <= min(labels) <= max(labels) < recipe["labels"]:
            raise UsageError(f"this generator's labels are 0 to {recipe['labels'] - 1}")
    batch_size = min(batch_size, foreign_probe.batch_size(recipe))
    labels = np.arange(len(latents)) if labels is None else np.asarray(labels)
    low, high = recipe["output_range"]
    pixels = np.empty((len(latents), *recipe["image_shape"]), np.uint8)
    for start in range(0, len(latents), 10 * batch_size):
        part = slice(start, start + 10 * batch_size)
        given = foreign_probe.arrays(recipe, latents[part], labels[part])
        given = given if len(given) > 1 else given[0]
        made = generator.predict(given, batch_size=batch_size, verbose=0)
        unit = (_arranged(made, recipe) - low) * (2 / (high - low)) - 1
        pixels[part] = to_uint8(unit)
    return pixels


def sample(generator, recipe, count, seed=0, labels=None):
    """Images of latents that a seed draws: the same ones whoever asks.

    Args:
        generator: Of `load`, ours or a stranger's.
        recipe: Of `load`.
        count: How many.
        seed: Of the latents.
        labels: As `images` takes them.

    Returns:
        uint8 array `(count, height, width, channels)`.

    Raises:
        UsageError: As `images`.
    """
    distribution = recipe.get("latents") if is_foreign(recipe) else None
    drawn = latents(count, recipe["latent_dim"], seed, distribution or "normal")
    return images(generator, drawn, recipe=recipe, labels=labels)


def is_foreign(recipe):
    """Whether a recipe of `load` is that of a stranger's file."""
    return recipe is not None and recipe.get("source") == "foreign"


def _arranged(made, recipe):
    """A network's output as (n, height, width, channels)."""
    if recipe["layout"] == "first":
        made = np.moveaxis(made, 1, -1)
    made = made.reshape(len(made), *recipe["image_shape"][:2], -1)
    return made[..., : recipe["image_shape"][2]]  # without what says how transparent it is


def _recipe(text, path):
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


def _values(found, expected, path):
    """The arrays of a file, which have to be of the expected shapes."""
    if len(found) != len(expected):
        raise UsageError(f"{path} holds {len(found)} weights, its network has {len(expected)}")
    for dataset, shape in zip(found, expected, strict=True):
        if dataset.shape != shape or dataset.dtype != "<f4":
            kind = np.dtype(dataset.dtype) if dataset.dtype in hdf5.TYPES else dataset.dtype
            raise UsageError(
                f"{path}: {dataset.name} is {kind} {dataset.shape}, not float32 {shape}"
            )
        if dataset.chunks is not None or dataset.values is not None:
            raise UsageError(f"{path}: {dataset.name} is not stored plainly")
    values = []
    for dataset in found:
        values.append(hdf5.read(path, dataset))
        if not np.isfinite(values[-1]).all():
            raise UsageError(f"{path}: {dataset.name} has values that are not finite")
    return values


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

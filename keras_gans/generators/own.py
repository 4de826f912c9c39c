"""Files of this package: a network in Keras's .h5 format, with the recipe that builds it.

`keras.models.load_model(path, compile=False)` opens such a file where this package is not
installed. The recipe is one more attribute, a JSON text: the network's name and options, the
shape, scale and classes of the data, the latents, and the run that the network comes from.

Opening a file never uses its model description. This package builds the network from the recipe,
and the file must hold exactly the weights of that network.
"""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import h5py
import numpy as np

from keras_gans import parts
from keras_gans.datasets.sources import PIXELS, Scale
from keras_gans.errors import UsageError, short
from keras_gans.files import replacing, write
from keras_gans.generators.foreign import hdf5
from keras_gans.generators.saved import Saved, check_shape, inputs_of

ATTRIBUTE = "keras_gans"
FORMAT = 2
MAX_SIDE = 512  # of an image
MAX_FEATURES = 65_536  # of a point
MAX_LATENTS = 65_536
MAX_CLASSES = 65_536
_FIELDS = ("format", "role", "network", "shape", "latents", "classes", "scale")


def save(saved, path, **about):
    """Writes a generator; the file appears complete or not at all.

    Args:
        saved: `Saved` with a part.
        path: Where to; ends in .h5.
        **about: Plain values that are added to the generator's origin.

    Raises:
        ValueError: The generator is a foreign one, without a part.
        UsageError: Its samples are too large for a file.
        OSError: The file cannot be written.
    """
    if saved.part is None:
        raise ValueError("a foreign generator cannot be saved: no part builds its network")
    check_size(saved.shape)
    recipe = _recipe_of("generator", saved.part, saved.shape, saved.classes)
    recipe |= {"latents": saved.latents.plain, "scale": saved.scale.plain}
    _write(saved.network, path, recipe, saved.origin | about)


def save_discriminator(network, part, shape, classes, path, origin, **about):
    """Writes a discriminator, as `save` does a generator.

    Args:
        network: `keras.Model`.
        part: `parts.Part` that builds the network.
        shape: Of one sample of the data.
        classes: Number of classes, or None where the network takes no labels.
        path: Where to; ends in .h5.
        origin: Dict of plain values about the run.
        **about: Plain values that are added to the origin. `rejection` needs `loss`, the part that
            the network was trained with as YAML has it, and `scale`, that of the data.

    Raises:
        OSError: The file cannot be written.
    """
    recipe = _recipe_of("discriminator", part, shape, classes)
    _write(network, path, recipe, origin | about)


def _recipe_of(role, part, shape, classes):
    network = part.plain if isinstance(part.plain, dict) else {"name": part.plain}
    return {
        "format": FORMAT,
        "role": role,
        "network": network,
        "shape": list(shape),
        "classes": classes,
    }


def check_size(shape, latents=1, classes=None):
    """Refuses what is too large for a saved generator, before any is trained on it.

    Args:
        shape: Of one sample.
        latents: Size of a latent.
        classes: Number of classes that networks know, or None.

    Raises:
        UsageError: A side of an image, or the number of features of a point, of latents or of
            classes, is too large.
    """
    for count, most, what in ((latents, MAX_LATENTS, "latents"), (classes, MAX_CLASSES, "classes")):
        if count is not None and count > most:
            raise UsageError(
                f"{count:,} {what} are too many: saved generators have at most {most:,}"
                + ("; number the labels from 0 without gaps" if what == "classes" else "")
            )
    if max(shape) > _largest(shape):
        size = "x".join(map(str, shape))
        raise UsageError(
            f"samples of {size} are too large: saved generators have at most {_largest(shape):,} "
            + ("features" if len(shape) == 1 else "pixels a side; --resize makes images smaller")
        )


def _largest(shape):
    # A damaged file must not ask for a network that fills the memory.
    return MAX_FEATURES if len(shape) == 1 else MAX_SIDE


def _write(network, path, recipe, about):
    recipe = recipe | {key: value for key, value in about.items() if key not in recipe}
    # HDF5 writes to memory: on a full disk it leaves files that open, or ends the process.
    with _InMemory("new", "w", driver="core", backing_store=False) as file:
        with _legacy_format_accepted():
            network.save(file, include_optimizer=False)
        file.attrs[ATTRIBUTE] = json.dumps(recipe)
        file.flush()
        content = file.id.get_file_image()
    with replacing(path) as partial:
        write(partial, content)


class _InMemory(h5py.File):
    """An open HDF5 file. Keras recognizes the format by the end of a path, which is its text."""

    def __str__(self):
        return "network.h5"


@contextmanager
def _legacy_format_accepted():
    """Silences Keras's warning that HDF5 is a legacy format, which this package promises."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def open(description, shape=None):
    """Opens a generator.

    Args:
        description: `hdf5.Description` of a file that has the attribute.
        shape: Shape that samples must have, or None.

    Returns:
        `Saved`.

    Raises:
        UsageError: The recipe is damaged, names an unknown network, or samples of another shape,
            or the file does not hold exactly the weights of the network. The message begins
            with the file's path.
    """
    recipe = _read(description, "generator", shape)
    network = _load(description, recipe)
    classes = recipe.classes if len(network.inputs) > 1 else None
    return Saved(
        network,
        recipe.latents,
        recipe.shape,
        recipe.scale,
        classes,
        inputs_of(recipe.latents, classes),
        origin=recipe.origin,
        part=recipe.part,
    )


def open_discriminator(description):
    """Opens a discriminator, as `open` does a generator.

    Returns:
        (network, about): `keras.Model`, and the recipe as a dict of plain values.

    Raises:
        UsageError: As of `open`, or the file is not of this package.
    """
    if ATTRIBUTE not in description.attributes:
        raise UsageError(f"{description.path} is not a discriminator that this package saved")
    recipe = _read(description, "discriminator")
    return _load(description, recipe), recipe.text


# --- recipes ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Recipe:
    """A checked recipe; `text` is the dict in the file. That of a discriminator has no latents."""

    role: str
    part: parts.Part
    shape: tuple
    classes: int | None
    latents: object
    scale: Scale | None
    origin: dict
    text: dict


def _read(description, role, needed=None):
    path = description.path
    try:
        text = json.loads(description.attributes[ATTRIBUTE])
        found = text if "format" in text else _from_version_0_2(text)
        if found["format"] != FORMAT:
            raise UsageError(
                f"{path} has the format {short(found['format'])}, not {FORMAT}: another version "
                "of this package wrote it"
            )
        if found["role"] != role and found["role"] in ("generator", "discriminator"):
            raise UsageError(f"{path} holds a {found['role']}, not a {role}")
        shape, classes = tuple(found["shape"]), found["classes"]
        sound = (
            found["role"] == role
            and isinstance(found["network"]["name"], str)
            and len(shape) in (1, 3)
            and all(_is_size(size, _largest(shape)) for size in shape)
            and (classes is None or _is_size(classes, MAX_CLASSES))
        )
        latents = scale = None
        if sound and role == "generator":
            scale = Scale(**found["scale"])
            latents = parts.check("latents", found["latents"], "latents")
            sound = _is_sane(latents)
    except UsageError as error:
        if str(error).startswith(str(path)):
            raise
        sound = False
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        sound = False
    if not sound:
        raise UsageError(f"{path} has a damaged recipe; train it again or use another file")
    try:
        part = parts.check("networks", found["network"], role, role)
    except (UsageError, OverflowError) as error:
        raise _unbuildable(path, error) from None
    check_shape(path, shape, needed)
    if latents is not None:
        latents = parts.get("latents", latents)  # with Keras, which takes seconds to import
    origin = {key: value for key, value in found.items() if key not in _FIELDS}
    return _Recipe(role, part, shape, classes, latents, scale, origin, found)


def _from_version_0_2(text):
    """The recipe of a file of version 0.2.0 in the present format."""
    text = dict(text)
    return {
        "format": FORMAT,
        "role": "generator",
        "network": {**text.pop("options"), "name": text.pop("network")},
        "shape": text.pop("image_shape"),
        "latents": {"name": "normal", "size": text.pop("latent_dim")},
        "classes": None,
        "scale": PIXELS.plain,
        **text,
    }


def _is_size(value, most):
    return type(value) is int and 0 < value <= most


def _is_sane(latents):
    """Whether a part has a size, and numbers that can be drawn."""
    options = dict(latents.options)
    size = options.pop("size", None)
    finite = all(np.isfinite(value) and abs(value) <= 1e6 for value in options.values())
    ordered = options.get("low", -1.0) < options.get("high", 1.0)
    return _is_size(size, MAX_LATENTS) and finite and ordered


# --- weights ----------------------------------------------------------------------------------


def _load(description, recipe):
    """Builds the network of a recipe and assigns the weights of the file."""
    found = [dataset for _, datasets in description.layers for dataset in datasets]
    values = _values(found, _shapes(recipe, description.path), description.path)
    network = _build(recipe, description.path)
    for weight, value in zip(_weights(network), values, strict=True):
        weight.assign(value)
    return network


def _build(recipe, path):
    from keras_gans import networks

    size = None if recipe.latents is None else recipe.latents.size
    try:
        return networks.build(recipe.part, recipe.role, recipe.shape, size, recipe.classes)
    except UsageError as error:
        raise _unbuildable(path, error) from None


def _unbuildable(path, error):
    return UsageError(f"{path} names a network that cannot be built: {error}")


def _shapes(recipe, path):
    """Shapes of the weights that the recipe asks for; they may be absurd, none is allocated.

    In a stateless scope Keras defers the initialization of variables, and it runs all deferred
    ones the next time it leaves such a scope. Deferred variables are kept by thread, so the
    network is built in a thread that ends with it.
    """

    def sketch():
        import keras

        with keras.StatelessScope(initialize_variables=False):
            return [tuple(weight.shape) for weight in _weights(_build(recipe, path))]

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(sketch).result()


def _weights(network):
    """The weights in the order in which Keras writes them, layer by layer."""
    return [
        weight
        for layer in network.layers
        for weight in [*layer.trainable_weights, *layer.non_trainable_weights]
    ]


def _values(found, expected, path):
    """The arrays of a file, which must have the expected shapes."""
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

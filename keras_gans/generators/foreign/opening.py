"""From the description of a foreign file to a `Saved`."""

import math
from dataclasses import replace

from keras_gans.datasets.sources import PLAIN
from keras_gans.errors import UsageError
from keras_gans.generators.foreign import kinds, network, parsing, weights
from keras_gans.generators.foreign.inference import infer
from keras_gans.generators.saved import BATCH_SIZE, Saved, check_shape

MAX_ACTIVATIONS = 1 << 27  # values in one batch: half a gigabyte


def open(description, output_range=None, latents=None, shape=None, points=None):
    """Opens a foreign file.

    Args:
        description: `hdf5.Description` of a file of any Keras since 2.0.
        output_range: (low, high), values of black and white, where the user knows them.
        latents: `parts.Part` of noun "latents" without a size; None for standard normal ones.
        shape: Shape that samples must have, or None.
        points: `Scale` of the floats that a generator learned from, whose output `(d,)` may be
            points; None where only images will do.

    Returns:
        `Saved`. Its `origin` has "source" ("foreign"), "keras_version", "parameters",
        "activations" (values computed for one sample), "output_shape" and "output_range".

    Raises:
        UsageError: The file holds no model, or code, or layers that are not Keras's own; it is no
            generator, makes other shapes, is damaged or too large. All that the description of
            the network shows is found without Keras. The message begins with the file's path.
    """
    try:
        if "model_config" not in description.attributes:
            raise _no_model(description)
        return _open(description, output_range, latents, shape, points)
    except UsageError as error:
        text, path = str(error), str(description.path)
        raise UsageError(text if text.startswith(path) else f"{path}: {text}") from None


def _no_model(description):
    path = description.path
    if description.kind == "other":
        names = ", ".join(description.names) or "nothing"
        return UsageError(f"{path} is an HDF5 file but no Keras model: it holds {names}")
    if any(name.startswith("generator/") for name, _ in description.layers):
        return UsageError(
            f"{path} holds the weights of a GAN without a description of its networks; use the "
            "file that gan.save('gan.keras') writes"
        )
    return UsageError(
        f"{path} holds weights without a description of their network; use the file that "
        "model.save() writes, or the code that built the network"
    )


def _open(description, output_range, latents, needed, points):
    version = description.attributes.get("keras_version", "2")
    legacy = not version.startswith("3")
    described = parsing.parse(description.attributes["model_config"])
    outputs, inference = infer(described, legacy)
    found = weights.datasets_of(described, description)
    notes, floats = [], points
    if kinds.image_of(outputs[0].shape)[0] or len(outputs) != 1 or len(outputs[0].shape) != 1:
        points = None
    kind = kinds.kind_of(described, outputs, inference, points is not None)
    if kind is not None:
        inner = _inner_generator(described, legacy)
        if inner is None:
            raise UsageError(f"{description.path} is {kind}")
        described, outputs, inference = inner
        named = f" '{described.name}'" if described.name else ""
        notes.append(f"it is {kind}; the generator{named} inside it was taken")
    index = kinds.image_output(outputs)
    shape, layout = kinds.image_of(outputs[index].shape)
    if points is not None:
        shape, layout = tuple(outputs[0].shape), "last"
    check_shape(description.path, shape, needed)
    inputs, guessed = kinds.inputs_of(described, inference)
    if len(outputs) > 1:
        notes.append(f"of its {len(outputs)} outputs the one with images was taken")
    if layout == "flat" and shape[0] not in (28, 32, 64):
        notes.append(f"its {math.prod(outputs[index].shape)} numbers were read as {shape}")
    if guessed:
        notes.append("the sizes of its inputs decided which of them are labels")
    model, normalization = network.build(
        described, index, weights.read(described, found, description.path)
    )

    from keras_gans.datasets import scaling  # with Keras, which takes seconds to import
    from keras_gans.generators.foreign import probe

    classes = [entry.classes for entry in inputs if entry.role in ("labels", "one-hot")]
    size = sum(entry.size for entry in inputs if entry.role == "latents")
    saved = Saved(
        model,
        probe.latents_of(latents, size),
        shape,
        probe.scale_of((-1, 1)),
        max(classes, default=None),
        inputs,
        layout,
        origin={
            "source": "foreign",
            "keras_version": description.attributes.get("keras_version", "unknown"),
            "parameters": inference.parameters,
            "activations": inference.activations,
            "output_shape": list(outputs[index].shape),
        },
        notes=tuple(notes),
        batch_size=int(max(1, min(BATCH_SIZE, MAX_ACTIVATIONS // max(1, inference.activations)))),
    )
    if points is not None:
        if output_range is not None:
            raise UsageError("it makes points, which have no black and white: leave out --range")
        return replace(saved, scale=points)
    if output_range is None and floats not in (None, PLAIN):
        pixels = scaling.of_pixels(floats)
        output_range = -pixels.shift, 255 / pixels.divisor - pixels.shift
    bounds = outputs[index].bounds
    return probe.probe(saved, bounds, normalization, output_range, latents is not None)


def _inner_generator(described, legacy):
    """The first nested network that is a generator: (network, outputs, inference), or None."""
    for inner in described.networks():
        try:
            outputs, inference = infer(inner, legacy)
        except UsageError:
            continue
        if kinds.kind_of(inner, outputs, inference) is None:
            return inner, outputs, inference
    return None

"""Files with a whole `GAN`: the generator inside, as if it had been saved alone.

`gan.save("gan.keras")` and `keras.callbacks.ModelCheckpoint` write them. Such a file is read as
those of other people are: its description is data, and nothing of it is run.
"""

import json
from dataclasses import replace

from keras_gans import parts
from keras_gans.datasets.sources import PLAIN, Scale
from keras_gans.errors import UsageError, short
from keras_gans.generators import foreign

_NAME = "keras_gans>GAN"
_LATENTS = {"keras_gans>Normal": "normal", "keras_gans>Uniform": "uniform"}


def is_game(description):
    """Whether a file holds a whole GAN: `hdf5.Description` in, by the text of its config."""
    return _NAME in description.attributes.get("model_config", "") and (
        _config(description).get("registered_name") == _NAME
    )


def open(description, output_range=None, latents=None, shape=None):
    """Opens the generator of a GAN, the averaged one where there is one.

    Args:
        description: `hdf5.Description` of a file for which `is_game` is true.
        output_range: (low, high), values of black and white; None for those of the GAN's scale,
            or found by running it where the GAN has none for pixels.
        latents: `parts.Part` of noun "latents" without a size; None for those of the GAN.
        shape: That its samples have to have, or None.

    Returns:
        `Saved`. Its origin has the GAN's "seed".

    Raises:
        UsageError: As in `foreign.open`, or the GAN's own settings are damaged.
    """
    path, settings = description.path, _config(description).get("config")
    settings = settings if isinstance(settings, dict) else {}
    averaged = any(name.startswith("averaged/") for name, _ in description.layers)
    folder, which = ("averaged/", "averaged ") if averaged else ("generator/", "")
    layers = tuple(
        (name.removeprefix(folder), found)
        for name, found in description.layers
        if name.startswith(folder)
    )
    config = json.dumps(settings.get("generator"))
    notes = [f"it is a whole GAN, of which the {which}generator was taken"]
    try:
        scale = _scale(settings.get("scale_of_data", settings.get("scale")))
        latents = latents or _latents(settings.get("latents"), notes)
    except (UsageError, OverflowError) as error:  # an integer of hundreds of digits
        raise UsageError(f"{path}: its GAN has a damaged setting: {error}") from None
    attributes = {**description.attributes, "model_config": config}
    inner = replace(description, attributes=attributes, layers=layers)
    pixels = scale is not None and scale.dtype == "uint8"
    if pixels and output_range is None:
        output_range = -scale.shift, 255 / scale.divisor - scale.shift
    points = None if pixels else scale or PLAIN
    saved = foreign.open(inner, output_range, latents, shape, points)
    seed = settings.get("seed")
    origin = {**saved.origin, **({"seed": seed} if type(seed) is int and seed >= 0 else {})}
    return replace(saved, origin=origin, notes=(*notes, *saved.notes))


def _config(description):
    try:
        config = json.loads(description.attributes["model_config"])
    except (ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def _scale(scale):
    """The `Scale` of a GAN's settings, None where there is none."""
    if scale is None:
        return None
    if not isinstance(scale, dict) or set(scale) != {"dtype", "divisor", "shift"}:
        raise UsageError(f"no scale: {short(scale)}")
    return Scale(**scale)


def _latents(config, notes):
    """The part of the GAN's latents without a size; None of a class that is not the package's."""
    config = config if isinstance(config, dict) else {}
    name, options = _LATENTS.get(config.get("registered_name")), config.get("config")
    if name is None:
        kind = short(config.get("class_name"))
        notes.append(f"its latents of the class {kind} are unknown: standard normal were taken")
        return None
    options = dict(options) if isinstance(options, dict) else {}
    options.pop("size", None)
    return parts.check("latents", {**options, "name": name}, "latents", partial=True)

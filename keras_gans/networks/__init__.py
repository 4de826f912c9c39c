"""Networks: `networks/<name>.py` defines or imports `generator(...)`, `discriminator(...)`.

The name of the file is the name of the network, and the annotated parameters of its builders are
the options that a row may give. The other parameters come from the run: `shape` of a sample,
`latent_size`, and `classes` of a network that takes labels. Builders use stock Keras layers:
`keras.models.load_model(path, compile=False)` opens a saved network without this package. Where an
option asks for a layer of `custom`, Keras says which one it misses.

A generator maps latents `(n, latent_size)` to samples `(n, *shape)`, a discriminator samples to
scores or probabilities `(n, 1)`. With `classes`, the input is a list: [latents, labels] or
[samples, labels], with int32 labels `(n,)`.
"""

import inspect
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args

from keras_gans import parts
from keras_gans.errors import UsageError, short, suggestion

if TYPE_CHECKING:  # errors about networks need no Keras
    import keras


Role = Literal["generator", "discriminator"]


def names(role: Role | None = None) -> list[str]:
    """Names of the networks that have a "generator", a "discriminator", or, for None, either."""
    return parts.names("networks", role)


def build(
    part: parts.Chosen,
    role: Role,
    shape: Sequence[int],
    latent_size: int | None = None,
    classes: int | None = None,
    **options: Any,
) -> "keras.Model":
    """Builds a network.

    Args:
        part: Name, `{"name": ..., option: value}` or `parts.Part` of a network.
        role: "generator" or "discriminator".
        shape: Of one sample, such as `(height, width, channels)`.
        latent_size: Number of latents, for a generator.
        classes: Number of classes, or None. Networks without labels ignore it.
        **options: More of the builder's options.

    Returns:
        `keras.Model`.

    Raises:
        UsageError: The role, the name or an option is unknown or out of range, the network does not
            fit the shape, or there is no number of latents or of classes, which it needs.
    """
    if role not in get_args(Role):
        raise UsageError(f"unknown role {short(role)}{suggestion(role, get_args(Role))}")
    part = parts.check("networks", part, role, role)
    if options:
        part = parts.check("networks", {"name": part.name, **part.options, **options}, role, role)
    builder = _builder(part, role)
    given = {"shape": tuple(shape), "latent_size": latent_size, "classes": classes}
    given = {key: given[key] for key in inspect.signature(builder).parameters if key in given}
    if "classes" in given and classes is None:
        raise UsageError(f"the {role} '{part.name}' takes labels; give a data set that has labels")
    if "latent_size" in given and latent_size is None:
        raise UsageError(f"the {role} '{part.name}' takes latents; give latent_size, their number")
    import keras  # which the errors above do without

    if keras.config.image_data_format() != "channels_last":
        raise UsageError(
            "images have their channels last here, and Keras is set to channels_first: change "
            "image_data_format in ~/.keras/keras.json"
        )
    try:
        return builder(**given, **part.options)
    except ValueError as error:
        said = " ".join(str(error).split())  # messages of Keras may have several lines
        raise UsageError(f"the {role} '{part.name}' cannot be built: {said}") from None


def _builder(part, role):
    return getattr(import_module(f"{__name__}.{part.name}"), role)

"""GAN experiments of student reports, trained again from numbered rows of YAML.

    >>> from keras_gans import GAN, datasets, networks

`import keras_gans` imports nothing else. Keras, which takes seconds, comes with the first name
that needs it.
"""

from importlib import import_module

__version__ = "0.11.0.dev0"

_MODULES = (
    "averages", "batches", "callbacks", "constraints", "datasets", "evaluation", "generators",
    "latents", "losses", "metrics", "networks", "optimizers", "penalties", "pictures", "updates",
)  # fmt: skip
_OBJECTS = {
    "GAN": "gan",
    "Turns": "turns",
    "Normal": "latents",
    "Uniform": "latents",
}
"""Names that the package offers, and the modules that define them."""

__all__ = sorted([*_MODULES, *_OBJECTS])


def __getattr__(name):
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _OBJECTS:
        return getattr(import_module(f"{__name__}.{_OBJECTS[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__():
    return sorted([*globals(), *__all__])

"""How the object of a part is written down: by the arguments of its constructor."""

import inspect


class Recorded:
    """Mixin: every argument of `__init__` is an attribute of the same name.

    `keras.saving` then needs no `get_config` of the class.
    """

    def get_config(self):
        """The arguments of the constructor, by name."""
        return {name: getattr(self, name) for name in _arguments(type(self))}

    @classmethod
    def from_config(cls, config):
        """The object with these arguments."""
        return cls(**config)

    def __repr__(self):
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def _arguments(cls):
    return [] if cls.__init__ is object.__init__ else list(inspect.signature(cls).parameters)

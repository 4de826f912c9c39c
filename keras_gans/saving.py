"""How a whole `GAN` is written down: .keras files, weight files, and the objects within."""

import keras
from keras import ops

from keras_gans.datasets.sources import Scale
from keras_gans.errors import UsageError

_IN_CONFIG = ("generator", "discriminator", "latents")
_pack = keras.saving.serialize_keras_object
_unpack = keras.saving.deserialize_keras_object


class SavedWhole:
    """Mixin for `GAN`, before `keras.Model`."""

    def save(self, filepath, *args, **kwargs):
        """Saves the game with its rules: `keras.Model.save`, to a .keras file.

        Raises:
            UsageError: The path is that of an HDF5 file, which holds one network.
        """
        if str(filepath).endswith((".h5", ".hdf5")):
            raise UsageError(
                f"{filepath}: an HDF5 file holds one network; write gan.save('gan.keras'), or "
                "gan.sampling_generator.save('generator.h5')"
            )
        return super().save(filepath, *args, **kwargs)

    def export(self, *args, **kwargs):
        """Is refused: one network is exported, not the game.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "a GAN is two networks, and one is exported: call gan.predict or gan.generator once, "
            "then gan.sampling_generator.export(path)"
        )

    def get_config(self):
        scales = {"scale": self._scale_asked, "scale_of_data": self.scale}
        plain = {key: scale and scale.plain for key, scale in scales.items()}
        packed = {key: _pack(getattr(self, key)) for key in _IN_CONFIG}
        return {"name": self.name, "seed": self.seed, **plain, **packed}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        of_data = config.pop("scale_of_data", config["scale"])  # files of version 0.8.0 have none
        scale, of_data = (plain and Scale(**plain) for plain in (config["scale"], of_data))
        unpacked = {key: _unpack(config[key]) for key in _IN_CONFIG}
        gan = cls(**{**config, **unpacked, "scale": scale})
        gan.scale = of_data
        return gan

    def get_compile_config(self):
        if not self.compiled:
            return None
        parts = {"loss": self.objective, "penalty": self.penalty, "constraint": self.constraint}
        parts |= {"average": self.average, "augment": self.augment, "update": self.update}
        parts["precision"] = self.precision
        if self.d_optimizer is self.g_optimizer:
            parts["optimizer"] = self.d_optimizer
        else:
            parts |= {"d_optimizer": self.d_optimizer, "g_optimizer": self.g_optimizer}
        turns = {key: value for key, value in self.turns.plain.items() if key != "update"}
        packed = {key: _pack(part) for key, part in parts.items()}
        plain = {"accuracy": bool(self._accuracies), "of_keras": self._of_keras}
        return {"turns": turns, **plain, **packed}

    def compile_from_config(self, config):
        # Files of version 0.7.0 have no accuracy, those of 0.9.0 nothing of Keras's own arguments.
        plain = {"accuracy": config.get("accuracy", False), **config.get("of_keras", {})}
        rest = ("turns", "accuracy", "of_keras")
        parts = {key: _unpack(value) for key, value in config.items() if key not in rest}
        turns = {**config["turns"], "update": parts.pop("update")}
        self.compile(turns=turns, **plain, **parts)

    @property
    def _own_variables(self):
        """By name, what Keras leaves out of its files: the iteration and all seeds."""
        own = self.seed_generator.state
        seeds = [v for v in self.variables if v.name == own.name and v is not own]
        named = {f"seed_{number}": seed for number, seed in enumerate(seeds)}
        return {"iteration": self.iteration, "seed": own, **named}

    def save_own_variables(self, store):
        for name, variable in self._own_variables.items():
            store[name] = ops.convert_to_numpy(variable)

    def load_own_variables(self, store):
        for name, variable in self._own_variables.items():
            if name in store:  # files of version 0.4.0 have no seeds of layers
                variable.assign(store[name][...])

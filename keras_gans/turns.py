"""Who moves when: the switches of the adversarial loop.

One frozen dataclass is the schema of a row's `turns`, an argument of `GAN.compile`, what a saved
model records, and the documentation of the switches. A new switch is one field here and the one
place that uses it.
"""

from dataclasses import dataclass, fields
from typing import Annotated, Literal

from keras_gans.errors import UsageError, short, suggestion
from keras_gans.parts import Count, Natural, Of, Part, typed


@dataclass(frozen=True)
class Turns:
    """The order and the manner of one iteration: turns of the discriminator, then the generator's.

    Raises:
        UsageError: A value is of another type, out of range or unknown.
    """

    d_steps: Count = 1
    """Turns of the discriminator in an iteration, each with real samples of its own."""
    update: Annotated[Part, Of("updates")] = "joint"
    """How a turn moves the discriminator, a name of `updates.UPDATES`: "joint", one optimizer step
    on the sum of the losses on real and fake samples, "separate", one step on each, ..."""
    fakes: Literal["training", "inference"] = "training"
    """Mode in which the generator makes samples for the discriminator. In inference mode it uses
    the moving statistics of its BatchNormalization, as `generator.predict` does in old scripts."""
    latents: Literal["fresh", "shared"] = "fresh"
    """Latents of the generator's first turn: new ones, or those of the discriminator's last
    turn."""
    batch_norm: Literal["batch", "frozen"] = "batch"
    """The discriminator's BatchNormalization in the generator's turn: statistics of the batch, or
    the moving ones, which TensorFlow 2 uses under `discriminator.trainable = False`. Dropout is
    active either way."""
    g_steps: Count = 1
    """Turns of the generator in an iteration, each on latents of its own."""
    unroll: Natural = 0
    """Further turns of the discriminator through which the generator's gradient goes (Metz et al.
    2017, arXiv 1611.02163); see `unrolling`."""
    train: Literal["both", "discriminator", "generator"] = "both"
    """Who is moved. The other network stays as it is, with the statistics of its normalization and
    its average; only its losses are computed."""

    def __post_init__(self):
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name != "update" or isinstance(value, str | dict):  # else `updates.get` checks it
                object.__setattr__(self, f.name, typed(value, f.type, f"turns.{f.name}"))

    @classmethod
    def of(cls, identifier):
        """The switches of a dict of fields; None for the defaults; `Turns` are returned.

        Raises:
            UsageError: It is something else, or a field is unknown.
        """
        if identifier is None or isinstance(identifier, cls):
            return identifier or cls()
        if not isinstance(identifier, dict):
            raise UsageError(f"turns: {short(identifier)}: give Turns or a dict of its fields")
        known = [f.name for f in fields(cls)]
        for name in identifier:
            if name not in known:
                raise UsageError(f"turns: unknown field {short(name)}{suggestion(name, known)}")
        return cls(**identifier)

    @property
    def plain(self):
        """The switches as YAML has them."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: v.plain if isinstance(v, Part) else v for k, v in values.items()}

    def moves(self, network):
        """Whether the "discriminator" or the "generator" is moved."""
        return self.train in ("both", network)

    def samples(self, batch_size):
        """Real samples of one iteration, where each turn has `batch_size` of its own."""
        return self.d_steps * batch_size

    def shares(self, values, labels=None):
        """Shares the real samples of an iteration out among the discriminator's turns.

        Args:
            values: Tensor whose first axis is the samples of all turns.
            labels: Tensor of as many labels, or None.

        Yields:
            (values, labels) of each turn. A share is never empty: an incomplete last batch of an
            epoch is read cyclically.
        """
        from keras import ops

        total = ops.shape(values)[0]
        size = (total + self.d_steps - 1) // self.d_steps
        for turn in range(self.d_steps):
            if self.d_steps == 1:
                yield values, labels
            else:
                places = (turn * size + ops.arange(size)) % total
                share = ops.take(values, places, axis=0)
                yield share, None if labels is None else ops.take(labels, places, axis=0)


@dataclass(frozen=True)
class Phase:
    """A part of a run, before its ordinary iterations, in which only one network is moved."""

    iterations: Count
    train: Literal["discriminator", "generator"]

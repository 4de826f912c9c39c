"""An experiment: one row of a table, typed, frozen, checked before anything runs.

Each field states its type once, in its annotation. Fields that choose an object are parts; see
`keras_gans.parts`. Nothing here imports Keras.
"""

from dataclasses import asdict, dataclass, field, fields
from itertools import accumulate
from typing import Annotated, Literal

from keras_gans import parts
from keras_gans.errors import UsageError, short, suggestion
from keras_gans.parts import Count, Iterations, Of, Part, Several, takes_labels, typed
from keras_gans.turns import Phase, Turns


@dataclass(frozen=True)
class Experiment:
    """One row: everything that determines a run except its seed."""

    derived_from: str
    """The model that the document names as the origin of the row."""
    dataset: Annotated[Part, Of("datasets")]
    """A data set of the package with its options, or the path of a folder, .zip, .npz or .npy."""
    iterations: Iterations
    """Iterations: each is the turns of the discriminator and those of the generator."""
    batch_size: Count
    """Real samples, and fake ones, of one turn."""
    latents: Annotated[Part, Of("latents", default="normal")]
    loss: Annotated[Part, Of("losses")]
    generator: Annotated[Part, Of("networks", role="generator")]
    discriminator: Annotated[Part, Of("networks", role="discriminator")]
    save_every: Count
    """Iterations between two saved generators, sample grids and checkpoints."""
    save_at: tuple[Count, ...] = ()
    """Further iterations after which they are saved."""
    optimizer: Annotated[Part, Of("optimizers")] | None = None
    """One for both networks, its step counter too."""
    d_optimizer: Annotated[Part, Of("optimizers")] | None = None
    g_optimizer: Annotated[Part, Of("optimizers")] | None = None
    """Instead of `optimizer`, one each."""
    turns: Turns = field(default_factory=Turns)
    phases: tuple[Phase, ...] = ()
    """Iterations at the beginning, of `iterations`, in which only one network is moved."""
    penalty: Annotated[Part, Of("penalties")] | None = None
    constraint: Annotated[Part, Of("constraints")] | None = None
    average: Annotated[Part, Of("averages")] | None = None
    augment: Annotated[Part, Of("augmentations")] | None = None
    """Changes real and generated images before the discriminator."""
    sampling: Literal["replacement", "epochs"] = "replacement"
    """How batches are drawn: each sample independently, or all of them in a new order an epoch."""
    standardize: bool = False
    """Networks see (value - mean) / std, over all values of the data, instead of pixels scaled to
    [-1, 1] and points as they are."""
    measure: tuple[str, ...] = ("fid",)
    """Metrics of the generator; the first chooses generator_model_best.h5. Empty for none."""
    measure_features: str | None = None
    """Feature extractor of the metrics; None for the one that fits the data."""
    measure_every: Count | None = None
    """Iterations between two measurements; None for after each saved generator."""
    measure_samples: Several = 5000
    """Samples on each side; all of the data where there are fewer."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Type of the numbers in which the networks compute while they are trained. Weights, losses,
    samples and measurements are float32 either way."""
    accuracy: bool = False
    """Whether the log also has the shares of real and of fake samples that the discriminator judges
    right."""
    stop: Annotated[Part, Of("stops")] | None = None
    """Rule that ends the run before its last iteration."""
    on_divergence: Literal["stop", "continue"] = "stop"
    """What to do when a loss or a weight is no longer finite. A run that continues trains to its
    last iteration and saves no generator that is not finite."""
    printed: dict = field(default_factory=dict)
    """Results as the document prints them, by the metrics on whose scale they are."""

    needs = None
    """Number of a row that has to be trained before; a GAN needs none."""

    def __post_init__(self):
        one, two = self.optimizer, (self.d_optimizer, self.g_optimizer)
        if (one is None) == (two == (None, None)) or (None in two and two != (None, None)):
            raise UsageError("give either optimizer, or d_optimizer and g_optimizer")
        before = sum(phase.iterations for phase in self.phases)
        if before >= self.iterations:
            raise UsageError(
                f"phases: they take {before:,} of {self.iterations:,} iterations: leave some for "
                "both networks"
            )
        if self.phases and self.turns.train != "both":
            raise UsageError(
                f"phases: after them turns.train is '{self.turns.train}': make that a phase too"
            )
        labelled, judged = self.conditional, takes_labels(self.discriminator.name, "discriminator")
        if labelled != judged:
            one, other = ("generator", "discriminator")[:: 1 if labelled else -1]
            raise UsageError(
                f"the {one} '{getattr(self, one).name}' takes labels and the {other} "
                f"'{getattr(self, other).name}' does not: give two networks that do, or two that "
                "do not"
            )
        if len(set(self.save_at)) < len(self.save_at):
            raise UsageError(f"save_at: {short(list(self.save_at))} has an iteration twice")
        if len(set(self.measure)) < len(self.measure):
            raise UsageError(f"measure: {short(list(self.measure))} has a metric twice")
        for name in self.measure:
            parts.check("measures", name, "measure")
        if self.measure_features is not None:
            from keras_gans.metrics import features

            known = features.names()
            if self.measure_features not in known:
                raise UsageError(
                    f"measure_features: unknown {short(self.measure_features)}"
                    f"{suggestion(self.measure_features, known)}"
                )
        printed = {n: typed(v, float, f"printed.{n}") for n, v in self.printed.items()}
        object.__setattr__(self, "printed", printed)

    @property
    def conditional(self):
        """Whether the networks take labels."""
        return takes_labels(self.generator.name, "generator")

    @property
    def boundaries(self):
        """The iterations after which each phase ends."""
        return tuple(accumulate(phase.iterations for phase in self.phases))

    def trains(self, iteration):
        """Who is moved after so many iterations, as `Turns.train` has it."""
        for end, phase in zip(self.boundaries, self.phases, strict=True):
            if iteration < end:
                return phase.train
        return self.turns.train

    def saves(self, iteration):
        """Whether the generator is saved after an iteration."""
        at = iteration % self.save_every == 0 or iteration in self.save_at
        return at or iteration == self.iterations

    def saves_left(self, done):
        """How many generators at most are saved after so many iterations."""
        return -(-(self.iterations - done) // self.save_every) + len(self.save_at)

    def measures(self, iteration):
        """Whether the generator is measured after an iteration."""
        if self.measure_every is None:
            return self.saves(iteration)
        return iteration % self.measure_every == 0 or iteration == self.iterations

    def to_dict(self):
        """The row as nested plain values, in the form that YAML tables have."""
        row = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: _plain(value) for name, value in row.items()}

    @classmethod
    def from_dict(cls, row, where="row"):
        """Builds and checks an experiment.

        Args:
            row: Mapping as a table has it, defaults merged in.
            where: Start of error messages.

        Raises:
            UsageError: A field is unknown, missing, of another type or out of range.
        """
        return parts.read(cls, row, where)


def _plain(value):
    if isinstance(value, Part | Turns):
        return value.plain
    if isinstance(value, Phase):
        return asdict(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value

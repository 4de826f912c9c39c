"""A row that trains a classifier on real and generated images, and measures what those are worth.

Ravuri and Vinyals, "Classification Accuracy Score for Conditional Generative Models", NeurIPS
2019, train on generated images alone (share 1); Sundar 2018, section 4, on mixtures.
"""

from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal

from keras_gans.errors import UsageError
from keras_gans.parts import Count, Natural, Of, Part, Share, typed


@dataclass(frozen=True)
class Synthetic:
    """The generated part of a training set."""

    row: Natural
    """Row of the same table: a conditional GAN. Its last generator of the same seed is used."""
    share: Share
    """Share of generated images in the training set, whose size does not change."""


@dataclass(frozen=True)
class ClassifierExperiment:
    """One row: everything that determines the training of a classifier except its seed."""

    stage: Literal["classifier"]
    """What kind of row this is."""
    derived_from: str
    """The origin of the row, as the document names it."""
    dataset: Annotated[Part, Of("datasets")]
    """28x28 grey images with labels, and a split `test`."""
    epochs: Count
    """Passes over the training set, from new weights."""
    synthetic: Synthetic | None = None
    """Generated images of the training set; None for real ones only."""
    validation: Natural = 5000
    """Real images that are no part of the training set: the first ones of the data."""
    fine_tune: Natural = 0
    """Passes over the validation images after that; 0 for none."""
    printed: dict = field(default_factory=dict)
    """Results as the document prints them."""

    def __post_init__(self):
        printed = {n: typed(v, float, f"printed.{n}") for n, v in self.printed.items()}
        object.__setattr__(self, "printed", printed)
        if self.fine_tune and not self.validation:
            raise UsageError("fine_tune needs validation images: give validation, or fine_tune: 0")

    @property
    def iterations(self):
        """Epochs of both parts."""
        return self.epochs + self.fine_tune

    # What decides the work of a run: it is saved and measured once, at its end.
    save_at = ()
    measure_every = None

    @property
    def save_every(self):
        """Epochs until the classifier is saved."""
        return self.iterations

    @property
    def needs(self):
        """Number of the row whose generator is used, or None."""
        return self.synthetic and self.synthetic.row

    def to_dict(self):
        """The row as nested plain values, in the form that YAML tables have."""
        return asdict(self) | {"dataset": self.dataset.plain}

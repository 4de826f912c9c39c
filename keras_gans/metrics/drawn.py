"""The generated side of a comparison."""

from dataclasses import dataclass

import numpy as np

from keras_gans.datasets import Source
from keras_gans.datasets.sources import read_only
from keras_gans.metrics.features.cache import sample


@dataclass(frozen=True, eq=False)
class Drawn(Source):
    """The generated side of a comparison.

    Attributes:
        directions: Of the generator that made it, as `generators.Saved` has them, or None.
    """

    directions: np.ndarray | None = None


def draw(generated, count, seed=0, progress=None):
    """Draws the generated side of a comparison.

    Args:
        generated: `generators.Saved`, `generators.Rejection` or `datasets.Source`.
        count: Number of samples.
        seed: The stream is `[seed, 1]`.
        progress: Object with `status(text)`, `begin(total)` and `update(done)`, if given.

    Returns:
        `Drawn`.
    """
    if isinstance(generated, Source):
        chosen = sample(len(generated), count, [seed, 1])
        labels = None if generated.labels is None else generated.labels[chosen]
        title, values = generated.source, generated.values[chosen]
    else:
        title = generated.title
        if progress is not None:
            progress.status(f"{count:,} samples of the generator")
        labels = generated.turns_of_labels(count)
        values = generated.sample(count, [seed, 1], labels, progress)
    directions = getattr(generated, "directions", None)
    return Drawn(
        generated.name, read_only(values), labels, title, generated.scale, directions=directions
    )

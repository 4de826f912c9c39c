"""`Saved`: a generator with everything that it takes to make values of a data set with it."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from keras_gans.datasets.sources import PIXELS, Scale
from keras_gans.errors import UsageError

BATCH_SIZE = 500


@dataclass(frozen=True)
class Input:
    """An input of a network.

    Args:
        role: "latents", "labels" (integers) or "one-hot" (labels as vectors). A network that is
            no generator may also take an "image" or "tokens".
        shape: Of one sample.
        classes: Number of classes of labels, else None.
    """

    role: str
    shape: tuple
    classes: int | None = None

    @property
    def size(self):
        """Number of values in one sample."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Saved:
    """A generator: the one in training, a file of this package, or a foreign file.

    Args:
        network: `keras.Model` with one output.
        latents: `latents.Latents`, of all inputs for latents together.
        shape: Of one sample of the data, such as `(height, width, channels)`.
        scale: `datasets.sources.Scale` between the network's output and the data.
        classes: Number of classes, or None where the network takes no labels.
        inputs: Tuple of `Input`, in the order of the network's inputs.
        layout: Position of the channels in the output, "last" or "first"; or "flat" for a vector.
        origin: Dict of plain values: the run that the generator comes from, or what is known of a
            foreign file.
        notes: Tuple of sentences for the user, about what was guessed.
        part: `parts.Part` that builds the network; None for a foreign one, which cannot be saved.
        batch_size: Samples that the network makes at a time.
        title: Name for messages and results, that of the file.
    """

    network: object
    latents: object
    shape: tuple
    scale: Scale
    classes: int | None = None
    inputs: tuple = ()
    layout: str = "last"
    origin: dict = field(default_factory=dict)
    notes: tuple = ()
    part: object = None
    batch_size: int = BATCH_SIZE
    title: str = "the generator"

    @classmethod
    def of(cls, network, part, latents, source, origin):
        """The generator of a run.

        Args:
            network: `keras.Model` that `networks.build` made. A conditional one has the inputs
                [latents, labels].
            part: `parts.Part` of the network.
            latents: `latents.Latents`.
            source: `datasets.sources.Source` that the network learns from.
            origin: Dict of plain values about the run.
        """
        classes = source.classes if len(network.inputs) > 1 else None
        inputs = inputs_of(latents, classes)
        shape, scale = tuple(source.shape), source.scale
        return cls(network, latents, shape, scale, classes, inputs, origin=origin, part=part)

    @property
    def name(self) -> str:
        """The title without the suffix."""
        return Path(self.title).stem

    def make(
        self, latents: np.ndarray, labels: ArrayLike | None = None, progress: Any = None
    ) -> np.ndarray:
        """Values for given latents, in inference mode.

        Args:
            latents: float32 `(n, latents.size)`.
            labels: Integers `(n,)`, for a conditional generator; None for `turns_of_labels(n)`.
            progress: Object with `begin(total)` and `update(done)`, or None.

        Returns:
            Array `(n, *shape)` of data values: uint8 or float32, as `scale` says.

        Raises:
            UsageError: The network takes no such labels, or makes NaN.
        """
        labels = self._checked(labels, len(latents))
        values = np.empty((len(latents), *self.shape), self.scale.dtype)
        if len(latents) <= self.batch_size:
            progress = None  # one step is not counted
        if progress is not None:
            progress.begin(len(latents))
        for start in range(0, len(latents), self.batch_size):
            piece = slice(start, start + self.batch_size)
            given = self.arrays(latents[piece], None if labels is None else labels[piece])
            # `predict` gives the same, but takes as long again to make a data set of the latents.
            values[piece] = self._values(self._quick.predict_on_batch(given))
            if progress is not None:
                progress.update(min(piece.stop, len(latents)))
        return values

    @cached_property
    def _quick(self):
        """The network, or the same function of the same weights in less arithmetic."""
        from keras_gans.networks.rewriting import cheaper  # errors about files need no Keras

        return self.network if self.part is None else cheaper(self.network)

    def sample(
        self,
        count: int,
        seed: int | list[int] = 0,
        labels: ArrayLike | None = None,
        progress: Any = None,
    ) -> np.ndarray:
        """Values for latents that are drawn with a seed: a function of the arguments.

        Args:
            count: Number of samples.
            seed: Integer >= 0 or a list of them, as `latents.sample` takes it.
            labels, progress: As in `make`.

        Returns:
            As `make`.

        Raises:
            UsageError: As in `make`.
        """
        return self.make(self.latents.sample(count, seed), labels, progress)

    @property
    def directions(self) -> np.ndarray | None:
        """Rows `(r, d)` that span the samples of a linear generator; None for every other one.

        They are flattened samples, up to the scale.
        """
        from keras import activations, layers

        shaping = layers.InputLayer, layers.Reshape, layers.Flatten
        made = [layer for layer in self.network.layers if not isinstance(layer, shaping)]
        if len(made) != 1 or not isinstance(made[0], layers.Dense):
            return None
        if made[0].activation is not activations.linear:
            return None
        kernel = made[0].get_weights()[0]
        outputs = kernel.reshape(-1, *self.network.output_shape[1:])
        return self._shaped(outputs).reshape(len(kernel), -1)

    def turns_of_labels(self, count: int) -> np.ndarray | None:
        """Labels 0, 1, 2, ... in turns, int64 `(count,)`; None where the network takes none."""
        return None if self.classes is None else np.arange(count) % self.classes

    def arrays(self, latents, labels=None):
        """The arguments of the network: an array, or a list of them for several inputs.

        Args:
            latents: float32 `(n, latents.size)`; inputs for latents share the columns.
            labels: Integers `(n,)` in [0, classes), or None.

        Raises:
            UsageError: Latents or labels do not fit the network.
        """
        latents = np.asarray(latents, "float32")
        if latents.shape[1:] != (self.latents.size,):
            raise UsageError(
                f"this generator takes latents (n, {self.latents.size}), not {latents.shape}"
            )
        count, used, given = len(latents), 0, []
        for entry, tensor in zip(self.inputs, self.network.inputs, strict=True):
            shape = (count, *entry.shape)
            if entry.role == "latents":
                given.append(latents[:, used : used + entry.size].reshape(shape))
                used += entry.size
            elif entry.role == "one-hot":
                given.append(np.eye(entry.classes, dtype="float32")[labels % entry.classes])
            else:
                given.append((labels % entry.classes).astype(tensor.dtype).reshape(shape))
        return given if len(given) > 1 else given[0]

    def _checked(self, labels, count):
        if labels is None:
            return self.turns_of_labels(count)
        if self.classes is None:
            raise UsageError("this generator takes no labels")
        labels = np.asarray(labels)
        if labels.shape != (count,):
            raise UsageError(f"{count} latents need {count} labels, not an array {labels.shape}")
        if count and not 0 <= labels.min() <= labels.max() < self.classes:
            raise UsageError(f"this generator's labels are 0 to {self.classes - 1}")
        return labels

    def _shaped(self, outputs):
        """Outputs of the network in the shape of the data, `(n, *shape)`."""
        if self.layout == "first":
            outputs = np.moveaxis(outputs, 1, -1)
        outputs = outputs.reshape(len(outputs), *self.shape[:-1], -1)
        return outputs[..., : self.shape[-1]]  # without an alpha channel

    def _values(self, outputs):
        """Outputs of the network as values of the data, `(n, *shape)`."""
        outputs, scale = self._shaped(outputs), self.scale
        if scale.dtype == "uint8" and scale != PIXELS:
            # Every range is rounded in the same way, after it is mapped to [-1, 1].
            outputs = (outputs + scale.shift) * (2 * scale.divisor / 255) - 1
            scale = PIXELS
        return scale.to_values(outputs)


def check_shape(path, found, needed):
    """Refuses a file whose samples do not have the shape that is needed.

    Args:
        path: Of the file.
        found: Shape of its samples.
        needed: The shape, or None for any.

    Raises:
        UsageError: The shapes differ.
    """
    if needed is not None and tuple(found) != tuple(needed):
        found, needed = ("x".join(map(str, shape)) for shape in (found, needed))
        raise UsageError(
            f"{path} makes samples of {found} and {needed} is needed: give another generator, or "
            "convert the data to its shape"
        )


def inputs_of(latents, classes):
    """Inputs of a generator of this package.

    Args:
        latents: `latents.Latents`.
        classes: Number of classes of a conditional generator, else None.

    Returns:
        Tuple of `Input`.
    """
    first = Input("latents", (latents.size,))
    return (first,) if classes is None else (first, Input("labels", (), classes))


def interpolate(start, end, steps, spherical=False):
    """Points between two latents, both ends included.

    Args:
        start: Array `(size,)`.
        end: Array `(size,)`.
        steps: Number of points, >= 2.
        spherical: Follow the arc between the two directions instead of the straight line. The
            points then keep the length that standard normal latents have (White 2016,
            arXiv 1609.04468, section 2.1).

    Returns:
        float32 array `(steps, size)`.
    """
    t = np.linspace(0.0, 1.0, steps)[:, None]
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / lengths, -1.0, 1.0)) if spherical and lengths else 0
    if np.sin(angle) < 1e-6:  # there is no arc between parallel vectors
        points = (1 - t) * start + t * end
    else:
        points = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    return points.astype("float32")


def round_trip(latents, steps, spherical=False):
    """Points on the way through latents, from the last one back to the first.

    Args:
        latents: Array `(k, size)`.
        steps: Number of points from one latent to the next, >= 1.
        spherical: As for `interpolate`.

    Returns:
        float32 array `(k * steps, size)`; each latent is there once.
    """
    ends = np.roll(latents, -1, axis=0)
    pairs = zip(latents, ends, strict=True)
    return np.concatenate([interpolate(*pair, steps + 1, spherical)[:-1] for pair in pairs])

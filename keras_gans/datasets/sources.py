"""Data in memory: values, labels, and the scale between the values and a network.

A `Source` holds the samples that a network learns from. `Images` are uint8 pixels, a quarter of
the memory of float32; `Points` are float32 vectors, such as points in the plane. A `Scale`
converts values to network inputs, and network outputs back to values.
"""

import hashlib
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import isfinite, sqrt

import numpy as np

from keras_gans.datasets.checks import (
    check_images,
    check_labels,
    check_pixels,
    check_points,
    check_unit,
)
from keras_gans.errors import NotFinite, UsageError, short


@dataclass(frozen=True)
class Scale:
    """The linear map between the values of a data set and those of a network.

    A network value is `value / divisor - shift`.

    Args:
        dtype: Of the data: "uint8" or "float32".
        divisor: Positive number.
        shift: Number.

    Raises:
        UsageError: An argument is out of range.
    """

    dtype: str
    divisor: float
    shift: float

    def __post_init__(self):
        numbers = (self.divisor, self.shift)
        if (
            self.dtype not in ("uint8", "float32")
            or not all(type(x) in (int, float) and isfinite(x) for x in numbers)
            or self.divisor <= 0
        ):
            raise UsageError(
                f"no scale: dtype {short(self.dtype)}, divisor {short(self.divisor)}, shift "
                f"{short(self.shift)}; it takes uint8 or float32, a positive and a finite number"
            )

    def to_network(self, values):
        """Scales values of the data set to network values.

        Args:
            values: NumPy array or backend tensor, any shape; inside a compiled step too.

        Returns:
            float32 of the same kind and shape. `to_values` recovers uint8 values exactly.

        Raises:
            UsageError: The data set is uint8 and the values are not. Values that are scaled twice
                would otherwise go unnoticed.
        """
        array = isinstance(values, np.ndarray | np.generic)
        found = str(values.dtype) if array else _dtype(values)
        if self.dtype == "uint8" != found:
            raise UsageError(f"this scale takes uint8 values, not {found}; scale them once only")
        if array:
            scaled = values.astype(np.float32)
        else:
            from keras import ops

            scaled = ops.cast(values, "float32")
        return scaled / self.divisor - self.shift

    def to_values(self, outputs):
        """Converts network outputs to values of the data set.

        Args:
            outputs: Array of floats, any shape.

        Returns:
            NumPy array of the same shape. uint8: rounded, and clipped to 0..255.

        Raises:
            NotFinite: A value is NaN, or it is infinite and the data are float32.
        """
        outputs = np.asarray(outputs)
        if self.dtype == "uint8":
            outputs = np.clip(outputs, -self.shift, 255 / self.divisor - self.shift)
        outputs = outputs.astype(np.float32)
        if not np.isfinite(outputs).all():
            raise NotFinite(
                "the outputs hold NaN or infinity: the network that made them has diverged; "
                "use an earlier one, or train with a lower learning rate"
            )
        values = (outputs + self.shift) * self.divisor
        return np.rint(values).astype(np.uint8) if self.dtype == "uint8" else values

    @property
    def plain(self):
        """The arguments as a dict of plain values: `Scale(**scale.plain) == scale`."""
        return asdict(self)


PIXELS = Scale("uint8", 127.5, 1.0)
"""Pixels of 0 to 255 and network values in [-1, 1], the range of a tanh."""
PLAIN = Scale("float32", 1.0, 0.0)
"""Values that a network reads and writes as they are."""


@dataclass(frozen=True, eq=False)
class Source:
    """A data set in memory. A source equals only itself.

    Args:
        name: Name that the user gave.
        values: NumPy array, first axis samples. One that can be written to is copied, so that the
            fingerprint stays true: clear its `flags.writeable` to save the memory.
        labels: Integers `(n,)`, kept as int64, or None.
        source: Origin of the values, for example `mnist.npz` or `tensorflow-datasets mnist 3.0.1`.
        scale: `Scale` between the values and a network.
        notes: What a user should know about how they were read: a few words each.

    Raises:
        UsageError: The values do not have the scale's dtype, there is no sample, or the labels
            are not as described.
    """

    name: str
    values: np.ndarray
    labels: np.ndarray | None
    source: str
    scale: Scale = PLAIN
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        values = np.ascontiguousarray(self.values)
        if values.dtype != self.scale.dtype or values.ndim < 2 or 0 in values.shape:
            raise UsageError(
                f"{self.source}: {values.dtype} values of the shape {values.shape}; "
                f"give {self.scale.dtype} (n, ...) with at least one sample"
            )
        object.__setattr__(self, "values", _kept(values, self.values))
        if self.labels is not None:
            labels = check_labels(np.asarray(self.labels), len(values), self.source)
            object.__setattr__(self, "labels", read_only(labels))

    def __len__(self):
        return len(self.values)

    @property
    def shape(self):
        """Shape of one sample."""
        return self.values.shape[1:]

    @property
    def classes(self):
        """Number of classes, one more than the highest label, or None without labels."""
        return None if self.labels is None else int(self.labels.max()) + 1

    @property
    def summary(self):
        """One line for the user: how many samples, of what kind, from where, and the notes."""
        return "; ".join([f"{len(self):,} {self._kind} from {self.source}", *self.notes])

    @property
    def _kind(self):
        return f"samples of the shape {self.shape}"

    @property
    def about(self):
        """What identifies the values, as a dict of plain values."""
        shape = list(self.values.shape)
        return {
            "name": self.name, "source": self.source, "shape": shape, "sha256": self.fingerprint,
        }  # fmt: skip

    def standardized(self):
        """The same data for networks that see (value - mean) / std, over all values of the data.

        Raises:
            UsageError: All values are equal.
        """
        mean = float(self.values.mean(dtype=np.float64))
        parts = np.array_split(self.values, -(-len(self) // _AT_ONCE))
        squares = sum(float(np.square(part - mean).sum(dtype=np.float64)) for part in parts)
        std = sqrt(squares / self.values.size)
        if not std:
            raise UsageError(f"{self.source}: all values are {mean:g}; they have no std")
        return replace(self, scale=Scale(self.scale.dtype, std, mean / std))

    @cached_property
    def fingerprint(self):
        """SHA-256, in hexadecimal, of the shape and the bytes of the values."""
        digest = hashlib.sha256(repr(self.values.shape).encode())
        digest.update(self.values)
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Images(Source):
    """Images: uint8 `(n, height, width, channels)` with 1 or 3 channels.

    Args:
        name: As of `Source`, like `labels`, `source` and `notes`.
        values: Pixels of 0 to 255. Grey images may come as `(n, height, width)`. Floats must be
            in [-1, 1], the range of a tanh, and become pixels. Values that look like [0, 1] are
            refused, because their pixels would be too bright, and so are pixels of 0 to 1 or 16.
        scale: Of dtype uint8.

    Raises:
        UsageError: The images or the labels are not as described.
    """

    scale: Scale = PIXELS

    def __post_init__(self):
        images = np.asarray(self.values)
        check_images(images.shape, images.dtype, self.source)
        if images.dtype != np.uint8:
            check_unit(images, self.source)
            images = PIXELS.to_values(images)
        else:
            check_pixels(images, self.source)
        if images.ndim == 3:
            images = images[..., np.newaxis]
        object.__setattr__(self, "values", images)
        super().__post_init__()

    def grey(self):
        """The same images with one channel, the luminance of ITU-R BT.601."""
        if self.shape[-1] == 1:
            return self
        from PIL import Image

        grey = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in self.values])
        return replace(self, values=grey, notes=(*self.notes, "RGB in the file, as luminance"))

    @property
    def _kind(self):
        height, width, channels = self.shape
        return f"images of {width}x{height} {'grey' if channels == 1 else 'RGB'}"


@dataclass(frozen=True, eq=False)
class Points(Source):
    """Vectors of numbers, such as points in the plane: float32 `(n, d)`.

    Args:
        name: As of `Source`, like `labels`, `source`, `scale` and `notes`.
        values: Finite numbers `(n, d)`.
        centers: Centers `(modes, d)` of the mixture that the points come from, or None.
        std: Standard deviation of each of its modes, in every direction, or None.

    Raises:
        UsageError: The points, the labels or the mixture are not as described.
    """

    centers: np.ndarray | None = None
    std: float | None = None

    def __post_init__(self):
        points = _points(self.values, self.source)
        object.__setattr__(self, "values", points)
        super().__post_init__()
        if self.centers is not None:
            centers = _points(self.centers, f"{self.source}: centers")
            if centers.shape[1] != points.shape[1]:
                raise UsageError(
                    f"{self.source}: centers of {centers.shape[1]} numbers and points of "
                    f"{points.shape[1]}; give both the same"
                )
            object.__setattr__(self, "centers", _kept(centers, self.centers))
        if self.std is not None and not 0 < self.std < float("inf"):
            raise UsageError(f"{self.source}: a std of {self.std}; give a positive number")

    @property
    def _kind(self):
        return f"points of {self.shape[0]} number{'s' * (self.shape[0] > 1)}"


def read_only(array):
    """An array that nobody else has, made read-only: a `Source` keeps it without a copy."""
    if isinstance(array.base, np.ndarray):
        read_only(array.base)
    array.flags.writeable = False
    return array


def _kept(values, given):
    """Values that were made of what the user gave, as an array that nobody else can write to."""
    own = not np.may_share_memory(values, np.asarray(given))
    return read_only(values if own or not _writeable(values) else values.copy())


def _writeable(array):
    return isinstance(array, np.ndarray) and (array.flags.writeable or _writeable(array.base))


def _dtype(tensor):
    from keras import backend

    return backend.standardize_dtype(tensor.dtype)


def _points(values, source):
    values = np.asarray(values)
    check_points(values.shape, values.dtype, source)
    with np.errstate(over="ignore"):  # infinite then, and refused
        values = values.astype(np.float32, copy=False)
    if not np.isfinite(values).all():
        raise UsageError(f"{source}: NaN or infinity among the numbers; leave those out")
    return values


_AT_ONCE = 1000  # samples as floats in memory

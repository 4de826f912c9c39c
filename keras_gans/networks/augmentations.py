"""Augmentations: random changes of images, real and generated alike, before the discriminator.

An augmentation is called with samples `(n, height, width, channels)` in network values and a
`keras.random.SeedGenerator`, and can be differentiated by the samples.
"""

from abc import ABC, abstractmethod

import keras
from keras import ops, random

from keras_gans import parts
from keras_gans.errors import UsageError
from keras_gans.parts import NonNegative, Rate, Recorded


class Augmentation(Recorded, ABC):
    """Base of all augmentations."""

    def check(self, shape):
        """Raises a `UsageError` where samples of this shape are no images."""
        if len(shape) != 3:
            raise UsageError(f"an augmentation changes images, not samples of the shape {shape}")

    @abstractmethod
    def __call__(self, images, seed):
        """Changed images, of the same shape.

        Args:
            images: Float tensor `(n, height, width, channels)` in network values.
            seed: `keras.random.SeedGenerator`.
        """


@keras.saving.register_keras_serializable("keras_gans")
class Differentiable(Augmentation):
    """Color, translation and cutout, other ones for each image.

    Zhao et al. 2020, arXiv 2006.10738, with the ranges of the published code. Each of the three is
    left out, and draws nothing, where its option is 0. In order, with u ~ U(0, 1) drawn anew:

    - color: every value x + color * (u - 1/2); then its distance from the mean of the channels
      times 1 + color * (2 u - 1), which changes nothing in grey images; then its distance from the
      mean of the image times 1 + color * (u - 1/2);
    - translation: whole pixels, uniform up to `translation` of height and width either way; zeros,
      the middle of [-1, 1], come in from outside;
    - cutout: zeros in a rectangle of `cutout` of height and width, whose middle is anywhere in the
      image.

    Args:
        color: Strength, >= 0; 1 in the paper.
        translation: Share of height and width, in [0, 1).
        cutout: Share of height and width, in [0, 1).
    """

    def __init__(self, color: NonNegative = 1.0, translation: Rate = 0.125, cutout: Rate = 0.5):
        self.color, self.translation, self.cutout = color, translation, cutout

    def __call__(self, images, seed):
        if self.color:
            images = self._colored(images, seed)
        if self.translation:
            images = self._translated(images, seed)
        return self._cut(images, seed) if self.cutout else images

    def _colored(self, images, seed):
        def factor(width):
            return 1 + self.color * width * (_uniform(images, seed) - 0.5)

        images = images + self.color * (_uniform(images, seed) - 0.5)
        grey = ops.mean(images, axis=-1, keepdims=True)
        images = grey + (images - grey) * factor(2)
        mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        return mean + (images - mean) * factor(1)

    def _translated(self, images, seed):
        # A matrix of zeros and ones moves the rows of each image, another one its columns.
        for axis, product in ((1, "nij,njwc->niwc"), (2, "nij,nhjc->nhic")):
            size = images.shape[axis]
            most = int(self.translation * size + 0.5)
            shift = _integers(images, -most, most + 1, seed)
            places = ops.arange(size)
            moved = places[None, :, None] + shift[..., None] == places
            images = ops.einsum(product, ops.cast(moved, images.dtype), images)
        return images

    def _cut(self, images, seed):
        inside = []
        for size in images.shape[1:3]:
            width = int(self.cutout * size + 0.5)
            first = _integers(images, 0, size + 1 - width % 2, seed) - width // 2
            places = ops.arange(size)
            inside.append((places >= first) & (places < first + width))
        rows, columns = inside
        hidden = rows[:, :, None, None] & columns[:, None, :, None]
        return images * ops.cast(~hidden, images.dtype)


def _uniform(images, seed):
    """One number in [0, 1) for each image, `(n, 1, 1, 1)`."""
    return random.uniform((ops.shape(images)[0], 1, 1, 1), dtype=images.dtype, seed=seed)


def _integers(images, low, high, seed):
    """One integer in [low, high) for each image, `(n, 1)`."""
    return random.randint((ops.shape(images)[0], 1), low, high, dtype="int32", seed=seed)


AUGMENTATIONS = {"differentiable": Differentiable}


def get(identifier):
    """The augmentation of a name, a mapping or a `Part`; None and an object are returned.

    Raises:
        UsageError: It is unknown, or an option is, or it is another kind of object.
    """
    return parts.get("augmentations", identifier, Augmentation | None)

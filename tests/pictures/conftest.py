"""Pictures as arrays of pixels."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def pixels():
    """A function that reads a PNG as integers `(height, width, 3)`."""

    def read(path):
        with Image.open(path) as image:
            image.load()
            assert image.format == "PNG"
            return np.asarray(image.convert("RGB")).astype(int)

    return read


@pytest.fixture
def count_colour():
    """A function that counts the pixels of about one colour."""

    def count(image, colour, tolerance=12):
        return int((np.abs(image - colour) <= tolerance).all(axis=-1).sum())

    return count

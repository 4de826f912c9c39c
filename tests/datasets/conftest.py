"""Image files to read, real data if there are any, and data sets of tensorflow-datasets."""

import io
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_gans.errors import UsageError

DEVELOPMENT = (
    Path(__file__).parents[3] / "shared" / "data"
)  # next to the repository, where it is there


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def refused():
    """A function that expects a `UsageError` of one line that matches, with little memory."""

    def refuse(match, read, *arguments):
        tracemalloc.start()
        try:
            with pytest.raises(UsageError, match=match) as error:
                read(*arguments)
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 600

    return refuse


@pytest.fixture
def encoded():
    """A function from an array or Pillow image to the bytes of an image file."""

    def encode(image, kind="PNG", **options):
        image = image if isinstance(image, Image.Image) else Image.fromarray(image)
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return encode


@pytest.fixture
def saved():
    """A function from `np.save` or `np.savez` and its arguments to the bytes of the file."""

    def save(function, *arrays, **named):
        file = io.BytesIO()
        function(file, *arrays, **named)
        return file.getvalue()

    return save


@pytest.fixture
def real():
    """A function from a file's name to its path in the data folder, or a skipped test."""

    def find(name):
        folders = [Path(os.environ["KERAS_GANS_DATA"])] if "KERAS_GANS_DATA" in os.environ else []
        for folder in [*folders, DEVELOPMENT]:
            if (folder / name).exists():
                return folder / name
        pytest.skip(f"{name} is not on this machine")

    return find


@pytest.fixture
def prepared():
    """A function that prepares a small data set of tensorflow-datasets, without a network.

    It takes the data folder, the name in tensorflow-datasets, and {split: {key: example}}, each
    example with an `image`, an array or the bytes of a file, and perhaps a `label`.
    """
    tfds = pytest.importorskip("tensorflow_datasets")

    def prepare(folder, name, splits):
        example = next(iter(next(iter(splits.values())).values()))
        channels = getattr(example["image"], "shape", [3])[-1]
        features = {"image": tfds.features.Image(shape=(None, None, channels))}
        if "label" in example:
            features["label"] = tfds.features.ClassLabel(num_classes=10)

        def info(self):
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features)
            )

        def generate(self, examples):
            for key, example in examples.items():
                image = example["image"]
                yield (
                    key,
                    example | {"image": io.BytesIO(image) if isinstance(image, bytes) else image},
                )

        body = {
            "name": name,
            "VERSION": tfds.builder_cls(name).VERSION,
            "_info": info,
            "_generate_examples": generate,
            "_split_generators": lambda self, _: {
                split: self._generate_examples(examples) for split, examples in splits.items()
            },
        }
        builder = type(name, (tfds.core.GeneratorBasedBuilder,), body, skip_registration=True)
        builder(data_dir=folder / "tensorflow_datasets").download_and_prepare()

    return prepare

"""Measures of a generator, or of a folder of images, beside real ones: `keras-gans evaluate`.

Both sides are uint8 images that go through the same extractor, once, whatever is measured. What
is returned says what was measured, on how many images, of which content, with which network,
weights and seeds, so that the number can be made again.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import keras_gans
from keras_gans import datasets, generators
from keras_gans.errors import UsageError, suggestion
from keras_gans.metrics import features, measures, metric_name
from keras_gans.metrics.cache import cached_features, sample

REAL_SEED = 0
"""Of the choice of real images: one for all, so that every comparison has the same reals."""
SAMPLES = 5000
"""Images on each side, where no other number is asked for and there are so many."""


@dataclass(frozen=True)
class Request:
    """What to measure.

    Attributes:
        source: Path of a generator .h5, or of a folder, .zip or .npz of images.
        dataset: Name of the real data set, or the path of a folder, .zip or .npz.
        measures: Names of `measures.names()`.
        extractor: Name of `features.names()`; None for the one that suits the images.
        samples: Images on each side; None for 5,000, or for all where there are fewer.
        seed: Of latents, or of the choice of images, and of what a measure draws.
        split: Of the real data set, "train" or "test".
        output_range, latents: Of a stranger's generator, as `generators.load` takes them.
        damaged: Images of a folder or .zip that cannot be read, on either side: "refuse" or
            "skip".
    """

    source: Path
    dataset: str
    measures: tuple = ("fid",)
    extractor: str | None = None
    samples: int | None = None
    seed: int = 0
    split: str = "train"
    output_range: tuple | None = None
    latents: str | None = None
    damaged: str = "refuse"

    def __post_init__(self):
        for name in self.measures:
            if name not in measures.names():
                raise UsageError(f"unknown metric '{name}'{suggestion(name, measures.names())}")
        if self.extractor is not None and self.extractor not in features.names():
            raise UsageError(
                f"unknown feature extractor '{self.extractor}'"
                f"{suggestion(self.extractor, features.names())}"
            )
        if not Path(self.source).exists():
            raise UsageError(f"there is no file or folder {self.source}")


def evaluate(request, data_dir=None, progress=None):
    """Measures what a request says.

    Args:
        request: `Request`.
        data_dir: The data folder; see `datasets.data_folder`.
        progress: Object with `status(text)`, `note(text)`, `begin(total)` and `update(done)`, if
            given.

    Returns:
        A dict of plain values: "generated" and "real" say which images, "results" is a list of
        {"name", "measure", "value", "std", "better", "features", "weights"}, "versions" and
        "seed" the rest.

    Raises:
        UsageError: A file or a data set is not as it should be, the two sides differ in size or
            channels, or there are too few images. No number is given then.
    """
    progress = progress or _Quiet()
    progress.status("reading the real images")
    real = datasets.load(request.dataset, data_dir, request.split, request.damaged)
    fake = _generated(request, real, progress)
    if fake.shape != real.shape:
        raise UsageError(
            f"{fake.source} has images of {_text(fake.shape)} and {real.source} of "
            f"{_text(real.shape)}: bring them to one size and number of channels first"
        )
    count = _count(request, fake, real)
    folder = datasets.data_folder(data_dir)
    chosen = request.extractor or features.default_name(real.shape)
    pairs = {name: measures.feature_names(name, chosen, real.name) for name in request.measures}
    # Every name is known and every weight is there before the first image is looked at.
    loaded = {name: features.get(name, folder) for pair in pairs.values() for name in pair}

    def side(images, seed, extractor, what):
        progress.status(f"{extractor.name} of {count:,} {what} images")
        progress.begin(count)
        return cached_features(
            images.images,
            images.fingerprint,
            extractor,
            count,
            seed,
            folder / "features",
            lambda done, total: progress.update(done),
        )

    labels = None if fake.labels is None else fake.labels[sample(len(fake), count, request.seed)]
    compared = {}
    for pair in dict.fromkeys(pairs.values()):
        reals = measures.Reals(side(real, REAL_SEED, loaded[pair[0]], "real"))
        found = side(fake, request.seed, loaded[pair[1]], "generated")
        compared[pair] = measures.Comparison(reals, found, loaded[pair[1]], labels, request.seed)
    results = []
    for name in request.measures:
        progress.status(name)
        extractor = loaded[pairs[name][1]]
        value, std = measures.compute(name, compared[pairs[name]])
        results.append(
            {
                "name": metric_name(name, count, extractor.name),
                "measure": name,
                "value": value,
                "std": std,
                "better": measures.MEASURES[name].better,
                "convention": measures.MEASURES[name].about,
                "features": extractor.name,
                "weights": extractor.weights_hash,
            }
        )
    return {
        "results": results,
        "count": count,
        "seed": request.seed,
        "generated": _about(fake),
        "real": {**_about(real), "split": request.split, "seed": REAL_SEED},
        "keras_gans": keras_gans.__version__,
        "versions": _versions(),
    }


def _generated(request, real, progress):
    """The generated images: made by a generator, or read."""
    path = Path(request.source)
    told = request.output_range is not None or request.latents is not None
    if path.suffix.lower() not in (".h5", ".hdf5", ".keras"):
        if told:
            raise UsageError(f"{path} is no generator and needs no --range or --latents")
        return datasets.load(Path(os.path.abspath(path)), damaged=request.damaged)
    progress.status("opening the generator")
    generator, recipe = generators.load(path, request.output_range, request.latents)
    if told and not generators.is_foreign(recipe):
        raise UsageError(f"{path} is of a run and needs no --range or --latents")
    if recipe.get("kind"):
        raise UsageError(f"{path} is {recipe['kind']}")
    for note in recipe.get("notes", ()):
        progress.note(f"note: {note}")
    count = request.samples or min(SAMPLES, len(real))
    progress.status(f"{count:,} images of {path.name}")
    classes = recipe.get("labels")  # as many of each
    labels = np.arange(count) % classes if classes else None
    images = generators.sample(generator, recipe, count, request.seed, labels)
    return datasets.Images(path.stem, images, labels, source=path.name)


def _count(request, fake, real):
    available = min(len(fake), len(real))
    count = request.samples or min(SAMPLES, available)
    fewer = fake if len(fake) < len(real) else real
    if count > available:
        raise UsageError(
            f"{count:,} images are asked for, and {fewer.source} has {available:,}: give more "
            f"images, or --samples {available}"
        )
    if count < 2:
        raise UsageError(f"{fewer.source} has one image; a comparison needs at least 2")
    return count


def _about(images):
    return {
        "name": images.name,
        "source": images.source,
        "images": list(images.images.shape),
        "sha256": images.fingerprint,
    }


def _versions():
    from importlib.metadata import version

    import keras

    packages = ("keras", keras.config.backend(), "numpy", "scipy")
    return {name: version(name) for name in packages}


def _text(shape):
    return "x".join(map(str, shape))


class _Quiet:
    def status(self, text):
        pass

    note = begin = update = status

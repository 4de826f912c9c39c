"""Audit of the FIDs that Akel 2022 prints: why one of them is 0.07.

The thesis measures with the InceptionV3 of keras.applications, whose `preprocess_input` expects
pixels of 0 to 255. It also accepts images in [-1, 1] or [0, 1], as pictures of almost no contrast,
and the distance between two such sets is almost 0. Three probes measure the same images in all
three ranges:

    null        real images and other real images: the lower limit for any generator
    black       real images and black ones: the value of a generator whose images reach the
                network nearly black
    generator   real images and those of the generators of finished runs, in the ranges that an
                evaluation may have used
"""

import json
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

import keras_gans
from keras_gans import datasets, evaluation, generators, rows
from keras_gans.datasets import Images
from keras_gans.errors import UsageError
from keras_gans.files import replacing, sha256, writing
from keras_gans.metrics import features
from keras_gans.metrics.features.cache import cached_features
from keras_gans.metrics.fid import frechet_distance
from keras_gans.metrics.statistics import Statistics
from keras_gans.studies.fid_audit_page import DATASETS, RANGES, READINGS, draw, markdown

TABLE = "akel2022"
NETWORKS = ("imagenet2048", "imagenet768")
_SAME = ("network", "weights", "samples", "keras_gans")


@dataclass(frozen=True)
class Generator:
    """The generator of a finished run of the table.

    Attributes:
        row: Number of the row.
        dataset: Name of its data set.
        path: The last generator_model_*.h5.
        printed: The FID that the document prints for the row.
    """

    row: int
    dataset: str
    path: Path
    printed: float


def audit(results, data_dir, out, samples, network, progress):
    """Runs the probes and writes audit.json, audit.png and README.md.

    audit.json is written after every distance, and distances in it that are of the same images,
    network and generator are not computed again. So an audit that was stopped is resumed.

    Args:
        results: Folder with the runs of the table; rows without a generator are omitted.
        data_dir: The data folder; see `datasets.data_folder`.
        out: Folder to write.
        samples: Images on each side.
        network: "imagenet2048" or "imagenet768"; None for the first whose weights are there.
        progress: Object with `status(text)`, `note(text)`, `begin(total)` and `update(done)`.

    Returns:
        Path of README.md.

    Raises:
        UsageError: The weights of the network or both data sets are missing, or a data set has
            fewer than twice as many images as `samples`.
        Failed: A file cannot be written.
    """
    folder = datasets.data_folder(data_dir)
    extractors = _extractors(network, folder)
    sources = _sources(data_dir, samples, progress)
    extractor = extractors["0..255"]
    content = {
        "network": extractor.name,
        "weights": extractor.weights_hash,
        "samples": samples,
        "data": {
            name: {"source": data.source, "images": len(data), "sha256": data.fingerprint}
            for name, data in sources.items()
        },
        "keras_gans": keras_gans.__version__,
        "distances": [],
    }
    out = Path(out)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    record = _Records(out / "audit.json", content)
    found = finished(results)
    for data in sources.values():
        _probe(data, found, record, _Distances(extractors, folder / "features", progress), samples)
    page, text = out / "README.md", markdown(content, rows.read_table(TABLE).source)
    with writing(out):
        draw(out / "audit.png", content)
        with replacing(page) as partial:
            partial.write_text(text, encoding="utf-8")
    return page


def finished(results):
    """The generators of finished runs of the table, in the order of its rows.

    Args:
        results: Folder of results.

    Returns:
        List of `Generator`.
    """
    table = rows.read_table(TABLE)
    found = []
    for row in sorted(table.rows):
        experiment = table.experiment(row)
        folder = Path(results) / TABLE / str(row) / "seed-0"
        path = folder / f"generator_model_{experiment.iterations:06d}.h5"
        if path.is_file():
            name, printed = experiment.dataset.name, experiment.printed["fid_thesis"]
            found.append(Generator(row, name, path, printed))
    return found


def _extractors(network, folder):
    """{range: extractor} of the network."""
    for name in [network] if network else NETWORKS:
        try:
            return {r: features.get(f"{name}{end}", folder) for r, end in RANGES.items()}
        except features.WeightsMissing as error:
            missing = error
    raise missing


def _sources(data_dir, samples, progress):
    """{name: data set} of those that are there."""
    sources = {}
    for name in DATASETS:
        try:
            sources[name] = data = datasets.load(name, data_dir)
        except UsageError as error:
            progress.note(f"without {name}: {error}")
            continue
        if len(data) < 2 * samples:
            raise UsageError(
                f"{data.source} has {len(data):,} images and the audit needs two sets of "
                f"{samples:,}: --samples {len(data) // 2}"
            )
    if not sources:
        raise UsageError(f"neither of {', '.join(DATASETS)} is there: nothing to audit")
    return sources


class _Records:
    """The distances in audit.json: those of an earlier audit are taken from it.

    Args:
        path: The file.
        content: What it is to contain; `distances` is filled.
    """

    def __init__(self, path, content):
        self.path, self.content = path, content
        self._earlier = {}
        try:
            earlier = json.loads(path.read_text())
            if all(earlier[key] == content[key] for key in _SAME):
                for record in earlier["distances"]:
                    key = self._key(record, earlier)
                    self._earlier[key] = float(record["value"])
        except (OSError, ValueError, TypeError, KeyError):
            pass  # there is none, or none that this version wrote

    def __call__(self, compute, **about):
        """Adds a record; `compute` is called if there is no earlier value."""
        value = self._earlier.get(self._key(about, self.content))
        if value is None:
            value = compute()
        self.content["distances"].append({**about, "value": value})
        with writing(self.path), replacing(self.path) as partial:
            partial.write_text(json.dumps(self.content, indent=1) + "\n")

    @staticmethod
    def _key(record, content):
        keys = "probe", "row", "sha256", "printed", "real_range", "fake_range"
        return content["data"][record["data"]]["sha256"], *(record.get(key) for key in keys)


class _Distances:
    """Frechet distances between sets of images; the features of a set are computed once a range.

    Args:
        extractors: {range: extractor}.
        cache_folder: Folder in which the features of real images are cached.
        progress: As for `audit`.
    """

    def __init__(self, extractors, cache_folder, progress):
        self.extractors, self.cache_folder, self.progress = extractors, cache_folder, progress
        self._statistics = {}

    def __call__(self, real, real_range, fake, fake_range, keep):
        """Distance between two sets of images, each scaled to a range.

        Args:
            real, fake: `datasets.Source`.
            real_range, fake_range: Keys of `RANGES`.
            keep: Whether the fake features are cached on disk, as the real ones are.
        """
        return frechet_distance(self._of(real, real_range, True), self._of(fake, fake_range, keep))

    def _of(self, images, given, keep):
        key = images.fingerprint, given
        if key not in self._statistics:
            extractor, count = self.extractors[given], len(images)
            self.progress.status(f"{extractor.name} of {images.name}")
            self.progress.begin(count)

            def update(done, total):
                self.progress.update(done)

            if keep:
                found = cached_features(images, extractor, count, 0, self.cache_folder, update)
            else:
                found = extractor(images.values, update)
            self._statistics[key] = Statistics(found)
        return self._statistics[key]


def _probe(data, found, record, distance, samples):
    """Records all distances of one data set."""
    order = np.random.Generator(np.random.Philox(0)).permutation(len(data))

    def part(name, chosen):
        return Images(name, data.values[np.sort(order[chosen])], None, name)

    real = part(data.name, slice(samples))
    others = part(f"other images of {data.name}", slice(samples, 2 * samples))
    # Two images have the moments of any number of equal ones.
    black = Images("black images", np.zeros_like(real.values[:2]), None, "black images")

    def measure(make, real_range, fake_range, probe, **about):
        about |= {"real_range": real_range, "fake_range": fake_range}
        record(
            lambda: distance(real, real_range, make(), fake_range, keep=probe == "null"),
            data=data.name,
            probe=probe,
            **about,
        )

    for given in RANGES:
        measure(lambda: others, given, given, "null")
    for ranges in READINGS.values():
        measure(lambda: black, *ranges, "black")
    for i, generator in enumerate(g for g in found if g.dataset == data.name):
        make = cache(partial(_images, generator, samples))
        about = {"row": generator.row, "printed": generator.printed}
        about["sha256"] = sha256(generator.path)
        # The first generator in all nine ways, the others in those of the readings.
        ways = [(r, f) for r in RANGES for f in RANGES] if i == 0 else READINGS.values()
        for ranges in ways:
            measure(make, *ranges, "generator", **about)


def _images(generator, samples):
    saved = generators.load(generator.path)
    return evaluation.draw(saved, samples, saved.origin.get("seed", 0))

"""Why a document prints an FID of 0.07: the probes that can tell, and a page of answers.

Akel 2022 measures with the InceptionV3 of keras.applications, whose `preprocess_input` expects
pixels of 0 to 255. Images in [-1, 1] or [0, 1] also pass through it, as pictures of almost no
contrast, and the distance between two such sets is almost nothing. The probes measure the same
images in all three ranges:

    null        real images beside other real images: what no generator can beat
    black       real images beside all-black ones: what a generator scores whose images arrive
                nearly black
    generators  the generators of the finished runs, in the ranges that an evaluation may have
                given them
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import keras_gans
from keras_gans import datasets, generators, plots
from keras_gans.errors import UsageError
from keras_gans.experiment import read_table
from keras_gans.files import replacing
from keras_gans.metrics import features
from keras_gans.metrics.cache import cached_features
from keras_gans.metrics.fid import frechet_distance
from keras_gans.metrics.statistics import Statistics

TABLE = "akel2022"
DATASETS = ("mnist", "celeba")
RANGES = {"0..255": "", "-1..1": "_signed", "0..1": "_unit"}
"""Ranges in which images are given to the network, and the end of the extractor's name."""
READINGS = {
    "right": ("0..255", "0..255"),
    "mixed": ("0..255", "-1..1"),
    "unscaled": ("-1..1", "-1..1"),
}
"""(real, generated): scaled as the network expects, the generated images not, neither."""
NETWORKS = ("imagenet2048", "imagenet768")


@dataclass(frozen=True)
class Generator:
    """A finished run of the audited table.

    Attributes:
        row: Its number.
        dataset: Name of its data.
        path: The last generator_model_*.h5.
        printed: What the document prints for the row.
    """

    row: int
    dataset: str
    path: Path
    printed: float


def audit(results, data_dir, out, samples, network, progress):
    """Runs the probes and writes out/README.md, audit.json and audit.png.

    Features are kept in the data folder as they are made, so an audit that was stopped goes on
    where it was.

    Args:
        results: Folder with the runs of the table; rows without a generator are left out.
        data_dir: The data folder.
        out: Folder to write.
        samples: Images on each side.
        network: "imagenet2048" or "imagenet768"; None for the one whose weights are there.
        progress: Object with `status(text)`, `note(text)`, `begin(total)`, `update(done)`.

    Returns:
        Path of the page.

    Raises:
        UsageError: The network's weights or both data sets are missing, or a data set has fewer
            than twice as many images as `samples`.
    """
    folder = datasets.data_folder(data_dir)
    extractors = _extractors(network, folder)
    found = [g for g in finished(results) if g.dataset in DATASETS]
    probes = _Probes(extractors, folder / "features", samples, progress)
    records, sources = [], {}
    for name in DATASETS:
        try:
            data = datasets.load(name, data_dir)
        except UsageError as error:
            progress.note(f"without {name}: {error}")
            continue
        sources[name] = {"source": data.source, "images": len(data), "sha256": data.fingerprint}
        records += _audit_data(data, [g for g in found if g.dataset == name], probes)
    if not records:
        raise UsageError(f"neither of {', '.join(DATASETS)} is there: nothing to audit")
    extractor = extractors["0..255"]
    content = {
        "network": extractor.name,
        "weights": extractor.weights_hash,
        "samples": samples,
        "data": sources,
        "keras_gans": keras_gans.__version__,
        "distances": records,
    }
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    with replacing(out / "audit.json") as partial:
        partial.write_text(json.dumps(content, indent=1) + "\n")
    plots.audit(out / "audit.png", _plotted(content), f"{extractor.name}, {samples:,} images")
    page = out / "README.md"
    with replacing(page) as partial:
        partial.write_text(markdown(content), encoding="utf-8")
    return page


def finished(results):
    """The generators of the table's finished runs, as the rows say, in their order."""
    table = read_table(TABLE)
    found = []
    for row in sorted(table.rows):
        experiment = table.experiment(row)
        path = (
            Path(results) / TABLE / str(row) / "seed-0"
            / f"generator_model_{experiment.iterations:06d}.h5"
        )  # fmt: skip
        if path.is_file():
            found.append(Generator(row, experiment.dataset, path, experiment.printed["fid_thesis"]))
    return found


def _extractors(network, folder):
    for name in [network] if network else NETWORKS:
        try:
            return {r: features.get(f"{name}{end}", folder) for r, end in RANGES.items()}
        except features.WeightsMissing as error:
            missing = error
    raise missing


class _Probes:
    """Distances between sets of images, each set's features taken once per range."""

    def __init__(self, extractors, cache_folder, samples, progress):
        self.extractors, self.cache_folder = extractors, cache_folder
        self.samples, self.progress = samples, progress
        self._statistics = {}

    def distance(self, real, real_range, fake, fake_range):
        """Frechet distance between two `datasets.Images`, given in the two ranges."""
        return frechet_distance(self._of(real, real_range), self._of(fake, fake_range))

    def _of(self, images, given):
        key = images.fingerprint, given
        if key not in self._statistics:
            extractor = self.extractors[given]
            self.progress.status(f"{extractor.name} of {images.name}")
            self.progress.begin(len(images))
            self._statistics[key] = Statistics.from_features(
                cached_features(
                    images.images,
                    images.fingerprint,
                    extractor,
                    len(images),
                    0,
                    self.cache_folder,
                    lambda done, total: self.progress.update(done),
                )
            )
        return self._statistics[key]


def _audit_data(data, found, probes):
    """Records of all distances for one data set."""
    n = probes.samples
    if len(data) < 2 * n:
        raise UsageError(
            f"{data.source} has {len(data):,} images and the audit needs two sets of {n:,}: "
            f"--samples {len(data) // 2}"
        )
    order = np.random.Generator(np.random.Philox(0)).permutation(len(data))

    def images(name, pixels):
        return datasets.Images(name, pixels, None, name)

    real = images(data.name, data.images[np.sort(order[:n])])
    others = images(f"other images of {data.name}", data.images[np.sort(order[n : 2 * n])])
    black = images("black images", np.zeros_like(real.images[:2]))  # as good as n equal ones
    records = []

    def record(probe, fake, real_range, fake_range, **about):
        value = probes.distance(real, real_range, fake, fake_range)
        ranges = {"real_range": real_range, "fake_range": fake_range}
        records.append({"data": data.name, "probe": probe, **about, **ranges, "value": value})

    for given in RANGES:
        record("null", others, given, given)
    for real_range, fake_range in READINGS.values():
        record("black", black, real_range, fake_range)
    for i, g in enumerate(found):
        generator, recipe = generators.load(g.path)
        made = images(f"row {g.row}", generators.sample(generator, recipe, n, 0))
        # One generator in all nine ways; the others as an evaluation may have had them.
        ways = [(r, f) for r in RANGES for f in RANGES] if i == 0 else list(READINGS.values())
        for real_range, fake_range in ways:
            record("generator", made, real_range, fake_range, row=g.row, printed=g.printed)
    return records


def markdown(content):
    """The page of an audit.

    Args:
        content: What audit.json holds.

    Returns:
        Text in Markdown.
    """
    n, network = content["samples"], content["network"]
    lines = [
        "# Why the thesis prints an FID of 0.07",
        "",
        f"Source: {read_table(TABLE).source}. Written by `keras-gans audit`; every number is in "
        "[audit.json](audit.json).",
        "",
        f"All distances: {n:,} against {n:,} images, features `{network}` (keras.applications "
        "InceptionV3, nearest neighbour to 299 pixels, `preprocess_input`), weights sha256 "
        f"{content['weights'][:16]}. They are comparable with each other and, for "
        "`imagenet2048`, with the printed values; never with an FID.",
        "",
    ]
    if network != "imagenet2048":
        lines += [
            f"**These are distances of `{network}`, not of the 2,048 features that the thesis "
            "used**: the weights of the last blocks were not there. Ratios and orders of size "
            "carry over; the values themselves do not. `keras-gans weights imagenet`, where there "
            "is a network, and this command again give the others.",
            "",
        ]
    lines += ["![distances by reading](audit.png)", ""]
    for name, data in content["data"].items():
        lines += _section(
            name, data, [r for r in content["distances"] if r["data"] == name], network
        )
    return "\n".join([*lines, *_fits(content)])


def _section(name, data, records, network):
    values = {
        (r["probe"], r.get("row"), r["real_range"], r["fake_range"]): r["value"] for r in records
    }
    printed = {r["row"]: r["printed"] for r in records if r["probe"] == "generator"}
    null = {given: values["null", None, given, given] for given in RANGES}
    lines = [
        f"## {name}: {data['source']}, {data['images']:,} images, sha256 {data['sha256'][:16]}",
        "",
        "| images | printed | right: both 0..255 | mixed: real 0..255, generated -1..1 | "
        "unscaled: both -1..1 | right / unscaled |",
        "|---|---|---|---|---|---|",
    ]

    def row(title, print_, cells):
        right, _, unscaled = cells
        ratio = f"{right / unscaled:,.0f}" if unscaled else "-"
        cells = ["-" if v is None else f"{v:.4g}" for v in cells]
        lines.append(f"| {title} | {print_} | {' | '.join(cells)} | {ratio} |")

    row("other real images", "-", [null["0..255"], None, null["-1..1"]])
    row("black", "-", [values["black", None, *ways] for ways in READINGS.values()])
    for number in printed:
        cells = [values["generator", number, *ways] for ways in READINGS.values()]
        row(f"generator of row {number}", f"{printed[number]:g}", cells)
    if printed:
        first = next(iter(printed))
        lines += ["", f"The generator of row {first} in all ranges:", ""]
        lines += ["| real \\ generated | " + " | ".join(RANGES) + " |", "|---|---|---|---|"]
        for real in RANGES:
            cells = [f"{values['generator', first, real, fake]:.4g}" for fake in RANGES]
            lines.append(f"| {real} | {' | '.join(cells)} |")
    return [*lines, "", *_answers(values, null, printed, network), ""]


def _answers(values, null, printed, network):
    """What the numbers say, in sentences that hold whatever they are."""
    floor, unscaled = null["0..255"], null["-1..1"]
    lines = [
        f"- Two sets of real images are {floor:.4g} apart when scaled right, {unscaled:.4g} in "
        f"-1..1 and {null['0..1']:.4g} in 0..1: the range alone makes a factor of "
        f"{floor / unscaled:,.0f} and {floor / null['0..1']:,.0f}."
    ]
    if not printed:
        return [*lines, "- No generator of the table was there to measure."]
    if network == "imagenet2048":  # only there the printed values are on this scale
        below = ", ".join(str(row) for row, value in printed.items() if value < floor)
        lines.append(
            "- Printed below what real images score against each other: "
            f"{'row ' + below if below else 'none of the rows measured here'}."
        )
    black = values["black", None, *READINGS["mixed"]]
    for reading, ways in READINGS.items():
        found = [values["generator", row, *ways] for row in printed]
        spread = f"{min(found):.4g} to {max(found):.4g}" if len(found) > 1 else f"{found[0]:.4g}"
        compared = f"; all-black images score {black:.4g}" if reading == "mixed" else ""
        lines.append(f"- Read as *{reading}*, the generators score {spread}{compared}.")
    shown = ", ".join(f"{value:g} (row {row})" for row, value in printed.items())
    lines.append(f"- The document prints {shown}.")
    return lines


def _fits(content):
    """Which reading the printed values fit, by two ratios that need no common scale."""
    rows = {name: _rows(content, name) for name in content["data"]}
    lines = ["## What fits the printed values", ""]
    lines += ["Ratios can be compared whatever the features are.", ""]
    lines += ["| ratio | printed | " + " | ".join(READINGS) + " |", "|---|---|---|---|---|"]
    answers = []

    def compare(title, printed, found, answer):
        cells = ["-" if reading not in found else f"{found[reading]:.3g}" for reading in READINGS]
        lines.append(f"| {title} | {printed:.3g} | {' | '.join(cells)} |")
        nearest = min(found, key=lambda reading: abs(np.log(found[reading] / printed)))
        answers.append(f"- {answer}: *{nearest}* is nearest to what is printed.")

    for name, found in rows.items():
        if len(found) > 1:
            spread = {
                key: max(row[key] for row in found.values())
                / min(row[key] for row in found.values())
                for key in ("printed", *READINGS)
            }
            compare(
                f"largest to smallest of {name}, rows {', '.join(map(str, found))}",
                spread.pop("printed"),
                spread,
                f"How much the rows of {name} differ",
            )
    mnist, celeba = (list(rows.get(name, {}).values()) for name in DATASETS)
    if mnist and celeba:
        middle = {
            key: [float(np.median([row[key] for row in side])) for side in (mnist, celeba)]
            for key in ("printed", *READINGS)
        }
        base = {reading: middle[reading][1] / middle["mixed"][0] for reading in READINGS}
        compare(
            "median of celeba to that of mnist, this one read as mixed",
            middle["printed"][1] / middle["printed"][0],
            base,
            "How far celeba lies below mnist",
        )
    if not answers:
        return [*lines[:2], "Too few generators were there to tell.", ""]
    return [*lines, "", *answers, ""]


def _rows(content, name):
    """{row: {"printed", and each reading: value}} of one data set."""
    rows = {}
    for r in content["distances"]:
        if r["data"] == name and r["probe"] == "generator":
            row = rows.setdefault(r["row"], {"printed": r["printed"]})
            for reading, ways in READINGS.items():
                if ways == (r["real_range"], r["fake_range"]):
                    row[reading] = r["value"]
    return rows


def _plotted(content):
    """For the figure: {data set: (null, {row: {"printed", and each reading: value}})}."""
    panels = {}
    for name in content["data"]:
        null = next(
            r["value"] for r in content["distances"] if (r["data"], r["probe"]) == (name, "null")
        )
        panels[name] = (null, _rows(content, name))
    return panels

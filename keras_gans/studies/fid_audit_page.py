"""Page and figure of the audit of Akel 2022: the readings, and the reading that fits."""

import numpy as np

from keras_gans.pictures.figures import figure, save_figure

DATASETS = ("mnist", "celeba")
RANGES = {"0..255": "", "-1..1": "_signed", "0..1": "_unit"}
"""Ranges to which images are scaled for the network: {range: suffix of the extractor's name}."""
READINGS = {
    "right": ("0..255", "0..255"),
    "mixed": ("0..255", "-1..1"),
    "unscaled": ("-1..1", "-1..1"),
}
"""Hypotheses: {name: (range of the real images, range of the generated ones)}."""


def markdown(content, document):
    """The page.

    Args:
        content: The content of audit.json.
        document: The audited document, as a reference.

    Returns:
        Text in Markdown.
    """
    n, network = content["samples"], content["network"]
    lines = [
        "# Why the thesis prints an FID of 0.07",
        "",
        f"Source: {document}. Written by `keras-gans audit`; all values are in "
        "[audit.json](audit.json).",
        "",
        f"Each distance is between {n:,} and {n:,} images, in the features `{network}` "
        "(keras.applications InceptionV3, nearest neighbour to 299 pixels, `preprocess_input`), "
        f"weights sha256 {content['weights'][:16]}. The distances are comparable with each other "
        "and, for `imagenet2048`, with the printed values, but never with an FID.",
        "",
    ]
    if network != "imagenet2048":
        lines += [
            f"**These are distances in `{network}`, not in the 2,048 features that the thesis "
            "used**: only the weights of the first blocks were there. The values cannot be "
            "compared with the printed ones. With a network connection, `keras-gans weights "
            "imagenet` and then this command give those of all 2,048 features.",
            "",
        ]
    lines += ["![distances by reading](audit.png)", ""]
    for name, data in content["data"].items():
        lines += _section(name, data, _records(content, name), network)
    return "\n".join([*lines, *_fits(content)])


def draw(path, content):
    """Draws the distances: one panel for each data set, one column of marks for each row.

    Args:
        path: PNG to write.
        content: The content of audit.json.
    """
    from matplotlib.ticker import NullFormatter

    drawing, columns = figure(size=(9, 4.8), panels=len(content["data"]))
    for axes, name in zip(columns, content["data"], strict=True):
        rows = _rows(content, name)
        places = range(len(rows))
        for key, mark in zip(next(iter(rows.values()), ()), "xosD", strict=False):
            label = "printed (2,048 features)" if key == "printed" else f"read as {key}"
            colour = "black" if key == "printed" else None
            values = [row[key] for row in rows.values()]
            axes.plot(places, values, mark, color=colour, markersize=8, label=label)
        null = next(r["value"] for r in _records(content, name) if r["probe"] == "null")
        label = "real and other real images, read as right"
        axes.axhline(null, color="0.5", linestyle="--", label=label)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xticks(places, [f"row {row}" for row in rows])
        axes.margins(x=0.3, y=0.1)
        axes.set_title(name)
        axes.grid(alpha=0.3)
    columns[0].set_ylabel("Frechet distance")
    drawing.suptitle(f"{content['network']}, {content['samples']:,} images", fontsize=11)
    marks = columns[0].get_legend_handles_labels()
    drawing.legend(*marks, loc="outside lower center", ncols=3, fontsize=9)
    save_figure(drawing, path)


def _records(content, name):
    """The records of one data set."""
    return [record for record in content["distances"] if record["data"] == name]


def _rows(content, name):
    """{row: {"printed", and each reading: value}} of one data set."""
    rows = {}
    for r in _records(content, name):
        if r["probe"] == "generator":
            row = rows.setdefault(r["row"], {"printed": r["printed"]})
            for reading, ranges in READINGS.items():
                if ranges == (r["real_range"], r["fake_range"]):
                    row[reading] = r["value"]
    return rows


def _section(name, data, records, network):
    """The tables and answers of one data set."""
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
    row("black", "-", [values["black", None, *ranges] for ranges in READINGS.values()])
    for number in printed:
        cells = [values["generator", number, *ranges] for ranges in READINGS.values()]
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
    """Sentences about the values of one data set, which hold for any values."""
    limit, unscaled = null["0..255"], null["-1..1"]
    lines = [
        f"- The distance between two sets of real images is {limit:.4g} when scaled right, "
        f"{unscaled:.4g} in -1..1 and {null['0..1']:.4g} in 0..1: the range changes it by factors "
        f"of {limit / unscaled:,.0f} and {limit / null['0..1']:,.0f}."
    ]
    if not printed:
        return [*lines, "- There was no generator of the table to measure."]
    if network == "imagenet2048":  # the printed values are on this scale
        below = ", ".join(str(row) for row, value in printed.items() if value < limit)
        lines.append(
            "- Printed values below the distance between real images: "
            f"{'row ' + below if below else 'none of the rows measured here'}."
        )
    black = values["black", None, *READINGS["mixed"]]
    for reading, ranges in READINGS.items():
        found = [values["generator", row, *ranges] for row in printed]
        spread = f"{min(found):.4g} to {max(found):.4g}" if len(found) > 1 else f"{found[0]:.4g}"
        compared = f"; that of black images is {black:.4g}" if reading == "mixed" else ""
        lines.append(
            f"- Read as *{reading}*, the distance of the generators is {spread}{compared}."
        )
    shown = ", ".join(f"{value:g} (row {row})" for row, value in printed.items())
    lines.append(f"- The document prints {shown}.")
    return lines


def _fits(content):
    """The reading that fits the printed values, by two ratios that need no common scale."""
    rows = {name: _rows(content, name) for name in content["data"]}
    lines = ["## The reading that fits the printed values", ""]
    lines += [
        "Ratios do not depend on the scale of the features; they may still depend on the network.",
        "",
    ]
    lines += ["| ratio | printed | " + " | ".join(READINGS) + " |", "|---|---|---|---|---|"]
    answers = []

    def compare(title, printed, found, answer):
        cells = ["-" if reading not in found else f"{found[reading]:.3g}" for reading in READINGS]
        lines.append(f"| {title} | {printed:.3g} | {' | '.join(cells)} |")
        nearest = min(found, key=lambda reading: abs(np.log(found[reading] / printed)))
        answers.append(f"- {answer}: *{nearest}* is nearest to the printed ratio.")

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
                f"Differences between the rows of {name}",
            )
    mnist, celeba = (list(rows.get(name, {}).values()) for name in DATASETS)
    if mnist and celeba:
        middle = {
            key: [float(np.median([row[key] for row in side])) for side in (mnist, celeba)]
            for key in ("printed", *READINGS)
        }
        base = {reading: middle[reading][1] / middle["mixed"][0] for reading in READINGS}
        compare(
            "median of celeba to that of mnist, the latter read as mixed",
            middle["printed"][1] / middle["printed"][0],
            base,
            "Distance of celeba below mnist",
        )
    if not answers:
        return [*lines[:2], "There were too few generators to tell.", ""]
    return [*lines, "", *answers, ""]

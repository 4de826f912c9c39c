"""Pictures of a run: grids of images, curves, the drawing of both networks."""

import numpy as np
from PIL import Image

from keras_gans.files import replacing

_MARGIN = 2


def grid(images, columns, scale=None):
    """Images side by side, row by row.

    Args:
        images: uint8 `(n, height, width, channels)`, 1 or 3 channels.
        columns: Images a row, >= 1.
        scale: Pixels a pixel; None for what makes an image at least 64 pixels wide.

    Returns:
        A `PIL.Image.Image`.
    """
    n, height, width, channels = images.shape
    scale = scale or -(-64 // width)
    rows = -(-n // columns)
    step = (height * scale + _MARGIN, width * scale + _MARGIN)
    canvas = np.full((rows * step[0] + _MARGIN, columns * step[1] + _MARGIN, channels), 255, "u1")
    for i, image in enumerate(images):
        top, left = (i // columns) * step[0] + _MARGIN, (i % columns) * step[1] + _MARGIN
        enlarged = image.repeat(scale, axis=0).repeat(scale, axis=1)
        canvas[top : top + height * scale, left : left + width * scale] = enlarged
    return picture(canvas)


def picture(image):
    """A `PIL.Image.Image` of uint8 `(height, width, channels)`, grey for one channel."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def save_image(image, path):
    """Writes a PIL image as PNG; the file appears complete or not at all."""
    with replacing(path) as partial:
        image.save(partial, format="PNG", optimize=True)


def losses(path, history):
    """Draws the losses over iterations (the thesis's plot_loss.png).

    Args:
        path: PNG to write.
        history: List of dicts with "iteration" and "d_loss", "g_loss".
    """
    records = [record for record in history if "d_loss" in record]
    iterations = [record["iteration"] for record in records]
    figure, axes = _figure()
    marker = "." if len(records) == 1 else None  # a line needs two
    for key, label, colour in (
        ("d_loss", "discriminator (mean of real and fake)", "tab:blue"),
        ("g_loss", "generator", "tab:orange"),
    ):
        values = np.array([record[key] for record in records], "float64")  # None becomes NaN
        axes.plot(iterations, values, color=colour, alpha=0.25, linewidth=0.7)
        axes.plot(
            iterations, _smooth(values), marker=marker, color=colour, linewidth=1.4, label=label
        )
    axes.set_ylabel("loss")
    _finish(figure, axes, path)


def measured(path, history, name, better="lower", printed=None):
    """Draws a measurement over iterations; the best is that of a trained generator.

    Args:
        path: PNG to write.
        history: List of dicts with "iteration" and, some of them, `name`.
        name: Full name of the measurement.
        better: "lower" or "higher".
        printed: What the document prints on the same scale, drawn as a line, or None.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    records = [record for record in history if record.get(name) is not None]
    iterations = [record["iteration"] for record in records]
    values = [record[name] for record in records]
    figure, axes = _figure()
    axes.plot(iterations, values, ".-", color="tab:green", linewidth=1.2, label=name)
    trained = [pair for pair in zip(values, iterations, strict=True) if pair[1]]
    if trained:
        best, at = (min if better == "lower" else max)(trained, key=lambda pair: pair[0])
        axes.plot(at, best, "o", color="tab:red", label=f"best: {best:.4g} at {at:,}")
    shown = [*values]
    if printed is not None:
        axes.axhline(printed, color="0.4", linestyle="--", label=f"printed: {printed:g}")
        shown.append(printed)
    if min(shown) > 0 and max(shown) > 10 * min(shown):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")  # 200, not 2 x 10^2
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel(name)
    _finish(figure, axes, path)


def audit(path, panels, title):
    """Draws the distances of an audit: one panel a data set, one column of marks a row.

    Args:
        path: PNG to write.
        panels: {data set: (distance between two sets of real images,
            {row: {"printed": value, reading: value, ...}})}.
        title: Features and number of images; the printed values are of 2,048 features.
    """
    from matplotlib.ticker import NullFormatter

    figure, columns = _figure(size=(9, 4.8), panels=len(panels))
    for axes, (name, (null, rows)) in zip(columns, panels.items(), strict=True):
        places = range(len(rows))
        for key, mark in zip(next(iter(rows.values()), ()), "xosD", strict=False):
            label = "printed (2,048 features)" if key == "printed" else f"read as {key}"
            colour = "black" if key == "printed" else None
            values = [row[key] for row in rows.values()]
            axes.plot(places, values, mark, color=colour, markersize=8, label=label)
        axes.axhline(null, color="0.5", linestyle="--", label="real beside real, read as right")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xticks(places, [f"row {row}" for row in rows])
        axes.margins(x=0.3, y=0.1)
        axes.set_title(name)
        axes.grid(alpha=0.3)
    columns[0].set_ylabel("Frechet distance")
    figure.suptitle(title, fontsize=11)
    marks = columns[0].get_legend_handles_labels()
    figure.legend(*marks, loc="outside lower center", ncols=3, fontsize=9)
    _save(figure, path)


def networks(path, generator, discriminator):
    """Draws both networks, layer by layer with output shapes, without any system package.

    Args:
        path: PNG to write.
        generator: `keras.Model`.
        discriminator: `keras.Model`.
    """
    columns = [_boxes(generator), _boxes(discriminator)]
    longest = max(len(boxes) for boxes in columns)
    figure, axes = _figure(size=(7.5, 0.62 * longest + 0.9))
    axes.set_xlim(0, 2)
    axes.set_ylim(-longest + 0.3, 1.2)
    axes.axis("off")
    style = {"arrowstyle": "-|>", "color": "0.35", "linewidth": 1.0}
    for column, boxes in enumerate(columns):
        x = 0.5 + column
        for row, (title, detail, colour) in enumerate(boxes):
            box = {"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "0.35"}
            axes.text(x, -row, f"{title}\n{detail}", ha="center", va="center", fontsize=8, bbox=box)
            if row:
                axes.annotate("", (x, -row + 0.27), (x, -row + 0.73), arrowprops=style)
    # From the generated image, over the top, into the discriminator.
    bottom = 1 - len(columns[0])
    route = {"color": "0.35", "linewidth": 1.0, "linestyle": "--"}
    low, high = bottom - 0.5, 0.85
    axes.plot([0.5, 0.5, 1.0, 1.0, 1.5], [bottom - 0.27, low, low, high, high], **route)
    axes.annotate("", (1.5, 0.27), (1.5, 0.85), arrowprops={**style, "linestyle": "--"})
    _save(figure, path)


def _boxes(network):
    colours = {"Dense": "#cfe2f3", "Conv2D": "#d9ead3", "Conv2DTranspose": "#d9ead3"}
    colours |= {"BatchNormalization": "#fff2cc", "Dropout": "#f4cccc"}
    boxes = [(f"{network.name}: input", _shape(network.input_shape), "#eeeeee")]
    for layer in network.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        kind = type(layer).__name__
        activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
        title = kind if activation == "linear" else f"{kind} ({activation})"
        parameters = f"   {layer.count_params():,} parameters" if layer.weights else ""
        detail = f"{_shape(layer.output.shape)}{parameters}"
        boxes.append((title, detail, colours.get(kind, "#ffffff")))
    return boxes


def _shape(shape):
    return " x ".join(str(size) for size in shape[1:])


def _smooth(values, share=0.01):
    """Running mean over `share` of the curve; at the ends over what there is."""
    half = int(len(values) * share)
    sums = np.concatenate([[0.0], np.cumsum(values, dtype="float64")])
    low = np.maximum(np.arange(len(values)) - half, 0)
    high = np.minimum(np.arange(len(values)) + half + 1, len(values))
    return (sums[high] - sums[low]) / (high - low)


def _figure(size=(8, 4.5), panels=None):
    # Without pyplot: no global state, no display, safe beside a training loop.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    if panels is None:
        return figure, figure.subplots()
    return figure, figure.subplots(1, panels, squeeze=False)[0]


def _finish(figure, axes, path):
    axes.set_xlabel("iteration")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def _save(figure, path):
    figure.set_dpi(110)
    figure.canvas.draw()
    pixels = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
    # A third of the bytes, at no loss that shows: these files are committed by the hundred.
    save_image(pixels.quantize(64, dither=Image.Dither.NONE), path)

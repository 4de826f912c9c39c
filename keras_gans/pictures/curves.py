"""Curves over iterations: losses, accuracies and measurements, of one run or of several."""

import numpy as np

from keras_gans.pictures.figures import figure, save_figure

_LOSSES = (
    ("d_loss", "discriminator (mean of real and fake)", "tab:blue"),
    ("g_loss", "generator", "tab:orange"),
)
_PANELS = {"d_loss": "discriminator", "g_loss": "generator", "loss": "classifier"}
_ACCURACIES = (
    ("d_accuracy_real", "of real samples, judged real", "tab:blue"),
    ("d_accuracy_fake", "of generated samples, judged generated", "tab:orange"),
)
_PEAKS = 0.35  # of the height, at most, for what rises above the curves
_TITLE = 100  # characters of a title, at most
_LEGEND = 140  # characters of a legend in a line
_COLOURS = ("blue", "orange", "green", "red", "purple", "brown", "pink", "gray", "olive", "cyan")
_STYLES = ("-", "--", ":", "-.")  # one for each ten runs of a comparison


def losses(path, records, title=None):
    """Draws the losses over iterations (plot_loss.png of Akel 2022, section 4.3).

    Where the records hold `d_loss_max` and `g_loss_max`, a faint band reaches from the mean to
    the maximum of each interval. High peaks are cut off, so that the curves keep most of the
    height; the legend gives the highest.

    Args:
        path: PNG to write.
        records: List of dicts with "iteration" and, in those about losses, "d_loss", "g_loss"
            and perhaps "d_loss_max", "g_loss_max". None is a loss that is not finite.
        title: Title of the plot, or None.
    """
    records = [record for record in records if "d_loss" in record]
    iterations = [record["iteration"] for record in records]
    drawing, axes = figure()
    shown, peaks = [], []
    for key, label, colour in _LOSSES:
        values = _column(records, key)
        maxima = _column(records, f"{key}_max")
        if np.isfinite(maxima).any():
            highest = np.nanargmax(maxima)
            label += f"; peak {maxima[highest]:.3g} at {iterations[highest]:,}"
            band = {"color": colour, "alpha": 0.15, "linewidth": 0.0}
            axes.fill_between(iterations, values, maxima, **band)
        _plot(axes, iterations, values, colour, label)
        shown.append(values)
        peaks.append(maxima)
    _limit(axes, np.concatenate(shown), np.concatenate(peaks))
    axes.set_ylabel("loss")
    _finish(drawing, axes, path, title)


def accuracies(path, records, title=None):
    """Draws how many samples the discriminator judges right (as Sabiri et al. 2022, figure 15).

    Args:
        path: PNG to write.
        records: List of dicts with "iteration" and, in those about losses, "d_accuracy_real" and
            "d_accuracy_fake", shares from 0 to 1.
        title: Title of the plot, or None.
    """
    records = [record for record in records if "d_accuracy_real" in record]
    iterations = [record["iteration"] for record in records]
    drawing, axes = figure()
    axes.axhline(0.5, color="0.4", linestyle="--", label="a guess")
    for key, label, colour in _ACCURACIES:
        _plot(axes, iterations, _column(records, key), colour, label)
    axes.set_ylim(-0.05, 1.05)
    axes.set_ylabel("share that the discriminator judges right")
    _finish(drawing, axes, path, title)


def measured(path, records, name, better="lower", printed=None, title=None):
    """Draws a measurement over iterations and marks the best one of a trained generator.

    Args:
        path: PNG to write.
        records: List of dicts with "iteration" and, in some, `name`.
        name: Full name of the measurement.
        better: "lower" or "higher".
        printed: The document's value on the same scale, drawn as a line, or None.
        title: Title of the plot, or None.
    """
    records = [record for record in records if record.get(name) is not None]
    iterations = [record["iteration"] for record in records]
    values = [record[name] for record in records]
    drawing, axes = figure()
    axes.plot(iterations, values, ".-", color="tab:green", linewidth=1.2, label=name)
    trained = [pair for pair in zip(values, iterations, strict=True) if pair[1]]
    if trained:
        best, at = (min if better == "lower" else max)(trained, key=lambda pair: pair[0])
        axes.plot(at, best, "o", color="tab:red", label=f"best: {best:.4g} at {at:,}")
    shown = [*values]
    if printed is not None:
        axes.axhline(printed, color="0.4", linestyle="--", label=f"printed: {printed:g}")
        shown.append(printed)
    _scale(axes, shown)
    axes.set_ylabel(name)
    _finish(drawing, axes, path, title)


def compared(path, runs, better):
    """Draws several runs in one picture: a panel for each measurement, and for each loss.

    A loss has a panel where at least one run has it. It is the running mean of `losses`, without
    maxima.

    Args:
        path: PNG to write.
        runs: Dict from the label of a run to its records, as `losses` and `measured` take them.
        better: Dict from the full name of a measurement to "lower" or "higher"; it has a panel for
            each of them.
    """
    panels = [(name, f"{name} ({word} is better)") for name, word in better.items()]
    known = {key for records in runs.values() for record in records for key in record}
    panels += [(key, f"loss of the {label}") for key, label in _PANELS.items() if key in known]
    rows = -(-len(panels) // 2)
    beside = max(1, _LEGEND // (max(map(len, runs)) + 8))  # labels, each with its line
    legend = 0.25 * -(-len(runs) // beside) + 0.2
    drawing, axes = figure((11, 3.4 * rows + legend), len(panels), columns=2)
    for panel, (key, title) in zip(axes, panels, strict=True):
        shown = []
        for number, records in enumerate(runs.values()):
            records = [record for record in records if key in record]
            if key in better:  # a loss that is not finite leaves a gap
                records = [record for record in records if record[key] is not None]
            iterations, values = [r["iteration"] for r in records], _column(records, key)
            shown += values.tolist()
            panel.plot(
                iterations,
                values if key in better else smooth(values),
                marker="." if key in better or len(records) == 1 else None,
                color=f"tab:{_COLOURS[number % len(_COLOURS)]}",
                linestyle=_STYLES[number // len(_COLOURS) % len(_STYLES)],
                linewidth=1.3,
            )
        if key in better:
            _scale(panel, shown)
        panel.set_title(title, fontsize=10)
        _set_iterations(panel)
    lines, labels = axes[0].get_lines(), [_short(label) for label in runs]
    drawing.legend(lines, labels, loc="outside lower left", ncols=beside, frameon=False, fontsize=9)
    save_figure(drawing, path, colours=256)


def _plot(axes, iterations, values, colour, label):
    """Draws a noisy curve faintly, and its running mean."""
    marker = "." if len(values) == 1 else None  # a line needs two
    axes.plot(iterations, values, color=colour, alpha=0.25, linewidth=0.7)
    axes.plot(iterations, smooth(values), marker=marker, color=colour, linewidth=1.4, label=label)


def _column(records, key):
    """The values of a key, NaN for None and where there is none."""
    return np.array([record.get(key) for record in records], "float64")


def smooth(values, share=0.01):
    """The running mean of a curve.

    Args:
        values: float `(n,)`; NaN stays NaN and is left out.
        share: Of the curve that the mean takes to each side.
    """
    if not len(values):
        return values
    half = int(len(values) * share)
    finite = np.isfinite(values)
    window = np.ones(2 * half + 1)
    # Each sum by itself: differences of running sums lose small losses after a huge one.
    sums = np.convolve(np.where(finite, values, 0.0), window)
    counts = np.convolve(finite, window)
    means = (sums / np.maximum(counts, 1))[half : half + len(values)]
    return np.where(finite, means, np.nan)


def is_wide(values):
    """Whether a logarithmic axis shows more of a curve.

    Args:
        values: Its finite values, at least one.
    """
    return min(values) > 0 and max(values) > 10 * min(values)


def _limit(axes, values, peaks):
    """Limits the vertical axis to the curves and the part of the peaks that has room."""
    values, peaks = values[np.isfinite(values)], peaks[np.isfinite(peaks)]
    if not len(values) or not len(peaks):
        return
    low, high = values.min(), values.max()
    height = (high - low) or abs(high) or 1.0
    top = min(max(peaks.max(), high), low + height / (1 - _PEAKS))
    axes.set_ylim(low - 0.05 * height, top + 0.05 * height)


def _scale(axes, values):
    """Makes the vertical axis logarithmic where that shows more."""
    from matplotlib.ticker import LogLocator, NullFormatter

    if is_wide(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")  # 200, not 2 x 10^2
        axes.yaxis.set_minor_formatter(NullFormatter())


def _finish(drawing, axes, path, title):
    _set_iterations(axes)
    axes.legend()
    if title:
        axes.set_title(_short(title), fontsize=10)
    save_figure(drawing, path)


def _set_iterations(axes):
    axes.set_xlabel("iteration")
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(alpha=0.3)


def _short(title):
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 3]}..."

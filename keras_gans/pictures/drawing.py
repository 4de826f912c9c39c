"""Drawings of networks, layer by layer, without any system package."""

import textwrap
from dataclasses import dataclass, field

from keras_gans.pictures.figures import figure, save_figure

_COLOURS = {
    "InputLayer": "#eeeeee",
    "Dense": "#cfe2f3",
    "Embedding": "#cfe2f3",
    "BatchNormalization": "#fff2cc",
    "VirtualBatchNormalization": "#fff2cc",
    "Dropout": "#f4cccc",
}
_CONVOLUTION = "#d9ead3"
_ROW = 0.62  # inches
_HALF = 0.27  # of a box's height, in rows
_CHARACTER, _SPACE = 0.058, 0.6  # inches: of a text's width, and left free in a lane
_ASIDE = 0.13  # inches from the middle of a box to where an arrow from the side enters
_LINE = {"color": "0.35", "linewidth": 1.0}


@dataclass(eq=False)
class Box:
    """A layer in a drawing.

    Attributes:
        title: Class, settings such as kernel, stride and slope, and activation.
        detail: Output shape and number of parameters.
        colour: Colour of the box.
        sources: The boxes that it takes its inputs from.
        row: Its place from the top; a source is above.
        lane: Its place from the left; 0 has the way from the first input to the output.
        x: Its middle, in inches.
        side: The right end of its lane, in inches.
    """

    title: str
    detail: str
    colour: str
    sources: list = field(default_factory=list)
    row: int = 0
    lane: int = 0
    x: float = 0.0
    side: float = 0.0


def networks(path, generator, discriminator, title=None):
    """Draws two networks side by side: each layer, with an arrow to each layer that uses it.

    Args:
        path: PNG to write.
        generator: `keras.Model`, sequential or functional, with any number of inputs.
        discriminator: `keras.Model`; a dashed arrow leads from the generator's output to its first
            input.
        title: Title of the drawing, or None.
    """
    made, judged = boxes(generator), boxes(discriminator)
    middle = _set_places(made, 0.0)
    width = _set_places(judged, middle)
    rows = 1 + max(box.row for box in [*made, *judged])
    drawing, axes = figure(size=(width, _ROW * rows + 0.9))
    axes.set_xlim(0, width)
    axes.set_ylim(-rows + 0.3, 1.2)
    axes.axis("off")
    for drawn in (made, judged):
        taken, around = {(box.lane, box.row) for box in drawn}, []
        for box in drawn:
            style = {"boxstyle": "round,pad=0.35", "facecolor": box.colour, "edgecolor": "0.35"}
            text = f"{box.title}\n{box.detail}"
            axes.text(box.x, -box.row, text, ha="center", va="center", fontsize=8, bbox=style)
            for source in box.sources:
                _arrow(axes, source, box, taken, around)
    _hand_over(axes, made[-1], middle, judged[0])
    if title:
        axes.set_title("\n".join(textwrap.wrap(title, int(width / _CHARACTER * 0.7))), fontsize=10)
    save_figure(drawing, path)


def boxes(network):
    """The layers of a network and their places in a drawing.

    Args:
        network: `keras.Model`, sequential or functional.

    Returns:
        List of `Box`, each after its sources; the inputs first, in order, the output last.
    """
    found = {}
    for tensor in [*network.inputs, *reversed(network.outputs)]:
        operation, index, _ = tensor._keras_history
        waiting = [operation._inbound_nodes[index]]
        while waiting:
            node = waiting[-1]
            missing = [source for source in node.parent_nodes if source not in found]
            waiting += missing
            if not missing:
                waiting.pop()
                sources = list(dict.fromkeys(found[source] for source in node.parent_nodes))
                found.setdefault(node, _box(network, node, sources))
    ordered = list(found.values())
    _set_rows(ordered)
    _set_lanes(ordered)
    return ordered


def _box(network, node, sources):
    layer, kind = node.operation, type(node.operation).__name__
    inner = getattr(layer, "layer", layer)  # of a wrapper
    if inner is not layer:
        kind = f"{kind} of {type(inner).__name__}"
    title, colour = kind, _COLOURS.get(type(inner).__name__, "#ffffff")
    if kind == "InputLayer":
        title = f"{network.name}: {layer.name if len(network.inputs) > 1 else 'input'}"
    if hasattr(inner, "kernel_size"):
        colour = _CONVOLUTION
    if settings := _settings(inner):
        title = f"{kind} {settings}"
    activation = getattr(getattr(inner, "activation", None), "__name__", "linear")
    if activation != "linear":
        title += f" ({activation})"
    detail = _times(node.outputs[0].shape[1:]) or "scalar"
    if getattr(layer, "weights", ()):  # operations of keras.ops are no layers
        detail += f"   {layer.count_params():,} parameters"
    return Box(title, detail, colour, sources)


def _settings(layer):
    """What decides a layer's function and is not in the shape of its output, in a few words."""
    for window in ("kernel_size", "pool_size"):
        if sizes := getattr(layer, window, None):
            strides = layer.strides if len(set(layer.strides)) > 1 else layer.strides[:1]
            return f"{_times(sizes)}, stride {_times(strides)}"
    for name in ("negative_slope", "rate", "momentum"):
        if isinstance(value := getattr(layer, name, None), float):
            return f"{value:g}"
    return _times(layer.size) if isinstance(getattr(layer, "size", None), tuple) else ""


def _times(sizes):
    return " x ".join(map(str, sizes))


def _set_rows(ordered):
    """Places each box directly above the first one that uses it."""
    below = dict.fromkeys(ordered, 0)
    for box in reversed(ordered):
        for source in box.sources:
            below[source] = max(below[source], below[box] + 1)
    for box in ordered:
        box.row = max(below.values()) - below[box]


def _set_lanes(ordered):
    """Gives lane 0 to the way from the first input to the output, and a lane to each branch."""
    depth, main = {}, {ordered[0]}
    for box in ordered:
        depth[box] = 1 + max((depth[source] for source in box.sources), default=0)
        if main & set(box.sources):
            main.add(box)
    placed, taken = set(), set()
    for end in reversed(ordered):
        chain = []
        while end not in placed:
            chain.append(end)
            placed.add(end)
            free = [source for source in end.sources if source not in placed]
            end = max(free, key=lambda box: (box in main, depth[box]), default=end)
        if chain:
            # The arrow into the top of a branch needs the rows below its source, too.
            top = min([chain[-1].row, *(source.row + 1 for source in chain[-1].sources)])
            lane = 0
            while any((lane, row) in taken for row in range(top, chain[0].row + 1)):
                lane += 1
            for box in chain:
                box.lane = lane
            # Lane 0 ends at the first input; nothing else stands above it.
            first = top if lane else 0
            taken |= {(lane, row) for row in range(first, chain[0].row + 1)}


def _set_places(ordered, left):
    """Sets the horizontal places of boxes; returns where the last lane ends."""
    for lane in range(1 + max(box.lane for box in ordered)):
        inside = [box for box in ordered if box.lane == lane]
        longest = max(len(text) for box in inside for text in (box.title, box.detail))
        right = left + _CHARACTER * longest + _SPACE
        for box in inside:
            box.x, box.side = (left + right) / 2, right
        left = right
    return left


def _arrow(axes, source, box, taken, around):
    """An arrow from the bottom of a source to the top of a box, around the boxes between."""
    start, end = source.x, box.x
    leave, enter = -source.row - _HALF, -box.row + _HALF
    below, above = leave - 0.1, enter + 0.14

    def free(lane):
        return not any((lane, row) in taken for row in range(source.row + 1, box.row))

    if len(box.sources) > 1 and not (source.lane == box.lane and free(box.lane)):
        end += -_ASIDE if start < end else _ASIDE
    if free(source.lane):
        route = [(start, leave)]
        if source.lane != box.lane:
            route += [(start, above), (end, above)]
    elif free(box.lane):
        route = [(start, leave), (start, below), (end, below)]
    else:
        start += _ASIDE
        side = source.side - 0.05 - 0.06 * (len(around) % 4)  # no line on another
        around.append(box)
        route = [(start, leave), (start, below), (side, below), (side, above), (end, above)]
    _draw(axes, [*route, (end, enter)])


def _hand_over(axes, output, middle, first_input):
    """A dashed arrow from a network's output, between both and over the top, into an input."""
    leave, enter = -output.row - _HALF, -first_input.row + _HALF
    low, high = leave - 0.23, 0.85
    route = [(output.x, leave), (output.x, low), (middle, low), (middle, high)]
    _draw(axes, [*route, (first_input.x, high), (first_input.x, enter)], linestyle="--")


def _draw(axes, route, **style):
    """A line along points, with a head at the last one."""
    axes.plot(*zip(*route[:-1], strict=True), **_LINE, **style)
    axes.annotate("", route[-1], route[-2], arrowprops={"arrowstyle": "-|>", **_LINE, **style})

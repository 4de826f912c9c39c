"""Images that a classifier gets wrong, each with its label and what was found instead."""

from keras_gans.pictures.figures import figure, rendered

MOST, COLUMNS = 40, 10


def mistakes(images, labels, found):
    """The picture of the first wrongly classified images.

    Args:
        images: uint8 `(n, height, width, channels)`, 1 or 3 channels.
        labels: Integers `(n,)`.
        found: Integers `(n,)`, the classes that were found.

    Returns:
        A `PIL.Image.Image` of at most 40 images.
    """
    wrong = (labels != found).nonzero()[0]
    shown = wrong[:MOST]
    rows = max(1, -(-len(shown) // COLUMNS))
    drawing, panels = figure((COLUMNS * 0.8, rows + 0.4), rows * COLUMNS, COLUMNS)
    drawing.suptitle(f"{len(wrong):,} of {len(labels):,} wrong", fontsize=9)
    for axes in panels:
        axes.axis("off")
    for axes, index in zip(panels, shown, strict=False):
        image = images[index].squeeze(-1) if images.shape[-1] == 1 else images[index]
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(f"{labels[index]} as {found[index]}", fontsize=8, pad=2)
    return rendered(drawing)

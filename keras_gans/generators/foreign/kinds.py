"""Tells what a network is: which inputs are latents or labels, and whether it makes images."""

import math
import re
from dataclasses import replace

from keras_gans.generators.saved import Input

SMALLEST = 8  # pixels of height and width; anything smaller is not taken for an image
MAX_ONE_HOT = 1_000  # classes of a label that is given as a vector


def image_of(shape):
    """How an output becomes an image.

    Args:
        shape: Of the output, without the batch axis.

    Returns:
        (shape, layout): `(height, width, channels)`, or None where the output is not an image;
        and "last" or "first" for the position of the channels, or "flat" for a vector of pixels.
    """
    if len(shape) == 3 and shape[2] in (1, 3, 4) and min(shape[:2]) >= SMALLEST:
        return (*shape[:2], min(shape[2], 3)), "last"
    if len(shape) == 3 and shape[0] in (1, 3, 4) and min(shape[1:]) >= SMALLEST:
        return (*shape[1:], min(shape[0], 3)), "first"
    if len(shape) == 2 and min(shape) >= SMALLEST and max(shape) <= 4 * min(shape):
        return (*shape, 1), "last"
    if len(shape) == 1 or (len(shape) == 2 and 1 in shape):
        for channels in (1, 3):
            side = math.isqrt(math.prod(shape) // channels)
            if side >= SMALLEST and side * side * channels == math.prod(shape):
                return (side, side, channels), "flat"
    return None, "flat"


def image_output(outputs):
    """Index of the first output that is an image; 0 where there is none."""
    images = [i for i, signal in enumerate(outputs) if image_of(signal.shape)[0]]
    return images[0] if images else 0


def inputs_of(network, inference):
    """Tells the roles of a network's inputs.

    Args:
        network: `Network` after shape inference.
        inference: Its `Inference`.

    Returns:
        (inputs, guessed): tuple of `Input`, and whether only their sizes told labels from latents.
    """
    inputs = []
    for index, shape in enumerate(network.shapes):
        shape = tuple(shape)
        if index in inference.labels:
            role = "labels" if math.prod(shape) == 1 else "tokens"
            inputs.append(Input(role, shape, inference.labels[index]))
        else:
            inputs.append(Input("image" if _is_image(shape) else "latents", shape))
    latents = [index for index, entry in enumerate(inputs) if entry.role == "latents"]
    if len(latents) < 2 or any(entry.role == "labels" for entry in inputs):
        return tuple(inputs), False
    # One of several inputs is the latents. Labels are given as a number or as a one-hot vector.
    named = re.compile("label|class|cond|categ|digit")
    labels = [index for index in latents if named.search(network.inputs[index])]
    guessed = not labels or len(labels) == len(latents)
    if guessed:
        labels = sorted(latents, key=lambda index: inputs[index].size)[:1]
    labels = [i for i in labels if len(inputs[i].shape) == 1 and inputs[i].size <= MAX_ONE_HOT]
    for index in labels:
        size = inputs[index].size
        role, classes = ("labels", 10) if size == 1 else ("one-hot", size)
        inputs[index] = replace(inputs[index], role=role, classes=classes)
    return tuple(inputs), guessed and bool(labels)


def _is_image(shape):
    if len(shape) == 3:
        last, first = min(shape[:2]) >= SMALLEST, min(shape[1:]) >= SMALLEST
        return (last and shape[2] <= 4) or (first and shape[0] <= 4)
    return len(shape) == 2 and shape[0] == shape[1] >= SMALLEST


def kind_of(network, outputs, inference, points=False):
    """Names a network that is not a generator with latents.

    Args:
        network: `Network` after shape inference.
        outputs: `Signal`s of its outputs.
        inference: Its `Inference`.
        points: Whether its output may be points instead of images.

    Returns:
        Text that completes "this is ", or None for a generator.
    """
    roles = {entry.role for entry in inputs_of(network, inference)[0]}
    images = any(image_of(signal.shape)[0] for signal in outputs)
    shape = list(outputs[0].shape)
    if "image" in roles:
        if images:
            return "a network that makes images of images, not of latents"
        return f"a network that judges images: its output for an image has the shape {shape}"
    if "tokens" in roles:
        return "a network for text or other sequences"
    if not images and not points:
        return f"a network whose output, {shape}, is no image"
    return None

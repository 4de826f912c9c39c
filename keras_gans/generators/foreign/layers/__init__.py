"""Rules for the layers that a foreign file may have.

A rule takes the recorded settings of a layer and the shapes of its inputs, and returns a `Step`:
the shape of the output, the weights, and a function that builds the layer of Keras with arguments
of known names, types and ranges. The functions are called after the rules have accepted the whole
network. Rules ignore initializers, regularizers, constraints and data types, which concern
training. They accept the notations of older versions, such as `alpha` and lists for numbers.

Shapes are without the batch axis: that of an image is `(height, width, channels)`.
"""

from keras_gans.errors import UsageError
from keras_gans.generators.foreign.layers import (
    activations,
    convolutions,
    dense,
    merging,
    resizing,
    shapes,
)
from keras_gans.generators.foreign.layers.fields import MAX_SIZE, Fields
from keras_gans.generators.foreign.layers.merging import OPERATIONS, arithmetic
from keras_gans.generators.foreign.layers.others import UNSUPPORTED

__all__ = [
    "LISTS", "MAX_SIZE", "OPERATIONS", "RULES", "TRAINING_MODES", "UNSUPPORTED", "arithmetic",
    "rule",
]  # fmt: skip

RULES = {
    **dense.RULES,
    **convolutions.RULES,
    **resizing.RULES,
    **shapes.RULES,
    **activations.RULES,
    **merging.RULES,
}
for _name, _other in (
    ("BatchNormalizationV1", "BatchNormalization"), ("BatchNormalizationV2", "BatchNormalization"),
    ("SyncBatchNormalization", "BatchNormalization"), ("Convolution1D", "Conv1D"),
    ("Convolution2D", "Conv2D"), ("Convolution2DTranspose", "Conv2DTranspose"),
    ("Deconvolution2D", "Conv2DTranspose"), ("LSTMV1", "LSTM"), ("GRUV1", "GRU"),
    ("MaxPool2D", "MaxPooling2D"), ("AvgPool2D", "AveragePooling2D"),
):  # fmt: skip
    RULES[_name] = RULES[_other]

LISTS = frozenset(merging.RULES)
"""Layers that are called with a list of tensors, even of one."""
TRAINING_MODES = frozenset({"BatchNormalization", *shapes.NOISE})
"""Layers that compute something else in training mode."""


def rule(kind, config, shapes, legacy):
    """Applies the rule of a layer.

    Args:
        kind: Name of the class in the file, a key of `RULES`.
        config: Settings of the layer in the file.
        shapes: List of the inputs' shapes.
        legacy: Whether Keras 2 wrote the file.

    Returns:
        `Step`.

    Raises:
        UsageError: A setting has a wrong type or value, or does not fit the inputs.
    """
    step = RULES[kind](Fields(config, legacy), shapes)
    if any(size > MAX_SIZE for size in step.shape):
        raise UsageError(f"it makes an output of {list(step.shape)}")
    return step

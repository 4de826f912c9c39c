"""`Step`: the result of a rule; and what rules of several subjects share."""

from dataclasses import dataclass

from keras_gans.errors import UsageError

BOUNDS = {
    "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0), "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "relu6": (0.0, 6.0),
}  # fmt: skip
"""(lowest, highest) value of the activations that have bounds."""


@dataclass(frozen=True)
class Step:
    """One layer for inputs of known shapes.

    Args:
        shape: Of the output, without the batch axis.
        make: Function of the `keras` module that builds the layer, or None where the input passes
            unchanged. It returns a function of tensors, and the Keras layer with the weights or
            None.
        weights: Tuple of (name, shape), in Keras's order.
        fixed: Number of weights, at the end of `weights`, that are statistics and not trained.
        work: Multiplications for one sample.
        activation: Name of the function that is applied last, or None.
        keeps: Whether every value of the output is a value of the input, or between two of them.
        affine: (factor, offset) of an output that is input * factor + offset, else None.
        labels: Number of values of an input that is looked up or encoded, else None.
    """

    shape: tuple
    make: object = None
    weights: tuple = ()
    fixed: int = 0
    work: int = 0
    activation: str | None = None
    keeps: bool = False
    affine: tuple | None = None
    labels: int | None = None

    def bounds(self, given):
        """(lowest, highest) value of the output, or None; `given` is that of the input."""
        if self.activation in BOUNDS:
            return BOUNDS[self.activation]
        if given is not None and self.affine is not None:
            return tuple(sorted(self.affine[0] * bound + self.affine[1] for bound in given))
        same = self.keeps or (self.activation == "linear" and not self.weights)
        return given if same else None


def single(shapes, rank=None):
    """The shape of the only input, which has `rank` axes where that is given."""
    if len(shapes) != 1:
        raise UsageError(f"it takes one input, not {len(shapes)}")
    if rank is not None and len(shapes[0]) != rank:
        raise UsageError(f"it takes inputs of {rank} dimensions, not {list(shapes[0])}")
    return shapes[0]


def builder(kind, activation=None, wrap=None, **arguments):
    """A `make` of a `Step`.

    Args:
        kind: Class in `keras.layers`: a constant of the rules, never a text of a file.
        activation: Function of the `keras` module that returns the activation, or None.
        wrap: Function of (keras, layer) that returns what is called in place of the layer.
        **arguments: Of the class.
    """

    def make(keras):
        function = {} if activation is None else {"activation": activation(keras)}
        layer = getattr(keras.layers, kind)(**arguments, **function)
        return (wrap(keras, layer) if wrap else layer), layer

    return make


# --- channels first ---------------------------------------------------------------------------


def channels_last(fields, shape):
    """Whether a layer has channels first, and the shape of its input with channels last."""
    layout = fields.choice("data_format", "channels_last", ("channels_last", "channels_first"))
    if layout == "channels_last":
        return False, shape
    return True, (*shape[1:], shape[0])


def as_declared(first, shape):
    """A shape with channels last in the layout of the layer."""
    return (shape[-1], *shape[:-1]) if first else shape


def transposed_around(first, rank):
    """A `wrap` for layers with channels first: a CPU convolves only with channels last."""
    if not first:
        return None

    def wrap(keras, layer):
        there = keras.layers.Permute((*range(2, rank + 1), 1))
        back = keras.layers.Permute((rank, *range(1, rank)))
        return lambda x, **options: back(layer(there(x), **options))

    return wrap

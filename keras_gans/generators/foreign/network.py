"""Builds the Keras model of a parsed network, out of Keras's own layers."""

from dataclasses import dataclass

from keras_gans.errors import UsageError
from keras_gans.generators.foreign import layers as rules
from keras_gans.generators.foreign.graph import Tracer


@dataclass(frozen=True)
class Normalization:
    """The first batch normalization of a network.

    Args:
        means: Array of moving means.
        variances: Array of moving variances.
        epsilon: The number that the layer adds to variances.
        axis: The normalized axis, as Keras counts it.
        inputs: `keras.Model` from the inputs of the network to the input of the layer.
    """

    means: object
    variances: object
    epsilon: float
    axis: int
    inputs: object


def build(network, output, values):
    """Builds a model and assigns its weights.

    Args:
        network: `Network` after shape inference.
        output: Index of the output to take.
        values: {(layer, weight's name): array}.

    Returns:
        (model, normalization): a `keras.Model` with one output, and its first `Normalization` or
        None.

    Raises:
        UsageError: Keras refuses the layers, or has other weights for one of them.
    """
    import keras

    builder = _Builder(keras, values)
    try:
        inputs = [keras.Input(shape, dtype="float32") for shape in network.shapes]
        outputs = builder.trace(network, inputs)
        inputs = inputs if len(inputs) > 1 else inputs[0]  # else Keras warns at each call
        model = keras.Model(inputs, outputs[output])
        builder.assign()
    except UsageError:
        raise
    except Exception as error:  # Keras checks more than the rules do, with errors of many types
        said = " ".join(str(error).split())[:200]
        raise UsageError(f"Keras cannot build its network: {said}") from error
    if not builder.normalizations:
        return model, None
    layer, normalized = builder.normalizations[0]
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    moving = (layer.moving_mean, layer.moving_variance)
    means, variances = (keras.ops.convert_to_numpy(values) for values in moving)
    inputs = keras.Model(inputs, normalized)
    return model, Normalization(means, variances, layer.epsilon, axis, inputs)


class _Builder(Tracer):
    """Builds each layer of a network at its first call."""

    def __init__(self, keras, values):
        super().__init__()
        self.keras, self.values, self.built = keras, values, {}
        self.normalizations = []

    def step(self, layer, inputs, call):
        if layer.step.make is None:
            return inputs[0]
        if layer not in self.built:
            self.built[layer] = layer.step.make(self.keras)
        function, made = self.built[layer]
        several = len(inputs) > 1 or layer.kind in rules.LISTS
        by_mode = call.training and layer.kind in rules.TRAINING_MODES
        options = {"training": True} if by_mode else {}
        if layer.kind.startswith("BatchNormalization"):
            self.normalizations.append((made, inputs[0]))
        return function(inputs if several else inputs[0], **options)

    def assign(self):
        for layer, (_, made) in self.built.items():
            variables = [] if made is None else made.weights
            expected = [(name, tuple(shape)) for name, shape in layer.weights]
            if [(v.name, tuple(v.shape)) for v in variables] != expected:
                raise UsageError(f"{layer.title} has other weights in this version of Keras")
            for variable in variables:
                variable.assign(self.values[layer, variable.name])

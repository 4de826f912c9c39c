"""The two networks as they are trained, which may differ from what is saved.

The weights are the same. The graph may be another one over them, and the layers may compute in
another precision.
"""

from contextlib import contextmanager, nullcontext

import keras
from keras import ops

from keras_gans.errors import UsageError
from keras_gans.networks import pairs
from keras_gans.networks.inside import layers_of
from keras_gans.networks.rewriting import before_sigmoid, cheaper, halves, last_hidden


class Trained:
    """A generator and a discriminator; conditional ones are given their labels too.

    Args:
        generator: `keras.Model`.
        discriminator: `keras.Model`.
        objective: `losses.Objective`, which says what it reads: scores, for which a final sigmoid
            of the discriminator is left out, probabilities, or features.
        precision: `keras.DTypePolicy` of their layers while they are called, or None.

    Attributes:
        first: The part of the generator that is the same in training and inference, or None.

    Raises:
        UsageError: The objective reads scores, and the discriminator's have bounds; or
            probabilities, and they have none. At the first call: a layer adds a loss.
    """

    def __init__(self, generator, discriminator, objective, precision):
        self._generator, self._discriminator = cheaper(generator), discriminator
        if objective.of_scores:
            self._discriminator = before_sigmoid(discriminator)
            pairs.check_scores(self._discriminator)
        if objective.of_probabilities:
            pairs.check_probabilities(discriminator)
        self._hidden = last_hidden(discriminator) if objective.of_features else None
        self._precision, self._looked_at = precision, []
        self.first, self._rest = halves(self._generator)

    def generate(self, latents, labels, training):
        """Samples of latents `(n, size)` and labels `(n,)` or None."""
        return self._call(self._generator, _inputs(latents, labels), training=training)

    def begin(self, latents, labels):
        """What `finish` makes samples of."""
        return self._call(self.first, _inputs(latents, labels))

    def finish(self, begun, training):
        """Samples of what `begin` returned."""
        return begun if self._rest is None else self._call(self._rest, begun, training=training)

    def score(self, samples, labels):
        """Scores `(n, 1)` of samples, in training."""
        return self._call(self._discriminator, _inputs(samples, labels), training=True)

    def features(self, samples, labels):
        """What the last layer of the discriminator makes scores of, `(n, ...)`, in training."""
        return self._call(self._hidden, _inputs(samples, labels), training=True)

    def _call(self, network, inputs, **kwargs):
        with nullcontext() if self._precision is None else _computing_in(self._precision, network):
            outputs = network(inputs, **kwargs)
        if network not in self._looked_at:
            _refuse_losses(network)
            self._looked_at.append(network)
        # Samples meet float32 ones in a penalty, and a mean of scores needs more digits than
        # bfloat16 has.
        return ops.cast(outputs, "float32")


def _refuse_losses(network):
    """Refuses a network that has just been called if a layer of it added a loss."""
    if network.losses:
        raise UsageError(
            f"a layer of '{network.name}' adds a loss of its own, which a GAN leaves out of its "
            "losses: take it away, or give compile a penalty"
        )


def _inputs(values, labels):
    return values if labels is None else [values, labels]


@contextmanager
def frozen_statistics(network):
    """BatchNormalization under `network` runs on its moving statistics and leaves them alone."""
    layers = [
        layer
        for layer in layers_of(network)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    # Setting the flag of a layer sets those of its weights, of which the user may have frozen some.
    flags = [(v, v.trainable) for layer in layers for v in layer.variables]
    for layer in layers:
        layer.trainable = False
    try:
        yield
    finally:
        for layer in layers:
            layer.trainable = True
        for variable, trainable in flags:
            variable.trainable = trainable


@contextmanager
def held_still(network):
    """Every number of `network` is at the end of the block what it was before, but for its seeds.

    Statistics of normalization follow what a network sees in training; and the kernels of
    `keras.layers.SpectralNormalization` are overwritten.
    """
    numbers = [v for v in network.variables if "float" in str(v.dtype)]
    before = [ops.stop_gradient(ops.copy(v)) for v in numbers]
    yield
    for variable, value in zip(numbers, before, strict=True):
        variable.assign(value)


@contextmanager
def _computing_in(precision, network):
    """Every layer of `network` computes under another policy; variables keep their types."""
    layers = layers_of(network)
    policies = [(layer, layer.dtype_policy) for layer in layers]
    for layer, _ in policies:
        layer.dtype_policy = precision
    try:
        yield
    finally:
        for layer, policy in policies:
            layer.dtype_policy = policy

"""The two networks of a game: whether they fit each other, and what the generator can make."""

import keras

from keras_gans.errors import UsageError
from keras_gans.networks.inside import layers_of, own_trainable
from keras_gans.networks.rewriting import (
    activation_of,
    has_call_of_its_own,
    last_layers,
    moves_values,
)

_BOUNDS = {
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
}
_POOL = (  # values stay between the same bounds
    *(keras.layers.AveragePooling1D, keras.layers.AveragePooling2D, keras.layers.AveragePooling3D),
    *(keras.layers.MaxPooling1D, keras.layers.MaxPooling2D, keras.layers.MaxPooling3D),
    *(keras.layers.GlobalAveragePooling1D, keras.layers.GlobalAveragePooling2D),
    *(keras.layers.GlobalMaxPooling1D, keras.layers.GlobalMaxPooling2D),
)
_POOLING_OPS = ("Mean", "Max", "Min", "AveragePool", "MaxPool")
_ENCODERS = ("num_tokens", "input_dim")  # of CategoryEncoding, of Embedding


def check(generator, discriminator):
    """Checks that a discriminator takes what a generator makes.

    Args:
        generator: `keras.Model`.
        discriminator: `keras.Model`.

    Raises:
        UsageError: One has no fixed inputs, the two are swapped, share weights, have different
            shapes, or only one of them takes labels; the discriminator gives more than one number
            for a sample; a model does more than its graph; or a layer has a regularizer or, but
            for TensorFlow, the spectral normalization of Keras.
    """
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        if not getattr(network, "inputs", None):
            raise UsageError(
                f"the {role} has no shape yet: begin a Sequential with keras.Input(shape), or "
                "write a subclass of keras.Model as keras.Model(inputs, outputs)"
            )
        for layer in layers_of(network):
            is_keras_own = isinstance(layer, keras.layers.SpectralNormalization)
            if is_keras_own and keras.config.backend() != "tensorflow":
                raise UsageError(
                    f"the {role}'s '{layer.name}' overwrites a kernel in its call, which on "
                    f"{keras.config.backend()} fails or takes another step: use "
                    "keras_gans.networks.custom.SpectralNormalization"
                )
            if has_call_of_its_own(layer):
                raise UsageError(
                    f"the {role}'s '{layer.name}' has a call() of its own, which would be left out "
                    "while it is trained: put what it does into a layer"
                )
            if layer.activity_regularizer or any(v.regularizer for v in own_trainable(layer)):
                raise UsageError(
                    f"the {role}'s layer '{layer.name}' has a regularizer, which a GAN leaves out "
                    "of its losses: take it away, or give compile a penalty"
                )
    weights = [{id(v) for v in network.variables} for network in (generator, discriminator)]
    if weights[0] & weights[1]:
        shared = [v.path for v in generator.variables if id(v) in weights[1]]
        raise UsageError(
            f"the two networks share weights, {shared[0]}: give each layers of its own, so that a "
            "step of one does not move the other"
        )
    given, made = (tuple(s[1:]) for s in (generator.inputs[0].shape, generator.output_shape))
    judged, answer = (
        tuple(s[1:]) for s in (discriminator.inputs[0].shape, discriminator.output_shape)
    )
    if given == answer != (1,):  # it makes what the other takes
        raise UsageError("the two networks are swapped: write GAN(generator, discriminator)")
    if len(given) != 1:
        raise UsageError(
            f"the generator takes latents of {given}: begin it with keras.Input((size,)) and a "
            "Reshape to that"
        )
    if made != judged:
        raise UsageError(
            f"the generator makes samples {made} and the discriminator takes {judged}: give both "
            "the same shape"
        )
    if answer != (1,):
        raise UsageError(
            f"the discriminator gives {answer} for a sample, and a loss takes one number, (1,): "
            "end it with keras.layers.Dense(1)"
        )
    kinds = len(generator.inputs), len(discriminator.inputs)
    if kinds not in ((1, 1), (2, 2)):
        raise UsageError(
            f"the generator has {kinds[0]} inputs and the discriminator {kinds[1]}: either both "
            "take labels as their second input or neither does"
        )


def check_trained(generator, discriminator, turns):
    """Checks that networks can be trained.

    Args:
        generator: `keras.Model`.
        discriminator: `keras.Model`.
        turns: `Turns`.

    Raises:
        UsageError: One that is to be moved has no weights to train, or a layer computes in float16.
    """
    networks = {"generator": generator, "discriminator": discriminator}
    for network in networks.values():
        check_precision(layer.dtype_policy for layer in layers_of(network))
    for role, other in (("generator", "discriminator"), ("discriminator", "generator")):
        if turns.moves(role) and not networks[role].trainable_variables:
            raise UsageError(
                f"the {role} has no weights that can be trained: set its `trainable` to True "
                f"before compile; turns={{'train': '{other}'}} leaves it as it is"
            )


def precision(identifier):
    """The precision in which networks compute while they are trained.

    Args:
        identifier: `keras.DTypePolicy` or its name, or None.

    Returns:
        `keras.DTypePolicy`, or None for that of the layers.

    Raises:
        UsageError: Its variables are not float32, or it computes neither in float32 nor in
            bfloat16.
    """
    if identifier is None:
        return None
    policy = keras.dtype_policies.get(identifier)
    check_precision([policy])
    if (policy.variable_dtype, policy.compute_dtype) not in _POLICIES:
        raise UsageError(
            f"precision={policy.name!r}: weights stay in float32; give 'float32' or "
            "'mixed_bfloat16'"
        )
    return policy


_POLICIES = [("float32", "float32"), ("float32", "bfloat16")]


def check_precision(policies):
    """Refuses float16, whose gradients vanish where a loss is not scaled up.

    Args:
        policies: `keras.DTypePolicy`, an iterable.

    Raises:
        UsageError: One of them computes in float16.
    """
    if any(policy.compute_dtype == "float16" for policy in policies):
        raise UsageError(
            "float16 loses small gradients unless losses are scaled, which a GAN does not do: use "
            "mixed_bfloat16, which needs no scaling"
        )


def classes(*networks):
    """Classes that conditional networks know, from the layers that encode their labels.

    Args:
        *networks: `keras.Model` of [values, labels].

    Returns:
        The least number, or None where no layer says one.
    """
    found = []
    for network in networks:
        labels = [network.inputs[1]]
        for layer in network.layers:
            takes = keras.tree.flatten(getattr(layer, "input", None))
            if any(tensor is label for tensor in takes for label in labels):
                named = [getattr(layer, name, None) for name in _ENCODERS]
                found += [count for count in named if count is not None]
                labels += [layer.output] if moves_values(layer) else []
    return min(found, default=None)


def bounds(network):
    """(lowest, highest) value that a network can make by its last activation, or None."""
    return _BOUNDS.get(_last_activation(network))


def _last_activation(network):
    """The name of the activation that decides what values a network can make, or None."""
    for layer in last_layers(network):
        if not (moves_values(layer) or _pools(layer)):
            return activation_of(layer)
    return None


def _pools(layer):
    """Whether the values that a layer, or one of `keras.ops`, gives stay between those it takes."""
    is_layer = isinstance(layer, keras.layers.Layer)
    return isinstance(layer, _POOL) if is_layer else type(layer).__name__ in _POOLING_OPS


def check_probabilities(discriminator):
    """Checks that a discriminator makes probabilities, for losses that take them.

    Args:
        discriminator: `keras.Model`.

    Raises:
        UsageError: It has no last activation. What else it may end with is not known.
    """
    if _last_activation(discriminator) == "linear":
        raise UsageError(
            "the loss takes probabilities, and the discriminator has no last activation: give it "
            "a sigmoid, or give the loss from_logits=True"
        )


def check_scores(discriminator):
    """Checks that a discriminator can make any score, for losses that take scores.

    Args:
        discriminator: `keras.Model`, without its final sigmoid.

    Raises:
        UsageError: Its last activation has bounds.
    """
    limits = bounds(discriminator)
    if limits is not None:
        raise UsageError(
            f"the loss takes scores, and the discriminator's are between {limits[0]:g} and "
            f"{limits[1]:g} by its last activation: leave that out, or give it a sigmoid"
        )

"""How fast a run may go: iterations an execution, compilation, and how often losses are recorded.

Measured on CPUs: where an iteration takes milliseconds a return to Python costs as much, and XLA
makes perceptrons faster. Convolutions are slower under XLA, and inside TensorFlow's loop over
several iterations its optimizations of graphs fail.
"""

import keras
import numpy as np


def log_every(experiment, convolutional):
    """Iterations between two records of the losses: a divisor of every interval of the row.

    Args:
        experiment: `rows.Experiment`.
        convolutional: Whether a network has convolutions: an iteration is long then.
    """
    most = 5 if convolutional else 50
    intervals = [experiment.save_every, experiment.measure_every or 0, *experiment.save_at]
    intervals += experiment.boundaries
    interval = np.gcd.reduce(intervals)
    return max(n for n in range(1, most + 1) if interval % n == 0)


def steps_per_execution(experiment, convolutional):
    """Iterations between two returns to Python. PyTorch knows only 1."""
    if keras.config.backend() == "torch" or convolutional:
        return 1
    return log_every(experiment, convolutional)


def jit_compile(experiment, convolutional):
    """Whether XLA compiles the step; on torch it has no use.

    TensorFlow cannot differentiate three times under XLA what joins samples and labels, as unrolled
    turns with a penalty on gradients ask.

    Args:
        experiment, convolutional: As for `log_every`.
    """
    backend = keras.config.backend()
    thrice = experiment.turns.unroll and experiment.penalty is not None
    return backend == "jax" or (backend == "tensorflow" and not convolutional and not thrice)


def is_convolutional(*networks):
    """Whether a network has a convolution, in a nested network or a wrapper too."""
    kinds = tuple(kind for name, kind in vars(keras.layers).items() if "Conv" in name)
    layers = [layer for n in networks for layer in n._flatten_layers(include_self=False)]
    return any(isinstance(layer, kinds) for layer in layers)

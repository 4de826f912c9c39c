"""What a run needs of the machine's memory: a batch that cannot fit is refused before it starts.

The estimate holds what both networks compute for one batch and keep for the gradient, weights,
gradients and moments. With large batches rows 1, 2 and 4 of akel2022 took 0.94 to 2.6 times as much
(TensorFlow on a CPU), so what passes may still be too large.
"""

import math
from contextlib import suppress
from pathlib import Path

import keras

from keras_gans import batches
from keras_gans.errors import UsageError
from keras_gans.runs import checkpoints, machine

_LEAST, _MOST = 0.9, 3.0
"""Measured memory relative to the estimate."""


def check(gan, experiment):
    """Refuses a run whose batches cannot fit. Of the memory of GPUs nothing is known.

    Raises:
        UsageError: They cannot; the message advises what does.
    """
    free = None if machine.gpus() else available()
    if free is None:
        return
    fixed, sample = needed(gan, experiment)
    drawn = batches.memory(experiment.turns.samples(experiment.batch_size), experiment.iterations)
    if drawn > free:
        raise UsageError(
            f"the batches of {experiment.iterations:,} iterations are drawn before the first one "
            f"and take {drawn / 1e9:.1f} GB of memory; {free / 1e9:.1f} GB are free: give fewer"
        )
    least = _LEAST * (fixed + experiment.batch_size * sample)
    if least > free:
        fits = int((free / _MOST - fixed) / sample)
        raise UsageError(
            f"a batch of {experiment.batch_size:,} takes more than {least / 1e9:.1f} GB of memory, "
            f"and {free / 1e9:.1f} GB are free: give "
            + (f"--set batch_size={fits} or less" if fits > 0 else "smaller networks")
        )


def needed(gan, experiment):
    """Bytes that do not depend on the batch, and bytes of each sample of it."""
    kept = 2 if experiment.precision == "mixed_bfloat16" else 4
    generator, discriminator = map(_numbers, (gan.generator, gan.discriminator))
    parameters = gan.generator.count_params() + gan.discriminator.count_params()
    state = sum(array.nbytes for array in checkpoints.capture(gan))
    return state + 4 * parameters, kept * (generator + discriminator)


def available(root="/"):
    """Bytes of memory that are free, swap included; None where the system does not say.

    Linux says it of itself and of the container around this process.

    Args:
        root: Folder of the system's files.
    """
    try:
        lines = Path(root, "proc/meminfo").read_text("ascii").splitlines()
        sizes = {name: 1024 * int(size.split()[0]) for name, size in (x.split(":") for x in lines)}
        free = sizes["MemAvailable"] + sizes["SwapFree"]
    except (OSError, ValueError, KeyError, IndexError):
        return None
    for name, used in _CONTAINERS:
        limit = Path(root, "sys/fs/cgroup", name)
        with suppress(OSError, ValueError):  # there is none, or it is "max"
            most = int(limit.read_text("ascii"))
            lines = limit.with_name("memory.stat").read_text("ascii").splitlines()
            taken = sum(int(size) for key, size in map(str.split, lines) if key == used)
            free = max(0, min(free, most - taken))
    return free


_CONTAINERS = [  # a limit, and what of it the system cannot take back; of version 2, and 1
    ("memory.max", "anon"),
    ("memory/memory.limit_in_bytes", "total_rss"),
]


def _numbers(network):
    """Numbers that the layers of a network make of one sample."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            total += _numbers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            for tensor in keras.tree.flatten(layer.output):
                total += math.prod(size for size in tensor.shape if size is not None)
    return total

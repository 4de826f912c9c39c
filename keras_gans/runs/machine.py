"""What decides how fast a run is, besides its row: backend, versions, processor, threads.

Nothing here imports Keras, because costs are shown without it.
"""

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras_gans


def speed(environ=os.environ, devices=1):
    """All that decides the speed of a row, as a dict of plain values.

    Args:
        environ: Environment variables of the process that trains.
        devices: Devices that share each batch.
    """
    found = backend(environ)
    packages = ("keras", found, "numpy")
    return {
        "keras_gans": keras_gans.__version__,
        "packages": {name: version_of(name) for name in packages},
        "backend": found,
        "processor": processor(),
        "threads": threads(environ),
        "gpus": gpus(),
        "devices": devices,
        "visible_gpus": environ.get("CUDA_VISIBLE_DEVICES"),
    }


def is_out_of_memory(error):
    """Whether an error of TensorFlow, JAX or PyTorch says that an allocation failed.

    Each has its own class, and on processors PyTorch has none.
    """
    kinds = ("ResourceExhaustedError", "OutOfMemoryError")
    words = ("RESOURCE_EXHAUSTED", "DefaultCPUAllocator")
    return type(error).__name__ in kinds or (
        isinstance(error, RuntimeError) and any(word in str(error) for word in words)
    )


def share(side_by_side, threads=None):
    """Environment variables of a run that shares the cores with others.

    The number of threads decides the last digits of a run, so it follows from how many runs are
    asked for and not from how many are left.

    Args:
        side_by_side: Runs at a time; a single one has all cores.
        threads: Threads of a run, where something else decides them.
    """
    if side_by_side == 1 and threads is None:
        return {}
    number = str(threads or max(1, _processors() // side_by_side))
    return {"TF_NUM_INTRAOP_THREADS": number, "OMP_NUM_THREADS": number}


def threads(environ=os.environ):
    """Threads that share one operation: they decide in which order sums are taken."""
    given = environ.get("TF_NUM_INTRAOP_THREADS", "")
    return int(given) if given.isdecimal() and int(given) else _processors()


def _processors():
    """Those that this process may use: `taskset` and Slurm leave it some of the machine's."""
    return len(getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0))


def backend(environ=os.environ):
    """The backend that Keras will use, from its environment variable or its file of settings."""
    home = environ.get("KERAS_HOME") or "~/.keras"
    try:
        settings = json.loads(Path(os.path.expanduser(home), "keras.json").read_text("utf-8"))
        configured = str(settings["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        configured = "tensorflow"
    return environ.get("KERAS_BACKEND") or configured


def processor():
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def version_of(package):
    """Version of an installed package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def gpus():
    """Names of the NVIDIA GPUs, as their driver lists them."""
    files = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    return [line.split(":", 1)[1].strip() for line in lines if line.startswith("Model:")]

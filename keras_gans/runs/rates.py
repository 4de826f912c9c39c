"""Rates: the seconds that the parts of a run take on this machine, kept for later plans.

A rate belongs to a key, which has everything that decides it: the row without its numbers of
iterations, versions, backend, processor and threads. Each run leaves its rate in the data folder,
one file for each key. Nothing here imports Keras.
"""

import contextlib
import hashlib
import json
import math
import os
from dataclasses import asdict, dataclass, replace

from keras_gans import datasets
from keras_gans.files import replacing
from keras_gans.runs import machine

_WITHOUT_EFFECT = (
    "derived_from", "iterations", "save_every", "save_at", "measure_every", "on_divergence",
    "printed", "phases", "stop",
)  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """Seconds that were measured.

    Attributes:
        start: From the command to the first iteration.
        iteration: Of one iteration.
        saving: Of saving once: networks, picture, curves, checkpoint.
        measuring: Of measuring once; 0 where nothing is measured.
        iterations: Iterations that were measured.
    """

    start: float
    iteration: float
    saving: float
    measuring: float
    iterations: int

    def __post_init__(self):
        numbers = asdict(self).values()
        if not all(type(n) in (int, float) and math.isfinite(n) and n >= 0 for n in numbers):
            raise ValueError(f"not a rate: {self}")


def key(experiment, speed=None):
    """All that decides the rate of a row, as a dict of plain values.

    Args:
        experiment: `rows.Experiment`.
        speed: `machine.speed` of the process that trains; None for this process.
    """
    row = {k: v for k, v in experiment.to_dict().items() if k not in _WITHOUT_EFFECT}
    if experiment.dataset.name not in datasets.names():
        path = os.path.abspath(os.path.expanduser(experiment.dataset.name))
        row["dataset"] = replace(experiment.dataset, name=path).plain
    return {"row": row, **(speed or machine.speed())}


def name(key):
    """The name of a key's file."""
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]


def read(key, data_dir=None):
    """The rate of a key, or None. A damaged file is as good as none.

    Args:
        key: As returned by `key`.
        data_dir: Data folder, or None for the usual one.
    """
    try:
        content = json.loads(_path(key, data_dir).read_text("utf-8"))
        return Rate(**content["rate"]) if content["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def keep(key, rate, data_dir=None):
    """Keeps a rate, unless there is one of more iterations.

    Where the data folder is not writable, as a shared one, it is that of the user. If none is, that
    is no error: the rate is then measured again when it is needed.

    Args:
        key, data_dir: As for `read`.
        rate: `Rate`.
    """
    known = read(key, data_dir)
    if known is not None and known.iterations > rate.iterations:
        return
    path = _path(key, data_dir)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            content = {"key": key, "rate": asdict(rate)}
            partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _path(key, data_dir):
    folder = datasets.data_folder(data_dir)
    if folder.is_dir() and not os.access(folder, os.W_OK):
        folder = datasets.data_folder(datasets.OF_THE_USER)
    return folder / "rates" / f"{name(key)}.json"

"""What a run depends on besides its row: versions, commit, device, seed, command, data."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import keras

import keras_gans
from keras_gans.runs import machine


def environment(seed, data, devices=1):
    """The content of environment.json: a dict of plain values.

    Args:
        seed: The run's seed.
        data: `datasets.Source` of the run.
        devices: Devices that share each batch.
    """
    packages = ("keras", keras.config.backend(), "numpy", "scipy", "h5py", "matplotlib")
    return {
        "keras_gans": keras_gans.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: machine.version_of(name) for name in packages},
        "backend": keras.config.backend(),
        "platform": platform.platform(),
        "processor": machine.processor(),
        "cores": os.cpu_count(),
        "threads": machine.threads(),
        "devices": devices,
        "seed": seed,
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "data": {
            "name": data.name,
            "source": data.source,
            "shape": list(data.values.shape),
            "sha256": data.fingerprint,
        },
    }


def changes(there, now):
    """The differences that decide the last digits of a result, in words; "" for none.

    Args:
        there: Environment of the earlier part of a run.
        now: Environment of this process.
    """
    keys = ("keras_gans", "commit", "python", "backend", "processor", "threads", "devices")
    there = {"devices": 1, **there}  # runs of versions that knew no more
    pairs = {key: (there.get(key), now[key]) for key in keys}
    packages = there.get("packages", {})
    pairs |= {key: (packages.get(key), found) for key, found in now["packages"].items()}
    return ", ".join(f"{key} {a} became {b}" for key, (a, b) in pairs.items() if a != b)


def _commit():
    """The checkout's commit, with a + where files differ from it; None outside a checkout."""
    root = Path(keras_gans.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
        return _git(root, "rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root, *words):
    command = ["git", "-C", str(root), *words]
    return subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL).strip()

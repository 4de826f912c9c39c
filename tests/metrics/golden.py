"""Values of independent implementations, and the arrays that they were computed from.

`python tests/metrics/golden.py` computes them again and writes golden.json. It needs
torch-fidelity 0.4, clean-fid 0.1.35, prdc 0.2 and SciPy before 1.18 (the extra `oracles`).
"""

import contextlib
import importlib
import importlib.metadata
import importlib.util
import io
import json
import sys
import types
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_suffix(".json")
ORACLES = ("torch-fidelity", "clean-fid", "prdc")
K = {"precision_recall": 3, "density_coverage": 5}
SUBSETS, SUBSET_SIZE, SEED = 7, 20, 3


def features():
    """{name: (real, fake)}, float64 of various shapes; only `integers` has equal distances."""
    rng = np.random.default_rng(20_151_205)

    def correlated(n, d, shift=0.0):
        return rng.normal(size=(n, d)) @ (np.eye(d) + 0.3 * rng.normal(size=(d, d))) + shift

    few = correlated(40, 96), correlated(48, 96, 0.1)
    base = correlated(200, 5), correlated(180, 5, 0.2)
    mixing = rng.normal(size=(5, 7))
    spread = correlated(150, 12)
    return {
        "plain": (rng.normal(size=(220, 8)), rng.normal(size=(220, 8))),
        "correlated": (correlated(300, 16), correlated(260, 16, 0.3)),
        "fewer_than_dimensions": few,
        "offset": (correlated(200, 10, 50.0), correlated(210, 10, 52.0)),
        "relu": (np.maximum(correlated(250, 24), 0), np.maximum(correlated(250, 24, 0.2), 0)),
        "dependent": tuple(np.hstack([side, side @ mixing]) for side in base),
        "duplicates": (spread, correlated(40, 12, 0.1)[rng.integers(0, 40, 150)]),
        "collapsed": (spread, spread[:1] + 1e-2 * rng.normal(size=(60, 12))),
        "integers": tuple(rng.integers(0, 4, (n, 4)).astype(float) for n in (120, 130)),
    }


def logits():
    """{name: array `(n, classes)`}, float64."""
    rng = np.random.default_rng(2016)
    return {
        "soft": rng.normal(size=(500, 10)),
        "sharp": 20 * rng.normal(size=(203, 12)),
        "many_classes": 3 * rng.normal(size=(90, 1008)),
    }


def subsets(real, fake):
    """The pairs of subsets that `kid.kid` draws according to its documentation."""
    rng = np.random.Generator(np.random.Philox(SEED))
    for _ in range(SUBSETS):
        x = real[rng.choice(len(real), SUBSET_SIZE, replace=False)]
        yield x, fake[rng.choice(len(fake), SUBSET_SIZE, replace=False)]


def installed():
    return all(importlib.util.find_spec(n) for n in ("torch_fidelity", "cleanfid", "prdc", "torch"))


def measure():
    """{metric: {case: {implementation: values}}} of the installed implementations."""
    import torch

    with _alone("torch_fidelity", "utils"):
        fid, kid, isc, prc = (
            importlib.import_module(f"torch_fidelity.metric_{m}")
            for m in ("fid", "kid", "isc", "prc")
        )
    with _alone("cleanfid", "utils", "features", "resize"):
        clean = importlib.import_module("cleanfid.fid")
    from prdc import compute_prdc

    tensor = torch.from_numpy
    found = {m: {} for m in ("fid", "mmd2", "kid", "precision_recall", "density_coverage")}
    for name, (real, fake) in features().items():
        both = [fid.fid_features_to_statistics(tensor(side)) for side in (real, fake)]
        found["fid"][name] = {
            "torch-fidelity": fid.fid_statistics_to_metric(*both, False)[fid.KEY_METRIC_FID],
            "clean-fid": float(clean.fid_from_feats(real, fake)),
        }
        n = min(len(real), len(fake))  # both need sets of equal size
        whole = {"kid_subsets": 1, "kid_subset_size": n, "verbose": False}
        x, y = real[:n], fake[:n]
        found["mmd2"][name] = {
            "torch-fidelity": kid.kid_features_to_metric(tensor(x), tensor(y), **whole)[
                kid.KEY_METRIC_KID_MEAN
            ],
            "clean-fid": clean.kernel_distance(y, x, num_subsets=1, max_subset_size=n),
        }
        values = [kid.kernel_mmd(x, y) for x, y in subsets(real, fake)]
        found["kid"][name] = {"torch-fidelity": [float(np.mean(values)), float(np.std(values))]}
        k = K["precision_recall"]
        found["precision_recall"][name] = {
            "torch-fidelity": _values(
                prc.prc_features_to_metric(
                    tensor(fake), tensor(real), prc_neighborhood=k, verbose=False
                ),
                "precision", "recall",
            )
        }  # fmt: skip
        if name != "integers":  # prdc counts points on an edge as outside
            with contextlib.redirect_stdout(io.StringIO()):
                near, dense = (compute_prdc(real, fake, k) for k in K.values())
            found["precision_recall"][name]["prdc"] = _values(near, "precision", "recall")
            found["density_coverage"][name] = {"prdc": _values(dense, "density", "coverage")}
    found["inception_score"] = {
        name: {
            "torch-fidelity": _values(
                isc.isc_features_to_metric(tensor(rows), shuffle=False),
                isc.KEY_METRIC_ISC_MEAN, isc.KEY_METRIC_ISC_STD,
            )
        }
        for name, rows in logits().items()
    }  # fmt: skip
    return found


def _values(found, *names):
    return [float(found[name]) for name in names]


@contextlib.contextmanager
def _alone(package, *stubs):
    """Lets modules of a package load without its `__init__` and without the named modules.

    Those import torchvision and networks, which arithmetic on arrays does not need.
    """
    before = set(sys.modules)
    parent = types.ModuleType(package)
    parent.__path__ = importlib.util.find_spec(package).submodule_search_locations
    sys.modules[package] = parent
    for name in stubs:
        stub = types.ModuleType(f"{package}.{name}")
        stub.__getattr__ = lambda name: None
        stub.__all__ = []
        sys.modules[stub.__name__] = stub
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if name.split(".")[0] == package:
                del sys.modules[name]


def main():
    versions = {name: importlib.metadata.version(name) for name in (*ORACLES, "scipy")}
    FILE.write_text(json.dumps({"versions": versions, **measure()}, indent=1) + "\n")


if __name__ == "__main__":
    main()

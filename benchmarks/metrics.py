"""Time and memory of the metrics, compared with common implementations, in one run.

The Frechet distance is compared with the formula with `scipy.linalg.sqrtm`, which most
implementations use; precision, recall, density and coverage with the package prdc. All take the
same arrays on the same machine, one after the other, each in a process of its own, repeatedly.
The table has medians and their ratio, the peak memory of the process including the features, and
the relative difference of the values. On a machine with other processes, compare the CPU time
(of all threads).

    python benchmarks/metrics.py [--only trace neighbours] [--repeats 3]
"""

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

DIMENSION = 2048
TASKS = {
    "trace": "Frechet distance of known statistics, d = 2,048",
    "neighbours": "precision, recall, density, coverage, 10,000 + 10,000 features, d = 2,048",
}
ROWS = {"trace": 10_000, "neighbours": 10_000}


def features(n, seed):
    """float64 `(n, DIMENSION)` with decreasing variances, like the features of a network."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((n, 128), dtype=np.float32)
    mixing = np.random.default_rng(0).standard_normal((128, DIMENSION), dtype=np.float32)
    rows = (latent * np.geomspace(1, 0.1, 128, dtype=np.float32)) @ mixing
    rows += rng.standard_normal(rows.shape, dtype=np.float32)
    return np.maximum(rows + 0.1 * seed, 0, out=rows).astype(np.float64)


def ours(task, real, fake):
    """A function without arguments that returns the values of a task."""
    from keras_gans.metrics import density_coverage, precision_recall
    from keras_gans.metrics.fid import frechet_distance
    from keras_gans.metrics.neighbours import balls
    from keras_gans.metrics.statistics import Statistics

    if task == "trace":
        both = [Statistics(side) for side in (real, fake)]
        return lambda: [frechet_distance(*both)]

    def measure():
        of_real, of_fake = balls(real, fake, (5,), (5,))
        return [
            *precision_recall.from_balls(of_real[5], of_fake[5]),
            *density_coverage.from_balls(of_real[5]),
        ]

    return measure


def theirs(task, real, fake):
    """The same of the other implementation.

    Raises:
        ModuleNotFoundError: It is not installed.
    """
    if task == "neighbours":
        from prdc import compute_prdc

        return lambda: [float(v) for v in compute_prdc(real, fake, nearest_k=5).values()]
    from scipy.linalg import sqrtm

    def moments(side):
        return side.mean(axis=0), np.cov(side, rowvar=False)

    def distance(a, b):
        (mean_a, a), (mean_b, b) = a, b
        trace = np.trace(a) + np.trace(b) - 2 * np.trace(sqrtm(a @ b)).real
        return [float(np.sum((mean_a - mean_b) ** 2) + trace)]

    known = moments(real), moments(fake)
    return lambda: distance(*known)


def measure(task, side):
    """Seconds, peak memory in GiB and values of one implementation, in this process."""
    real, fake = features(ROWS[task], 1), features(ROWS[task], 2)
    try:
        function = {"ours": ours, "theirs": theirs}[side](task, real, fake)
    except ModuleNotFoundError as error:
        return {"absent": error.name}
    begun = time.perf_counter(), time.process_time()
    numbers = function()
    seconds, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"seconds": seconds, "cpu": cpu, "gib": memory, "numbers": numbers}


def machine():
    """The machine and the versions, in one line."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        model = next(iter(names), model)
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy")
    )
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}, {versions}"


def compare(task, repeats):
    """One row of the table."""
    found = {"ours": [], "theirs": []}
    for _ in range(repeats):
        for side, measurements in found.items():
            command = [sys.executable, __file__, "--one", task, side]
            output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            measurements.append(json.loads(output.splitlines()[-1]))
    us, them = found.values()
    row = f"| {TASKS[task]} | {_cost(us)} "
    if "absent" in them[0]:
        return row + f"| {them[0]['absent']} is not installed | | | |"
    ratios = [f"{_median(them, unit) / _median(us, unit):.1f}x" for unit in ("seconds", "cpu")]
    pairs = zip(us[0]["numbers"], them[0]["numbers"], strict=True)
    apart = max(abs(a - b) / abs(b) if b else abs(a) for a, b in pairs)
    return row + f"| {_cost(them)} | {' | '.join(ratios)} | {apart:.0e} |"


def _median(measurements, unit):
    return statistics.median(m[unit] for m in measurements)


def _cost(measurements):
    return (
        f"{_median(measurements, 'seconds'):.2f} s, {max(m['gib'] for m in measurements):.2f} GiB"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--only", nargs="+", choices=TASKS, default=list(TASKS), help="rows of the table"
    )
    parser.add_argument(
        "--repeats", type=int, default=3, help="of each measurement; the table has medians"
    )
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one)))
        return
    print(machine())
    print("\n| | keras_gans | sqrtm, prdc | ratio | of CPU time | relative difference |")
    print("|---|---|---|---|---|---|")
    for task in options.only:
        print(compare(task, options.repeats), flush=True)


if __name__ == "__main__":
    main()

"""Milliseconds an iteration, of this package and of other ways to train the same rows.

Every measurement is a process of its own. The ways take turns, `--repeats` times, so that a slow
minute of the machine meets all of them. Ratios are of the measurements of one repeat. A product of
matrices in the same process says what the processor could do at that moment.

    python benchmarks/speed.py                      everything; half an hour on two cores
    python benchmarks/speed.py --exp 2 --ways ours torch channels-last --json found.json
    python benchmarks/speed.py --parts growth cost  not the ways, but what else there is

`guide` and `loop` need TensorFlow; `torch` and what follows it need PyTorch. Ways whose packages
are missing are left out, with a line that says so.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

ROWS = (1, 2, 4, 10, 11, 18)
WAYS = {
    "ours": "this package, on the backend of KERAS_BACKEND (TensorFlow)",
    "ours-bf16": "the same with --precision mixed_bfloat16",
    "ours-jax": "this package on JAX",
    "loop": "predict + train_on_batch, as the public Keras-GAN scripts",
    "guide": "train_step with tapes, as Keras's guides",
    "torch": "PyTorch, eager",
    "channels-last": "PyTorch, eager, channels-last memory",
    "compile": "PyTorch, torch.compile, channels-last memory",
}
NEEDS = {
    "ours-jax": "jax",
    "loop": "tensorflow",
    "guide": "tensorflow",
    "torch": "torch",
    "channels-last": "torch",
    "compile": "torch",
}
GROWTH = [({"batch_size": n}, 28) for n in (16, 32, 64, 128)] + [({}, 56)]


class Clock:
    """Called after each iteration, or execution of several; ends the training when it has enough.

    Args:
        seconds: To measure, after the first executions and as many seconds of warming up.
    """

    class Enough(Exception):
        """There is nothing more to measure."""

    def __init__(self, seconds):
        self.seconds, self.marks = seconds, []

    def __call__(self, iteration):
        now = time.perf_counter()
        self.marks.append((iteration, now))
        # At least three executions after the warm-up of two, however slow.
        if len(self.marks) >= 6 and now > self._warm()[1] + self.seconds:
            raise Clock.Enough

    def _warm(self):
        begun = self.marks[1][1]
        later = (m for m in self.marks[2:] if m[1] > begun + self.seconds / 4)
        return next(later, self.marks[-1])

    @property
    def ms(self):
        """Median of the milliseconds an iteration."""
        first = self.marks.index(self._warm())
        pairs = zip(self.marks[first:], self.marks[first + 1 :], strict=False)
        return 1000 * statistics.median((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs)


# --- one measurement, in a process of its own --------------------------------------------------


def measure(number, way, seconds, changed, size):
    """Measures a way in this process: a dict of plain values."""
    from setting import setting

    begun = time.perf_counter()
    precision = {"precision": "mixed_bfloat16"} if way == "ours-bf16" else {}
    chosen = setting(number, {**changed, **precision}, size)
    clock = Clock(seconds)
    with suppress(Clock.Enough):
        _way(way)(chosen, clock)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    import flops

    needed = flops.iteration(
        *chosen.networks(), chosen.experiment.turns, chosen.experiment.batch_size
    )
    return {
        "ms": clock.ms,
        "first": clock.marks[0][1] - begun,
        "gib": memory,
        "gflop": needed / 1e9,
        "matrix_product": _matrix_product("torch" if NEEDS.get(way) == "torch" else way),
    }


def _way(name):
    import keras_ways

    if name in ("loop", "guide"):
        return getattr(keras_ways, name)
    if name.startswith("ours"):
        return keras_ways.ours
    import torch_way

    return {
        "torch": torch_way.train,
        "channels-last": torch_way.channels_last,
        "compile": torch_way.compiled,
    }[name]


def _matrix_product(way):
    """GFLOP/s of the fastest float32 product of square matrices, in the library of the way."""
    best = 0
    for n in (1024, 2048, 4096):
        if way == "torch":
            import torch

            device = "cuda" if torch.cuda.is_available() else "cpu"
            a = torch.randn(n, n, device=device)

            def product(a=a):
                (a @ a)[0, 0].item()
        else:
            import keras
            from keras import ops

            a = keras.random.normal((n, n))

            def product(a=a):
                float(ops.convert_to_numpy(ops.matmul(a, a)[0, 0]))

        product()
        for _ in range(6):
            begun = time.perf_counter()
            product()
            best = max(best, 2 * n**3 / (time.perf_counter() - begun) / 1e9)
    return best


def cost(number, iterations):
    """What a real run does beside its iterations: seconds by what they are spent on."""
    import numpy as np
    from rich.console import Console
    from setting import setting

    begun = time.time() - _age()
    chosen = setting(number, {"iterations": iterations, "save_every": iterations // 2})
    from keras_gans.rows import PlannedRun
    from keras_gans.runs import callbacks, run
    from keras_gans.terminal.line import Line

    spent, first = {}, []
    for kind in (
        callbacks.SaveNetworks,
        callbacks.DrawSamples,
        callbacks.Measure,
        callbacks.DrawCurves,
        callbacks.SaveCheckpoint,
    ):
        _timed(kind, spent)
    recorded = callbacks.RecordLosses.on_train_batch_end

    def record(self, batch, logs=None):
        first.append(time.time())
        recorded(self, batch, logs)

    callbacks.RecordLosses.on_train_batch_end = record

    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        planned = PlannedRun("akel2022", number, chosen.experiment, 0, {}, Path(folder))
        found = run.run(planned, chosen.data, None, Line("", Console(file=nowhere)))
    seconds = found["seconds"]
    return {
        "first": first[0] - begun,
        "training": seconds["training"],
        "wall": seconds["wall"],
        **{name: float(np.median(values)) for name, values in spent.items()},
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def _timed(kind, spent):
    original = kind.at

    def at(self, iteration):
        begun = time.perf_counter()
        original(self, iteration)
        spent.setdefault(kind.__name__, []).append(time.perf_counter() - begun)

    kind.at = at


def _age():
    """Seconds since this process began."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    up = float(Path("/proc/uptime").read_text().split()[0])
    return up - ticks / os.sysconf("SC_CLK_TCK")


# --- all of them -------------------------------------------------------------------------------


class Measurements:
    """Runs measurements one after the other and says on stderr how far it is."""

    def __init__(self, total):
        self.total, self.done = total, 0

    def __call__(self, title, *arguments, backend=None):
        self.done += 1
        print(f"{self.done}/{self.total} {title}", file=sys.stderr, flush=True)
        environment = {**os.environ, **({"KERAS_BACKEND": backend} if backend else {})}
        command = [sys.executable, __file__, "--one", json.dumps(arguments)]
        process = subprocess.run(command, capture_output=True, text=True, env=environment)
        if process.returncode:
            raise SystemExit(f"{title}: {process.stderr.strip().splitlines()[-1]}")
        return json.loads(process.stdout.splitlines()[-1])


def compare(rows, ways, repeats, seconds, measured):
    """Ways against each other: {row: {way: list of measurements}}."""
    found = {}
    for number in rows:
        of_row = found[number] = {way: [] for way in ways}
        for repeat in range(repeats):
            for way in ways:
                # With two backends in a process their copies of LLVM meet.
                backend = NEEDS.get(way)
                title = f"row {number}, {way}, {repeat + 1} of {repeats}"
                one = measured(title, "measure", number, way, seconds, {}, None, backend=backend)
                of_row[way].append(one)
        print_row(number, of_row)
    return found


def print_row(number, ways):
    """The table of a row."""
    ours = ways.get("ours")
    head = f"Row {number}"
    if ours:
        needed, product = ours[0]["gflop"], max(one["matrix_product"] for one in ours)
        reached = needed / statistics.median(one["ms"] for one in ours) * 1000
        head += f": an iteration needs {needed:.3g} GFLOP; ours reaches {reached:.0f} GFLOP/s, "
        head += f"{reached / product:.0%} of a matrix product ({product:.0f} GFLOP/s)"
    print(f"\n{head}\n\n| way | ms an iteration | ours is faster by | first iteration | memory |")
    print("|---|---|---|---|---|")
    for way, found in ways.items():
        ms = [one["ms"] for one in found]
        ratio = ""
        if ours and not way.startswith("ours"):
            ratios = [a["ms"] / b["ms"] for a, b in zip(found, ours, strict=True)]
            ratio = f"{statistics.median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f})"
        first, memory = (max(one[key] for one in found) for key in ("first", "gib"))
        print(
            f"| {way} | {statistics.median(ms):.4g} ({min(ms):.4g} to {max(ms):.4g}) | {ratio} "
            f"| {first:.1f} s | {memory:.2f} GiB |",
            flush=True,
        )


def growth(repeats, seconds, measured):
    """Row 2 with other batches and images."""
    found = []
    print("\n| row 2 | ms an iteration | GFLOP/s | memory |\n|---|---|---|---|")
    for changed, size in GROWTH:
        title = f"batch {changed.get('batch_size', 32)}, images of {size}"
        ones = [
            measured(f"row 2, {title}", "measure", 2, "ours", seconds, changed, size)
            for _ in range(repeats)
        ]
        ms = statistics.median(one["ms"] for one in ones)
        found.append({"changed": changed, "size": size, "measurements": ones})
        rate = ones[0]["gflop"] / ms * 1000
        print(f"| {title} | {ms:.4g} | {rate:.0f} | {ones[0]['gib']:.2f} GiB |", flush=True)
    return found


def costs(rows, measured):
    """What a run costs beside its iterations."""
    found = {}
    heads = "row", "command to first losses", "networks", "picture", "measurement", "curves"
    print("", f"| {' | '.join([*heads, 'checkpoint', 'memory'])} |", "|---" * 8 + "|", sep="\n")
    for number in rows:
        one = found[number] = measured(
            f"row {number}, a run", "cost", number, 200 if number in (1, 11) else 20
        )
        kinds = ("SaveNetworks", "DrawSamples", "Measure", "DrawCurves", "SaveCheckpoint")
        cells = " | ".join(f"{1000 * one[kind]:.0f} ms" if kind in one else "" for kind in kinds)
        print(f"| {number} | {one['first']:.1f} s | {cells} | {one['gib']:.2f} GiB |", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog="Ways: " + "; ".join(f"{name}: {about}" for name, about in WAYS.items()),
    )
    add = parser.add_argument
    add("--exp", type=int, nargs="+", choices=ROWS, default=ROWS, help="rows of akel2022")
    add("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="default: all")
    add(
        "--parts", nargs="+", choices=("ways", "growth", "cost"), default=["ways", "growth", "cost"]
    )
    add("--repeats", type=int, default=3, help="of each measurement")
    add("--seconds", type=float, default=5, help="of each measurement, after warming up")
    add("--json", type=Path, metavar="FILE", help="where all numbers go")
    add("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        what, *arguments = json.loads(options.one)
        print(json.dumps({"measure": measure, "cost": cost}[what](*arguments)))
        return
    ways = []
    for way in options.ways:
        package = NEEDS.get(way)
        if package and find_spec(package) is None:
            print(f"{way} is left out: {package} is not installed", file=sys.stderr)
        else:
            ways.append(way)
    parts, rows = options.parts, options.exp
    total = "ways" in parts and len(rows) * len(ways) * options.repeats
    total += "growth" in parts and len(GROWTH) * options.repeats
    total += "cost" in parts and len(rows)
    measured = Measurements(total)
    found = {"machine": platform.platform(), "cores": os.cpu_count(), "options": vars(options)}
    if "ways" in parts:
        found["ways"] = compare(rows, ways, options.repeats, options.seconds, measured)
    if "growth" in parts:
        found["growth"] = growth(options.repeats, options.seconds, measured)
    if "cost" in parts:
        found["cost"] = costs(rows, measured)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()

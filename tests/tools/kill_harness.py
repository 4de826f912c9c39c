"""Kills runs at random moments and compares what they end as.

    python tests/tools/kill_harness.py --kills 60                 all kinds of rows, minutes
    python tests/tools/kill_harness.py --kills 3 --kinds dense    seconds, as `make test` does

Of each kind one run is left alone. Others are killed (SIGKILL) again and again, at a random time
or a random moment after they began something: to write a checkpoint, to save a generator, ...
Resumed after each kill, they have to end as the first one did, byte for byte, but for the times in
metrics.json and in the manifests of checkpoints, and for environment.json.

This process imports Keras once and forks each run, before TensorFlow computes anything;
`--commands` kills the real command as well, which takes longer to begin. `--rejections` kills what
writes samples that a discriminator accepts: their file is whole, or not there.
"""

import argparse
import hashlib
import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
from running import Silent, plan

from keras_gans.rows import PlannedRun, stages

ROOT = Path(__file__).parents[2]
# Measurements have an interval of their own, so that the best generator can lie between
# checkpoints.
TINY = {
    "iterations": 60, "save_every": 10, "measure_every": 15, "batch_size": 8, "measure_samples": 50,
}  # fmt: skip
ADAM = {"name": "adam", "learning_rate": 0.0002, "beta_1": 0.5}
KINDS = {
    "dense": (1, {}),  # perceptrons, batch normalization
    "convolutional": (
        2,
        {
            "turns": {"update": "separate", "fakes": "inference"},
            "sampling": "epochs",
            **{"optimizer": ADAM, "d_optimizer": None, "g_optimizer": None},
        },
    ),
    "critic": (
        4,
        {
            "turns": {"d_steps": 5, "latents": "shared", "batch_norm": "frozen"},
            "constraint.weights": "all",
        },
    ),
    "conditional": (
        5,
        {
            "loss": {"name": "binary_crossentropy", "real": [0.8, 1.1]},
            "average": {"name": "exponential", "decay": 0.9},
        },
    ),
    "points": (6, {"penalty": "gradient_penalty", "save_at": [25]}),
    "unrolled": (
        6,
        {
            "turns": {"unroll": 1, "g_steps": 2, "update": "adaptive"},
            "discriminator": {"name": "points", "hidden": [16]},
            "phases": [
                {"iterations": 15, "train": "discriminator"},
                {"iterations": 10, "train": "generator"},
            ],
        },
    ),
    "stopped": (1, {"stop": {"name": "flat", "change": 1000.0, "iterations": 25}}),
    "conditional convolutional": (
        5,
        {
            "generator": {"name": "conditional_convolutional", "filters": [8]},
            "discriminator": {
                "name": "conditional_convolutional",
                "filters": [4, 8],
                "normalization": "virtual",  # whose reference batch is part of the network
            },
            "augment": "differentiable",
        },
    ),
    "classifier": (2, {}),  # of a table of its own, whose row 1 is the conditional GAN it needs
}
CLASSIFIER = {
    "stage": "classifier", "derived_from": "LeNet", "epochs": 2, "validation": 100,
    "fine_tune": 1, "synthetic": {"row": 1, "share": 0.5},
}  # fmt: skip
PHASES = {
    ("folder", "empty"): "emptying the folder",
    ("checkpoints", "resume"): "resuming",
    ("folder", "describe"): "describing the networks",
    ("callbacks.SaveNetworks", "at"): "saving networks",
    ("callbacks.DrawSamples", "at"): "drawing samples",
    ("callbacks.Measure", "at"): "measuring",
    ("callbacks.DrawCurves", "at"): "drawing curves",
    ("callbacks.SaveCheckpoint", "_write"): "writing a checkpoint",
    ("run", "summary"): "finishing",
}
"""What a run does besides training, by the functions of `keras_gans.runs` that do it."""
NAMES = ["starting", "building", "training", *PHASES.values()]


def planned(kind, results):
    """The `rows.PlannedRun` of a kind of row."""
    number, changed = KINDS[kind]
    if kind != "classifier":
        return plan("quickstart", number, results, {**TINY, **changed})
    row = stages.read({**CLASSIFIER, "dataset": str(results.parent / "digits.npz")})
    return PlannedRun("stages", number, row, 0, {}, results)


def prepare(run):
    """Makes what a classifier needs, once for all of them: labelled images, and its row 1."""
    from keras_gans import datasets

    folder, digits = run.results.parent, datasets.load("digits")
    trained, needed = folder / "stages" / "1", run.needs.parent
    if not trained.exists():
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"train": slice(500), "test": slice(500, 700)}
        values = {f"x_{name}": digits.values[part] for name, part in parts.items()}
        labels = {f"y_{name}": digits.labels[part] for name, part in parts.items()}
        np.savez(folder / "digits.npz", **values, **labels)
        row = plan("quickstart", 5, folder, {**TINY, "iterations": 20, "measure": []}).experiment
        row = replace(row, dataset=run.experiment.dataset)
        gan, phase = PlannedRun("stages", 1, row, 0, {}, folder), Phase()
        child = fork(gan, datasets.load(row.dataset), phase)
        assert wait(child, phase, lambda: False) == 0, "the GAN that the classifier needs failed"
    needed.parent.mkdir(parents=True, exist_ok=True)
    needed.symlink_to(trained)


def digest(folder):
    """SHA-256 of every file that has to be the same, by name.

    Of checkpoints that is the last one: where a run was stopped decides which was before it.
    """
    digests, last = {}, max((p.name for p in folder.glob("checkpoint/[0-9]*")), default=None)
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.name in ("environment.json", "manifest.json"):
            continue
        if path.parts[-3] == "checkpoint" and path.parts[-2] != last:
            continue
        content = path.read_bytes()
        if path.name == "metrics.json":
            metrics = json.loads(content)
            for name in ("seconds", "iterations_per_second"):
                metrics.pop(name, None)
            content = json.dumps(metrics).encode()
        digests[path.relative_to(folder).as_posix()] = hashlib.sha256(content).hexdigest()
    return digests


class Phase:
    """What a forked run is at: memory that outlives it."""

    def __init__(self):
        self._memory = mmap.mmap(-1, 2)

    def __call__(self):
        """The name, and how many times anything has begun, modulo 256."""
        return NAMES[self._memory[0]], self._memory[1]

    def enter(self, name):
        self._memory[:] = bytes([NAMES.index(name), (self._memory[1] + 1) % 256])

    def watch(self, owner, name, phase):
        original = getattr(owner, name)

        def watched(*args, **kwargs):
            self.enter(phase)
            try:
                return original(*args, **kwargs)
            finally:
                self.enter("training")

        setattr(owner, name, watched)


class Told(Silent):
    """A progress line that also tells the phase."""

    def __init__(self, phase):
        super().__init__()
        self.phase = phase

    def status(self, text):
        self.phase.enter("building")

    def begin(self, total, done=0, unit=None):
        self.phase.enter("training")


def fork(run, data, phase):
    """Starts a run in a child; returns its process id."""
    phase.enter("starting")
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        from keras_gans.runs import classifier
        from keras_gans.runs import run as runs

        for (owner, name), text in PHASES.items():
            module, *kind = owner.split(".")
            module = import_module(f"keras_gans.runs.{module}")
            phase.watch(getattr(module, *kind) if kind else module, name, text)
        if run.experiment.needs is None:
            runs.run(run, data, None, Told(phase))
        else:
            classifier.run(run, data, None, Told(phase), time.monotonic())
        status = 0
    finally:
        os._exit(status)


def wait(child, phase, until):
    """Waits for the end of a child or the moment to kill it.

    Returns:
        Its exit status, or None where it was killed.
    """
    while not until():
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def moment(random, duration, phase):
    """A random moment to kill at, as a function that says whether it has come.

    Half of them are just after something began, if it does: checkpoints are written too quickly
    to be met often otherwise.
    """
    target = random.choice([None] * 4 + ["writing a checkpoint"] * 3 + NAMES)
    times, delay = random.randint(1, 3), random.choice([0, 0.01, 0.05, 0.2]) * random.random()
    at = time.monotonic() + random.uniform(0.3 if target else 0, 1) * duration
    seen = [None, 0]

    def come():
        nonlocal at
        name, count = phase()
        if name == target and seen[0] != count:
            seen[:] = count, seen[1] + 1
            if seen[1] == times:
                at = min(at, time.monotonic() + delay)
        return time.monotonic() >= at

    return come


def campaign(kind, kills, random, folder, say):
    """Kills runs of a kind; returns (Counter of phases, reference, list of differing files)."""
    from keras_gans import datasets

    phase, phases, wrong = Phase(), Counter(), []

    def new(name):
        run = planned(kind, folder / name)
        if run.needs:
            prepare(run)
        return run

    reference = new("reference")
    data = datasets.load(reference.experiment.dataset)
    begun = time.monotonic()
    assert wait(fork(reference, data, phase), phase, lambda: False) == 0, "the run alone failed"
    duration = time.monotonic() - begun
    expected = digest(reference.folder)
    say(f"{kind}: a run takes {duration:.1f} s and leaves {len(expected)} files to compare")
    runs = left = 0
    while phases.total() < kills or left:
        if not left:
            runs += 1
            left = 1 + random.randint(4, 8)
            run = new(str(runs))
        left -= 1
        last = not left or phases.total() >= kills
        child = fork(run, data, phase)
        until = (lambda: False) if last else moment(random, duration, phase)
        status = wait(child, phase, until)
        if status is None:
            begun = any((run.folder / "checkpoint").glob("[0-9]*"))
            phases[phase()[0] + ("" if begun else ", before the first checkpoint")] += 1
            continue
        left = 0
        # Gone on with until it ends; then the next one is killed, until there were enough.
        found = digest(run.folder) if status == 0 else {"exit status": status}
        names = sorted(n for n in {**expected, **found} if expected.get(n) != found.get(n))
        wrong += [f"{kind}, run {runs}: {name}" for name in names]
        say(f"{kind}: run {runs} ended after {phases.total()} kills: {names or 'the same'}")
    return phases, reference, wrong, runs


def kill_commands(kind, kills, reference, random, folder, say):
    """The same with the real command, killed in one run. Returns the list of differing files."""
    run = planned(kind, folder / "command")
    changes = [f"{key}={json.dumps(value)}" for key, value in run.changed.items()]
    command = [sys.executable, ROOT / "run_experiment.py", "--table", "quickstart"]
    command += ["--exp", str(run.number), "--results", run.results, "--set", *changes]
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for _ in range(kills):
        with subprocess.Popen(command, cwd=ROOT, **nowhere) as process:
            time.sleep(random.uniform(4, 25))
            process.kill()
    status = subprocess.run(command, cwd=ROOT, check=False, **nowhere).returncode
    expected, found = digest(reference.folder), digest(run.folder)
    names = [n for n in {**expected, **found} if expected.get(n) != found.get(n)]
    say(f"{kind}: the command, killed {kills} times, ended with {status}: {names or 'the same'}")
    return [f"{kind}, command: {name}" for name in names]


def kill_tables(kills, random, folder, say):
    """Kills the parent of runs that go side by side. Returns the list of differing files."""
    changes = [f"{key}={value}" for key, value in TINY.items()]
    command = [sys.executable, ROOT / "run_experiment.py", "--table", "quickstart"]
    command += ["--exp", "1,3", "--jobs", "2", "--set", *changes]
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    begun = time.monotonic()
    subprocess.run([*command, "--results", folder / "whole"], cwd=ROOT, check=True, **nowhere)
    duration = time.monotonic() - begun
    for _ in range(kills):
        arguments = [*command, "--results", folder / "killed"]
        with subprocess.Popen(arguments, cwd=ROOT, **nowhere) as process:
            time.sleep(random.uniform(0, duration))
            process.kill()
        # Its children save and end; a command that is quicker finds their folders locked.
        time.sleep(random.choice([0, 10]))
    statuses = []
    while not statuses or (statuses[-1] == 1 and len(statuses) < 5):
        done = subprocess.run(arguments, cwd=ROOT, check=False, **nowhere)
        statuses.append(done.returncode)
    expected, found = (
        {(run.parts[-2:], name): value for run in runs for name, value in digest(run).items()}
        for runs in ((folder / name).glob("*/*/*") for name in ("whole", "killed"))
    )
    names = [n for n in {**expected, **found} if expected.get(n) != found.get(n)]
    say(f"table: killed {kills} times, ended with {statuses}: {names or 'the same'}")
    return [f"table: {name}" for name in names]


def kill_rejections(kills, random, folder, say):
    """Kills `generate --reject`. Returns the list of what is not as it is without kills."""
    from keras_gans import cli, datasets

    run, phase = planned("points", folder), Phase()
    data = datasets.load(run.experiment.dataset)
    assert wait(fork(run, data, phase), phase, lambda: False) == 0, "the run alone failed"
    last = f"model_{TINY['iterations']:06d}.h5"
    command = ["generate", run.folder / f"generator_{last}", "--count", "20000"]
    command += ["--reject", run.folder / f"discriminator_{last}", "--out"]

    def begin(target):
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            status = cli.main([str(argument) for argument in [*command, target]])
        finally:
            os._exit(status)

    whole, target, wrong, ended = folder / "whole.npz", folder / "killed" / "a.npz", [], 0
    begun = time.monotonic()
    assert wait(begin(whole), phase, lambda: False) == 0, "the command alone failed"
    duration = time.monotonic() - begun
    for _ in range(kills):
        target.unlink(missing_ok=True)
        at = time.monotonic() + random.uniform(0, duration)
        status = wait(begin(target), phase, lambda at=at: time.monotonic() >= at)
        ended += status is not None
        if status:
            wrong.append(f"rejection: ended with {status}")
        if target.exists() and target.read_bytes() != whole.read_bytes():
            wrong.append("rejection: half a file")
    status = wait(begin(target), phase, lambda: False)
    if status or target.read_bytes() != whole.read_bytes():
        wrong.append(f"rejection: ended with {status}, or other samples")
    say(f"rejection: killed {kills - ended} times in {duration:.1f} s: {wrong or 'the same'}")
    return wrong


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=60, help="of all kinds; default: %(default)s")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--commands", type=int, default=0, help="kills of the command, per kind")
    parser.add_argument("--tables", type=int, default=0, help="kills of two runs side by side")
    parser.add_argument("--rejections", type=int, default=0, help="kills of generate --reject")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    from random import Random

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    sys.path.insert(0, str(ROOT))
    import keras_gans.runs.run  # noqa: F401  (once, for all children)

    random, phases, wrong, compared = Random(options.seed), Counter(), [], 0

    def say(text):
        print(text, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kinds:
            place = Path(folder) / kind
            kills = -(-options.kills // len(options.kinds))
            if not kills:
                continue
            found, reference, differing, runs = campaign(kind, kills, random, place, say)
            phases, wrong, compared = phases + found, wrong + differing, compared + runs
            if options.commands and kind == "classifier":
                say("classifier: its table is no file, so no command is killed")
            elif options.commands:
                wrong += kill_commands(kind, options.commands, reference, random, place, say)
        if options.rejections:
            place = Path(folder) / "rejection"
            wrong += kill_rejections(options.rejections, random, place, say)
        if options.tables:
            wrong += kill_tables(options.tables, random, Path(folder) / "table", say)
    for phase, count in phases.most_common():
        say(f"{count:4d} killed while {phase}")
    say(json.dumps({"kills": phases.total(), "runs": compared, "different": wrong}))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())

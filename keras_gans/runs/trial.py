"""Trials: a few seconds of a row, in a process of its own, which leave nothing but its rate.

A trial is the run itself, on the real data and with all that a run writes, in a temporary folder.
Only when it saves and when it ends is another matter: the clock says so.
"""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

from keras_gans import datasets
from keras_gans.rows import Experiment
from keras_gans.terminal import quiet
from keras_gans.terminal.line import Line
from keras_gans.terminal.signals import StopOnSignal, stop_with_parent

SECONDS = 2.5
"""Training before each of the moments at which a trial saves; compiling comes before it."""
SAVES = 2
ITERATIONS = 2000
"""Most iterations of a trial: enough for the fastest rows."""


def measure(jobs, costs, progress):
    """Measures the rates of jobs, each in a process of its own. Ctrl-C ends them all.

    They run as many side by side as those of the request, because these share the memory too.

    Args:
        jobs: List of `executors.Job`.
        costs: `costs.Costs` of the request.
        progress: Object with `begin(total)` and `update(done)`.

    Returns:
        The pair (dict from a job to the reason why its rate could not be measured, whether Ctrl-C
        ended it early).
    """
    children, reasons, interrupted = set(), {}, threading.Event()
    pool = ThreadPoolExecutor(costs.side_by_side)
    left = {pool.submit(_measure, job, costs.environ, children): job for job in jobs}
    progress.begin(len(jobs))
    # A note and no exception, which is lost where it comes during garbage collection.
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        while left and not interrupted.is_set():
            for future in wait(left, timeout=0.2).done:
                reasons[left.pop(future)] = future.result()
                progress.update(len(jobs) - len(left))
    finally:
        signal.signal(signal.SIGINT, before)
        pool.shutdown(wait=False, cancel_futures=True)
        while not all(future.done() for future in left):
            for child in list(children):  # one may just have been begun
                child.kill()
            time.sleep(0.02)
    failed = {job: reason for job, reason in reasons.items() if reason}
    return failed, interrupted.is_set()


def _measure(job, environ, children):
    """Measures one rate; returns why that failed, or ""."""
    with tempfile.TemporaryDirectory(prefix="keras-gans-") as folder:
        there = replace(job, planned=replace(job.planned, results=Path(folder)), restart=False)
        child = subprocess.Popen(
            [sys.executable, "-m", "keras_gans", "run", "--child", "--trial", *there.arguments()],
            stdin=subprocess.PIPE,  # never written to: it closes when this process dies
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environ,
            process_group=0,  # a terminal's Ctrl-C comes to us
        )
        children.add(child)
        with child.stderr:
            said = [line.strip() for line in child.stderr if line.strip()]
        status = child.wait()
        child.stdin.close()
        children.discard(child)
    if status == 0:
        return ""
    return said[-1].removeprefix("keras-gans run: ") if said else f"its trial ended with {status}"


def run(job):
    """Trains a job in this process until its rate is known.

    Args:
        job: `executors.Job`; its folder is a temporary one.

    Returns:
        The exit status.
    """
    begun = time.monotonic()
    quiet.silence_libraries()
    StopOnSignal()
    stop_with_parent()
    planned = job.planned
    with Line(planned.title) as line:
        data = datasets.load(planned.experiment.dataset, job.data_dir, damaged=job.damaged)
        from keras_gans.runs import run

        trial = of(planned.experiment)
        planned = replace(planned, experiment=trial)
        with suppress(run.Stopped):
            run.run(
                planned,
                data,
                job.data_dir,
                line,
                trial.clock.is_over,
                begun=begun,
                devices=job.devices,
            )
    return 0


def of(experiment):
    """The trial of a row: of the iterations in which both networks move, to the end."""
    row = {field.name: getattr(experiment, field.name) for field in fields(Experiment)}
    row |= {"iterations": ITERATIONS, "on_divergence": "continue", "phases": (), "stop": None}
    return _Trial(**row)


class _Clock:
    """When a trial saves: `SAVES` times, each time after `SECONDS` of training.

    Several callbacks ask about the same iteration, and get the same answer.
    """

    def __init__(self):
        self._since, self._asked, self._saved = None, None, 0

    def __call__(self, iteration):
        if self._asked is None or self._asked[0] != iteration:
            now = time.monotonic()
            self._since = now if self._since is None else self._since
            saves = now >= self._since + SECONDS
            if saves:
                self._since, self._saved = None, self._saved + 1
            self._asked = iteration, saves
        return self._asked[1]

    def is_over(self):
        """Whether all moments have passed."""
        return self._saved >= SAVES


@dataclass(frozen=True)
class _Trial(Experiment):
    """A row that is saved and measured when its clock says so, and at its end."""

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "clock", _Clock())

    def saves(self, iteration):
        return self.clock(iteration) or iteration == self.iterations

    measures = saves

    def saves_left(self, done):
        return SAVES + 1  # the last iteration saves, too

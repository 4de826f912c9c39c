"""One run in this process, or several elsewhere; and what became of them.

`Processes` are those of this machine, `cluster.Cluster` those of a Ray cluster.

Whatever ends one run leaves the others alone: a mistake, losses that are not finite, a full disk,
a crash, a process that the system killed. The end names each with its reason.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from keras_gans import datasets, files
from keras_gans.rows import Experiment, PlannedRun, yaml_reader
from keras_gans.rows.planned import trained
from keras_gans.terminal import quiet
from keras_gans.terminal.line import Line, clock
from keras_gans.terminal.signals import (
    StopOnSignal,
    Terminal,
    discard,
    stop_with_parent,
    stopping,
)

_REST = "KERAS_GANS_REST"
"""Environment variable of a child: seconds that the runs after it take."""


@dataclass(frozen=True)
class Job:
    """A run and how it is to be carried out.

    Attributes:
        planned: `rows.PlannedRun`.
        table: Name or path of its table, as the user gave it.
        data_dir: Data folder, or None for the usual one.
        damaged: "refuse" or "skip" images that cannot be read.
        restart: Train from the start, over what is in the folder.
        devices: Devices that share each batch.
    """

    planned: PlannedRun
    table: str
    data_dir: str | None = None
    damaged: str = "refuse"
    restart: bool = False
    devices: int = 1

    @property
    def resumed_by(self):
        """The command that goes on with the run once it was stopped, in words."""
        return f"the same command {'without --restart ' if self.restart else ''}resumes it"

    def arguments(self):
        """The arguments of the command line that ask for this job alone."""
        planned = self.planned
        changes = [f"{key}={yaml_reader.line(value)}" for key, value in planned.changed.items()]
        return [
            *["--exp", str(planned.number), "--seed", str(planned.seed)],
            *["--table", self.table, "--results", str(planned.results)],
            *(["--set", *changes] if changes else []),
            *(["--data-dir", str(self.data_dir)] if self.data_dir else []),
            *(["--skip-damaged"] if self.damaged == "skip" else []),
            *(["--restart"] if self.restart else []),
            *(["--devices", str(self.devices)] if self.devices > 1 else []),
        ]


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        planned: `rows.PlannedRun`.
        word: "done", "skipped", "failed", "stopped" or "not begun".
        reason: Why, in one line; "" where the word says it.
    """

    planned: PlannedRun
    word: str
    reason: str = ""


def run_one(job, data=None, child=False):
    """Trains a run in this process, with a live line.

    Args:
        job: `Job`.
        data: `datasets.Source` of the run, where it is loaded already.
        child: Whether this process is one of several of a parent, and ends with it.

    Returns:
        The exit status.
    """
    begun = time.monotonic()
    quiet.silence_libraries()
    stop = StopOnSignal()
    if child:
        stop_with_parent()
    planned = job.planned
    rest = float(os.environ.get(_REST, 0)) if child else 0.0
    line = Line(planned.title, rest=rest, short=planned.short_title)
    with line, stop.told(line.stopping):
        if planned.folder.is_dir():
            # Another process that trains this run is named at once; a disk that says no, later.
            with suppress(OSError), files.locked(planned.folder):
                pass
        if data is None:
            line.status("reading the data")
            data = datasets.load(planned.experiment.dataset, job.data_dir, damaged=job.damaged)
            if not child:  # its parent said it once for all runs
                line.note(data.summary)
        line.status("loading Keras")
        from keras_gans.runs import classifier, run
        from keras_gans.runs.finite import Diverged
        from keras_gans.runs.folder import CannotWrite

        try:
            if isinstance(planned.experiment, Experiment):
                metrics = run.run(
                    planned, data, job.data_dir, line, stop, job.restart, begun, job.devices
                )
            else:
                metrics = classifier.run(planned, data, job.data_dir, line, begun)
        except run.Stopped as stopped:
            line.note(f"{stopped}; {job.resumed_by}")
            return 128 + stop.signal
        except Diverged as diverged:
            return _failed(
                planned,
                f"{diverged}; {_saved_before(planned.folder)}--set on_divergence=continue trains "
                "to the last iteration all the same",
            )
        except CannotWrite as error:
            return _failed(planned, error)
        except BrokenPipeError:
            discard(sys.stdout.fileno())
            return _failed(planned, f"nobody reads the output; {job.resumed_by}")
    _print_result(planned, metrics)
    return 0


def _saved_before(folder):
    saved = any(folder.glob("generator_model_*.h5"))
    return f"what it saved before is in {folder}, and " if saved else ""


def _failed(planned, text):
    print(f"{planned.title}: {text}", file=sys.stderr, flush=True)
    return 1


def _print_result(planned, metrics):
    gan = isinstance(planned.experiment, Experiment)
    rate = f" ({metrics['iterations_per_second']:.3g} it/s while training)" if gan else ""
    last = trained(metrics)
    print(
        f"{planned.title}: {last:,} {'iterations' if gan else 'epochs'} in "
        f"{clock(metrics['seconds']['wall'])}{rate}"
    )
    if gan:
        final = {
            name: "not finite" if value is None else f"{value:.4g}"
            for name, value in metrics["final"].items()
        }
        print(f"  losses at the end: discriminator {final['d_loss']}, generator {final['g_loss']}")
        if "d_accuracy_real" in final:
            print(
                f"  judged right at the end: {final['d_accuracy_real']} of real samples, "
                f"{final['d_accuracy_fake']} of generated ones"
            )
    if metrics["diverged_at"]:
        print(f"  no longer finite from iteration {metrics['diverged_at']:,} on")
    for name, value in metrics["measured"].items():
        if value["best"] is not None:
            first, best = value["first"], value["best"]
            worse = 1 if value["better"] == "lower" else -1
            no_better = first is not None and worse * first <= worse * best
            start = "" if first is None else f"{first:.4g} at the start, "
            end = "not finite" if value["last"] is None else f"{value['last']:.4g}"
            print(
                f"  {name}: {start}{end} at the end, "
                f"best {best:.4g} at {value['best_iteration']:,}"
                + (", no better than untrained" if no_better else "")
            )
    picture = planned.folder / "samples" / f"{last:06d}.png"
    if picture.is_file():  # a network whose weights are not finite draws nothing
        print(f"  {picture}")


def run_several(jobs, finished, workers):
    """Trains each run in a process of its own, their lines relayed.

    Args:
        jobs: List of `Job`, in the order in which they begin.
        finished: List of `rows.PlannedRun` that are finished already.
        workers: `Workers` for these jobs.

    Returns:
        The exit status: 0, 1 where a run failed, 130 or 143 after a signal.
    """
    outcomes = [Outcome(p, "skipped", f"finished already, see {p.folder}") for p in finished]
    # They begin in this order, so none waits for one that waits for its place.
    jobs = sorted(jobs, key=lambda job: job.planned.needs is not None)
    with ThreadPoolExecutor(workers.at_a_time) as pool, workers.line() as line:
        futures, runs = [], {}
        for job in jobs:
            before = runs.get(job.planned.needs)
            futures.append(pool.submit(_after, before, workers.run, job))
            runs[job.planned.folder] = futures[-1]
        # A signal may come to another thread than this one, which handles it when it wakes.
        while wait(futures, timeout=0.2).not_done:
            if line:
                line.update(sum(future.done() for future in futures), left=workers.time_left())
        outcomes += [future.result() for future in futures]
    outcomes.sort(key=lambda outcome: (outcome.planned.number, outcome.planned.seed))
    for outcome in outcomes:
        reason = f": {outcome.reason}" if outcome.reason else ""
        print(f"{outcome.planned.title}: {outcome.word}{reason}")
    if workers.signal:
        return 128 + workers.signal
    return int(any(outcome.word == "failed" for outcome in outcomes))


def _after(future, run, job):
    """Runs a job once that of the run which it needs has ended, however it ended."""
    if future:
        wait([future])
    try:
        return run(job)
    except OSError as error:  # the system has no room for another process; other runs go on
        return Outcome(job.planned, "failed", str(error))


class Workers(ABC):
    """Processes that each train one run, and what signals mean to them.

    Args:
        jobs: List of `Job`, in the order in which they begin.
        costs: `costs.Costs` of the request.

    Attributes:
        signal: Number of the first signal received, or None.
        at_a_time: Jobs that `run` is called for at a time.
        relayed: Whether the lines of runs are relayed, above a line for all. Otherwise one run at
            a time has the terminal.
    """

    relayed = True

    def __init__(self, jobs, costs):
        self.signal, self.at_a_time = None, costs.side_by_side
        self._jobs, self._costs, self._terminal = jobs, costs, Terminal()
        for number in stopping():
            signal.signal(number, self._receive)

    @abstractmethod
    def run(self, job):
        """Trains a run to its end; returns its `Outcome`."""

    @abstractmethod
    def forward(self, number):
        """Passes a signal on to the runs."""

    def line(self):
        """The line for all runs; a context manager of None where one run has the terminal."""
        if not self.relayed or not self._jobs:
            return nullcontext()
        line = Line(self._jobs[0].planned.table)
        line.begin(len(self._jobs))
        return line

    def time_left(self):
        """The time that is left for all runs, in words."""
        seconds, unknown = self._costs.together(self._jobs)
        left = [f"{clock(seconds)} left"] if seconds else []
        return ", ".join(left + ([f"{unknown} of unknown time"] if unknown else []))

    def _receive(self, number, frame):
        self._terminal.lost(number)
        self.signal = self.signal or number
        self.forward(number)

    def outcome(self, job, status, said):
        """What became of a run.

        Args:
            job: `Job`.
            status: Exit status of its process, negative where a signal ended it.
            said: The last line on its standard error, or "".

        Returns:
            `Outcome`.
        """
        planned = job.planned
        if status == 0:
            return Outcome(planned, "done")
        number = -status if status < 0 else status - 128
        if self.signal and number in stopping():
            return Outcome(planned, "stopped", job.resumed_by)
        if number in list(signal.Signals):  # a status of Windows may be any number
            name = signal.Signals(number).name
            reason = f"ended by {name}" + (", out of memory?" if name == "SIGKILL" else "")
            return Outcome(planned, "failed", reason)
        reason = said or f"status {status}"
        reason = reason.removeprefix("keras-gans run: ").removeprefix(f"{planned.title}: ")
        return Outcome(planned, "failed", reason)


class Processes(Workers):
    """Processes of this machine. A single one at a time is told how long those after it take."""

    def __init__(self, jobs, costs):
        super().__init__(jobs, costs)
        self.relayed = costs.side_by_side > 1
        self._running, self._lock = set(), threading.Lock()

    def forward(self, number):
        for child in list(self._running):
            _send(child, number)

    def run(self, job):
        with self._lock:
            if self.signal:
                return Outcome(job.planned, "not begun")
            child = subprocess.Popen(
                [sys.executable, "-m", "keras_gans", "run", "--child", *job.arguments()],
                stdin=subprocess.PIPE,  # never written to: it closes when this process dies
                stdout=subprocess.PIPE if self.relayed else None,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=self._costs.environ | self._rest(job),
                # A terminal's Ctrl-C reaches it through us, once; the flag is that of Windows. It
                # stays in our session, outside which Linux ignores `nice` against other work.
                process_group=0,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
            self._running.add(child)
            self._costs.begin(job)
            if self.signal:
                _send(child, self.signal)
        said = []
        relay = threading.Thread(target=_relay, args=(child.stderr, sys.stderr, said))
        relay.start()
        if self.relayed:
            _relay(child.stdout, sys.stdout, [])
        relay.join()
        status = child.wait()
        child.stdin.close()
        self._running.discard(child)
        self._costs.end(job)
        return self.outcome(job, status, said[-1] if said else "")

    def _rest(self, job):
        seconds, unknown = self._costs.together(self._jobs[self._jobs.index(job) + 1 :])
        return {} if self.relayed or unknown else {_REST: str(seconds)}


def _send(child, number):
    """Passes a signal on. Windows has none: there a child takes a closed input for our end."""
    if os.name != "nt":
        child.send_signal(number)
    elif child.stdin.closed:
        child.kill()
    else:
        child.stdin.close()


def _relay(source, target, last):
    """Passes on lines to their end; the last that says something is kept in the list `last`."""
    with source:
        for text in source:
            try:
                print(text, end="", file=target, flush=True)
            except BrokenPipeError:  # nobody reads it; the runs go on, and their pipes are emptied
                discard(target.fileno())
            if text.strip():
                last[:] = [text.strip()]

"""One run in this process, or several, each in a process of its own; what became of them.

What ends one run leaves the others alone: a mistake, losses that are no numbers, a full disk, a
crash, a process that the system killed. Each is named at the end, with the reason.
"""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from math import inf

import yaml

from keras_gans.signals import StopOnSignal, stop_with_parent


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        run: `experiment.Run`.
        word: "done", "skipped", "failed", "stopped" or "not begun".
        reason: Why, in one line; "" where the word says it.
        status: What its process ended with.
    """

    run: object
    word: str
    reason: str = ""
    status: int = 0


def run_one(run, data, options):
    """Trains a run in this process, with a live line.

    Args:
        run: `experiment.Run`.
        data: `datasets.Images` of the run.
        options: Namespace with `data_dir`, `restart` and `child`: whether this process is one
            of several of a parent's, and ends with it.

    Returns:
        The exit status.
    """
    from keras_gans import quiet
    from keras_gans.progress import Line

    quiet.silence_libraries()
    stop = StopOnSignal()
    if options.child:
        stop_with_parent()
    with Line(run.title) as line:
        line.status("loading Keras")
        from keras_gans import runner
        from keras_gans.callbacks import Diverged

        try:
            metrics = runner.run(run, data, options.data_dir, line, stop, options.restart)
        except runner.Stopped as stopped:
            line.note(f"{stopped}; the same command resumes it")
            return 128 + stop.signal
        except Diverged as diverged:
            return _failed(
                f"{run.title}: {diverged}; what it saved before is in {run.folder}, and "
                "--set on_divergence=continue trains to the last iteration all the same"
            )
        except runner.CannotWrite as error:
            return _failed(f"{run.title}: {error}")
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _failed(f"{run.title}: nobody reads the output; the same command resumes it")
    _print_result(run, metrics)
    return 0


def _failed(text):
    print(f"run_experiment.py: {text}", file=sys.stderr, flush=True)
    return 1


def _print_result(run, metrics):
    from keras_gans.progress import clock

    print(
        f"{run.title}: {metrics['iterations']:,} iterations in {clock(metrics['seconds']['wall'])} "
        f"({metrics['iterations_per_second']:.3g} it/s while training)"
    )
    d_loss, g_loss = (
        "not finite" if value is None else f"{value:.4g}" for value in metrics["final"].values()
    )
    print(f"  losses at the end: discriminator {d_loss}, generator {g_loss}")
    if metrics["diverged_at"]:
        print(f"  no longer finite from iteration {metrics['diverged_at']:,} on")
    if value := metrics["measured"]:
        print(
            f"  {metrics['metric']}: {value['first']:.4g} at the start, {value['last']:.4g} at the "
            f"end, best {value['best']:.4g} at iteration {value['best_iteration']:,}"
        )
    print(f"  {run.folder / 'samples'}/{metrics['iterations']:06d}.png")


def run_several(runs, skipped, options):
    """Trains each run in a process of its own, `options.jobs` at a time, their lines relayed.

    Args:
        runs: List of `experiment.Run`.
        skipped: List of those that are finished already.
        options: Namespace of the command line.

    Returns:
        The exit status: 0, 1 where a run failed, 130 or 143 after a signal.
    """
    children = _Children(len(runs) + len(skipped), options)
    outcomes = [Outcome(run, "skipped", f"finished already, see {run.folder}") for run in skipped]
    with ThreadPoolExecutor(options.jobs) as pool:
        futures = [pool.submit(children.run, run) for run in runs]
        # A signal may come to another thread than this one, which handles it when it wakes.
        while wait(futures, timeout=0.2).not_done:
            pass
        outcomes += [future.result() for future in futures]
    outcomes.sort(key=lambda outcome: (outcome.run.number, outcome.run.seed))
    for outcome in outcomes:
        reason = f": {outcome.reason}" if outcome.reason else ""
        print(f"{outcome.run.title}: {outcome.word}{reason}")
    if children.signal:
        return 128 + children.signal
    return int(any(outcome.word == "failed" for outcome in outcomes))


class _Children:
    """Processes that each train one run, and what signals mean to them."""

    def __init__(self, planned, options):
        self.options = options
        self.signal = None
        self._running, self._lock = set(), threading.Lock()
        # Several at a time share the cores. How many threads a run has decides its last digits,
        # so that is a matter of the request and not of how much of it is left.
        side_by_side = min(options.jobs, planned)
        self._relayed = side_by_side > 1
        self._environment = dict(os.environ)
        if self._relayed:
            threads = str(max(1, (os.cpu_count() or 1) // side_by_side))
            self._environment |= {"TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads}
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._forward)

    def _forward(self, number, frame):
        self.signal = self.signal or number
        for child in list(self._running):
            child.send_signal(number)

    def run(self, run):
        """Trains a run to its end; returns its `Outcome`."""
        with self._lock:
            if self.signal:
                return Outcome(run, "not begun")
            child = subprocess.Popen(
                [sys.executable, "-m", "keras_gans.cli", *arguments(run, self.options)],
                stdin=subprocess.PIPE,  # never written to: it closes when this process dies
                stdout=subprocess.PIPE if self._relayed else None,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=self._environment,
                start_new_session=True,  # a terminal's Ctrl-C reaches it through us, once
            )
            self._running.add(child)
            if self.signal:
                child.send_signal(self.signal)
        said = []
        relay = threading.Thread(target=_relay, args=(child.stderr, sys.stderr, said))
        relay.start()
        if self._relayed:
            _relay(child.stdout, sys.stdout, [])
        relay.join()
        status = child.wait()
        child.stdin.close()
        self._running.discard(child)
        return self._outcome(run, status, said)

    def _outcome(self, run, status, said):
        if status == 0:
            return Outcome(run, "done")
        number = -status if status < 0 else status - 128
        if self.signal and number in (signal.SIGINT, signal.SIGTERM):
            return Outcome(run, "stopped", "the same command resumes it", status)
        if number > 0:
            name = signal.Signals(number).name if number in list(signal.Signals) else number
            reason = f"ended by {name}" + (", out of memory?" if number == signal.SIGKILL else "")
            return Outcome(run, "failed", reason, status)
        reason = said[-1] if said else f"status {status}"
        reason = reason.removeprefix("run_experiment.py: ").removeprefix(f"{run.title}: ")
        return Outcome(run, "failed", reason, status)


def _relay(source, target, last):
    """Passes on lines; the last one that says something is kept in the list `last`."""
    for text in source:
        print(text, end="", file=target, flush=True)
        if text.strip():
            last[:] = [text.strip()]


def arguments(run, options):
    """The command line that asks for one run of a request, for a child."""
    changes = [
        f"{key}={yaml.safe_dump(value, default_flow_style=True, width=inf).split(chr(10))[0]}"
        for key, value in run.changed.items()
    ]
    return [
        "--child",
        "--exp",
        str(run.number),
        "--seed",
        str(run.seed),
        "--table",
        options.table,
        "--results",
        str(options.results),
        *(["--set", *changes] if changes else []),
        *(["--data-dir", options.data_dir] if options.data_dir else []),
        *(["--skip-damaged"] if options.skip_damaged else []),
        *(["--restart"] if options.restart else []),
    ]

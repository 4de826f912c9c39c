"""What the tasks of a Ray cluster do: train a run on a node, and talk with the caller.

`cluster` submits them. Lines of a run go to the caller through a `Board`, and signals come back on
it. Files travel where the node does not see the caller's folder of results.
"""

import contextlib
import io
import platform
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from keras_gans import __version__, files
from keras_gans.errors import UsageError
from keras_gans.runs import executors

EVERY = 0.3
"""Seconds between two exchanges of lines and signals."""


class Board:
    """Where the caller and the runs meet: lines one way, signals the other. A Ray actor."""

    def __init__(self):
        self._lines, self._signals = [], []

    def worker(self, lines):
        """Takes the lines of a run; returns the signals so far."""
        self._lines += lines
        return self._signals

    def caller(self, signals):
        """Takes the signals so far; returns the lines since the last time."""
        self._signals = signals
        lines, self._lines = self._lines, []
        return lines


def train(job, source, board, number, version, mark, sent, again):
    """Trains a run on a node: the Ray task.

    Args:
        job: `executors.Job` with absolute paths.
        source: `datasets.Source` of the run.
        board: Handle of the `Board`.
        number: Of the run, for the board.
        version: Of the caller's package.
        mark: Path and content of a file in the results folder of the caller.
        sent: List of one reference to the files that a run needs to resume: {name: bytes}.
        again: Whether a worker that had this run has died.

    Yields:
        The pairs (name, bytes) of its files where the caller does not see them, and at last
        (None, exit status).
    """
    with contextlib.ExitStack() as stack:
        with _Wire(board, number) as wire:
            folder = job.planned.folder
            seen = _reads(*mark)
            if not seen:
                place = stack.enter_context(tempfile.TemporaryDirectory(prefix="keras-gans-"))
                job = replace(job, planned=replace(job.planned, results=Path(place)))
                folder = job.planned.folder
                for name, content in _fetched(sent[0]).items():
                    write(folder, name, content)
            elif again and folder.is_dir():
                _wait_for(folder)
            if version != __version__:
                node = platform.node()
                print(f"{node} has keras_gans {__version__}, not {version}", file=sys.stderr)
                status = 2
            else:
                status = 128 + wire.signals[0] if wire.signals else _run(job, source, wire)
        if not seen:
            yield from contents(folder)
        yield None, status


def _run(job, source, wire):
    sys.argv = ["keras-gans", "run", *job.arguments()]
    try:
        wire.passes_signals_on = True
        return executors.run_one(job, source)
    except UsageError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    except SystemExit as ended:
        return ended.code


def _fetched(reference):
    """`ray.get`, in another thread: in its main one a task that waits lends out its processors."""
    import ray

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ray.get, reference).result()


def _reads(path, content):
    with contextlib.suppress(OSError):
        return path.read_text(encoding="ascii") == content
    return False


def _wait_for(folder):
    """Waits, for two minutes at most, until a worker that is given up has let go of a folder."""
    for _ in range(120):
        with contextlib.suppress(UsageError), files.locked(folder):
            return
        time.sleep(1.0)


class _Wire:
    """Connects a run with the board: its lines go there, and signals come from there.

    A context manager, within which standard output and error are the board's.

    Attributes:
        signals: List of the signals so far.
        passes_signals_on: Whether this process gets them.
    """

    def __init__(self, board, number):
        self._board, self._number = board, number
        self._lines = [(number, "begun", "")]
        self.signals, self.passes_signals_on, self._passed = [], False, 0

    def __enter__(self):
        self._exchange()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_on, daemon=True)
        self._thread.start()
        self._streams = contextlib.ExitStack()
        for redirect in (contextlib.redirect_stdout, contextlib.redirect_stderr):
            name = redirect.__name__.removeprefix("redirect_")
            self._streams.enter_context(redirect(_Lines(self, name)))
        return self

    def __exit__(self, *exception):
        self._streams.close()
        self._over.set()
        self._thread.join()
        self._exchange()

    def say(self, stream, text):
        """Adds a line, which the next exchange takes."""
        self._lines.append((self._number, stream, text))

    def _keep_on(self):
        import ray

        while not self._over.wait(EVERY):
            try:
                self._exchange()
            except ray.exceptions.RayError:
                # Nobody is left to hear of it.
                return signal.raise_signal(signal.SIGTERM)
            if self.passes_signals_on and self._passed < len(self.signals):
                signal.raise_signal(signal.SIGTERM)  # workers of Ray block SIGINT
                self._passed += 1

    def _exchange(self):
        lines, self._lines = self._lines, []
        self.signals = _fetched(self._board.worker.remote(lines))


class _Lines(io.TextIOBase):
    """A text stream whose lines go to a `_Wire`."""

    def __init__(self, wire, stream):
        self._wire, self._stream, self._begun = wire, stream, ""

    def write(self, text):
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._wire.say(self._stream, line)
        return len(text)


# --- Files on their way --------------------------------------------------------------------------


def contents(folder):
    """Pairs (name, bytes) of the files of a run, metrics.json, which vouches for them, last."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".")]
    for path in sorted(paths, key=lambda path: path.name == "metrics.json"):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def resumable(folder):
    """The files that a run needs to go on elsewhere: {name: bytes}; none for a new run."""
    paths = [folder / "experiment.yaml", *folder.glob("checkpoint/*/*")]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths if p.is_file()}


def write(folder, name, content):
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{name} lies outside of {folder}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(path) as partial:
        partial.write_bytes(content)

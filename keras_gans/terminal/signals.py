"""When to stop: on a signal, at once or at the next boundary, and when the parent has died."""

import contextlib
import os
import signal
import socket
import sys
import threading

_AGAIN = 0.01  # seconds until an exception that was lost is raised again
_report = sys.unraisablehook  # what prints the exceptions that Python forgets


def stopping():
    """Signals that ask a process to stop: SIGINT, SIGTERM, and SIGHUP of a terminal that closes.

    SIGHUP is none of them where it is ignored, as under nohup, or where the system has none.
    """
    hangup = getattr(signal, "SIGHUP", None)
    deaf = hangup is None or signal.getsignal(hangup) == signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *(() if deaf else (hangup,)))


def discard(*descriptors):
    """Sends what is written to open descriptors nowhere, because nobody reads it any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


class Terminal:
    """Those of standard output and error that are a terminal, which may close."""

    def __init__(self):
        self._descriptors = [number for number in (1, 2) if os.isatty(number)]

    def lost(self, number):
        """After SIGHUP nobody reads what is printed, and it must not interrupt a checkpoint."""
        if number == getattr(signal, "SIGHUP", None):
            discard(*self._descriptors)


class StopOnSignal:
    """Handles signals of `stopping`; calling the object returns whether the process has to stop.

    Before the first call no work can be lost: a signal then ends the process at once, with the
    status 128 + its number. After it, a signal is stored and the next call returns True. A second
    signal ends the process at once, but for SIGHUP, which comes twice where a shell ends too.

    An exception in a destructor or in a callback of the garbage collector is printed and lost. If
    the signal comes there, it is raised again a moment later.

    Attributes:
        signal: Number of the signal received, or None.
    """

    def __init__(self):
        self.signal = None
        self._asked = False
        self._exit = None
        self._terminal = Terminal()
        sys.unraisablehook = self._lost
        for number in stopping():
            signal.signal(number, self._receive)

    def _receive(self, number, frame):
        self._terminal.lost(number)
        if self.signal is not None:
            if number == getattr(signal, "SIGHUP", None):
                return  # a shell sends it again to its jobs, after the system
            os._exit(128 + number)
        self.signal = number
        if not self._asked:
            self._exit = SystemExit(128 + number)
            raise self._exit

    def _lost(self, lost):
        if self._exit is None or lost.exc_value is not self._exit:
            return _report(lost)
        number, self.signal = self.signal, None
        threading.Timer(_AGAIN, signal.raise_signal, [number]).start()

    def __call__(self):
        self._asked = True
        return self.signal is not None

    @contextlib.contextmanager
    def told(self, hear):
        """Calls a function as soon as a signal comes; a context manager.

        Python handles a signal between two of its own instructions, which may be seconds apart
        where a library computes. Therefore the system's handler wakes a thread.

        Args:
            hear: Function without arguments, called once in that thread.
        """
        here, there = socket.socketpair()
        there.setblocking(False)
        before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)

        def wait():
            while numbers := here.recv(16):
                if not set(stopping()).isdisjoint(numbers):
                    return hear()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            there.close()  # which ends the thread
            thread.join()
            here.close()


def stop_with_parent():
    """Sends this process SIGTERM when the other end of its standard input is closed.

    The parent holds the other end and never writes to it. The kernel closes it when the parent
    dies, for any reason.
    """
    # This process is not in the terminal's foreground, and after `stty tostop` the signal would
    # suspend it at its first line. Windows has no such signal.
    if hasattr(signal, "SIGTTOU"):
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    # After the parent's death nobody reads the output, and a broken pipe must not interrupt a
    # checkpoint. This process also opens the pipes for reading: until the output is redirected,
    # they stay unbroken.
    held = []
    with contextlib.suppress(OSError):  # no pipes, or no /proc, as on Windows and macOS
        mode = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
        for descriptor in (1, 2):
            held.append(os.open(f"/proc/self/fd/{descriptor}", mode))

    def watch():
        while os.read(0, 1024):
            pass
        discard(1, 2)
        for descriptor in held:
            os.close(descriptor)
        signal.raise_signal(signal.SIGTERM)  # os.kill ends a process of Windows at once

    threading.Thread(target=watch, daemon=True).start()

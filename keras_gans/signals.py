"""When to stop: on a signal, at once or at the next boundary, and when the parent has died."""

import contextlib
import os
import signal
import threading


class StopOnSignal:
    """What SIGINT and SIGTERM ask for, as a function that says whether to stop.

    Until somebody asks it, nothing would be lost: a signal then ends the process at once, with
    the status 128 + its number. From the first time on it is remembered for the next time. A
    second signal ends the process in any case.
    """

    def __init__(self):
        self.signal = None
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._receive)

    def _receive(self, number, frame):
        if self.signal is not None:
            os._exit(128 + number)
        self.signal = number
        if not self._asked:
            raise SystemExit(128 + number)

    def __call__(self):
        self._asked = True
        return self.signal is not None


def stop_with_parent():
    """Sends this process SIGTERM when the other end of its standard input is closed.

    A parent that holds the other end, and never writes, closes it by dying, however it dies.
    """
    # Nobody reads on then; the lines to come must not break what is being saved. A pipe that
    # this process could read itself does not break before they are led elsewhere.
    held = []
    with contextlib.suppress(OSError):  # no pipes, or no /proc
        for descriptor in (1, 2):
            held.append(os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK))

    def watch():
        while os.read(0, 1024):
            pass
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        for descriptor in (nowhere, *held):
            os.close(descriptor)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()

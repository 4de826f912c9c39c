"""One live line for whatever takes longer than two seconds; plain lines off a terminal."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

_PLAIN_EVERY = 10.0


class Line:
    """Shows how far a piece of work is: a context manager.

    Args:
        title: What is being done, in a few words.
        console: `rich.console.Console`; None for standard output.
        unit: What is counted, for the rate ("it" for iterations).
    """

    def __init__(self, title, console=None, unit="it"):
        self.title, self.unit = title, unit
        self.console = console or Console()
        self._values = {}
        self._total = self._begun_at = None
        self._live = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[text]}", markup=False),
            console=self.console,
            disable=not self.console.is_terminal,
            transient=True,
        )
        self._task = self._live.add_task(title, total=None, text="")
        self._printed = time.monotonic()

    def __enter__(self):
        self._live.start()
        return self

    def __exit__(self, *exception):
        self._live.stop()

    def status(self, text):
        """Says what is happening while nothing can be counted."""
        self._live.update(self._task, total=None, text=text)
        if not self.console.is_terminal:
            self._plain(text)

    def note(self, text):
        """Says something that stays on the screen."""
        # As a Text: what rich would read into a path, a colour or an emoji, stays what it is.
        self.console.print(Text(f"{self.title}: {text}"), soft_wrap=True)

    def begin(self, total, done=0):
        """Starts counting, from `done` to `total`."""
        self._total, self._begun_at, self._done_before = total, time.monotonic(), done
        self._live.update(self._task, total=total, completed=done, text="")

    def update(self, done, values=None):
        """Shows that `done` of the total are through, and the latest `values` by name."""
        self._values |= values or {}
        text = self._text(done)
        self._live.update(self._task, completed=done, text=text)
        if not self.console.is_terminal and (done == self._total or self._is_time()):
            self._plain(text)

    def _text(self, done):
        elapsed = max(time.monotonic() - self._begun_at, 1e-9)
        rate = (done - self._done_before) / elapsed
        parts = [f"{done:,}/{self._total:,}"]
        if rate:
            parts += [_rate(rate, self.unit), f"{clock((self._total - done) / rate)} left"]
        shown = {name: value for name, value in self._values.items() if name in _SHORT}
        parts += [f"{_SHORT[name]} {value:.3g}" for name, value in shown.items()]
        others = {n: v for n, v in self._values.items() if n not in _SHORT and v is not None}
        parts += [f"{name} {value:.4g}" for name, value in others.items()]
        return "  ".join(parts)

    def _is_time(self):
        return time.monotonic() >= self._printed + _PLAIN_EVERY

    def _plain(self, text):
        self._printed = time.monotonic()
        self.note(text)


_SHORT = {"d_loss": "d", "g_loss": "g"}


def clock(seconds):
    """Seconds as m:ss or h:mm:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _rate(rate, unit):
    return f"{rate:.0f} {unit}/s" if rate >= 10 else f"{rate:.2g} {unit}/s"

"""A progress line for work that takes longer than two seconds.

On a terminal the line is redrawn in place. Elsewhere, as in a log file, plain lines are printed,
at least ten seconds apart.
"""

import re
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

_PLAIN_EVERY = 10.0
_WIDE = 110  # columns from which the bar is long
_SHORT = {"d_loss": "d", "g_loss": "g"}
# In this order parts of the line are dropped (measured names: cut) until it fits the terminal.
_LESS_IMPORTANT_FIRST = ("rate", "count", "measured", "losses", "left")


class Line:
    """Shows how far the work is; a context manager.

    Args:
        title: The work, in a few words.
        console: `rich.console.Console`; None for standard output.
        unit: The unit of the rate ("it" for iterations).
        rest: Seconds that work after this one takes, such as other runs.
    """

    def __init__(self, title, console=None, unit="it", rest=0.0):
        self.title, self.unit, self.rest = title, unit, rest
        self.console = console or Console()
        self._values = {}
        self._total = None
        self._bar = 24 if self.console.width >= _WIDE else 8
        self._live = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=self._bar),
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
        """Shows the current activity while there is nothing to count."""
        self._live.update(self._task, total=None, text=text)
        if not self.console.is_terminal:
            self._plain(text)

    def note(self, text):
        """Prints a line that stays on the screen."""
        # As a Text: rich would read markup, colours and emoji into paths.
        self.console.print(Text(f"{self.title}: {text}"), soft_wrap=True)

    def begin(self, total, done=0):
        """Starts to count, from `done` to `total`."""
        self._total, self._begun, self._first = total, done, None
        self._live.update(self._task, total=total, completed=done, text=f"{done:,}/{total:,}")

    def update(self, done, values=None, left=None):
        """Shows the progress and the latest values.

        Args:
            done: How many of the total are done.
            values: Dict from name to number, measured at `done`. None hides a value.
            left: The time that is left, in words; None for what follows from the rate so far.
        """
        self._values |= {name: (value, done) for name, value in (values or {}).items()}
        parts = self._parts(done)
        if left is not None:
            parts |= {"rate": "", "left": left}
        self._live.update(self._task, completed=done, text=self._fitting(parts))
        if not self.console.is_terminal and (done == self._total or self._is_time()):
            self._plain(_joined(parts))

    def _parts(self, done):
        parts = {"count": f"{done:,}/{self._total:,}"}
        now = time.monotonic()
        if self._first is None:
            if done > self._begun:
                # The time up to here is mostly that of compiling, which happens once.
                self._first = now, done
        elif done > self._first[1]:
            rate = (done - self._first[1]) / max(now - self._first[0], 1e-9)
            parts["rate"] = _rate(rate, self.unit)
            left = (self._total - done) / rate
            parts["left"] = f"{clock(left)} left"
            if self.rest:
                parts["left"] += f", {clock(left + self.rest)} for all"
        values = {name: pair for name, pair in self._values.items() if pair[0] is not None}
        losses = [f"{_SHORT[name]} {values[name][0]:.3g}" for name in _SHORT if name in values]
        measured = [_measured(name, *values[name], done) for name in values if name not in _SHORT]
        return parts | {"losses": "  ".join(losses), "measured": "  ".join(measured)}

    def _fitting(self, parts):
        room = self.console.width - len(self.title) - self._bar - 2
        parts = dict(parts)
        for name in _LESS_IMPORTANT_FIRST:
            if len(_joined(parts)) <= room:
                break
            if name == "measured":
                parts[name] = re.sub(r"(\d+k?)_\S*", r"\1", parts[name])  # fid5k_lenet: fid5k
            else:
                parts.pop(name, None)
        return _joined(parts)[: max(room, 0)]

    def _is_time(self):
        return time.monotonic() >= self._printed + _PLAIN_EVERY

    def _plain(self, text):
        self._printed = time.monotonic()
        self.note(text)


def clock(seconds):
    """Seconds as m:ss or h:mm:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _joined(parts):
    return "  ".join(filter(None, parts.values()))


def _measured(name, value, at, done):
    """A measured value, with its iteration where that is not the current one."""
    return f"{name} {value:.4g}" + (f" at {at:,}" if at != done else "")


def _rate(rate, unit):
    if rate < 1:
        one = unit.removesuffix("s")
        return f"{1 / rate:.0f} s/{one}" if rate <= 0.1 else f"{1 / rate:.2g} s/{one}"
    return f"{rate:.0f} {unit}/s" if rate >= 10 else f"{rate:.2g} {unit}/s"

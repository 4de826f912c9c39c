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
_CTRL_C = 2  # columns that stay free: a terminal writes ^C there, which else begins a line
_BARS = (24, 8)  # columns of the bar where there is room for it
_TITLE = TextColumn("{task.description}", markup=False)
_TEXT = TextColumn("{task.fields[text]}", markup=False)
_SHORT = {"d_loss": "d", "g_loss": "g"}
# In this order parts of the line are left out until it fits the terminal.
_LESS_IMPORTANT_FIRST = ("rate", "all", "losses", "measured", "left")


class Line:
    """Shows how far the work is; a context manager.

    Args:
        title: The work, in a few words.
        console: `rich.console.Console`; None for standard output.
        unit: The unit of the rate ("it" for iterations).
        rest: Seconds that work after this one takes, such as other runs.
        short: The title where the terminal is narrow; None for the title itself.
    """

    def __init__(self, title, console=None, unit="it", rest=0.0, short=None):
        self.title, self.unit, self.rest = title, unit, rest
        self.short = title if short is None else short
        self.console = console or Console()
        self._values = {}
        self._total = self._pause = None
        self._doing, self._stops = "", False
        self._live = Progress(
            _TITLE,
            _TEXT,
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
        self._live.update(self._task, total=None)
        self._show((self.title, _BARS[-1], text), (self.short, 0, text))
        if not self.console.is_terminal:
            self._plain(text)

    def stopping(self):
        """Shows until the end that the work stops: at its next update, once there was one."""
        text = "stopping ..."
        if self._doing:
            text = f"{self._doing}, then stopping ..."
        elif self._pause is not None:
            wait = max(1.0, self._seen + self._pause - time.monotonic())
            about = f"{wait:.0f} s" if wait < 60 else clock(wait)
            text = f"stopping at the next boundary (about {about}) ..."
        self._show((self.title, 0, text), (self.short, 0, text))
        self._stops = True
        if not self.console.is_terminal:
            self._plain(text)

    def doing(self, text):
        """Shows what else takes time while nothing is counted, until the next update."""
        self._doing = text
        self._show(*self._forms(self._parts(self._done, time.monotonic()), self._done))
        if not self.console.is_terminal and self._is_time():
            self._plain(text)

    def note(self, text):
        """Prints a line that stays on the screen."""
        title = self.title
        if self.console.is_terminal and len(f"{title}: {text}") > self.console.width:
            title = self.short
        # As a Text: rich would read markup, colours and emoji into paths.
        self.console.print(Text(f"{title}: {text}"), soft_wrap=True)

    def begin(self, total, done=0, unit=None):
        """Starts to count, from `done` to `total`; `unit` is another one than that of the line."""
        self._total, self._begun, self._first = total, done, None
        self._counted = unit or self.unit
        self._seen, self._done, self._pause = time.monotonic(), done, None
        self._live.update(self._task, total=total, completed=done)
        self._show((self.title, _BARS[-1], f"{done:,}/{total:,}"))

    def update(self, done, values=None, left=None):
        """Shows the progress and the latest values.

        Args:
            done: How many of the total are done.
            values: Dict from name to number, measured at `done`. None hides a value.
            left: The time that is left, in words; None for what follows from the rate so far.
        """
        self._values |= {name: (value, done) for name, value in (values or {}).items()}
        now = time.monotonic()
        if done > self._done:
            self._pause = now - self._seen  # the first one compiles, too: better than no time
        self._seen, self._done, self._doing = now, done, ""
        parts = self._parts(done, now)
        if left is not None:
            parts |= {"rate": "", "left": left}
        self._live.update(self._task, completed=done)
        self._show(*self._forms(parts, done))
        if not self.console.is_terminal and (done == self._total or self._is_time()):
            self._plain(_joined(parts))

    def _parts(self, done, now):
        parts = {"count": f"{done:,}/{self._total:,}", "doing": self._doing}
        if self._first is None:
            if done > self._begun:
                # The time up to here is mostly that of compiling, which happens once.
                self._first = now, done
        elif done > self._first[1]:
            rate = (done - self._first[1]) / max(now - self._first[0], 1e-9)
            parts["rate"] = "" if self._doing else _rate(rate, self._counted)
            left = (self._total - done) / rate
            parts["left"] = f"{clock(left)} left"
            if self.rest:
                parts["all"] = f"{clock(left + self.rest)} for all"
        losses = [f"{_SHORT[name]} {value:.3g}" for name, value, _ in self._known(_SHORT)]
        measured = [_measured(*found, done) for found in self._known()]
        return parts | {"losses": "  ".join(losses), "measured": "  ".join(measured)}

    def _known(self, names=None):
        """Latest values as (name, value, iteration): of these names, or of what is measured."""
        chosen = names or [name for name in self._values if name not in _SHORT]
        found = [(name, *self._values[name]) for name in chosen if name in self._values]
        return [values for values in found if values[1] is not None]

    def _forms(self, parts, done):
        """(title, columns of the bar, text) of the line, the fullest first."""
        for columns in _BARS:
            yield self.title, columns, _joined(parts)
        parts = {**parts, "count": f"{done / max(self._total, 1):.0%}"}
        yield self.title, _BARS[-1], _joined(parts)
        parts["losses"] = parts["losses"].replace("  ", " ")
        # The first metric is the one that finds the best generator: fid5k_lenet, in short fid.
        parts["measured"] = "".join(
            _measured(re.sub(r"\d.*", "", name), float(f"{value:.3g}"), at, done)
            for name, value, at in self._known()[:1]
        )
        for columns in (_BARS[-1], 0):
            yield self.title, columns, _joined(parts)
        yield self.short, 0, _joined(parts)
        for name in _LESS_IMPORTANT_FIRST:
            parts.pop(name, None)
            yield self.short, 0, _joined(parts)

    def _show(self, *forms):
        """Draws the first form that fits the terminal, else the last one, cut."""
        if self._stops:
            return
        title, columns, text = next(filter(self._fits, forms), forms[-1])
        bar = [BarColumn(columns)] if columns else []
        self._live.columns = (_TITLE, *bar, _TEXT)
        room = self.console.width - _CTRL_C - len(title) - 1
        self._live.update(self._task, description=title, text=text[: max(room, 0)])

    def _fits(self, form):
        title, columns, text = form
        needed = len(title) + 1 + (columns + 1 if columns else 0) + len(text)
        return needed <= self.console.width - _CTRL_C

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

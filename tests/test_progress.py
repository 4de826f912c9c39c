"""The line that shows how far the work is, on a terminal and off it."""

import io

import pytest
from rich.console import Console

from keras_gans import progress
from keras_gans.progress import Line, clock


class Clock:
    """Stands for the module `time`: goes on only where a test says so."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def time(monkeypatch):
    fake = Clock()
    monkeypatch.setattr(progress, "time", fake)
    return fake


def plain_line(title="row 1", **kwargs):
    text = io.StringIO()
    return Line(title, Console(file=text, width=40, force_terminal=False), **kwargs), text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (59.4, "0:59"),
        (59.6, "1:00"),
        (61, "1:01"),
        (3599, "59:59"),
        (3599.7, "1:00:00"),
        (90061, "25:01:01"),
    ],
)
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_status_and_notes_are_whole_lines_off_a_terminal():
    line, text = plain_line()
    with line:
        line.status("loading Keras")
        line.note("a note that is longer than the forty columns of this console and stays one")
    assert text.getvalue() == (
        "row 1: loading Keras\n"
        "row 1: a note that is longer than the forty columns of this console and stays one\n"
    )


@pytest.mark.parametrize("words", ["[red]x[/red]", "/a/:smile:/b", "[/]", "\\[", "[2022] 3.5"])
def test_text_is_shown_as_it_is(words):
    line, text = plain_line(words)
    with line:
        line.note(words)
    assert text.getvalue() == f"{words}: {words}\n"


def test_updates_off_a_terminal_are_ten_seconds_apart(time):
    line, text = plain_line()
    with line:
        line.begin(100)
        for done in range(1, 31):
            time.now += 1.0
            line.update(done)
    assert text.getvalue().splitlines() == [
        "row 1: 10/100  1 it/s  1:30 left",
        "row 1: 20/100  1 it/s  1:20 left",
        "row 1: 30/100  1 it/s  1:10 left",
    ]


def test_end_is_always_said(time):
    line, text = plain_line(unit="pictures")
    with line:
        line.begin(2000)
        time.now += 4.0
        line.update(2000)
    assert text.getvalue() == "row 1: 2,000/2,000  500 pictures/s  0:00 left\n"


def test_rate_counts_only_what_was_done_since_the_beginning(time):
    line, text = plain_line()
    with line:
        line.begin(100, done=90)
        time.now += 10.0
        line.update(95)
    assert text.getvalue() == "row 1: 95/100  0.5 it/s  0:10 left\n"


def test_nothing_done_has_no_rate(time):
    line, text = plain_line()
    with line:
        line.begin(100)
        time.now += 20.0
        line.update(0)
    assert text.getvalue() == "row 1: 0/100\n"


def test_values_are_kept_until_they_are_measured_again(time):
    line, text = plain_line()
    with line:
        line.begin(10)
        time.now += 10.0
        line.update(4, {"fid20_lenet": 1234.56, "fid": None})
        time.now += 10.0
        line.update(10, {"d_loss": 0.12345, "g_loss": -2.0})
    assert text.getvalue().splitlines() == [
        "row 1: 4/10  0.4 it/s  0:15 left  fid20_lenet 1235",
        "row 1: 10/10  0.5 it/s  0:00 left  d 0.123  g -2  fid20_lenet 1235",
    ]


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0.01, "0.01 it/s"), (0.126, "0.13 it/s"), (9.4, "9.4 it/s"), (1234.5, "1234 it/s")],
)
def test_rate(time, rate, text):
    line, written = plain_line()
    with line:
        line.begin(10**6)
        time.now += 1000.0
        line.update(1000 * rate)
    assert text in written.getvalue()


def test_terminal_has_one_live_line_that_goes_when_the_work_is_done():
    text = io.StringIO()
    console = Console(file=text, width=100, force_terminal=True, force_interactive=True)
    with Line("row 1", console) as line:
        line.status("loading")
        line.begin(10)
        line.update(5, {"d_loss": 0.5})
        line.note("stays")
        line._live.refresh()
    written = text.getvalue()
    assert "row 1: stays\n" in written
    assert "5/10" in written
    assert "row 1: 5/10" not in written  # no plain line beside the live one
    assert written.endswith("\x1b[2K")  # the live line is erased


def test_error_inside_passes_and_gives_the_terminal_back():
    text = io.StringIO()
    console = Console(file=text, width=100, force_terminal=True, force_interactive=True)
    with pytest.raises(KeyError), Line("row 1", console) as line:
        line.begin(10)
        raise KeyError
    assert text.getvalue().count("\x1b[?25l") == text.getvalue().count("\x1b[?25h") == 1  # cursor

"""The progress line, on a terminal and in a log."""

import io
import re

import pytest
from rich.console import Console

from keras_gans.terminal import line as module
from keras_gans.terminal.line import Line, clock


class Clock:
    """Replaces the module `time`; only the test moves it on."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def time(monkeypatch):
    fake = Clock()
    monkeypatch.setattr(module, "time", fake)
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


def test_work_that_follows_is_part_of_the_time_left(time):
    line, text = plain_line(rest=3600.0)
    with line:
        line.begin(100)
        for done in (10, 20):
            time.now += 10.0
            line.update(done)
    assert text.getvalue().splitlines()[-1] == "row 1: 20/100  1 it/s  1:20 left  1:01:20 for all"


def test_the_time_left_may_be_given(time):
    line, text = plain_line()
    with line:
        line.begin(3)
        time.now += 10.0
        line.update(1, left="1:00 left, 1 of unknown time")
    assert text.getvalue() == "row 1: 1/3  1:00 left, 1 of unknown time\n"


def test_end_is_always_printed(time):
    line, text = plain_line(unit="pictures")
    with line:
        line.begin(2000)
        time.now += 1.0
        line.update(1000)
        time.now += 2.0
        line.update(2000)
    assert text.getvalue() == "row 1: 2,000/2,000  500 pictures/s  0:00 left\n"


def test_rate_leaves_out_the_first_step_which_compiles(time):
    line, text = plain_line()
    with line:
        line.begin(1000, done=90)
        line.update(90, {"fid20_lenet": 5.0})  # measured before the first step
        time.now += 300.0
        line.update(100)
        time.now += 10.0
        line.update(200)
    assert text.getvalue().splitlines() == [
        "row 1: 100/1,000  fid20_lenet 5 at 90",  # nothing to tell the time from
        "row 1: 200/1,000  10 it/s  1:20 left  fid20_lenet 5 at 90",
    ]


def test_nothing_done_has_no_rate(time):
    line, text = plain_line()
    with line:
        line.begin(100)
        time.now += 20.0
        line.update(0)
    assert text.getvalue() == "row 1: 0/100\n"


def test_an_older_measurement_is_shown_with_its_iteration(time):
    line, text = plain_line()
    with line:
        line.begin(10)
        time.now += 10.0
        line.update(4, {"fid20_lenet": 1234.56, "fid": None})
        time.now += 3.0
        line.update(10, {"d_loss": 0.12345, "g_loss": -2.0})
    assert text.getvalue().splitlines() == [
        "row 1: 4/10  fid20_lenet 1235",
        "row 1: 10/10  2 it/s  0:00 left  d 0.123  g -2  fid20_lenet 1235 at 4",
    ]


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0.01, "100 s/it"),
        (0.126, "7.9 s/it"),
        (0.999, "1 s/it"),
        (1, "1 it/s"),
        (9.4, "9.4 it/s"),
        (1234.5, "1234 it/s"),
    ],
)
def test_rate(time, rate, text):
    line, written = plain_line()
    with line:
        line.begin(10**7)
        line.update(1000)
        time.now += 1000.0
        line.update(1000 + 1000 * rate)
    assert f"  {text}  " in written.getvalue()


def terminal(width):
    text = io.StringIO()
    return Console(file=text, width=width, force_terminal=True, force_interactive=True), text


def last_frame(title, width, values, time, step=10.0, **kwargs):
    """The live line after some seconds of work, as plain text."""
    console, text = terminal(width)
    with Line(title, console, **kwargs) as line:
        line.begin(30000)
        line.update(100)
        time.now += step
        for done, given in values.items():
            line.update(done, given)
        frames = shown(line, text)
    return frames


def shown(line, text):
    line._live.refresh()
    frames = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text.getvalue())
    return [frame for frame in re.split(r"[\r\n]", frames) if frame.strip()][-1].rstrip()


LOSSES = {"d_loss": 0.62637, "g_loss": 0.99657}
VALUES = {1000: {"fid5k_inception768_75px": 18.543, "kid5k_lenet": 0.02}, 1600: LOSSES}
LONGEST = "akel2022_ablation 404 (changed) seed 12"
SHORT = "akel2022_ablation 404* s12"


@pytest.mark.parametrize(
    ("title", "short", "step", "text"),
    [
        (
            "akel2022 1 seed 0",
            "akel2022 1 s0",
            10.0,
            "akel2022 1 seed 0 5%  150 it/s  3:09 left  d 0.626 g 0.997  fid 18.5 at 1,000",
        ),
        (
            "akel2022 18 seed 0",
            "akel2022 18 s0",
            3000.0,
            "akel2022 18 s0 5%  2 s/it  15:46:40 left  d 0.626 g 0.997  fid 18.5 at 1,000",
        ),
        (LONGEST, SHORT, 10.0, f"{SHORT} 5%  3:09 left  d 0.626 g 0.997  fid 18.5 at 1,000"),
        (LONGEST, SHORT, 3000.0, f"{SHORT} 5%  15:46:40 left  fid 18.5 at 1,000"),
    ],
)
def test_eighty_columns_hold_all_that_is_asked_for(time, title, short, step, text):
    assert len(text) <= 78  # and ^C
    assert last_frame(title, 80, VALUES, time, step, short=short) == text


def test_a_little_more_room_has_a_bar(time):
    frame = last_frame("akel2022 1 seed 0", 100, VALUES, time)
    assert re.fullmatch(r"akel2022 1 seed 0 [━╸╺ ]{8} 5%  150 it/s .* fid 18.5 at 1,000", frame)


def test_the_time_for_all_runs_needs_more_room(time):
    for width, shown in ((80, False), (100, True)):
        frame = last_frame("akel2022 1 seed 0", width, VALUES, time, rest=3600.0)
        assert ("3:09 left  1:03:09 for all  d 0.626" in frame) == shown
        assert "3:09 left  " in frame


@pytest.mark.parametrize("width", [20, 40, 80])
def test_many_measured_numbers_never_push_the_percentage_out(time, width):
    names = ("fid5k_lenet", "kid5k_lenet", "precision5k_lenet", "recall5k_lenet", "coverage5k")
    frame = last_frame("row 1", width, {1600: dict.fromkeys(names, 0.123456)}, time)
    assert re.match(r"row 1 ([━╸╺ ]{8} )?5%", frame)
    assert len(frame) <= width


def test_wide_terminal_shows_everything(time):
    frame = last_frame("akel2022 1 seed 0", 140, {1600: LOSSES | {"fid5k_lenet": 18.5}}, time)
    assert frame.strip().endswith(
        "1,600/30,000  150 it/s  3:09 left  d 0.626  g 0.997  fid5k_lenet 18.5"
    )


@pytest.mark.parametrize(
    ("title", "short", "begin"),
    [("akel2022 18 seed 0", "akel2022 18 s0", "akel2022 18 seed 0"), (LONGEST, SHORT, SHORT)],
)
def test_a_signal_is_answered_with_the_time_to_the_next_boundary(time, title, short, begin):
    console, text = terminal(80)
    with Line(title, console, short=short) as line:
        line.begin(100)
        for done in (5, 10, 15):  # the first one compiles
            time.now += 60.0 if done == 5 else 8.5
            line.update(done, LOSSES)
        time.now += 2.0
        line.update(15, {"fid": 20.0})  # measuring is no part of it
        time.now += 0.5
        line.stopping()
        assert shown(line, text) == f"{begin} stopping at the next boundary (about 8 s) ..."
        line.update(20, LOSSES)  # which does not hide it
        assert shown(line, text) == f"{begin} stopping at the next boundary (about 8 s) ..."


def test_a_signal_at_the_first_boundary_has_the_time_of_the_first_iterations(time):
    line, text = plain_line()
    with line:
        line.begin(5000)  # samples to measure against: their pace says nothing of iterations
        for done in (100, 200):
            time.now += 0.1
            line.update(done)
        line.begin(100, 10)
        time.now += 40.0
        line.update(15)
        line.stopping()
    said = "row 1: stopping at the next boundary (about 40 s) ..."
    assert text.getvalue().splitlines()[-1] == said


def test_a_signal_during_other_work_has_its_name(time):
    line, text = plain_line()
    with line:
        line.begin(100)
        for done in (5, 10):
            time.now += 1.0
            line.update(done)
        line.doing("measuring")
        line.stopping()
    assert text.getvalue().splitlines()[-1] == "row 1: measuring, then stopping ..."


@pytest.mark.parametrize("width", [40, 80, 140])
def test_other_work_takes_the_place_of_the_rate_until_the_next_update(time, width):
    console, text = terminal(width)
    with Line("akel2022 1 seed 0", console, short="akel2022 1 s0") as line:
        line.begin(1000)
        line.doing("compiling")
        assert "compiling" in shown(line, text)
        for done in (100, 200):
            time.now += 10.0
            line.update(done, LOSSES)
        line.doing("measuring")
        frame = shown(line, text)
        assert "measuring" in frame and "it/s" not in frame and len(frame) <= width
        line.update(200, {"fid5k_lenet": 18.5})
        assert "measuring" not in shown(line, text)


def test_other_work_is_told_off_a_terminal_after_ten_seconds(time):
    line, text = plain_line()
    with line:
        line.begin(100)
        line.doing("measuring")
        time.now += 10.0
        line.doing("compiling")
    assert text.getvalue() == "row 1: compiling\n"


def test_what_is_counted_may_have_a_unit_of_its_own(time):
    line, text = plain_line()
    with line:
        line.begin(100, unit="samples")
        for done in (10, 100):
            time.now += 10.0
            line.update(done)
        line.begin(100)
        for done in (10, 100):
            time.now += 10.0
            line.update(done)
    rates = [said.split("  ")[1] for said in text.getvalue().splitlines()[1::2]]
    assert rates == ["9 samples/s", "9 it/s"]


@pytest.mark.parametrize(("words", "title"), [("a" * 22, "long title"), ("a" * 30, "short")])
def test_a_note_that_has_no_room_has_the_short_title(words, title):
    console, text = terminal(36)
    with Line("long title", console, short="short") as line:
        line.note(words)
    assert f"{title}: {words}" in text.getvalue()


def test_a_signal_before_two_boundaries_has_no_time(time):
    line, text = plain_line()
    with line:
        line.stopping()
    assert text.getvalue() == "row 1: stopping ...\n"


def test_terminal_has_one_live_line_that_disappears_at_the_end():
    console, text = terminal(100)
    with Line("row 1", console) as line:
        line.status("loading")
        line.begin(10)
        line.update(5, {"d_loss": 0.5})
        line.note("stays")
        line._live.refresh()
    written = text.getvalue()
    assert "row 1: stays\n" in written
    assert "5/10" in written
    assert "row 1: 5/10" not in written  # no plain line in addition to the live one
    assert written.endswith("\x1b[2K")  # the live line is erased


def test_error_inside_passes_and_restores_the_terminal():
    console, text = terminal(100)
    with pytest.raises(KeyError), Line("row 1", console) as line:
        line.begin(10)
        raise KeyError
    assert text.getvalue().count("\x1b[?25l") == text.getvalue().count("\x1b[?25h") == 1  # cursor

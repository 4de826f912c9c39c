"""What several verbs share: the parser, numbers and ranges as text, common options, output."""

import argparse
import math
import os
import re
from difflib import get_close_matches
from pathlib import Path

from keras_gans import parts
from keras_gans.errors import UsageError


class Parser(argparse.ArgumentParser):
    """An argument parser that reports an error in one line, and says which option may be meant.

    Attributes:
        late_epilog: Function that makes the epilog when the help is printed, or None.
    """

    late_epilog = None

    def format_help(self):
        if self.late_epilog is not None:
            self.epilog = self.late_epilog()
        return super().format_help()

    def parse_known_args(self, args=None, namespace=None):
        # Each verb refuses what it does not know itself; argparse would leave it to the program.
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            option = unknown[0].partition("=")[0]
            close = get_close_matches(option, self._option_string_actions, n=1)
            advice = f"did you mean {close[0]}?" if close else "--help explains the options"
            self.error(f"unknown argument {unknown[0]}; {advice}")
        return found, unknown

    def given(self, options):
        """The options that differ from their defaults, and --data-dir: dict from name to option."""
        return {
            action.dest: action.option_strings[0]
            for action in self._actions
            if action.option_strings
            and getattr(options, action.dest, action.default) != action.default
        }

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


# --- types of options --------------------------------------------------------------------------


def _at_least(least):
    def integer(text):
        if not re.fullmatch("[0-9]{1,18}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least {least}")
        return int(text)

    return integer


natural, positive, several = map(_at_least, (0, 1, 2))
"""Types of options: whole numbers of at least 0, 1 and 2."""


def numbers(text, option):
    """The numbers that a list of numbers and ranges stands for.

    Args:
        text: Such as "1-3,18".
        option: Name of the option, for messages.

    Returns:
        List of integers, here [1, 2, 3, 18], without repetitions.

    Raises:
        UsageError: The text is no such list, or a range is empty or very long.
    """
    found = []
    for part in map(str.strip, text.split(",")):
        match = re.fullmatch("([0-9]{1,18})(?:-([0-9]{1,18}))?", part)
        if not match:
            raise UsageError(f"{option} {text}: write numbers and ranges, such as 18 or 0-4,18")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last:
            raise UsageError(f"{option} {text}: write the lower number first: {last}-{first}")
        if last >= first + 10_000:
            raise UsageError(f"{option} {text}: {part} are more than 10,000 numbers")
        found += range(first, last + 1)
    return list(dict.fromkeys(found))


# --- common options ----------------------------------------------------------------------------


def data_dir(add, holds="the data sets", fills=False):
    """Adds --data-dir through a parser's `add_argument`.

    Args:
        add: The method.
        holds: What is in the folder.
        fills: Whether the command writes into it, so that it need not exist.
    """
    add(
        "--data-dir",
        type=str if fills else _existing_folder,
        default=None if fills else "",  # a text: argparse gives it to the type
        metavar="DIR",
        help=f"folder of {holds}; default: $KERAS_GANS_DATA, else ~/.cache/keras-gans",
    )


def _existing_folder(text):
    """The text, None for the default; the folder that the user names must be there.

    Nothing would be found in another one, but downloaded into it.
    """
    named = text or os.environ.get("KERAS_GANS_DATA")
    if not named:
        return None
    path = Path(os.path.expanduser(named))
    shown = str(path) if text else f"{path} ($KERAS_GANS_DATA)"
    if not path.exists():
        raise argparse.ArgumentTypeError(
            f"there is no folder {shown}; make it, or correct the path"
        )
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{shown} is a file; give the folder that it is in")
    return text or None


def own_pictures(add):
    """Adds --resize, --crop and --skip-damaged; the last is `options.damaged`: "refuse", "skip"."""
    add(
        "--resize",
        type=positive,
        metavar="N",
        help="scale pictures of your own to N x N pixels; the files stay as they are",
    )
    add(
        "--crop",
        choices=["center"],
        help="take the middle square of each picture of your own, before --resize",
    )
    add(
        "--skip-damaged",
        action="store_const",
        const="skip",
        default="refuse",
        dest="damaged",
        help="leave out the files of a folder or .zip that cannot be read; without it the first "
        "one is named and nothing is done",
    )


def pictures(options):
    """What --resize and --crop ask for: the options of a data set that is a path."""
    asked = {"resize": options.resize, "crop": options.crop}
    return {name: value for name, value in asked.items() if value is not None}


def foreign(parser):
    """Adds the options for generators of other people, to be read with `read_foreign`."""
    add = parser.add_argument_group("for other people's generators").add_argument
    add(
        "--range",
        metavar="MIN,MAX",
        help="values that are black and white: -1,1 or 0,1 or 0,255; write --range=-1,1",
    )
    add(
        "--latents",
        metavar="KIND",
        help="distribution of the latents: normal (the default), uniform (-1 to 1), "
        "normal:MEAN,STD or uniform:LOW,HIGH",
    )


def read_foreign(options):
    """The values of --range and --latents.

    Returns:
        (output_range, latents): a pair of floats and a `parts.Part`, each None if not given.

    Raises:
        UsageError: One of them is not written as it should be.
    """
    latents = options.latents and parts.from_text("latents", options.latents, "--latents")
    if options.range is None:
        return None, latents
    try:
        low, high = (float(part) for part in options.range.split(","))
    except ValueError:
        low = high = 0.0
    if not -1e6 < low < high < 1e6:
        raise UsageError(
            f"--range {options.range}: write two numbers, the lower first, like --range=-1,1"
        )
    return (low, high), latents


def reject(parser):
    """Adds the options of rejection sampling, to be read with `read_reject`."""
    add = parser.add_argument_group("rejection sampling").add_argument
    add(
        "--reject",
        type=Path,
        metavar="D.h5",
        help="a discriminator_model_*.h5 of the run: keep only samples that it accepts",
    )
    add(
        "--gamma",
        metavar="G",
        help="how strict it is: a number, or a percentile of each batch; default: 80%%",
    )


def read_reject(options):
    """The values of --reject and --gamma.

    Returns:
        Function from a `generators.Saved` to a `generators.Rejection`, or None without --reject.

    Raises:
        UsageError: There is no such file, or gamma is not written as it should be.
    """
    if options.reject is None:
        if options.gamma is not None:
            raise UsageError("--gamma needs --reject D.h5: it says how strict that is")
        return None
    if not options.reject.is_file():
        raise UsageError(f"--reject: there is no file {options.reject}")
    text = options.gamma or "80%"
    try:
        gamma, percentile = float(text.removesuffix("%")), text.endswith("%")
    except ValueError:
        gamma, percentile = math.nan, False
    if not (0 <= gamma <= 100 if percentile else math.isfinite(gamma)):
        raise UsageError(f"--gamma {text}: write a number like 0 or 2.5, or a percentile like 80%")

    def rejecting(saved):
        from keras_gans import generators

        return generators.Rejection(saved, generators.Judge.open(options.reject), gamma, percentile)

    return rejecting


# --- output ------------------------------------------------------------------------------------


def check_writable(folder, option):
    """Checks, before any work, that a folder can be made and written to.

    Raises:
        UsageError: It cannot.
    """
    folder = Path(folder)
    existing = next(p for p in [folder, *folder.absolute().parents] if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise UsageError(f"cannot write to the folder {folder}: give another one with {option}")


def picture(path, suffixes):
    """Checks, before any work, that a picture can be written.

    Args:
        path: The file of --out.
        suffixes: Those of the formats that it may have.

    Returns:
        `path`.

    Raises:
        UsageError: It has another suffix, is a folder, or its folder takes no files.
    """
    if path.suffix.lower() not in suffixes:
        *others, last = suffixes
        raise UsageError(f"--out {path}: write a {', '.join(others)}{' or ' * bool(others)}{last}")
    if path.is_dir():
        raise UsageError(f"--out {path} is a folder: give another name")
    check_writable(path.parent, "--out")
    return path


def check_memory(count, each):
    """Refuses, before the work, more samples than the free memory holds, where that is known.

    Args:
        count: Number of samples.
        each: Bytes that each of them takes.

    Raises:
        UsageError: They do not fit; the message says how many do.
    """
    from keras_gans.runs import memory  # with Keras, which takes seconds to import

    free = memory.available()
    if free is not None and count * each > free:
        raise UsageError(
            f"--count {count:,} takes {count * each / 1e9:,.1f} GB of memory, and "
            f"{free / 1e9:.1f} GB are free: give at most {free // each:,}"
        )


def columns(count, classes=None):
    """Columns of a grid: those of a square, of classes in turn a multiple of their number.

    Args:
        count: Samples in the grid.
        classes: Number of their classes, or None.
    """
    from keras_gans.pictures import WIDEST

    side = math.isqrt(count - 1) + 1
    return max(1, side // classes) * classes if classes and classes <= WIDEST else side


def print_columns(lines):
    """Prints lines of cells, one below the other.

    Args:
        lines: List of tuples of texts, all of one length.
    """
    for line in aligned(lines):
        print(line)


def aligned(lines):
    """The texts of `print_columns`, in a list."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]

"""Reading files that are not trusted: the limits, and one line for every fault.

The size that a file declares is checked before memory is taken for it. Nothing in a file is
executed. Every fault becomes one `UsageError` that names the file.
"""

from contextlib import contextmanager

from keras_gans.errors import UsageError

MAX_BYTES = 16 << 30  # of one array: more than any experiment can use
MAX_FILE = 128 << 20  # of one file in a folder or .zip
MAX_PIXELS = 1 << 26  # of one image: 8192 x 8192
MAX_DEFLATE = 1032  # bytes that one deflated byte can stand for, at most
MAX_FILES = 2_000_000  # in one folder or .zip


@contextmanager
def reading(what, advice):
    """Turns every error inside into one `UsageError`; a `UsageError` passes unchanged.

    Args:
        what: The file, or the thing, that is read.
        advice: Advice to the user; the end of the message.
    """
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())  # libraries' messages may have several lines
        said = f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__
        raise UsageError(f"{what} cannot be read ({said}); {advice}") from error

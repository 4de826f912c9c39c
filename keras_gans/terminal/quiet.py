"""Keeps the log lines of libraries off the user's screen, and nothing else.

TensorFlow's C++ code writes to file descriptor 2 before any setting reaches it. Therefore the
descriptor is redirected through a filter. The filter drops information and warnings of these
loggers, and two harmless errors: that a machine has no GPU, and that an optimization of a graph
does not apply to it. Everything else passes: errors, tracebacks, messages of the package.
"""

import atexit
import logging
import os
import re
import sys
import threading

_NOISE = re.compile(
    rb"(WARNING: All log messages before absl|[IW]\d{4} |[IW]\d{8} "
    rb"|E\d{4} .*(cuInit|meta_optimizer))"
)
_MAY_BECOME_NOISE = re.compile(rb"[EIW]($|\d)|W(A(R|$)|$)")


def silence_libraries():
    """Filters standard error until the process ends."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # "5 out of the last 5 calls to ..."
    sys.stderr.flush()
    original = os.dup(2)
    read_end, write_end = os.pipe()
    os.dup2(write_end, 2)
    os.close(write_end)
    reader = threading.Thread(target=_filter, args=(read_end, original), daemon=True)
    reader.start()

    def drain():
        # The last lines of a process matter most, so the exit waits until they have passed.
        sys.stderr.flush()
        os.dup2(original, 2)
        reader.join(timeout=1.0)

    atexit.register(drain)


def _filter(source, target):
    pending, line_begun = b"", False
    with os.fdopen(source, "rb", buffering=0) as stream:
        while chunk := stream.read(65536):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                if line_begun or not _NOISE.match(line):
                    os.write(target, line + b"\n")
                line_begun = False
            # A prompt or a progress bar has no end of line to wait for.
            if pending and (line_begun or not _MAY_BECOME_NOISE.match(pending)):
                os.write(target, pending)
                pending, line_begun = b"", True
        if not _NOISE.match(pending):
            os.write(target, pending)

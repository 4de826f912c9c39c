"""Keeps the libraries' log lines off the user's screen, and nothing else.

TensorFlow's C++ side writes to file descriptor 2 before any setting reaches it. So the
descriptor is led through a filter that drops the lines of such loggers, information and
warnings only (and the error by which TensorFlow says that a machine has no GPU), and passes on
everything else: errors, tracebacks, our own words.
"""

import atexit
import os
import re
import sys
import threading

_NOISE = re.compile(
    rb"^(WARNING: All log messages before absl|[IW]\d{4} |[IW]\d{8} |E\d{4} .*cuInit)"
)


def silence_libraries():
    """Filters standard error for the rest of the process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    original = os.dup(2)
    read_end, write_end = os.pipe()
    os.dup2(write_end, 2)
    os.close(write_end)
    reader = threading.Thread(target=_filter, args=(read_end, original), daemon=True)
    reader.start()

    def drain():
        # The last words of a process count most: wait until they are through.
        sys.stderr.flush()
        os.dup2(original, 2)
        reader.join(timeout=1.0)

    atexit.register(drain)


def _filter(source, target):
    with os.fdopen(source, "rb", buffering=0) as stream:
        pending = b""
        while chunk := stream.read(65536):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                if not _NOISE.match(line):
                    os.write(target, line + b"\n")
            if pending[:1] not in (b"", b"W", b"I"):  # a prompt or a bar: no line to wait for
                os.write(target, pending)
                pending = b""
        if pending and not _NOISE.match(pending):
            os.write(target, pending)

"""The command line: `keras-gans`, `python -m keras_gans` and `python run_experiment.py`.

Each verb is a module with its parser above its action. Keras, which takes seconds to import, is
needed by neither `--help` nor any error in a request. Exit status: 0 done, 1 failed (a run
diverged, the disk is full), 2 a mistake in the request or the data (one line says what to do),
129, 130 or 143 stopped by a signal; the same command resumes.
"""

import signal
import sys

from keras_gans import __version__
from keras_gans.cli import (
    animate,
    audit,
    compare,
    evaluate,
    generate,
    prepare,
    report,
    run,
    weights,
)
from keras_gans.cli.arguments import Parser
from keras_gans.errors import Failed, UsageError
from keras_gans.runs import machine
from keras_gans.terminal.signals import discard, stopping

VERBS = (run, generate, animate, evaluate, compare, report, prepare, weights, audit)
_BACKENDS = ("tensorflow", "jax", "torch")


def main(arguments=None):
    """The command `keras-gans`.

    Args:
        arguments: List of strings; None for those of the process.

    Returns:
        The exit status.
    """
    parser = Parser(
        prog="keras-gans",
        description="Trains the GAN experiments of the tables, and works with their generators.",
        epilog="`keras-gans VERB --help` explains a verb. First steps: `keras-gans run --list`, "
        "then `keras-gans run --table quickstart --exp 1`.",
    )
    parser.add_argument("--version", action="version", version=f"keras-gans {__version__}")
    verbs = parser.add_subparsers(metavar="VERB")
    for verb in VERBS:
        name = verb.__name__.rpartition(".")[2]
        chosen = verbs.add_parser(name, help=verb.HELP)
        verb.describe(chosen)
        chosen.set_defaults(action=verb.act, prog=chosen.prog)
    options = parser.parse_args(arguments)
    if "action" not in options:
        names = ", ".join(verbs.choices)
        parser.error(f"give a VERB: {names}; `keras-gans run --list` shows the experiments")
    return guarded(options.prog, options.action, options)


def run_experiment(arguments=None):
    """The command `python run_experiment.py`: the verb `run`. Arguments and return as `main`."""
    parser = Parser(prog="run_experiment.py")
    run.describe(parser)
    return guarded(parser.prog, run.act, parser.parse_args(arguments))


def guarded(prog, action, options):
    """Runs the action of a verb.

    Args:
        prog: Name of the command, for messages.
        action: Function of the options that returns an exit status or None.
        options: Namespace of the verb's parser.

    Returns:
        The exit status. A mistake or a failure is one line on standard error.
    """
    # As an exception it lets every `with` remove what is half-written.
    for number in set(stopping()) - {signal.SIGINT}:
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    if hasattr(sys.stdout, "reconfigure"):  # a name of a file may have no place in its encoding
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if machine.backend() not in _BACKENDS:
            raise UsageError(
                f"Keras is set to the backend {machine.backend()!r}: set KERAS_BACKEND to "
                f"{', '.join(_BACKENDS[:-1])} or {_BACKENDS[-1]}"
            )
        status = action(options) or 0
        sys.stdout.flush()
        return status
    except UsageError as error:
        return _said(prog, error, 2)
    except Failed as error:
        return _said(prog, error, 1)
    except ModuleNotFoundError as error:
        if error.name not in _BACKENDS:
            raise
        return _said(
            prog,
            f"Keras is set to the backend {error.name}, which is not installed: "
            f"pip install {error.name}, or set KERAS_BACKEND=tensorflow",
            2,
        )
    except BrokenPipeError:
        # The reader has seen enough, as in `--list | head`.
        discard(sys.stdout.fileno())
        return 0
    except OSError as error:  # a file that cannot be read, a full disk
        return _said(prog, error, 1)
    except MemoryError as error:
        return _said(prog, f"there is not enough memory: {error or 'ask for less'}", 1)
    except Exception as error:
        if not machine.is_out_of_memory(error):
            raise
        advice = "give smaller networks, smaller batches or fewer samples"
        return _said(prog, f"there is not enough memory: {advice}", 1)
    except KeyboardInterrupt:
        return 130


def _said(prog, error, status):
    print(f"{prog}: {' '.join(str(error).split())}", file=sys.stderr)
    return status

"""`keras-gans audit`: what the FIDs that Akel 2022 prints can be."""

from pathlib import Path

from keras_gans.cli import arguments
from keras_gans.errors import UsageError

HELP = "find out how the FIDs that Akel 2022 prints were measured"


def describe(parser):
    """Describes the verb to its parser."""
    parser.description = (
        "Measures real images, black images and the generators of finished akel2022 runs in the "
        "three ranges of pixels that an evaluation may have used, with the network that the "
        "thesis used, and writes a page with the answers. It takes an hour or more on a CPU; if "
        "it is stopped, the same command resumes it."
    )
    add = parser.add_argument
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    add(
        "--out",
        type=Path,
        default=Path("results/fid_audit"),
        metavar="DIR",
        help="folder of the page; default: results/fid_audit",
    )
    add(
        "--samples",
        type=arguments.several,
        default=5000,
        metavar="N",
        help="images on each side; default: 5000",
    )
    add(
        "--features",
        choices=["imagenet2048", "imagenet768"],
        help="default: imagenet2048, or imagenet768 where the weights have no more layers",
    )
    arguments.data_dir(add, "the data sets and weights")


def act(options):
    """Runs the audit and prints the path of its page."""
    from keras_gans.terminal import quiet
    from keras_gans.terminal.line import Line

    if not options.results.is_dir():
        raise UsageError(
            f"--results {options.results}: there is no such folder; `keras-gans run --exp "
            "1,3,5,7,11` trains generators to audit"
        )
    arguments.check_writable(options.out, "--out")
    quiet.silence_libraries()
    with Line("audit", unit="images") as line:
        line.status("loading Keras")
        from keras_gans.studies.fid_audit import audit

        page = audit(
            options.results,
            options.data_dir,
            options.out,
            options.samples,
            options.features,
            line,
        )
    print(page)

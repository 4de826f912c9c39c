"""`keras-gans prepare`: makes the data file that a table asks for."""

from keras_gans.cli import arguments

HELP = "make the data file that a table asks for"


def describe(parser):
    """Describes the verb to its parser."""
    parser.description = (
        "Cuts faces out of images and writes the .npz file of a data set. celeba: the first face "
        "that MTCNN finds in each image, its box clipped to the image, resized. Needs the "
        "package mtcnn: pip install mtcnn==1.0.0"
    )
    parser.epilog = (
        "Example: keras-gans prepare celeba --source img_align_celeba.zip, about an hour for "
        "50,000 faces on a CPU. Rows of 64x64 faces need --size 64."
    )
    add = parser.add_argument
    add("name", choices=["celeba"], help="the data set")
    add(
        "--source",
        required=True,
        metavar="DIR|ZIP|tfds",
        help="folder or .zip of images, or tfds for tensorflow-datasets",
    )
    add("--detector", choices=["mtcnn"], default="mtcnn", help="default: mtcnn")
    add(
        "--size",
        type=arguments.positive,
        default=40,
        metavar="N",
        help="height and width of a face in pixels; default: 40",
    )
    add(
        "--count",
        type=arguments.positive,
        default=50_000,
        metavar="N",
        help="number of faces; default: 50000",
    )
    arguments.data_dir(add, "the file to write", fills=True)


def act(options):
    """Writes the file and prints what it holds."""
    from keras_gans import datasets
    from keras_gans.datasets import celeba
    from keras_gans.terminal import quiet
    from keras_gans.terminal.line import Line

    out = datasets.data_folder(options.data_dir) / "celeba.npz"
    arguments.check_writable(out.parent, "--data-dir")
    quiet.silence_libraries()
    with Line("prepare celeba", unit="images") as line:
        line.status("loading the detector")

        def progress(done, total):
            if done <= 1:
                line.begin(total)
            line.update(done)

        kept, skipped = celeba.prepare(
            options.source,
            out,
            options.size,
            options.count,
            options.detector,
            progress,
            line.note,
        )
    size = f"{options.size}x{options.size} RGB"
    print(f"{out}: faces: {kept:,} of {size}, images without a face: {skipped:,}")

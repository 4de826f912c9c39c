"""`keras-gans weights`: puts the weights of feature extractors where metrics find them."""

import argparse
import re
import sys
import tempfile
from pathlib import Path

from keras_gans import files
from keras_gans.cli import arguments
from keras_gans.errors import UsageError

HELP = "get the weights that metrics need"

_DESCRIPTION = """\
Puts the weights of a feature extractor where metrics find them: in the data
folder (--data-dir, else $KERAS_GANS_DATA, else ~/.cache/keras-gans).

  inception  the FID network of 2015-12-05 with its classes, for the
             extractors inception*: FID, KID, Inception Score
  imagenet   the InceptionV3 of keras.applications, for the extractors
             imagenet*: for numbers that were measured with it, never
             comparable with FID
  lenet      trains the small MNIST classifier again. The package carries its
             weights, so nobody needs this; it documents how they were made.
             --out is the file to write"""

_FILES = """\
Without --source the published file is downloaded: 89 MB of
inception-2015-12-05.tgz, or 88 MB of InceptionV3 from Keras. Without a
network, bring one of these:

  keras-gans weights inception --source FILE
    inception-2015-12-05.tgz
    classify_image_graph_def.pb
    pt_inception-2015-12-05-6726825d.pth (needs torch)
  keras-gans weights imagenet --source FILE
    inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5

Nothing in a source is executed. The sha256 of the .pth is known, and another
file is refused unless --sha256 gives its own. If the arrays of an inception
differ from the published network, it is written with a warning.

Metrics read inception_2015_12_05.npz, or else any inception_2015_12_05*.npz:
for each convolution of the graph, by the name of its node with _ for / (conv,
mixed_4_tower_1_conv_2, ...), float32 arrays NODE/kernel (height, width, in,
out) and NODE/bias (out), batch normalization folded into both; and
softmax/kernel (2048, 1008). A file that ends before the last layers serves
the layers before them. Without the file, metrics that need it are null."""

_NAMES = {"inception": "inception_2015_12_05.npz", "imagenet": "inception_v3_imagenet.npz"}


def describe(parser):
    """Describes the verb to its parser."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = _DESCRIPTION, _FILES
    add = parser.add_argument
    add("name", choices=["inception", "imagenet", "lenet"], help="the network")
    add(
        "--source",
        type=Path,
        metavar="FILE",
        help="inception: .pb, .tgz or .pth; imagenet: .h5; default: download it",
    )
    add("--sha256", type=_sha256, metavar="HEX", help="inception: sha256 that the source must have")
    add("--out", type=Path, metavar="FILE.npz", help="default: the data folder")
    add(
        "--seed",
        type=arguments.natural,
        metavar="N",
        help="lenet: seed of the training; default: 0",
    )
    arguments.data_dir(add, "the weights", fills=True)


def act(options):
    """Writes the file and prints its sha256."""
    if options.name == "lenet":
        return _train_lenet(options)
    if options.seed is not None:
        raise UsageError("--seed is for the training of lenet: nothing of Inception is random")
    if options.name == "imagenet" and options.sha256:
        raise UsageError("--sha256 is for inception: Keras checks its own download")
    if options.source and not options.source.is_file():
        raise UsageError(f"there is no file {options.source}")
    from keras_gans import datasets
    from keras_gans.terminal import quiet
    from keras_gans.terminal.line import Line

    out = _checked(options.out or datasets.data_folder(options.data_dir) / _NAMES[options.name])
    arguments.check_writable(out.parent, "--out" if options.out else "--data-dir")
    quiet.silence_libraries()
    with Line(f"weights {options.name}", unit="bytes") as line:
        line.status("loading Keras")
        from keras_gans.metrics.features import conversion

        if options.name == "imagenet":
            written = conversion.imagenet(options.source, out)
        elif options.source:
            line.status(f"reading {options.source.name}")
            about = conversion.inception(options.source, out, options.sha256)
        else:
            about = _download_inception(conversion, out, options.sha256, line)
    if options.name == "inception":
        written = about["sha256"]
        print(f"source: sha256 {about['source_sha256']}")
        if not about["published"]:
            print(
                f"keras-gans weights: warning: {out} is not the published network: its numbers "
                "are comparable only with each other",
                file=sys.stderr,
            )
    print(f"{out}: sha256 {written}")


def _download_inception(conversion, out, sha256, line):
    def progress(done, total):
        if done <= 2**20:
            line.begin(total or conversion.LARGEST)
        line.update(done)

    with files.writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        archive = Path(folder) / Path(conversion.URL).name
        conversion.download(conversion.URL, archive, progress)
        line.status("converting")
        return conversion.inception(archive, out, sha256)


def _train_lenet(options):
    if options.source or options.sha256:
        raise UsageError("lenet is trained on MNIST: it takes no --source and no --sha256")
    if not options.out:
        raise UsageError(
            "give the file to write with --out FILE.npz: the package has its own weights already"
        )
    from keras_gans import datasets
    from keras_gans.terminal import quiet
    from keras_gans.terminal.line import Line

    out = _checked(options.out)
    arguments.check_writable(out.parent, "--out")
    train = datasets.load("mnist", options.data_dir)
    test = datasets.load("mnist", options.data_dir, split="test")
    quiet.silence_libraries()
    with Line("weights lenet") as line:
        line.status("training")
        from keras_gans.metrics.features import lenet

        about = lenet.train_and_save(
            train.values, train.labels, test.values, test.labels, out, options.seed or 0
        )
    print(f"{out}: {about}")


def _checked(out):
    if out.suffix != ".npz" or out.is_dir():
        raise UsageError(f"--out {out}: name a file.npz to write")
    return out


def _sha256(text):
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text} is not a sha256: 64 hexadecimal digits")
    return text.lower()

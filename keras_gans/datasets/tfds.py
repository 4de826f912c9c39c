"""Access to tensorflow-datasets: prepared data sets are read, others are downloaded first."""

from contextlib import suppress
from hashlib import md5
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np

from keras_gans.datasets.files import reading
from keras_gans.datasets.sources import Images, read_only


def read(name, split, folder, url, otherwise, features=("image",), encoded=False):
    """Reads one split in the order in which it is stored, which never changes.

    Args:
        name: Of the data set in tensorflow-datasets.
        split: `train` or `test`.
        folder: The data folder; tensorflow-datasets keeps its files in a subfolder of it.
        url: Address that the data set is downloaded from. It is tried before a download, since
            without a network tensorflow-datasets repeats its requests for minutes, with warnings.
        otherwise: Advice to the user if it cannot be read; the end of the message.
        features: Names of the features to read of each example.
        encoded: Whether the images come as the bytes of their files, not as arrays.

    Returns:
        (source, count, examples): the text for `Source.source`, the number of examples, and an
        iterator over them: dicts of NumPy values, with their place in store as `tfds_id`.

    Raises:
        UsageError: It cannot be read or downloaded.
    """
    what = f"{name} from tensorflow-datasets"
    with reading(what, otherwise):
        import tensorflow_datasets as tfds

        builder = tfds.builder(name, data_dir=folder / "tensorflow_datasets")
        if not Path(builder.data_path, "dataset_info.json").is_file():
            _reach(url)
            builder.download_and_prepare()
        stored = builder.as_dataset(
            split=split,
            decoders=tfds.decode.PartialDecoding(
                dict.fromkeys(features, True),
                decoders={"image": tfds.decode.SkipDecoding()} if encoded else None,
            ),
            read_config=tfds.ReadConfig(add_tfds_id=True, interleave_cycle_length=1),
        )

    def examples():
        with reading(what, otherwise):
            yield from tfds.as_numpy(stored)

    source = f"tensorflow-datasets {builder.name} {builder.version}"
    return source, builder.info.splits[split].num_examples, examples()


def labelled(name, split, folder, shape, url, put):
    """Reads images with labels, in the order of the original files.

    tensorflow-datasets stores the examples sorted by the MD5 of split and index. Undoing that
    gives the arrays of `keras.datasets`, so a seed draws the same batches from either.

    Args:
        name, split, folder, url: As for `read`.
        shape: Of an image.
        put: What to put into the folder instead, for the message.

    Returns:
        `Images` with labels.

    Raises:
        UsageError: They cannot be read or downloaded.
    """
    otherwise = f"put {put} into {folder}, or try again where there is a network"
    source, count, examples = read(name, split, folder, url, otherwise, ("image", "label"))
    stored = sorted(range(count), key=lambda index: md5(f"{split}{index}".encode()).digest())
    images, labels = np.empty((count, *shape), np.uint8), np.empty(count, np.int64)
    for index, example in zip(stored, examples, strict=True):
        images[index] = example["image"]
        labels[index] = example["label"]
    return Images(name, read_only(images), labels, source)


def _reach(url):
    """Raises an OSError if there is no answer; every answer will do."""
    with suppress(HTTPError):
        urlopen(Request(url, method="HEAD"), timeout=10).close()

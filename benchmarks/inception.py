"""Features per second of the FID network, compared with torch-fidelity, in one run on the CPU.

Uint8 images in, 2048 features at 299 pixels out, random weights, the same for both. The other
implementation is `FeatureExtractorInceptionV3` of torch-fidelity, unchanged, from its wheel,
without the rest of its package, which imports torchvision. The two run alternately, each in a
process of its own, with every batch size several times. A line has the best rate of a batch size,
which other processes on the machine affect least, and the processor time of an image. With
`--threads 1` no thread waits for another, and other processes hardly affect the processor time.
The features of both must agree to 1e-4.

    pip download --no-deps torch-fidelity
    python benchmarks/inception.py --peer torch_fidelity-0.4.0-py3-none-any.whl
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

PARTS = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}
WAYS = {"ours": "keras_gans", "theirs": "torch-fidelity"}


def write_inputs(folder, count):
    """Writes images, weights before folding, and our file of weights."""
    import numpy as np

    from keras_gans.metrics.features import archive, imagenet, inception

    rng = np.random.default_rng(0)
    unfolded, folded = {}, {}
    for layer in inception.convolutions(inception.build(2048, 75)):
        shape, node = tuple(layer.kernel.shape), layer.name
        scale = np.float32(np.sqrt(2 / np.prod(shape[:3])))
        parts = {"kernel": rng.standard_normal(shape, np.float32) * scale}
        for part in PARTS.values():
            low, high = (0.8, 1.2) if part in ("gamma", "variance") else (-0.1, 0.1)
            parts[part] = rng.uniform(low, high, shape[-1]).astype(np.float32)
        unfolded |= {f"{node}/{part}": array for part, array in parts.items()}
        folded |= imagenet.fold(node, **parts)
    archive.write_arrays(folder / inception.FILE, folded)
    images = rng.integers(0, 256, (count, 64, 64, 3)).astype(np.uint8)
    np.savez(folder / "inputs.npz", images=images, **unfolded)


def ours(folder, images):
    from keras_gans.metrics import features

    extractor = features.get("inception2048", folder)

    def extract(images, batch):
        extractor._batch_size = batch
        return extractor(images)

    return extract


def theirs(folder, images):
    import numpy as np
    import torch

    peer = os.environ["PEER"]
    sys.path.insert(0, peer)
    package = types.ModuleType("torch_fidelity")  # its own __init__ needs torchvision
    package.__path__ = [os.path.join(peer, "torch_fidelity")]
    sys.modules["torch_fidelity"] = package
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    from keras_gans.metrics.features.inception import NODES

    state = {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    with np.load(folder / "inputs.npz") as arrays:
        for node, name in NODES.items():
            kernel = arrays[f"{node}/kernel"].transpose(3, 2, 0, 1)
            state[f"{name}.conv.weight"] = torch.from_numpy(kernel.copy())
            for part, mine in PARTS.items():
                state[f"{name}.bn.{part}"] = torch.from_numpy(arrays[f"{node}/{mine}"])
            state[f"{name}.bn.num_batches_tracked"] = torch.tensor(0)
    torch.save(state, folder / "peer.pth")
    network = FeatureExtractorInceptionV3(
        "inception", ["2048"], feature_extractor_weights_path=str(folder / "peer.pth")
    )
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())  # outside of the timing
    batches = {}

    def extract(given, batch):
        parts = batches.setdefault((len(given), batch), images[: len(given)].split(batch))
        with torch.no_grad():
            return torch.cat([network(part)[0] for part in parts]).numpy()

    return extract


def measure(way, folder, sizes):
    """Features of all images, and {batch size: (images/s, processor ms an image)}."""
    import numpy as np

    with np.load(folder / "inputs.npz") as arrays:
        images = arrays["images"]
    extract = {"ours": ours, "theirs": theirs}[way](folder, images)
    found = {}
    for size in sizes:
        values = extract(images[:size], size)  # compiles
        begun, used = time.perf_counter(), time.process_time()
        values = extract(images, size)
        wall, cpu = time.perf_counter() - begun, time.process_time() - used
        found[size] = len(images) / wall, 1000 * cpu / len(images)
    np.save(folder / f"{way}.npy", values)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--peer", metavar="WHEEL", help="wheel of torch-fidelity, or its unpacked folder"
    )
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, help="threads of each; default: its own choice")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, folder = options.one
        print(json.dumps(measure(way, Path(folder), options.batches)))
        return
    ways = ["ours", "theirs"] if options.peer else ["ours"]
    results = {way: {size: [] for size in options.batches} for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(Path(folder), options.images)
        environment = {**os.environ, "PEER": os.path.abspath(options.peer or "")}
        if options.threads:
            for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
                environment[name] = str(options.threads)
        sizes = ["--batches", *map(str, options.batches)]
        for _ in range(options.repeats):
            for way in ways:
                command = [sys.executable, __file__, "--one", way, folder, *sizes]
                output = subprocess.run(
                    command, check=True, env=environment, stdout=subprocess.PIPE, text=True
                ).stdout
                for size, numbers in json.loads(output.splitlines()[-1]).items():
                    results[way][int(size)].append(numbers)
        if options.peer:
            check(Path(folder))
    print("| | batch | best images/s | processor ms an image |\n|---|---|---|---|")
    best, processor = {}, {}
    for way in ways:
        for size, numbers in results[way].items():
            rate, cpu = max(n[0] for n in numbers), min(n[1] for n in numbers)
            best[way] = max(best.get(way, 0), rate)
            processor[way] = min(processor.get(way, cpu), cpu)
            print(f"| {WAYS[way]} | {size} | {rate:.1f} | {cpu:.0f} |")
    if options.peer:
        print(f"\nimages/s, best batch of each: {best['ours'] / best['theirs']:.2f}x; "
              f"processor time: {processor['theirs'] / processor['ours']:.2f}x less")  # fmt: skip


def check(folder):
    import numpy as np

    found, expected = (np.load(folder / f"{way}.npy") for way in ("ours", "theirs"))
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    print(f"features agree to {error:.1e}, relative\n")
    if not error < 1e-4:
        sys.exit("the two networks are not the same")


if __name__ == "__main__":
    main()

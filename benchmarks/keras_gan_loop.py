"""Time of an iteration, compared with the loop that most Keras GAN scripts use, in one run.

The other loop has the structure of the public Keras-GAN scripts: `generator.predict`,
`discriminator.train_on_batch` on real and on fake images, and `combined.train_on_batch` through
the frozen discriminator, with batches that Python gathers. Ours is the same row through
`GAN.fit`, built as a run builds it. Both have the same networks, images and optimizer, one Adam
object for both networks. They run one after the other on the same machine, each in a process of
its own, several times. The table has medians, their ratio, and the largest peak memory.

    python benchmarks/keras_gan_loop.py [--exp 1 2] [--repeats 3]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

ROWS = (1, 2, 5, 6, 11, 12, 15, 16, 17, 18)
"""Rows of akel2022 with cross-entropy, the loss of the other loop."""
ITERATIONS = {"vanilla": 1000}
"""Iterations measured, by the discriminator's network; 100 for convolutions."""
WARM_UP = 50


def measure(number, way):
    """Milliseconds an iteration and peak memory in GiB of a row, trained in this process."""
    import numpy as np

    from keras_gans.datasets import Images
    from keras_gans.rows import read_table
    from keras_gans.runs.building import build

    experiment = read_table("akel2022").experiment(number)
    mnist = experiment.dataset.name == "mnist"
    shape = (60_000, 28, 28, 1) if mnist else (10_000, 40, 40, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")
    data = Images("random", pixels, None, "random pixels")
    gan = build(experiment, data, seed=0)
    iterations = ITERATIONS.get(experiment.discriminator.name, 100)
    seconds = {"loop": _loop, "fit": _fit}[way](experiment, gan, data, iterations)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"ms": 1000 * seconds / iterations, "gib": memory}


def _loop(experiment, gan, data, iterations):
    import keras
    import numpy as np

    from keras_gans import optimizers

    generator, discriminator = gan.generator, gan.discriminator
    n, size = experiment.batch_size, gan.latents.size
    scaled = data.scale.to_network(data.values)
    real, fake = np.ones((n, 1)), np.zeros((n, 1))
    # Keras 2 let two compiled models share an optimizer. Keras 3 does if it knows all variables.
    adam = optimizers.get(experiment.optimizer)
    adam.build([*discriminator.trainable_variables, *generator.trainable_variables])
    discriminator.compile(loss="binary_crossentropy", optimizer=adam)
    discriminator.train_on_batch(scaled[:n], real)  # compiled while it is trainable
    discriminator.trainable = False
    combined = keras.Sequential([keras.Input((size,)), generator, discriminator])
    combined.compile(loss="binary_crossentropy", optimizer=adam)

    def iteration():
        batch = scaled[np.random.randint(0, len(scaled), n)]
        fakes = generator.predict(np.random.normal(size=(n, size)), verbose=0)
        discriminator.train_on_batch(batch, real)
        discriminator.train_on_batch(fakes, fake)
        combined.train_on_batch(np.random.normal(size=(n, size)), real)

    for _ in range(20):
        iteration()
    begun = time.perf_counter()
    for _ in range(iterations):
        iteration()
    return time.perf_counter() - begun


def _fit(experiment, gan, data, iterations):
    import keras

    from keras_gans.batches import Sampler, batches

    warm_up = gan.steps_per_execution * -(-WARM_UP // gan.steps_per_execution)

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.iterations == warm_up:
                self.begun = time.perf_counter()

    clock, total = Clock(), warm_up + iterations
    size = experiment.turns.samples(experiment.batch_size)
    drawn = batches(data.values, None, Sampler(len(data), size, seed=0), 0, total)
    gan.fit(drawn, steps_per_epoch=total, shuffle=False, verbose=0, callbacks=[clock])
    return time.perf_counter() - clock.begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--exp", type=int, nargs="+", choices=ROWS, default=[1, 2], help="rows of akel2022"
    )
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(int(options.one[0]), options.one[1])))
        return
    print("| row | predict + train_on_batch | GAN.fit | ratio | peak memory of fit |")
    print("|---|---|---|---|---|")
    for number in options.exp:
        found = {"loop": [], "fit": []}
        for _ in range(options.repeats):
            for way, measurements in found.items():
                command = [sys.executable, __file__, "--one", str(number), way]
                output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                measurements.append(json.loads(output.stdout.splitlines()[-1]))
        loop, fit = (statistics.median(m["ms"] for m in found[way]) for way in ("loop", "fit"))
        memory = max(m["gib"] for m in found["fit"])
        line = f"| {number} | {loop:.1f} ms | {fit:.1f} ms | {loop / fit:.1f}x | {memory:.2f} GiB |"
        print(line, flush=True)


if __name__ == "__main__":
    main()

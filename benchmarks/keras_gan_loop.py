"""Iterations per second beside the loop that most Keras GAN scripts use, in one run.

The peer is `generator.predict`, `discriminator.train_on_batch` on reals and on fakes, and
`combined.train_on_batch` through the frozen discriminator, with batches gathered in Python (the
structure of the public Keras-GAN scripts). Ours is the same row through `GAN.fit`. Same
networks, same optimizers, same images, same machine, one after the other, each in a process of
its own, repeated; medians and their ratio.

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

ITERATIONS = {"vanilla": 1000, "lsgan": 1000}
"""Iterations measured, by the discriminator's network; 100 for convolutions."""


def measure(number, way):
    """Milliseconds an iteration and peak memory of one row, trained one way in this process."""
    import keras
    import numpy as np

    from keras_gans import networks
    from keras_gans.experiment import read_table

    experiment = read_table("akel2022").experiment(number)
    keras.utils.set_random_seed(0)
    shape = (40, 40, 3) if experiment.image_size else (28, 28, 1)
    count = 10_000 if experiment.image_size else 60_000
    images = np.random.default_rng(0).integers(0, 256, (count, *shape), dtype="uint8")
    generator = networks.generator(
        experiment.generator.network, shape, experiment.latent_dim, **experiment.generator.options
    )
    discriminator = networks.discriminator(
        experiment.discriminator.network, shape, **experiment.discriminator.options
    )
    iterations = ITERATIONS.get(experiment.discriminator.network, 100)
    ways = {"loop": _loop, "fit": _fit}
    seconds = ways[way](experiment, generator, discriminator, images, iterations)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"ms": 1000 * seconds / iterations, "gb": memory}


def _loop(experiment, generator, discriminator, images, iterations):
    import keras
    import numpy as np

    def adam():
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    n, latent_dim = experiment.batch_size, experiment.latent_dim
    scaled = images.astype("float32") / 127.5 - 1.0
    real, fake = np.ones((n, 1)), np.zeros((n, 1))
    discriminator.compile(loss="binary_crossentropy", optimizer=adam())
    discriminator.train_on_batch(scaled[:n], real)
    discriminator.trainable = False
    combined = keras.Sequential([keras.Input((latent_dim,)), generator, discriminator])
    combined.compile(loss="binary_crossentropy", optimizer=adam())

    def iteration():
        batch = scaled[np.random.randint(0, len(scaled), n)]
        fakes = generator.predict(np.random.normal(size=(n, latent_dim)), verbose=0)
        discriminator.train_on_batch(batch, real)
        discriminator.train_on_batch(fakes, fake)
        combined.train_on_batch(np.random.normal(size=(n, latent_dim)), real)

    for _ in range(20):
        iteration()
    begun = time.perf_counter()
    for _ in range(iterations):
        iteration()
    return time.perf_counter() - begun


def _fit(experiment, generator, discriminator, images, iterations):
    import keras

    from keras_gans.runner import compile_gan
    from keras_gans.sampling import Sampler, batches

    gan = compile_gan(experiment, generator, discriminator, seed=0)
    warm_up = gan.steps_per_execution * -(-50 // gan.steps_per_execution)

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.iterations == warm_up:
                self.begun = time.perf_counter()

    clock = Clock()
    total = warm_up + iterations
    sampler = Sampler(len(images), experiment.batch_size, seed=0)
    data = batches(images, sampler, 0, total)
    gan.fit(data, steps_per_epoch=total, shuffle=False, verbose=0, callbacks=[clock])
    return time.perf_counter() - clock.begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--exp", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=3)
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
                output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                measurements.append(json.loads(output.splitlines()[-1]))
        loop, fit = (statistics.median(m["ms"] for m in found[way]) for way in ("loop", "fit"))
        memory = max(m["gb"] for m in found["fit"])
        print(f"| {number} | {loop:.1f} ms | {fit:.1f} ms | {loop / fit:.1f}x | {memory:.2f} GiB |")


if __name__ == "__main__":
    main()

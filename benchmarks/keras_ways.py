"""Ways of training in Keras: this package, the loop of public scripts, and Keras's own guide."""

import numpy as np


def ours(setting, clock):
    """`GAN.fit`, built as a run builds it."""
    import keras

    from keras_gans.batches import Sampler, batches
    from keras_gans.runs.building import build

    e, data = setting.experiment, setting.data
    gan = build(e, data, seed=0)
    total = 10**5

    class Tick(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            clock(self.model.iterations)  # which on JAX waits for the step

    sampler = Sampler(len(data), e.turns.samples(e.batch_size), seed=0)
    drawn = batches(data.values, None, sampler, 0, total)
    gan.fit(drawn, steps_per_epoch=total, shuffle=False, verbose=0, callbacks=[Tick()])


def _objectives(experiment):
    """Targets of real, fake and generated samples, and the Keras loss between them and outputs."""
    from keras import ops

    name = experiment.loss.name
    if name == "wasserstein":
        return (-1.0, 1.0, -1.0), lambda target, output: ops.mean(target * output)
    return (1.0, 0.0, 1.0), {"binary_crossentropy": "binary_crossentropy", "mse": "mse"}[name]


def loop(setting, clock):
    """`predict` and `train_on_batch`, in the structure of the public Keras-GAN scripts."""
    import keras

    from keras_gans import optimizers

    e = setting.experiment
    generator, discriminator = setting.networks()
    n, size, turns = e.batch_size, e.latents.options["size"], e.turns
    scaled = setting.data.scale.to_network(setting.data.values[:10_000])
    (real, fake, fooled), loss = _objectives(e)
    real, fake, fooled = (np.full((n, 1), target, "float32") for target in (real, fake, fooled))
    # Keras 2 let two compiled models share an optimizer. Keras 3 does if it knows all variables.
    optimizer = optimizers.get(e.optimizer)
    optimizer.build([*discriminator.trainable_variables, *generator.trainable_variables])
    discriminator.compile(loss=loss, optimizer=optimizer)
    discriminator.train_on_batch(np.asarray(scaled[:n]), real)  # compiled while it is trainable
    discriminator.trainable = False
    combined = keras.Sequential([keras.Input((size,)), generator, discriminator])
    combined.compile(loss=loss, optimizer=optimizer)
    limit = e.constraint and e.constraint.options["limit"]
    scaled, iteration = np.asarray(scaled), 0
    while True:
        for _ in range(turns.d_steps):
            batch = scaled[np.random.randint(0, len(scaled), n)]
            latents = np.random.normal(size=(n, size))
            discriminator.train_on_batch(batch, real)
            discriminator.train_on_batch(generator.predict(latents, verbose=0), fake)
            for layer in discriminator.layers if limit else ():
                layer.set_weights([np.clip(w, -limit, limit) for w in layer.get_weights()])
        if turns.latents == "fresh":
            latents = np.random.normal(size=(n, size))
        combined.train_on_batch(latents, fooled)
        iteration += 1
        clock(iteration)


def guide(setting, clock):
    """A `train_step` with tapes, as Keras's guides write it for TensorFlow, under `fit`."""
    import keras
    import tensorflow as tf

    from keras_gans import optimizers

    e = setting.experiment
    size, turns, n = e.latents.options["size"], e.turns, e.batch_size
    limit = e.constraint and e.constraint.options["limit"]
    targets, loss = _objectives(e)
    if loss == "binary_crossentropy":
        loss = keras.losses.BinaryCrossentropy()
    elif loss == "mse":
        loss = keras.losses.MeanSquaredError()

    class Guide(keras.Model):
        def __init__(self, generator, discriminator):
            super().__init__()
            self.generator, self.discriminator = generator, discriminator

        def compile(self, optimizer):
            super().compile()
            weights = [*self.discriminator.trainable_variables]
            self.both = optimizer
            self.both.build([*weights, *self.generator.trainable_variables])
            self.d_loss = keras.metrics.Mean(name="d_loss")
            self.g_loss = keras.metrics.Mean(name="g_loss")

        def train_step(self, images):
            for real in tf.split(images, turns.d_steps):
                latents = keras.random.normal((n, size))
                fakes = self.generator(latents, training=False)
                for samples, target in ((real, targets[0]), (fakes, targets[1])):
                    with tf.GradientTape() as tape:
                        output = self.discriminator(samples, training=True)
                        d_loss = loss(target * tf.ones_like(output), output)
                    weights = self.discriminator.trainable_variables
                    self.both.apply(tape.gradient(d_loss, weights), weights)
                for weight in self.discriminator.weights if limit else ():
                    weight.assign(tf.clip_by_value(weight, -limit, limit))
            if turns.latents == "fresh":
                latents = keras.random.normal((n, size))
            frozen = [x for x in self.discriminator.layers if "batch_norm" in x.name]
            for layer in frozen:
                layer.trainable = False
            with tf.GradientTape() as tape:
                output = self.discriminator(self.generator(latents, training=True), training=True)
                g_loss = loss(targets[2] * tf.ones_like(output), output)
            for layer in frozen:
                layer.trainable = True
            weights = self.generator.trainable_variables
            self.both.apply(tape.gradient(g_loss, weights), weights)
            self.d_loss.update_state(d_loss)
            self.g_loss.update_state(g_loss)
            return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}

    class Tick(keras.callbacks.Callback):
        iteration = 0

        def on_train_batch_end(self, batch, logs=None):
            self.iteration += 1
            clock(self.iteration)

    model = Guide(*setting.networks())
    model.compile(optimizers.get(e.optimizer))
    values = setting.data.values.astype("float32") / 127.5 - 1
    data = tf.data.Dataset.from_tensor_slices(values).shuffle(10_000).repeat()
    data = data.batch(n * turns.d_steps, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    model.fit(data, steps_per_epoch=10**5, verbose=0, callbacks=[Tick()])

"""The adversarial game as a Keras model: `GAN(generator, discriminator)`, compile, fit.

`adversarial_step` is the algorithm, written once for every backend. Losses, penalties,
optimizers and networks are handed in as objects; this module imports none of them.
"""

from contextlib import contextmanager, nullcontext

import keras
from keras import ops

from keras_gans.autodiff import StatefulTrainStep, minimize


@keras.saving.register_keras_serializable("keras_gans")
class GAN(StatefulTrainStep, keras.Model):
    """A generator and a discriminator that `fit` trains against each other.

    Example:

    >>> gan = GAN(generator, discriminator, seed=0)
    >>> gan.compile(
    ...     d_optimizer=keras.optimizers.Adam(2e-4, beta_1=0.5),
    ...     g_optimizer=keras.optimizers.Adam(2e-4, beta_1=0.5),
    ...     d_loss=keras.losses.BinaryCrossentropy(from_logits=True),
    ...     g_loss=keras.losses.BinaryCrossentropy(from_logits=True),
    ... )
    >>> gan.fit(images, batch_size=32, epochs=10)

    Args:
        generator: `keras.Model` from latents `(n, latent_dim)` to images
            `(n, height, width, channels)`.
        discriminator: `keras.Model` from images to scores `(n, 1)`.
        seed: Integer; seeds the latents and the random numbers of a penalty.
    """

    def __init__(self, generator, discriminator, seed=0, name="gan", **kwargs):
        super().__init__(name=name, **kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.seed = seed
        self.latent_dim = generator.input_shape[-1]
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._trackers = [
            keras.metrics.Mean(name=name)
            for name in ("d_loss", "d_loss_real", "d_loss_fake", "g_loss")
        ]
        self.built = True

    def compile(
        self,
        d_optimizer,
        g_optimizer,
        d_loss,
        g_loss,
        penalty=None,
        d_steps=1,
        d_update="joint",
        fakes="training",
        latents="fresh",
        g_turn_batch_norm="batch",
        clip=None,
        clip_weights="all",
        **kwargs,
    ):
        """Sets the rules of the game.

        Args:
            d_optimizer: Keras optimizer of the discriminator.
            g_optimizer: Keras optimizer of the generator, another object.
            d_loss: `keras.losses.Loss`, called with targets 1 for reals and 0 for fakes.
            g_loss: `keras.losses.Loss`, called with targets 1 for fakes.
            penalty: `penalties` object added to the discriminator's loss, or None.
            d_steps: Discriminator turns an iteration, >= 1. A batch given to `fit` holds the
                reals of all turns, so that each turn has fresh ones: its size is `d_steps`
                times that of one turn.
            d_update: "joint": one optimizer step a turn, on the sum of the losses on reals and
                fakes; "separate": one on reals, then one on fakes.
            fakes: How the generator makes fakes for the discriminator: in "training" mode, or
                in "inference" mode (moving statistics, no dropout).
            latents: "fresh" for the generator's turn, or "shared" with the last turn of the
                discriminator.
            g_turn_batch_norm: The discriminator's BatchNormalization in the generator's turn:
                "batch" statistics, or "frozen" moving ones, which is what TensorFlow 2 does
                under `discriminator.trainable = False`. Dropout is active either way.
            clip: Discriminator weights are clipped to [-clip, clip] after each turn; None
                for no clipping.
            clip_weights: Which of them: "all" (with the moving statistics of
                BatchNormalization) or "trainable" ones.
            **kwargs: Passed to `keras.Model.compile` (`jit_compile`, `steps_per_execution`, ...).

        Raises:
            ValueError: An option has none of its values, or a penalty meets separate updates.
        """
        _check("d_update", d_update, "joint", "separate")
        _check("fakes", fakes, "training", "inference")
        _check("latents", latents, "fresh", "shared")
        _check("g_turn_batch_norm", g_turn_batch_norm, "batch", "frozen")
        _check("clip_weights", clip_weights, "all", "trainable")
        if d_steps < 1:
            raise ValueError(f"d_steps must be at least 1, not {d_steps}")
        if clip is not None and clip <= 0:
            raise ValueError(f"clip must be positive or None, not {clip}")
        if penalty is not None and d_update == "separate":
            raise ValueError("a penalty compares reals and fakes: it needs d_update='joint'")
        if d_optimizer is g_optimizer:
            raise ValueError("the two networks need an optimizer each, not one shared object")
        super().compile(optimizer=None, **kwargs)
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.d_loss, self.g_loss, self.penalty = d_loss, g_loss, penalty
        self.d_steps, self.d_update = d_steps, d_update
        self.fakes, self.latents, self.g_turn_batch_norm = fakes, latents, g_turn_batch_norm
        self.clip, self.clip_weights = clip, clip_weights
        d_optimizer.build(self.discriminator.trainable_variables)
        g_optimizer.build(self.generator.trainable_variables)
        self.optimizer = _Optimizers(d_optimizer, g_optimizer)

    def adversarial_step(self, data):
        """One iteration: `d_steps` turns of the discriminator, then one of the generator.

        Args:
            data: Reals of all turns, shape `(d_steps * n, height, width, channels)`: float
                in [-1, 1], or uint8, which is scaled to it.

        Returns:
            Dict of the means, since they were last reset, of `d_loss_real` and `d_loss_fake`
            (in the last turn), of `d_loss`, their average, and of `g_loss`.
        """
        images = _to_unit(data)
        for turn in range(self.d_steps):
            real = _part(images, turn, self.d_steps)
            n = ops.shape(real)[0]
            latents = self.draw_latents(n)
            on_real, on_fake = self._discriminator_turn(real, latents)
        if self.latents == "fresh":
            latents = self.draw_latents(n)
        g_loss = self._generator_turn(latents)

        values = ((on_real + on_fake) / 2, on_real, on_fake, g_loss)
        for tracker, value in zip(self._trackers, values, strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self._trackers}

    def _discriminator_turn(self, real, latents):
        fake = ops.stop_gradient(self.generator(latents, training=self.fakes == "training"))

        def real_loss():
            return _loss(self.d_loss, 1.0, self._score(real))

        def fake_loss():
            return _loss(self.d_loss, 0.0, self._score(fake))

        def joint_loss():
            losses = real_loss(), fake_loss()
            total = losses[0] + losses[1]
            if self.penalty is not None:
                total = total + self.penalty(self._score, real, fake, self.seed_generator)
            return total, *losses

        weights = self.discriminator.trainable_variables
        if self.d_update == "joint":
            _, on_real, on_fake = minimize(joint_loss, weights, self.d_optimizer)
        else:
            (on_real,) = minimize(lambda: (real_loss(),), weights, self.d_optimizer)
            (on_fake,) = minimize(lambda: (fake_loss(),), weights, self.d_optimizer)
        if self.clip is not None:
            everything = self.discriminator.weights
            for weight in everything if self.clip_weights == "all" else weights:
                weight.assign(ops.clip(weight, -self.clip, self.clip))
        return on_real, on_fake

    def _generator_turn(self, latents):
        def loss():
            fake = self.generator(latents, training=True)
            return (_loss(self.g_loss, 1.0, self._score(fake)),)

        weights = self.generator.trainable_variables
        frozen = self.g_turn_batch_norm == "frozen"
        with _frozen_statistics(self.discriminator) if frozen else nullcontext():
            return minimize(loss, weights, self.g_optimizer)[0]

    def _score(self, images):
        return self.discriminator(images, training=True)

    def draw_latents(self, n):
        """Standard normal latents `(n, latent_dim)`, the next ones of the model's seed."""
        return keras.random.normal((n, self.latent_dim), seed=self.seed_generator)

    def call(self, latents, training=False):
        """Images `(n, height, width, channels)` of latents `(n, latent_dim)`."""
        return self.generator(latents, training=training)

    @property
    def metrics(self):
        return self._trackers

    @property
    def iterations(self):
        """Iterations trained so far, as an integer: the generator takes one step in each."""
        return int(ops.convert_to_numpy(self.g_optimizer.iterations))

    @property
    def state(self):
        """Every variable that training changes: weights, statistics, seeds, optimizers.

        Whoever puts all of them back, and gives the batches that follow, continues the run
        exactly. (`save_weights` alone leaves out the seeds.)
        """
        return [*self.variables, *self.optimizer.variables]

    def get_config(self):
        return {
            "name": self.name,
            "seed": self.seed,
            "generator": _pack(self.generator),
            "discriminator": _pack(self.discriminator),
        }

    @classmethod
    def from_config(cls, config):
        networks = {key: _unpack(config[key]) for key in ("generator", "discriminator")}
        return cls(**{**config, **networks})

    def get_compile_config(self):
        objects = {key: _pack(getattr(self, key)) for key in _OBJECTS}
        return {**objects, **{key: getattr(self, key) for key in _OPTIONS}}

    def compile_from_config(self, config):
        self.compile(
            **{key: _unpack(config[key]) if key in _OBJECTS else config[key] for key in config}
        )

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["seed"] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store):
        self.seed_generator.state.assign(store["seed"][...])


_OBJECTS = ("d_optimizer", "g_optimizer", "d_loss", "g_loss", "penalty")
_OPTIONS = (
    "d_steps",
    "d_update",
    "fakes",
    "latents",
    "g_turn_batch_norm",
    "clip",
    "clip_weights",
)
_pack = keras.saving.serialize_keras_object
_unpack = keras.saving.deserialize_keras_object


class _Optimizers:
    """What `keras.Model` asks of its optimizer, of two of them."""

    built = True

    def __init__(self, *optimizers):
        self.variables = [v for optimizer in optimizers for v in optimizer.variables]


def _check(option, value, *choices):
    if value not in choices:
        raise ValueError(f"{option} must be one of {', '.join(choices)}, not {value!r}")


def _loss(loss, target, scores):
    return loss(target * ops.ones_like(scores), scores)


def _to_unit(data):
    images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    if keras.backend.standardize_dtype(images.dtype) == "uint8":
        return ops.cast(images, "float32") / 127.5 - 1.0
    return images


def _part(images, turn, turns):
    """The turn's share of a batch, never empty: an incomplete last batch is read cyclically."""
    if turns == 1:
        return images
    total = ops.shape(images)[0]
    n = (total + turns - 1) // turns
    return ops.take(images, (turn * n + ops.arange(n)) % total, axis=0)


@contextmanager
def _frozen_statistics(network):
    """BatchNormalization under `network` runs on its moving statistics and leaves them alone."""
    layers = [
        layer
        for layer in network._flatten_layers(include_self=False)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    for layer in layers:
        layer.trainable = False
    try:
        yield
    finally:
        for layer in layers:
            layer.trainable = True

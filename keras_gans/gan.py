"""The adversarial game as a Keras model: `GAN(generator, discriminator)`, compile, fit.

`adversarial_step` is the algorithm, written once for every backend.
"""

from contextlib import nullcontext

import keras
from keras import ops

from keras_gans import averages, constraints, losses, optimizers, penalties, updates
from keras_gans import latents as distributions
from keras_gans.autodiff import Begun, StatefulTrainStep, minimize
from keras_gans.datasets.sources import PIXELS, PLAIN, Scale, Source
from keras_gans.errors import UsageError
from keras_gans.networks import augmentations
from keras_gans.networks.trained import Trained, frozen_statistics
from keras_gans.turns import Turns


@keras.saving.register_keras_serializable("keras_gans")
class GAN(StatefulTrainStep, keras.Model):
    """A generator and a discriminator that `fit` trains against each other.

    Example:

    >>> gan = GAN(generator, discriminator, seed=0)
    >>> adam = {"name": "adam", "learning_rate": 2e-4, "beta_1": 0.5}
    >>> gan.compile(loss="binary_crossentropy", d_optimizer=adam, g_optimizer=adam)
    >>> gan.fit(images, batch_size=32, epochs=10)

    A generator with the inputs [latents, labels] and a discriminator with [samples, labels] make
    it conditional: `fit` then needs the labels as `y`, integers `(n,)`.

    Args:
        generator: `keras.Model` from latents `(n, size)` to samples `(n, ...)`.
        discriminator: `keras.Model` from samples to scores or probabilities `(n, 1)`.
        latents: `latents.Latents`, or what `latents.get` takes; None for standard normal ones of
            the size of the generator's input.
        scale: `datasets.sources.Scale` from data to network values; None takes that of the
            `Source` given to `fit`, scales uint8 pixels to [-1, 1] and leaves floats as they are.
        seed: Integer; seeds latents, drawn targets and the random numbers of a penalty.

    Raises:
        UsageError: The two networks do not fit together.
        ValueError: The latents do not have the size of the generator's input.
    """

    def __init__(
        self, generator, discriminator, latents=None, scale=None, seed=0, name="gan", **kwargs
    ):
        super().__init__(name=name, **kwargs)
        _check_networks(generator, discriminator)
        self.generator, self.discriminator = generator, discriminator
        self.conditional = len(generator.inputs) == 2
        size = generator.inputs[0].shape[-1]
        self.latents = distributions.get(latents or "normal", size=size)
        if self.latents.size != size:
            raise ValueError(f"latents of {self.latents.size}, where the generator takes {size}")
        self.scale, self.seed = scale, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.iteration = self.add_weight(
            shape=(), initializer="zeros", dtype="int32", trainable=False, name="iteration"
        )
        means = ("d_loss", "d_loss_real", "d_loss_fake", "g_loss")
        self._means = [keras.metrics.Mean(name=name) for name in means]
        self._maxima = [Maximum(name="d_loss_max"), Maximum(name="g_loss_max")]
        self.averaged = None
        self.built = True

    def compile(
        self,
        loss="binary_crossentropy",
        optimizer=None,
        d_optimizer=None,
        g_optimizer=None,
        turns=None,
        penalty=None,
        constraint=None,
        average=None,
        augment=None,
        precision=None,
        **kwargs,
    ):
        """Sets the rules of the game. Each part is an object, a name or `{"name": NAME, ...}`.

        Args:
            loss: `losses.Objective` or a `keras.losses.Loss`. Where it is a function of scores, a
                final sigmoid of the discriminator is looked through.
            optimizer: One Keras optimizer for both networks, its step counter too, as scripts
                shared it that gave one object to two `compile` calls.
            d_optimizer, g_optimizer: Instead of `optimizer`, one each.
            turns: `Turns` or a dict of its fields: who moves when. The batch given to `fit` holds
                the samples of all turns of the discriminator.
            penalty: `penalties` object added to the discriminator's loss, or None.
            constraint: `constraints` object applied to the discriminator after each turn, or None.
            average: `averages` object that keeps an averaged copy of the generator, or None.
            augment: `networks.augmentations` object that changes real and fake images before the
                discriminator, or None.
            precision: `keras.DTypePolicy` or its name, such as "mixed_bfloat16", in which the
                networks compute while they are trained; None for their own. Weights, losses and
                what is saved or sampled stay as they are.
            **kwargs: Passed to `keras.Model.compile` (`jit_compile`, `steps_per_execution`, ...).

        Raises:
            UsageError: A part is unknown, a penalty meets separate updates, or samples that are to
                be augmented are no images.
            ValueError: The optimizers are not one or two.
        """
        turns = Turns(**turns) if isinstance(turns, dict) else turns or Turns()
        update, penalty = updates.get(turns.update), penalties.get(penalty)
        if penalty is not None and not update.takes_penalty:
            raise UsageError("a penalty compares real and fake samples: it needs update='joint'")
        one, d_one, g_one = map(optimizers.get, (optimizer, d_optimizer, g_optimizer))
        if (one is None) == (d_one is None) or (d_one is None) != (g_one is None):
            raise ValueError("give either optimizer, or d_optimizer and g_optimizer")
        super().compile(optimizer=None, **kwargs)
        self.objective, self.turns, self.update = losses.get(loss), turns, update
        self.penalty, self.constraint = penalty, constraints.get(constraint)
        self.average = averages.get(average)
        self.averaged = self.average and self.average.copy(self.generator)
        self.augment = augmentations.get(augment)
        if self.augment is not None:
            self.augment.check(self.discriminator.inputs[0].shape[1:])
        d_weights = self.discriminator.trainable_variables
        g_weights = self.generator.trainable_variables
        if one is not None:
            one.build([*d_weights, *g_weights])
        else:
            d_one.build(d_weights)
            g_one.build(g_weights)
        self.d_optimizer, self.g_optimizer = (one, one) if one is not None else (d_one, g_one)
        self.optimizer = _Optimizers(one) if one is not None else _Optimizers(d_one, g_one)
        self.precision = precision and keras.dtype_policies.get(precision)
        self._trained = Trained(
            self.generator, self.discriminator, self.objective.of_scores, self.precision
        )

    def fit(self, x=None, y=None, **kwargs):
        """Trains: `keras.Model.fit`, which also takes a `datasets.Source` as `x`."""
        if isinstance(x, Source):
            self.scale = self.scale or x.scale
            x, y = x.values, x.labels if self.conditional else None
        return super().fit(x, y, **kwargs)

    def adversarial_step(self, data):
        """One iteration: the turns of the discriminator, then one of the generator.

        Args:
            data: Real samples of all turns `(n, ...)`, with labels `(n,)` where conditional.

        Returns:
            Dict of the means, since they were last reset, of `d_loss_real` and `d_loss_fake` (of
            the last turn), of `d_loss`, their average, and of `g_loss`; and of the maxima
            `d_loss_max` and `g_loss_max`.
        """
        # A critic needs several turns to follow the generator, each with samples of its own: the
        # same ones again would let it learn them by heart. The generator waits, so its samples for
        # all turns are made first.
        shares = list(self.turns.shares(*self._network_values(data)))
        n = ops.shape(shares[0][0])[0]
        latents = [self.draw_latents(n) for _ in shares]
        fakes, begun = self._fakes(latents, [labels for _, labels in shares])
        for (real, labels), fake in zip(shares, fakes, strict=True):
            on_real, on_fake = self._discriminator_turn(real, fake, labels)

        # The generator learns from the discriminator as it now is: on new latents, as the papers
        # have it, or on those that the discriminator has just seen, as many scripts have it.
        if self.turns.latents == "fresh":
            latents, begun = [self.draw_latents(n)], None
        g_loss = self._generator_turn(latents[-1], labels, begun)

        # Samples of averaged weights are steadier than those of the latest ones.
        if self.average is not None:
            self.average.update(self.averaged, self.generator)

        # The model counts its iterations itself: an optimizer counts its own steps, of which an
        # iteration may have several.
        self.iteration.assign_add(1)
        d_loss = (on_real + on_fake) / 2
        reported = (d_loss, on_real, on_fake, g_loss, d_loss, g_loss)
        for metric, value in zip(self.metrics, reported, strict=True):
            metric.update_state(value)
        return {metric.name: metric.result() for metric in self.metrics}

    def _fakes(self, latents, labels):
        """Samples for each of the discriminator's turns, and what the generator's can use again.

        Args:
            latents: List of the latents of each turn.
            labels: List of as many labels, or of None.

        Returns:
            List of samples, and the `Begun` of the last turn's latents or None.
        """
        networks, training = self._trained, self.turns.fakes == "training"
        begun = None
        if self.turns.latents == "shared" and networks.first is not None:
            inputs, latents, labels = (latents[-1], labels[-1]), latents[:-1], labels[:-1]
            begun = Begun(lambda: networks.begin(*inputs), self.generator.trainable_variables)
        if training or len(latents) < 2:
            turns = zip(latents, labels, strict=True)
            fakes = [networks.generate(*inputs, training) for inputs in turns]
        else:
            # In inference samples do not depend on each other, and one large batch is faster.
            together = None if labels[0] is None else ops.concatenate(labels)
            made = networks.generate(ops.concatenate(latents), together, training)
            fakes = ops.split(made, len(latents))
        if begun is not None:
            fakes = [*fakes, networks.finish(begun.value, training)]
        return [ops.stop_gradient(fake) for fake in fakes], begun

    def _discriminator_turn(self, real, fake, labels):
        def score(samples):
            return self._score(samples, labels)

        def penalty():
            return self.penalty(score, real, fake, self.seed_generator)

        losses_before = self.update(
            lambda: self.objective.on_real(score(real), self.seed_generator),
            lambda: self.objective.on_fake(score(fake), self.seed_generator),
            None if self.penalty is None else penalty,
            self.discriminator.trainable_variables,
            self.d_optimizer,
        )
        if self.constraint is not None:
            self.constraint(self.discriminator)
        return losses_before

    def _generator_turn(self, latents, labels, begun):
        def loss(*start):
            if start:
                fake = self._trained.finish(*start, training=True)
            else:
                fake = self._trained.generate(latents, labels, training=True)
            return (self.objective.to_fool(self._score(fake, labels)),)

        # Frozen, the discriminator normalizes by what it saw of real and fake samples together.
        frozen = self.turns.batch_norm == "frozen"
        with frozen_statistics(self.discriminator) if frozen else nullcontext():
            return minimize(loss, self.generator.trainable_variables, self.g_optimizer, begun)[0]

    def _score(self, samples, labels):
        if self.augment is not None:
            samples = self.augment(samples, self.seed_generator)
        return self._trained.score(samples, labels)

    def draw_latents(self, n):
        """Latents `(n, size)`, the next ones of the model's seed.

        Where devices share a batch, each of them gets its share of the latents too.
        """
        drawn = self.latents.draw(n, self.seed_generator)
        distribution = keras.distribution.distribution()
        if distribution is None:
            return drawn
        layout = distribution.get_data_layout(drawn.shape)
        return keras.distribution.distribute_tensor(drawn, layout)

    def _network_values(self, data):
        values, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        if self.conditional and labels is None:
            raise ValueError("a conditional GAN needs labels: fit(x, y) with integers y (n,)")
        values = ops.convert_to_tensor(values)  # arrays where a step is not compiled
        pixels = keras.backend.standardize_dtype(values.dtype) == "uint8"
        scale = self.scale or (PIXELS if pixels else PLAIN)
        if not self.conditional:
            return scale.to_network(values), None
        return scale.to_network(values), ops.convert_to_tensor(labels, "int32")

    def call(self, inputs, training=False):
        """Samples `(n, ...)` in network values, of latents or of [latents, labels]."""
        return self.generator(inputs, training=training)

    @property
    def sampling_generator(self):
        """The generator that makes samples: the averaged copy where there is one."""
        return self.averaged or self.generator

    @property
    def metrics(self):
        return [*self._means, *self._maxima]

    @property
    def iterations(self):
        """Iterations trained so far, an integer."""
        return int(ops.convert_to_numpy(self.iteration))

    @property
    def state(self):
        """Every variable that training changes: weights, statistics, seeds, counters, optimizers.

        A run that puts all of them back and gives the batches that follow goes on exactly.
        (`save_weights` alone leaves out the seeds.)
        """
        return [*self.variables, *self.optimizer.variables]

    def get_config(self):
        scale = self.scale and self.scale.plain
        packed = {key: _pack(getattr(self, key)) for key in _IN_CONFIG}
        return {"name": self.name, "seed": self.seed, "scale": scale, **packed}

    @classmethod
    def from_config(cls, config):
        scale = config["scale"] and Scale(**config["scale"])
        unpacked = {key: _unpack(config[key]) for key in _IN_CONFIG}
        return cls(**{**config, **unpacked, "scale": scale})

    def get_compile_config(self):
        parts = {"loss": self.objective, "penalty": self.penalty, "constraint": self.constraint}
        parts |= {"average": self.average, "augment": self.augment, "update": self.update}
        parts["precision"] = self.precision
        if self.d_optimizer is self.g_optimizer:
            parts["optimizer"] = self.d_optimizer
        else:
            parts |= {"d_optimizer": self.d_optimizer, "g_optimizer": self.g_optimizer}
        turns = {key: value for key, value in self.turns.plain.items() if key != "update"}
        return {"turns": turns, **{key: _pack(part) for key, part in parts.items()}}

    def compile_from_config(self, config):
        parts = {key: _unpack(value) for key, value in config.items() if key != "turns"}
        turns = {**config["turns"], "update": parts.pop("update")}
        self.compile(turns=turns, **parts)

    def save_own_variables(self, store):
        store["iteration"] = ops.convert_to_numpy(self.iteration)
        store["seed"] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store):
        self.iteration.assign(store["iteration"][...])
        self.seed_generator.state.assign(store["seed"][...])


_IN_CONFIG = ("generator", "discriminator", "latents")
_pack = keras.saving.serialize_keras_object
_unpack = keras.saving.deserialize_keras_object


class Maximum(keras.metrics.Metric):
    """The largest of the values since the last reset: the peak of an interval."""

    def __init__(self, name="maximum", **kwargs):
        super().__init__(name=name, **kwargs)
        self.largest = self.add_variable((), initializer=_least, name="largest")

    def update_state(self, value):
        self.largest.assign(ops.maximum(self.largest, ops.cast(value, self.largest.dtype)))

    def result(self):
        return ops.convert_to_tensor(self.largest)

    def reset_state(self):
        self.largest.assign(_least((), self.largest.dtype))


def _least(shape, dtype=None):
    return ops.full(shape, -float("inf"), dtype)


class _Optimizers:
    """What `keras.Model` asks of its optimizer, of one or two of them."""

    built = True

    def __init__(self, *optimizers):
        self.variables = [v for optimizer in optimizers for v in optimizer.variables]


def _check_networks(generator, discriminator):
    made, judged = generator.output_shape[1:], tuple(discriminator.inputs[0].shape[1:])
    if made != judged:
        raise UsageError(
            f"the generator makes samples {made} and the discriminator takes {judged}: are the two "
            "swapped, or of different sizes?"
        )
    kinds = len(generator.inputs), len(discriminator.inputs)
    if kinds not in ((1, 1), (2, 2)):
        raise UsageError(
            f"the generator has {kinds[0]} inputs and the discriminator {kinds[1]}: either both "
            "take labels as their second input or neither does"
        )

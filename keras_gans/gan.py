"""The adversarial game as a Keras model: `GAN(generator, discriminator)`, compile, fit.

`adversarial_step` is the algorithm, written once for every backend.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import keras
from keras import ops

from keras_gans import averages, constraints, losses, optimizers, penalties, updates
from keras_gans import latents as distributions
from keras_gans.autodiff import Begun, StatefulTrainStep, minimize
from keras_gans.datasets import fitting, scaling, seeds
from keras_gans.datasets.sources import Scale, Source
from keras_gans.errors import UsageError
from keras_gans.losses import reported
from keras_gans.networks import augmentations, pairs
from keras_gans.networks.trained import Trained, frozen_statistics, held_still
from keras_gans.parts import Chosen
from keras_gans.saving import SavedWhole
from keras_gans.turns import Turns
from keras_gans.unrolling import ahead, differentiable


@keras.saving.register_keras_serializable("keras_gans")
class GAN(StatefulTrainStep, SavedWhole, keras.Model):
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
        scale: `datasets.sources.Scale` from data to network values; None scales uint8 pixels to
            the range of the generator's last activation, [-1, 1] where it has none, takes the
            scale of a standardized `Source`, and leaves floats as they are.
        seed: Integer; seeds latents, drawn targets and the random numbers of a penalty.

    Raises:
        UsageError: The two networks do not fit together, or the seed is none.
        ValueError: The latents do not have the size of the generator's input.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latents: Chosen | distributions.Latents | None = None,
        scale: Scale | None = None,
        seed: int = 0,
        name: str = "gan",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        pairs.check(generator, discriminator)
        seed = seeds.checked_seed(seed)
        self.generator, self.discriminator = generator, discriminator
        self.bounds = pairs.bounds(generator)
        self.conditional = len(generator.inputs) == 2
        size = generator.inputs[0].shape[-1]
        self.latents = distributions.get(latents or "normal", size=size)
        scaling.check_scale(scale)
        if self.latents.size != size:
            raise ValueError(f"latents of {self.latents.size}, where the generator takes {size}")
        self._scale_asked, self.scale, self.seed = scale, scale, seed
        self.seed_generator = seeds.stream(seed)
        self.iteration = self.add_weight(
            shape=(), initializer="zeros", dtype="int32", trainable=False, name="iteration"
        )
        self._means = [keras.metrics.Mean(name=name) for name in reported.LOSSES]
        self._maxima = [reported.Maximum(name=name) for name in reported.MAXIMA]
        self._accuracies, self.averaged, self.built = [], None, True

    def compile(
        self,
        loss: Chosen | losses.Objective | keras.losses.Loss = "binary_crossentropy",
        optimizer: Chosen | keras.optimizers.Optimizer | None = None,
        d_optimizer: Chosen | keras.optimizers.Optimizer | None = None,
        g_optimizer: Chosen | keras.optimizers.Optimizer | None = None,
        turns: Turns | dict | None = None,
        penalty: Chosen | penalties.Penalty | None = None,
        constraint: Chosen | Callable | None = None,
        average: Chosen | averages.Average | None = None,
        augment: Chosen | augmentations.Augmentation | None = None,
        precision: str | keras.DTypePolicy | None = None,
        accuracy: bool = False,
        **kwargs: Any,
    ) -> None:
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
            precision: "mixed_bfloat16" or "float32", in which the networks compute while they are
                trained; None for their own. Weights, losses and what is saved or sampled stay.
            accuracy: Whether `fit` also reports `d_accuracy_real` and `d_accuracy_fake`: shares of
                samples judged right in the discriminator's last turn, before the step on them.
            **kwargs: Passed to `keras.Model.compile` (`jit_compile`, `steps_per_execution`, ...).

        Raises:
            UsageError: A part is unknown, two do not go together, the optimizers are not one or
                two, something computes in float16, an argument would be ignored, a network has
                nothing to train, the discriminator's scores have bounds that the loss has not, or
                accuracy is asked for and the loss tells no right from wrong.
        """
        fitting.refuse_ignored(kwargs)
        if optimizers.is_known(loss):  # the order of keras.Model.compile
            loss, optimizer = optimizer or "binary_crossentropy", loss
        turns = Turns.of(turns)
        update, penalty = updates.get(turns.update), penalties.get(penalty)
        objective = losses.get(loss)
        updates.check_together(update, objective, penalty)
        if accuracy:
            reported.check_accuracy(objective)
        d_optimizer, g_optimizer = optimizers.pair(optimizer, d_optimizer, g_optimizer)
        if turns.unroll:
            differentiable(d_optimizer)
        constraint, average = constraints.get(constraint), averages.get(average)
        augment = augmentations.get(augment)
        if augment is not None:
            augment.check(self.discriminator.inputs[0].shape[1:])
        precision = pairs.precision(precision)
        pairs.check_trained(self.generator, self.discriminator, turns)
        trained = Trained(self.generator, self.discriminator, objective, precision)
        averaged = average and average.copy(self.generator)
        weights = [n.trainable_variables for n in (self.discriminator, self.generator)]
        both = optimizers.Both(d_optimizer, g_optimizer, *weights)
        super().compile(optimizer=None, **kwargs)
        # Nothing is refused from here on: a call that is leaves the rules of the last one.
        self.objective, self.turns, self.update, self._of_keras = objective, turns, update, kwargs
        self.precision, self._trained = precision, trained
        self._accuracies = [keras.metrics.Mean(name=n) for n in reported.ACCURACIES if accuracy]
        self.penalty, self.constraint, self.augment = penalty, constraint, augment
        self._tracker.untrack(self.averaged)  # of an earlier call
        self.average, self.averaged = average, averaged
        self.d_optimizer, self.g_optimizer, self.optimizer = d_optimizer, g_optimizer, both

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: list | None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains: `keras.Model.fit`, which also takes a `datasets.Source` as `x`.

        Args:
            x: Real samples `(n, ...)`: a `Source`, an array, or batches as Keras takes them.
            y: Integers `(n,)`, labels of an array `x` where the networks are conditional.
            batch_size: Samples of an iteration, those of all turns of the discriminator; 32.
            epochs, verbose, callbacks, **kwargs, and what is returned: as in `keras.Model.fit`.

        Raises:
            UsageError: The real samples or their labels do not fit the networks, or there are
                validation data: a callback measures samples, `callbacks.MeasureGenerator`.
        """
        fitting.refuse_ignored(kwargs)
        scale = self._scale_asked
        if isinstance(x, Source):
            if y is not None:
                raise UsageError("y: a Source has labels of its own; give Source.values and y")
            scale = scale or scaling.matched(x, self.bounds).scale
            x, y = x.values, x.labels if self.conditional else None
        x = self._checked(x, y, scale)
        if scale != self.scale:
            self.scale = scale
            if self.train_function is not None:
                self.make_train_function(force=True)  # the scale of other data is traced in
        history = super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)
        self.optimizer.finalize()
        return history

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, **kwargs):
        """One iteration: `keras.Model.train_on_batch`, refused where `fit` is."""
        fitting.refuse_ignored({"sample_weight": sample_weight, "class_weight": class_weight})
        return super().train_on_batch(self._checked(x, y, self.scale), y, **kwargs)

    def _checked(self, x, y, scale):
        """Looks at the first real samples; returns what to train on, as `fitting.checked`."""
        if self.compiled:  # a network may have been frozen since
            pairs.check_trained(self.generator, self.discriminator, self.turns)
        shape = self.generator.output_shape[1:]
        classes = pairs.classes(self.generator, self.discriminator) if self.conditional else None
        return fitting.checked(x, scale, self.bounds, y, shape, self.conditional, classes)

    def evaluate(self, *args, **kwargs):
        """Refused, always, as `test_on_batch` is: losses of a game say nothing about samples."""
        raise UsageError(fitting.NO_VALIDATION)

    test_on_batch = evaluate

    def train_only(self, who):
        """Says who is moved from now on: `Turns.train`. The other network stays as it is.

        Args:
            who: "discriminator" or "generator", as before a run they are trained alone, or "both".
        """
        self._assert_compile_called("train_only")
        if who != self.turns.train:
            self.turns = replace(self.turns, train=who)
            self.make_train_function(force=True)

    def adversarial_step(self, data):
        """One iteration: the turns of the discriminator, then those of the generator.

        Args:
            data: Real samples of all turns `(n, ...)`, with labels `(n,)` where conditional.

        Returns:
            Dict of the means, since they were last reset, of `d_loss_real` and `d_loss_fake` (of
            the last turn), of `d_loss`, their average, and of `g_loss` (of the last turn); and of
            the maxima `d_loss_max` and `g_loss_max`; and of the accuracies, where asked for.
        """
        # A critic needs several turns to follow the generator, each with samples of its own: the
        # same ones again would let it learn them by heart. The generator waits, so its samples for
        # all turns are made first.
        batch = scaling.network_values(data, self.scale, self.bounds, self.conditional)
        shares = list(self.turns.shares(*batch))
        n = ops.shape(shares[0][0])[0]
        latents = [self.draw_latents(n) for _ in shares]
        with self._at_rest():
            fakes, begun = self._fakes(latents, [labels for _, labels in shares])
            for (real, labels), fake in zip(shares, fakes, strict=True):
                optimizer = self.d_optimizer if self.turns.moves("discriminator") else None
                both = self._discriminator_turn(real, fake, labels, optimizer)

        # The generator learns from the discriminator as it now is: on new latents, as the papers
        # have it, or on those that the discriminator has just seen, as many scripts have it.
        real, labels = shares[-1]
        for turn in range(self.turns.g_steps):
            if turn or self.turns.latents == "fresh":
                latents, begun = [self.draw_latents(n)], None
            with self._at_rest():
                g_loss = self._generator_turn(latents[-1], real, labels, begun)

        if self.average is not None and self.turns.moves("generator"):
            self.average.update(self.averaged, self.generator)

        # Not by the steps of an optimizer, of which an iteration may have several.
        self.iteration.assign_add(1)
        (on_real, of_real), (on_fake, of_fake) = both
        d_loss = (on_real + on_fake) / 2
        values = [d_loss, on_real, on_fake, g_loss, d_loss, g_loss]
        if self._accuracies:
            values += reported.accuracies(self.objective, of_real, of_fake)
        for metric, value in zip(self.metrics, values, strict=True):
            metric.update_state(value)
        return {metric.name: metric.result() for metric in self.metrics}

    def _at_rest(self):
        """A block that leaves the network that is not moved, if there is one, as it was."""
        for network in ("discriminator", "generator"):
            if not self.turns.moves(network):
                return held_still(getattr(self, network))
        return nullcontext()

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

    def _discriminator_turn(self, real, fake, labels, optimizer):
        """Moves the discriminator, but for an optimizer of None.

        Returns:
            The pairs (loss, scores) of real and of fake samples, before it was moved.
        """

        def score(samples):
            return self._seen(self._trained.score, samples, labels)

        on_real, on_fake = self.objective.sides(
            lambda: score(real), lambda: score(fake), self.seed_generator
        )
        if optimizer is None:
            return [map(ops.stop_gradient, loss()) for loss in (on_real, on_fake)]

        def penalty():
            return self.penalty(score, real, fake, self.seed_generator)

        weights = self.discriminator.trainable_variables
        also = None if self.penalty is None else penalty
        before = self.update(on_real, on_fake, also, weights, optimizer)
        if self.constraint is not None:
            self.constraint(self.discriminator)
        return before

    def _generator_turn(self, latents, real, labels, begun):
        """Moves the generator, unless it is held still; returns the loss before."""
        frozen = self.turns.batch_norm == "frozen"
        rule, networks = self.objective, self._trained
        judge = networks.features if rule.of_features else networks.score

        def loss(*start):
            if start:
                fake = self._trained.finish(*start, training=True)
            else:
                fake = self._trained.generate(latents, labels, training=True)

            def turn(optimizer):
                self._discriminator_turn(real, fake, labels, optimizer)

            with (
                ahead(self.discriminator, self.d_optimizer, turn, self.turns.unroll),
                # Frozen, it normalizes by what it saw of real and fake samples together.
                frozen_statistics(self.discriminator) if frozen else nullcontext(),
            ):
                compared = [fake, real] if rule.paired or rule.of_features else [fake]
                return (rule.to_fool(*(self._seen(judge, x, labels) for x in compared)),)

        if not self.turns.moves("generator"):
            return ops.stop_gradient(loss(*([] if begun is None else [begun.value]))[0])
        return minimize(loss, self.generator.trainable_variables, self.g_optimizer, begun)[0]

    def _seen(self, judge, samples, labels):
        """What a part of the discriminator makes of samples, as it sees them."""
        if self.augment is not None:
            samples = self.augment(samples, self.seed_generator)
        return judge(samples, labels)

    def draw_latents(self, n):
        """Latents `(n, size)`, the next ones of the model's seed."""
        return distributions.shared_out(self.latents.draw(n, self.seed_generator))

    def call(self, inputs, training=False):
        """Network values `(n, ...)` of latents or [latents, labels], by `sampling_generator`."""
        network = self.generator if training else self.sampling_generator
        return network(inputs, training=training)

    @property
    def sampling_generator(self) -> keras.Model:
        """The generator that makes samples: the averaged copy where there is one."""
        return self.averaged or self.generator

    @property
    def metrics(self):
        return [*self._means, *self._maxima, *self._accuracies]

    @property
    def iterations(self) -> int:
        """Iterations trained so far, an integer."""
        return int(ops.convert_to_numpy(self.iteration))

    @property
    def state(self) -> list:
        """Every variable that training changes: weights, statistics, seeds, counters, optimizers.

        A run that puts all of them back and gives the batches that follow goes on exactly.
        """
        self._assert_compile_called("state")
        return [*self.variables, *self.optimizer.variables]

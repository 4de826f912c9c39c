"""Discriminator rejection sampling: samples that a discriminator takes for likely data.

Azadi et al. 2018, arXiv 1810.06758. Let r(x) be the ratio of the densities of the data and of the
generator, and M its maximum. Samples that are each accepted with the probability r(x) / M have the
distribution of the data. An objective's `log_ratio` reads log r from the discriminator; the
maximum is that of all samples so far. Section 3 writes the probability as a sigmoid of

    F(x) = log r - log M - log(1 - exp(log r - log M - epsilon)) - gamma,

which for gamma = 0 is r(x) / M. A higher gamma accepts fewer samples, those of the highest ratios;
a lower one more of all.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from keras_gans import parts
from keras_gans.datasets.sources import Scale
from keras_gans.errors import UsageError
from keras_gans.generators import foreign, own
from keras_gans.generators.saved import BATCH_SIZE, Saved

EPSILON = 1e-8
BATCH = 10_000
"""Samples that are judged at a time; the paper estimates the first maximum from as many."""
LEAST, PATIENCE = 0.001, 10
"""Sampling is given up after so many batches in a row with less than this share of use."""


@dataclass(frozen=True, eq=False)
class Judge:
    """A saved discriminator as an estimate of log p_data / p_g.

    Args:
        network: `keras.Model` to the outputs that the objective takes.
        objective: `Objective` that it was trained with.
        scale: `datasets.sources.Scale` from data values to those that it takes.
        shape: Of one sample.
        classes: Number of classes, or None where it takes no labels.
        title: Name for messages, that of the file.
    """

    network: object
    objective: object
    scale: Scale
    shape: tuple
    classes: int | None = None
    title: str = "a discriminator"

    @classmethod
    def open(cls, path):
        """The judge in a discriminator_model_*.h5.

        Raises:
            UsageError: As `generators.load_discriminator`; or the file does not say with which
                loss it was trained, or this loss gives no ratio.
        """
        with foreign.described(path) as description:
            network, about = own.open_discriminator(description)
        from keras_gans import losses
        from keras_gans.networks.rewriting import before_sigmoid

        if "loss" not in about:
            raise UsageError(
                f"{path} does not record the loss it was trained with, as earlier versions wrote "
                "it: train it again"
            )
        objective = losses.get(parts.check("losses", about["loss"], f"{path}: loss"))
        try:
            scale = Scale(**about["scale"])
            objective.log_ratio(np.zeros((1, 1), "float32"))
        except (KeyError, TypeError):
            raise UsageError(f"{path} has a damaged recipe; use another file") from None
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None
        if objective.of_scores:
            network = before_sigmoid(network)
        classes = about["classes"] if len(network.inputs) > 1 else None
        return cls(network, objective, scale, tuple(about["shape"]), classes, Path(path).name)

    def log_ratio(self, values, labels=None):
        """log p_data / p_g of samples, in inference mode.

        Args:
            values: Data values `(n, *shape)`.
            labels: Integers `(n,)`, where the discriminator takes them.

        Returns:
            float64 array `(n,)`.

        Raises:
            UsageError: A score is not finite.
        """
        from keras import ops

        found = np.empty(len(values))
        for start in range(0, len(values), BATCH_SIZE):
            piece = slice(start, start + BATCH_SIZE)
            given = self.scale.to_network(values[piece])
            if self.classes is not None:
                given = [given, labels[piece].astype("int32")]
            ratios = self.objective.log_ratio(self.network.predict_on_batch(given))
            found[piece] = ops.convert_to_numpy(ratios)[:, 0]
        if not np.isfinite(found).all():
            raise UsageError("the scores of the discriminator are not finite: use an earlier one")
        return found


class Accepted(NamedTuple):
    """Samples that were accepted.

    Attributes:
        values: Data values `(n, *shape)`.
        latents: float32 `(n, size)`, what they were made of.
        labels: int64 `(n,)`, or None.
        rate: Share of all judged samples that was accepted, in [0, 1].
    """

    values: np.ndarray
    latents: np.ndarray
    labels: np.ndarray | None
    rate: float


@dataclass(frozen=True, eq=False)
class Rejection:
    """A generator of which a judge accepts only some samples. It is measured as a `Saved` is.

    Args:
        generator: `Saved`.
        judge: `Judge`.
        gamma: The constant of the formula. With `percentile`, gamma is this percentile, in
            [0, 100], in each batch, of F at gamma = 0; a sample exactly there is accepted half of
            the time. The paper takes percentiles, 80 for images.
        percentile: Whether `gamma` is a percentile.

    Raises:
        UsageError: The two are not of the same data.
    """

    generator: Saved
    judge: Judge
    gamma: float = 80.0
    percentile: bool = True

    def __post_init__(self):
        made, judged = self.generator, self.judge
        if tuple(made.shape) != tuple(judged.shape):
            raise UsageError(
                f"the generator makes samples {tuple(made.shape)} and the discriminator takes "
                f"{tuple(judged.shape)}: give two networks of one run"
            )
        if judged.classes is not None and made.classes != judged.classes:
            raise UsageError(
                f"the generator has {made.classes or 'no'} classes and the discriminator "
                f"{judged.classes}: give two networks of one run"
            )

    @property
    def name(self):
        """Name of the generator."""
        return self.generator.name

    @property
    def title(self):
        """Name for messages and results."""
        gamma = f"{self.gamma:g}{'%' * self.percentile}"
        return f"{self.generator.title}, those that {self.judge.title} accepts (gamma {gamma})"

    @property
    def origin(self):
        """Where the generator comes from."""
        return self.generator.origin

    @property
    def shape(self):
        """Shape of one sample."""
        return self.generator.shape

    @property
    def scale(self):
        """`Scale` of the samples."""
        return self.generator.scale

    @property
    def directions(self):
        """As `Saved.directions`: accepted samples lie in the same subspace."""
        return self.generator.directions

    def turns_of_labels(self, count):
        """As `Saved.turns_of_labels`."""
        return self.generator.turns_of_labels(count)

    def sample(self, count, seed=0, labels=None, progress=None):
        """Accepted values: a function of the arguments, as `Saved.sample`."""
        return self.draw(count, seed, labels, progress).values

    def draw(self, count, seed=0, labels=None, progress=None):
        """Judges samples, batch by batch, until enough are accepted.

        Args:
            count: Number of accepted samples.
            seed: Integer >= 0 or a list of them.
            labels: Integers `(count,)` of a conditional generator; None for labels in turn.
            progress: Object with `status(text)`, if given.

        Returns:
            `Accepted`.

        Raises:
            UsageError: `count` is no integer, too few samples are accepted, or the judge gives all
                the same ratio.
        """
        made, seed = self.generator, list(np.ravel(seed))
        count = parts.natural(count, "samples")
        labels = made.turns_of_labels(count) if labels is None else np.asarray(labels)
        wanted = np.zeros(count, int) if labels is None else labels
        random = np.random.Generator(np.random.Philox([*seed, 3]))
        values = np.empty((count, *made.shape), made.scale.dtype)
        latents = np.empty((count, made.latents.size), "float32")
        free, highest, accepted, poor = np.ones(count, bool), -np.inf, 0, 0
        for batch in itertools.count(1):
            drawn = made.latents.sample(BATCH, [*seed, 2, batch])
            given = np.resize(wanted[free], BATCH)  # only labels that are still missing
            candidates = made.make(drawn, None if labels is None else given)
            ratios = self.judge.log_ratio(candidates, given)
            if batch == 1 and ratios.max() == ratios.min():
                raise UsageError(
                    f"{self.judge.title} gives all samples the same ratio, so that it would choose "
                    "at random: use an earlier discriminator"
                )
            highest = max(highest, ratios.max())
            passed = random.random(BATCH) < self._probabilities(ratios - highest)
            places, chosen = _assigned(free, wanted, passed, given)
            values[places], latents[places] = candidates[chosen], drawn[chosen]
            free[places] = False
            accepted += passed.sum()
            if progress is not None:
                progress.status(f"{count - free.sum():,} of {count:,} samples accepted")
            if not free.any():
                return Accepted(values, latents, labels, accepted / (batch * BATCH))
            poor = poor + 1 if len(places) < LEAST * BATCH else 0
            if poor == PATIENCE:
                raise UsageError(
                    f"{accepted:,} of {batch * BATCH:,} samples were accepted, {free.sum():,} are "
                    "missing: give a lower --gamma, or a percentile such as --gamma 80%"
                )

    def _probabilities(self, margins):
        """The probability to accept each sample of a batch.

        Args:
            margins: log r - log M of each, <= 0.
        """
        f = margins - np.log(-np.expm1(margins - EPSILON))
        gamma = np.percentile(f, self.gamma) if self.percentile else self.gamma
        return expit(f - gamma)


def _assigned(free, wanted, passed, given):
    """Gives free places to accepted candidates of their labels, in the order of both.

    Args:
        free: Booleans, of each place.
        wanted: Labels of the places.
        passed: Booleans, of each candidate.
        given: Labels of the candidates.

    Returns:
        The pair (places, candidates) of index arrays of one length.
    """
    places, chosen = [], []
    for label in np.unique(wanted[free]):
        here = np.flatnonzero(free & (wanted == label))
        there = np.flatnonzero(passed & (given == label))
        n = min(len(here), len(there))
        places.append(here[:n])
        chosen.append(there[:n])
    return np.concatenate(places), np.concatenate(chosen)

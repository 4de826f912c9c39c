"""Objectives in the game: paired ones get both sides' scores, in both turns."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import losses, networks
from keras_gans.errors import UsageError
from keras_gans.gan import GAN

pytestmark = [pytest.mark.backends, pytest.mark.usefixtures("eager")]
PAIRED = [name for name, kind in losses.LOSSES.items() if kind.paired]
REALS = np.array([[0.5], [2.0], [-1.0], [3.0]], "float32")
LATENTS = np.array([[1.0], [-2.0], [0.0], [4.0]], "float32")


def make_gan(loss, rate=1e-12, **compiled):
    """G(z) = z / 2 and D(x) = x / 4, on one number."""
    generator, discriminator = (
        keras.Sequential([layers.Input((1,)), layers.Dense(1, use_bias=False)]) for _ in range(2)
    )
    generator.layers[0].set_weights([np.array([[0.5]])])
    discriminator.layers[0].set_weights([np.array([[0.25]])])
    gan = GAN(generator, discriminator)
    gan.draw_latents = lambda n: ops.convert_to_tensor(LATENTS)
    sgd = {"name": "sgd", "learning_rate": rate}
    gan.compile(loss, d_optimizer=sgd, g_optimizer=sgd, jit_compile=False, **compiled)
    return gan


def train(gan):
    return gan.fit(REALS, batch_size=4, shuffle=False, verbose=0).history


@pytest.mark.parametrize("name", PAIRED)
def test_a_paired_objective_sees_both_sides_in_both_turns(name):
    history, objective = train(make_gan(name)), losses.get(name)
    real, fake = (ops.convert_to_tensor(x) for x in (REALS / 4, LATENTS / 8))
    sides = [side()[0] for side in objective.sides(lambda: real, lambda: fake, None)]
    found = [history[key][0] for key in ("d_loss_real", "d_loss_fake", "g_loss")]
    expected = [float(ops.convert_to_numpy(x)) for x in (*sides, objective.to_fool(fake, real))]
    assert found == pytest.approx(expected, rel=1e-5)


def test_both_networks_take_the_steps_of_the_pairs():
    """The gradient of softplus(d (z g - x)) in the one weight of each network."""
    gan = make_gan("relativistic", rate=0.1)
    train(gan)
    x, z, d, g = REALS, LATENTS, 0.25, 0.5
    sigmoid = lambda t: 1 / (1 + np.exp(-t))  # noqa: E731
    d -= 0.1 * np.mean(sigmoid(d * (z * g - x)) * (z * g - x))
    g += 0.1 * np.mean(sigmoid(d * (x - z * g)) * d * z)
    found = [float(net.get_weights()[0][0, 0]) for net in (gan.discriminator, gan.generator)]
    assert found == pytest.approx([d, g], rel=1e-5)


def test_feature_matching_moves_the_generator_towards_the_means_of_the_data():
    """With one layer, its features are the samples: the loss is (mean z g - mean x)^2."""
    gan = make_gan("feature_matching", rate=0.1, turns={"update": "separate"})
    history = train(gan)
    x, z = REALS.mean(), LATENTS.mean()
    assert history["g_loss"][0] == pytest.approx((z * 0.5 - x) ** 2, rel=1e-5)
    (found,) = gan.generator.get_weights()
    assert found[0, 0] == pytest.approx(0.5 - 0.1 * 2 * (z * 0.5 - x) * z, rel=1e-5)


@pytest.mark.parametrize("network", ["conditional", "dcgan"])
@pytest.mark.parametrize("name", [*PAIRED, "feature_matching"])
def test_labels_convolutions_and_statistics_go_together_with_both_sides(network, name, random):
    images = np.tanh(random.standard_normal((6, 8, 8, 1))).astype("float32")
    labels = np.arange(6) % 3 if network == "conditional" else None
    options = {"shape": (8, 8, 1), "latent_size": 4, "classes": 3}
    pair = (networks.build(network, role, **options) for role in ("generator", "discriminator"))
    gan = GAN(*pair)
    turns = {"latents": "shared", "batch_norm": "frozen", "d_steps": 2}
    gan.compile(name, d_optimizer="adam", g_optimizer="adam", turns=turns, jit_compile=False)
    before = [w.copy() for w in gan.generator.get_weights()]
    history = gan.fit(images, labels, batch_size=6, epochs=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert all((a != b).any() for a, b in zip(before, gan.generator.get_weights(), strict=True))


@pytest.mark.parametrize("name", PAIRED)
def test_a_paired_objective_needs_a_joint_update(name):
    with pytest.raises(UsageError, match=r"set turns\.update to joint or weighted"):
        make_gan(name, turns={"update": "separate"})


@pytest.mark.parametrize("name", sorted(set(losses.LOSSES) - set(PAIRED)))
def test_every_other_objective_trains_with_either_update(name):
    for update in ("joint", "separate"):
        gan = make_gan(name, rate=0.01, turns={"update": update})
        before = [net.get_weights()[0].copy() for net in (gan.discriminator, gan.generator)]
        history = train(gan)
        assert np.isfinite(list(history.values())).all()
        after = [net.get_weights()[0] for net in (gan.discriminator, gan.generator)]
        assert all(a != b for a, b in zip(before, after, strict=True))

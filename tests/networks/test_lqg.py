"""The linear generator and the quadratic discriminator."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import networks
from keras_gans.gan import GAN
from keras_gans.metrics.subspaces import largest_angle, principal_components


def test_the_discriminator_is_a_quadratic_form(random):
    network = networks.build("lqg", "discriminator", (3, 1))
    weights = {tuple(w.shape): random.standard_normal(w.shape) for w in network.weights}
    for weight in network.weights:
        weight.assign(weights[tuple(weight.shape)])
    x = random.standard_normal((4, 3, 1)).astype("float32")
    flat, (a, b, c) = x[..., 0], (weights[shape] for shape in [(3, 3), (3, 1), (1,)])
    expected = np.einsum("ni,ij,nj->n", flat, a, flat)[:, None] + flat @ b + c
    np.testing.assert_allclose(ops.convert_to_numpy(network(x)), expected, rtol=1e-4, atol=1e-5)


def test_the_generator_is_linear(random):
    network = networks.build("lqg", "generator", (4, 2), 3)
    z = random.standard_normal((5, 3)).astype("float32")
    network.weights[1].assign(random.standard_normal(8))
    w, b = map(ops.convert_to_numpy, network.weights)
    made = ops.convert_to_numpy(network(z))
    np.testing.assert_allclose(made.reshape(5, 8), z @ w + b, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="the claim, not the backend")
def test_the_game_finds_the_principal_components(random):
    """The claim of the paper: 1,200 iterations, in seconds."""
    axes = np.linalg.qr(random.standard_normal((6, 6)))[0]
    points = random.standard_normal((10_000, 6)) * [3, 2, 0.5, 0.4, 0.3, 0.2] @ axes
    points += [1, 0, -1, 2, 0, 1]
    keras.utils.set_random_seed(0)
    gan = GAN(
        networks.build("lqg", "generator", (6,), 2), networks.build("lqg", "discriminator", (6,))
    )
    adam = {"name": "adam", "learning_rate": 0.005, "beta_1": 0.5}
    gan.compile(
        "wasserstein", d_optimizer=adam, g_optimizer=adam, penalty={"name": "r1", "weight": 1},
        jit_compile=True, steps_per_execution=50,
    )  # fmt: skip
    gan.fit(points.astype("float32"), batch_size=100, epochs=12, verbose=0)
    w, b = map(ops.convert_to_numpy, gan.generator.weights)
    assert largest_angle(w, principal_components(points, 2)) < 5
    np.testing.assert_allclose(np.linalg.svd(w)[1], [3, 2], rtol=0.1)
    np.testing.assert_allclose(b, points.mean(axis=0), atol=0.1)

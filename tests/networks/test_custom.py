"""Layers that Keras does not have: closed forms, gradients, files."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import autodiff
from keras_gans.networks.custom import (
    AddReference,
    DropReference,
    MinibatchDiscrimination,
    SpectralNormalization,
    VirtualBatchNormalization,
    set_reference,
)

pytestmark = pytest.mark.backends


def array(tensor):
    return np.asarray(ops.convert_to_numpy(tensor), "float64")


def normals(random, *shape):
    return random.standard_normal(shape).astype("float32")


# --- spectral normalization --------------------------------------------------------------------

KINDS = {
    "dense": (lambda: layers.Dense(4, use_bias=False), (8, 5)),
    "convolution": (lambda: layers.Conv2D(4, 3, padding="same", use_bias=False), (2, 6, 5, 3)),
    "transposed": (
        lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same", use_bias=False),
        (2, 4, 3, 5),
    ),
}


def spectral(kind, random):
    """A wrapped layer with a large kernel, its input and the kernel as a matrix."""
    make, shape = KINDS[kind]
    layer = SpectralNormalization(make())
    layer.build(shape)
    layer.layer.kernel.assign(3 * normals(random, *layer.layer.kernel.shape))
    kernel = array(layer.layer.kernel)
    if kind == "transposed":
        kernel = np.swapaxes(kernel, -1, -2)
    return layer, normals(random, *shape), kernel.reshape(-1, kernel.shape[-1])


def iterate(matrix, u):
    v = u @ matrix.T
    v /= np.linalg.norm(v)
    u = v @ matrix
    u /= np.linalg.norm(u)
    return v, u, (v @ matrix @ u.T).item()


class Kept:
    """An optimizer that keeps the gradients."""

    def apply(self, gradients, variables):
        self.gradients = [array(g) for g in gradients]


def gradient(layer, kernel, x, wanted):
    kept, wanted = Kept(), ops.convert_to_tensor(wanted)
    autodiff.minimize(
        lambda: (ops.mean(ops.square(layer(x, training=True) - wanted)),), [kernel], kept
    )
    return kept.gradients[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_goes_through_sigma_with_u_and_v_constant(kind, random):
    """Miyato et al. 2018, section 2.1.1: dL/dW = (G - <G, W / sigma> v'u) / sigma, where G is the
    gradient by the normalized kernel, here that of a plain layer with this kernel."""
    layer, x, matrix = spectral(kind, random)
    v, u, sigma = iterate(matrix, array(layer.u))
    plain = KINDS[kind][0]()
    plain.build(x.shape)
    plain.kernel.assign(array(layer.layer.kernel) / sigma)
    wanted = normals(random, *plain(x).shape)
    by_normalized = gradient(lambda x, training: plain(x), plain.kernel, x, wanted)
    outer = v.T @ u
    if kind == "transposed":
        h, w, outputs, inputs = by_normalized.shape
        outer = np.swapaxes(outer.reshape(h, w, inputs, outputs), -1, -2)
    along = np.sum(by_normalized * array(layer.layer.kernel)) / sigma
    expected = (by_normalized - along * outer.reshape(by_normalized.shape)) / sigma
    np.testing.assert_allclose(
        gradient(layer, layer.layer.kernel, x, wanted), expected, rtol=1e-3, atol=2e-6
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_in_training_keeps_one_power_iteration_and_the_kernel(kind, random):
    layer, x, matrix = spectral(kind, random)
    u = array(layer.u)
    layer(x)
    assert np.array_equal(array(layer.u), u)
    kernel = array(layer.layer.kernel)
    layer(x, training=True)
    np.testing.assert_allclose(array(layer.u), iterate(matrix, u)[1], rtol=1e-4, atol=1e-5)
    assert np.array_equal(array(layer.layer.kernel), kernel)


@pytest.mark.parametrize("kind", KINDS)
def test_after_many_calls_the_largest_singular_value_is_one(kind, random):
    layer, x, matrix = spectral(kind, random)
    for _ in range(200):
        layer(x, training=True)
    plain = KINDS[kind][0]()
    plain.build(x.shape)
    sigma = np.linalg.svd(matrix, compute_uv=False)[0]
    plain.kernel.assign(array(layer.layer.kernel) / sigma)
    np.testing.assert_allclose(array(layer(x)), array(plain(x)), rtol=1e-3, atol=1e-4)


def test_bias_and_activation_are_those_of_the_layer(random):
    layer = SpectralNormalization(layers.Dense(2, activation="relu"))
    layer.build((3, 4))
    layer.layer.bias.assign([5.0, -50.0])
    made = array(layer(np.zeros((3, 4), "float32")))
    assert np.array_equal(made, np.tile([5.0, 0.0], (3, 1)))


def test_a_kernel_of_zeros_stays_one(random):
    layer = SpectralNormalization(layers.Dense(2, kernel_initializer="zeros"))
    assert not array(layer(random.standard_normal((3, 4)).astype("float32"))).any()


def test_layers_without_a_kernel_are_refused():
    with pytest.raises(ValueError, match="no kernel to normalize in a Flatten"):
        SpectralNormalization(layers.Flatten())


# --- minibatch discrimination ------------------------------------------------------------------


def test_minibatch_discrimination_is_that_of_the_paper(random):
    layer = MinibatchDiscrimination(kernels=3, size=2)
    x = normals(random, 4, 5)
    made = array(layer(x))
    m = (x @ array(layer.kernel)).reshape(4, 3, 2)
    near = [[sum(np.exp(-np.abs(m[i, b] - m[j, b]).sum()) for j in range(4)) for b in range(3)]
            for i in range(4)]  # fmt: skip
    np.testing.assert_allclose(made, np.concatenate([x, near], axis=1), rtol=1e-5)


def test_a_batch_of_equal_samples_is_near_itself(random):
    x = np.tile(normals(random, 1, 5), (6, 1))
    assert np.array_equal(array(MinibatchDiscrimination(2)(x))[:, 5:], np.full((6, 2), 6.0))


# --- virtual batch normalization ---------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4,), (3, 2, 4)])
def test_samples_have_the_statistics_of_the_reference_batch_and_themselves(shape, random):
    count, n, within = 5, 3, tuple(range(len(shape)))
    layer = VirtualBatchNormalization(count, epsilon=1e-3)
    x = 2 + 3 * normals(random, count + n, *shape)
    layer.build(x.shape)
    gamma, beta = normals(random, 4), normals(random, 4)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    made = array(layer(x))
    for i in range(count + n):
        of = x[:count] if i < count else np.concatenate([x[:count], x[i : i + 1]])
        mean = of.mean(axis=within)
        scale = np.sqrt(of.var(axis=within) + 1e-3)
        expected = gamma * (x[i] - mean) / scale + beta
        np.testing.assert_allclose(made[i], expected, rtol=1e-3, atol=1e-4)


def virtual(shape=(5,)):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            layers.Input(shape),
            AddReference(6),
            layers.Dense(4),
            VirtualBatchNormalization(6),
            layers.LeakyReLU(),
            layers.Dense(3),
            VirtualBatchNormalization(6),
            DropReference(6),
        ]
    )


def test_a_sample_does_not_depend_on_its_batch(random):
    network, x = virtual(), normals(random, 7, 5)
    together = array(network(x, training=True))
    assert together.shape == (7, 3)
    alone = np.concatenate([array(network(x[i : i + 1])) for i in range(7)])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_the_reference_batch_decides_and_comes_from_the_seed(random):
    network, x = virtual(), normals(random, 7, 5)
    before = array(network(x))
    assert np.array_equal(before, array(virtual()(x)))
    set_reference(network, lambda n: [2 + normals(random, n, 5)])
    assert np.abs(array(network(x)) - before).max() > 0.1
    assert not network.layers[0].trainable_weights


def test_the_reference_batch_is_what_reaches_the_layer(random):
    """Behind two inputs, that is both of them together."""
    values, labels = keras.Input((3,)), keras.Input((), dtype="int32")
    one_hot = layers.CategoryEncoding(2, output_mode="one_hot")(labels)
    x = AddReference(4)(layers.Concatenate()([values, one_hot]))
    network = keras.Model([values, labels], DropReference(4)(VirtualBatchNormalization(4)(x)))
    drawn = normals(random, 4, 3), np.array([0, 1, 1, 0], "int32")
    set_reference(network, lambda n: [values[:n] for values in drawn])
    reference = next(x.reference for x in network.layers if isinstance(x, AddReference))
    np.testing.assert_allclose(array(reference), np.concatenate([drawn[0], np.eye(2)[drawn[1]]], 1))


def test_a_network_without_a_reference_batch_draws_none():
    set_reference(keras.Sequential([layers.Input((2,)), layers.Dense(1)]), None)


# --- all of them -------------------------------------------------------------------------------


def all_of_them():
    return keras.Sequential(
        [
            layers.Input((4, 4, 1)),
            AddReference(3),
            SpectralNormalization(layers.Conv2D(2, 3)),
            VirtualBatchNormalization(3),
            DropReference(3),
            layers.Flatten(),
            MinibatchDiscrimination(2, 3),
            SpectralNormalization(layers.Dense(1)),
        ]
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_a_file_gives_the_same_network(ending, random, tmp_path):
    network, x = all_of_them(), normals(random, 3, 4, 4, 1)
    network(x, training=True)
    network.save(tmp_path / f"network.{ending}")
    again = keras.models.load_model(tmp_path / f"network.{ending}", compile=False)
    assert np.array_equal(array(again(x)), array(network(x)))


def test_a_compiled_training_step_moves_every_weight(random):
    network = all_of_them()
    network.compile(keras.optimizers.SGD(0.5), "mse")
    before = [array(v) for v in network.weights]
    for _ in range(2):
        network.train_on_batch(normals(random, 6, 4, 4, 1), np.ones((6, 1), "float32"))
    moved = {
        w.path.split("/")[-1] for w, old in zip(network.weights, before, strict=True)
        if not np.array_equal(array(w), old)
    }  # fmt: skip
    assert moved == {"kernel", "bias", "u", "gamma", "beta"}


def test_they_compute_in_half_precision(random):
    policy = keras.dtype_policies.get("mixed_bfloat16")
    keras.config.set_dtype_policy(policy)
    try:
        half = all_of_them()
    finally:
        keras.config.set_dtype_policy("float32")
    full, x = all_of_them(), normals(random, 3, 4, 4, 1)
    full.set_weights(half.get_weights())
    assert {str(w.dtype).removeprefix("torch.") for w in half.weights} == {"float32"}
    np.testing.assert_allclose(array(ops.cast(half(x), "float32")), array(full(x)), atol=0.1)

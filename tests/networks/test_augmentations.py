"""Augmentations: ranges, closed forms, random numbers, gradients, and their place in the game."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import networks
from keras_gans.autodiff import input_gradient
from keras_gans.errors import UsageError
from keras_gans.gan import GAN
from keras_gans.networks import augmentations
from keras_gans.networks.augmentations import Differentiable
from keras_gans.networks.rewriting import before_sigmoid

pytestmark = pytest.mark.backends
N, HEIGHT, WIDTH = 200, 8, 12


def seed(value=0):
    return keras.random.SeedGenerator(value)


def apply(images, value=0, **options):
    options = {"color": 0.0, "translation": 0.0, "cutout": 0.0, **options}
    return np.array(
        ops.convert_to_numpy(Differentiable(**options)(ops.convert_to_tensor(images), seed(value)))
    )


@pytest.fixture
def images(random):
    return random.uniform(-1, 1, (N, HEIGHT, WIDTH, 3)).astype("float32")


def test_strength_0_is_the_image_itself_and_draws_nothing(images):
    state, given = seed(), ops.convert_to_tensor(images)
    before = np.array(ops.convert_to_numpy(state.state))
    assert Differentiable(color=0, translation=0, cutout=0)(given, state) is given
    assert np.array_equal(ops.convert_to_numpy(state.state), before)


@pytest.mark.parametrize("options", [{"color": 1.0}, {"translation": 0.25}, {"cutout": 0.5}])
def test_the_seed_decides_and_images_differ(options, images):
    equal = np.repeat(images[:1], N, axis=0)
    one = apply(equal, 1, **options)
    assert np.array_equal(one, apply(equal, 1, **options))
    assert not np.array_equal(one, apply(equal, 2, **options))
    assert len({image.tobytes() for image in one}) > 10
    assert one.shape == images.shape


def test_color_is_linear_within_its_ranges(images):
    made = apply(images, color=1.0)
    of_image = (1, 2, 3)
    brightness = (made - images).mean(axis=of_image)  # the other two keep the mean
    assert -0.5 <= brightness.min() < -0.45 and 0.45 < brightness.max() <= 0.5
    # Grey parts, without the mean, become `contrast` times as large, and colors `saturation` more.
    grey = [x.mean(axis=-1, keepdims=True) - x.mean(axis=of_image, keepdims=True)
            for x in (images, made)]  # fmt: skip
    apart = [x - x.mean(axis=-1, keepdims=True) for x in (images, made)]
    contrast, both = (
        (before * after).sum(axis=of_image) / np.square(before).sum(axis=of_image)
        for before, after in (grey, apart)
    )
    for factor, (before, after) in ((contrast, grey), (both, apart)):
        np.testing.assert_allclose(after, factor[:, None, None, None] * before, atol=1e-5)
    assert 0.5 <= contrast.min() < 0.55 and 1.45 < contrast.max() <= 1.5
    saturation = both / contrast
    assert 0 <= saturation.min() < 0.1 and 1.9 < saturation.max() <= 2


def test_half_the_color_is_half_the_change_of_brightness(images):
    whole, half = (
        (apply(images, color=c) - images).mean(axis=(1, 2, 3)) for c in (1.0, 0.5)
    )  # fmt: skip
    np.testing.assert_allclose(whole, 2 * half, atol=1e-5)


def test_a_translation_moves_whole_pixels_and_brings_zeros(images):
    made = apply(images, translation=0.25)
    found = set()
    for image, moved in zip(images, made, strict=True):
        shifts = [
            (dy, dx) for dy in range(-2, 3) for dx in range(-3, 4)
            if np.array_equal(moved, shifted(image, dy, dx))
        ]  # fmt: skip
        assert len(shifts) == 1
        found |= set(shifts)
    assert {dy for dy, _ in found} == set(range(-2, 3))
    assert {dx for _, dx in found} == set(range(-3, 4))


def shifted(image, dy, dx):
    padded = np.pad(image, ((2, 2), (3, 3), (0, 0)))
    return padded[2 + dy : 2 + dy + HEIGHT, 3 + dx : 3 + dx + WIDTH]


def test_a_cutout_is_a_rectangle_of_its_size_and_may_leave_the_image():
    made = apply(np.ones((N, HEIGHT, WIDTH, 1), "float32"), cutout=0.5)[..., 0]
    heights, widths, touched = set(), set(), np.zeros((HEIGHT, WIDTH), bool)
    for image in made:
        hidden = image == 0
        rows, columns = np.flatnonzero(hidden.any(axis=1)), np.flatnonzero(hidden.any(axis=0))
        assert np.array_equal(hidden, np.outer(hidden.any(axis=1), hidden.any(axis=0)))
        assert np.all(np.diff(rows) == 1) and np.all(np.diff(columns) == 1)
        heights.add(len(rows))
        widths.add(len(columns))
        touched |= hidden
    assert heights == {2, 3, 4} and widths == {3, 4, 5, 6}
    assert touched.all()


def test_the_gradient_flows_to_every_pixel_that_is_seen(images):
    given, augment = ops.convert_to_tensor(images), Differentiable()
    weights = ops.convert_to_tensor(
        np.random.default_rng(1).standard_normal(images.shape), "float32"
    )

    def score(x):
        return ops.sum(augment(x, seed()) * weights, axis=(1, 2, 3))[:, None]

    gradient = np.array(ops.convert_to_numpy(input_gradient(score, given)), "float64")
    assert np.mean(np.abs(gradient) > 1e-6) > 0.5
    # Affine in the pixels, so a step along a direction changes the score by the product.
    step = np.random.default_rng(2).standard_normal(images.shape).astype("float32")
    moved = ops.convert_to_numpy(score(given + ops.convert_to_tensor(step)) - score(given))
    np.testing.assert_allclose(
        moved[:, 0], (gradient * step).sum(axis=(1, 2, 3)), rtol=1e-3, atol=1e-3
    )


SHAPE = (8, 8, 1)


def gan(**rules):
    keras.utils.set_random_seed(0)
    generator = networks.build("vanilla", "generator", SHAPE, 4)
    made = GAN(generator, networks.build("vanilla", "discriminator", SHAPE))
    made.compile(d_optimizer="sgd", g_optimizer="sgd", **rules)
    return made


def test_a_gan_augments_what_its_discriminator_sees(random):
    """A translation of zeros alone would not be seen; a strong brightness changes the losses."""
    images = random.uniform(-1, 1, (8, *SHAPE)).astype("float32")
    losses = {}
    for name, augment in {
        "none": None,
        "zero": {"name": "differentiable", "color": 0, "translation": 0, "cutout": 0},
        "strong": {"name": "differentiable", "color": 20},
    }.items():
        history = gan(augment=augment, penalty="r1").fit(images, batch_size=8, verbose=0).history
        losses[name] = [history[key][0] for key in ("d_loss_real", "d_loss_fake", "g_loss")]
    assert losses["none"] == losses["zero"]
    assert np.isfinite(losses["strong"]).all()
    assert all(a != b for a, b in zip(losses["none"], losses["strong"], strict=True))


class Halved(Differentiable):
    """Half of each image, so that losses have a closed form."""

    def __call__(self, images, seed):
        return images / 2


def test_each_turn_sees_augmented_images(random):
    """Of the generator's turn above all: without it, G would learn to make augmented images."""
    images = random.uniform(-1, 1, (8, *SHAPE)).astype("float32")
    still = {"name": "sgd", "learning_rate": 1e-12}
    made = gan()
    made.compile(
        d_optimizer=still, g_optimizer=still, augment=Halved(), turns={"latents": "shared"}
    )
    latents = random.standard_normal((8, 4)).astype("float32")
    made.draw_latents = lambda n: ops.convert_to_tensor(latents)
    history = made.fit(images, batch_size=8, verbose=0, shuffle=False).history
    fakes = made.generator(latents, training=True)
    scores = {name: before_sigmoid(made.discriminator)(x / 2) for name, x in
              (("d_loss_real", images), ("d_loss_fake", fakes), ("g_loss", fakes))}  # fmt: skip
    for name, score in scores.items():
        score = ops.convert_to_numpy(score)
        expected = np.logaddexp(0, score if name == "d_loss_fake" else -score).mean()
        assert history[name][0] == pytest.approx(expected, rel=1e-4), name


def test_a_saved_gan_keeps_its_augmentation(tmp_path):
    gan(augment={"name": "differentiable", "cutout": 0.25}).save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.augment.get_config() == {"color": 1.0, "translation": 0.125, "cutout": 0.25}


def test_points_are_refused():
    generator = networks.build("points", "generator", (2,), 4)
    made = GAN(generator, networks.build("points", "discriminator", (2,)))
    with pytest.raises(UsageError, match=r"changes images, not samples of the shape \(2,\)"):
        made.compile(d_optimizer="sgd", g_optimizer="sgd", augment="differentiable")


def test_an_augmentation_of_ones_own_is_taken_as_an_object():
    class Flipped(augmentations.Augmentation):
        def __call__(self, images, seed):
            return ops.flip(images, axis=2)

    flipped = Flipped()
    assert augmentations.get(flipped) is flipped
    flipped.check((8, 8, 1))
    with pytest.raises(UsageError, match=r"not samples of the shape \(2,\)"):
        flipped.check((2,))
    with pytest.raises(UsageError, match=r"augment.*: give a name, such as 'differentiable'"):
        augmentations.get(object())

import numpy as np
import pytest

from keras_gans.metrics.density_coverage import density_coverage, from_balls
from keras_gans.metrics.neighbours import balls


def normal(n, seed, scale=1.0, d=8):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


def test_equal_distributions_have_density_one():
    found = [density_coverage(normal(200, i), normal(200, 1000 + i)) for i in range(20)]
    density, coverage = np.mean(found, axis=0)
    assert density == pytest.approx(1, abs=0.05)
    # Naeem et al. 2020, eq. 10: 1 - (n - 1)...(n - k) / (2n - 1)...(2n - k).
    expected = 1 - np.prod([(200 - j) / (400 - j) for j in range(1, 6)])
    assert coverage == pytest.approx(expected, abs=0.01)


def test_a_collapsed_generator_has_high_density_and_low_coverage():
    real = normal(300, 0)
    centre = real[:1] * 0
    density, coverage = density_coverage(real, centre + 0.01 * normal(300, 1))
    assert density > 1 and coverage < 0.9
    density, coverage = density_coverage(real, real[np.abs(real).sum(1).argmax()] + centre)
    assert coverage < 0.1


def test_scattered_samples_have_low_density():
    density, coverage = density_coverage(normal(300, 0), normal(300, 1, 4.0))
    assert density < 0.2 and coverage < 0.5


def test_half_of_the_reals_are_missing():
    real = np.concatenate([normal(100, 0), normal(100, 1) + 1000])
    assert density_coverage(real, normal(100, 0))[1] == 0.5


def test_a_line_by_hand():
    # k = 1: the balls are [-1, 1], [0, 2], [1, 7] and contain 2, 1 and 0 of the fakes.
    real = [[0.0], [1.0], [4.0]]
    assert density_coverage(real, [[0.5], [5.0], [9.0]], k=1) == (1.0, 1.0)
    assert density_coverage(real, [[6.0]], k=1) == (1.0, pytest.approx(1 / 3))
    assert density_coverage(real, [[8.0]], k=1) == (0.0, 0.0)
    # k = 2: radii 4, 3, 4.
    assert density_coverage(real, [[0.5], [5.0]], k=2)[0] == pytest.approx((3 + 1) / 2 / 2)


def test_the_edge_and_duplicates_are_inside():
    assert density_coverage([[0.0], [1.0]], [[-1.0]], k=1) == (1.0, 0.5)
    constant = np.full((10, 3), 0.1)
    assert density_coverage(constant, constant) == (2.0, 1.0)


def test_one_fake_suffices_and_k_is_checked():
    real = normal(20, 0)
    assert density_coverage(real, real[:1])[0] >= 1 / 5
    with pytest.raises(ValueError, match="n is 5"):
        density_coverage(real[:5], real)


def test_from_balls_of_several_k():
    real, fake = normal(50, 0), normal(40, 1)
    of_real, _ = balls(real, fake, (3, 5))
    assert from_balls(of_real[5]) == density_coverage(real, fake)
    assert from_balls(of_real[3]) == density_coverage(real, fake, k=3)


def test_two_halves_of_mnist_agree_and_blank_images_do_not(mnist):
    pixels = mnist[0][:2000].reshape(2000, -1)
    density, coverage = density_coverage(pixels[:1000], pixels[1000:])
    assert 0.85 < density < 1.15 and 0.9 < coverage < 1
    assert density_coverage(pixels[:1000], pixels[1000:] * 0)[1] < 0.05

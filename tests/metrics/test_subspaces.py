"""Principal components and angles between subspaces: closed forms."""

import numpy as np
import pytest

from keras_gans.metrics.subspaces import largest_angle, principal_components, share_of_variance


@pytest.mark.parametrize("degrees", [0, 1e-6, 0.5, 45, 89, 90])
def test_two_lines_in_the_plane(degrees):
    turned = np.array([[np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]])
    found = largest_angle([[2, 0]], -3 * turned)
    assert found == pytest.approx(degrees, rel=1e-6, abs=1e-12)


def test_the_largest_of_two_angles_and_any_basis(random):
    """Planes in four dimensions that share nothing: turned by 10 and by 25 degrees."""
    a, b = np.radians([10, 25])
    one = np.eye(4)[:2]
    two = np.array([[np.cos(a), 0, np.sin(a), 0], [0, np.cos(b), 0, np.sin(b)]])
    mixing = random.standard_normal((2, 2)), random.standard_normal((2, 2))
    assert largest_angle(mixing[0] @ one, mixing[1] @ two) == pytest.approx(25)
    assert largest_angle(two, one) == pytest.approx(25)


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        (np.eye(3)[[1, 1]], 4 / 14),  # one direction twice
        (np.eye(3)[[1, 1]] + [[0, 0, 0], [1e-9, 0, 0]], 4 / 14),
        (np.zeros((2, 3)), 0),
        (np.eye(3)[[1, 0]], 13 / 14),
    ],
)
def test_directions_that_have_collapsed_find_nothing_more(rows, share):
    """Whatever completes them must not count, and the axes come first in a basis."""
    samples = np.concatenate([np.diag([3.0, 2.0, 1.0]), -np.diag([3.0, 2.0, 1.0])])
    assert share_of_variance(samples, rows) == pytest.approx(share)
    assert largest_angle(rows, np.eye(3)[:2]) == pytest.approx(0 if share > 0.5 else 90)


def test_samples_that_do_not_vary_have_no_share():
    with pytest.raises(ValueError, match="all equal"):
        share_of_variance(np.ones((10, 3)), np.eye(3)[:1])


def test_subspaces_of_other_dimensions_are_refused():
    with pytest.raises(ValueError, match="subspaces of 2 and 1 dimensions"):
        largest_angle(np.eye(3)[:2], np.eye(3)[:1])


def test_principal_components_are_the_axes_of_an_ellipsoid(random):
    axes = np.linalg.qr(random.standard_normal((4, 4)))[0]
    corners = np.array([[3, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0.5]]) @ axes
    samples = np.concatenate([corners, -corners]) + 7
    found = principal_components(samples.reshape(8, 2, 2), 3)
    np.testing.assert_allclose(np.abs(found @ axes.T), np.eye(4)[:3], atol=1e-12)


def test_the_variance_along_the_axes_of_an_ellipsoid(random):
    axes = np.linalg.qr(random.standard_normal((4, 4)))[0]
    corners = np.diag([3.0, 2.0, 1.0, 0.5]) @ axes
    samples = np.concatenate([corners, -corners]) + 7
    mixed = random.standard_normal((2, 2)) @ axes[[0, 2]]
    assert share_of_variance(samples, mixed) == pytest.approx(10 / 14.25)
    assert share_of_variance(samples, axes) == pytest.approx(1)


@pytest.mark.parametrize("shape", [(60, 5), (6, 50)])
def test_components_of_many_and_of_few_samples_are_singular_vectors(shape, random):
    samples = random.standard_normal(shape) * np.arange(1, shape[1] + 1)
    expected = np.linalg.svd(samples - samples.mean(axis=0), full_matrices=False)[2][:3]
    found = principal_components(samples, 3)
    np.testing.assert_allclose(np.abs(found @ expected.T), np.eye(3), atol=1e-9)


@pytest.mark.parametrize("rank", [0, 3, 4])
def test_more_directions_than_there_are(rank, random):
    with pytest.raises(ValueError, match=f"{rank} directions of 3 samples of 5 numbers"):
        principal_components(random.standard_normal((3, 5)), rank)

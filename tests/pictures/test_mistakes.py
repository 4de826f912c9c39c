"""The picture of wrongly classified images."""

import numpy as np
import pytest

from keras_gans.pictures import mistakes as module

mistakes = module.mistakes


@pytest.fixture
def drawn(monkeypatch):
    figures = []
    rendered = module.rendered
    monkeypatch.setattr(module, "rendered", lambda f: figures.append(f) or rendered(f))
    return figures


def test_wrong_images_are_shown_with_their_labels_and_right_ones_are_not(drawn):
    images = np.random.default_rng(0).integers(0, 256, (12, 28, 28, 1), "uint8")
    labels, found = np.arange(12) % 10, np.arange(12) % 10
    found[[3, 7]] = 9, 1
    mistakes(images, labels, found)
    shown = [axes for axes in drawn[0].axes if axes.images]
    assert [axes.get_title() for axes in shown] == ["3 as 9", "7 as 1"]
    for axes, index in zip(shown, (3, 7), strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), images[index, ..., 0])
    assert drawn[0].get_suptitle() == "2 of 12 wrong"


def test_images_in_colour_keep_it(drawn):
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), "uint8")
    mistakes(images, np.array([0, 1]), np.array([0, 2]))
    (shown,) = [axes.images[0] for axes in drawn[0].axes if axes.images]
    np.testing.assert_array_equal(shown.get_array(), images[1])


@pytest.mark.parametrize(("wrong", "shown"), [(0, 0), (11, 11), (90, 40)])
def test_at_most_forty_images_are_shown(drawn, wrong, shown):
    labels = np.zeros(100, int)
    found = (np.arange(100) < wrong).astype(int)
    picture = mistakes(np.zeros((100, 28, 28, 1), "uint8"), labels, found)
    assert len([axes for axes in drawn[0].axes if axes.images]) == shown
    assert picture.width == 880

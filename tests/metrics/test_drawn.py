"""The generated side: which samples, of which stream, and what is known of their generator."""

from types import SimpleNamespace

import numpy as np

from keras_gans.datasets import Images
from keras_gans.datasets.sources import PLAIN
from keras_gans.metrics.drawn import draw
from keras_gans.metrics.features.cache import sample


def test_samples_of_a_set_are_of_a_stream_of_their_own():
    values = np.arange(50, dtype="uint8").repeat(4).reshape(50, 2, 2, 1)
    made = Images("own", values, np.arange(50) % 10, "own.npz")
    drawn = draw(made, 20, seed=3)
    chosen = sample(50, 20, [3, 1])
    assert np.array_equal(drawn.values, values[chosen])
    assert np.array_equal(drawn.labels, made.labels[chosen])
    assert drawn.directions is None and drawn.source == "own.npz"
    assert not np.array_equal(chosen, sample(50, 20, 3))


def test_samples_of_a_generator_come_with_its_directions():
    said = []
    made = SimpleNamespace(
        name="g",
        title="g.h5",
        directions=np.eye(2, 3),
        scale=PLAIN,
        turns_of_labels=lambda n: np.arange(n) % 3,
        sample=lambda n, seed, labels, _: np.float32([[*seed, y] for y in labels]),
    )
    drawn = draw(made, 4, seed=7, progress=SimpleNamespace(status=said.append))
    assert drawn.values.tolist() == [[7, 1, 0], [7, 1, 1], [7, 1, 2], [7, 1, 0]]
    assert drawn.labels.tolist() == [0, 1, 2, 0]
    assert np.array_equal(drawn.directions, np.eye(2, 3))
    assert (drawn.name, drawn.source) == ("g", "g.h5")
    assert said == ["4 samples of the generator"]

"""The first batch tells whether the real samples lie where the generator's can."""

import warnings

import keras
import numpy as np
import pytest

from keras_gans.datasets import fitting
from keras_gans.datasets.sources import PIXELS, Scale
from keras_gans.errors import UsageError

TANH, SIGMOID = (-1.0, 1.0), (0.0, 1.0)
SHAPE = (64, 8, 8, 1)


@pytest.fixture
def pixels(random):
    return random.integers(0, 256, SHAPE, dtype="uint8")


@pytest.mark.parametrize("bounds", [TANH, SIGMOID, None])
def test_pixels_fit_every_generator(bounds, pixels):
    assert fitting.checked(pixels, None, bounds) is pixels


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize(("bounds", "advice"), [(TANH, "x / 127.5 - 1"), (SIGMOID, "x / 255")])
def test_pixels_that_are_not_uint8_are_refused(dtype, bounds, advice, pixels):
    with pytest.raises(UsageError, match=f"{dtype} from 0 to 255, do not fit.*give {advice}"):
        fitting.checked(pixels.astype(dtype), None, bounds)


def test_a_sigmoid_and_samples_of_a_tanh_are_refused(pixels):
    with pytest.raises(UsageError, match=r"makes 0 to 1; give \(x \+ 1\) / 2, or .* tanh"):
        fitting.checked(pixels / 127.5 - 1, None, SIGMOID)
    with pytest.raises(
        UsageError, match=r"become -1 to 1 .*scale=datasets.Scale\('uint8', 255, 0\)"
    ):
        fitting.checked(pixels, PIXELS, SIGMOID)


def test_a_tanh_and_samples_of_a_sigmoid_are_noted(pixels):
    with pytest.warns(UserWarning, match="half of what the generator can make"):
        fitting.checked(pixels / 255, None, TANH)


def test_a_scale_that_is_given_counts(pixels):
    scale = Scale("float32", 127.5, 1.0)
    fitting.checked(pixels.astype("float32"), scale, TANH)
    with pytest.raises(UsageError, match="another scale"):
        fitting.checked(pixels / 127.5 - 1, Scale("float32", 0.5, 0.0), TANH)
    with pytest.raises(UsageError, match="uint8 values, not float32; scale them once"):
        fitting.checked(pixels.astype("float32"), PIXELS, TANH)


def test_standardised_values_of_a_bounded_generator_are_refused(random):
    with pytest.raises(UsageError, match="rescale them to -1 to 1, or end the generator without"):
        fitting.checked(random.standard_normal((64, 2)), None, TANH)


def test_nothing_is_said_where_the_generator_has_no_bounds(random, pixels):
    for values in (random.standard_normal((64, 2)), pixels.astype("float32"), pixels):
        assert fitting.checked(values, None, None) is values


def test_points_in_half_of_the_range_are_fine(random):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitting.checked(random.uniform(0, 1, (64, 2)), None, TANH)


def test_outliers_of_resizing_are_fine(random):
    images = random.uniform(-1, 1, SHAPE)
    images[0, 0, :4] = 1.3
    fitting.checked(images, None, TANH)
    images[0, 0, 0] = 200.0  # and no outlier: pixels of a nearly black picture
    with pytest.raises(UsageError, match="do not fit"):
        fitting.checked(images, None, TANH)


def test_values_that_are_not_finite_are_refused(random):
    images = random.uniform(-1, 1, SHAPE)
    images[3, 0, 0] = np.nan
    with pytest.raises(UsageError, match="NaN or infinity"):
        fitting.checked(images, None, TANH)


@pytest.mark.parametrize("tupled", [False, True])
def test_a_generator_of_batches_keeps_its_first_one(tupled, random):
    batches = [random.uniform(-1, 1, (2, 3)) for _ in range(3)]
    given = [(batch, np.arange(2)) for batch in batches] if tupled else batches
    found = list(fitting.checked((batch for batch in given), None, TANH))
    assert all(a is b for a, b in zip(found, given, strict=True))
    assert list(fitting.checked((batch for batch in ()), None, TANH)) == []
    with pytest.raises(UsageError, match="do not fit"):
        fitting.checked((200 * batch for batch in batches), None, TANH)


class Batches(keras.utils.PyDataset):
    """Batches of 2 that count how often one is made."""

    def __init__(self, values):
        super().__init__()
        self.values, self.made = values, []

    def __len__(self):
        return len(self.values) // 2

    def __getitem__(self, index):
        self.made.append(index)
        return self.values[2 * index : 2 * index + 2], np.zeros(2, "int32")


def test_one_batch_of_a_keras_dataset_is_looked_at(random):
    data = Batches(random.uniform(-1, 1, (6, 3)))
    assert fitting.checked(data, None, TANH) is data
    assert data.made == [0]
    with pytest.raises(UsageError, match="do not fit"):
        fitting.checked(Batches(255 * np.abs(data.values)), None, TANH)


@pytest.mark.parametrize("x", [None, [np.ones((4, 2))], {"a": np.ones((4, 2))}, "digits"])
def test_what_holds_no_samples_is_refused(x):
    with pytest.raises(
        UsageError, match=r"give an array \(n, ...\), a datasets.Source, or batches"
    ):
        fitting.checked(x, None, TANH)


def test_no_samples_are_refused():
    with pytest.raises(UsageError, match=r"no real samples: their shape is \(0, 28, 28, 1\)"):
        fitting.checked(np.zeros((0, 28, 28, 1), "uint8"), None, TANH)


def test_data_sets_without_a_batch_are_refused():
    class Empty(keras.utils.PyDataset):
        def __len__(self):
            return 0

        def __getitem__(self, index):
            raise IndexError(index)

    for nothing in (Empty(), range(0)):
        with pytest.raises(UsageError, match="no real samples: the data set is empty"):
            fitting.checked(nothing, None, TANH)


def test_labels_in_a_list_are_to_be_an_array(pixels):
    with pytest.raises(UsageError, match="the labels are a list: give an array"):
        fitting.checked(pixels, None, TANH, [0] * len(pixels), conditional=True, classes=3)

"""Seeds that Python gives."""

import numpy as np
import pytest

from keras_gans.datasets.seeds import checked_seed
from keras_gans.errors import UsageError


@pytest.mark.parametrize("seed", [-1, 2**32, 2**40, 0.0, True, None])
def test_a_seed_that_not_every_backend_takes_is_refused(seed):
    with pytest.raises(UsageError, match=r"seed: .* below 4,294,967,296"):
        checked_seed(seed)


@pytest.mark.parametrize("seed", [0, 2**32 - 1, np.int64(7), np.uint8(7)])
def test_a_seed_becomes_a_plain_integer(seed):
    assert checked_seed(seed) == seed
    assert type(checked_seed(seed)) is int

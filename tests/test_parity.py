import json
from pathlib import Path

import numpy as np
import parity
import pytest

GOLDEN = json.loads(Path(__file__).with_name("parity.json").read_text())


def test_every_case_is_committed():
    assert set(GOLDEN) == set(parity.CASES)


@pytest.mark.backends
@pytest.mark.parametrize("name", parity.CASES)
def test_this_backend_takes_the_same_eight_steps(name):
    """Losses of 8 steps equal TensorFlow's committed ones to 1e-5 relative."""
    found = parity.run(*parity.CASES[name])
    assert set(found) == set(GOLDEN[name])
    for key, expected in GOLDEN[name].items():
        # A Wasserstein loss is a difference about 0: relative to the size that it has.
        scale = np.abs(expected).max()
        difference = np.abs(np.subtract(found[key], expected)).max() / scale
        assert difference <= 1e-5, key

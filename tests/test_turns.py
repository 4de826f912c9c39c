"""The switches of the loop: checked without Keras, written plainly, and how samples are shared."""

import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.parts import Part
from keras_gans.turns import Turns


def test_the_defaults_are_the_loop_of_the_papers():
    assert Turns().plain == {
        "d_steps": 1, "update": "joint", "fakes": "training", "latents": "fresh",
        "batch_norm": "batch", "g_steps": 1, "unroll": 0, "train": "both",
    }  # fmt: skip


def test_plain_values_give_the_same_switches_again():
    turns = Turns(5, {"name": "separate"}, "inference", "shared", "frozen", 2, 10, "generator")
    assert turns.update == Part("updates", "separate")
    assert Turns(**turns.plain) == turns
    assert Turns(**turns.plain) != Turns()


def test_an_update_may_be_an_object():
    update = object()
    assert Turns(update=update).update is update


def test_switches_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Turns().d_steps = 2


@pytest.mark.parametrize(
    ("switch", "value", "said"),
    [
        ("d_steps", 0, "at least 1"),
        ("d_steps", 1.0, "int"),
        ("d_steps", True, "int"),
        ("g_steps", 0, "at least 1"),
        ("unroll", -1, "at least 0"),
        ("train", "none", "both, discriminator, generator"),
        ("update", "both", "joint, separate"),
        ("update", {"name": "joint", "weight": 1}, "no options"),
        ("fakes", "eval", "training, inference"),
        ("latents", "new", "fresh, shared"),
        ("batch_norm", None, "batch, frozen"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_the_switch(switch, value, said):
    with pytest.raises(UsageError, match=rf"^turns\.{switch}: .*{said}"):
        Turns(**{switch: value})


def test_every_turn_of_the_discriminator_has_a_batch_of_its_own():
    assert Turns(d_steps=1).samples(32) == 32
    assert Turns(d_steps=5).samples(32) == 160


def test_one_turn_gets_everything_as_it_is():
    values, labels = np.zeros((6, 2)), np.arange(6)
    ((of_turn, labels_of_turn),) = Turns().shares(values, labels)
    assert of_turn is values
    assert labels_of_turn is labels


@pytest.mark.backends
def test_shares_are_the_samples_in_their_order_with_their_labels(random):
    values, labels = random.standard_normal((12, 3)).astype("float32"), np.arange(12)
    shares = list(Turns(d_steps=3).shares(values, labels))
    assert [len(share) for share, _ in shares] == [4, 4, 4]
    np.testing.assert_array_equal(np.concatenate([np.asarray(v) for v, _ in shares]), values)
    np.testing.assert_array_equal(np.concatenate([np.asarray(y) for _, y in shares]), labels)
    assert [y for _, y in Turns(d_steps=3).shares(values)] == [None] * 3


@pytest.mark.backends
@pytest.mark.parametrize(("total", "d_steps"), [(2, 5), (7, 3), (1, 4), (10, 4)])
def test_an_incomplete_batch_is_read_cyclically_and_leaves_no_turn_without_samples(total, d_steps):
    labels = np.arange(total)
    shares = list(Turns(d_steps=d_steps).shares(labels[:, None].astype("float32"), labels))
    assert len(shares) == d_steps
    found = np.concatenate([np.asarray(y) for _, y in shares])
    size = -(-total // d_steps)
    np.testing.assert_array_equal(found, np.arange(size * d_steps) % total)
    for values, of_turn in shares:
        assert len(of_turn) == size
        np.testing.assert_array_equal(np.asarray(values)[:, 0], np.asarray(of_turn))


def test_the_switches_need_no_keras():
    program = (
        "import sys\nfrom keras_gans.turns import Turns\nTurns(5, 'separate').samples(32)\n"
        "print(sorted({'keras', 'numpy', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")

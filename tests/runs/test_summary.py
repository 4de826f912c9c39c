"""The content of metrics.json, from records as they are."""

import numpy as np
import pytest
from running import quickstart

from keras_gans.datasets import Images
from keras_gans.runs.history import History
from keras_gans.runs.measured import Metric
from keras_gans.runs.summary import summary

DATA = Images("digits", np.full((9, 28, 28), 7, "uint8"), None, "digits.npz")
METRICS = (Metric("fid", "fid50_lenet", "lower", None), Metric("kid", "kid50_lenet", "lower", None),
           Metric("recall", "recall50_lenet", "higher", None))  # fmt: skip


@pytest.fixture
def summarized(tmp_path):
    def of(records, metrics=METRICS):
        seconds = {"wall": 12.34, "training": 8.0, "saving": 0.06}
        history = History(tmp_path, records, seconds)
        return summary(quickstart(1, tmp_path), DATA, history, metrics)

    return of


LOSSES = [{"iteration": i, "d_loss": 1.0 / i, "g_loss": float(i)} for i in (10, 20, 30, 40)]


def test_it_says_what_was_run_and_how_it_ended(summarized):
    found = summarized(LOSSES, ())
    assert (found["table"], found["experiment"], found["seed"]) == ("quickstart", 1, 0)
    assert (found["data"], found["samples"], found["iterations"]) == ("digits.npz", 9, 40)
    assert found["final"] == {"d_loss": 1 / 40, "g_loss": 40.0}
    assert (found["diverged_at"], found["measured"], found["printed"]) == (None, {}, {})
    assert found["seconds"] == {"wall": 12.3, "training": 8.0, "saving": 0.1}
    assert found["iterations_per_second"] == 5.0


def test_each_metric_has_its_first_last_and_best_of_training(summarized):
    records = [
        {"iteration": 0, "fid50_lenet": 1.0, "recall50_lenet": 0.9},
        *LOSSES,
        {"iteration": 10, "fid50_lenet": 9.0, "recall50_lenet": 0.2},
        {"iteration": 20, "fid50_lenet": 3.0, "recall50_lenet": 0.4},
        {"iteration": 30, "fid50_lenet": 3.0, "recall50_lenet": 0.4},
        {"iteration": 40, "fid50_lenet": 5.0, "recall50_lenet": 0.3, "kid50_lenet": None},
    ]
    nothing = dict.fromkeys(("first", "last", "best", "best_iteration"))
    assert summarized(records)["measured"] == {
        "fid50_lenet": {
            "metric": "fid", "better": "lower", "first": 1.0, "last": 5.0, "best": 3.0,
            "best_iteration": 20,
        },
        "kid50_lenet": {"metric": "kid", "better": "lower", **nothing},
        "recall50_lenet": {
            "metric": "recall", "better": "higher", "first": 0.9, "last": 0.3, "best": 0.4,
            "best_iteration": 20,
        },
    }  # fmt: skip


def test_a_value_from_the_middle_of_training_is_none_of_the_start(summarized):
    """Weights of the network that measures may come between the two halves of a run."""
    records = [
        {"iteration": 0, "fid50_lenet": None},
        *LOSSES,
        {"iteration": 20, "fid50_lenet": 3.0},
    ]
    found = summarized(records)["measured"]["fid50_lenet"]
    assert (found["first"], found["last"], found["best"]) == (None, 3.0, 3.0)


def test_after_divergence_no_old_value_is_that_of_the_end(summarized):
    lost = {"iteration": 38, "not_finite": ["generator"]}
    records = [*LOSSES, {"iteration": 20, "fid50_lenet": 3.0}, lost, {"iteration": 41}]
    found = summarized(records)["measured"]["fid50_lenet"]
    assert (found["last"], found["best"], found["best_iteration"]) == (None, 3.0, 20)
    # A discriminator alone may be lost, and the generator measured all the same.
    found = summarized([*records, {"iteration": 41, "fid50_lenet": 9.0}])["measured"]
    assert found["fid50_lenet"]["last"] == 9.0


def test_a_generator_that_was_measured_before_training_alone_has_no_last_value(summarized):
    found = summarized([{"iteration": 0, "fid50_lenet": 1.0}, *LOSSES])["measured"]["fid50_lenet"]
    assert (found["first"], found["last"], found["best"]) == (1.0, None, None)


@pytest.mark.parametrize(
    ("lost", "at"),
    [
        ([{"iteration": 35, "not_finite": ["generator"]}], 35),
        ([{"iteration": 38, "d_loss": None, "g_loss": 1.0}], 38),
        ([{"iteration": 38, "d_loss": 1.0, "g_loss": None}], 38),
        ([{"iteration": 38, "d_loss": None, "g_loss": None},
          {"iteration": 35, "not_finite": ["generator"]}], 35),
    ],
)  # fmt: skip
def test_the_iteration_from_which_nothing_is_finite_is_named(summarized, lost, at):
    assert summarized([*LOSSES, *lost])["diverged_at"] == at

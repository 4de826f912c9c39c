import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from keras_gans import datasets
from keras_gans.rows import read_table
from keras_gans.runs import machine, rates
from keras_gans.runs.rates import Rate

RATE = Rate(start=5.0, iteration=0.01, saving=0.2, measuring=0.5, iterations=100)


def row(changed=None, number=1):
    return read_table("akel2022").experiment(number, changed or {})


def file(data_dir):
    (path,) = (data_dir / "rates").iterdir()
    return path


def test_a_rate_that_is_kept_is_read_again(tmp_path):
    key = rates.key(row())
    assert rates.read(key, tmp_path) is None
    rates.keep(key, RATE, tmp_path)
    assert rates.read(key, tmp_path) == RATE
    assert rates.read(rates.key(row(number=2)), tmp_path) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"iterations": 7},
        {"save_every": 7},
        {"save_at": [3]},
        {"measure_every": 7},
        {"on_divergence": "continue"},
        {"printed": {}},
    ],
)
def test_what_does_not_change_the_speed_shares_a_rate(changed):
    assert rates.key(row(changed)) == rates.key(row())


@pytest.mark.parametrize(
    "changed",
    [
        {"batch_size": 7},
        {"loss": "mse"},
        {"turns.d_steps": 2},
        {"optimizer": "sgd"},
        {"penalty": {"name": "r1", "weight": 1}},
        {"latents.size": 7},
        {"generator": "dcgan"},
        {"dataset": "digits"},
        {"measure": []},
        {"measure_samples": 50},
    ],
)
def test_what_changes_the_speed_has_a_rate_of_its_own(changed):
    assert rates.name(rates.key(row(changed))) != rates.name(rates.key(row()))


def test_every_field_of_a_row_either_decides_the_rate_or_does_not():
    """A field that comes later is part of the key until somebody says otherwise."""
    fields = set(row().to_dict())
    assert set(rates._WITHOUT_EFFECT) < fields
    assert set(rates.key(row())["row"]) == fields - set(rates._WITHOUT_EFFECT)


@pytest.mark.parametrize("change", [{"threads": 77}, {"backend": "x"}, {"keras_gans": "0"}])
def test_another_machine_has_rates_of_its_own(change, tmp_path):
    rates.keep(rates.key(row()), RATE, tmp_path)
    assert rates.read(rates.key(row(), {**machine.speed(), **change}), tmp_path) is None


def test_a_folder_of_images_is_known_by_its_whole_path(tmp_path, monkeypatch):
    keys = []
    for name in ("a", "b"):
        (tmp_path / name / "images").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / name)
        keys.append(rates.key(row({"dataset": "images"})))
    assert keys[0] != keys[1]
    assert rates.key(row({"dataset": {"name": "images", "resize": 32}})) not in keys


def test_the_rate_of_more_iterations_stays(tmp_path):
    key = rates.key(row())
    longer, shorter = replace(RATE, iterations=200), replace(RATE, iterations=50)
    for rate, kept in ((RATE, RATE), (shorter, RATE), (longer, longer)):
        rates.keep(key, rate, tmp_path)
        assert rates.read(key, tmp_path) == kept


DAMAGES = {
    "empty": lambda content: "",
    "cut": lambda content: json.dumps(content)[:-5],
    "a list": lambda content: "[]",
    "another key": lambda content: json.dumps({**content, "key": {}}),
    "no number": lambda content: _with(content, start=None),
    "text": lambda content: _with(content, iteration="1"),
    "negative": lambda content: _with(content, saving=-1.0),
    "not finite": lambda content: _with(content, saving=math.inf),
    "one more": lambda content: _with(content, more=1.0),
    "deep": lambda content: "[" * 100_000,
}


def _with(content, **changed):
    return json.dumps({**content, "rate": {**content["rate"], **changed}})


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_as_good_as_none_and_replaced(damage, tmp_path):
    key = rates.key(row())
    rates.keep(key, RATE, tmp_path)
    path = file(tmp_path)
    path.write_text(DAMAGES[damage](json.loads(path.read_text())))
    assert rates.read(key, tmp_path) is None
    rates.keep(key, RATE, tmp_path)
    assert rates.read(key, tmp_path) == RATE


def test_a_folder_that_takes_no_file_is_no_error(tmp_path):
    (tmp_path / "rates").write_text("a file")
    rates.keep(rates.key(row()), RATE, tmp_path)
    assert rates.read(rates.key(row()), tmp_path) is None


def test_a_shared_data_folder_leaves_rates_to_that_of_the_user(tmp_path, monkeypatch):
    shared, own = tmp_path / "shared", tmp_path / "own"
    shared.mkdir()
    monkeypatch.setattr(datasets, "OF_THE_USER", str(own))
    # The superuser may write everywhere.
    monkeypatch.setattr(rates.os, "access", lambda path, mode: Path(path) != shared)
    key = rates.key(row())
    rates.keep(key, RATE, shared)
    assert rates.read(key, shared) == RATE
    assert not any(shared.iterdir())
    assert [path.parent.name for path in own.rglob("*.json")] == ["rates"]

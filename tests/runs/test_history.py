import json

from keras_gans.runs.history import History, lines


def test_records_are_lines_of_the_file_in_their_order(tmp_path):
    history = History(tmp_path)
    assert (tmp_path / "log.jsonl").read_text() == ""
    history.add(5, d_loss=0.5)
    history.add(10, fid5k_lenet=None)
    found = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert found == history.records == [
        {"iteration": 5, "d_loss": 0.5}, {"iteration": 10, "fid5k_lenet": None},
    ]  # fmt: skip
    assert lines(history.records) == (tmp_path / "log.jsonl").read_text()


def test_a_resumed_history_replaces_what_a_kill_left_behind(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"iteration": 5, "d_loss": 0.5}\n{"iteration": 10, "d_l')
    before = [{"iteration": 5, "d_loss": 0.5}]
    history = History(tmp_path, before, {"wall": 2.0, "training": 1.0, "saving": 0.5})
    history.add(10, d_loss=0.25)
    assert path.read_text() == lines([*before, {"iteration": 10, "d_loss": 0.25}])
    assert history.seconds == {"wall": 2.0, "training": 1.0, "saving": 0.5}
    assert before == [{"iteration": 5, "d_loss": 0.5}]


def test_values_are_those_of_one_name_that_were_measured(tmp_path):
    history = History(tmp_path)
    history.add(0, fid=3.0)
    history.add(5, d_loss=0.5)
    history.add(10, fid=None)
    history.add(15, fid=0.0)
    assert history.values("fid") == [(0, 3.0), (15, 0.0)]
    assert history.values("kid") == []


def test_a_history_begins_with_nothing_recorded_and_weights_that_are_finite(tmp_path):
    history = History(tmp_path)
    assert (history.recorded, history.finite) == (None, True)
    assert history.seconds == {"wall": 0.0, "training": 0.0, "saving": 0.0}


def test_writing_anew_is_complete_and_says_the_same(tmp_path):
    history = History(tmp_path)
    history.add(5, d_loss=0.1 + 0.2)
    before = (tmp_path / "log.jsonl").read_bytes()
    history.write()
    assert (tmp_path / "log.jsonl").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]

"""Results of finished runs: reading, order, groups, and means over seeds."""

import pytest
import yaml

from keras_gans.errors import UsageError
from keras_gans.reports import results
from keras_gans.reports.results import Spread
from keras_gans.rows import read_table


def test_a_finished_run_is_read_whole(tmp_path, write_run):
    path = write_run(diverged_at=1200, changed={"seeds": 1})
    (run,) = results.finished(tmp_path / "akel2022")
    assert run.folder == path.parent
    assert (run.experiment, run.seed, run.changed) == (1, 0, {"seeds": 1})
    assert (run.data, run.samples, run.iterations) == ("mnist.npz", 60000, 30000)
    assert (run.diverged_at, run.seconds) == (1200, 2248.3)
    assert run.printed == {"fid_thesis": 53.7039}
    (name,), (fid,) = run.measured, run.measured.values()
    assert (name, fid.metric) == ("fid5k_lenet", "fid")
    assert (fid.first, fid.last, fid.best, fid.best_iteration) == (812.34, 9.8765, 8.5, 29500)


def test_unfinished_runs_and_other_files_are_left_out(tmp_path, write_run):
    write_run()
    unfinished = tmp_path / "akel2022" / "2" / "seed-0"
    unfinished.mkdir(parents=True)
    (unfinished / "experiment.yaml").write_text("{}")
    (tmp_path / "akel2022" / "notes.txt").write_text("")
    assert [run.experiment for run in results.finished(tmp_path / "akel2022")] == [1]


def test_rows_are_in_the_order_of_numbers_then_changes_then_seeds(tmp_path, write_run):
    write_run("10", experiment=10)
    write_run("2+clip=1", experiment=2, changed={"clip": 1})
    write_run("2+clip=0.5", experiment=2, changed={"clip": 0.5})
    write_run("2+a", experiment=2, changed={"clip": 0.5, "a": 1})
    write_run("2", experiment=2, seed=10)
    write_run("2", experiment=2, seed=9)
    runs = results.finished(tmp_path / "akel2022")
    assert [(run.experiment, run.changed, run.seed) for run in runs] == [
        (2, {}, 9),
        (2, {}, 10),
        (2, {"clip": 0.5}, 0),
        (2, {"clip": 1}, 0),
        (2, {"clip": 0.5, "a": 1}, 0),
        (10, {}, 0),
    ]


def test_groups_differ_in_nothing_but_the_seed(tmp_path, write_run):
    for seed in (0, 1, 2):
        write_run(seed=seed)
        write_run("1+clip=1", changed={"clip": 1}, seed=seed)
    write_run(seed=3, samples=1000)
    write_run(seed=4, data="other.npz")
    write_run(seed=5, iterations=10)
    groups = results.groups(results.finished(tmp_path / "akel2022"))
    seeds = sorted(tuple(run.seed for run in group) for group in groups)
    assert seeds == [(0, 1, 2), (0, 1, 2), (3,), (4,), (5,)]


def test_runs_of_one_number_whose_rows_differ_are_no_seeds_of_one_row(tmp_path, write_run):
    """A row may be changed in its table between two seeds."""
    row = read_table("akel2022").experiment(1).to_dict()
    older = {key: value for key, value in row.items() if key != "stop"}  # came later, and is null
    assert row["stop"] is None
    others = {"loss": "mse"}, {"printed": {}}, {"unknown": 1}
    for seed, own in enumerate([row, older, *({**row, **other} for other in others)]):
        about = {"table": "akel2022", "experiment": 1, "seed": seed, "changed": {}, "row": own}
        folder = write_run(seed=seed).parent
        (folder / "experiment.yaml").write_text(yaml.safe_dump(about))
    groups = results.groups(results.finished(tmp_path / "akel2022"))
    assert sorted([run.seed for run in group] for group in groups) == [[0, 1, 3], [2], [4]]


def test_spread_over_seeds_is_mean_and_sample_deviation(tmp_path, write_run, fid):
    for seed, best in enumerate((8.0, 10.0, 15.0)):
        write_run(seed=seed, measured=fid(800.0, best + 1, best))
    (over,) = results.over_seeds(results.finished(tmp_path / "akel2022")).values()
    assert over.metric == "fid"
    assert over.first == Spread(800.0, 0.0, 3, 3)
    assert over.best.mean == pytest.approx(11.0)
    assert over.best.deviation == pytest.approx((13.0) ** 0.5)  # (9 + 1 + 16) / 2
    assert over.last.mean == pytest.approx(12.0)
    assert over.best_iteration is None


def test_spread_leaves_out_missing_values(tmp_path, write_run, fid):
    write_run(seed=0, measured=fid(None, None, None, None))
    write_run(seed=1, measured=fid(None, 3.0, 2.0))
    write_run(seed=2, measured=fid(None, 5.0, None))
    write_run(seed=3, measured={})
    (over,) = results.over_seeds(results.finished(tmp_path / "akel2022")).values()
    assert over.first is None
    assert over.last == Spread(4.0, pytest.approx(2**0.5), 2, 4)
    assert over.best == Spread(2.0, None, 1, 4)


@pytest.mark.parametrize("content", ["{", "[]", '{"results": [{}]}', '{"results": [1]}', "\x00"])
def test_a_damaged_evaluation_is_named(tmp_path, write_run, content):
    path = write_run().parent / "evaluated_best.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=f"^{path} is not what `keras-gans evaluate .*` prints"):
        results.finished(tmp_path / "akel2022")


@pytest.mark.parametrize("content", ["{", "[]", "1\n", "\x00"])
def test_a_damaged_log_is_named_when_it_is_asked(tmp_path, write_run, content):
    path = write_run().parent / "log.jsonl"
    path.write_text(content)
    (run,) = results.finished(tmp_path / "akel2022")
    assert run.reading("fid", "last") == ("fid5k_lenet", 9.8765)
    with pytest.raises(UsageError, match=f"^{path} has a line that no run writes"):
        run.reading("fid", "last", 500)


def test_a_run_without_a_log_or_evaluations_has_what_its_summary_has(tmp_path, write_run):
    write_run()
    (run,) = results.finished(tmp_path / "akel2022")
    assert (run.log, run.evaluated) == ([], {"last": {}, "best": {}})
    assert run.final == {"d_loss": 0.5, "g_loss": 1.0}
    assert run.reading("d_loss", "last") == ("d_loss", 0.5)
    assert run.reading("d_loss", "best") is None
    assert run.reading("fid", "last", 500) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"experiment": 1}', "\x00", "null"])
def test_damaged_metrics_are_named(tmp_path, write_run, content):
    path = write_run()
    path.write_text(content)
    with pytest.raises(UsageError, match=f"^{path} is not .* a run writes"):
        results.finished(tmp_path / "akel2022")


@pytest.mark.parametrize(
    "changes",
    [
        {"experiment": "1"},
        {"changed": []},
        {"samples": None},
        {"samples": 10**400},
        {"printed": {"fid": 10**400}},
        {"measured": None},
        {"measured": {"fid5k_lenet": None}},
        {"measured": {"fid5k_lenet": {"first": 1.0, "last": 1.0, "best": 1.0}}},
        {"printed": {"fid": "53"}},
        {"seconds": 3.0},
        {"seconds": {"wall": float("inf")}},
    ],
)
def test_metrics_of_other_types_are_named(tmp_path, write_run, changes):
    path = write_run(**changes)
    with pytest.raises(UsageError, match=f"^{path} is not"):
        results.finished(tmp_path / "akel2022")


@pytest.mark.parametrize("name", ["metrics.json", "evaluated_last.json"])
def test_a_file_that_cannot_be_read_is_named(name, tmp_path, write_run):
    path = write_run().parent / name
    path.unlink(missing_ok=True)
    path.mkdir()  # root may read whatever is a file
    damaged = []
    assert results.finished(tmp_path / "akel2022", damaged) == []
    assert [str(error) for error in damaged] == [f"{path} cannot be read: Is a directory"]

import pytest
from running import plan

from keras_gans.runs import costs, rates
from keras_gans.runs.costs import Costs, Work, packed, work
from keras_gans.runs.executors import Job
from keras_gans.runs.rates import Rate

RATE = Rate(start=5.0, iteration=0.01, saving=0.2, measuring=0.5, iterations=100)


def job(folder, number, changed=None, seed=0):
    planned = plan("quickstart", number, folder / "results", changed, seed)
    return Job(planned, "quickstart", data_dir=folder)


def keep(job, iteration=0.01, side_by_side=1):
    """Keeps a rate of nothing but iterations."""
    key = Costs([job] * side_by_side, ["new"] * side_by_side, side_by_side)._keys[job]
    rates.keep(key, Rate(0.0, iteration, 0.0, 0.0, 100), job.data_dir)


def checkpoint(planned, *iterations):
    for iteration in iterations:
        folder = planned.folder / "checkpoint" / f"{iteration:06d}"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")


# --- what is left of a run ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"iterations": 100, "save_every": 30},
        {"iterations": 90, "save_every": 30},
        {"iterations": 10, "save_every": 30},
        {"iterations": 100, "save_every": 30, "save_at": [1, 60, 100, 5000]},
        {"iterations": 100, "save_every": 30, "measure_every": 7},
        {"iterations": 100, "save_every": 30, "measure_every": 500},
    ],
)
@pytest.mark.parametrize("done", [0, 30, 61])
def test_what_is_left_is_what_the_row_does(changed, done, tmp_path):
    planned = plan("quickstart", 1, tmp_path, changed)
    row = planned.experiment
    done = min(done, row.iterations)
    if done:
        checkpoint(planned, done)
    left = range(done + 1, row.iterations + 1)
    expected = Work(len(left), *(sum(map(at, left)) for at in (row.saves, row.measures)))
    assert work(planned, "interrupted" if done else "new") == expected


def test_what_is_left_of_very_many_iterations_is_found_at_once(tmp_path):
    changed = {"iterations": 2**31 - 1, "save_every": 1, "measure_every": 2}
    found = work(plan("quickstart", 1, tmp_path, changed), "new")
    assert found == Work(2**31 - 1, 2**31 - 1, 2**30)


def test_the_newest_checkpoint_counts(tmp_path):
    planned = plan("quickstart", 1, tmp_path, {"iterations": 100})
    checkpoint(planned, 20, 40)
    (planned.folder / "checkpoint" / ".partial-1-000060").mkdir()
    (planned.folder / "checkpoint" / "000080").mkdir()  # without a manifest
    assert work(planned, "interrupted").iterations == 60
    assert work(planned, "new").iterations == 100  # --restart


def test_a_finished_run_takes_no_time(tmp_path):
    left = work(plan("quickstart", 1, tmp_path), "finished")
    assert left == Work(0, 0, 0)
    assert left.seconds(RATE) == 0


def test_time_is_the_sum_of_the_parts():
    assert Work(1000, 10, 4).seconds(RATE) == pytest.approx(5 + 10 + 2 + 2)


# --- several runs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "side_by_side", "expected"),
    [
        ([], 2, 0),
        ([3, 2, 1], 1, 6),
        ([3, 2, 1], 2, 3),
        ([1, 2, 3], 2, 4),
        ([5, 4, 3, 3, 3], 2, 10),
        ([3, 2, 1], 9, 3),
    ],
)
def test_each_run_begins_as_soon_as_there_is_room(seconds, side_by_side, expected):
    assert packed(seconds, side_by_side) == expected


def test_seeds_share_a_rate_and_other_rows_have_none(tmp_path):
    jobs = [job(tmp_path, 1), job(tmp_path, 1, seed=7), job(tmp_path, 2)]
    keep(jobs[0])
    found = Costs(jobs, ["new"] * 3, 1)
    seconds = jobs[0].planned.experiment.iterations * 0.01
    assert [found.seconds(j) for j in jobs] == [seconds, seconds, None]
    assert found.together(jobs) == (2 * seconds, 1)


def test_rates_of_runs_side_by_side_are_other_rates(tmp_path, monkeypatch):
    monkeypatch.setattr(costs.machine.os, "cpu_count", lambda: 10_000)
    jobs = [job(tmp_path, 1), job(tmp_path, 1, seed=1)]
    keep(jobs[0], 0.25)
    alone = Costs(jobs, ["new"] * 2, 1)
    together = Costs(jobs, ["new"] * 2, 2)
    assert alone.environ.get("TF_NUM_INTRAOP_THREADS") != together.environ["OMP_NUM_THREADS"]
    assert alone.seconds(jobs[0]) is not None
    assert together.seconds(jobs[0]) is None


def test_one_run_is_never_side_by_side():
    assert Costs([], [], 4).side_by_side == 1


def test_unknown_runs_begin_first_and_then_the_longest(tmp_path):
    """What is known to be long must not begin last; what is unknown may be long."""
    changes = [{"iterations": n, "batch_size": n} for n in (10, 30, 20, 40)]
    jobs = [job(tmp_path, 1, changed) for changed in changes]
    for one in jobs[:3]:
        keep(one, side_by_side=2)
    found = Costs(jobs, ["new"] * 4, 2)
    order = [j.planned.experiment.iterations for j in found.longest_first(jobs)]
    assert order == [40, 30, 20, 10]


def test_the_time_that_is_left_runs_down_as_runs_begin_and_end(tmp_path, monkeypatch):
    now = 100.0
    monkeypatch.setattr(costs.time, "monotonic", lambda: now)
    jobs = [job(tmp_path, 1, {"iterations": 1000}, seed) for seed in range(3)]
    keep(jobs[0], side_by_side=2)  # 10 s each
    found = Costs(jobs, ["new"] * 3, 2)
    assert found.together(jobs) == (20.0, 0)
    for one in jobs[:2]:
        found.begin(one)
    now += 4
    assert found.together(jobs) == (16.0, 0)
    now += 100  # a run that takes longer than it should has nothing left
    assert found.together(jobs) == (10.0, 0)
    found.end(jobs[0])
    found.begin(jobs[2])
    now += 1
    assert found.together(jobs) == (9.0, 0)
    found.end(jobs[1])
    found.end(jobs[2])
    assert found.together(jobs) == (0.0, 0)


def test_a_rate_that_a_run_leaves_is_noticed(tmp_path):
    jobs = [job(tmp_path, 1)]
    found = Costs(jobs, ["new"], 1)
    assert found.seconds(jobs[0]) is None
    keep(jobs[0])
    assert found.seconds(jobs[0]) > 0

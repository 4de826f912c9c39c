"""Whole runs on tiny data: every row of the protocol, what a run leaves, resume."""

import json
import resource
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest
import yaml
from kill_harness import digest

from keras_gans import checkpoints, datasets, files, generators, runner
from keras_gans.datasets import Images
from keras_gans.errors import UsageError
from keras_gans.experiment import Run, read_table


class Silent:
    """Remembers what a run says."""

    def __init__(self):
        self.notes, self.updates = [], []

    def status(self, text):
        pass

    def begin(self, total, done=0):
        self.begun = (total, done)

    def note(self, text):
        self.notes.append(text)

    def update(self, done, values=None):
        self.updates.append((done, values))


def plan(table, number, folder, seed=0, **changed):
    changed = {key.replace("__", "."): value for key, value in changed.items()}
    experiment = read_table(table).experiment(number, changed)
    return Run(table, number, experiment, seed, changed, folder)


def train(run, data_dir, **kwargs):
    progress = Silent()
    data = datasets.load(run.experiment.dataset, data_dir)
    return runner.run(run, data, data_dir, progress, **kwargs), progress


ROWS = [(t, n) for t in ("akel2022", "akel2022_ablation") for n in sorted(read_table(t).rows)]


@pytest.mark.parametrize(("table", "number"), ROWS)
def test_every_row_takes_two_iterations(table, number, tiny_data, tmp_path):
    run = plan(table, number, tmp_path, iterations=2, batch_size=4, fid_samples=8, save_every=2)
    metrics, progress = train(run, tiny_data)
    assert metrics["iterations"] == 2
    assert metrics["printed"] == read_table(table).experiment(number).printed
    assert np.isfinite(list(metrics["final"].values())).all()
    generator, recipe = generators.load(run.folder / "generator_model_000002.h5")
    assert recipe["latent_dim"] == run.experiment.latent_dim
    assert generator.output_shape[1:] == datasets.load(run.experiment.dataset, tiny_data).shape
    if run.experiment.dataset == "mnist":
        assert metrics["metric"] == "fid8_lenet"
        assert metrics["measured"]["last"] > 0
    else:
        # The weights of the FID network are not there: said once, null under its own name.
        assert metrics["metric"] == "fid8_inception768_75px"
        assert metrics["measured"] is None
        assert len([note for note in progress.notes if "null" in note]) == 1


TINY = {"iterations": 40, "save_every": 10, "batch_size": 8, "fid_samples": 50}


def digits_run(folder, number=2, **changed):
    return plan("quickstart", number, folder, **{**TINY, **changed})


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A run of 40 iterations that nothing interrupts."""
    run = digits_run(tmp_path_factory.mktemp("results"))
    return run, *train(run, None)


CHECKPOINT = ("manifest.json", "state.bin", "log.jsonl", "kept-generator_model_best.h5")


def test_what_a_run_leaves(straight):
    run, _, progress = straight
    files = {str(p.relative_to(run.folder)) for p in run.folder.rglob("*") if p.is_file()}
    steps = ("000010", "000020", "000030", "000040")
    assert files == {
        "experiment.yaml", "environment.json", "log.jsonl", "metrics.json",
        "discriminator_modelsummary.txt", "generator_modelsummary.txt", "modelsummary.txt",
        "model_plot.png", "plot_loss.png", "plot_fid.png", "samples/reals.png",
        *(f"samples/{step}.png" for step in steps),
        *(f"generator_model_{step}.h5" for step in steps), "generator_model_best.h5",
        *(f"checkpoint/{step}/{name}" for step in steps[2:] for name in CHECKPOINT),
    }  # fmt: skip
    environment = json.loads((run.folder / "environment.json").read_text())
    assert environment["seed"] == 0
    assert environment["packages"]["keras"] == keras.__version__
    assert environment["data"]["images"] == [1797, 28, 28, 1]
    assert progress.begun == (40, 0)


def test_summaries_count_parameters_and_are_not_cut(straight):
    run, *_ = straight
    combined = (run.folder / "modelsummary.txt").read_text()
    generator = (run.folder / "generator_modelsummary.txt").read_text()
    assert "Total params: 1,249,922" in combined
    assert "Trainable params: 855,809" in combined, "the discriminator stands frozen in it"
    assert "Total params: 856,193" in generator
    table = [line for line in generator.splitlines() if line.startswith("│")]
    assert table
    assert all(line.endswith("│") for line in table)


def test_the_log_has_every_execution_and_every_measurement(straight):
    run, metrics, _ = straight
    records = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    losses = [r for r in records if "d_loss" in r]
    assert [r["iteration"] for r in losses] == list(range(5, 41, 5))
    for record in losses:
        mean = (record["d_loss_real"] + record["d_loss_fake"]) / 2
        assert record["d_loss"] == pytest.approx(mean, rel=1e-5)
    distances = {r["iteration"]: r["fid50_lenet"] for r in records if "fid50_lenet" in r}
    assert sorted(distances) == [0, 10, 20, 30, 40]
    assert metrics["metric"] == "fid50_lenet"
    summary = metrics["measured"]
    assert (summary["first"], summary["last"]) == (distances[0], distances[40])
    best = min((10, 20, 30, 40), key=distances.get)
    assert (summary["best"], summary["best_iteration"]) == (distances[best], best)
    _, recipe = generators.load(run.folder / "generator_model_best.h5")
    assert recipe["iteration"] == best


def test_the_grid_of_a_run_is_that_of_its_seed(straight):
    from PIL import Image

    from keras_gans import plots

    run, *_ = straight
    generator, recipe = generators.load(run.folder / "generator_model_000040.h5")
    images = generators.images(generator, generators.latents(25, recipe["latent_dim"], run.seed))
    expected = np.asarray(plots.grid(images, 5))
    found = np.asarray(Image.open(run.folder / "samples" / "000040.png").convert("L"))
    np.testing.assert_array_equal(found, expected)


class StopAt:
    """Says stop from the n-th time it is asked on, that is after n executions."""

    def __init__(self, executions):
        self.left = executions

    def __call__(self):
        self.left -= 1
        return self.left <= 0


def assert_same_end(a, b):
    one, two = digest(a.folder), digest(b.folder)
    assert {name for name in {**one, **two} if one.get(name) != two.get(name)} == set()


def test_stopped_and_resumed_ends_as_if_nothing_had_happened(straight, tmp_path):
    run = digits_run(tmp_path)
    with pytest.raises(runner.Stopped, match="iteration 15 of 40"):
        train(run, None, stop=StopAt(3))
    assert run.state == "interrupted"
    _, progress = train(run, None)
    assert progress.begun == (40, 15)
    assert run.state == "finished"
    assert_same_end(run, straight[0])


def test_killed_between_checkpoints_goes_back_to_the_last_one(straight, tmp_path):
    """A kill leaves later records and files; the run starts at its checkpoint all the same."""
    run = digits_run(tmp_path)
    with pytest.raises(runner.Stopped):
        train(run, None, stop=StopAt(5))
    with (run.folder / "log.jsonl").open("a") as log:
        log.write('{"iteration": 30, "d_loss": 1')
    (run.folder / "generator_model_000030.h5").write_bytes(b"half a file")
    (run.folder / "generator_model_best.h5").write_bytes(b"of iteration 30")
    (run.folder / ".lock").write_text("12345\n")
    partial = run.folder / "checkpoint" / ".partial-7-000030"
    partial.mkdir()
    (partial / "state.bin").write_bytes(b"half a file")
    train(run, None)
    assert_same_end(run, straight[0])
    generators.load(run.folder / "generator_model_000030.h5")


def test_a_damaged_checkpoint_is_named_and_the_one_before_used(straight, tmp_path):
    run = digits_run(tmp_path)
    with pytest.raises(runner.Stopped):
        train(run, None, stop=StopAt(4))
    newest = run.folder / "checkpoint" / "000020" / "state.bin"
    newest.write_bytes(newest.read_bytes()[:1000])
    _, progress = train(run, None)
    assert progress.begun == (40, 10)
    (note,) = [note for note in progress.notes if "going back to the one before" in note]
    assert "000020 is not used (state.bin is damaged)" in note
    assert_same_end(run, straight[0])


def test_another_seed_is_another_run(straight, tmp_path):
    run = plan("quickstart", 2, tmp_path, seed=1, **TINY)
    metrics, _ = train(run, None)
    assert run.folder.name == "seed-1"
    assert metrics["final"] != straight[1]["final"]


def test_restart_trains_over_what_is_there(tmp_path):
    run = digits_run(tmp_path, number=1, iterations=10)
    train(run, None)
    stale = run.folder / "generator_model_000999.h5"
    stale.write_bytes(b"of an earlier run")
    _, progress = train(run, None, restart=True)
    assert progress.begun == (10, 0)
    assert not stale.exists()


@pytest.mark.backends
def test_every_backend_resumes_exactly(tmp_path):
    """Perceptrons, so that compiling is quick; dropout and convolutions are tested above."""
    changed = {"iterations": 40, "fid_every": 20}
    whole, halves = (digits_run(tmp_path / name, number=1, **changed) for name in "ab")
    train(whole, None)
    with pytest.raises(runner.Stopped, match="iteration 20 of 40"):
        train(halves, None, stop=StopAt(2))
    train(halves, None)
    assert_same_end(whole, halves)


@pytest.mark.backends
def test_iterations_need_not_be_a_multiple_of_anything(tmp_path):
    run = digits_run(tmp_path, number=1, iterations=17, fid_every=7)
    metrics, _ = train(run, None)
    assert metrics["iterations"] == 17
    saved = sorted(p.name for p in run.folder.glob("generator_model_0*.h5"))
    assert saved == ["generator_model_000010.h5", "generator_model_000017.h5"]
    records = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    assert [r["iteration"] for r in records if "fid50_lenet" in r] == [0, 7, 14, 17]


def test_sampling_by_epochs_runs_too(tmp_path):
    metrics, _ = train(digits_run(tmp_path, number=3, iterations=10, sampling="epochs"), None)
    assert metrics["iterations"] == 10


def test_losses_that_are_no_numbers_end_the_run(tmp_path):
    from keras_gans.callbacks import Diverged

    run = digits_run(tmp_path, number=3, optimizer__learning_rate=1e30)
    message = r"loss of the discriminator.* is no longer finite at iteration 10$"
    with pytest.raises(Diverged, match=message):
        train(run, None)
    assert run.state == "interrupted"
    assert not any(run.folder.glob("*.h5"))
    for line in (run.folder / "log.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_a_row_may_go_on_with_losses_that_are_no_numbers(tmp_path):
    changed = {"optimizer__learning_rate": 1e30, "on_divergence": "continue"}
    run = digits_run(tmp_path, number=3, **changed)
    metrics, _ = train(run, None)
    assert run.state == "finished"
    assert (metrics["diverged_at"], metrics["measured"]) == (10, None)
    assert metrics["final"] == {"d_loss": None, "g_loss": None}
    assert not any(run.folder.glob("*.h5"))
    records = [
        json.loads(line, parse_constant=pytest.fail)
        for line in (run.folder / "log.jsonl").read_text().splitlines()
    ]
    assert {"iteration": 10, "not_finite": ["discriminator", "generator"]} in records
    assert [r["iteration"] for r in records if "d_loss" in r] == [10, 20, 30, 40]
    about = yaml.safe_load((run.folder / "experiment.yaml").read_text())
    assert about["row"]["on_divergence"] == "continue"


# --- a dense run, stopped on the way: what else may have happened before it goes on -----------

DENSE = {"number": 1, "iterations": 20, "fid_every": 5}


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """The folders of a dense run of 20 iterations and of one that was stopped at 15."""
    whole, half = (tmp_path_factory.mktemp(name) for name in ("whole", "half"))
    metrics, _ = train(digits_run(whole, **DENSE), None)
    with pytest.raises(runner.Stopped, match="iteration 15 of 20"):
        train(digits_run(half, **DENSE), None, stop=StopAt(3))
    return whole, half, metrics


@pytest.fixture
def halfway(dense, tmp_path):
    """The stopped run, in a folder of its own."""
    shutil.copytree(dense[1], tmp_path / "results")
    return digits_run(tmp_path / "results", **DENSE)


def change_checkpoint(run, **changes):
    folder = run.folder / "checkpoint"
    found, _ = checkpoints.latest(folder)
    shutil.rmtree(folder)
    checkpoints.save(folder, replace(found, **changes))


@pytest.mark.parametrize("dropped", ["nothing", "seeds", "optimizers", "position"])
def test_nothing_of_the_state_can_be_left_out(dropped, dense, halfway, monkeypatch):
    """What a checkpoint holds is needed: without any part of it the run ends otherwise."""
    arrays = list(checkpoints.latest(halfway.folder / "checkpoint")[0].arrays)
    if dropped == "seeds":
        seeds = [i for i, a in enumerate(arrays) if a.shape == (2,) and a.dtype.kind in "iu"]
        assert seeds
        arrays = [np.zeros_like(a) if i in seeds else a for i, a in enumerate(arrays)]
    if dropped == "optimizers":
        # The moments stand at the end; the learning rate and the count among them stay.
        begin = len(arrays) - 2 * sum(a.ndim > 0 for a in arrays) // 3
        arrays[begin:] = [a if a.ndim == 0 else np.zeros_like(a) for a in arrays[begin:]]
    if dropped == "position":
        batches = runner.batches
        monkeypatch.setattr(runner, "batches", lambda i, s, begin, end: batches(i, s, 0, 5))
    change_checkpoint(halfway, arrays=arrays)
    train(halfway, None)
    one, two = digest(digits_run(dense[0], **DENSE).folder), digest(halfway.folder)
    states = [d["checkpoint/000020/state.bin"] for d in (one, two)]
    assert (states[0] == states[1]) == (dropped == "nothing")


def test_what_was_killed_after_the_last_checkpoint_is_finished(dense, tmp_path):
    shutil.copytree(dense[0], tmp_path / "results")
    run = digits_run(tmp_path / "results", **DENSE)
    (run.folder / "metrics.json").unlink()
    (run.folder / "generator_model_000020.h5").write_bytes(b"half")
    (run.folder / "samples" / "000020.png").unlink()
    _, progress = train(run, None)
    assert progress.begun == (20, 20)
    assert_same_end(run, digits_run(dense[0], **DENSE))


def test_other_versions_are_noted_and_no_reason_to_refuse(halfway, monkeypatch):
    environment = runner.environment
    monkeypatch.setattr(
        runner, "environment", lambda *args: {**environment(*args), "threads": 64, "python": "3.9"}
    )
    _, progress = train(halfway, None)
    (note,) = [note for note in progress.notes if "became" in note]
    assert "became 3.9" in note
    assert "threads" in note
    assert "the last digits may differ" in note


def test_other_images_are_refused(halfway):
    digits = datasets.load("digits")
    other = Images("digits", 255 - digits.images, None, digits.source)
    before = digest(halfway.folder)
    with pytest.raises(UsageError, match=r"begun with other images .*--restart trains it again"):
        runner.run(halfway, other, None, Silent())
    assert digest(halfway.folder) == before


def test_a_checkpoint_of_other_networks_is_refused(halfway):
    arrays = checkpoints.latest(halfway.folder / "checkpoint")[0].arrays
    change_checkpoint(halfway, arrays=arrays[:-1])
    with pytest.raises(UsageError, match="the shapes differ; --restart trains it again"):
        train(halfway, None)


def test_a_folder_in_use_is_refused(halfway):
    before = digest(halfway.folder)
    with files.locked(halfway.folder), pytest.raises(UsageError, match="in use by process"):
        train(halfway, None)
    assert digest(halfway.folder) == before


def test_a_restart_that_was_killed_begins_again_and_leaves_nothing_of_before(halfway, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(runner.Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            runner._begin_folder(halfway.folder)
    assert halfway.state == "interrupted"
    assert not (halfway.folder / "checkpoint").exists()
    runner._begin_folder(halfway.folder)
    assert list(halfway.folder.iterdir()) == []
    assert halfway.state == "new"


def test_a_disk_that_takes_no_more_stops_the_run_and_loses_nothing(dense, halfway):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    state = halfway.folder / "checkpoint" / "000015" / "state.bin"
    before = files.sha256(state)
    try:
        with pytest.raises(runner.CannotWrite) as caught:
            train(halfway, None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    message = f"cannot write to {halfway.folder}: File too large; what was saved before is whole"
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert files.sha256(state) == before
    assert not list(halfway.folder.rglob(".*"))
    train(halfway, None)
    assert_same_end(halfway, digits_run(dense[0], **DENSE))


def test_a_disk_without_room_is_refused_before_training(halfway, monkeypatch):
    usage = shutil.disk_usage(halfway.folder)._replace(free=50_000_000)
    monkeypatch.setattr(runner.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UsageError, match=r"has 50 MB of room, the run needs \d+ MB for 1 gener"):
        train(halfway, None)


def test_nothing_is_written_where_the_data_do_not_fit(tmp_path):
    odd = Images("odd", np.zeros((30, 30, 30, 1), "uint8"), None, "odd.npz")
    run = digits_run(tmp_path)
    with pytest.raises(UsageError, match=r"30x30.*divisible by 4"):
        runner.run(run, odd, None, Silent())
    faces = plan("akel2022", 11, tmp_path)
    with pytest.raises(UsageError, match=r"odd\.npz has images of 30x30.*40x40"):
        runner.run(faces, odd, None, Silent())
    assert list(tmp_path.iterdir()) == []


def test_no_extractor_fits_is_said_once_and_null(tmp_path):
    run = digits_run(tmp_path, number=1, iterations=10, fid_features="inception768")
    metrics, progress = train(run, tmp_path)
    assert metrics["metric"] == "fid50_inception768"
    assert metrics["measured"] is None
    assert len(progress.notes) == 1
    assert "fid50_inception768 is null" in progress.notes[0]
    assert not (run.folder / "plot_fid.png").exists()
    records = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    assert {"iteration": 10, "fid50_inception768": None} in records


@pytest.mark.backends
def test_evaluation_adds_no_state(tmp_path):
    """Dropout, batch normalization and drawn latents: none of it notices being measured."""
    runs = {
        "often": digits_run(tmp_path / "a", number=2, iterations=6, fid_every=2, save_every=6),
        "never": digits_run(tmp_path / "b", number=2, iterations=6, metric=None, save_every=6),
    }
    metrics = {name: train(run, None)[0] for name, run in runs.items()}
    assert metrics["often"]["measured"]["last"] > 0
    assert (metrics["never"]["metric"], metrics["never"]["measured"]) == (None, None)
    assert not (runs["never"].folder / "generator_model_best.h5").exists()
    states = [checkpoints.latest(run.folder / "checkpoint")[0].arrays for run in runs.values()]
    assert len(states[0]) == len(states[1]) > 20
    for often, never in zip(*states, strict=True):
        np.testing.assert_array_equal(often, never)


@pytest.mark.parametrize(("metric", "best"), [("kid", min), ("coverage", max)])
def test_the_row_chooses_what_makes_a_generator_the_best(tmp_path, metric, best):
    run = digits_run(tmp_path, number=1, metric=metric, iterations=60)
    metrics, _ = train(run, None)
    name = f"{metric}50_lenet"
    assert metrics["metric"] == name
    records = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    values = {r["iteration"]: r[name] for r in records if name in r}
    assert list(values) == [0, 10, 20, 30, 40, 50, 60]
    at = best([i for i in values if i], key=values.get)
    assert metrics["measured"]["best_iteration"] == at
    _, recipe = generators.load(run.folder / "generator_model_best.h5")
    assert (recipe["iteration"], recipe[name]) == (at, values[at])
    assert (run.folder / f"plot_{metric}.png").is_file()
    assert not (run.folder / "plot_fid.png").exists()


@pytest.mark.parametrize(("features", "line"), [("imagenet2048", 53.7039), ("imagenet768", None)])
def test_a_printed_value_is_a_line_on_its_own_scale_alone(tmp_path, features, line):
    changed = {"metric": "fid_thesis", "fid_features": features}
    experiment = read_table("akel2022").experiment(1, changed)
    data = Images("mnist", np.zeros((60, 28, 28), "uint8"), None, "")
    measurement = runner._measurement(experiment, data, tmp_path, 0, Silent())
    assert measurement.name == f"fid_thesis60_{features}_signed"
    assert measurement.printed == line
    fid = read_table("akel2022").experiment(1)
    assert runner._measurement(fid, data, tmp_path, 0, Silent()).printed is None

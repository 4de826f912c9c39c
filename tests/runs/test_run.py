"""Whole runs on tiny data: what a run leaves, of images, of labels and of points."""

import hashlib
import inspect
import json
from dataclasses import replace
from types import SimpleNamespace

import h5py
import keras
import numpy as np
import pytest
import yaml
from PIL import Image
from running import Silent, measured, plan, quickstart, records, train

from keras_gans import datasets, evaluation, generators, latents, pictures
from keras_gans.datasets import Images, Points
from keras_gans.errors import UsageError
from keras_gans.pictures import curves, drawing
from keras_gans.rows.stored import StoredRun
from keras_gans.runs import evaluated
from keras_gans.runs.finite import Diverged
from keras_gans.runs.run import _shown, run

pytestmark = pytest.mark.usefixtures("without_xla")


def files(planned):
    folder = planned.folder
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


TEXTS = {
    "experiment.yaml", "environment.json", "log.jsonl", "metrics.json",
    "discriminator_modelsummary.txt", "generator_modelsummary.txt", "modelsummary.txt",
    "model_plot.png", "plot_loss.png", "samples/reals.png", "generator_model_best.h5",
}  # fmt: skip
CHECKPOINT = ("manifest.json", "state.bin", "log.jsonl", "kept-generator_model_best.h5")


def expected_files(steps, checkpoints, plots):
    return TEXTS | {
        *(f"plot_{name}.png" for name in plots),
        *(f"samples/{step}.png" for step in steps),
        *(f"generator_model_{step}.h5" for step in steps),
        *(f"discriminator_model_{step}.h5" for step in steps),
        *(f"checkpoint/{step}/{name}" for step in checkpoints for name in CHECKPOINT),
    }


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A convolutional run of 10 iterations that nothing interrupts."""
    changed = {"iterations": 10, "save_every": 4, "save_at": [6, 98], "measure_every": 2}
    planned = quickstart(2, tmp_path_factory.mktemp("results"), changed)
    return planned, *train(planned)


# --- files -------------------------------------------------------------------------------------


def test_what_a_run_leaves(straight):
    planned, _, progress = straight
    steps = ("000004", "000006", "000008", "000010")
    assert files(planned) == expected_files(steps, steps[2:], ["fid"])
    assert planned.state == "finished"
    assert progress.begun == (10, 0)
    assert "nothing is saved at 98: the run ends at 10 iterations" in progress.notes
    losses = [done for done, values in progress.updates if "d_loss" in (values or ())]
    assert losses == [2, 4, 6, 8, 10]


def test_experiment_and_environment_say_what_was_run(straight):
    planned, *_ = straight
    about = yaml.safe_load((planned.folder / "experiment.yaml").read_text())
    assert about["row"] == planned.experiment.to_dict()
    environment = json.loads((planned.folder / "environment.json").read_text())
    assert environment["seed"] == 0
    assert environment["packages"]["keras"] == keras.__version__
    digits = datasets.load("digits")
    assert environment["data"]["shape"] == [1797, 28, 28, 1]
    assert environment["data"]["sha256"] == digits.fingerprint


def test_the_log_has_every_execution_and_every_measurement(straight):
    planned, metrics, _ = straight
    losses = [r for r in records(planned) if "d_loss" in r]
    assert [r["iteration"] for r in losses] == [2, 4, 6, 8, 10]
    for record in losses:
        mean = (record["d_loss_real"] + record["d_loss_fake"]) / 2
        assert record["d_loss"] == pytest.approx(mean, rel=1e-5)
        assert record["d_loss_max"] >= record["d_loss"]
        assert record["g_loss_max"] >= record["g_loss"]
    assert metrics["final"] == {key: losses[-1][key] for key in ("d_loss", "g_loss")}
    assert list(measured(planned, "fid50_lenet")) == [0, 2, 4, 6, 8, 10]


def test_accuracies_are_recorded_drawn_and_summed_up_where_a_row_asks(tmp_path):
    planned = quickstart(3, tmp_path, {"iterations": 20, "save_every": 20, "accuracy": True})
    metrics, _ = train(planned)
    last = [record for record in records(planned) if "d_loss" in record][-1]
    assert metrics["final"] == {
        key: last[key] for key in ("d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake")
    }
    assert all(0 <= metrics["final"][key] <= 1 for key in ("d_accuracy_real", "d_accuracy_fake"))
    assert (planned.folder / "plot_accuracy.png").is_file()


def test_metrics_are_those_of_the_log_and_vouch_for_the_files(straight):
    planned, metrics, _ = straight
    assert json.loads((planned.folder / "metrics.json").read_text()) == metrics
    assert list(metrics) == [
        "table", "experiment", "changed", "seed", "derived_from", "data", "samples", "iterations",
        "final", "diverged_at", "measured", "printed", "seconds", "iterations_per_second", "sha256",
    ]  # fmt: skip
    values = measured(planned, "fid50_lenet")
    best = min((i for i in values if i), key=values.get)
    assert metrics["measured"] == {
        "fid50_lenet": {
            "metric": "fid", "better": "lower", "first": values[0], "last": values[10],
            "best": values[best], "best_iteration": best,
        }
    }  # fmt: skip
    assert metrics["diverged_at"] is None
    assert set(metrics["sha256"]) == {
        "experiment.yaml", "log.jsonl", "samples/000010.png", "generator_model_000010.h5",
        "discriminator_model_000010.h5", "generator_model_best.h5",
    }  # fmt: skip
    for name, sha256 in metrics["sha256"].items():
        assert hashlib.sha256((planned.folder / name).read_bytes()).hexdigest() == sha256


def test_saved_networks_say_where_they_come_from(straight):
    planned, metrics, _ = straight
    values = measured(planned, "fid50_lenet")
    best = metrics["measured"]["fid50_lenet"]["best_iteration"]
    saved = generators.load(planned.folder / "generator_model_best.h5")
    assert (saved.origin["iteration"], saved.origin["fid50_lenet"]) == (best, values[best])
    about = {key: saved.origin[key] for key in ("table", "experiment", "seed", "changed")}
    assert about == {
        "table": "quickstart", "experiment": 2, "seed": 0, "changed": planned.changed,
    }  # fmt: skip
    network, origin = generators.load_discriminator(
        planned.folder / "discriminator_model_000006.h5"
    )
    assert origin["iteration"] == 6
    assert origin["loss"] == planned.experiment.loss.plain
    assert origin["scale"] == saved.scale.plain
    assert network.output_shape == (None, 1)


def test_pictures_are_those_of_the_seed_of_the_run(straight):
    planned, *_ = straight
    saved = generators.load(planned.folder / "generator_model_000010.h5")
    expected = np.asarray(pictures.samples(saved.sample(25, planned.seed), 5))
    found = np.asarray(Image.open(planned.folder / "samples" / "000010.png").convert("L"))
    np.testing.assert_array_equal(found, expected)
    frames = [(planned.folder / "samples" / f"{i:06d}.png").read_bytes() for i in (4, 6, 8)]
    assert len(set(frames)) == 3


@pytest.mark.parametrize("iteration", ["000010", "best"])
def test_one_name_is_one_number_whether_a_run_or_evaluate_measures(straight, iteration):
    planned, metrics, _ = straight
    path = planned.folder / f"generator_model_{iteration}.h5"
    (result,) = evaluation.evaluate(generators.load(path), datasets.load("digits"), count=50)[
        "results"
    ]
    key = "best" if iteration == "best" else "last"
    assert result["value"] == metrics["measured"][result["name"]][key]


# --- labels, points, averages ------------------------------------------------------------------


def test_of_many_classes_the_first_ones_are_drawn():
    classes = 37
    pixels = np.arange(classes, dtype="uint8")[:, None, None, None].repeat(2, 0)
    data = Images("own", pixels, np.arange(classes).repeat(2), "own pixels")

    def turns(count):
        return np.arange(count, dtype="int32") % classes

    saved = SimpleNamespace(
        classes=classes, latents=latents.get("normal", size=4), turns_of_labels=turns
    )
    drawn, labels, columns, reals = _shown(saved, data, seed=0)
    assert (len(drawn), columns, labels.dtype) == (100, 20, "int32")
    assert labels.tolist() == [*range(20)] * 5
    assert reals[:, 0, 0, 0].tolist() == labels.tolist()


def test_a_conditional_run_draws_a_class_a_column_and_measures_the_labels(tmp_path):
    """Several metrics: each has its curve and summary, and the first chooses the best."""
    names = ["coverage", "kid", "classifier_accuracy"]
    changed = {"measure": names, "iterations": 30, "accuracy": True}
    planned = quickstart(5, tmp_path, changed)
    metrics, _ = train(planned)
    steps = ("000010", "000020", "000030")
    expected = expected_files(steps, steps[1:], [*names, "accuracy"])
    assert files(planned) == expected | {"misread.png"}
    for name, best in zip(names, (max, min, max), strict=True):
        values = measured(planned, f"{name}50_lenet")
        assert list(values) == [0, 10, 20, 30]
        summary = metrics["measured"][f"{name}50_lenet"]
        assert summary["best"] == best(v for i, v in values.items() if i)
        assert values[summary["best_iteration"]] == summary["best"]
    saved = generators.load(planned.folder / "generator_model_best.h5")
    assert saved.origin["iteration"] == metrics["measured"]["coverage50_lenet"]["best_iteration"]
    assert (
        saved.origin["kid50_lenet"] == measured(planned, "kid50_lenet")[saved.origin["iteration"]]
    )
    assert saved.classes == 10

    digits = datasets.load("digits")
    columns = np.arange(50) % 10
    last = generators.load(planned.folder / "generator_model_000030.h5")
    expected = np.asarray(pictures.samples(last.sample(50, 0, columns), 10))
    found = np.asarray(Image.open(planned.folder / "samples" / "000030.png").convert("L"))
    np.testing.assert_array_equal(found, expected)
    reals = [digits.values[np.flatnonzero(digits.labels == c)[i // 10]]
             for i, c in enumerate(columns)]  # fmt: skip
    found = np.asarray(Image.open(planned.folder / "samples" / "reals.png").convert("L"))
    np.testing.assert_array_equal(found, np.asarray(pictures.samples(np.stack(reals), 10)))


def test_classes_with_few_samples_or_none_have_a_column_all_the_same(tmp_path):
    """Class 1 has no sample and class 2 has one."""
    digits = datasets.load("digits")
    chosen = np.r_[np.flatnonzero(digits.labels == 0)[:40], np.flatnonzero(digits.labels == 2)[:1]]
    few = Images("few", digits.values[chosen], digits.labels[chosen], "few")
    planned = quickstart(5, tmp_path, {"measure": [], "iterations": 1})
    train(planned, data=few)
    reals = np.zeros((15, *digits.shape), "uint8")
    reals[0::3], reals[2::3] = few.values[:5], few.values[40]
    found = np.asarray(Image.open(planned.folder / "samples" / "reals.png").convert("L"))
    np.testing.assert_array_equal(found, np.asarray(pictures.samples(reals, 3)))


def test_plots_and_the_drawing_of_the_networks_name_the_run(tmp_path, monkeypatch):
    titles = {}
    for module, name in ((curves, "losses"), (curves, "measured"), (drawing, "networks")):
        original = getattr(module, name)

        def drawn(*arguments, name=name, original=original):
            titles[name] = inspect.signature(original).bind(*arguments).arguments.get("title")

        monkeypatch.setattr(module, name, drawn)
    planned = quickstart(6, tmp_path, {"iterations": 2, "measure_samples": 50})
    train(planned)
    assert planned.heading.startswith("quickstart 6, seed 0: batch_size=8, iterations=2")
    assert titles == dict.fromkeys(("losses", "measured", "networks"), planned.heading)


def test_a_run_on_points_draws_scatter_plots_and_counts_modes(tmp_path):
    planned = quickstart(6, tmp_path)
    metrics, progress = train(planned)
    names = {r: m["better"] for r, m in metrics["measured"].items()}
    assert names == {"modes50_values": "higher", "high_quality50_values": "higher"}
    steps = ("000010", "000020", "000030", "000040")
    assert files(planned) == expected_files(steps, steps[2:], ["modes", "high_quality"])
    assert progress.notes == []
    saved = generators.load(planned.folder / "generator_model_000040.h5")
    assert (saved.shape, saved.sample(7).dtype) == ((2,), np.float32)
    width, height = Image.open(planned.folder / "samples" / "000040.png").size
    assert min(width, height) > 300


def test_standardized_numbers_are_drawn_and_saved_on_their_own_scale(tmp_path):
    """Far from 0, where a generator that sees them as they are has not come in a few steps."""
    changed = {"dataset": {"name": "normal", "mean": 1000.0, "std": 5.0, "samples": 500}}
    changed |= {"standardize": True, "measure": ["fid"]}
    planned = quickstart(6, tmp_path, changed)
    train(planned)
    names = {path.name for path in (planned.folder / "samples").iterdir()}
    assert names == {"reals.png", *(f"0000{step}.png" for step in (10, 20, 30, 40))}
    saved = generators.load(planned.folder / "generator_model_000040.h5")
    data = datasets.load(planned.experiment.dataset)
    assert saved.scale == data.standardized().scale
    values = saved.sample(100)
    assert np.abs(values - 1000).max() < 50
    latents = saved.latents.sample(100, 0)
    outputs = saved.network.predict(latents, verbose=0)
    np.testing.assert_allclose(values, saved.scale.to_values(outputs), rtol=1e-6)
    assert 4.5 < saved.scale.divisor < 5.5


def weights(path):
    """The arrays of an .h5 file in their order, whatever their names are."""
    found = []
    with h5py.File(path) as file:
        file.visititems(lambda _, d: found.append(d[()]) if isinstance(d, h5py.Dataset) else None)
    return found


def test_the_generator_that_is_saved_and_drawn_is_the_averaged_one(tmp_path):
    """With decay 0 the average is the generator, so that two of the runs end alike."""
    runs = []
    for decay in (None, 0.0, 0.9):
        average = {"average": decay if decay is None else {"name": "exponential", "decay": decay}}
        runs.append(quickstart(6, tmp_path / str(decay), {"iterations": 10, **average}))
        train(runs[-1])
    plain, same, averaged = (weights(r.folder / "generator_model_000010.h5") for r in runs)
    for a, b, c in zip(plain, same, averaged, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)
    drawn = [(r.folder / "samples" / "000010.png").read_bytes() for r in runs]
    assert drawn[0] == drawn[1] != drawn[2]
    # Training takes no notice of it.
    plain, same, averaged = (weights(r.folder / "discriminator_model_000010.h5") for r in runs)
    for a, b, c in zip(plain, same, averaged, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


# --- how it goes -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """A run on points of 10 iterations: its plan and its metrics."""
    planned = quickstart(6, tmp_path_factory.mktemp("results"), {"iterations": 10})
    return planned, train(planned)[0]


def test_another_seed_is_another_run(points):
    planned, metrics = points
    other = replace(planned, seed=1)
    assert (planned.folder.name, other.folder.name) == ("seed-0", "seed-1")
    assert train(other)[0]["final"] != metrics["final"]


def test_sampling_by_epochs_is_another_run(points, tmp_path):
    planned = quickstart(6, tmp_path, {"iterations": 10, "sampling": "epochs"})
    assert train(planned)[0]["final"] != points[1]["final"]


def test_restart_trains_over_what_is_there(points):
    planned, metrics = points
    stale = planned.folder / "generator_model_000999.h5"
    stale.write_bytes(b"of an earlier run")
    again, progress = train(planned, restart=True)
    assert progress.begun == (10, 0)
    assert not stale.exists()
    assert planned.state == "finished"
    assert again["sha256"] == metrics["sha256"]


@pytest.mark.backends
def test_iterations_need_not_be_a_multiple_of_anything(tmp_path):
    planned = quickstart(6, tmp_path, {"iterations": 17, "measure_every": 7})
    metrics, _ = train(planned)
    assert metrics["iterations"] == 17
    saved = sorted(p.name for p in planned.folder.glob("generator_model_0*.h5"))
    assert saved == ["generator_model_000010.h5", "generator_model_000017.h5"]
    assert list(measured(planned, "modes50_values")) == [0, 7, 14, 17]


@pytest.mark.backends
def test_measuring_adds_no_state(straight, tmp_path):
    """Dropout, batch normalization and drawn latents: none of it notices being measured."""
    often = straight[0]
    changed = {key: value for key, value in often.changed.items() if key != "measure_every"}
    never = quickstart(2, tmp_path, {**changed, "measure": []})
    assert train(never)[0]["measured"] == {}
    assert not (never.folder / "generator_model_best.h5").exists()
    states = [(r.folder / "checkpoint/000010/state.bin").read_bytes() for r in (often, never)]
    assert states[0] == states[1]


# --- losses that are no longer finite ----------------------------------------------------------

HUGE = {"d_optimizer.learning_rate": 1e30, "g_optimizer.learning_rate": 1e30}


def test_losses_that_are_not_finite_end_the_run(tmp_path):
    planned = quickstart(3, tmp_path, HUGE)
    with pytest.raises(Diverged, match=r"loss of the discriminator.* at iteration 10$"):
        train(planned)
    assert planned.state == "interrupted"
    assert not any(planned.folder.glob("*.h5"))
    assert records(planned)[-1] == {
        "iteration": 10,
        "not_finite": ["discriminator", "generator"],
    }
    with pytest.raises(Diverged, match=r"at iteration 10$"):  # it does so again
        train(planned)
    assert sum("not_finite" in record for record in records(planned)) == 1


def test_a_row_may_go_on_with_losses_that_are_not_finite(tmp_path):
    planned = quickstart(3, tmp_path, {**HUGE, "on_divergence": "continue"})
    metrics, _ = train(planned)
    assert planned.state == "finished"
    assert metrics["diverged_at"] == 10
    assert metrics["final"] == {"d_loss": None, "g_loss": None}
    (summary,) = metrics["measured"].values()
    assert summary["first"] > 0
    assert (summary["last"], summary["best"], summary["best_iteration"]) == (None, None, None)
    assert not any(planned.folder.glob("*.h5"))
    found = records(planned)
    assert {"iteration": 10, "not_finite": ["discriminator", "generator"]} in found
    assert [r["iteration"] for r in found if "d_loss" in r] == [10, 20, 30, 40]


RELU = {"generator.activation": "relu", "discriminator.activation": "relu"}  # tanh has bounds
KINDS = {
    "conditional and averaged": (5, {"average": {"name": "exponential", "decay": 0.9}}),
    "unrolled and adaptive": (6, {**RELU, "turns": {"unroll": 1, "update": "adaptive"}}),
    "in phases": (6, {**RELU, "phases": [{"iterations": 15, "train": "discriminator"}]}),
    "penalized": (6, {**RELU, "penalty": "gradient_penalty"}),
    "stopped": (1, {"stop": {"name": "flat", "change": 0.01, "iterations": 1000}}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_row_sees_that_it_diverges(kind, tmp_path):
    number, changed = KINDS[kind]
    planned = quickstart(number, tmp_path / "stop", {**HUGE, **changed})
    with pytest.raises(Diverged, match="no longer finite at iteration"):
        train(planned)
    assert planned.state == "interrupted"
    assert not any(planned.folder.glob("*.h5"))
    changed = {**HUGE, **changed, "on_divergence": "continue"}
    planned = quickstart(number, tmp_path / "continue", changed)
    metrics, _ = train(planned)
    assert planned.state == "finished"
    assert 0 < metrics["diverged_at"] <= 40
    assert not any(planned.folder.glob("*.h5"))


DEEP = {"name": "points", "activation": "relu", "hidden": [8, 8, 8, 8]}
OVERFLOW = {  # after a few iterations: all weights are finite, and samples are not
    "loss": "wasserstein", "iterations": 20, "save_every": 2, "measure": ["high_quality"],
    "d_optimizer": {"name": "sgd", "learning_rate": 1.0},
    "g_optimizer": {"name": "sgd", "learning_rate": 1000.0},
    "generator": DEEP, "discriminator": {**DEEP, "last_activation": None},
}  # fmt: skip


def test_samples_that_are_not_finite_are_no_mistake_in_the_request(tmp_path):
    planned = quickstart(6, tmp_path / "stop", OVERFLOW)
    with pytest.raises(Diverged, match=r"samples of the generator are no longer finite at"):
        train(planned)
    assert planned.state == "interrupted"
    planned = quickstart(6, tmp_path / "continue", {**OVERFLOW, "on_divergence": "continue"})
    metrics, _ = train(planned)
    assert planned.state == "finished"
    (found,) = [r for r in records(planned) if "not_finite" in r]
    assert found["not_finite"] == ["generator"]
    assert metrics["diverged_at"] <= found["iteration"]


def test_a_conditional_run_whose_samples_are_not_finite_ends(tmp_path):
    """Its last generator has finite weights, was saved, and cannot be classified or measured."""
    changed = {
        "iterations": 2, "save_every": 1, "batch_size": 8, "on_divergence": "continue",
        "phases": [{"iterations": 1, "train": "discriminator"}],
        "measure": ["classifier_accuracy"], "measure_samples": 50,
        "g_optimizer": {"name": "sgd", "learning_rate": 1e22},
    }  # fmt: skip
    planned = quickstart(5, tmp_path, changed)
    metrics, _ = train(planned)
    assert planned.state == "finished"
    assert metrics["diverged_at"] == 2
    assert not (planned.folder / "misread.png").exists()
    run = StoredRun.read(planned.folder)
    assert list(run.generators) == [1, 2]
    found = evaluated.evaluate(run, datasets.load("digits"), count=50, progress=Silent())
    (start,), (end,) = (line["results"] for line in found["generators"])
    assert 0 <= start["value"] <= 1
    assert (end["value"], end["name"]) == (None, start["name"])
    assert "NaN or infinity" in end["reason"]


# --- what is refused before anything is written ------------------------------------------------


def digits_without_labels():
    digits = datasets.load("digits")
    return replace(digits, labels=None)


@pytest.mark.parametrize(
    ("number", "changed", "data", "message"),
    [
        (2, {}, Images("odd", np.zeros((60, 30, 30, 1), "uint8"), None, "odd"), "30x30.*by 4"),
        (5, {}, digits_without_labels(), "takes labels"),
        (6, {}, Points("p", np.zeros((60, 2)), None, "p"), "needs .*known modes"),
        (6, {}, datasets.load("digits"), "points"),
        (1, {"measure": []}, Points("p", np.full((60, 2), 9.0), None, "p"), "9.*do not fit"),
        (1, {"standardize": True}, None, "standardize.*last_activation=linear"),
        (1, {"measure": ["modes"]}, datasets.load("digits"), "modes"),
        (1, {"measure": ["classifier_accuracy"]}, datasets.load("digits"), "labels"),
        (1, {"measure_features": "values"}, datasets.load("digits"), "values takes points"),
        (1, {"measure_samples": 9}, datasets.load("digits"), "fid needs at least 10"),
        (1, {"penalty": "r1", "turns": {"update": "separate"}}, None, "penalty.*joint"),
        (1, {"loss": {"name": "mse", "real": [1.1, 0.8]}}, None, "the lower comes first"),
        (1, {"latents": {"name": "uniform", "size": 3, "low": 2.0}}, None, "low is 2"),
        (1, {"d_optimizer": {"name": "adam", "clipnorm": 1, "clipvalue": 1}}, None, "Only one of"),
    ],
)
def test_nothing_is_written_where_row_and_data_do_not_fit(number, changed, data, message, tmp_path):
    planned = quickstart(number, tmp_path, changed)
    with pytest.raises(UsageError, match=message) as caught:
        run(planned, data or datasets.load("digits"), None, Silent())
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_images_of_another_size_than_the_row_asks_for_are_refused(tiny_data, tmp_path):
    (tmp_path / "celeba.npz").write_bytes((tiny_data / "mnist.npz").read_bytes())
    planned = plan("akel2022", 11, tmp_path / "results")
    with pytest.raises(UsageError, match=r"28x28.*40x40"):
        train(planned, tmp_path)
    assert not (tmp_path / "results").exists()


def test_weights_that_are_missing_are_said_once_and_null(tmp_path):
    changed = {"iterations": 10, "measure_features": "inception768"}
    planned = quickstart(1, tmp_path, changed)
    metrics, progress = train(planned)
    (summary,) = metrics["measured"].values()
    assert list(metrics["measured"]) == ["fid50_inception768"]
    assert {summary[key] for key in ("first", "last", "best", "best_iteration")} == {None}
    (note,) = progress.notes
    assert "fid50_inception768 is null" in note
    assert not (planned.folder / "plot_fid.png").exists()
    assert {"iteration": 10, "fid50_inception768": None} in records(planned)

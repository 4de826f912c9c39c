"""A planned run: its folder, what experiment.yaml says, and the state that the folder tells."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from wording import says

from keras_gans.errors import UsageError
from keras_gans.rows import Experiment, PlannedRun, read_table

CLIP = {"name": "clip", "limit": 0.5}


@pytest.fixture
def plan(row, tmp_path):
    """Function that plans a run of the row with changes."""

    def planning(changed=None, seed=0, results=tmp_path, **fields):
        experiment = Experiment.from_dict({**row, **(changed or {}), **fields})
        return PlannedRun("table", 1, experiment, seed, changed or {}, Path(results))

    return planning


def write_folder(run, finished=False):
    run.folder.mkdir(parents=True)
    (run.folder / "experiment.yaml").write_text(run.to_yaml())
    if finished:
        write_metrics(run)


def write_metrics(run, **others):
    contents = {"log.jsonl": b"{}\n", "generator_model_000004.h5": b"weights"}
    for name, content in contents.items():
        (run.folder / name).write_bytes(content)
    digests = {name: sha256(content).hexdigest() for name, content in contents.items()}
    metrics = {"iterations": run.experiment.iterations, "sha256": digests, **others}
    (run.folder / "metrics.json").write_text(json.dumps(metrics))


# --- folder and title --------------------------------------------------------------------------


def test_the_folder_of_an_unchanged_row(plan):
    assert plan(seed=3, results="out").folder == Path("out/table/1/seed-3")


def test_changed_values_show_in_the_name_in_a_fixed_order(plan):
    name = "1+iterations=20+loss=wasserstein"
    for changed in (
        {"iterations": 20, "loss": "wasserstein"},
        {"loss": "wasserstein", "iterations": 20},
    ):
        assert plan(changed).folder.parent.name == name


def test_the_title_says_that_a_row_was_changed(plan):
    plain, changed = plan(), plan({"iterations": 20}, seed=2)
    assert (plain.title, plain.short_title) == ("table 1 seed 0", "table 1 s0")
    assert (changed.title, changed.short_title) == ("table 1 (changed) seed 2", "table 1* s2")


@pytest.mark.parametrize(
    "dataset",
    [
        "/data/faces",
        "../../etc",
        "a b",
        "C:\\x",
        "faces\u00e9",
        "x" * 300,
        "\U0001f600",
        "a?*",
        "a.",
    ],
)
def test_a_value_that_is_no_file_name_is_written_so_that_it_is_one(plan, dataset):
    folder = plan({"dataset": dataset}, results="out").folder
    assert folder.parts[:2] == ("out", "table")
    assert len(folder.parts) == 4
    name = folder.parent.name
    assert name.startswith("1+dataset=")
    assert name.isascii()
    assert len(name) < 100
    assert not set(name) & set('<>:"/\\|?*') and not name.endswith(".")  # for Windows


def test_a_field_that_is_no_file_name_is_written_so_that_it_is_one(plan):
    folder = replace(plan(results="out"), changed={"printed.a/b": 1}).folder
    assert len(folder.parts) == 4 and folder.parent.name.startswith("1+printed.a-b=1-")


def test_distinct_changes_have_distinct_folders(plan):
    changes = [
        {},
        {"dataset": "/a/b"},
        {"dataset": "/a-b"},
        {"dataset": "-a-b"},
        {"dataset": "x+loss=mse"},
        {"dataset": "x", "loss": "mse"},
        {"dataset": "y" * 200},
        {"dataset": "y" * 201},
        {"dataset": "a b"},
        {"dataset": "a  b"},
        {"dataset": "a"},
        {"dataset": "a."},
        {"constraint": CLIP},
        {"constraint": {**CLIP, "limit": 0.25}},
    ]
    assert len({plan(change).folder for change in changes}) == len(changes)


def test_experiment_yaml_holds_all_that_determines_the_run(plan):
    run = plan({"constraint": CLIP}, seed=4)
    about = yaml.safe_load(run.to_yaml())
    assert (about["table"], about["experiment"], about["seed"]) == ("table", 1, 4)
    assert about["changed"] == {"constraint": CLIP}
    assert Experiment.from_dict(about["row"]) == run.experiment


def test_the_heading_names_every_change(plan):
    assert plan(seed=3).heading == "table 1, seed 3"
    changed = {"loss": "wasserstein", "iterations": 20}
    assert plan(changed).heading == "table 1, seed 0: iterations=20, loss=wasserstein"


# --- state -------------------------------------------------------------------------------------


def test_the_state_goes_from_new_over_interrupted_to_finished(plan):
    run = plan()
    assert (run.state, run.result()) == ("new", None)
    write_folder(run)
    assert run.state == "interrupted"
    write_metrics(run)
    assert run.state == "finished"
    assert run.result()["iterations"] == run.experiment.iterations


def test_finished_is_what_verifies(plan):
    run = plan()
    write_folder(run, finished=True)
    weights, log = run.folder / "generator_model_000004.h5", run.folder / "log.jsonl"
    weights.unlink()
    assert run.state == "finished"  # published runs leave the weights out
    weights.write_bytes(b"weightz")
    assert run.state == "interrupted"
    write_metrics(run)
    log.write_bytes(b"")
    assert run.state == "interrupted"
    log.unlink()
    assert run.state == "interrupted"


def test_other_settings_are_named_down_to_the_option(plan):
    write_folder(plan(generator={"name": "vanilla", "hidden": [32]}))
    other = plan(generator={"name": "vanilla", "hidden": [48]})
    with pytest.raises(UsageError, match=r"\(generator.hidden: \[32\] there, \[48\] now\)"):
        other.state  # noqa: B018


def test_a_glance_trusts_saved_networks_and_nothing_else(plan):
    run = plan()
    assert run.glance == "new"
    write_folder(run, finished=True)
    (run.folder / "generator_model_000004.h5").write_bytes(b"weightz")
    assert (run.glance, run.state) == ("finished", "interrupted")
    (run.folder / "log.jsonl").write_bytes(b"")
    assert run.glance == "interrupted"
    with pytest.raises(UsageError, match="other settings"):
        plan(iterations=7).glance  # noqa: B018


@pytest.mark.parametrize(
    "metrics",
    [
        "",
        "{}",
        "[]",
        '{"iterations": 4',
        '{"iterations": 4, "sha256": []}',
        "\ufffd",
        "[" * 100_000,
    ],
)
def test_metrics_that_are_not_whole_are_no_result(plan, metrics):
    run = plan()
    write_folder(run, finished=True)
    (run.folder / "metrics.json").write_text(metrics)
    assert run.state == "interrupted"
    write_metrics(run, iterations=run.experiment.iterations - 1)
    assert run.state == "interrupted"


def test_a_field_that_came_later_stands_for_its_default(plan):
    run = plan()
    write_folder(run, finished=True)
    about = yaml.safe_load(run.to_yaml())
    del about["row"]["on_divergence"], about["row"]["turns"]["batch_norm"]
    (run.folder / "experiment.yaml").write_text(yaml.safe_dump(about))
    assert run.state == "finished"
    with pytest.raises(UsageError, match="on_divergence: 'stop' there, 'continue' now"):
        assert plan(on_divergence="continue").state


def test_results_that_are_a_file_hold_no_run(plan, tmp_path):
    (tmp_path / "results").write_text("")
    assert plan(results=tmp_path / "results").state == "new"


def test_a_folder_of_other_settings_is_refused_with_the_difference(plan):
    write_folder(plan(), finished=True)
    with pytest.raises(UsageError) as caught:
        assert plan(batch_size=9, constraint=CLIP).state
    said = "batch_size: 8 there, 9 now ... constraint: None there, {'limit': 0.5"
    assert says(str(caught.value), f"{plan().folder} ... {said} ... --restart")


def test_options_that_differ_are_a_difference(plan):
    write_folder(plan())
    for fields in ({"latents": {"size": 11}}, {"turns": {"fakes": "inference"}}):
        with pytest.raises(UsageError, match=next(iter(fields))):
            assert plan(**fields).state


def test_what_a_document_prints_is_no_setting(plan):
    write_folder(plan())
    assert plan(printed={"fid_thesis": 53.7}).state == "interrupted"


def test_the_order_of_the_changes_is_no_difference(plan, write_table, row, tmp_path):
    first = {"constraint": CLIP, "iterations": 20}
    write_folder(plan(first))
    assert plan(dict(reversed(first.items()))).state == "interrupted"
    table = read_table(write_table({"rows": {1: row}}))
    options = {"generator.alpha": 0.1, "generator.momentum": 0.5}
    there, now = (
        PlannedRun("table", 1, table.experiment(1, changed), 0, changed, tmp_path)
        for changed in (options, dict(reversed(options.items())))
    )
    write_folder(there)
    assert now.state == "interrupted"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe\x00", b"[", b"row: 3", b"row: [1]", b"- 1", b"{}", b"a: 2022-02-30",
        b"row: {}", b"[" * 10_000,
    ],
)  # fmt: skip
def test_a_damaged_experiment_yaml_is_refused(plan, content):
    run = plan()
    write_folder(run)
    (run.folder / "experiment.yaml").write_bytes(content)
    with pytest.raises(UsageError, match=r"settings|experiment.yaml is damaged") as caught:
        assert run.state
    assert len(str(caught.value)) < 3000

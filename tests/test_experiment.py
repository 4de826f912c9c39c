"""Rows: what is accepted, what is refused, and in which words."""

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import yaml

from keras_gans.datasets import Images
from keras_gans.errors import UsageError
from keras_gans.experiment import Experiment, Run, read_table

ROW = {
    "derived_from": "GAN",
    "dataset": "digits",
    "iterations": 100,
    "latent_dim": 10,
    "batch_size": 8,
    "loss": "mse",
    "optimizer": {"name": "adam", "learning_rate": 0.0002, "beta_1": 0.5},
    "generator": {"network": "dcgan", "kernel_size": 4},
    "discriminator": {"network": "shallow"},
    "save_every": 50,
}


def refusal(change):
    with pytest.raises(UsageError) as caught:
        Experiment.from_dict({**ROW, **change}, "some 1")
    message = str(caught.value)
    assert message.startswith("some 1: ")
    assert "\n" not in message
    return message.removeprefix("some 1: ")


def write_table(folder, text):
    path = folder / "table.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def table_refusal(folder, text):
    path = write_table(folder, text)
    with pytest.raises(UsageError) as caught:
        read_table(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def table(tmp_path):
    return read_table(write_table(tmp_path, yaml.safe_dump({"rows": {1: ROW, 3: ROW}})))


# --- one row ----------------------------------------------------------------------------------


def test_row_becomes_an_experiment_with_the_defaults():
    experiment = Experiment.from_dict(ROW)
    assert experiment.generator.network == "dcgan"
    assert experiment.generator.options == {"kernel_size": 4}
    assert experiment.optimizer.beta_1 == 0.5
    assert (experiment.d_steps, experiment.d_update, experiment.clip) == (1, "joint", None)
    assert experiment.evaluate_every == 50


def test_fid_every_comes_before_save_every():
    assert Experiment.from_dict({**ROW, "fid_every": 10}).evaluate_every == 10


def test_experiment_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Experiment.from_dict(ROW).iterations = 1


def test_whole_number_will_do_where_a_float_is_wanted():
    experiment = Experiment.from_dict({**ROW, "clip": 1})
    assert type(experiment.clip) is float


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"itertions": 5}, "unknown field 'itertions'; did you mean 'iterations'?"),
        ({7: 5}, "unknown field '7'; there is "),
        ({"iterations": "many"}, "iterations: 'many' is of type str, not int"),
        ({"iterations": 10.0}, "iterations: 10.0 is of type float, not int"),
        ({"iterations": True}, "iterations: True is of type bool, not int"),
        ({"iterations": None}, "iterations: None is of type NoneType, not int"),
        ({"clip": True}, "clip: True is of type bool, not float or null"),
        ({"clip": [0.01]}, "clip: [0.01] is of type list, not float or null"),
        ({"dataset": 3}, "dataset: 3 is of type int, not str"),
        ({"iterations": 0}, "iterations: 0 must be at least 1"),
        ({"batch_size": -1}, "batch_size: -1 must be at least 1"),
        ({"fid_samples": 1}, "fid_samples: 1 must be at least 2"),
        ({"clip": 0}, "clip: 0.0 must be positive and finite"),
        ({"clip": float("inf")}, "clip: inf must be positive and finite"),
        ({"clip": float("nan")}, "clip: nan must be positive and finite"),
        ({"loss": "mean"}, "loss: 'mean' is not known"),
        ({"loss": "msee"}, "loss: 'msee' is not known; did you mean 'mse'?"),
        ({"loss": "constructor"}, "loss: 'constructor' is not known"),
        ({"latents": "shard"}, "latents: 'shard' is not known; did you mean 'shared'?"),
        ({"sampling": None}, "sampling: None is not known; there is replacement, epochs"),
        ({"fid_features": "lenett"}, "fid_features: 'lenett' is not known; did you mean 'lenet'?"),
        ({"generator": "dcgan"}, "generator: write {network: NAME, option: value, ...}"),
        ({"generator": {"alpha": 1.0}}, "generator: write {network: NAME, option: value, ...}"),
        (
            {"generator": {"network": "dcgna"}},
            "generator.network: 'dcgna' is not known; did you mean 'dcgan'?",
        ),
        ({"generator": {"network": "../gan"}}, "generator.network: '../gan' is not known"),
        ({"generator": {"network": ["dcgan"]}}, "generator.network: ['dcgan'] is not known"),
        (
            {"generator": {"network": "shallow"}},
            "generator: network 'shallow' has no generator",
        ),
        (
            {"generator": {"network": "dcgan", "kernel": 3}},
            "generator: unknown option 'kernel'; did you mean 'kernel_size'?",
        ),
        (
            {"generator": {"network": "dcgan", "latent_dim": 3}},
            "generator: unknown option 'latent_dim'",
        ),
        (
            {"generator": {"network": "dcgan", "kernel_size": 3.5}},
            "generator.kernel_size: 3.5 is of type float, not int",
        ),
        (
            {"discriminator": {"network": "dcgan", "last_activation": "sigmod"}},
            "discriminator.last_activation: 'sigmod' is not known; did you mean 'sigmoid'?",
        ),
        (  # YAML writes null; None is a text to it
            {"discriminator": {"network": "lsgan", "last_activation": "None"}},
            "discriminator.last_activation: 'None' is not known; there is sigmoid, null",
        ),
        ({"optimizer": "adam"}, "optimizer: 'adam' is not a mapping of fields"),
        ({"optimizer": {"name": "adam"}}, "optimizer: the field 'learning_rate' is missing"),
        (
            {"optimizer": {"name": "adm", "learning_rate": 0.1}},
            "optimizer: name: 'adm' is not known; did you mean 'adam'?",
        ),
        (
            {"optimizer": {"name": "adam", "learning_rate": 0.1, "beta_1": 1}},
            "optimizer: beta_1: 1.0 must be in [0, 1)",
        ),
        (
            {"optimizer": {"name": "adam", "learning_rate": 0.0}},
            "optimizer: learning_rate: 0.0 must be positive and finite",
        ),
        (
            {"optimizer": {"name": "rmsprop", "learning_rate": 0.1, "beta_1": 0.5}},
            "optimizer.beta_1 belongs to adam, not to rmsprop",
        ),
        ({"printed": [53.7]}, "printed: [53.7] is of type list, not dict"),
        ({"printed": {"fid": "53,7"}}, "printed.fid: '53,7' is of type str, not float"),
    ],
)
def test_wrong_row_is_refused_by_the_name_of_the_field(change, message):
    assert refusal(change).startswith(message)


@pytest.mark.parametrize("name", list(ROW))
def test_missing_field_is_named(name):
    row = {key: value for key, value in ROW.items() if key != name}
    with pytest.raises(UsageError, match=f"^row: the field '{name}' is missing$"):
        Experiment.from_dict(row)


@pytest.mark.parametrize(
    ("text", "number"), [("2e-4", 0.0002), ("5e-5", 5e-5), ("1e3", 1000.0), ("'0.1'", 0.1)]
)
def test_number_that_yaml_reads_as_text_is_said_and_the_advice_works(text, number):
    value = yaml.safe_load(text)
    assert type(value) is str  # the trap that this is about
    message = refusal({"optimizer": {"name": "sgd", "learning_rate": value}})
    said, advice = message.split("; write ")
    assert said == f"optimizer: learning_rate: YAML reads {value} as text"
    assert yaml.safe_load(advice) == number


@pytest.mark.parametrize("text", ["nan", "inf"])
def test_text_that_is_no_finite_number_is_refused(text):
    assert "as text" in refusal({"clip": text})


def test_value_of_any_length_makes_a_short_message():
    bomb = ["lol"]
    for _ in range(30):
        bomb = [bomb] * 10  # 10^30 words, were they ever written out
    assert len(refusal({"dataset": bomb})) < 200
    assert len(refusal({"latents": "x" * 10_000})) < 200
    assert len(refusal({"optimizer": bomb})) < 200
    assert len(refusal({"latents": bomb})) < 200
    assert len(refusal({"loss": bomb})) < 200
    assert len(refusal({"generator": {"network": bomb}})) < 200


@pytest.mark.parametrize("row", [None, 3, "text", [ROW]])
def test_row_that_is_no_mapping_is_refused(row):
    with pytest.raises(UsageError, match="is not a mapping of fields"):
        Experiment.from_dict(row)


def test_images_of_another_size_are_refused_with_both_sizes():
    experiment = Experiment.from_dict({**ROW, "image_size": 40})
    images = Images("faces", np.zeros((2, 28, 28, 3), "uint8"), None, "faces.npz")
    with pytest.raises(UsageError, match=r"faces.npz has images of 28x28.* about 40x40"):
        experiment.check_data(images)
    replace(experiment, image_size=28).check_data(images)
    replace(experiment, image_size=None).check_data(images)


# --- tables -----------------------------------------------------------------------------------


def test_defaults_are_under_every_row_and_rows_win(tmp_path):
    rows = {1: {**ROW, "save_every": 7}, 2: {k: v for k, v in ROW.items() if k != "save_every"}}
    text = yaml.safe_dump({"defaults": {"save_every": 20, "latents": "shared"}, "rows": rows})
    table = read_table(write_table(tmp_path, text))
    assert [table.experiment(n).save_every for n in (1, 2)] == [7, 20]
    assert [table.experiment(n).latents for n in (1, 2)] == ["shared", "shared"]
    assert table.name == "table"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rows: {1: [", "is not valid YAML"),
        ("rows: !!python/object/apply:os.system ['true']", "is not valid YAML"),
        ("rows: {1: {dataset: 2022-02-30}}", "is not valid YAML"),
        ("\x00", "is not valid YAML"),
        ("[" * 100_000, "is not valid YAML"),
        ("", "is not a table"),
        ("just words", "is not a table"),
        ("source: x", "is not a table"),
        ("rows: [1, 2]", "is not a table"),
        ("rows: {}", "'rows' to have one at least"),
        ("defaults: [1]\nrows: {1: {}}", "'defaults' has to be a mapping"),
        ("rowz: {}\nrows: {1: {}}", "unknown key 'rowz'; did you mean 'rows'?"),
        ("rows: {1: 2}", "row '1' is not a number with a mapping of fields"),
        ("rows: {one: {}}", "row 'one' is not a number with a mapping of fields"),
        ("rows: {-1: {}}", "row '-1' is not a number with a mapping of fields"),
        ("rows: {true: {}}", "row 'True' is not a number with a mapping of fields"),
        ("rows: {1: {loss: mse, loss: wasserstein}}", "'loss' occurs twice"),
        ("rows: {1: {}, 2: {}, 1: {}}", "'1' occurs twice"),
    ],
)
def test_wrong_table_is_refused_by_the_name_of_the_file(tmp_path, text, message):
    assert message in table_refusal(tmp_path, text)


def test_duplicate_key_is_found_where_it_stands(tmp_path):
    assert "line 3, column 6" in table_refusal(tmp_path, "source: x\nrows:\n  1: {a: 1, a: 2}")


def test_merged_mapping_may_be_overridden_and_merged_again(tmp_path):
    # Merging rewrites the merged mapping in place, which once looked like a key given twice.
    text = """
defaults: {discriminator: &d {network: shallow}, generator: &g {<<: *d, network: dcgan}, %s}
rows:
  1: &one {batch_size: 8}
  2: &two {<<: *one, batch_size: 9}
  3: {<<: *two, generator: {<<: *g, kernel_size: 4}, loss: mse}
"""
    plain = {k: v for k, v in ROW.items() if k not in ("generator", "discriminator", "batch_size")}
    text %= yaml.safe_dump(plain, default_flow_style=True, width=10**6).strip()[1:-1]
    table = read_table(write_table(tmp_path, text))
    assert [table.experiment(n).batch_size for n in (1, 2, 3)] == [8, 9, 9]


def test_binary_file_is_refused(tmp_path):
    path = tmp_path / "table.yaml"
    path.write_bytes(b"\xff\xfe\x00rows")
    with pytest.raises(UsageError, match="is not valid YAML"):
        read_table(path)


def test_file_of_over_a_megabyte_is_refused_unread(tmp_path):
    assert "200 kB" in table_refusal(tmp_path, "#" * 200_001)


def test_error_in_a_row_names_table_and_row(tmp_path):
    path = write_table(tmp_path, yaml.safe_dump({"rows": {4: {**ROW, "batch_size": 0}}}))
    with pytest.raises(UsageError, match=r"^table 4: batch_size: 0 must be at least 1$"):
        read_table(path)


def test_unknown_table_is_suggested():
    with pytest.raises(UsageError, match="unknown table 'quikstart'; did you mean 'quickstart'"):
        read_table("quikstart")


def test_table_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"there is no table .*nowhere.yaml"):
        read_table(tmp_path / "nowhere.yaml")


def test_unknown_row_is_told_the_range(table):
    with pytest.raises(UsageError, match="'table' has no experiment 2; it has 1 to 3"):
        table.experiment(2)


# --- overrides --------------------------------------------------------------------------------


def test_overrides_reach_nested_fields_and_leave_the_table_alone(table):
    changes = {"optimizer.learning_rate": 0.5, "generator.alpha": 0.1, "iterations": 3}
    changed = table.experiment(1, changes)
    assert changed.optimizer.learning_rate == 0.5
    assert changed.optimizer.beta_1 == 0.5
    assert changed.generator.options == {"kernel_size": 4, "alpha": 0.1}
    assert changed.iterations == 3
    assert table.experiment(1) == Experiment.from_dict(ROW)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"batchsize": 3}, "unknown field 'batchsize'; did you mean 'batch_size'?"),
        ({"optimizer.lr": 3.0}, "optimizer: unknown field 'lr'"),
        ({"optimizr.learning_rate": 1.0}, "'optimizr' has no fields of its own"),
        ({"iterations.a": 1}, "'iterations' has no fields of its own"),
        ({"generator.kernel": 1}, "unknown option 'kernel'; did you mean 'kernel_size'?"),
        ({"": 1}, "unknown field ''"),
    ],
)
def test_wrong_override_is_refused(table, overrides, message):
    with pytest.raises(UsageError, match=r".*") as caught:
        table.experiment(1, overrides)
    assert message in str(caught.value)


def test_other_data_drop_the_size_that_the_row_asks_for():
    table = read_table("akel2022")
    assert table.experiment(18).image_size == 40
    assert table.experiment(18, {"batch_size": 4}).image_size == 40
    assert table.experiment(18, {"dataset": "digits"}).image_size is None
    both = {"image_size": 64, "dataset": "lfw"}
    assert table.experiment(18, both).image_size == 64


# --- runs -------------------------------------------------------------------------------------


def run_of(results, changed=None, seed=0):
    row = dict(ROW)
    row.update(changed or {})
    return Run("table", 1, Experiment.from_dict(row), seed, changed or {}, Path(results))


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


def test_folder_of_an_unchanged_row():
    assert run_of("out", seed=3).folder == Path("out/table/1/seed-3")


def test_changed_values_show_in_the_name_in_a_fixed_order():
    name = "1+clip=0.5+iterations=20"
    assert run_of("out", {"iterations": 20, "clip": 0.5}).folder.parent.name == name
    assert run_of("out", {"clip": 0.5, "iterations": 20}).folder.parent.name == name


def test_title_says_that_a_row_was_changed():
    assert run_of("out").title == "table 1 seed 0"
    assert run_of("out", {"clip": 0.5}, 2).title == "table 1 (changed) seed 2"


@pytest.mark.parametrize(
    "dataset", ["/data/faces", "../../etc", "a b", "C:\\x", "faces\u00e9", "x" * 300, "\U0001f600"]
)
def test_value_that_is_no_file_name_is_written_so_that_it_is_one(dataset):
    folder = run_of("out", {"dataset": dataset}).folder
    assert folder.parts[:2] == ("out", "table")
    assert len(folder.parts) == 4
    name = folder.parent.name
    assert name.startswith("1+dataset=")
    assert name.isascii()
    assert len(name) < 100


def test_distinct_changes_have_distinct_folders():
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
    ]
    folders = {run_of("out", change).folder for change in changes}
    assert len(folders) == len(changes)


def test_state_goes_from_new_over_interrupted_to_finished(tmp_path):
    run = run_of(tmp_path)
    assert run.state == "new"
    write_folder(run)
    assert run.state == "interrupted"
    write_metrics(run)
    assert run.state == "finished"
    assert run.result()["iterations"] == run.experiment.iterations


def test_finished_is_what_verifies(tmp_path):
    run = run_of(tmp_path)
    write_folder(run, finished=True)
    weights, log = run.folder / "generator_model_000004.h5", run.folder / "log.jsonl"
    weights.unlink()
    assert run.state == "finished"  # whoever publishes a run leaves the weights away
    weights.write_bytes(b"weightz")
    assert run.state == "interrupted"
    write_metrics(run)
    log.write_bytes(b"")
    assert run.state == "interrupted"
    log.unlink()
    assert run.state == "interrupted"


@pytest.mark.parametrize(
    "metrics", ["", "{}", "[]", '{"iterations": 4', '{"iterations": 4, "sha256": []}', "\ufffd"]
)
def test_metrics_that_are_not_whole_are_no_result(tmp_path, metrics):
    run = run_of(tmp_path)
    write_folder(run, finished=True)
    (run.folder / "metrics.json").write_text(metrics)
    assert run.state == "interrupted"
    write_metrics(run, iterations=run.experiment.iterations - 1)
    assert run.state == "interrupted"


def test_a_field_that_came_later_stands_for_its_default(tmp_path):
    run = run_of(tmp_path)
    write_folder(run, finished=True)
    about = yaml.safe_load(run.to_yaml())
    del about["row"]["on_divergence"]
    (run.folder / "experiment.yaml").write_text(yaml.safe_dump(about))
    assert run.state == "finished"
    changed = {**ROW, "on_divergence": "continue"}
    with pytest.raises(UsageError, match=r"\(on_divergence: 'stop' there, 'continue' now\)"):
        assert Run("table", 1, Experiment.from_dict(changed), 0, {}, tmp_path).state


def test_results_that_are_a_file_hold_no_run(tmp_path):
    (tmp_path / "results").write_text("")
    assert run_of(tmp_path / "results").state == "new"


def test_folder_of_a_changed_row_is_refused_with_the_difference(tmp_path):
    write_folder(run_of(tmp_path), finished=True)
    row = {**ROW, "batch_size": 9, "clip": 0.5}
    now = Run("table", 1, Experiment.from_dict(row), 0, {}, tmp_path)
    with pytest.raises(UsageError) as caught:
        assert now.state
    message = str(caught.value)
    assert "(batch_size: 8 there, 9 now, clip: None there, 0.5 now)" in message
    assert "--restart" in message


def test_what_a_document_prints_is_no_setting(tmp_path):
    write_folder(run_of(tmp_path))
    row = {**ROW, "printed": {"fid_thesis": 53.7}}
    assert Run("table", 1, Experiment.from_dict(row), 0, {}, tmp_path).state == "interrupted"


def test_order_of_the_changes_is_no_difference(tmp_path):
    first = {"clip": 0.5, "iterations": 20}
    write_folder(run_of(tmp_path, first))
    assert run_of(tmp_path, dict(reversed(first.items()))).state == "interrupted"
    table = read_table(write_table(tmp_path, yaml.safe_dump({"rows": {1: ROW}})))
    options = {"generator.alpha": 0.1, "generator.momentum": 0.5}
    there, now = (
        Run("table", 1, table.experiment(1, changed), 0, changed, tmp_path)
        for changed in (options, dict(reversed(options.items())))
    )
    write_folder(there)
    assert now.state == "interrupted"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"[", b"row: 3", b"row: [1]", b"- 1", b"{}", b"a: 2022-02-30"]
)
def test_damaged_experiment_yaml_is_refused(tmp_path, content):
    run = run_of(tmp_path)
    write_folder(run)
    (run.folder / "experiment.yaml").write_bytes(content)
    with pytest.raises(UsageError, match=r"experiment.yaml is damaged"):
        assert run.state


def test_experiment_yaml_holds_all_that_determines_the_run():
    run = run_of("out", {"clip": 0.5}, seed=4)
    about = yaml.safe_load(run.to_yaml())
    assert (about["table"], about["experiment"], about["seed"]) == ("table", 1, 4)
    assert about["changed"] == {"clip": 0.5}
    assert Experiment.from_dict(about["row"]) == run.experiment


def test_reading_tables_imports_no_keras():
    program = (
        "import sys\n"
        "from keras_gans.experiment import read_table\n"
        "read_table('akel2022'), read_table('akel2022_ablation'), read_table('quickstart')\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'scipy', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)

"""Tables: their header, defaults under every row, and values that replace those of a row."""

import pytest
from wording import says

from keras_gans import rows
from keras_gans.errors import UsageError
from keras_gans.parts import Part, Reference
from keras_gans.rows import Experiment, read_table


def refusal(function, *arguments):
    with pytest.raises(UsageError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def table(write_table, row):
    return read_table(write_table({"rows": {1: row, 3: row}}))


def test_a_table_has_the_name_of_its_file_and_a_header(write_table, row):
    content = {"source": "A\n  b", "command": "c", "expected": "d", "rows": {1: row}}
    table = read_table(write_table(content))
    assert (table.name, table.path.name) == ("table", "table.yaml")
    assert (table.source, table.command, table.expected) == ("A b", "c", "d")


def test_a_heading_stands_at_a_row(write_table, row):
    table = read_table(write_table({"headings": {3: "a\n  b"}, "rows": {1: row, 3: row}}))
    assert table.headings == {3: "a b"}


def test_defaults_are_under_every_row_and_rows_win(write_table, row):
    other = {key: value for key, value in row.items() if key != "save_every"}
    defaults = {"save_every": 20, "turns": {"d_steps": 3}}
    content = {"defaults": defaults, "rows": {1: {**row, "save_every": 7}, 2: other}}
    table = read_table(write_table(content))
    assert [table.experiment(n).save_every for n in (1, 2)] == [7, 20]
    assert [table.experiment(n).turns.d_steps for n in (1, 2)] == [3, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a table"),
        ("just words", "not a table"),
        ("source: x", "not a table"),
        ("rows: [1, 2]", "not a table"),
        ("rows: {}", "'rows' ... empty"),
        ("defaults: [1]\nrows: {1: {}}", "'defaults' ... mapping"),
        ("rowz: {}\nrows: {1: {}}", "key 'rowz' ... 'rows'?"),
        ("rows: {one: {}}", "row 'one' ... number"),
        ("rows: {-1: {}}", "row -1 ... number"),
        ("rows: {true: {}}", "row True ... number"),
        ("rows: {1: {loss: mse, loss: wasserstein}}", "'loss' occurs twice"),
        ("rows: {1: [", "not valid YAML"),
        ("headings: [a]\nrows: {1: {}}", "'headings' must be a mapping"),
        ("headings: {2: a}\nrows: {1: {}}", "headings: there is no row 2"),
        ("headings: {true: a}\nrows: {1: {}}", "headings: there is no row True"),
        ("headings: {1: [a]}\nrows: {1: {}}", "headings: 1: ['a'] is not a text"),
        ("headings: {1: ' '}\nrows: {1: {}}", "headings: 1: ' ' is not a text"),
    ],
)
def test_a_wrong_table_is_refused_by_the_name_of_the_file(write_table, text, message):
    path = write_table(text)
    assert says(refusal(read_table, path), f"{path} ... {message}")


def test_a_mistake_in_a_row_leaves_the_others_alone(write_table, row):
    table = read_table(write_table({"rows": {3: row, 4: {**row, "batch_size": 0}}}))
    assert table.experiment(3) == Experiment.from_dict(row)
    message = "table 4: batch_size: 0 ... at least 1"
    assert says(refusal(table.experiment, 4), message)
    assert refusal(table.experiments).startswith("table 4: batch_size: 0")


def test_several_rows_are_refused_with_the_name_of_every_row_that_is_wrong(write_table, row):
    wrong = {9: {**row, "loss": "mze"}, 4: {**row, "batch_size": 0}, 5: 2}
    table = read_table(write_table({"rows": {3: row, **wrong}}))
    assert says(
        refusal(table.experiments),
        "3 rows are wrong: table 4: batch_size ... | table 5: 2 is not a mapping ... "
        "| table 9: ... 'mze' ... 'mse'?",
    )
    assert says(
        refusal(table.experiments, [3, 9, 8]), "2 rows ... table 9: ... | table 'table' has no"
    )
    assert list(table.experiments([3])) == [3]


def test_a_message_about_very_many_rows_ends(write_table, row):
    rows_ = {number: {**row, "batch_size": 0} for number in range(300)}
    message = refusal(read_table(write_table({"rows": rows_})).experiments)
    assert message.endswith(" | and 290 more") and len(message) < 1000


@pytest.mark.parametrize("needed", [None, 7, {"stage": "classifier"}])
def test_a_row_that_needs_something_else_than_a_gan_is_refused(write_table, needed):
    classifier = {"stage": "classifier", "derived_from": "LeNet", "dataset": "digits", "epochs": 2}
    rows = {1: needed, 2: {**classifier, "synthetic": {"row": 1, "share": 0.25}}}
    said = refusal(read_table(write_table({"rows": rows})).experiment, 2)
    assert said.endswith("2: the table has no GAN 1")


def test_a_classifier_needs_a_row_whose_generator_takes_labels(write_table, row):
    classifier = {"stage": "classifier", "derived_from": "LeNet", "dataset": "digits", "epochs": 2}
    rows = {1: row, 2: {**classifier, "synthetic": {"row": 1, "share": 0.25}}}
    said = refusal(read_table(write_table({"rows": rows})).experiment, 2)
    assert said.endswith(
        "2: the generator of row 1 takes no labels: give the row of a conditional GAN"
    )


def test_an_unknown_table_is_suggested():
    assert says(refusal(read_table, "quikstart"), "unknown table 'quikstart' ... 'quickstart'?")


def test_a_table_file_that_is_not_there_is_named(tmp_path):
    assert str(tmp_path / "nowhere.yaml") in refusal(read_table, tmp_path / "nowhere.yaml")


def test_an_unknown_row_is_told_which_there_are(table):
    assert says(refusal(table.experiment, 2), "table 'table' ... 2 ... 1,3")


def test_the_tables_of_the_package_are_found_by_name():
    assert rows.tables() == sorted(path.stem for path in rows.tables_folder().glob("*.yaml"))
    assert read_table("quickstart").path == rows.tables_folder() / "quickstart.yaml"


# --- overrides ---------------------------------------------------------------------------------


def test_overrides_reach_options_of_parts_and_leave_the_table_alone(table, row):
    changes = {"optimizer.learning_rate": 0.5, "generator.alpha": 0.1, "iterations": 3}
    changed = table.experiment(1, changes)
    assert changed.optimizer.options == {"learning_rate": 0.5, "beta_1": 0.5}
    assert changed.generator.options == {"kernel_size": 4, "alpha": 0.1}
    assert changed.iterations == 3
    assert table.experiment(1) == Experiment.from_dict(row)


def test_an_override_gives_an_option_to_a_part_that_has_none(table):
    assert table.experiment(1, {"loss.real": 0.9}).loss.plain == {"name": "mse", "real": 0.9}
    assert table.experiment(1, {"discriminator.filters": 8}).discriminator.options["filters"] == 8
    assert table.experiment(1, {"dataset.name": "mnist"}).dataset == Part("datasets", "mnist")


def test_an_override_reaches_the_switches_of_a_row_that_names_none(table):
    changed = table.experiment(1, {"turns.d_steps": 5, "turns.update": "separate"})
    assert (changed.turns.d_steps, changed.turns.update.name) == (5, "separate")


def test_the_distribution_of_latents_can_be_changed_and_keeps_the_size(table):
    latents = table.experiment(1, {"latents.name": "uniform", "latents.low": 0}).latents
    assert latents == Part("latents", "uniform", {"size": 10, "low": 0.0})


def test_a_part_can_be_replaced_as_a_whole_or_taken_away(table):
    changed = table.experiment(1, {"generator": "vanilla", "constraint": "clip"})
    assert changed.generator == Part("networks", "vanilla")
    assert changed.constraint == Part("constraints", "clip")
    two = {"optimizer": None, "d_optimizer": "adam", "g_optimizer": {"name": "sgd"}}
    assert table.experiment(1, two).optimizer is None


def test_another_data_set_has_none_of_the_options_of_the_row():
    table = read_table("akel2022")
    assert table.experiment(18).dataset.options == {"size": 40}
    assert table.experiment(18, {"batch_size": 4}).dataset.options == {"size": 40}
    assert table.experiment(18, {"dataset": "digits"}).dataset == Part("datasets", "digits")
    both = {"dataset": "lfw", "dataset.size": 64}
    assert table.experiment(18, both).dataset.plain == {"name": "lfw", "size": 64}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"batchsize": 3}, "table 1: ... 'batchsize' ... 'batch_size'?"),
        ({"optimizer.lr": 3.0}, "table 1: optimizer: ... 'lr'"),
        ({"turns.d_step": 3}, "table 1: turns: ... 'd_step' ... 'd_steps'?"),
        ({"generator.kernel": 1}, "table 1: generator: ... 'kernel' ... 'kernel_size'?"),
        ({"optimizr.learning_rate": 1.0}, "'optimizr' ... 'optimizr.learning_rate'"),
        ({"iterations.a": 1}, "'iterations' ... 'iterations.a'"),
        ({"constraint.limit": 0.1}, "'constraint' ... 'constraint.limit'"),
        ({"turns.d_steps.a": 0.1}, "'d_steps' ... 'd_steps.a'"),
        ({"": 1}, "table 1: ... field ''"),
        # Options of one network mean nothing to another.
        ({"generator.name": "vanilla"}, "'generator' ... 'dcgan' ... generator=vanilla"),
    ],
)
def test_a_wrong_override_is_refused(table, overrides, message):
    assert says(refusal(table.experiment, 1, overrides), message)


def test_rows_that_do_not_exist_are_told_in_one_sentence():
    table = read_table("sundar2018")
    with pytest.raises(UsageError) as caught:
        table.experiments(range(39, 52))
    assert str(caught.value) == (
        "table 'sundar2018' has no experiments 45-50; it has 1-15,21-25,31-44,51-56,61-70,80"
    )
    with pytest.raises(UsageError, match=r"has no experiment 45; it has 1-15,21-25"):
        table.experiments([44, 45])


def test_a_table_of_ones_own_is_kept_beside_its_runs(table, tmp_path):
    results = tmp_path / "results"
    assert rows.table_of(results / "table") is None
    assert table.keep(results) == results / "table" / "table.yaml"
    kept = rows.table_of(results / "table")
    assert (kept.name, kept.rows) == (table.name, table.rows)
    assert read_table("akel2022").keep(results) is None
    assert not (results / "akel2022").exists()
    assert rows.table_of(results / "akel2022").source == read_table("akel2022").source


def test_claims_may_be_about_a_table_beside_their_own(write_table, row, tmp_path):
    claim = {"says": "So it is", "where": "page 1"}
    for name, rows_of_others in (("other", [1, 2]), ("mine", [1, "other/2", "mine/1"])):
        test = {"name": "ordered", "rows": rows_of_others[:2], "measure": "fid"}
        content = {"rows": {1: row, 2: row}, "claims": {1: {**claim, "test": test}}}
        path = write_table(content).rename(tmp_path / f"{name}.yaml")
    table = read_table(path)
    assert table.row(Reference("other/2")) == table.row(Reference("mine/2"))
    kept = table.keep(tmp_path / "results")
    for path in tmp_path.glob("*.yaml"):
        path.unlink()
    assert kept == tmp_path / "results" / "mine" / "mine.yaml"
    assert rows.table_of(kept.parent).row(Reference("other/2")) == table.row(Reference(2))
    with pytest.raises(UsageError, match="give the name of a table, other, not its file"):
        table.row(Reference("other.yaml/2"))


def test_a_table_may_have_the_name_of_one_of_the_package(tmp_path):
    """Its runs say nothing of the package's claims."""
    path = tmp_path / "akel2022.yaml"
    path.write_text((rows.tables_folder() / "quickstart.yaml").read_text())
    read_table(path).keep(tmp_path / "results")
    assert rows.table_of(tmp_path / "results" / "akel2022").rows == read_table("quickstart").rows

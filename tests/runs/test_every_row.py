"""Every row of every table can be trained.

Rows that differ in nothing but intervals, counts, sizes and rates have one graph: such a group has
one row that takes two iterations here. One group for each pair of networks of the thesis is run
with all its files (`test_run.py` runs labels and points); the others take their iterations without
files and without compiling, which takes most of the time. `test_classifier.py` runs rows of that
stage.
"""

import json
from dataclasses import replace

import numpy as np
import pytest
from running import plan, train

from keras_gans import datasets, generators
from keras_gans.batches import Sampler, batches
from keras_gans.optimizers import OPTIMIZERS
from keras_gans.rows import Experiment, read_table, tables
from keras_gans.runs.building import build

pytestmark = pytest.mark.usefixtures("without_xla")
FEW = {"iterations": 2, "save_every": 2, "batch_size": 4, "measure_samples": 10}
COUNTS = (
    "derived_from", "iterations", "batch_size", "latents", "save_every", "save_at", "measure",
    "measure_every", "measure_samples", "sampling", "stop", "on_divergence", "phases", "printed",
)  # fmt: skip
NUMBERS = ("learning_rate", "beta_1", "beta_2", "alpha")
PRESENT = ("momentum", "dropout")  # a number, or 0 or null for none
PARTS = ("optimizer", "d_optimizer", "g_optimizer", "generator", "discriminator")
PLANE = ("ring", "grid")


def graph(experiment):
    """What two rows have in common whose training steps are the same function."""
    row = {field: value for field, value in experiment.to_dict().items() if field not in COUNTS}
    for part in PARTS:
        if isinstance(row[part], dict):
            row[part] = {k: _kind(k, v) for k, v in row[part].items() if k not in NUMBERS}
    if experiment.dataset.name in PLANE:
        row["dataset"] = PLANE
    return json.dumps({**row, "latents": experiment.latents.name})


def _kind(option, value):
    """Whether there is such a layer or moment; the depth of a perceptron; else the value."""
    return bool(value) if option in PRESENT else len(value) if option == "hidden" else value


TABLES = {name: read_table(name) for name in tables()}
ROWS = {(name, n): table.experiment(n) for name, table in TABLES.items() for n in table.rows}
EXPERIMENTS = {row: found for row, found in ROWS.items() if isinstance(found, Experiment)}
GROUPS = {}
for _row, _experiment in EXPERIMENTS.items():
    GROUPS.setdefault(graph(_experiment), []).append(_row)

WITH_FILES = [
    ("akel2022", 2), ("akel2022", 4), ("akel2022", 6), ("akel2022", 9), ("akel2022", 11),
    ("akel2022", 13), ("akel2022", 15), ("akel2022", 18),
]  # fmt: skip
WITHOUT_FILES = [rows[0] for rows in GROUPS.values() if not set(rows) & set(WITH_FILES)]
BUILT = [row for row in EXPERIMENTS if row not in WITH_FILES + WITHOUT_FILES]


@pytest.fixture(scope="module")
def data(tiny_data):
    """Function from an experiment to its data, which are tiny."""
    loaded = {}

    def load(experiment):
        key = str(experiment.dataset.plain)
        if key not in loaded:
            source = datasets.load(experiment.dataset, tiny_data)
            labels = np.arange(len(source)) % 10 if source.labels is None else source.labels
            loaded[key] = replace(source, labels=labels)
        return loaded[key].standardized() if experiment.standardize else loaded[key]

    return load


def test_every_row_is_trained_or_has_the_graph_of_a_row_that_is():
    trained = {graph(EXPERIMENTS[row]) for row in WITH_FILES + WITHOUT_FILES}
    assert trained == set(GROUPS)
    assert len(WITH_FILES) + len(WITHOUT_FILES) + len(BUILT) == len(EXPERIMENTS) >= 40


def test_every_pair_of_networks_and_both_data_sets_of_the_thesis_are_run_with_files():
    def networks(row):
        experiment = EXPERIMENTS[row]
        return json.dumps([experiment.generator.plain, experiment.discriminator.plain])

    akel = {networks(row) for row in EXPERIMENTS if row[0] == "akel2022"}
    assert akel <= {networks(row) for row in WITH_FILES}
    chosen = [EXPERIMENTS[row].dataset.name for row in WITH_FILES]
    assert min(chosen.count("mnist"), chosen.count("celeba")) >= 4


@pytest.mark.parametrize("row", WITH_FILES, ids=str)
def test_a_row_with_all_its_files(row, data, tiny_data, tmp_path):
    planned = plan(*row, tmp_path, FEW)
    source = data(planned.experiment)
    metrics, progress = train(planned, tiny_data, source)
    assert metrics["iterations"] == 2
    assert metrics["printed"] == EXPERIMENTS[row].printed
    assert np.isfinite(list(metrics["final"].values())).all()
    saved = generators.load(planned.folder / "generator_model_000002.h5")
    assert saved.latents.plain == EXPERIMENTS[row].latents.plain
    assert saved.shape == source.shape
    assert saved.sample(3).shape == (3, *source.shape)
    if EXPERIMENTS[row].dataset.name == "celeba":
        # The weights of the FID network are not there: said once, null under its own name.
        assert list(metrics["measured"]) == ["fid10_inception768_75px"]
        assert metrics["measured"]["fid10_inception768_75px"]["last"] is None
        assert len([note for note in progress.notes if "null" in note]) == 1
    else:
        assert metrics["measured"]["fid10_lenet"]["last"] > 0


@pytest.mark.parametrize("row", WITHOUT_FILES, ids=str)
def test_a_row_without_files(row, data):
    experiment = TABLES[row[0]].experiment(row[1], FEW)
    source = data(experiment)
    gan = build(experiment, source, seed=0)
    gan.run_eagerly = True
    networks = gan.discriminator, gan.generator
    before = [[w.numpy() for w in network.trainable_weights] for network in networks]
    # Several turns of the discriminator are several steps already.
    iterations = 2 if experiment.turns.d_steps == 1 else 1
    sampler = Sampler(len(source), experiment.turns.samples(4), 0)
    labels = source.labels if gan.conditional else None
    drawn = batches(source.values, labels, sampler, 0, iterations)
    gan.fit(drawn, steps_per_epoch=iterations, shuffle=False, verbose=0)
    assert gan.iterations == iterations
    for network, weights in zip(networks, before, strict=True):
        after = [w.numpy() for w in network.trainable_weights]
        assert all(np.isfinite(w).all() for w in after)
        moved = any((a != b).any() for a, b in zip(weights, after, strict=True))
        assert moved == experiment.turns.moves(network.name)


@pytest.mark.parametrize("row", BUILT, ids=str)
def test_a_row_that_is_built(row, data):
    experiment = EXPERIMENTS[row]
    gan = build(experiment, data(experiment), seed=0)
    assert gan.latents.size == experiment.latents.options["size"]
    assert gan.turns == experiment.turns
    for optimizer, own in (
        (gan.d_optimizer, experiment.d_optimizer),
        (gan.g_optimizer, experiment.g_optimizer),
    ):
        assert type(optimizer) is OPTIMIZERS[(own or experiment.optimizer).name]
        rate = (own or experiment.optimizer).options["learning_rate"]
        assert float(optimizer.learning_rate) == pytest.approx(rate)

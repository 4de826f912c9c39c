"""The tables of experiments/ against the documents that they stand for."""

import pytest

from keras_gans.experiment import Experiment, read_table, tables_folder

TABLES = sorted(path.stem for path in tables_folder().glob("*.yaml"))

# Akel 2022, Table 4.1 with the losses and optimizers of 4.2 and 4.3, and the FID as printed in
# 4.6 and 4.7: derived from, data, iterations, latent, batch, loss, optimizer, FID.
ADAM = ("adam", 2e-4, 0.5)
RMSPROP = ("rmsprop", 5e-5, None)
TABLE_4_1 = {
    1: ("GAN", "mnist", 30000, 100, 32, "binary_crossentropy", ADAM, 53.7039),
    2: ("DCGAN", "mnist", 4000, 100, 32, "binary_crossentropy", ADAM, 62.0163),
    3: ("LSGAN", "mnist", 30000, 100, 32, "mse", ADAM, 52.4530),
    4: ("WGAN", "mnist", 4000, 100, 32, "wasserstein", RMSPROP, 55.5659),
    5: ("DCGAN", "mnist", 4000, 100, 32, "binary_crossentropy", ADAM, 53.3753),
    6: ("DCGAN", "mnist", 4000, 100, 32, "binary_crossentropy", ADAM, 53.1102),
    7: ("LSGAN", "mnist", 30000, 200, 32, "mse", ADAM, 53.8863),
    8: ("LSGAN", "mnist", 30000, 200, 128, "mse", ADAM, 52.5877),
    9: ("LSGAN", "mnist", 30000, 200, 128, "mse", ADAM, 56.3247),
    10: ("WGAN", "mnist", 5000, 100, 64, "wasserstein", RMSPROP, 55.4045),
    11: ("GAN", "celeba", 30000, 100, 32, "binary_crossentropy", ADAM, 0.4570),
    12: ("DCGAN", "celeba", 4000, 100, 32, "binary_crossentropy", ADAM, 18.5712),
    13: ("LSGAN", "celeba", 30000, 100, 32, "mse", ADAM, 0.5618),
    14: ("WGAN", "celeba", 4000, 100, 32, "wasserstein", RMSPROP, 0.1605),
    15: ("DCGAN", "celeba", 4000, 100, 32, "binary_crossentropy", ADAM, 0.0793),
    16: ("DCGAN", "celeba", 4000, 100, 32, "binary_crossentropy", ADAM, 0.1015),
    17: ("DCGAN", "celeba", 4000, 100, 32, "binary_crossentropy", ADAM, 0.0844),
    18: ("DCGAN", "celeba", 4000, 100, 128, "binary_crossentropy", ADAM, 0.0681),
    19: ("LSGAN", "celeba", 30000, 100, 64, "mse", ADAM, 0.2844),
    20: ("LSGAN", "celeba", 30000, 200, 128, "mse", ADAM, 0.2584),
}

# Tables 4.4 and 4.5: network, activation, kernel and momentum of normalization (None without
# any) of the generator; network, kernel, dropout, momentum and last activation of the
# discriminator. Perceptrons have neither kernel nor dropout.
MLP = ("vanilla", "leaky_relu", None, 0.8)
UPSAMPLING = ("dcgan", "relu", 3, 0.8)
LEAKY_UPSAMPLING = ("dcgan", "leaky_relu", 3, 0.8)
SHALLOW = ("shallow", 3, 0.4, None, "sigmoid")
TABLES_4_4_AND_4_5 = {
    (1, 11): (MLP, ("vanilla", None, None, None, "sigmoid")),
    (2, 12): (UPSAMPLING, ("dcgan", 3, 0.25, 0.8, "sigmoid")),
    (3, 7, 8, 13, 19, 20): (MLP, ("lsgan", None, None, None, None)),
    (4, 10, 14): (("wgan", "relu", 4, 0.8), ("wgan", 3, 0.25, 0.8, None)),
    (5, 15): (UPSAMPLING, SHALLOW),
    (6, 16): (LEAKY_UPSAMPLING, SHALLOW),
    (9,): (MLP, SHALLOW),
    (17, 18): (
        ("transposed", "leaky_relu", 4, None),
        ("transposed", 5, 0.4, None, "sigmoid"),
    ),
}
NETWORKS = {row: pair for rows, pair in TABLES_4_4_AND_4_5.items() for row in rows}


@pytest.fixture(scope="module")
def akel():
    return read_table("akel2022")


@pytest.fixture(scope="module")
def ablation():
    return read_table("akel2022_ablation")


def test_there_are_the_three_tables():
    assert {"akel2022", "akel2022_ablation", "quickstart"} <= set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_every_table_survives_being_written_and_read(name):
    table = read_table(name)
    assert table.source and table.command and table.expected
    for number in table.rows:
        experiment = table.experiment(number)
        assert Experiment.from_dict(experiment.to_dict()) == experiment


def test_akel2022_has_the_rows_of_the_thesis_and_no_more(akel):
    assert sorted(akel.rows) == sorted(TABLE_4_1) == sorted(NETWORKS) == list(range(1, 21))


@pytest.mark.parametrize("number", TABLE_4_1)
def test_row_is_that_of_table_4_1(akel, number):
    e = akel.experiment(number)
    optimizer = (e.optimizer.name, e.optimizer.learning_rate, e.optimizer.beta_1)
    found = (e.derived_from, e.dataset, e.iterations, e.latent_dim, e.batch_size, e.loss)
    assert (*found, optimizer, e.printed["fid_thesis"]) == TABLE_4_1[number]
    assert set(e.printed) == {"fid_thesis"}


@pytest.mark.parametrize("number", NETWORKS)
def test_networks_are_those_of_tables_4_4_and_4_5(akel, number):
    e = akel.experiment(number)
    g, d = e.generator.options, e.discriminator.options
    generator = (
        e.generator.network,
        g["activation"],
        g.get("kernel_size"),
        g.get("momentum"),
    )
    discriminator = (
        e.discriminator.network,
        d.get("kernel_size"),
        d.get("dropout"),
        d.get("momentum"),
        d["last_activation"],
    )
    assert (generator, discriminator) == NETWORKS[number]
    assert g["last_activation"] == "tanh"
    assert d["activation"] == "leaky_relu"
    assert d["alpha"] == 0.2
    assert g.get("alpha", 0.2) == 0.2
    assert d.get("strides", 2) == 2


@pytest.mark.parametrize("number", TABLE_4_1)
def test_saved_as_often_as_section_4_3_says(akel, number):
    e = akel.experiment(number)
    assert e.save_every == {"GAN": 500, "LSGAN": 500, "DCGAN": 200, "WGAN": 200}[e.derived_from]
    assert e.evaluate_every == e.save_every
    assert e.fid_samples == 5000


@pytest.mark.parametrize("number", TABLE_4_1)
def test_loop_is_that_of_the_public_scripts(akel, number):
    e = akel.experiment(number)
    assert (e.d_update, e.fakes, e.g_turn_batch_norm) == ("separate", "inference", "frozen")
    assert e.sampling == "replacement"
    assert e.latents == ("fresh" if number in (1, 11) else "shared")
    wgan = (5, 0.01, "all")
    assert (e.d_steps, e.clip, e.clip_weights) == (
        wgan if number in (4, 10, 14) else (1, None, "all")
    )


@pytest.mark.parametrize("number", TABLE_4_1)
def test_images_have_the_size_of_section_3(akel, number):
    assert akel.experiment(number).image_size == (None if number <= 10 else 40)


@pytest.mark.parametrize("number", [102, 112, 104, 110, 114, 204, 210, 214])
def test_ablation_changes_one_switch_of_its_row(akel, ablation, number):
    row, kind = number % 100, number // 100
    original = akel.experiment(row).to_dict()
    changed = ablation.experiment(number).to_dict()
    differences = {key for key in original if original[key] != changed[key]}
    switch, value = {1: ("g_turn_batch_norm", "batch"), 2: ("clip_weights", "trainable")}[kind]
    assert differences == {"derived_from", "printed", switch}
    assert changed[switch] == value
    assert changed["derived_from"] == f"row {row}"
    assert changed["printed"] == {}


def test_ablation_has_those_rows_and_no_more(ablation):
    assert sorted(ablation.rows) == [102, 104, 110, 112, 114, 204, 210, 214]


def test_ablation_takes_every_row_that_normalizes_the_discriminator(akel, ablation):
    normalized = {n for n in akel.rows if akel.experiment(n).discriminator.options.get("momentum")}
    assert {n - 100 for n in ablation.rows if n < 200} == normalized
    clipped = {n for n in normalized if akel.experiment(n).clip}
    assert {n - 200 for n in ablation.rows if n >= 200} == clipped


def test_quickstart_has_the_four_families_on_data_that_is_always_there():
    table = read_table("quickstart")
    rows = [table.experiment(number) for number in sorted(table.rows)]
    assert [row.derived_from for row in rows] == ["GAN", "DCGAN", "LSGAN", "WGAN"]
    assert {row.dataset for row in rows} == {"digits"}
    losses = ["binary_crossentropy", "binary_crossentropy", "mse", "wasserstein"]
    assert [row.loss for row in rows] == losses
    for row in rows:  # the loop of the papers
        assert (row.d_update, row.fakes, row.latents) == ("joint", "training", "fresh")
        assert row.g_turn_batch_norm == "batch"
        assert row.printed == {}

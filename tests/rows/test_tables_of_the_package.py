"""The tables of experiments/ against the documents that they stand for."""

import pytest
import yaml

from keras_gans import networks
from keras_gans.rows import read_table, stages, tables
from keras_gans.turns import Turns

# Akel 2022, Table 4.1 with the losses and optimizers of 4.2 and 4.3, and the FID as printed in
# 4.6 and 4.7: derived from, data, iterations, latents, batch, loss, optimizer, FID.
ADAM = {"name": "adam", "learning_rate": 2e-4, "beta_1": 0.5}
RMSPROP = {"name": "rmsprop_keras2", "learning_rate": 5e-5}  # the thesis ran Keras 2
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
WGAN_ROWS = (4, 10, 14)

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
    WGAN_ROWS: (("wgan", "relu", 4, 0.8), ("wgan", 3, 0.25, 0.8, None)),
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


def test_there_are_the_tables_of_the_package():
    documents = {"akel2022", "vedal2017", "sundar2018", "sabiri2022", "iasd2023"}
    others = {"akel2022_ablation", "akel2022_claims", "modern", "quickstart"}
    assert documents | others == set(tables())


@pytest.mark.parametrize("name", tables())
def test_every_row_of_every_table_survives_being_written_and_read(name):
    table = read_table(name)
    assert table.source and table.command
    assert bool(table.expected) != bool(table.claims)
    for number in table.rows:
        experiment = table.experiment(number)
        written = yaml.safe_load(yaml.safe_dump(experiment.to_dict()))
        assert stages.read(written) == experiment


# --- akel2022 ----------------------------------------------------------------------------------


def test_akel2022_has_the_rows_of_the_thesis_and_no_more(akel):
    assert sorted(akel.rows) == sorted(TABLE_4_1) == sorted(NETWORKS) == list(range(1, 21))


@pytest.mark.parametrize("number", TABLE_4_1)
def test_row_is_that_of_table_4_1(akel, number):
    e = akel.experiment(number)
    assert e.latents.name == "normal"
    assert set(e.latents.options) == {"size"}
    size = e.latents.options["size"]
    found = (e.derived_from, e.dataset.name, e.iterations, size, e.batch_size, e.loss.plain)
    assert (*found, e.optimizer.plain, e.printed["fid_thesis"]) == TABLE_4_1[number]
    assert set(e.printed) == {"fid_thesis"}


@pytest.mark.parametrize("number", TABLE_4_1)
def test_both_networks_share_one_optimizer_object(akel, number):
    e = akel.experiment(number)
    assert e.optimizer is not None
    assert (e.d_optimizer, e.g_optimizer) == (None, None)
    # Epsilon and rho are those of Keras 2, the defaults of the class.
    assert (e.optimizer.name == "rmsprop_keras2") == (number in WGAN_ROWS)


@pytest.mark.parametrize("number", NETWORKS)
def test_networks_are_those_of_tables_4_4_and_4_5(akel, number):
    e = akel.experiment(number)
    g, d = e.generator.options, e.discriminator.options
    generator = (
        e.generator.name,
        g["activation"],
        g.get("kernel_size"),
        g.get("momentum"),
    )
    discriminator = (
        e.discriminator.name,
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
    assert (e.save_at, e.measure_every) == ((), None)
    assert (e.measure, e.measure_samples) == (("fid",), 5000)


@pytest.mark.parametrize("number", TABLE_4_1)
def test_the_loop_is_that_of_the_public_scripts(akel, number):
    e = akel.experiment(number)
    assert e.turns.plain == {
        "d_steps": 5 if number in WGAN_ROWS else 1,
        "update": "separate",
        "fakes": "inference",
        "latents": "fresh" if number in (1, 11) else "shared",
        "batch_norm": "frozen",
        "g_steps": 1,
        "unroll": 0,
        "train": "both",
    }
    assert e.sampling == "replacement"
    clip = {"name": "clip", "limit": 0.01, "weights": "all"}
    assert (e.constraint and e.constraint.plain) == (clip if number in WGAN_ROWS else None)
    assert (e.penalty, e.average, e.on_divergence) == (None, None, "stop")


@pytest.mark.parametrize("number", TABLE_4_1)
def test_images_have_the_size_of_section_3(akel, number):
    assert akel.experiment(number).dataset.options == ({} if number <= 10 else {"size": 40})


# --- akel2022_ablation -------------------------------------------------------------------------

CHANGES = {
    1: {"turns": {"batch_norm": "batch"}},
    2: {"constraint": {"weights": "trainable"}},
    3: {"optimizer": None, "d_optimizer": ADAM, "g_optimizer": ADAM},
    4: {"optimizer": {"name": "rmsprop"}},
    5: {"turns": {"train": "generator"}},
}


@pytest.mark.parametrize(
    "number", [102, 112, 104, 110, 114, 204, 210, 214, 301, 302, 311, 404, 410, 414, 501, 502]
)
def test_an_ablation_changes_one_switch_of_its_row(akel, ablation, number):
    expected = akel.experiment(number % 100).to_dict()
    for field, change in CHANGES[number // 100].items():
        if field in ("turns", "constraint") or number // 100 == 4:
            change = {**expected[field], **change}
        assert change != expected[field]
        expected[field] = change
    expected |= {"derived_from": f"row {number % 100}", "printed": {}}
    assert ablation.experiment(number).to_dict() == expected


def test_the_ablation_has_those_rows_and_no_more(ablation):
    assert sorted(ablation.rows) == [
        102, 104, 110, 112, 114, 204, 210, 214, 301, 302, 311, 404, 410, 414,
        501, 502,
    ]  # fmt: skip


def test_the_ablation_takes_every_row_that_a_switch_concerns(akel, ablation):
    def rows(kind):
        return {n % 100 for n in ablation.rows if n // 100 == kind}

    experiments = {n: akel.experiment(n) for n in akel.rows}
    normalized = {n for n, e in experiments.items() if e.discriminator.options.get("momentum")}
    assert rows(1) == normalized
    assert rows(2) == {n for n in normalized if experiments[n].constraint}
    assert rows(4) == {n for n, e in experiments.items() if "rmsprop" in e.optimizer.name}
    # One row each of the families that Adam trains, and one of them on the other data.
    assert {experiments[n].derived_from for n in rows(3)} == {"GAN", "DCGAN"}
    assert {experiments[n].dataset.name for n in rows(3)} == {"mnist", "celeba"}


# --- quickstart --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quickstart():
    table = read_table("quickstart")
    assert sorted(table.rows) == [1, 2, 3, 4, 5, 6]
    return [table.experiment(number) for number in sorted(table.rows)]


def test_the_quickstart_has_four_families_labels_and_points(quickstart):
    families = ["GAN", "DCGAN", "LSGAN", "WGAN", "conditional GAN", "GAN on points"]
    assert [row.derived_from for row in quickstart] == families
    losses = ["binary_crossentropy"] * 6
    losses[2:4] = ["mse", "wasserstein"]
    assert [row.loss.plain for row in quickstart] == losses
    networks = ["vanilla", "dcgan", "lsgan", "wgan", "conditional", "points"]
    assert [row.generator.name for row in quickstart] == networks
    assert [row.discriminator.name for row in quickstart] == networks


def test_the_quickstart_needs_no_download(quickstart):
    assert [row.dataset.name for row in quickstart] == ["digits"] * 5 + ["ring"]
    assert {row.measure_features for row in quickstart} == {None}


def test_the_quickstart_has_the_loop_of_the_papers(quickstart):
    for row in quickstart:
        d_steps = 5 if row.derived_from == "WGAN" else 1
        assert row.turns.plain == {
            "d_steps": d_steps, "update": "joint", "fakes": "training", "latents": "fresh",
            "batch_norm": "batch", "g_steps": 1, "unroll": 0, "train": "both",
        }  # fmt: skip
        assert row.optimizer is None
        assert row.d_optimizer.name == row.g_optimizer.name
        assert row.printed == {}
    clip = {"name": "clip", "limit": 0.01, "weights": "trainable"}
    assert [row.constraint and row.constraint.plain for row in quickstart] == (
        [None] * 3 + [clip] + [None] * 2
    )


# --- sundar2018 --------------------------------------------------------------------------------

# Sundar and Sumaria 2018. Table 1, section 2.3 (rows 8 and 9) and section 3 (row 10): hidden units
# of both networks, percent (None: none is printed).
TABLE_1 = {
    1: ([128], [128], 76.2),
    2: ([128], [128, 8], 58.0),
    3: ([128, 512], [128], 52.0),
    4: ([128, 512], [128, 8], 40.5),
    5: ([128, 256], [128, 8], 57.2),
    6: ([128, 256], [128, 64], 66.8),
    7: ([128, 256], [128, 32], 72.9),
    8: ([128, 256], [128, 32], 67.4),
    9: ([128, 256], [128, 32], None),
    10: ([128, 256], [128, 32], 71.9),
}
# Table 2: batch, epochs, rate of D, rate of G, percent.
BATCHES = [(25, 82.6), (50, 69.6), (100, 75.3), (200, 45.7), (400, 17.0)]
EPOCHS = [(10, 14.1), (25, 22.8), (50, 59.1), (75, 66.2), (100, 77.8)]
RATES = [11.1, 13.6, 0.0, 10.5, 65.1, 74.0, 9.6, 70.4, 85.9]
TABLE_2 = {11 + i: (batch, 100, 0.002, 0.002, v) for i, (batch, v) in enumerate(BATCHES)}
TABLE_2 |= {21 + i: (100, epochs, 0.002, 0.002, v) for i, (epochs, v) in enumerate(EPOCHS)}
TABLE_2 |= {
    31 + i: (100, 100, (2e-5, 2e-4, 2e-3)[i // 3], (2e-5, 2e-4, 2e-3)[i % 3], v)
    for i, v in enumerate(RATES)
}
# Tables 3 and 4, as the text assigns them: row of the GAN, share of generated images, percent.
TABLES_3_AND_4 = {
    40: (None, 0.0, 94.2),
    **{41 + i: (1, (i + 1) / 4, v) for i, v in enumerate([92.3, 87.6, 65.8, 9.8])},
    **{51 + i: (10, (i + 1) / 4, v) for i, v in enumerate([97.7, 97.1, 96.1, 9.8])},
}
# Sections 1.1 to 1.3: batch, filters of the generator, rate of D, rate of G, stop rule.
DCGANS = {61 + i: (2 ** (5 + i), (128, 64), 1e-4, 1e-4, "collapse") for i in range(6)} | {
    67: (256, (64,), 1e-4, 1e-4, "collapse"),
    68: (256, (128, 64), 1e-4, 1e-3, "collapse"),  # Figure 1
    69: (256, (128, 64), 1e-3, 1e-4, "collapse"),
    70: (256, (128, 64), 1e-4, 1e-4, "flat"),
}
MNIST = 60_000


@pytest.fixture(scope="module")
def sundar():
    return read_table("sundar2018")


def test_sundar2018_has_the_rows_of_the_document_and_no_more(sundar):
    assert sorted(sundar.rows) == sorted([*TABLE_1, *TABLE_2, *TABLES_3_AND_4, 55, 56, *DCGANS, 80])


@pytest.mark.parametrize("number", [*TABLE_1, *TABLE_2])
def test_row_is_that_of_table_1_or_2(sundar, number):
    e = sundar.experiment(number)
    if number in TABLE_1:
        *hidden, percent = TABLE_1[number]
        sweep = [
            25 if number == 10 else 100,
            {8: 200, 9: 200, 10: 300}.get(number, 100),
            0.002,
            0.002,
        ]
    else:
        *sweep, percent = TABLE_2[number]
        hidden = [[128], [128]]
    networks = (e.generator, e.discriminator)
    assert [list(network.options["hidden"]) for network in networks] == hidden
    rates = [o.options["learning_rate"] for o in (e.d_optimizer, e.g_optimizer)]
    assert [e.batch_size, e.iterations * e.batch_size / MNIST, *rates] == sweep
    printed = {} if percent is None else {"classifier_accuracy": pytest.approx(percent / 100)}
    assert e.printed == printed
    assert (e.turns.d_steps, e.turns.g_steps) == {8: (2, 1), 9: (1, 2)}.get(number, (1, 1))


@pytest.mark.parametrize("number", [*TABLE_1, *TABLE_2])
def test_every_gan_of_sundar2018_is_conditional_and_measured_by_a_lenet(sundar, number):
    e = sundar.experiment(number)
    assert (e.generator.name, e.discriminator.name) == ("conditional", "conditional")
    assert e.generator.options["last_activation"] == "tanh"  # section 2.1
    assert e.discriminator.options["last_activation"] is None
    assert e.generator.options["alpha"] == e.discriminator.options["alpha"] == 0.2
    assert (e.loss.plain, e.dataset.name, e.sampling) == ("binary_crossentropy", "mnist", "epochs")
    assert e.d_optimizer.name == e.g_optimizer.name == "adam"
    assert (e.measure, e.measure_features) == (("classifier_accuracy",), "lenet")
    assert e.measure_samples == 10_000  # section 3


@pytest.mark.parametrize("number", TABLES_3_AND_4)
def test_classifier_is_that_of_tables_3_and_4(sundar, number):
    e = sundar.experiment(number)
    row, share, percent = TABLES_3_AND_4[number]
    assert e.needs == row
    assert (e.synthetic.share if e.synthetic else 0.0) == share
    assert e.printed == {"test_accuracy": pytest.approx(percent / 100)}
    assert (MNIST - e.validation, e.dataset.name) == (55_000, "mnist")
    assert e.fine_tune > 0


@pytest.mark.parametrize("number", DCGANS)
def test_dcgan_is_that_of_section_1(sundar, number):
    e = sundar.experiment(number)
    rates = [o.options["learning_rate"] for o in (e.d_optimizer, e.g_optimizer)]
    found = (e.batch_size, tuple(e.generator.options["filters"]), *rates, e.stop.name)
    assert found == DCGANS[number]
    assert 0 <= e.iterations * e.batch_size - 50 * MNIST < 10 * e.batch_size
    assert e.iterations == 10 * e.save_every
    assert len(e.discriminator.options["filters"]) == 2
    assert e.generator.options["last_activation"] == "tanh"
    assert e.discriminator.options["last_activation"] is None
    for network in (e.generator, e.discriminator):
        assert (network.name, network.options["normalization"]) == ("convolutional", "virtual")
        assert (network.options["activation"], network.options["alpha"]) == ("leaky_relu", 0.2)
    assert (e.loss.plain, e.dataset.name, e.printed) == ("binary_crossentropy", "mnist", {})


@pytest.mark.parametrize("number", [55, 56])
def test_convolutions_and_virtual_normalization_change_the_networks_of_row_1(sundar, number):
    networks = ("generator", "discriminator")
    row, first = (sundar.experiment(n).to_dict() for n in (number, 1))
    for network in networks:
        if number == 56:
            assert row[network] == {**first[network], "normalization": None}
        else:
            assert row[network]["name"] == "conditional_convolutional"
    same = {k: v for k, v in first.items() if k not in (*networks, "printed")}
    assert same.items() <= row.items()


def test_a_linear_generator_has_a_quadratic_discriminator(sundar):
    e = sundar.experiment(80)
    assert (e.generator.name, e.discriminator.name, e.dataset.name) == ("lqg", "lqg", "mnist")
    assert e.standardize


# --- akel2022_claims ---------------------------------------------------------------------------

DOUBTED = {
    103: {"generator": {"last_activation": "linear"}},
    106: {"generator": {"last_activation": "linear"}},
    203: {"turns": {"update": "joint"}},
    206: {"turns": {"update": "joint"}},
    303: {"latents": {"name": "uniform", "low": -1.0, "high": 1.0}},
    306: {"latents": {"name": "uniform", "low": -1.0, "high": 1.0}},
    402: {"discriminator": {"momentum": None}},
    403: {"generator": {"momentum": None}},
    406: {"generator": {"momentum": None}},
    503: {"optimizer": {"name": "rmsprop_keras2", "learning_rate": 0.00005}},
    506: {"optimizer": {"name": "rmsprop_keras2", "learning_rate": 0.00005}},
    603: {"optimizer": {"name": "rmsprop_keras2", "learning_rate": 0.0002}},
    606: {"optimizer": {"name": "rmsprop_keras2", "learning_rate": 0.0002}},
    702: {"loss": "mse", "discriminator": {"last_activation": None}},
    705: {"loss": "mse", "discriminator": {"last_activation": None}},
}


@pytest.mark.parametrize("number", DOUBTED)
def test_a_doubted_row_changes_one_recommendation(akel, number):
    expected = akel.experiment(number % 100).to_dict()
    for field, change in DOUBTED[number].items():
        same_part = field not in ("optimizer", "loss")
        expected[field] = {**expected[field], **change} if same_part else change
    expected |= {"derived_from": f"row {number % 100}", "printed": {}}
    assert read_table("akel2022_claims").experiment(number).to_dict() == expected


def test_there_are_no_other_doubted_rows():
    assert sorted(read_table("akel2022_claims").rows) == sorted(DOUBTED)


# --- modern ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", read_table("modern").rows)
def test_a_modern_row_has_the_networks_and_the_budget_of_the_thesis(akel, number):
    row, old = read_table("modern").experiment(number), akel.experiment(number // 10)
    assert row.derived_from == f"row {number // 10}"
    for field in ("dataset", "iterations", "batch_size", "latents", "save_every"):
        assert getattr(row, field) == getattr(old, field), field
    for role, arguments in (("generator", (100,)), ("discriminator", ())):
        shape = (40, 40, 3) if row.dataset.name == "celeba" else (28, 28, 1)
        parts_ = [getattr(e, role) for e in (row, old)]
        if (number // 10, role) == (2, "discriminator"):  # the one thing that is taken away
            parts_[1] = {**parts_[1].plain, "momentum": None}
        new, was = (networks.build(part, role, shape, *arguments) for part in parts_)
        new, was = ([w.shape for w in network.trainable_weights] for network in (new, was))
        assert new == was
    assert row.turns == Turns()


# --- iasd2023 ----------------------------------------------------------------------------------

# The losses of section 2.2, then those that are no part of the document.
DIVERGENCES = {
    2: "binary_crossentropy", 3: "kl", 4: "jensen_shannon",
    5: "kl", 6: "reverse_kl", 7: "pearson", 8: "hellinger",
    9: "binary_crossentropy", 10: "kl", 11: "jensen_shannon",
}  # fmt: skip
EPOCH = -(-MNIST // 64)


@pytest.fixture(scope="module")
def iasd():
    return read_table("iasd2023")


def test_every_gan_of_iasd2023_is_that_of_section_2_1(iasd):
    for number, e in iasd.experiments().items():
        assert (e.dataset.name, e.sampling, e.batch_size) == ("mnist", "epochs", 64)
        assert e.latents.plain == {"name": "normal", "size": 100}
        assert e.d_optimizer.plain == e.g_optimizer.plain == {"name": "adam", "learning_rate": 1e-4}
        for network, last in ((e.generator, "tanh"), (e.discriminator, "sigmoid")):
            assert network.name == "vanilla"
            assert len(network.options["hidden"]) == 3
            assert network.options["activation"] == "leaky_relu"
            assert network.options["last_activation"] == last
        assert e.generator.options["momentum"] == (None if number < 9 else 0.8)
        assert "momentum" not in e.discriminator.options  # null is its default
        assert e.turns.plain == iasd.experiment(1).turns.plain
        assert set(e.measure) == {"fid", "precision", "recall"}
        assert e.measure_samples == 10_000  # section 2.3.4


def test_the_vanilla_gan_of_iasd2023_is_that_of_figure_1(iasd):
    e = iasd.experiment(1)
    assert (e.loss.plain, e.iterations) == ("binary_crossentropy", 50 * EPOCH)
    assert e.printed == {"fid": 52.44, "precision": 0.52, "recall": 0.18}


def test_f_gan_is_kept_at_the_epochs_of_figures_3_to_6(iasd):
    assert sorted(iasd.rows) == [1, *DIVERGENCES]
    for number, loss in DIVERGENCES.items():
        e = iasd.experiment(number)
        assert (e.loss.name, e.printed) == (loss, {})
        assert e.loss.options.get("non_saturating", False) == (number == 5)
        kept = {*e.save_at, *range(e.save_every, e.iterations + 1, e.save_every)}
        assert kept == {EPOCH * n for n in (15, 20, 25, 50, 100, 150, 200)}


# --- vedal2017 ---------------------------------------------------------------------------------

# Vedal et al. 2017: the rows of each block, one field or option that it varies, and its values.
RATES_OF_VEDAL = [0.1] * 3 + [0.01] * 3 + [1e-3] * 3 + [1e-4] * 3  # SGD
RATES_OF_VEDAL += [0.01] * 6 + [1e-3] * 6 + [1e-4] * 6  # Adam
VEDAL_BLOCKS = [
    (range(1, 13), "d_optimizer.learning_rate", RATES_OF_VEDAL[:12]),
    (range(1, 13), "d_optimizer.momentum", [0.0, 0.5, 0.9] * 4),
    (range(21, 23), "discriminator.dropout", [None, 0.25]),
    (range(31, 34), "generator.alpha", [0.01, 0.1, 0.3]),
    (range(41, 45), "latents.size", [10, 50, 200, 1000]),
    (range(51, 54), "generator.last_activation", ["linear", "tanh", "linear"]),
    (range(61, 63), "loss.real", [[0.8, 1.1]] * 2),
    (range(61, 63), "loss.fake", [None, [0.0, 0.3]]),
    (range(71, 76), "latents.name", ["normal"] * 2 + ["uniform"] * 3),
    (range(81, 85), "phases", [[{"iterations": n, "train": who}]
                               for who in ("discriminator", "generator") for n in (47, 469)]),
    (range(91, 95), "turns.d_steps", [2, 5, 1, 1]),
    (range(91, 95), "turns.g_steps", [1, 1, 2, 5]),
    (range(101, 119), "d_optimizer.learning_rate", RATES_OF_VEDAL[12:]),
    (range(101, 119), "d_optimizer.beta_1", [0.5, 0.5, 0.5, 0.9, 0.9, 0.9] * 3),
    (range(101, 119), "d_optimizer.beta_2", [0.5, 0.9, 0.999] * 6),
    (range(121, 123), "discriminator.dropout", [None, 0.25]),
    (range(131, 134), "discriminator.alpha", [0.01, 0.1, 0.3]),
    (range(141, 142), "generator.last_activation", ["linear"]),
    (range(201, 207), "generator.last_activation", ["tanh", "sigmoid", "linear"] + ["tanh"] * 3),
    (range(201, 207), "generator.normalization", [None] * 3 + ["batch", None, "batch"]),
    (range(211, 216), "dataset.name", ["lfw"] * 4 + ["lfw_full"]),
    (range(211, 216), "dataset.channels", [1, 1, 3, 3, 3]),
    (range(211, 216), "discriminator.normalization", [*[None, "batch"] * 2, "batch"]),
    (range(301, 303), "generator.name", ["conditional", "conditional_convolutional"]),
    (range(311, 313), "turns.unroll", [0, 10]),
    (range(321, 323), "generator.hidden", [[128]] * 2),
    (range(401, 405), "turns.unroll", [0, 10, 0, 0]),
    (range(411, 415), "turns.unroll", [0, 10, 0, 0]),
]  # fmt: skip


@pytest.fixture(scope="module")
def vedal():
    table = read_table("vedal2017")
    return {number: table.experiment(number) for number in table.rows}


def values_of(table, numbers, path):
    """The values of a field, or of an option of it, in rows of a table; None where not given."""
    found = []
    for number in numbers:
        value = table[number].to_dict()
        for name in path.split("."):
            value = value.get(name)
        found.append(value)
    return found


def test_vedal2017_has_the_blocks_of_the_document_and_no_more(vedal):
    assert set(vedal) == {number for numbers, _, _ in VEDAL_BLOCKS for number in numbers}
    assert len(vedal) == 88


@pytest.mark.parametrize(("numbers", "path", "values"), VEDAL_BLOCKS)
def test_a_block_of_vedal2017_varies_what_the_document_says(vedal, numbers, path, values):
    assert values_of(vedal, numbers, path) == values


def test_the_basic_gan_of_vedal2017_changes_one_thing_of_its_row(vedal):
    """Of row 9 with SGD, of row 107 with Adam; and the data go with the last activation."""

    def differing(number, base):
        pairs = zip(vedal[number].to_dict().items(), vedal[base].to_dict().values(), strict=True)
        return {field for (field, value), other in pairs if value != other}

    both = {"d_optimizer", "g_optimizer"}
    networks = {"generator", "discriminator"}
    allowed = [both, {"discriminator"}, networks, {"latents"}, {"loss"}, {"turns"}]
    allowed += [{"generator", "standardize"}, {"generator", "discriminator", "standardize"}]
    allowed += [{"phases", "iterations"}, set()]
    for number in (n for n in vedal if n < 200):
        assert differing(number, 9 if number < 100 else 107) in allowed
    for row in vedal.values():
        linear = row.generator.options.get("last_activation") == "linear"
        assert row.standardize == linear


def test_vedal2017_has_the_batches_and_epochs_of_the_document(vedal):
    for number in (n for n in vedal if n < 400):
        row = vedal[number]
        steps = row.iterations - sum(phase.iterations for phase in row.phases)
        faces = row.dataset.name.startswith("lfw")
        assert row.batch_size == 128
        assert steps == (15 * -(-13_233 // 128) if faces else 10 * -(-MNIST // 128))


# --- sabiri2022 --------------------------------------------------------------------------------

# Section 4.8 of Sabiri et al. 2022: data here, latents, optimizer, activation of the generator.
SCENARIOS = {
    1: ("celeba", 100, "rmsprop", "relu"),
    2: ("celeba", 100, "adam", "leaky_relu"),
    3: ("lfw", 128, "adam", "relu"),
    4: ("normal", 1, "adam", "relu"),
}
UPDATES = {
    0: "joint",
    1: {"name": "weighted", "real": 1.5, "fake": 0.5},
    2: {"name": "weighted", "real": 0.5, "fake": 1.5},
    3: {"name": "adaptive", "normalized": True},
    4: {"name": "adaptive", "normalized": False},
}


@pytest.fixture(scope="module")
def sabiri():
    table = read_table("sabiri2022")
    return {number: table.experiment(number) for number in table.rows}


PRINTED_LOSSES = {
    1: {"d_loss": 0.6, "g_loss": 0.8},
    2: {"d_loss": 0.2, "g_loss": 0.2},
    3: {"d_loss": 0.2, "g_loss": 4.5},
    4: {"d_loss": 0.7, "g_loss": 0.7},
}


def test_sabiri2022_has_four_scenarios_with_each_sum_of_losses(sabiri):
    assert sorted(sabiri) == [10 * kind + scenario for kind in UPDATES for scenario in SCENARIOS]
    for number, row in sabiri.items():
        kind, scenario = divmod(number, 10)
        expected = sabiri[scenario].to_dict()
        expected["turns"] = {**expected["turns"], "update": UPDATES[kind]}
        expected["printed"] = PRINTED_LOSSES[scenario] if kind == 0 else {}  # of Table 1
        assert row.to_dict() == expected


@pytest.mark.parametrize("number", SCENARIOS)
def test_a_scenario_is_that_of_section_4_8(sabiri, number):
    row = sabiri[number]
    found = (row.dataset.name, row.latents.options["size"], row.d_optimizer.name)
    assert (*found, row.generator.options["activation"]) == SCENARIOS[number]
    assert (row.d_optimizer, row.loss.plain) == (row.g_optimizer, "binary_crossentropy")
    assert row.discriminator.options["last_activation"] == "sigmoid"


def test_the_convolutions_of_sabiri2022_grow_in_d_and_shrink_in_g(sabiri):
    assert sabiri[1].generator.options["filters"][0] == 128  # of the first map, section 4.8.1
    for number in (1, 2, 3):
        g, d = (sabiri[number].to_dict()[name] for name in ("generator", "discriminator"))
        assert d["filters"] == sorted(d["filters"]) == g["filters"][::-1]
        assert (g["normalization"], d["normalization"], g["last_activation"]) == (
            "batch", "batch", "tanh",
        )  # fmt: skip


def test_the_numbers_of_sabiri2022_have_16_and_64_hidden_units_for_600_epochs(sabiri):
    row = sabiri[4].to_dict()
    assert (row["generator"]["hidden"], row["discriminator"]["hidden"]) == ([16], [64])
    assert row["iterations"] * row["batch_size"] == 600 * row["dataset"]["samples"]

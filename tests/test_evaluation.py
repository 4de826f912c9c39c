"""Metrics of generators, folders and archives, and the requests that are refused."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gans import datasets, evaluation, generators, latents, networks, parts
from keras_gans.datasets import Points
from keras_gans.errors import UsageError
from keras_gans.evaluation import Measuring
from keras_gans.metrics import features, measures
from keras_gans.metrics.features.cache import sample
from keras_gans.metrics.fid import fid
from keras_gans.metrics.kid import mmd2
from keras_gans.metrics.modes import mode_counts
from keras_gans.metrics.subspaces import principal_components

DIGITS = datasets.load("digits")
OF_IMAGES = tuple(
    name
    for name, measure in measures.MEASURES.items()
    if name != "fid_thesis" and not {"modes", "directions"} & set(measure.needs)
)
CENTERS = np.array([[0, 1], [1, 0], [0, -1], [-1, 0]], "f4")


@pytest.fixture
def evaluate(tmp_path):
    def evaluate(path, real=DIGITS, metrics="fid", **options):
        generated = generators.load(path) if path.suffix == ".h5" else datasets.load(path)
        return evaluation.evaluate(generated, real, metrics, data_dir=tmp_path / "data", **options)

    return evaluate


@pytest.fixture
def measuring(tmp_path):
    def measuring(source=DIGITS, metrics=("fid",), **options):
        return Measuring(source, metrics, data_dir=tmp_path / "data", **options)

    return measuring


@pytest.fixture
def passes(monkeypatch):
    """Sizes of the sets of which features are computed, as they are computed."""
    sizes, extract = [], features.Extractor.__call__

    def counted(self, images, progress=None):
        sizes.append(len(images))
        return extract(self, images, progress)

    monkeypatch.setattr(features.Extractor, "__call__", counted)
    return sizes


def save(path, images, **more):
    np.savez(path, images=images, **more)
    return path


def generator(source=DIGITS, name="vanilla", latents=None, **origin):
    part = parts.check("networks", name, "generator", "generator")
    latents = parts.get("latents", latents or {"name": "normal", "size": 7})
    network = networks.build(part, "generator", source.shape, latents.size)
    return generators.Saved.of(network, part, latents, source, origin)


def ring(count=400, seed=0, centers=CENTERS, std=0.1):
    random = np.random.default_rng(seed)
    points = CENTERS[random.integers(0, 4, count)] + 0.1 * random.normal(size=(count, 2))
    return Points("ring", points.astype("f4"), None, "ring", centers=centers, std=std)


@pytest.fixture
def noisy(tmp_path):
    """An .npz of digits with noise, and the labels requested for them."""
    noise = np.random.default_rng(0).integers(0, 60, DIGITS.values.shape, "uint8")
    images = np.maximum(DIGITS.values, noise)[:400]
    return save(tmp_path / "noisy.npz", images, labels=DIGITS.labels[:400])


class Silent:
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)

    def status(self, text):
        pass

    begin = update = status


# --- values ------------------------------------------------------------------------------------


def test_all_metrics_take_one_pass(evaluate, noisy, passes):
    found = evaluate(noisy, metrics=OF_IMAGES, count=300, seed=4)
    assert passes == [300, 300]
    assert [r["name"] for r in found["results"]] == [f"{name}300_lenet" for name in OF_IMAGES]
    values = {r["metric"]: r["value"] for r in found["results"]}
    assert values["fid"] > 0
    assert 0 < values["recall"] < values["coverage"] + 1
    assert values["classifier_accuracy"] > 0.8
    assert (found["count"], found["seed"]) == (300, 4)
    assert found["generated"]["source"] == "noisy.npz"
    assert found["generated"]["shape"] == [400, 28, 28, 1]
    assert found["real"] == {
        "name": "digits",
        "source": DIGITS.source,
        "shape": [1797, 28, 28, 1],
        "sha256": DIGITS.fingerprint,
        "seed": 0,
    }
    json.dumps(found, allow_nan=False)


def test_a_number_of_samples_is_an_integer():
    with pytest.raises(UsageError, match=r"^count: 20.5 "):
        Measuring(DIGITS, "fid", count=20.5)


@pytest.mark.parametrize("network", ["lqg", "vanilla"])
def test_principal_components_are_those_of_the_real_side(network, tmp_path):
    """A linear generator is measured by its weights: its samples lose what pixels cannot hold."""
    generator = networks.build(network, "generator", (28, 28, 1), 3)
    saved = generators.Saved.of(generator, None, latents.get("normal", size=3), DIGITS, {})
    metrics = ("principal_share", "principal_angle")
    measuring = Measuring(DIGITS, metrics, count=300, data_dir=tmp_path)
    if network != "lqg":
        with pytest.raises(UsageError, match="principal_share needs a linear generator"):
            measuring.check(saved)
        return
    real = DIGITS.values[sample(len(DIGITS), 300, evaluation.REAL_SEED)]
    generator.weights[0].assign(1e3 * principal_components(real, 3))
    share, angle = measuring(saved)
    assert share.value == pytest.approx(1)
    assert angle.value == pytest.approx(0, abs=1e-3)
    assert [share.name, angle.name] == [f"{name}300_pixels" for name in metrics]
    generator.weights[0].assign(principal_components(real, 4)[1:])
    share, angle = measuring(saved)
    assert share.value < 0.9 and angle.value == pytest.approx(90)


def test_the_values_are_those_of_the_pure_functions(evaluate, noisy):
    found = evaluate(noisy, metrics=("fid", "kid"))
    extractor = features.get("lenet", ".")
    random = np.random.Generator(np.random.Philox(0))
    chosen = np.sort(random.choice(1797, 400, replace=False))
    real = extractor(DIGITS.values[chosen])
    fake = extractor(np.load(noisy)["images"])
    values = {r["metric"]: r["value"] for r in found["results"]}
    assert values["fid"] == pytest.approx(fid(real, fake), rel=1e-9)
    assert values["kid"] == mmd2(real, fake)


def test_only_features_of_the_data_set_are_cached(evaluate, noisy, passes, tmp_path):
    first = evaluate(noisy)
    assert passes == [400, 400]
    assert evaluate(noisy) == first
    assert passes == [400, 400, 400]
    assert len(list((tmp_path / "data").rglob("*.npz"))) == 1


def test_a_set_in_the_order_of_the_data_is_not_compared_in_pairs(measuring):
    """Both sides draw samples of their own, so a copy of the data is no perfect generator."""
    ask = measuring(metrics=("fid", "recall"), count=300)
    copy, recall = ask(DIGITS)
    assert copy.value > 1
    assert recall.value < 1
    rng = np.random.Generator(np.random.Philox([0, 1]))
    drawn = np.sort(rng.choice(1797, 300, replace=False))
    found = evaluation.draw(DIGITS, 300)
    assert np.array_equal(found.values, DIGITS.values[drawn])
    assert np.array_equal(found.labels, DIGITS.labels[drawn])


def test_a_measuring_is_called_many_times(measuring, passes):
    ask = measuring(count=100)
    saved = generator()
    assert passes == []
    ask.prepare()
    first, other = ask(saved, 3), ask(saved, 4)
    assert passes == [100, 100, 100]
    assert first == ask(saved, 3)
    assert first[0].value != other[0].value
    assert ask.names == {"fid": "fid100_lenet"}


# --- generators --------------------------------------------------------------------------------


def test_a_run_and_the_command_get_the_same_value_bit_for_bit(measuring, evaluate, tmp_path):
    """The generator in training, and its file: one name is one number."""
    metrics = ("fid", "kid", "precision", "inception_score")
    saved = generator(seed=3)
    in_memory = measuring(metrics=metrics, count=200)(saved, seed=3)
    generators.save(saved, tmp_path / "generator.h5", iteration=7)
    keras.utils.set_random_seed(99)
    of_file = evaluate(tmp_path / "generator.h5", metrics=metrics, count=200)
    assert of_file["seed"] == 3
    assert [(r["name"], r["value"], r["std"]) for r in of_file["results"]] == [
        (r.name, r.value, r.std) for r in in_memory
    ]
    other = evaluate(tmp_path / "generator.h5", metrics=metrics, count=200, seed=4)
    assert other["results"][0]["value"] != in_memory[0].value


def test_a_generator_makes_as_many_samples_as_are_requested(evaluate, tmp_path):
    saved = generator(seed=1)
    generators.save(saved, tmp_path / "generator.h5")
    found = evaluate(tmp_path / "generator.h5", count=50)
    assert found["results"][0]["name"] == "fid50_lenet"
    images = saved.make(saved.latents.sample(50, [1, 1]))
    assert found["generated"] == {
        "name": "generator",
        "source": "generator.h5",
        "shape": [50, 28, 28, 1],
        "sha256": datasets.Images("", images, None, "").fingerprint,
    }


def test_a_foreign_generator_makes_its_labels_in_turns(evaluate, tmp_path):
    latent, label = keras.Input((6,)), keras.Input((1,))
    code = keras.layers.Flatten()(keras.layers.Embedding(10, 6)(label))
    x = keras.layers.Multiply()([latent, code])
    x = keras.layers.Dense(784, activation="tanh")(x)
    model = keras.Model([latent, label], keras.layers.Reshape((28, 28, 1))(x))
    model.save(tmp_path / "foreign.h5")
    found = evaluate(tmp_path / "foreign.h5", metrics=("fid", "classifier_accuracy"), count=40)
    assert [r["name"] for r in found["results"]] == ["fid40_lenet", "classifier_accuracy40_lenet"]
    assert 0 <= found["results"][1]["value"] <= 1


def test_a_generator_of_another_shape_is_refused_before_it_makes_anything(measuring, monkeypatch):
    small = datasets.Images("small", DIGITS.values[:, 2:-2, 2:-2], None, "small")
    monkeypatch.setattr(generators.Saved, "make", None)
    with pytest.raises(UsageError, match=r"24x24x1 .* of 28x28x1"):
        measuring()(generator(small))
    with pytest.raises(UsageError, match=r"classifier_accuracy needs the labels"):
        measuring(metrics=("fid", "classifier_accuracy"))(generator())


@pytest.mark.parametrize("seed", [-1, "3", True])
def test_a_recorded_seed_that_is_none_is_refused(evaluate, tmp_path, seed):
    generators.save(generator(seed=seed), tmp_path / "generator.h5")
    with pytest.raises(UsageError, match="give another with --seed"):
        evaluate(tmp_path / "generator.h5", count=20)
    assert evaluate(tmp_path / "generator.h5", count=20, seed=1)["seed"] == 1


def test_a_seed_of_ones_own_is_checked_and_not_taken_for_that_of_the_file(
    evaluate, noisy, tmp_path
):
    generators.save(generator(seed=5), tmp_path / "generator.h5")
    for path in (tmp_path / "generator.h5", noisy):
        with pytest.raises(UsageError, match=r"^seed: -1: give an integer of at least 0"):
            evaluate(path, count=20, seed=-1)
        found = evaluate(path, count=20, seed=np.int64(3))
        assert json.loads(json.dumps(found))["seed"] == 3


# --- points ------------------------------------------------------------------------------------


def test_points_are_measured_by_their_values(measuring, tmp_path):
    real, made = ring(), ring(300, 1)
    ask = measuring(real, ("fid", "modes", "high_quality", "precision"), count=300)
    assert list(ask.names.values()) == [
        "fid300_values", "modes300_values", "high_quality300_values", "precision300_values",
    ]  # fmt: skip
    found = {r.metric: r.value for r in ask(made)}
    chosen = np.random.Generator(np.random.Philox(0)).choice(400, 300, replace=False)
    assert found["fid"] == pytest.approx(fid(real.values[np.sort(chosen)], made.values), rel=1e-9)
    expected = mode_counts(made.values, CENTERS, real.std)
    assert (found["modes"], found["high_quality"]) == (4, expected.high_quality)
    one = Points("one", np.tile(CENTERS[:1], (300, 1)), None, "one")
    assert [r.value for r in measuring(real, ("modes",), count=300)(one)] == [1]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("source", [DIGITS, ring(centers=None)])
def test_modes_need_data_with_known_modes(measuring, source):
    with pytest.raises(UsageError, match="modes needs a data set with known modes"):
        measuring(source, ("fid", "modes"))


def test_all_metrics_are_chosen_for_a_generator(measuring):
    with pytest.raises(UsageError, match="'all' needs a generator to choose for: name the metrics"):
        measuring(ring(), "all")


def test_features_of_images_are_refused_for_points(measuring):
    with pytest.raises(UsageError, match=r"lenet takes images .* use values"):
        measuring(ring(), features="lenet")
    with pytest.raises(UsageError, match="inception_score: values has no classes"):
        measuring(ring(), ("inception_score",))
    with pytest.raises(UsageError, match=r"samples of 3 and ring of 2"):
        measuring(ring())(Points("3", np.zeros((400, 3), "f4"), None, "3"))


# --- sources of samples ------------------------------------------------------------------------


def test_folder_zip_and_npz_of_the_same_images_give_the_same_values(evaluate, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for i, image in enumerate(DIGITS.values[:30]):
        Image.fromarray(image[..., 0]).save(folder / f"{i:03d}.png")
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    signed = save(tmp_path / "signed.npz", datasets.PIXELS.to_network(DIGITS.values[:30]))
    same = save(tmp_path / "same.npz", DIGITS.values[:30])
    values = [evaluate(p)["results"] for p in (folder, tmp_path / "images.zip", signed, same)]
    assert values[0] == values[1] == values[2] == values[3]
    assert values[0][0]["name"] == "fid30_lenet"
    identical = evaluate(folder, datasets.load(signed))
    assert identical["results"][0]["value"] == pytest.approx(0, abs=1e-9)


def test_the_inception_score_of_sorted_images_is_that_of_shuffled_ones(measuring):
    order = np.argsort(DIGITS.labels, kind="stable")
    ordered = datasets.Images("sorted", DIGITS.values[order], None, "sorted")
    (shuffled,), (sorted_,) = (
        measuring(metrics=("inception_score",))(s) for s in (DIGITS, ordered)
    )
    assert sorted_.value == pytest.approx(shuffled.value, rel=0.05)
    assert sorted_.value > 7


HALF = DIGITS.values[:40]
MISTAKES = {
    "floats in 0..1": (HALF / np.float32(255), r"0 to 1"),
    "floats in 0..255": (HALF.astype("f4"), r"0 to 255"),
    "floats just outside": (datasets.PIXELS.to_network(HALF) * np.float32(1.01), r"-1.01 to 1.01"),
    "NaN": (np.where(HALF > 250, np.nan, 0.0), r"nan|NaN"),
    "cast from 0..1": ((HALF > 200).astype("u1"), "all 0, 1 or 255"),
    "cast from -1..1": (np.sign(HALF - 99.0).astype("i8").astype("u1"), "all 0, 1 or 255"),
    "integers": (HALF.astype("i4"), "int32"),
    "colour and grey": (HALF.repeat(3, axis=-1), r"28x28x3 and .* of 28x28x1"),
    "another size": (HALF[:, 2:-2, 2:-2], r"24x24x1 and .* of 28x28x1"),
    "two channels": (HALF.repeat(2, axis=-1), "2 channels"),
    "one image": (HALF[:1], "fid needs at least 10 samples on each side, not 1"),
    "too few": (HALF, r"50 samples are requested and wrong.npz has 40.*--samples 40"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gives_one_line_and_no_value(evaluate, passes, tmp_path, mistake):
    images, message = MISTAKES[mistake]
    path = save(tmp_path / "wrong.npz", images)
    with pytest.raises(UsageError, match=message) as raised:
        evaluate(path, count=50 if mistake == "too few" else None)
    assert "\n" not in str(raised.value)
    assert passes == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ("fidd",)}, "unknown metric 'fidd'; did you mean 'fid'"),
        ({"features": "inception2047"}, "unknown feature extractor 'inception2047'; did you mean"),
        ({"features": "inception2048"}, r"there is no inception_2015_12_05\.npz"),
        ({"metrics": ("fid_thesis",)}, "imagenet"),
        ({"metrics": ("inception_score",), "count": 40}, "inception_score needs at least 100"),
        ({"metrics": ("precision",), "count": 3}, "precision needs at least 4"),
        ({"metrics": ("classifier_accuracy",)}, "classifier_accuracy needs the labels"),
        ({"metrics": ("modes", "classifier_accuracy")}, "known modes.*; classifier_accuracy needs"),
    ],
)
def test_an_impossible_request_is_refused_before_any_feature(
    evaluate, passes, tmp_path, options, message
):
    path = save(tmp_path / "half.npz", HALF)
    with pytest.raises(UsageError, match=message):
        evaluate(path, **options)
    assert passes == []


def test_a_metric_that_does_not_apply_discards_no_other(evaluate, passes, tmp_path):
    few = save(tmp_path / "few.npz", HALF[:12])
    metrics = ("inception_score", "fid", "classifier_accuracy", "modes", "fid_thesis")
    found = evaluate(few, metrics=metrics)["results"]
    assert passes == [12, 12]
    assert [r["metric"] for r in found] == list(metrics)
    assert [r["metric"] for r in found if r["value"] is not None] == ["fid"]
    reasons = [r["reason"] for r in found]
    assert reasons.pop(1) is None
    for reason, said in zip(
        reasons, ["at least 100", "the labels", "known modes", "imagenet"], strict=True
    ):
        assert said in reason


def test_features_that_one_metric_refuses_discard_no_other(measuring, monkeypatch):
    def refuse(comparison):
        raise ValueError("so large that it is not finite")

    kid = replace(measures.MEASURES["kid"], compute=refuse)
    monkeypatch.setitem(measures.MEASURES, "kid", kid)
    found = measuring(metrics=("kid", "fid"), count=200, tolerated=UsageError)(DIGITS)
    assert (found[0].value, found[0].reason) == (None, "kid: so large that it is not finite")
    assert found[1].value > 0
    with pytest.raises(UsageError, match="kid: so large"):
        measuring(metrics=("kid", "fid"), count=200)(DIGITS)


def test_labels_outside_the_classes_are_refused_before_any_feature(evaluate, passes, tmp_path):
    path = save(tmp_path / "x.npz", HALF, labels=np.arange(40) % 12)
    with pytest.raises(UsageError, match=r"classes of lenet are 0 to 9, .* up to 11"):
        evaluate(path, metrics=("classifier_accuracy",))
    assert passes == []


@pytest.mark.parametrize("n", [4, 5])
def test_precision_takes_one_image_more_than_its_neighbours(measuring, n):
    few = datasets.Images("few", DIGITS.values[:n], None, "few")
    assert 0 <= measuring(metrics=("precision", "recall"), count=n)(few)[0].value <= 1


def test_missing_weights_can_be_null(measuring):
    tolerated = features.WeightsMissing
    ask = measuring(metrics=("fid_thesis", "fid"), count=200, tolerated=tolerated)
    thesis, usual = ask(DIGITS)
    assert (thesis.name, thesis.value) == ("fid_thesis200_imagenet2048_signed", None)
    assert thesis.reason == str(ask.reasons["fid_thesis"])
    assert "there is no inception_v3_imagenet.npz" in thesis.reason
    assert usual.value > 0 and usual.reason is None
    with pytest.raises(UsageError, match="known modes"):
        measuring(metrics=("fid", "modes"), tolerated=tolerated)
    with pytest.raises(features.WeightsMissing):
        measuring(metrics=("fid_thesis", "fid"))


def test_a_small_sample_is_noted(measuring):
    for count, notes in ((168, 0), (167, 1)):
        progress = Silent()
        measuring(count=count, progress=progress)
        assert len(progress.notes) == notes
    assert "167 samples in 84 features is biased" in progress.notes[0]


def test_a_text_is_one_metric(measuring):
    assert list(measuring(metrics="fid", count=50).names) == ["fid"]


def test_a_network_is_told_how_it_is_measured(measuring):
    for other in (keras.Sequential(), DIGITS.values):
        with pytest.raises(UsageError, match=r"is no set of samples: .*load.*MeasureGenerator"):
            measuring(count=50)(other)
        with pytest.raises(UsageError, match=r"is no set of samples"):
            evaluation.evaluate(other, DIGITS)


def test_samples_to_which_no_metric_applies_are_told_why(evaluate, tmp_path):
    path = save(tmp_path / "few.npz", HALF[:1])
    with pytest.raises(UsageError, match="no metric applies: fid needs at least 10 samples"):
        evaluate(path, metrics=("all",))


def images(labels=None, size=28):
    values = np.zeros((200, size, size, 1), "uint8")
    return datasets.Images("noise", values, labels, "noise")


COMPARED = ("fid", "kid", "precision", "recall", "density", "coverage")
LABELS = np.arange(200) % 10


@pytest.mark.parametrize(
    ("source", "chosen", "expected"),
    [
        (images(), None, (*COMPARED, "inception_score", "fid_thesis")),
        (images(LABELS), None, (*COMPARED, "inception_score", "classifier_accuracy", "fid_thesis")),
        (images(np.arange(200) % 47), None, (*COMPARED, "inception_score", "fid_thesis")),
        (images(LABELS, 32), None, (*COMPARED, "fid_thesis")),
        (
            images(LABELS, 32),
            "inception2048",
            (*COMPARED, "inception_score", "classifier_accuracy", "fid_thesis"),
        ),
        (Points("plane", np.zeros((200, 2), "float32"), None, "plane"), None, COMPARED),
        (
            Points("r", np.zeros((9, 2), "float32"), None, "r", centers=np.eye(2), std=1.0),
            None,
            ("precision", "recall", "density", "coverage", "modes", "high_quality"),
        ),
    ],
)
def test_all_are_those_that_apply(measuring, monkeypatch, source, chosen, expected):
    """Of the others, each is noted with its reason."""
    monkeypatch.setattr(Measuring, "_load", lambda *given: None)
    notes = Silent()
    narrowed = measuring(source, "all", features=chosen, tolerated=UsageError).narrowed(
        source, notes
    )
    assert tuple(narrowed.names) == expected
    left_out = [name for name in measures.names() if name not in expected]
    assert [note.split(" is left out: ")[0] for note in notes.notes] == left_out
    assert [result.metric for result in narrowed.nothing("so")] == list(expected)


def test_metrics_without_weights_apply_and_have_no_value(measuring):
    """So `all` says which weights to bring, and not only what will never be measured."""
    ask = measuring(images(LABELS), "all", tolerated=UsageError)
    narrowed = ask.narrowed(images(LABELS))
    assert list(narrowed.reasons) == ["fid_thesis"] and "fid_thesis" in narrowed.names
    small = measuring(images(LABELS, 32), "all", tolerated=UsageError)
    with pytest.raises(UsageError, match=r"^there is no inception_2015_12_05\.npz"):
        small.narrowed(images(LABELS, 32))


def test_named_metrics_stay_as_they_are(measuring):
    ask, notes = measuring(metrics=("modes", "fid"), count=200, tolerated=UsageError), Silent()
    assert list(ask.narrowed(DIGITS, notes).names) == ["modes", "fid"]
    assert not notes.notes


def test_all_stands_alone(measuring):
    with pytest.raises(UsageError, match="unknown metric 'all'"):
        measuring(metrics=("fid", "all"), tolerated=UsageError)


def test_names_and_paths_are_to_be_loaded_first(tmp_path):
    with pytest.raises(UsageError, match=r"str is no data set: give datasets\.load\(name\)"):
        evaluation.evaluate(DIGITS, "digits")
    with pytest.raises(UsageError, match=r"PosixPath is no set of samples: give generators\.load"):
        evaluation.evaluate(tmp_path, DIGITS)


def test_no_metrics_are_none_to_measure(evaluate, measuring, noisy):
    with pytest.raises(UsageError, match="there are no metrics: name one, such as fid"):
        measuring(metrics=())
    with pytest.raises(UsageError, match="there are no metrics"):
        evaluate(noisy, metrics=[])


def test_mistakes_in_names_need_no_keras():
    script = (
        "import sys; from keras_gans import evaluation\n"
        "try: evaluation.evaluate('x', 'digits', ('fidd',))\n"
        "except ValueError: sys.exit('keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_a_damaged_image_is_named_or_skipped_and_counted(evaluate, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for i, image in enumerate(HALF):
        Image.fromarray(image[..., 0]).save(folder / f"{i:03d}.png")
    (folder / "007.png").write_bytes((folder / "007.png").read_bytes()[:60])
    with pytest.raises(UsageError, match=r"007\.png"):
        evaluate(folder)
    found = evaluation.evaluate(datasets.load(folder, damaged="skip"), DIGITS)
    assert found["results"][0]["name"] == "fid39_lenet"
    assert found["generated"]["source"] == "images without 1 damaged"


def test_real_black_and_white_images_are_images(evaluate, tmp_path):
    path = save(tmp_path / "binary.npz", (HALF > 127).astype("u1") * 255)
    assert evaluate(path)["results"][0]["value"] > 0
    assert evaluate(save(tmp_path / "black.npz", HALF * 0))["results"][0]["value"] > 0

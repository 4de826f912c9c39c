"""Numbers of generators, folders and archives, and the mistakes that get none."""

import json
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gans import datasets, evaluation, generators, networks
from keras_gans.errors import UsageError
from keras_gans.evaluation import Request
from keras_gans.metrics import features, measures
from keras_gans.metrics.fid import fid
from keras_gans.metrics.kid import kid

DIGITS = datasets.load("digits")
ALL = tuple(name for name in measures.names() if name != "fid_thesis")


@pytest.fixture
def evaluate(tmp_path):
    def evaluate(source, dataset="digits", metrics=("fid",), **options):
        request = Request(source, dataset, metrics, **options)
        return evaluation.evaluate(request, tmp_path / "data")

    return evaluate


def save(path, images, **more):
    np.savez(path, images=images, **more)
    return path


@pytest.fixture
def noisy(tmp_path):
    """An .npz of digits with noise, and the labels asked for."""
    noise = np.random.default_rng(0).integers(0, 60, DIGITS.images.shape, "uint8")
    images = np.maximum(DIGITS.images, noise)[:400]
    return save(tmp_path / "noisy.npz", images, labels=DIGITS.labels[:400])


def test_all_measures_of_one_pass(evaluate, noisy, monkeypatch):
    passes = []
    extract = features.Extractor.__call__

    def counted(self, images, progress=None):
        passes.append(len(images))
        return extract(self, images, progress)

    monkeypatch.setattr(features.Extractor, "__call__", counted)
    found = evaluate(noisy, metrics=ALL, samples=300, seed=4)
    assert passes == [300, 300]
    assert [r["name"] for r in found["results"]] == [f"{name}300_lenet" for name in ALL]
    values = {r["measure"]: r["value"] for r in found["results"]}
    assert values["fid"] > 0
    assert 0 < values["recall"] < values["coverage"] + 1
    assert values["classifier_accuracy"] > 0.8
    assert (found["count"], found["seed"]) == (300, 4)
    assert found["generated"]["source"] == "noisy.npz"
    assert found["real"] | {"sha256": 0} == {
        "name": "digits",
        "source": DIGITS.source,
        "images": [1797, 28, 28, 1],
        "sha256": 0,
        "split": "train",
        "seed": 0,
    }
    assert found["real"]["sha256"] == DIGITS.fingerprint
    json.dumps(found, allow_nan=False)


def test_numbers_are_those_of_the_pure_functions(evaluate, noisy, tmp_path):
    found = evaluate(noisy, metrics=("fid", "kid"), samples=400)
    extractor = features.get("lenet", tmp_path)
    random = np.random.Generator(np.random.Philox(0))
    chosen = np.sort(random.choice(1797, 400, replace=False))
    real = extractor(DIGITS.images[chosen])
    fake = extractor(np.load(noisy)["images"])
    by_name = {r["measure"]: r for r in found["results"]}
    assert by_name["fid"]["value"] == pytest.approx(fid(real, fake), rel=1e-9)
    mean, std = kid(real, fake, 100, 400, 0)
    assert (by_name["kid"]["value"], by_name["kid"]["std"]) == (mean, std)


def test_a_second_time_nothing_is_computed_and_the_result_is_the_same(evaluate, noisy, monkeypatch):
    first = evaluate(noisy)
    monkeypatch.setattr(features.Extractor, "__call__", None)
    assert evaluate(noisy) == first


def test_a_generator_is_asked_for_as_many_images_as_are_wanted(evaluate, tmp_path):
    generator = networks.generator("vanilla", (28, 28, 1), 7)
    path = tmp_path / "generator.h5"
    recipe = {"network": "vanilla", "options": {}, "image_shape": [28, 28, 1], "latent_dim": 7}
    generators.save(generator, path, recipe)
    first, again, other = (evaluate(path, samples=50, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first["results"][0]["name"] == "fid50_lenet"
    assert first["generated"]["images"] == [50, 28, 28, 1]
    assert first["generated"]["sha256"] != other["generated"]["sha256"]
    images = generators.images(generator, generators.latents(50, 7, 1))
    assert first["generated"]["sha256"] == datasets.Images("", images, None, "").fingerprint


@pytest.mark.parametrize("told", [{"output_range": (0.0, 1.0)}, {"latents": "uniform"}])
def test_what_only_a_stranger_needs_is_not_ignored(evaluate, tmp_path, told):
    path = tmp_path / "generator.h5"
    recipe = {"network": "vanilla", "options": {}, "image_shape": [28, 28, 1], "latent_dim": 7}
    generators.save(networks.generator("vanilla", (28, 28, 1), 7), path, recipe)
    with pytest.raises(UsageError, match=r"generator\.h5 is of a run and needs no --range"):
        evaluate(path, samples=20, **told)
    with pytest.raises(UsageError, match=r"half\.npz is no generator and needs no --range"):
        evaluate(save(tmp_path / "half.npz", HALF), **told)


def test_folder_zip_and_npz_of_the_same_images_give_the_same(evaluate, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for i, image in enumerate(DIGITS.images[:30]):
        Image.fromarray(image[..., 0]).save(folder / f"{i:03d}.png")
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    signed = save(tmp_path / "signed.npz", datasets.to_unit(DIGITS.images[:30]))
    same = save(tmp_path / "same.npz", DIGITS.images[:30])
    values = [evaluate(p)["results"] for p in (folder, tmp_path / "images.zip", signed, same)]
    assert values[0] == values[1] == values[2] == values[3]
    assert values[0][0]["name"] == "fid30_lenet"
    identical = evaluate(folder, dataset=str(signed))
    assert identical["results"][0]["value"] == pytest.approx(0, abs=1e-9)


HALF = DIGITS.images[:40]
MISTAKES = {
    "floats in 0..1": (HALF / np.float32(255), r"from 0 to 1, which looks like \[0, 1\]"),
    "floats in 0..255": (HALF.astype("f4"), r"from 0 to 255; save them as uint8, 0 to 255, or"),
    "floats just outside": (datasets.to_unit(HALF) * 1.01, r"from -1.01 to 1.01; save them as"),
    "NaN": (np.where(HALF > 250, np.nan, 0.0), "from nan to nan"),
    "cast from 0..1": ((HALF > 200).astype("u1"), "the pixels are all 0, 1 or 255"),
    "cast from -1..1": (np.sign(HALF - 99.0).astype("i8").astype("u1"), "all 0, 1 or 255"),
    "integers": (HALF.astype("i4"), "int32; save them as uint8"),
    "colour beside grey": (HALF.repeat(3, axis=-1), r"images of 28x28x3 and .* of 28x28x1"),
    "another size": (HALF[:, 2:-2, 2:-2], r"images of 24x24x1 and .* of 28x28x1: bring them"),
    "two channels": (HALF.repeat(2, axis=-1), "2 channels"),
    "one image": (HALF[:1], "has one image; a comparison needs at least 2"),
    "too few": (HALF, r"50 images are asked for, and wrong.npz has 40.* --samples 40"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gives_a_line_and_never_a_number(evaluate, tmp_path, mistake):
    images, message = MISTAKES[mistake]
    path = save(tmp_path / "wrong.npz", images)
    with pytest.raises(UsageError, match=message):
        evaluate(path, samples=50 if mistake == "too few" else None)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ("fidd",)}, "unknown metric 'fidd'; did you mean 'fid'"),
        ({"extractor": "inception2047"}, "unknown feature extractor 'inception2047'; did you mean"),
        ({"dataset": "nothing"}, "there is no data set 'nothing'"),
        ({"extractor": "inception2048"}, r"there is no inception_2015_12_05\.npz"),
        ({"metrics": ("fid_thesis",)}, "imagenet"),
        ({"metrics": ("inception_score",), "samples": 5}, "inception_score: "),
        ({"metrics": ("classifier_accuracy",)}, "these images have none"),
        ({"split": "test"}, "split"),
    ],
)
def test_a_request_that_cannot_be_met(evaluate, tmp_path, options, message):
    path = save(tmp_path / "half.npz", HALF)
    with pytest.raises(UsageError, match=message):
        evaluate(path, **options)


def test_a_source_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="there is no file or folder"):
        Request(tmp_path / "absent", "digits")


def test_a_damaged_image_is_named_or_left_out_and_counted(evaluate, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for i, image in enumerate(HALF):
        Image.fromarray(image[..., 0]).save(folder / f"{i:03d}.png")
    (folder / "007.png").write_bytes((folder / "007.png").read_bytes()[:60])
    with pytest.raises(UsageError, match=r"007\.png"):
        evaluate(folder)
    found = evaluate(folder, damaged="skip")
    assert found["results"][0]["name"] == "fid39_lenet"
    assert found["generated"]["source"] == "images without 1 damaged"


def test_a_generator_of_a_stranger_makes_as_many_of_each_label(evaluate, tmp_path):
    """Its labels are what classifier_accuracy asks for."""
    latent, label = keras.Input((6,)), keras.Input((1,))
    code = keras.layers.Flatten()(keras.layers.Embedding(10, 6)(label))
    x = keras.layers.Multiply()([latent, code])
    x = keras.layers.Dense(784, activation="tanh")(x)
    model = keras.Model([latent, label], keras.layers.Reshape((28, 28, 1))(x))
    model.save(tmp_path / "stranger.h5")
    found = evaluate(tmp_path / "stranger.h5", metrics=("fid", "classifier_accuracy"), samples=40)
    assert [r["name"] for r in found["results"]] == ["fid40_lenet", "classifier_accuracy40_lenet"]
    assert 0 <= found["results"][1]["value"] <= 1
    keras.Model(model.input, keras.layers.Dense(3)(x)).save(tmp_path / "other.h5")
    with pytest.raises(UsageError, match=r"other\.h5 is a network whose output"):
        evaluate(tmp_path / "other.h5")


def test_real_black_and_white_images_are_images(evaluate, tmp_path):
    path = save(tmp_path / "binary.npz", (HALF > 127).astype("u1") * 255)
    assert evaluate(path)["results"][0]["value"] > 0
    assert evaluate(save(tmp_path / "black.npz", HALF * 0))["results"][0]["value"] > 0

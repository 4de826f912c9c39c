"""The audit on small images and features that are pixels: probes, page, figure, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_gans import datasets, generators, networks, parts
from keras_gans.errors import Failed, UsageError
from keras_gans.rows import read_table
from keras_gans.studies import fid_audit
from keras_gans.studies.fid_audit_page import RANGES


class Silent:
    def status(self, text):
        pass

    begin = update = note = status


class Pixels:
    """Features that are nine pixels after `preprocess_input`, given in a range."""

    def __init__(self, name, divisor, shift):
        self.name, self.weights_hash, self.dimension = name, "w" * 64, 9
        self.divisor, self.shift = divisor, shift

    def __call__(self, images, progress):
        self.seen.append(self.name)
        progress(len(images), len(images))
        pixels = images[:, 10:13, 10:13, 0].reshape(len(images), -1).astype("f4")
        return (pixels / self.divisor + self.shift) / np.float32(127.5) - 1


@pytest.fixture
def audited(tmp_path, monkeypatch):
    """Function that audits a data folder with MNIST only, and results with one generator."""
    given = {"0..255": (1, 0), "-1..1": (127.5, -1), "0..1": (255, 0)}
    monkeypatch.setattr(
        fid_audit.features,
        "get",
        lambda name, folder: next(
            Pixels(name, *given[r]) for r, end in RANGES.items() if name.endswith(f"768{end}")
        ),
    )
    monkeypatch.setattr(Pixels, "seen", [], raising=False)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (120, 28, 28), "uint8")
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data" / "mnist.npz", x_train=images, y_train=np.zeros(120, "u1"))
    folder = tmp_path / "results" / "akel2022" / "3" / "seed-0"
    folder.mkdir(parents=True)
    part = read_table("akel2022").experiment(3).generator
    data = datasets.load("mnist", tmp_path / "data")
    latents = parts.get("latents", {"name": "normal", "size": 100})
    network = networks.build(part, "generator", (28, 28, 1), 100)
    saved = generators.Saved.of(network, part, latents, data, {"seed": 0})
    generators.save(saved, folder / "generator_model_030000.h5")

    def run(samples=50, network="imagenet768"):
        return fid_audit.audit(
            tmp_path / "results", tmp_path / "data", tmp_path / "out", samples, network, Silent()
        )

    return run


def records(page):
    return json.loads((page.parent / "audit.json").read_text())["distances"]


def value(found, probe, real, fake):
    (record,) = [
        r for r in found if (r["probe"], r["real_range"], r["fake_range"]) == (probe, real, fake)
    ]
    return record["value"]


def test_a_range_scales_the_distance_by_the_square_of_its_contrast(audited):
    """The arithmetic of the hypothesis, exact for features that are linear in the pixels."""
    found = records(audited())
    right = value(found, "null", "0..255", "0..255")
    assert right > 0
    assert value(found, "null", "-1..1", "-1..1") * 127.5**2 == pytest.approx(right, rel=1e-4)
    assert value(found, "null", "0..1", "0..1") * 255**2 == pytest.approx(right, rel=1e-4)


def test_images_in_unit_range_are_nearly_black(audited):
    found = records(audited())
    black = value(found, "black", "0..255", "-1..1")
    assert value(found, "generator", "0..255", "-1..1") == pytest.approx(black, rel=0.02)
    assert value(found, "generator", "0..255", "0..255") < black / 2


def test_the_first_generator_is_measured_in_all_nine_ways(audited):
    ways = {
        (r["real_range"], r["fake_range"]) for r in records(audited()) if r["probe"] == "generator"
    }
    assert ways == {(a, b) for a in RANGES for b in RANGES}


def test_the_page_has_all_answers_and_names_its_features(audited):
    page = audited()
    text = page.read_text()
    assert "not in the 2,048 features that the thesis" in text
    assert "| generator of row 3 | 52.453 |" in text
    assert "celeba" not in text, "there was none to audit"
    assert "Read as *mixed*" in text
    for line in text.splitlines():
        assert "nan" not in line
    with Image.open(page.parent / "audit.png") as figure:
        assert figure.width > 500


def test_a_second_audit_is_the_same_and_computes_no_features(audited, monkeypatch):
    page = audited()
    first = {path.name: path.read_bytes() for path in page.parent.iterdir()}
    monkeypatch.setattr(Pixels, "__call__", None)
    audited()
    assert {path.name: path.read_bytes() for path in page.parent.iterdir()} == first


def test_a_full_disk_names_the_file(audited, monkeypatch, tmp_path):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_gans.files.sync", full)
    with pytest.raises(Failed, match=r"cannot write .*audit\.json: No space left"):
        audited()


def test_a_stopped_audit_resumes_where_it_was(audited, monkeypatch, tmp_path):
    first = audited().parent / "audit.json"
    whole = first.read_bytes()
    content = json.loads(whole)
    content["distances"] = content["distances"][:-1]
    first.write_text(json.dumps(content))
    Pixels.seen.clear()
    audited()
    assert Pixels.seen == ["imagenet768_unit"], "of the generator, in the last of the nine ways"
    assert first.read_bytes() == whole


@pytest.mark.parametrize("change", ["weights", "samples", "keras_gans", "sha256", "damaged"])
def test_distances_of_anything_else_are_computed_again(audited, change):
    path = audited().parent / "audit.json"
    whole = path.read_bytes()
    content = json.loads(whole)
    for record in content["distances"]:
        record["value"] = -1.0
    if change == "sha256":
        content["data"]["mnist"]["sha256"] = "0"
    else:
        content[change] = "other"
    path.write_text("[" if change == "damaged" else json.dumps(content))
    audited()
    assert path.read_bytes() == whole


def test_only_features_of_real_images_are_cached(audited, tmp_path):
    audited()
    cached = list((tmp_path / "data" / "features").iterdir())
    assert len(cached) == 2 * len(RANGES)


def test_too_few_images_and_no_data_set(audited, tmp_path):
    with pytest.raises(UsageError, match=r"has 120 images .* two sets of 61: --samples 60"):
        audited(samples=61)
    (tmp_path / "data" / "mnist.npz").write_bytes(b"")
    with pytest.raises(UsageError, match="neither of mnist, celeba is there"):
        audited()
    assert not (tmp_path / "out").exists()


def test_without_generators_the_distance_of_real_images_is_an_answer(audited, tmp_path):
    next(Path(tmp_path).rglob("*.h5")).unlink()
    assert "no generator of the table" in audited().read_text()


def test_the_network_is_the_first_with_weights(tmp_path):
    with pytest.raises(UsageError, match="imagenet"):
        fid_audit.audit(tmp_path, tmp_path, tmp_path / "out", 50, None, Silent())


def test_finished_rows_have_their_last_generator(tmp_path):
    for row, iteration in ((1, 30000), (2, 3000), (11, 30000)):
        folder = tmp_path / "akel2022" / str(row) / "seed-0"
        folder.mkdir(parents=True)
        (folder / f"generator_model_{iteration:06d}.h5").touch()
    found = fid_audit.finished(tmp_path)
    assert [(g.row, g.dataset, g.printed) for g in found] == [
        (1, "mnist", 53.7039),
        (11, "celeba", 0.457),
    ]


def test_the_two_sets_of_real_images_have_no_common_image():
    pixels = np.arange(40, dtype="u1").repeat(784).reshape(40, 28, 28)
    data = datasets.Images("mnist", pixels, None, "mnist")
    seen = []

    def distance(real, real_range, fake, fake_range, keep):
        seen.append((real, fake))
        return 1.0

    fid_audit._probe(data, [], lambda compute, **about: compute(), distance, 20)
    real, others = (set(images.values[:, 0, 0, 0]) for images in seen[0])
    assert len(real) == len(others) == 20
    assert not real & others

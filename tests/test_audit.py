"""The audit on small images and a network of random weights: probes, page, figure, mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_gans import audit, datasets, generators, networks
from keras_gans.errors import UsageError
from keras_gans.experiment import read_table


class Silent:
    def status(self, text):
        pass

    begin = update = note = status


class Pixels:
    """Features that are what `preprocess_input` makes of nine pixels, in the range given."""

    def __init__(self, name, divisor, shift):
        self.name, self.weights_hash, self.dimension = name, "w" * 64, 9
        self.divisor, self.shift = divisor, shift

    def __call__(self, images, progress):
        progress(len(images), len(images))
        pixels = images[:, 10:13, 10:13, 0].reshape(len(images), -1).astype("f4")
        return (pixels / self.divisor + self.shift) / np.float32(127.5) - 1


@pytest.fixture
def audited(tmp_path, monkeypatch):
    """A data folder with MNIST alone, results with one generator, and the audit of them."""
    given = {"0..255": (1, 0), "-1..1": (127.5, -1), "0..1": (255, 0)}
    monkeypatch.setattr(
        audit.features,
        "get",
        lambda name, folder: next(
            Pixels(name, *given[r]) for r, end in audit.RANGES.items() if name.endswith(f"768{end}")
        ),
    )
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (120, 28, 28), "uint8")
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data" / "mnist.npz", x_train=images, y_train=np.zeros(120, "u1"))
    folder = tmp_path / "results" / "akel2022" / "3" / "seed-0"
    folder.mkdir(parents=True)
    row = read_table("akel2022").experiment(3)
    generator = networks.generator("vanilla", (28, 28, 1), 100, **row.generator.options)
    recipe = {"network": "vanilla", "image_shape": [28, 28, 1], "latent_dim": 100}
    recipe["options"] = row.generator.options
    generators.save(generator, folder / "generator_model_030000.h5", recipe)

    def run(samples=50, network="imagenet768"):
        return audit.audit(
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


def test_ranges_scale_the_distance_by_the_square_of_their_contrast(audited):
    """The arithmetic of the hypothesis, exact where features are linear in the pixels."""
    found = records(audited())
    right = value(found, "null", "0..255", "0..255")
    assert right > 0
    assert value(found, "null", "-1..1", "-1..1") * 127.5**2 == pytest.approx(right, rel=1e-4)
    assert value(found, "null", "0..1", "0..1") * 255**2 == pytest.approx(right, rel=1e-4)


def test_images_in_unit_range_are_as_good_as_black(audited):
    found = records(audited())
    black = value(found, "black", "0..255", "-1..1")
    assert value(found, "generator", "0..255", "-1..1") == pytest.approx(black, rel=0.02)
    assert value(found, "generator", "0..255", "0..255") < black / 2


def test_one_generator_is_measured_in_all_nine_ways(audited):
    ways = {
        (r["real_range"], r["fake_range"]) for r in records(audited()) if r["probe"] == "generator"
    }
    assert ways == {(a, b) for a in audit.RANGES for b in audit.RANGES}


def test_the_page_has_every_answer_and_says_what_it_is_not(audited):
    page = audited()
    text = page.read_text()
    assert "not of the 2,048 features that the thesis" in text
    assert "| generator of row 3 | 52.453 |" in text
    assert "celeba" not in text, "there was none to audit"
    assert "Read as *mixed*" in text
    for line in text.splitlines():
        assert "nan" not in line
    with Image.open(page.parent / "audit.png") as figure:
        assert figure.width > 500


def test_a_second_audit_is_the_same_and_takes_no_features(audited, monkeypatch):
    page = audited()
    first = {path.name: path.read_bytes() for path in page.parent.iterdir()}
    monkeypatch.setattr(Pixels, "__call__", None)
    audited()
    assert {path.name: path.read_bytes() for path in page.parent.iterdir()} == first


def test_too_few_images_and_none_at_all(audited, tmp_path):
    with pytest.raises(UsageError, match=r"has 120 images .* two sets of 61: --samples 60"):
        audited(samples=61)
    (tmp_path / "data" / "mnist.npz").write_bytes(b"")
    with pytest.raises(UsageError, match="neither of mnist, celeba is there"):
        audited()
    assert not (tmp_path / "out").exists()


def test_without_generators_the_null_is_still_an_answer(audited, tmp_path):
    next(Path(tmp_path).rglob("*.h5")).unlink()
    assert "No generator of the table was there" in audited().read_text()


def test_the_weights_that_are_there_decide_the_network(tmp_path):
    with pytest.raises(UsageError, match="imagenet"):
        audit.audit(tmp_path, tmp_path, tmp_path / "out", 50, None, Silent())


def test_finished_rows_are_found_by_their_last_generator(tmp_path):
    for row, iteration in ((1, 30000), (2, 3000), (11, 30000)):
        folder = tmp_path / "akel2022" / str(row) / "seed-0"
        folder.mkdir(parents=True)
        (folder / f"generator_model_{iteration:06d}.h5").touch()
    found = audit.finished(tmp_path)
    assert [(g.row, g.dataset, g.printed) for g in found] == [
        (1, "mnist", 53.7039),
        (11, "celeba", 0.457),
    ]


def test_data_of_the_audit_are_two_sets_without_a_common_image():
    pixels = np.arange(40, dtype="u1").repeat(784).reshape(40, 28, 28)
    data = datasets.Images("mnist", pixels, None, "")
    seen = []

    class Probes:
        samples = 20

        def distance(self, real, real_range, fake, fake_range):
            seen.append((real, fake))
            return 1.0

    audit._audit_data(data, [], Probes())
    real, others = (set(images.images[:, 0, 0, 0]) for images in seen[0])
    assert len(real) == len(others) == 20
    assert not real & others

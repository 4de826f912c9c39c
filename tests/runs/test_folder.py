"""The folder of a run: made, emptied in an order that survives a kill, described, vouched for."""

import errno
import os
import shutil

import keras
import pytest
from running import quickstart

from keras_gans import networks
from keras_gans.errors import UsageError
from keras_gans.gan import GAN
from keras_gans.runs import folder


@pytest.fixture
def place(tmp_path):
    """A folder with the files of a run."""
    place = tmp_path / "run"
    for name in ("checkpoint/000010", "samples"):
        (place / name).mkdir(parents=True)
    for name in ("experiment.yaml", "log.jsonl", "samples/000010.png", "checkpoint/000010/a",
                 "generator_model_000010.h5", "notes.txt", ".lock"):  # fmt: skip
        (place / name).write_text(name)
    return place


def names(place):
    return sorted(p.name for p in place.iterdir())


def test_a_folder_is_made_with_all_above_it_and_may_be_there(tmp_path):
    for _ in range(2):
        folder.make(tmp_path / "a" / "b")
        assert (tmp_path / "a" / "b").is_dir()


def test_a_place_that_takes_no_folder_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot write to .*file.*--results"):
        folder.make(tmp_path / "file" / "run")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="Permission denied; see --results"):
        folder.make(tmp_path)


def test_emptying_leaves_the_lock_and_nothing_else(place):
    folder.empty(place)
    assert names(place) == [".lock"]


def test_a_folder_that_is_no_run_is_not_emptied(place):
    (place / "experiment.yaml").unlink()
    before = names(place)
    folder.empty(place)
    assert names(place) == before


def test_emptying_that_is_killed_anywhere_leaves_no_checkpoint_and_can_be_repeated(
    place, monkeypatch
):
    """experiment.yaml, which says that these files are of a run, goes last."""

    class Killed(BaseException):
        pass

    template = place.with_name("template")
    shutil.copytree(place, template)
    for allowed in range(10):
        shutil.rmtree(place)
        shutil.copytree(template, place)
        left = [allowed]

        def dying(original, left=left):
            def call(*args, **kwargs):
                left[0] -= 1
                if left[0] < 0:
                    raise Killed
                return original(*args, **kwargs)

            return call

        with monkeypatch.context() as context:
            context.setattr(folder.os, "replace", dying(os.replace))
            context.setattr(type(place), "unlink", dying(type(place).unlink))
            try:
                folder.empty(place)
            except Killed:
                assert (place / "experiment.yaml").is_file()
                assert allowed == 0 or not (place / "checkpoint").exists()
            else:
                break
        folder.empty(place)
        assert [n for n in names(place) if not n.startswith(".")] == []
    assert allowed > 4


# --- room --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gan():
    keras.utils.set_random_seed(0)
    shape = (28, 28, 1)
    generator = networks.build("dcgan", "generator", shape, 100)
    gan = GAN(generator, networks.build("dcgan", "discriminator", shape))
    gan.compile(d_optimizer="adam", g_optimizer="adam")
    return gan


def test_room_is_counted_for_every_network_that_is_saved(gan, tmp_path, monkeypatch):
    weights = 4 * (gan.generator.count_params() + gan.discriminator.count_params())

    def refusal(**changed):
        with pytest.raises(UsageError, match=r"needs .* MB") as caught:
            folder.check_space(tmp_path, gan, quickstart(2, tmp_path, changed).experiment)
        assert "save_every=N" in str(caught.value)
        return int(str(caught.value).split("needs ")[1].split(" MB")[0].replace(",", ""))

    def free(number):
        usage = shutil.disk_usage("/")._replace(free=number)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    free(0)
    four = refusal(iterations=40, save_every=10)
    assert refusal(iterations=400, save_every=10) - four == pytest.approx(36 * weights / 1e6, abs=1)
    assert refusal(iterations=40, save_every=10, save_at=[1, 2, 3]) - four == pytest.approx(
        3 * weights / 1e6, abs=1
    )
    gan.iteration.assign(30)
    assert four - refusal(iterations=40, save_every=10) == pytest.approx(3 * weights / 1e6, abs=1)
    gan.iteration.assign(0)
    free(int((four + 1) * 1e6))
    folder.check_space(tmp_path, gan, quickstart(2, tmp_path).experiment)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError(errno.EFBIG, "File too large", "a.h5"), "File too large"),
        (OSError("Unable to write\n  (errno = 28)"), r"Unable to write \(errno = 28\)"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
    ],
)
def test_a_disk_that_says_no_is_one_line(error, words, tmp_path):
    with (
        pytest.raises(folder.CannotWrite, match=f"cannot write to .*: {words}") as caught,
        folder.failures_to_write(tmp_path),
    ):
        raise error
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("x"), KeyboardInterrupt()])
def test_other_failures_stay_what_they_are(error, tmp_path):
    with pytest.raises(type(error)), folder.failures_to_write(tmp_path):
        raise error


# --- descriptions ------------------------------------------------------------------------------


def test_summaries_count_parameters_and_are_not_cut(gan, tmp_path):
    folder.describe(tmp_path, gan.generator, gan.discriminator)
    combined = (tmp_path / "modelsummary.txt").read_text()
    generator = (tmp_path / "generator_modelsummary.txt").read_text()
    assert "Total params: 1,249,922" in combined
    assert "Trainable params: 855,809" in combined, "the discriminator stands frozen in it"
    assert "Total params: 856,193" in generator
    table = [line for line in generator.splitlines() if line.startswith("│")]
    assert table
    assert all(line.endswith("│") for line in table)
    assert (tmp_path / "discriminator_modelsummary.txt").is_file()
    assert (tmp_path / "model_plot.png").is_file()
    assert gan.discriminator.trainable


@pytest.mark.parametrize(
    ("name", "shape", "classes"), [("conditional", (28, 28, 1), 10), ("points", (2,), None)]
)
def test_networks_with_labels_and_of_points_are_described_too(name, shape, classes, tmp_path):
    generator = networks.build(name, "generator", shape, 100, classes)
    discriminator = networks.build(name, "discriminator", shape, classes=classes)
    folder.describe(tmp_path, generator, discriminator)
    total = generator.count_params() + discriminator.count_params()
    assert f"Total params: {total:,}" in (tmp_path / "modelsummary.txt").read_text()


def test_metrics_vouch_for_the_last_files_and_the_best_of_those_that_exist(tmp_path):
    for name in ("experiment.yaml", "log.jsonl", "generator_model_000010.h5",
                 "generator_model_000020.h5", "generator_model_best.h5", "notes.txt"):  # fmt: skip
        (tmp_path / name).write_text("")
    assert folder.vouched_for(tmp_path, 20) == [
        "experiment.yaml", "log.jsonl", "generator_model_000020.h5", "generator_model_best.h5",
    ]  # fmt: skip


def test_json_and_text_appear_complete(tmp_path):
    folder.write_json(tmp_path / "a.json", {"b": [1, None]})
    assert (tmp_path / "a.json").read_text() == '{\n  "b": [\n    1,\n    null\n  ]\n}\n'
    folder.write_text(tmp_path / "a.txt", "é\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\n"
    assert names(tmp_path) == ["a.json", "a.txt"]

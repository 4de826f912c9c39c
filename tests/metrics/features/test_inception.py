import importlib.util
import os
import random
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans.errors import UsageError
from keras_gans.files import sha256
from keras_gans.metrics import features
from keras_gans.metrics.features import archive, inception, preparation
from keras_gans.metrics.fid import fid

RNG = np.random.default_rng(0)
ENDS = "pool", "pool_1", "mixed_7_join", "mixed_8_join", "mixed_10_join"  # of the taps


def pictures(n, height=40, width=40, channels=3, seed=0):
    """Smooth colour images: resized noise of few pixels."""
    small = np.random.default_rng(seed).uniform(0, 255, (n, 5, 5, channels)).astype(np.float32)
    return ops.convert_to_numpy(preparation.resize(small, (height, width))).astype(np.uint8)


def distance(found, expected):
    """Relative distance; near the rounding error of float32 if two networks are equal."""
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def weights_of(network, folder):
    with np.load(archive.find(folder, inception.FILE, "inception")) as arrays:
        return {key: arrays[key] for key in sorted(inception._keys(network))}


def test_the_table_of_nodes_has_all_convolutions():
    layers_ = inception.convolutions(inception.build(2048, 75))
    assert {layer.name for layer in layers_} == set(inception.NODES)
    assert len(set(inception.NODES.values())) == 94


@pytest.mark.parametrize(("size", "sides"), [(299, (73, 35, 17, 8, 8)), (75, (17, 7, 3, 1, 1))])
def test_the_sizes_before_the_average(size, sides):
    network = inception.build(2048, size)
    for tap, side, end in zip(inception.TAPS, sides, ENDS, strict=True):
        assert network.get_layer(end).output.shape == (None, side, side, tap)
    assert network.layers[-1].input is network.get_layer("mixed_10_join").output


def test_the_complete_network_has_94_convolutions():
    network = inception.build(2048, 75)
    assert len(inception.convolutions(network)) == 94
    assert network.count_params() == 21_768_352


def check_all_taps(folder, last, size):
    reference = pytest.importorskip("torch_inception", exc_type=ImportError)
    network, weights_hash = inception.load(last, size, folder)
    assert weights_hash == sha256(archive.find(folder, inception.FILE, "inception"))
    x = ops.convert_to_numpy(preparation.as_in_graph(pictures(2, 64, 48), size))
    expected = reference.features(x, weights_of(network, folder), last)
    outputs = [
        network.output if tap == last else keras.layers.GlobalAveragePooling2D()(layer.output)
        for tap, layer in zip(expected, map(network.get_layer, ENDS), strict=False)
    ]
    found = keras.Model(network.input, outputs).predict_on_batch(x)
    for tap, features_ in zip(expected, found, strict=True):
        assert features_.shape == (2, tap)
        assert np.ptp(features_, axis=0).max() > 0.01
        assert distance(features_, expected[tap]) < 2e-6


@pytest.mark.parametrize("size", [299, 75])
def test_random_weights_equal_an_independent_network(random_folder, size):
    check_all_taps(random_folder, 2048, size)


@pytest.mark.parametrize("size", [299, 75])
def test_official_weights_equal_an_independent_network(inception_folder, size):
    check_all_taps(inception_folder, 1280, size)


def test_a_network_ends_at_its_tap(random_folder):
    x = preparation.as_in_graph(pictures(2), 75)
    for tap, end in list(zip(inception.TAPS, ENDS, strict=True))[:-1]:
        network = inception.build(tap, 75)
        assert network.layers[-1].input is network.get_layer(end).output
    second, _ = inception.load(192, 75, random_folder)
    whole, _ = inception.load(2048, 75, random_folder)
    middle = keras.Model(whole.input, whole.get_layer("pool_1").output).predict_on_batch(x)
    assert distance(second.predict_on_batch(x), middle.mean(axis=(1, 2))) < 2e-6


def test_official_weights_separate_noise_from_two_halves(inception_folder):
    extractor = features.get("inception768_75px", inception_folder)
    images = pictures(400)
    noise = np.clip(images + RNG.normal(0, 30, images.shape), 0, 255).astype(np.uint8)
    first, second, noisy = map(extractor, (images[:200], images[200:], noise[:200]))
    assert 0 < 10 * fid(first, second) < fid(first, noisy)


BACKEND_SCRIPT = """
import sys
import numpy as np
from keras_gans.metrics.features import inception, lenet, preparation
images, folder, out = sys.argv[1:]
with np.load(images) as arrays:
    colour, digits = arrays["colour"], arrays["digits"]
from keras import ops
resized = ops.convert_to_numpy(preparation.as_in_graph(colour, 75))
network, _ = inception.load(2048, 75, folder)
np.savez(out, resized=resized, inception=network.predict_on_batch(resized),
         lenet=lenet.load().predict_on_batch(digits)[0])
"""


@pytest.fixture(scope="module", autouse=True)
def other_backends(random_folder, tmp_path_factory):
    """(inputs, {backend: process that writes its features}); they run during the tests."""
    folder = tmp_path_factory.mktemp("backends")
    images = {"colour": pictures(2, 64, 48), "digits": pictures(50, 28, 28, 1)}
    np.savez(folder / "in.npz", **images)
    processes = {}
    for backend in filter(importlib.util.find_spec, ("jax", "torch")):
        out = folder / f"{backend}.npz"
        command = [sys.executable, "-c", BACKEND_SCRIPT, folder / "in.npz", random_folder, out]
        env = {**os.environ, "KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"}
        processes[backend] = subprocess.Popen(command, env=env), out
    yield images, processes
    for process, _ in processes.values():
        process.kill()
        process.wait()


def test_loading_draws_no_random_number(random_folder):
    states = random.getstate(), np.random.get_state()[1].copy()
    network, _ = inception.load(192, 75, random_folder)
    network.predict_on_batch(preparation.as_in_graph(pictures(1), 75))
    assert random.getstate() == states[0]
    assert np.array_equal(np.random.get_state()[1], states[1])


def test_defaults_of_the_user_do_not_change_it(random_folder):
    x = preparation.as_in_graph(pictures(2), 75)
    expected = inception.load(192, 75, random_folder)[0].predict_on_batch(x)
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        keras.config.set_image_data_format("channels_first")
        found = inception.load(192, 75, random_folder)[0].predict_on_batch(x)
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(found, expected)


def test_no_file(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(archive.WeightsMissing, match=r"no inception_2015_12_05\.npz .* in "):
            inception.load(64, 75, folder)


def test_the_exact_name_comes_first(tmp_path):
    for name in ("inception_2015_12_05_to_mixed_8.npz", "inception_2015_12_05_b.npz"):
        (tmp_path / name).touch()
    assert archive.find(tmp_path, inception.FILE, "inception").name == "inception_2015_12_05_b.npz"
    (tmp_path / "inception_2015_12_05.npz").touch()
    assert archive.find(tmp_path, inception.FILE, "inception").name == "inception_2015_12_05.npz"


@pytest.fixture
def small_folder(random_folder, tmp_path):
    """Function that writes weights up to the tap 192, with changes, and returns the folder."""
    arrays = weights_of(inception.build(192, 75), random_folder)

    def write(**changes):
        changed = {k.replace("__", "/"): v for k, v in changes.items()}
        archive.write_arrays(tmp_path / inception.FILE, {**arrays, **changed})
        return tmp_path

    return write


def test_a_file_that_ends_early_names_its_taps(small_folder):
    folder = small_folder()
    assert inception.load(192, 75, folder)[0].output.shape == (None, 192)
    with pytest.raises(
        archive.WeightsMissing,
        match=r"inception768; it has those of the taps 64, 192; `keras-gans weights inception` "
        r"fetches all$",
    ):
        inception.load(768, 75, folder)
    archive.write_arrays(folder / inception.FILE, {"other": np.zeros(3)})
    with pytest.raises(archive.WeightsMissing, match="taps none"):
        inception.load(64, 75, folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"conv__kernel": np.zeros((3, 3, 3, 31), np.float32)}, r"conv/kernel.*3, 3, 3, 31"),
        ({"conv_1__bias": np.zeros(32)}, "conv_1/bias: float64"),
        ({"conv_1__bias": np.full(32, np.inf, np.float32)}, "conv_1/bias.*infinite"),
    ],
)
def test_wrong_weights_are_refused(small_folder, changes, message):
    with pytest.raises(UsageError, match=message):
        inception.load(64, 75, small_folder(**changes))


def test_a_truncated_file_is_refused(small_folder):
    path = small_folder() / inception.FILE
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UsageError, match="not a readable"):
        inception.load(64, 75, path.parent)


def test_damage_inside_a_file_is_refused(small_folder):
    path = small_folder() / inception.FILE
    content = bytearray(path.read_bytes())
    with np.load(path) as arrays:
        content[content.index(arrays["conv_1/kernel"].tobytes()) + 50] ^= 1
    path.write_bytes(content)
    with pytest.raises(UsageError, match="damaged"):
        inception.load(64, 75, path.parent)


def test_a_copy_of_the_file_has_its_hash(random_folder, tmp_path):
    shutil.copy(archive.find(random_folder, inception.FILE, "inception"), tmp_path)
    assert inception.load(64, 75, tmp_path)[1] == inception.load(64, 75, random_folder)[1]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_all_backends_give_the_same_features(random_folder, other_backends, backend):
    from keras_gans.metrics.features import lenet

    images, processes = other_backends
    if backend not in processes:
        pytest.skip(f"no {backend} here")
    resized = ops.convert_to_numpy(preparation.as_in_graph(images["colour"], 75))
    network, _ = inception.load(2048, 75, random_folder)
    process, out = processes[backend]
    assert process.wait() == 0
    with np.load(out) as found:
        np.testing.assert_array_equal(found["resized"], resized)
        for name, expected in (
            ("inception", network.predict_on_batch(resized)),
            ("lenet", lenet.load().predict_on_batch(images["digits"])[0]),
        ):
            assert distance(found[name], expected) < 2e-6

"""Saved generators: the same images after a round trip, and no file that is believed."""

import json
import resource
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest

from keras_gans import generators, hdf5, networks, plots
from keras_gans.errors import UsageError
from keras_gans.hdf5_index import described

SHAPE, LATENT_DIM = (8, 8, 1), 4
RECIPE = {
    "network": "dcgan",
    "options": {"kernel_size": 3},
    "image_shape": list(SHAPE),
    "latent_dim": LATENT_DIM,
    "seed": 7,
}


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    """Files are described in this process: faster, and `test_hdf5.py` has the other one."""
    monkeypatch.setattr(hdf5, "_ask", lambda path: json.loads(json.dumps(described(path))))


@pytest.fixture(scope="module")
def generator():
    """With moving statistics that are not those of a new network."""
    keras.utils.set_random_seed(0)
    network = networks.generator("dcgan", SHAPE, LATENT_DIM, kernel_size=3)
    random = np.random.default_rng(0)
    for weight in network.weights:
        values = random.normal(0.0, 0.1, weight.shape)
        weight.assign(np.abs(values) if len(weight.shape) == 1 else values)  # variances
    return network


@pytest.fixture(scope="module")
def saved(generator, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "generator_model_000010.h5"
    generators.save(generator, path, RECIPE)
    return path


@pytest.fixture
def copy(saved, tmp_path):
    """A copy of the file, to be spoilt."""
    path = tmp_path / "copy.h5"
    path.write_bytes(saved.read_bytes())
    return path


def test_the_same_generator_is_the_same_bytes(generator, saved, copy):
    generators.save(generator, copy, RECIPE)
    assert copy.read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.999])
def test_a_file_that_does_not_fit_leaves_what_was_there(generator, saved, tmp_path, share):
    """HDF5 itself would leave a file that opens and has no weights, or end the process."""
    path = tmp_path / "generator_model_best.h5"
    path.write_text("the one before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(saved.stat().st_size * share), hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            generators.save(generator, path, RECIPE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "the one before"
    assert list(tmp_path.iterdir()) == [path]


def refusal(path):
    with pytest.raises(UsageError) as caught:
        generators.load(path)
    message = str(caught.value)
    assert str(path) in message
    assert message.count(str(path)) == 1
    assert "\n" not in message
    return message


def kernels(file):
    """The datasets of weights, by name."""
    found = {}
    file["model_weights"].visititems(
        lambda name, item: found.update({name: item}) if isinstance(item, h5py.Dataset) else None
    )
    return found


def replace_kernel(path, make):
    """Puts what `make(group, name, values)` makes in the place of the first Dense kernel."""
    with h5py.File(path, "r+") as file:
        name, dataset = next((n, d) for n, d in kernels(file).items() if d.shape == (4, 512))
        values, group = dataset[()], dataset.parent
        name = name.rsplit("/", 1)[1]
        del group[name]
        make(group, name, values)


# --- round trip -------------------------------------------------------------------------------


def test_loaded_generator_makes_the_same_images(generator, saved):
    loaded, recipe = generators.load(saved)
    assert recipe == RECIPE
    latents = generators.latents(20, LATENT_DIM, 3)
    before = generator.predict(latents, verbose=0)
    np.testing.assert_array_equal(loaded.predict(latents, verbose=0), before)
    assert before.std() > 1e-4  # else any two generators would agree


def test_file_opens_with_stock_keras_where_this_package_is_not_installed(
    generator, saved, tmp_path
):
    latents = generators.latents(5, LATENT_DIM, 1)
    np.save(tmp_path / "latents.npy", latents)
    program = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "keras_gans":
            raise ImportError("keras_gans is not installed here")

sys.meta_path.insert(0, Blocker())
import keras, numpy
model = keras.models.load_model({str(saved)!r}, compile=False)
images = model.predict(numpy.load("latents.npy"), verbose=0)
numpy.save("images.npy", images)
assert not any(name.startswith("keras_gans") for name in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    images = np.load(tmp_path / "images.npy")
    np.testing.assert_allclose(images, generator.predict(latents, verbose=0), atol=1e-6)


@pytest.mark.parametrize(
    ("network", "shape", "options"),
    [
        ("vanilla", (5, 7, 3), {"momentum": None}),
        ("lsgan", (4, 4, 1), {}),
        ("wgan", (4, 8, 1), {"activation": "leaky_relu"}),
        ("transposed", (8, 16, 3), {"filters": 2}),
    ],
)
def test_every_network_survives(tmp_path, network, shape, options):
    model = networks.generator(network, shape, 3, **options)
    recipe = {"network": network, "options": options, "image_shape": shape, "latent_dim": 3}
    generators.save(model, tmp_path / "g.h5", recipe)
    loaded, _ = generators.load(tmp_path / "g.h5")
    latents = generators.latents(2, 3)
    np.testing.assert_array_equal(
        generators.images(loaded, latents), generators.images(model, latents)
    )


def test_grid_of_a_generator_is_that_of_its_seed(generator, saved, tmp_path):
    first = generators.images(generator, generators.latents(25, LATENT_DIM, RECIPE["seed"]))
    loaded, recipe = generators.load(saved)
    again = generators.images(loaded, generators.latents(25, LATENT_DIM, recipe["seed"]))
    assert plots.grid(first, 5).tobytes() == plots.grid(again, 5).tobytes()


def test_images_are_pixels_whatever_the_batch_size(generator):
    latents = generators.latents(11, LATENT_DIM)
    images = generators.images(generator, latents)
    assert (images.shape, images.dtype) == ((11, *SHAPE), np.uint8)
    np.testing.assert_allclose(
        generators.images(generator, latents, batch_size=4).astype(int), images, atol=1
    )


def test_saving_over_a_file_replaces_it(saved, copy, generator):
    generators.save(generator, copy, {**RECIPE, "iteration": 3})
    assert generators.load(copy)[1]["iteration"] == 3
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


@pytest.mark.parametrize("there", [False, True])
def test_failing_save_leaves_nothing_half_written(generator, tmp_path, there):
    path = tmp_path / "g.h5"
    if there:
        path.write_bytes(b"the one before")
    with pytest.raises(TypeError):
        generators.save(generator, path, {**RECIPE, "options": {object()}})
    assert [file.name for file in tmp_path.iterdir()] == (["g.h5"] if there else [])
    if there:
        assert path.read_bytes() == b"the one before"


def test_saving_says_nothing(generator, tmp_path, capfd):
    generators.save(generator, tmp_path / "g.h5", RECIPE)
    assert capfd.readouterr() == ("", "")


# --- latents and the ways between them --------------------------------------------------------


def test_latents_are_a_function_of_their_arguments():
    a, b = generators.latents(50, 6, 3), generators.latents(50, 6, 3)
    np.testing.assert_array_equal(a, b)
    assert (a.shape, a.dtype) == ((50, 6), np.float32)
    assert not np.array_equal(a, generators.latents(50, 6, 4))


def test_first_latents_do_not_depend_on_how_many_follow():
    np.testing.assert_array_equal(generators.latents(5, 6, 3), generators.latents(50, 6, 3)[:5])


def test_latents_of_a_seed_stay_what_they_are():
    # Published grids are made of these numbers.
    expected = [[-0.248229, -0.026767, -1.944416], [0.524578, -0.144965, 0.520392]]
    np.testing.assert_allclose(generators.latents(2, 3, 0), expected, atol=1e-6)


def test_latents_are_standard_normal():
    latents = generators.latents(20_000, 2, 5)
    np.testing.assert_allclose(latents.mean(axis=0), 0, atol=0.03)  # four standard errors
    np.testing.assert_allclose(np.cov(latents.T), np.eye(2), atol=0.045)


@pytest.mark.parametrize("spherical", [False, True])
@pytest.mark.parametrize("steps", [2, 3, 9])
def test_interpolation_includes_both_ends(steps, spherical):
    start, end = generators.latents(2, 10, 1)
    points = generators.interpolate(start, end, steps, spherical)
    assert (points.shape, points.dtype) == ((steps, 10), np.float32)
    np.testing.assert_array_equal(points[0], start)
    np.testing.assert_array_equal(points[-1], end)


def test_line_has_equal_steps():
    start, end = generators.latents(2, 10, 1)
    steps = np.diff(generators.interpolate(start, end, 7), axis=0)
    np.testing.assert_allclose(steps, np.tile((end - start) / 6, (6, 1)), atol=1e-6)


def test_arc_between_ends_of_one_length_keeps_it_and_turns_by_equal_angles():
    start, end = generators.latents(2, 10, 1).astype("float64")
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    points = generators.interpolate(start, end, 7, spherical=True)
    lengths = np.linalg.norm(points, axis=1)
    np.testing.assert_allclose(lengths, np.linalg.norm(start), rtol=1e-6)
    cosines = np.sum(points[1:] * points[:-1], axis=1) / lengths[1:] / lengths[:-1]
    whole = np.arccos(start @ end / np.linalg.norm(start) ** 2)
    np.testing.assert_allclose(np.arccos(cosines), whole / 6, rtol=1e-3)


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, 0.0])
def test_arc_between_parallel_ends_is_the_line(factor):
    start = generators.latents(1, 10, 1)[0]
    line = generators.interpolate(start, factor * start, 5)
    with np.errstate(all="raise"):
        arc = generators.interpolate(start, factor * start, 5, spherical=True)
    np.testing.assert_array_equal(arc, line)
    assert np.isfinite(arc).all()


# --- files that are refused -------------------------------------------------------------------


def test_missing_file(tmp_path):
    assert refusal(tmp_path / "g.h5").startswith("there is no file")


def test_folder(tmp_path):
    assert refusal(tmp_path).startswith("there is no file")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"just words\n", r"is not an HDF5 file: it begins with 'just words\n'"),
        (b"\xfe\xff\x00words", "is not an HDF5 file: it begins with fe ff 00 77"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n",
            "is only a pointer to a file of 12,345 bytes that Git LFS keeps",
        ),
        (b"PK\x03\x04\xff\xff", "is a damaged zip archive"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"\x80\x04\x95", "is a Python pickle, which can run code"),
    ],
)
def test_file_that_is_no_hdf5_is_called_what_it_is(tmp_path, content, what):
    path = tmp_path / "g.h5"
    path.write_bytes(content)
    assert what in refusal(path)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_truncated_file(copy, share):
    content = copy.read_bytes()
    copy.write_bytes(content[: int(share * len(content))])
    assert "is damaged" in refusal(copy)


def test_damaged_type_of_numbers(copy):
    content = copy.read_bytes()
    single = bytes.fromhex("17080017 7f000000")  # where exponent and fraction are, and its bias
    assert single in content
    copy.write_bytes(content.replace(single, bytes.fromhex("17080017 7fff0000")))
    assert "is damaged: Insufficient precision" in refusal(copy)


def test_damaged_anywhere_is_refused_or_harmless(copy):
    content = bytearray(copy.read_bytes())
    random = np.random.default_rng(0)
    for place in random.integers(0, 12_000, size=40):  # the structure; the weights come behind
        spoilt = content.copy()
        spoilt[place] ^= 0xFF
        copy.write_bytes(spoilt)
        try:
            generators.load(copy)
        except UsageError as error:
            assert "\n" not in str(error)


def test_hdf5_file_that_is_no_model(tmp_path):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros(3)
    assert "is an HDF5 file but no Keras model: it holds images" in refusal(path)


def test_sample_is_what_the_seed_draws(generator, saved):
    loaded, recipe = generators.load(saved)
    expected = generators.images(generator, generators.latents(7, LATENT_DIM, 3))
    np.testing.assert_array_equal(generators.sample(loaded, recipe, 7, 3), expected)
    with pytest.raises(UsageError, match="takes no labels"):
        generators.sample(loaded, recipe, 7, 3, labels=[1] * 7)


@pytest.mark.parametrize(
    "recipe",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        "{}",
        "[" * 50_000,
        7,
        np.arange(3),
        h5py.Empty("f4"),
        {"network": None},
        {"options": None},
        {"options": []},
        {"image_shape": None},
        {"image_shape": 8},
        {"image_shape": "881"},
        {"image_shape": [8, 8]},
        {"image_shape": [8, 8, 0]},
        {"image_shape": [8, -8, 1]},
        {"image_shape": [8, 8.0, 1]},
        {"image_shape": [8, True, 1]},
        {"image_shape": [8, 10**9, 1]},
        {"latent_dim": 0},
        {"latent_dim": "4"},
        {"latent_dim": 10**9},
        {"latent_dim": True},
    ],
    ids=lambda recipe: str(recipe)[:30],
)
def test_damaged_recipe(copy, recipe):
    if isinstance(recipe, dict):
        recipe = json.dumps({**RECIPE, **recipe})
    with h5py.File(copy, "r+") as file:
        file.attrs["keras_gans"] = recipe
    assert "has a damaged recipe" in refusal(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "stylegan"}, "names a network that cannot be built: generator.network"),
        ({"network": "../gan"}, "names a network that cannot be built: generator.network"),
        ({"network": "shallow"}, "names a network that cannot be built"),
        ({"options": {"kernel": 3}}, "unknown option 'kernel'; did you mean 'kernel_size'?"),
        ({"options": {"kernel_size": "3"}}, "generator.kernel_size: '3' is of type str"),
        ({"options": {"kernel_size": 0}}, "names a network that cannot be built"),
        ({"image_shape": [9, 8, 1]}, "divisible by 4"),
        ({"options": {"kernel_size": 5}}, "not float32 (5, 5, 128, 128)"),
        ({"latent_dim": 5}, "not float32 (5, 512)"),
        ({"image_shape": [8, 8, 3]}, "not float32 (3, 3, 64, 3)"),
        ({"network": "vanilla", "options": {}}, "weights, its network has"),
    ],
)
def test_recipe_of_another_network(copy, change, message):
    with h5py.File(copy, "r+") as file:
        file.attrs["keras_gans"] = json.dumps({**RECIPE, **change})
    assert message in refusal(copy)


@pytest.mark.parametrize(
    "change",
    [
        {"network": "vanilla", "options": {}, "image_shape": [512, 512, 3], "latent_dim": 65536},
        {"network": "transposed", "options": {"filters": 10**7}},
        {"options": {"kernel_size": 10**9}},
    ],
)
def test_no_memory_is_taken_for_sizes_that_the_file_does_not_hold(copy, change):
    # Were the network built before it is compared, this would end the process, not the test.
    with h5py.File(copy, "r+") as file:
        file.attrs["keras_gans"] = json.dumps({**RECIPE, **change})
    assert "its network has" in refusal(copy) or "not float32" in refusal(copy)
    # On leaving a scope Keras makes all the variables that await their values: none of the file's.
    with keras.StatelessScope():
        layer = keras.layers.Dense(2)
        layer.build((None, 3))
    assert layer.kernel.shape == (3, 2)


def change_dtype(group, name, values):
    group[name] = values.astype("float64")


def change_byte_order(group, name, values):
    group[name] = values.astype(">f4")


def change_shape(group, name, values):
    group[name] = values.T


def put_nan(group, name, values):
    values[1, 2] = np.nan
    group[name] = values


def put_infinity(group, name, values):
    values[0, 0] = np.inf
    group[name] = values


def leave_out(group, name, values):
    pass


def put_group(group, name, values):
    group.create_group(name)


def soft_link(group, name, values):
    group.file["elsewhere"] = values
    group[name] = h5py.SoftLink("/elsewhere")


def external_link(group, name, values):
    group[name] = h5py.ExternalLink("other.h5", "/values")


def virtual(group, name, values):
    layout = h5py.VirtualLayout(values.shape, "f4")
    layout[:] = h5py.VirtualSource("other.h5", "values", values.shape)
    group.create_virtual_dataset(name, layout)


def compressed(group, name, values):
    group.create_dataset(name, data=values, compression="gzip")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (change_dtype, "is float64 (4, 512), not float32 (4, 512)"),
        (change_byte_order, "is >f4 (4, 512), not float32 (4, 512)"),
        (change_shape, "is float32 (512, 4), not float32 (4, 512)"),
        (put_nan, "has values that are not finite"),
        (put_infinity, "has values that are not finite"),
        (leave_out, "is missing or a link to elsewhere"),
        (put_group, "is not laid out like a Keras .h5 file"),
        (soft_link, "is missing or a link to elsewhere"),
        (external_link, "is missing or a link to elsewhere"),
        (virtual, "is not stored plainly"),
        (compressed, "is not stored plainly"),
    ],
)
def test_weights_that_are_not_plainly_in_the_file(copy, make, message):
    replace_kernel(copy, make)
    assert message in refusal(copy)


def test_weights_in_another_file_are_not_read(copy, tmp_path):
    def outside(group, name, values):
        values.tofile(tmp_path / "outside.bin")
        place = (str(tmp_path / "outside.bin"), 0, values.nbytes)
        group.create_dataset(name, values.shape, "f4", external=[place])

    replace_kernel(copy, outside)
    assert "is not stored plainly" in refusal(copy)


@pytest.mark.parametrize(
    "names", [7, "kernel", [b"\xff"], [b"/"], [b"."], [b".."], [b""], [b"a/b"]]
)
@pytest.mark.parametrize("attribute", ["layer_names", "weight_names"])
def test_names_that_lead_nowhere(copy, attribute, names):
    with h5py.File(copy, "r+") as file:
        root = file["model_weights"]
        group = root if attribute == "layer_names" else root[root.attrs["layer_names"][1]]
        del group.attrs[attribute]
        group.attrs[attribute] = names
    assert "is not laid out like a Keras .h5 file" in refusal(copy)


@pytest.mark.parametrize("item", ["model_weights", "layer_names"])
def test_file_without_its_weights(copy, item):
    with h5py.File(copy, "r+") as file:
        if item == "model_weights":
            del file[item]
        else:
            del file["model_weights"].attrs[item]
    assert "is not laid out like a Keras .h5 file" in refusal(copy)


def test_description_in_the_file_is_never_believed(copy):
    # load_model would build a Lambda from this and run its code.
    with h5py.File(copy, "r+") as file:
        file.attrs["model_config"] = '{"class_name": "Lambda", "config": {"function": "evil"}}'
    assert generators.load(copy)[1] == RECIPE

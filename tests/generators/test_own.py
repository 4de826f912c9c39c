"""Files of this package: the same generator after a round trip; damaged files are refused."""

import json
import resource
import subprocess
import sys
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest

from keras_gans import generators, networks, parts
from keras_gans.datasets.sources import PIXELS, PLAIN, Points, Scale
from keras_gans.errors import UsageError
from keras_gans.generators import Saved
from keras_gans.latents import Normal, Uniform

SHAPE, LATENTS = (8, 8, 1), 4
pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture(scope="module")
def file(saved, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "generator_model_000010.h5"
    generators.save(saved, path)
    return path


@pytest.fixture
def copy(file, tmp_path):
    """A copy of the file, to be damaged."""
    path = tmp_path / "copy.h5"
    path.write_bytes(file.read_bytes())
    return path


def recipe(path):
    with h5py.File(path) as file:
        return json.loads(file.attrs["keras_gans"])


def change_recipe(path, change):
    changed = {**recipe(path), **change} if isinstance(change, dict) else change
    with h5py.File(path, "r+") as file:
        file.attrs["keras_gans"] = json.dumps(changed) if changed is not change else changed


def refusal(path, load=generators.load):
    with pytest.raises(UsageError) as caught:
        load(path)
    message = str(caught.value)
    assert message.count(str(path)) == 1
    assert "\n" not in message
    return message


def part(role, name, **options):
    return parts.check("networks", {"name": name, **options}, role, role)


# --- round trip -------------------------------------------------------------------------------


def test_loaded_generator_makes_the_same_values(saved, file):
    loaded = generators.load(file)
    latents = saved.latents.sample(20, 3)
    before = saved.network.predict(latents, verbose=0)
    np.testing.assert_array_equal(loaded.network.predict(latents, verbose=0), before)
    assert before.std() > 1e-4  # else any two generators would agree
    np.testing.assert_array_equal(loaded.sample(20, 3), saved.sample(20, 3))


def test_loaded_generator_has_everything_that_was_saved(saved, file):
    loaded = generators.load(file)
    assert (loaded.part, loaded.shape, loaded.scale) == (saved.part, SHAPE, PIXELS)
    assert (loaded.origin, loaded.inputs) == ({"seed": 7}, saved.inputs)
    assert isinstance(loaded.latents, Normal) and loaded.latents.size == LATENTS
    assert (loaded.classes, loaded.notes) == (None, ())


def test_recipe_is_plain_and_what_is_known_wins(saved, tmp_path):
    generators.save(saved, tmp_path / "g.h5", iteration=3, shape="of nothing")
    assert recipe(tmp_path / "g.h5") == {
        "format": 2,
        "role": "generator",
        "network": {"name": "dcgan", "kernel_size": 3},
        "shape": [8, 8, 1],
        "latents": {"name": "normal", "size": 4},
        "classes": None,
        "scale": {"dtype": "uint8", "divisor": 127.5, "shift": 1.0},
        "seed": 7,
        "iteration": 3,
    }
    assert generators.load(tmp_path / "g.h5").origin == {"seed": 7, "iteration": 3}


def test_the_same_generator_is_the_same_bytes(saved, file, copy):
    generators.save(saved, copy)
    assert copy.read_bytes() == file.read_bytes()


def test_file_opens_with_stock_keras_where_this_package_is_not_installed(saved, file, tmp_path):
    latents = saved.latents.sample(5, 1)
    np.save(tmp_path / "latents.npy", latents)
    program = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "keras_gans":
            raise ImportError("keras_gans is not installed here")

sys.meta_path.insert(0, Blocker())
import keras, numpy
model = keras.models.load_model({str(file)!r}, compile=False)
images = model.predict(numpy.load("latents.npy"), verbose=0)
numpy.save("images.npy", images)
assert not any(name.startswith("keras_gans") for name in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    images = np.load(tmp_path / "images.npy")
    np.testing.assert_allclose(images, saved.network.predict(latents, verbose=0), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "shape", "options"),
    [
        ("vanilla", (5, 7, 3), {"momentum": None}),
        ("lsgan", (4, 4, 1), {}),
        ("wgan", (4, 8, 1), {"activation": "leaky_relu"}),
        ("transposed", (8, 16, 3), {"filters": 2}),
    ],
)
def test_every_network_survives(saved, tmp_path, name, shape, options):
    chosen = part("generator", name, **options)
    network = networks.build(chosen, "generator", shape, 3)
    other = replace(
        saved, network=network, part=chosen, shape=shape, latents=Normal(3),
        inputs=(generators.Input("latents", (3,)),),
    )  # fmt: skip
    generators.save(other, tmp_path / "g.h5")
    loaded = generators.load(tmp_path / "g.h5")
    assert loaded.part == chosen
    np.testing.assert_array_equal(loaded.sample(2), other.sample(2))


def test_latents_and_scale_survive(saved, tmp_path):
    other = replace(saved, latents=Uniform(LATENTS, 0.0, 2.0), scale=Scale("uint8", 255.0, 0.0))
    generators.save(other, tmp_path / "g.h5")
    loaded = generators.load(tmp_path / "g.h5")
    assert loaded.latents.plain == {"name": "uniform", "size": 4, "low": 0.0, "high": 2.0}
    assert loaded.scale == other.scale
    np.testing.assert_array_equal(loaded.sample(3), other.sample(3))


def test_generator_of_points_survives(tmp_path):
    keras.utils.set_random_seed(0)
    chosen = part("generator", "points")
    source = Points("ring", np.zeros((3, 2), "float32"), None, "ring", PLAIN)
    network = networks.build(chosen, "generator", (2,), 4)
    made = Saved.of(network, chosen, Normal(4), source, {})
    generators.save(made, tmp_path / "g.h5")
    values = generators.load(tmp_path / "g.h5").sample(5)
    assert (values.shape, values.dtype) == ((5, 2), np.float32)
    np.testing.assert_array_equal(values, made.sample(5))


def test_saving_over_a_file_replaces_it(saved, copy):
    generators.save(saved, copy, iteration=3)
    assert generators.load(copy).origin["iteration"] == 3
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.999])
def test_a_file_that_does_not_fit_leaves_the_previous_one(saved, file, tmp_path, share):
    """HDF5 itself would leave a file that opens and has no weights, or end the process."""
    path = tmp_path / "generator_model_best.h5"
    path.write_text("the one before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file.stat().st_size * share), hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            generators.save(saved, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "the one before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("there", [False, True])
def test_failing_save_leaves_nothing_half_written(saved, tmp_path, there):
    path = tmp_path / "g.h5"
    if there:
        path.write_bytes(b"the one before")
    with pytest.raises(TypeError):
        generators.save(saved, path, about={object()})
    assert [file.name for file in tmp_path.iterdir()] == (["g.h5"] if there else [])
    if there:
        assert path.read_bytes() == b"the one before"


def test_saving_says_nothing(saved, tmp_path, capfd):
    generators.save(saved, tmp_path / "g.h5")
    assert capfd.readouterr() == ("", "")


# --- files of version 0.2.0 -------------------------------------------------------------------

OLD = {
    "network": "dcgan",
    "options": {"kernel_size": 3},
    "image_shape": list(SHAPE),
    "latent_dim": LATENTS,
    "seed": 7,
}


def make_old(path, **change):
    with h5py.File(path, "r+") as file:
        file.attrs["keras_gans"] = json.dumps({**OLD, **change})


def test_file_of_version_0_2_0_opens(saved, copy):
    make_old(copy, iteration=10)
    loaded = generators.load(copy)
    assert loaded.origin == {"seed": 7, "iteration": 10}
    assert (loaded.part, loaded.scale, loaded.latents.plain) == (
        saved.part,
        PIXELS,
        saved.latents.plain,
    )
    np.testing.assert_array_equal(loaded.sample(9, 7), saved.sample(9, 7))


@pytest.mark.parametrize(
    "change",
    [
        {"network": None},
        {"options": None},
        {"options": []},
        {"image_shape": None},
        {"image_shape": 8},
        {"image_shape": "881"},
        {"image_shape": [8, 8]},
        {"image_shape": [8, 8, 0]},
        {"latent_dim": 0},
        {"latent_dim": "4"},
        {"latent_dim": 10**9},
        {"latent_dim": True},
    ],
    ids=str,
)
def test_damaged_recipe_of_version_0_2_0(copy, change):
    make_old(copy, **change)
    assert "has a damaged recipe" in refusal(copy)


# --- conditional generators and discriminators ------------------------------------------------


@pytest.fixture(scope="module")
def conditional():
    """A generator of 8x8 images of 3 classes; its inputs are [latents, labels]."""
    keras.utils.set_random_seed(0)
    chosen = part("generator", "conditional")
    network = networks.build(chosen, "generator", SHAPE, LATENTS, classes=3)
    inputs = (generators.Input("latents", (LATENTS,)), generators.Input("labels", (), 3))
    return Saved(network, Normal(LATENTS), SHAPE, PIXELS, 3, inputs, part=chosen)


def test_conditional_generator_survives(conditional, tmp_path):
    generators.save(conditional, tmp_path / "g.h5")
    loaded = generators.load(tmp_path / "g.h5")
    assert (loaded.classes, loaded.inputs) == (3, conditional.inputs)
    np.testing.assert_array_equal(loaded.sample(7, 1), conditional.sample(7, 1))
    np.testing.assert_array_equal(
        loaded.sample(7, 1), loaded.sample(7, 1, labels=[0, 1, 2, 0, 1, 2, 0])
    )


@pytest.mark.parametrize("classes", [0, -1, 3.0, "3", True, 10**9])
def test_damaged_classes(conditional, tmp_path, classes):
    generators.save(conditional, tmp_path / "g.h5")
    change_recipe(tmp_path / "g.h5", {"classes": classes})
    assert "has a damaged recipe" in refusal(tmp_path / "g.h5")


@pytest.mark.parametrize("classes", [None, 4])
def test_other_classes_than_the_weights_have(conditional, tmp_path, classes):
    generators.save(conditional, tmp_path / "g.h5")
    change_recipe(tmp_path / "g.h5", {"classes": classes})
    message = refusal(tmp_path / "g.h5")
    # Latents and one-hot labels are the 4 + 4 inputs of the first layer.
    assert "cannot be built" in message if classes is None else "not float32 (8, 128)" in message


def test_network_without_labels_ignores_classes(copy):
    change_recipe(copy, {"classes": 5})
    loaded = generators.load(copy)
    assert (loaded.classes, len(loaded.inputs)) == (None, 1)
    assert loaded.sample(2).shape == (2, *SHAPE)


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """A discriminator, and its file."""
    keras.utils.set_random_seed(1)
    chosen = part("discriminator", "dcgan", momentum=0.5)
    network = networks.build(chosen, "discriminator", SHAPE)
    path = tmp_path_factory.mktemp("saved") / "discriminator_model_000010.h5"
    generators.save_discriminator(network, chosen, SHAPE, None, path, {"seed": 7}, iteration=10)
    return network, path


def test_discriminator_survives(judge, random):
    network, path = judge
    loaded, about = generators.load_discriminator(path)
    images = random.normal(size=(5, *SHAPE)).astype("float32")
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), network.predict(images, verbose=0)
    )
    assert about == {
        "format": 2,
        "role": "discriminator",
        "network": {"name": "dcgan", "momentum": 0.5},
        "shape": [8, 8, 1],
        "classes": None,
        "seed": 7,
        "iteration": 10,
    }


def test_conditional_discriminator_survives(tmp_path, random):
    chosen = part("discriminator", "conditional")
    network = networks.build(chosen, "discriminator", SHAPE, classes=3)
    generators.save_discriminator(network, chosen, SHAPE, 3, tmp_path / "d.h5", {})
    loaded, _ = generators.load_discriminator(tmp_path / "d.h5")
    given = [random.normal(size=(5, *SHAPE)).astype("float32"), np.array([0, 1, 2, 0, 1], "int32")]
    np.testing.assert_array_equal(
        loaded.predict(given, verbose=0), network.predict(given, verbose=0)
    )


def test_the_two_roles_are_not_confused(judge, file):
    assert "holds a discriminator, not a generator" in refusal(judge[1])
    assert "holds a generator, not a discriminator" in refusal(file, generators.load_discriminator)


def test_damaged_discriminator(judge, tmp_path):
    path = tmp_path / "d.h5"
    path.write_bytes(judge[1].read_bytes())
    change_recipe(path, {"network": {"name": "dcgan", "kernel_size": 9}})
    assert "not float32 (9, 9" in refusal(path, generators.load_discriminator)
    change_recipe(path, {"shape": [8, 8, 10**9]})
    assert "has a damaged recipe" in refusal(path, generators.load_discriminator)
    with h5py.File(path, "r+") as file:
        del file.attrs["keras_gans"]
    assert "is not a discriminator" in refusal(path, generators.load_discriminator)


# --- recipes that are refused -----------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
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
        {"role": None},
        {"role": "encoder"},
        {"network": None},
        {"network": "dcgan"},
        {"network": {}},
        {"network": {"name": ["dcgan"]}},
        {"shape": None},
        {"shape": 8},
        {"shape": "881"},
        {"shape": []},
        {"shape": [8, 8]},
        {"shape": [8, 8, 0]},
        {"shape": [8, -8, 1]},
        {"shape": [8, 8.0, 1]},
        {"shape": [8, True, 1]},
        {"shape": [8, 10**9, 1]},
        {"latents": None},
        {"latents": 4},
        {"latents": "normal"},
        {"latents": {"name": "normal"}},
        {"latents": {"name": "normal", "size": 0}},
        {"latents": {"name": "normal", "size": 10**9}},
        {"latents": {"name": "normal", "size": True}},
        {"latents": {"name": "normal", "size": 4, "std": 0}},
        {"latents": {"name": "normal", "size": 4, "mean": float("nan")}},
        {"latents": {"name": "normal", "size": 4, "mean": 10**400}},
        {"latents": {"name": "uniform", "size": 4, "low": float("-inf")}},
        {"latents": {"name": "uniform", "size": 4, "low": 2}},
        {"latents": {"name": "cauchy", "size": 4}},
        {"scale": None},
        {"scale": {}},
        {"scale": {"dtype": "object", "divisor": 1, "shift": 0}},
        {"scale": {"dtype": ["uint8"], "divisor": 1, "shift": 0}},
        {"scale": {"dtype": "uint8", "divisor": 0, "shift": 0}},
        {"scale": {"dtype": "uint8", "divisor": 10**400, "shift": 0}},
        {"scale": {"dtype": "uint8", "divisor": 1, "shift": float("nan")}},
        {"scale": {"dtype": "uint8", "divisor": 1, "shift": 0, "more": 1}},
    ],
    ids=lambda change: str(change)[:60],
)
def test_damaged_recipe(copy, change):
    change_recipe(copy, change)
    assert "has a damaged recipe" in refusal(copy)


@pytest.mark.parametrize("number", [1, 3, "2", None])
def test_other_formats_are_named(copy, number):
    change_recipe(copy, {"format": number})
    assert "another version" in refusal(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": {"name": "stylegan"}}, "names a network that cannot be built"),
        ({"network": {"name": "../gan"}}, "names a network that cannot be built"),
        ({"network": {"name": "shallow"}}, "names a network that cannot be built"),
        ({"network": {"name": "dcgan", "kernel": 3}}, "did you mean 'kernel_size'?"),
        ({"network": {"name": "dcgan", "kernel_size": "3"}}, "kernel_size: '3' is of type str"),
        ({"network": {"name": "dcgan", "kernel_size": 0}}, "names a network that cannot be built"),
        ({"network": {"name": "dcgan", "alpha": 10**400}}, "names a network that cannot be built"),
        ({"shape": [9, 8, 1]}, "divisible by 4"),
        ({"network": {"name": "dcgan", "kernel_size": 5}}, "not float32 (5, 5, 128, 128)"),
        ({"latents": {"name": "normal", "size": 5}}, "not float32 (5, 512)"),
        ({"shape": [8, 8, 3]}, "not float32 (3, 3, 64, 3)"),
        ({"shape": [8]}, "names a network that cannot be built"),
        ({"network": {"name": "vanilla"}}, "weights, its network has"),
    ],
)
def test_recipe_of_another_network(copy, change, message):
    change_recipe(copy, change)
    assert message in refusal(copy)


@pytest.mark.parametrize(
    "change",
    [
        {
            "network": {"name": "vanilla"},
            "shape": [512, 512, 3],
            "latents": {"name": "normal", "size": 65536},
        },
        {"network": {"name": "transposed", "filters": 10**7}},
        {"network": {"name": "dcgan", "kernel_size": 10**9}},
    ],
)
def test_no_memory_is_taken_for_sizes_that_the_file_does_not_hold(copy, change):
    # If the network were built before it is compared, this would end the process.
    change_recipe(copy, change)
    assert "its network has" in refusal(copy) or "not float32" in refusal(copy)
    # On leaving a scope Keras initializes all deferred variables: none of the file's are left.
    with keras.StatelessScope():
        layer = keras.layers.Dense(2)
        layer.build((None, 3))
    assert layer.kernel.shape == (3, 2)


# --- weights that are refused -----------------------------------------------------------------


def replace_kernel(path, make):
    """Replaces the first Dense kernel with the result of `make(group, name, values)`."""
    with h5py.File(path, "r+") as file:
        found = {}
        file["model_weights"].visititems(
            lambda name, item: (
                found.update({name: item}) if isinstance(item, h5py.Dataset) else None
            )
        )
        name, dataset = next((n, d) for n, d in found.items() if d.shape == (4, 512))
        values, group = dataset[()], dataset.parent
        name = name.rsplit("/", 1)[1]
        del group[name]
        make(group, name, values)


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
        (put_nan, "not finite"),
        (put_infinity, "not finite"),
        (leave_out, "is missing or a link"),
        (put_group, "is not laid out like a Keras .h5 file"),
        (soft_link, "is missing or a link"),
        (external_link, "is missing or a link"),
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


def test_model_description_in_the_file_is_never_used(saved, copy):
    # load_model would build a Lambda from this and run its code.
    with h5py.File(copy, "r+") as file:
        file.attrs["model_config"] = '{"class_name": "Lambda", "config": {"function": "evil"}}'
    assert generators.load(copy).origin == saved.origin


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_truncated_file(copy, share):
    content = copy.read_bytes()
    copy.write_bytes(content[: int(share * len(content))])
    assert "is damaged" in refusal(copy)


def test_damaged_type_of_numbers(copy):
    content = copy.read_bytes()
    single = bytes.fromhex("17080017 7f000000")  # positions of exponent and fraction, and the bias
    assert single in content
    copy.write_bytes(content.replace(single, bytes.fromhex("17080017 7fff0000")))
    assert "is damaged: Insufficient precision" in refusal(copy)


def test_points_of_many_features_are_saved(tmp_path):
    chosen = part("generator", "points")
    network = networks.build(chosen, "generator", (600,), LATENTS)
    inputs = (generators.Input("latents", (LATENTS,)),)
    own = Saved(network, Normal(LATENTS), (600,), PLAIN, None, inputs, part=chosen)
    generators.save(own, tmp_path / "g.h5")
    np.testing.assert_array_equal(generators.load(tmp_path / "g.h5").sample(3, 0), own.sample(3, 0))


@pytest.mark.parametrize("shape", [(600, 8, 1), (70_000,)])
def test_what_could_not_be_opened_again_is_not_written(saved, tmp_path, shape):
    with pytest.raises(UsageError, match=f"^samples of {shape[0]}.* are too large: saved gener"):
        generators.save(replace(saved, shape=shape), tmp_path / "g.h5")
    assert not list(tmp_path.iterdir())


def test_damaged_anywhere_is_refused_or_harmless(saved, copy):
    content = bytearray(copy.read_bytes())
    expected = saved.sample(4, 0)
    random = np.random.default_rng(0)
    for place in random.integers(0, 12_000, size=40):  # the structure; weights are behind it
        damaged = content.copy()
        damaged[place] ^= 0xFF
        copy.write_bytes(damaged)
        try:
            found = generators.load(copy)
        except UsageError as error:
            assert "\n" not in str(error)
        else:
            assert found.origin == saved.origin
            np.testing.assert_array_equal(found.sample(4, 0), expected)

"""Files made to harm the program that opens them, one function each.

`python tests/tools/hostile.py LIST` opens the files of a JSON list {name: path}. It prints as JSON
the refusal of each, the seconds that it took, and the peak memory of the process and its children.
"""

import io
import json
import pickle
import re
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np

FILES = {}


def hostile(suffix=".h5"):
    def add(function):
        FILES[function.__name__] = (function, suffix)
        return function

    return add


def dense(units=64, name="dense", **more):
    return {"class_name": "Dense", "config": {"name": name, "units": units, **more}}


def config(*layers, shape=(None, 4), kind="Sequential"):
    first = {"class_name": "InputLayer", "config": {"batch_shape": list(shape), "name": "in"}}
    return {"class_name": kind, "config": {"name": "s", "layers": [first, *layers]}}


def graph(layers, inputs=("in",), outputs=("out",)):
    """A functional network of (name, class, config, names of what it is connected to)."""
    entries = [
        {
            "name": name,
            "class_name": kind,
            "config": {"name": name, **settings},
            "inbound_nodes": [[[other, 0, 0, {}] for other in others]] if others else [],
        }
        for name, kind, settings, others in layers
    ]
    return {
        "class_name": "Functional",
        "config": {
            "name": "g",
            "layers": entries,
            "input_layers": [[name, 0, 0] for name in inputs],
            "output_layers": [[name, 0, 0] for name in outputs],
        },
    }


GRAPH_INPUT = ("in", "InputLayer", {"batch_input_shape": [None, 4]}, ())
GOOD = config(dense())


def write(path, description=GOOD, put=None, names=("kernel", "bias"), layer="dense"):
    """Writes a file of the legacy layout; `put(group)` may write other weights."""
    with h5py.File(path, "w") as file:
        text = description if isinstance(description, str | bytes) else json.dumps(description)
        file.attrs["model_config"] = text
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [layer.encode()]
        group = root.create_group(layer)
        group.attrs["weight_names"] = [name.encode() for name in names]
        if put is not None:
            put(group)
        else:
            group["kernel"], group["bias"] = np.ones((4, 64), "f4"), np.ones(64, "f4")


def weight(make):
    """A `put` for `write`: `make` writes the kernel, the bias is an ordinary one."""

    def put(group):
        group["bias"] = np.ones(64, "f4")
        make(group)

    return put


# --- storage of bytes --------------------------------------------------------------------------


@hostile()
def external_link(path):
    write(
        path, put=weight(lambda g: g.__setitem__("kernel", h5py.ExternalLink("/etc/passwd", "/")))
    )


@hostile()
def soft_link(path):
    write(path, put=weight(lambda g: g.__setitem__("kernel", h5py.SoftLink("/model_weights"))))


@hostile()
def soft_link_to_itself(path):
    put = weight(lambda g: g.__setitem__("kernel", h5py.SoftLink("kernel")))
    write(path, put=put)


@hostile()
def external_storage(path):
    place = [("/etc/passwd", 0, 1024)]
    write(path, put=weight(lambda g: g.create_dataset("kernel", (4, 64), "f4", external=place)))


@hostile()
def virtual_dataset(path):
    def make(group):
        layout = h5py.VirtualLayout((4, 64), "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "values", (4, 64))
        group.create_virtual_dataset("kernel", layout)

    write(path, put=weight(make))


@hostile()
def values_that_are_missing(path):
    write(path, put=weight(lambda g: g.create_dataset("kernel", (4, 64), "f4")))


@hostile()
def shape_bomb(path):
    # 2 GiB, of which the file holds no byte.
    write(
        path,
        config(dense(64), shape=(None, 1 << 23)),
        weight(lambda g: g.create_dataset("kernel", (1 << 23, 64), "f4", fillvalue=1)),
    )


@hostile()
def endless_shape(path):
    write(path, put=weight(lambda g: g.create_dataset("kernel", (1 << 40, 1 << 20), "f4")))


@hostile()
def chunk_bomb(path):
    def make(group):
        made = group.create_dataset(
            "kernel", (1 << 28,), "f4", chunks=(1 << 28,), compression="gzip"
        )
        # A kilobyte that unpacks to a gigabyte.
        made.id.write_direct_chunk((0,), zlib.compress(bytes(1 << 20), 9))

    write(path, put=weight(make))


@hostile()
def chunk_that_inflates(path):
    def make(group):
        made = group.create_dataset("kernel", (4, 64), "f4", chunks=(4, 64), compression="gzip")
        made.id.write_direct_chunk((0, 0), zlib.compress(bytes(200 << 20), 9))

    write(path, put=weight(make))


@hostile()
def chunks_that_are_missing(path):
    def make(group):
        made = group.create_dataset("kernel", (4, 64), "f4", chunks=(1, 64))
        made[0] = 1

    write(path, put=weight(make))


@hostile()
def chunk_of_noise(path):
    def make(group):
        made = group.create_dataset("kernel", (4, 64), "f4", chunks=(4, 64), compression="gzip")
        made.id.write_direct_chunk((0, 0), b"not what gzip writes")

    write(path, put=weight(make))


@hostile()
def many_chunks(path):
    shape = (1 << 20, 1 << 20)
    put = weight(lambda g: g.create_dataset("kernel", shape, "f4", chunks=(1, 1)))
    write(path, put=put)


@hostile()
def filter_lzf(path):
    values = np.ones((4, 64), "f4")
    put = weight(lambda g: g.create_dataset("kernel", data=values, compression="lzf"))
    write(path, put=put)


@hostile()
def filter_scale_offset(path):
    values = np.ones((4, 64), "f4")
    put = weight(lambda g: g.create_dataset("kernel", data=values, scaleoffset=2))
    write(path, put=put)


@hostile()
def filter_unknown(path):
    def make(group):
        create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        create.set_chunk((4, 64))
        create.set_filter(32_099, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple((4, 64))
        h5py.h5d.create(group.id, b"kernel", h5py.h5t.IEEE_F32LE, space, create)

    write(path, put=weight(make))


@hostile()
def truncated(path):
    write(path)
    path.write_bytes(path.read_bytes()[:-2000])


@hostile()
def nothing_but_a_signature(path):
    path.write_bytes(b"\x89HDF\r\n\x1a\n")


@hostile()
def after_a_user_block(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        file.attrs["model_config"] = json.dumps(GOOD)


# --- groups and names -------------------------------------------------------------------------


@hostile()
def group_in_itself(path):
    write(path, put=weight(lambda g: g.__setitem__("kernel", g)))


@hostile()
def circular_path(path):
    long = "/".join(["again"] * 400)
    write(path, names=(long, "bias"), put=weight(lambda g: g.__setitem__("again", g)))


@hostile()
def deep_groups(path):
    deep = "/".join(["a"] * 2_000)
    write(path, names=(deep, "bias"), put=weight(lambda g: g.create_group(deep)))


@hostile()
def path_out_of_the_group(path):
    write(path, names=("../../model_weights", "bias"))


@hostile()
def absolute_path(path):
    write(path, names=("/model_weights/dense/kernel", "bias"))


@hostile()
def names_of_bytes(path):
    write(path)
    with h5py.File(path, "r+") as file:
        file["model_weights/dense"].attrs["weight_names"] = [b"\xff\xfe", b"bias"]


@hostile()
def endless_names(path):
    write(path)
    with h5py.File(path, "r+") as file:
        names = np.array([b"x%07d" % n for n in range(8_000)])
        for piece in range(8):
            file["model_weights"].attrs[f"layer_names{piece}"] = names
        del file["model_weights"].attrs["layer_names"]


@hostile()
def one_array_for_two_weights(path):
    write(path, names=("kernel", "kernel"))


@hostile()
def huge_attribute(path):
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["model_config"] = json.dumps(GOOD)
        group = file.create_group("model_weights")
        group.attrs.create("layer_names", np.zeros(1 << 20, "S64"))


@hostile()
def huge_description(path):
    write(path, GOOD)
    with h5py.File(path, "r+") as file:
        file.attrs.create("model_config", "x" * (32 << 20), dtype=h5py.string_dtype())


@hostile()
def one_text_a_million_times(path):
    write(path)
    text = "y" * (4 << 20)
    with h5py.File(path, "r+") as file:
        group = file["model_weights"]
        group.attrs.create("layer_names", [text] * 4, dtype=h5py.string_dtype())
    data = bytearray(path.read_bytes())  # all four refer to the first: fewer bytes, same memory
    found = data.find(struct.pack("<I", len(text)))
    first = data[found : found + 16]
    for n in range(1, 4):
        data[found + 16 * n : found + 16 * n + 16] = first
    path.write_bytes(data)


@hostile()
def endless_texts(path):
    """The HDF5 library loops without end over the texts of a heap."""
    write(path)
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
        file.attrs.create("model_config", json.dumps(GOOD), dtype=h5py.string_dtype())
    data = bytearray(path.read_bytes())
    first = data.index(b"GCOL") + 16  # an object's index, references and size
    data[first : first + 16] = bytes(16)
    path.write_bytes(data)


@hostile()
def names_that_are_numbers(path):
    write(path)
    with h5py.File(path, "r+") as file:
        file["model_weights"].attrs["layer_names"] = np.arange(3)


@hostile()
def names_that_are_references(path):
    write(path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights"]
        group.attrs.create("layer_names", [group.ref], dtype=h5py.ref_dtype)


# --- types ------------------------------------------------------------------------------------


def typed(name, make):
    def function(path):
        write(path, put=weight(make))

    function.__name__ = name
    hostile()(function)


typed("object_references", lambda g: g.create_dataset("kernel", (4, 64), h5py.ref_dtype))
typed("region_references", lambda g: g.create_dataset("kernel", (4, 64), h5py.regionref_dtype))
typed("texts", lambda g: g.create_dataset("kernel", (4, 64), h5py.string_dtype()))
typed("lists_of_any_length", lambda g: g.create_dataset("kernel", (4, 64), h5py.vlen_dtype("f4")))
typed("compound", lambda g: g.create_dataset("kernel", (4, 64), [("a", "f4"), ("b", "f4")]))
typed("arrays_in_an_array", lambda g: g.create_dataset("kernel", (4,), np.dtype(("f4", (64,)))))
typed("whole_numbers", lambda g: g.create_dataset("kernel", data=np.ones((4, 64), "i4")))
typed("booleans", lambda g: g.create_dataset("kernel", data=np.ones((4, 64), "?")))
typed("complex_numbers", lambda g: g.create_dataset("kernel", data=np.ones((4, 64), "c8")))
typed("opaque", lambda g: g.create_dataset("kernel", data=np.zeros((4, 64), "V4")))
typed("empty", lambda g: g.create_dataset("kernel", data=h5py.Empty("f4")))
typed("a_group", lambda g: g.create_group("kernel"))
typed("not_a_number", lambda g: g.create_dataset("kernel", data=np.full((4, 64), np.nan, "f4")))
typed("infinity", lambda g: g.create_dataset("kernel", data=np.full((4, 64), 1e39, "f8")))
typed("another_shape", lambda g: g.create_dataset("kernel", data=np.ones((64, 4), "f4")))
typed("one_number", lambda g: g.create_dataset("kernel", data=np.float32(1)))


@hostile()
def committed_type(path):
    def make(group):
        group.file["kind"] = np.dtype([("real", "f4")])
        group.create_dataset("kernel", (4, 64), dtype=group.file["kind"])

    write(path, put=weight(make))


@hostile()
def a_type_as_a_weight(path):
    write(path, put=weight(lambda g: g.__setitem__("kernel", np.dtype("f4"))))


@hostile()
def float_of_another_kind(path):
    def make(group):
        kind = h5py.h5t.IEEE_F32LE.copy()
        kind.set_fields(31, 20, 11, 0, 20)
        kind.set_ebias(1023)
        space = h5py.h5s.create_simple((4, 64))
        made = h5py.h5d.create(group.id, b"kernel", kind, space)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ones((4, 64), "f4"))

    write(path, put=weight(make))


# --- descriptions -----------------------------------------------------------------------------


def described(name, make):
    def function(path):
        write(path, make())

    function.__name__ = name
    hostile()(function)


def other(kind, settings=None, shape=(None, 8, 8, 2), **entry):
    layer = {"class_name": kind, "config": {"name": "dense", **(settings or {})}, **entry}
    return lambda: config(layer, shape=shape)


described("lambda_layer", other("Lambda", {"function": ["4wEAAAA=", None, None]}))
described("unknown_layer", other("PixelNorm"))
described("layer_of_another_module", other("Dense", {"units": 3}, module="os"))
described("layer_registered_by_others", other("Dense", {"units": 3}, registered_name="evil>Dense"))
described("activation_of_another_module", other("Dense", {"units": 3, "activation": "os.system"}))
described(
    "activation_that_is_a_lambda",
    other("Dense", {"units": 3, "activation": {"class_name": "__lambda__", "config": "4wEAAAA="}}),
)
described("operation_of_tensorflow", other("TFOpLambda", {"function": "io.read_file"}))
described("node_of_tensorflow", other("TensorFlowOpLayer", {"node_def": "op: ReadFile"}))
described("not_a_network", lambda: {"class_name": "Lambda", "config": {}})
described("network_of_another_class", lambda: {"class_name": "MyGan", "config": {"layers": []}})
described("layers_that_are_a_number", lambda: {"class_name": "Sequential", "config": {"layers": 7}})
described("no_layers", lambda: {"class_name": "Sequential", "config": {"layers": []}})
described("not_json", lambda: "{'class_name': 'Sequential'")
described("deep_json", lambda: "[" * 100_000 + "]" * 100_000)
described("not_text", lambda: b"\xff\xfe\x00 not text".replace(b"\x00", b""))
described("a_number_of_a_million_digits", lambda: json.dumps(GOOD).replace("64", "6" * 1_000_000))
described("huge_dense", lambda: config(dense(10**8)))
described("endless_dense", lambda: config(dense(10**30)))
described("negative_dense", lambda: config(dense(-64)))
described("dense_of_nan", lambda: config(dense(float("nan"))))
described("dense_of_infinity", lambda: config(dense(float("inf"))))
described("dense_of_text", lambda: config(dense("64")))
described("dense_of_truth", lambda: config(dense(True)))
described("endless_input", lambda: config(dense(), shape=(None, 10**18)))
described("input_of_negative_size", lambda: config(dense(), shape=(None, -4)))
described(
    "endless_stride",
    other("Conv2DTranspose", {"filters": 1, "kernel_size": 3, "strides": 10**9}),
)
described("endless_padding", other("ZeroPadding2D", {"padding": 10**9}))
described("cropping_of_everything", other("Cropping2D", {"cropping": 4}))
described("endless_upsampling", other("UpSampling2D", {"size": 4096}))
described(
    "endless_kernel", other("Conv2D", {"filters": 4096, "kernel_size": 4096, "padding": "same"})
)
described("kernel_of_nothing", other("Conv2D", {"filters": 3, "kernel_size": 0}))
described(
    "groups_that_do_not_divide", other("Conv2D", {"filters": 3, "kernel_size": 1, "groups": 2})
)
described("reshaped_to_other_numbers", other("Reshape", {"target_shape": [7, 7]}))
described("reshaped_twice_free", other("Reshape", {"target_shape": [-1, -1]}))
described("endless_repetition", other("RepeatVector", {"n": 10**12}, shape=(None, 4)))
described("noise_of_nan", other("GaussianNoise", {"stddev": float("nan")}))
described("axis_of_the_batch", other("BatchNormalization", {"axis": 0}))
described("axis_that_is_missing", other("BatchNormalization", {"axis": [9]}))
described(
    "endless_embedding", other("Embedding", {"input_dim": 10**9, "output_dim": 10**9}, (None, 1))
)
described("doubling", lambda: config(*[
    {"class_name": "UpSampling2D", "config": {"name": f"u{n}", "size": 2}} for n in range(40)
], shape=(None, 8, 8, 1)))  # fmt: skip
described("thousands_of_layers", lambda: config(*[dense(4, f"d{n}") for n in range(5_000)]))
described("two_layers_of_one_name", lambda: config(dense(64), dense(64)))
described("circle", lambda: graph([
    GRAPH_INPUT, ("a", "Add", {}, ("in", "b")), ("b", "Add", {}, ("in", "a")),
    ("out", "Add", {}, ("a", "b")),
]))  # fmt: skip
described("connected_to_itself", lambda: graph([GRAPH_INPUT, ("out", "Add", {}, ("in", "out"))]))
described("connected_to_nothing", lambda: graph([GRAPH_INPUT, ("out", "Add", {}, ("in", "no"))]))
described("output_that_is_missing", lambda: graph([GRAPH_INPUT], outputs=("no",)))
described("call_that_is_missing", lambda: json.loads(
    json.dumps(graph([GRAPH_INPUT, ("out", "Dense", {"units": 64}, ("in",))])).replace(
        '["out", 0, 0]', '["out", 0, 7]')
))  # fmt: skip
described("joined_shapes_that_differ", lambda: graph([
    GRAPH_INPUT, ("a", "Dense", {"units": 3}, ("in",)), ("out", "Multiply", {}, ("in", "a")),
]))  # fmt: skip


@hostile()
def networks_in_networks(path):
    inner = dense()
    for n in range(60):
        inner = {"class_name": "Sequential", "config": {"name": f"n{n}", "layers": [inner]}}
    write(path, config(inner))


@hostile()
def networks_called_in_powers_of_two(path):
    # Each network calls the one within it twice: a billion calls of the innermost.
    inner = config(dense(4), shape=(None, 4))
    for n in range(30):
        entry = {
            **inner,
            "name": f"i{n}",
            "inbound_nodes": [[["in", 0, 0, {}]], [[f"i{n}", 0, 0, {}]]],
        }
        entry["config"] = {**entry["config"], "name": f"i{n}"}
        first = {
            "name": "in", "class_name": "InputLayer", "inbound_nodes": [],
            "config": {"name": "in", "batch_shape": [None, 4]},
        }  # fmt: skip
        inner = {
            "class_name": "Functional",
            "config": {
                "name": f"m{n}",
                "layers": [first, entry],
                "input_layers": [["in", 0, 0]],
                "output_layers": [[f"i{n}", 1, 0]],
            },
        }
    write(path, inner)


# --- files of other formats ---------------------------------------------------------------


@hostile()
def a_pickle(path):
    path.write_bytes(pickle.dumps(["os.system"]))


@hostile()
def weights_of_pytorch(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")


@hostile()
def a_web_page(path):
    path.write_bytes(b"\n<!DOCTYPE html><html><body>404</body></html>")


@hostile()
def a_git_lfs_pointer(path):
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 14132\n")


@hostile()
def weights_alone(path):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        file.create_group("dense").attrs["weight_names"] = np.array([], "S1")


def archive_of(path, members, deflated=False):
    kind = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def weights_h5(put):
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        put(file)
    return data.getvalue()


@hostile(".keras")
def archive_with_a_lambda(path):
    text = json.dumps(other("Lambda")())
    archive_of(path, {"config.json": text, "model.weights.h5": weights_h5(lambda f: None)})


@hostile(".keras")
def archive_bomb(path):
    data = {"config.json": b" " * (300 << 20), "model.weights.h5": b""}
    archive_of(path, data, deflated=True)


@hostile(".keras")
def archive_of_weights_bomb(path):
    weights = b"\x89HDF\r\n\x1a\n" + bytes(600 << 20)
    archive_of(path, {"config.json": json.dumps(GOOD), "model.weights.h5": weights}, True)


@hostile(".keras")
def archive_of_groups_in_a_circle(path):
    def put(file):
        group = file.create_group("layers/dense")
        group["vars"] = file["layers"]

    archive_of(path, {"config.json": json.dumps(GOOD), "model.weights.h5": weights_h5(put)})


@hostile(".keras")
def archive_of_links(path):
    def put(file):
        file.create_group("layers/dense/vars")["0"] = h5py.ExternalLink("/etc/passwd", "/")

    archive_of(path, {"config.json": json.dumps(GOOD), "model.weights.h5": weights_h5(put)})


@hostile(".keras")
def archive_with_a_wrong_checksum(path):
    archive_of(path, {"config.json": json.dumps(GOOD), "model.weights.h5": b"\x89HDF" + b"x" * 90})
    path.write_bytes(path.read_bytes().replace(b"xxxx", b"yyyy", 1))


# --- tables and images ------------------------------------------------------------------------


@hostile(".yaml")
def aliases(path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    path.write_text("\n".join([*lines, "rows: {1: {dataset: *a29}}"]))


@hostile(".yaml")
def merged_aliases(path):
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    path.write_text("\n".join([*lines, "rows: {1: {<<: *a11}}"]))


@hostile(".yaml")
def alias_of_itself(path):
    path.write_text("rows: &a {1: {dataset: *a}}")


@hostile(".yaml")
def python_in_yaml(path):
    path.write_text("rows: {1: !!python/object/apply:os.system [echo]}")


@hostile(".yaml")
def deep_yaml(path):
    path.write_text("rows: " + "[" * 20_000)


@hostile(".yaml")
def huge_yaml(path):
    path.write_text("rows: {1: {dataset: " + "x" * 2_000_000 + "}}")


@hostile(".yaml")
def yaml_of_bytes(path):
    path.write_bytes(b"rows: {1: {dataset: \xff\xfe}}")


@hostile(".yaml")
def many_keys(path):
    path.write_text("rows:\n" + "".join(f"  {n}: {{}}\n" for n in range(15_000)))


@hostile(".npz")
def pickled_array(path):
    np.savez(path, images=np.array([{"a": 1}], dtype=object))


@hostile(".npz")
def array_bomb(path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 512, 512, 3)}
    )
    archive_of(path, {"images.npy": header.getvalue() + bytes(1000)}, deflated=True)


@hostile(".npz")
def array_that_inflates(path):
    header = io.BytesIO()
    shape = (4, 8, 8, 1)
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    archive_of(path, {"images.npy": header.getvalue() + bytes(300 << 20)}, deflated=True)


def png(width, height, rows=b""):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(rows)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@hostile(".zip")
def giant_image(path):
    archive_of(path, {"a.png": png(60_000, 60_000)})


@hostile(".zip")
def truncated_image(path):
    archive_of(path, {"a.png": png(64, 64, b"\0" * 100)})


@hostile(".zip")
def image_bomb(path):
    archive_of(path, {"a.png": bytes(200 << 20)}, deflated=True)


@hostile(".zip")
def many_members(path):
    archive_of(path, {f"{n}.png": b"" for n in range(30_000)})


@hostile(".zip")
def image_that_is_postscript(path):
    archive_of(path, {"a.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"})


@hostile(".zip")
def giant_tiff(path):
    """A directory of tags that declares 60,000 x 60,000 pixels in one strip."""
    tags = {256: 60_000, 257: 60_000, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 60_000, 279: 9}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    archive_of(path, {"a.tif": head + entries + bytes(4)})


@hostile(".zip")
def tiff_of_many_pages(path):
    """A directory that is its own successor."""
    archive_of(path, {"a.tif": b"II*\0" + struct.pack("<IHI", 8, 0, 8)})


@hostile(".zip")
def pickle_among_images(path):
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], dtype=object))
    archive_of(path, {"a.npy": file.getvalue()})


@hostile(".zip")
def array_bomb_among_images(path):
    header, inner = io.BytesIO(), io.BytesIO()
    head = {"descr": "|u1", "fortran_order": False, "shape": (1 << 15, 1 << 10, 1 << 10)}
    np.lib.format.write_array_header_1_0(header, head)
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", header.getvalue() + bytes(1 << 20))
    archive_of(path, {"a.npz": inner.getvalue()})


@hostile(".zip")
def zip_in_a_zip(path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.png", png(8, 8))
    archive_of(path, {"inner.zip": inner.getvalue()})


@hostile(".npy")
def pickled_npy(path):
    np.save(path, np.array([{"a": 1}], dtype=object))


@hostile(".npy")
def plain_pickle(path):
    path.write_bytes(pickle.dumps([1, 2, 3]))


@hostile(".npy")
def npy_bomb(path):
    with path.open("wb") as file:
        head = {"descr": "|u1", "fortran_order": False, "shape": (10**6, 512, 512, 3)}
        np.lib.format.write_array_header_1_0(file, head)
        file.write(bytes(1000))


# --- opening them -----------------------------------------------------------------------------


def make(folder):
    """Writes all files.

    Returns:
        {name: path}.
    """
    paths = {}
    for name, (function, suffix) in FILES.items():
        paths[name] = folder / f"{name}{suffix}"
        function(paths[name])
    return paths


def open_file(path):
    """Opens a file as the package does, by its suffix."""
    from keras_gans import datasets, generators
    from keras_gans.rows import read_table

    if path.suffix == ".yaml":
        read_table(path).experiments()
    elif path.suffix in (".npy", ".npz", ".zip"):
        datasets.load(path)
    else:
        generators.load(path)


if __name__ == "__main__":
    import resource

    from keras_gans.errors import UsageError

    def computing():
        """CPU seconds of this process and its children; a busy machine does not change them."""
        own, children = (resource.getrusage(who) for who in (0, resource.RUSAGE_CHILDREN))
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

    def refusal(path):
        began = computing()
        try:
            open_file(Path(path))
            said = ["opened", ""]
        except UsageError as error:
            said = ["refused", str(error)]
        except Exception as error:
            said = ["crashed", f"{type(error).__name__}: {error}"]
        return [*said, computing() - began]

    found = {}
    for name, path in json.loads(Path(sys.argv[1]).read_text()).items():
        found[name] = refusal(path)
        if found[name][2] > 5:  # a suspended machine may count its sleep
            found[name] = refusal(path)
    # Of this program alone; getrusage also counts the process that it was forked from.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    memory = {"self": int(peak) * 1024, "children": children * 1024}
    print(json.dumps({"files": found, "memory": memory}))

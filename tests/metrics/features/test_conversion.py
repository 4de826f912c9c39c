import hashlib
import http.server
import io
import os
import tarfile
import threading

import h5py
import keras
import numpy as np
import pytest

from keras_gans.errors import UsageError
from keras_gans.metrics.features import archive, conversion, imagenet, inception, readers

tf = pytest.importorskip("tensorflow")

PARTS = {"gamma": "gamma", "beta": "beta", "mean": "moving_mean", "variance": "moving_variance"}
SHA256 = "0" * 64


def place(node):
    """Name of a convolution in the graph: mixed_4_tower_1_conv_2 is mixed_4/tower_1/conv_2."""
    for word in ("tower", "mixed", "conv"):
        node = node.replace(f"_{word}", f"/{word}")
    return node


def graph_of(weights):
    """The nodes of the published graph with given weights; each convolution has its own input."""
    graph = tf.compat.v1.GraphDef()
    graph.versions.producer = 8  # the last version with this batch normalization
    real = tf.float32.as_datatype_enum

    def add(name, op, *inputs):
        node = graph.node.add(name=name, op=op, input=inputs)
        node.attr["dtype" if op in ("Const", "Placeholder") else "T"].type = real
        return node

    def constant(name, array):
        tensor = tf.make_tensor_proto(array)
        add(name, "Const").attr["value"].tensor.CopyFrom(tensor)
        return name

    for node, parts in weights.items():
        if node == "softmax":
            constant("softmax/weights", parts["softmax/kernel"])
            constant("softmax/biases", parts["softmax/bias"])
            continue
        p = place(node)
        constant(f"{p}/conv2d_params", parts["kernel"])
        for part, name in PARTS.items():
            constant(f"{p}/batchnorm/{name}", parts[part])
        add(f"{p}/input", "Placeholder")
        convolution = add(f"{p}/Conv2D", "Conv2D", f"{p}/input", f"{p}/conv2d_params")
        convolution.attr["strides"].list.i.extend([1, 1, 1, 1])
        convolution.attr["padding"].s = b"VALID"
        names = "moving_mean", "moving_variance", "beta", "gamma"
        inputs = [f"{p}/batchnorm/{name}" for name in names]
        if node == "conv_2":  # identities are skipped
            inputs = [add(f"{name}/read", "Identity", name).name for name in inputs]
        normal = add(f"{p}/batchnorm", readers.BATCH_NORM, f"{p}/Conv2D", *inputs)
        normal.attr["variance_epsilon"].f = 0.001
        normal.attr["scale_after_normalization"].b = True
        add(p, "Relu", f"{p}/batchnorm")
    return graph


@pytest.fixture(scope="session")
def graph(unfolded):
    return graph_of(unfolded)


@pytest.fixture(scope="session")
def graph_file(graph, tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / conversion.MEMBER
    path.write_bytes(graph.SerializeToString())
    return path


@pytest.fixture(scope="session")
def converted(graph_file, tmp_path_factory):
    """(data folder made from the graph, result of the conversion)."""
    folder = tmp_path_factory.mktemp("converted")
    return folder, conversion.inception(graph_file, folder / inception.FILE)


def load(path):
    with np.load(path) as arrays:
        return {key: arrays[key] for key in arrays.files}


def state_of(weights):
    """The same weights with the names and layout of the file of pytorch-fid."""
    torch = pytest.importorskip("torch")
    parts = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}
    state = {}
    for node, name in inception.NODES.items():
        kernel = weights[node]["kernel"].transpose(3, 2, 0, 1)
        state[f"{name}.conv.weight"] = torch.from_numpy(kernel.copy())
        for theirs, ours in parts.items():
            state[f"{name}.bn.{theirs}"] = torch.from_numpy(weights[node][ours])
    head = weights["softmax"]
    state["fc.weight"] = torch.from_numpy(head["softmax/kernel"].T.copy())
    state["fc.bias"] = torch.from_numpy(head["softmax/bias"])
    return state


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_result_of_a_conversion(graph_file, converted):
    folder, about = converted
    path = folder / inception.FILE
    assert about == {
        "source_sha256": sha256(graph_file), "sha256": sha256(path), "published": False,
    }  # fmt: skip
    assert set(load(path)) == inception._keys(inception.build(2048, 75)) | set(inception.HEAD)
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("size", [75, 299])
def test_features_equal_those_of_the_network_before_folding(unfolded, converted, size):
    reference = pytest.importorskip("torch_inception", exc_type=ImportError)
    weights = {
        f"{node}/{part}": array for node, parts in unfolded.items() for part, array in parts.items()
    }
    x = np.random.default_rng(1).uniform(-1, 1, (2, size, size, 3)).astype(np.float32)
    expected = reference.features(x, weights, 2048)
    assert list(expected) == list(inception.TAPS)
    network, _ = inception.load(2048, size, converted[0])
    ends = ["pool", "pool_1", "mixed_7_join", "mixed_8_join", "mixed_10_join"]
    outputs = [keras.ops.mean(network.get_layer(end).output, (1, 2)) for end in ends]
    found = keras.Model(network.input, outputs).predict_on_batch(x)
    for ours, theirs in zip(found, expected.values(), strict=True):
        assert np.ptp(theirs, axis=0).max() > 1e-3
        assert np.linalg.norm(ours - theirs) < 1e-5 * np.linalg.norm(theirs)


def test_each_convolution_equals_the_graph_run_by_tensorflow(graph, converted):
    arrays = load(converted[0] / inception.FILE)
    rng = np.random.default_rng(2)
    with tf.Graph().as_default() as built, tf.compat.v1.Session(graph=built) as session:
        tf.import_graph_def(graph, name="")
        inputs = {
            node: rng.standard_normal((1, *arrays[f"{node}/kernel"].shape[:3]), np.float32)
            for node in inception.NODES
        }
        outputs = session.run(
            {node: f"{place(node)}:0" for node in inputs},
            {f"{place(node)}/input:0": x for node, x in inputs.items()},
        )
    for node, x in inputs.items():
        kernel, bias, expected = arrays[f"{node}/kernel"], arrays[f"{node}/bias"], outputs[node]
        found = np.maximum(np.tensordot(x[0].astype(np.float64), kernel, 3) + bias, 0)
        assert expected.any()
        np.testing.assert_allclose(found, expected.ravel(), rtol=0, atol=1e-5 * np.ptp(expected))


def test_the_published_network_is_recognised(inception_folder, unfolded, tmp_path):
    weights = dict(unfolded)
    published = load(archive.find(inception_folder, inception.FILE, "inception"))
    for node in {key.split("/")[0] for key in published} - {"softmax"}:
        kernel, bias = published[f"{node}/kernel"], published[f"{node}/bias"]
        one = np.ones_like(bias)
        gamma = np.full_like(bias, np.sqrt(1.001))
        parts = {"gamma": gamma, "beta": bias, "mean": 0 * one, "variance": one}
        weights[node] = {"kernel": kernel, **parts}
    source = tmp_path / "graph.pb"

    def is_published():
        source.write_bytes(graph_of(weights).SerializeToString())
        return conversion.inception(source, tmp_path / "out.npz")["published"]

    assert is_published()
    weights["mixed_3_conv"]["kernel"] = weights["mixed_3_conv"]["kernel"] * np.float32(1.01)
    assert not is_published()


@pytest.mark.parametrize("legacy", [False, True])
def test_pytorch_fids_file_gives_the_same_arrays(unfolded, converted, tmp_path, legacy):
    torch = pytest.importorskip("torch")
    source, out = tmp_path / "pt_inception.pth", tmp_path / "new" / "out.npz"
    state = state_of(unfolded)
    state["Conv2d_1a_3x3.bn.num_batches_tracked"] = torch.tensor(7)
    torch.save(state, source, _use_new_zipfile_serialization=not legacy)
    conversion.inception(source, out, sha256(source).upper())
    expected = load(converted[0] / inception.FILE)
    found = load(out)
    assert set(found) == set(expected)
    for key, array in expected.items():
        np.testing.assert_array_equal(found[key], array)


def test_another_pth_is_refused_unless_its_sha256_is_given(tmp_path):
    source = tmp_path / "pt_inception-2015-12-05-6726825d.pth"
    source.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(UsageError, match=f"not {conversion.PYTORCH_FID}; .* with --sha256"):
        conversion.inception(source, tmp_path / "out.npz")
    with pytest.raises(UsageError, match=f"not {SHA256}"):
        conversion.inception(source, tmp_path / "out.npz", SHA256)
    assert list(tmp_path.iterdir()) == [source]


class Code:
    """Unpickling this would run a command."""

    def __reduce__(self):
        return os.system, ("echo ran > ran.txt",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Mixed_7c.branch_pool.conv.weight": None}, "no tensor Mixed_7c.branch_pool.conv.weight"),
        ({"Conv2d_1a_3x3.bn.weight": 31}, r"bn.weight is torch.float32 \(31,\) where .*\(32,\)"),
        ({"Conv2d_1a_3x3.conv.weight": "half"}, "conv.weight is torch.float16"),
        ({"fc.weight": "sparse"}, "fc.weight is"),
        ({"Conv2d_1a_3x3.bn.running_mean": "nan"}, "NaN or infinite values in conv/bias"),
        ({"Conv2d_1a_3x3.bn.running_var": "negative"}, "NaN or infinite values in conv/"),
        ({"fc.bias": "text"}, "no tensor fc.bias"),
        ({"code": "code"}, "damaged, or holds more than tensors"),
        ("list", "no tensor conv|no tensor Conv2d_1a_3x3.conv.weight"),
        ("truncated", "damaged, or holds more than tensors"),
    ],
)
def test_a_wrong_pth_is_refused(unfolded, tmp_path, monkeypatch, change, message):
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    state = state_of(unfolded)
    for name, how in change.items() if isinstance(change, dict) else ():
        old = state.pop(name, None)
        if isinstance(how, int):
            state[name] = torch.ones(how)
        elif how is not None:
            state[name] = {
                "half": lambda t: t.half(),
                "sparse": lambda t: t.to_sparse(),
                "nan": lambda t: t * np.nan,
                "negative": lambda t: -1 - t,
                "text": lambda t: "text",
                "code": lambda t: Code(),
            }[how](old)
    source, out = tmp_path / "pt.pth", tmp_path / "out.npz"
    torch.save([1] if change == "list" else state, source)
    if change == "truncated":
        os.truncate(source, source.stat().st_size - 5000)
    with pytest.raises(UsageError, match=message) as raised:
        conversion.inception(source, out, sha256(source))
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == [source]


def test_without_torch_the_message_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    source = tmp_path / "pt.pth"
    source.write_bytes(b"PK\x03\x04")
    with pytest.raises(UsageError, match="pip install torch, or use"):
        conversion.inception(source, tmp_path / "out.npz", sha256(source))


def drop(name):
    def change(graph):
        index = next(i for i, node in enumerate(graph.node) if node.name == name)
        del graph.node[index]

    return change


def replace(name, array):
    def change(graph):
        node = next(node for node in graph.node if node.name == name)
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(array))

    return change


def attribute(name, **values):
    def change(graph):
        node = next(node for node in graph.node if node.name == name)
        for key, (kind, value) in values.items():
            setattr(node.attr[key], kind, value)

    return change


def cut(name):
    def change(graph):
        node = next(node for node in graph.node if node.name == name)
        tensor = node.attr["value"].tensor
        tensor.tensor_content = tensor.tensor_content[:-4]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("mixed_10/tower_1/mixed/conv_1/conv2d_params"), "mixed_10_tower_1_mixed_conv_1"),
        (drop("mixed_9/conv/batchnorm"), "BatchNormWith.* of mixed_9/conv/batchnorm"),
        (drop("conv_1/batchnorm/gamma"), "no constant conv_1/batchnorm/gamma"),
        (drop("softmax/weights"), "no constant softmax/weights"),
        (replace("conv/conv2d_params", np.zeros((3, 3, 3, 31), np.float32)), r"3, 3, 3, 31\)"),
        (replace("conv/batchnorm/beta", np.zeros(32)), "conv/batchnorm/beta has .* float32"),
        (replace("conv/batchnorm/beta", np.full(32, np.nan, np.float32)), "NaN .* conv/bias"),
        (cut("conv/conv2d_params"), "conv/conv2d_params is damaged"),
        (attribute("conv/batchnorm", variance_epsilon=("f", 0.1)), "adds 0.1 .* uses gamma"),
        (attribute("conv/batchnorm", scale_after_normalization=("b", False)), "omits gamma"),
    ],
)  # fmt: skip
def test_a_wrong_graph_is_refused(graph, tmp_path, change, message):
    changed = tf.compat.v1.GraphDef()
    changed.CopyFrom(graph)
    change(changed)
    source, out = tmp_path / "graph.pb", tmp_path / "out.npz"
    source.write_bytes(changed.SerializeToString())
    with pytest.raises(UsageError, match=message):
        conversion.inception(source, out)
    assert list(tmp_path.iterdir()) == [source]


def test_files_that_are_no_graph(graph_file, tmp_path, monkeypatch):
    source, out = tmp_path / "graph.pb", tmp_path / "out.npz"
    for content in (graph_file.read_bytes()[:-1000], b"<html>not found</html>"):
        source.write_bytes(content)
        with pytest.raises(UsageError, match="or it is damaged"):
            conversion.inception(source, out)
    with pytest.raises(UsageError, match=r"cannot read .*nothing: No such file"):
        conversion.inception(tmp_path / "nothing", out)
    monkeypatch.setattr(conversion, "LARGEST", 10)
    with pytest.raises(UsageError, match="more than 10 bytes"):
        conversion.inception(source, out)
    source.write_bytes(b"")
    with pytest.raises(UsageError, match="no convolution conv"):
        conversion.inception(source, out)
    assert not out.exists()


def tgz(path, *members, level=1):
    with tarfile.open(path, "w:gz", compresslevel=level) as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_the_archive_gives_the_same_arrays(graph_file, converted, tmp_path):
    source = tgz(
        tmp_path / "inception.tgz",
        (tarfile.TarInfo("../../outside"), b"never written"),
        (tarfile.TarInfo(conversion.MEMBER), graph_file.read_bytes()),
        level=0,
    )
    about = conversion.inception(source, tmp_path / "out.npz")
    assert about["sha256"] == converted[1]["sha256"]
    assert sorted(tmp_path.iterdir()) == [source, tmp_path / "out.npz"]


def test_a_wrong_archive_is_refused(tmp_path, monkeypatch):
    link = tarfile.TarInfo(conversion.MEMBER)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    source, out = tmp_path / "inception.tgz", tmp_path / "out.npz"
    for members in ([], [(link, b"")], [(tarfile.TarInfo("other.pb"), b"x")]):
        tgz(source, *members)
        with pytest.raises(UsageError, match=f"no file {conversion.MEMBER}"):
            conversion.inception(source, out)
    random = np.random.default_rng(0).bytes(50_000)
    tgz(source, (tarfile.TarInfo(conversion.MEMBER), random))
    source.write_bytes(source.read_bytes()[:-20_000])
    with pytest.raises(UsageError, match="damaged archive"):
        conversion.inception(source, out)
    monkeypatch.setattr(conversion, "LARGEST", 100_000)
    tgz(source, (tarfile.TarInfo(conversion.MEMBER), bytes(200_000)))
    with pytest.raises(UsageError, match="has 200,000 bytes"):
        conversion.inception(source, out)
    assert not out.exists()


@pytest.fixture
def server():
    """(local address, {path: bytes} that it serves); "/short" ends early."""
    files = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path not in files:
                self.send_error(404)
                return
            content = files[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content) * (1 + (self.path == "/short"))))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", files
        running.shutdown()


def test_download(server, tmp_path, monkeypatch):
    address, files = server
    files["/file"] = files["/short"] = bytes(range(256)) * 10_000
    out, calls = tmp_path / "file", []
    conversion.download(f"{address}/file", out, lambda *call: calls.append(call))
    assert out.read_bytes() == files["/file"]
    assert calls[-1] == (2_560_000, 2_560_000)
    assert calls[0][0] == 2**20
    with pytest.raises(UsageError, match=r"404.* elsewhere and give it with --source"):
        conversion.download(f"{address}/nothing", out)
    with pytest.raises(UsageError, match=r"2,560,000 of 5,120,000 bytes|IncompleteRead"):
        conversion.download(f"{address}/short", out)
    monkeypatch.setattr(conversion, "LARGEST", 1000)
    with pytest.raises(UsageError, match="more than 1,000 bytes"):
        conversion.download(f"{address}/file", out)


def keras_layout(arrays):
    """{path in the .h5 of Keras: array} for the arrays of our file."""
    layers = {"kernel": "conv2d"}
    found = {}
    for key, array in arrays.items():
        i, part = key.split("/")
        layer = f"{layers.get(part, 'batch_normalization')}_{int(i) + 1}"
        found[f"{layer}/{layer}/{part}:0"] = array
    return found


def write_h5(path, arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
        file.create_group("mixed10")  # layers without weights have empty groups
        file["predictions/predictions/kernel:0"] = np.zeros((2048, 1000), np.float32)
    return path


def test_the_file_of_keras(keras_arrays, tmp_path):
    source = write_h5(tmp_path / "inception.h5", keras_layout(keras_arrays))
    out = tmp_path / imagenet.FILE
    assert conversion.imagenet(source, out) == sha256(out)
    found = load(out)
    assert set(found) == set(keras_arrays)
    for key, array in keras_arrays.items():
        np.testing.assert_array_equal(found[key], array)


def test_a_complete_model_saved_by_keras(keras_model, keras_arrays, tmp_path):
    keras_model.save(tmp_path / "model.h5")
    conversion.imagenet(tmp_path / "model.h5", tmp_path / "out.npz")
    found = load(tmp_path / "out.npz")
    for key, array in keras_arrays.items():
        np.testing.assert_array_equal(found[key], array)


def test_the_download_of_keras(keras_model, keras_arrays, tmp_path, monkeypatch):
    def network(include_top, weights):
        assert (include_top, weights) == (False, "imagenet")
        return keras_model

    monkeypatch.setattr(keras.applications, "InceptionV3", network)
    conversion.imagenet(None, tmp_path / "out.npz")
    found = load(tmp_path / "out.npz")
    for key, array in keras_arrays.items():
        np.testing.assert_array_equal(found[key], array)

    def offline(**options):
        raise Exception("URL fetch failure on https://...: None -- no network")

    monkeypatch.setattr(keras.applications, "InceptionV3", offline)
    with pytest.raises(UsageError, match=r"no network; download inception_v3.* with --source"):
        conversion.imagenet(None, tmp_path / "other.npz")
    assert not (tmp_path / "other.npz").exists()


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("conv2d_94/conv2d_94/kernel:0", None, "93 layers conv2d_"),
        ("batch_normalization_3/batch_normalization_3/beta:0", None, "no 02/beta|93 layers"),
        ("conv2d_1/conv2d_1/kernel:0", np.zeros((3, 3, 3, 31), np.float32), r"3, 3, 31\) where"),
        ("conv2d_1/conv2d_1/kernel:0", np.zeros((3, 3, 3, 32)), "conv2d_1/kernel is float64"),
        ("conv2d_1/conv2d_1/kernel:0", np.full((3, 3, 3, 32), np.inf, "f4"), "NaN or infinite"),
        ("batch_normalization_1/batch_normalization_1/moving_variance:0",
         np.full(32, -1, np.float32), "negative variances in batch_normalization_1"),
        ("conv2d_1/conv2d_1/kernel:0", h5py.SoftLink("/conv2d_2/conv2d_2/kernel:0"), "no 00/ker"),
        ("conv2d_1/conv2d_1/kernel:0", h5py.ExternalLink("x.h5", "/kernel"), "no 00/kernel"),
    ],
)  # fmt: skip
def test_a_wrong_h5_is_refused(keras_arrays, tmp_path, name, array, message):
    arrays = keras_layout(keras_arrays)
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    source, out = write_h5(tmp_path / "inception.h5", arrays), tmp_path / "out.npz"
    with pytest.raises(UsageError, match=message):
        conversion.imagenet(source, out)
    assert list(tmp_path.iterdir()) == [source]


def test_files_that_are_no_h5(tmp_path):
    for content in (b"", b"\x89HDF\r\n\x1a\n", b"version https://git-lfs"):
        (tmp_path / "x.h5").write_bytes(content)
        with pytest.raises(UsageError, match=r"x\.h5 is (no \.h5 file|damaged)"):
            conversion.imagenet(tmp_path / "x.h5", tmp_path / "out.npz")


def test_the_extractors_read_the_converted_files(converted, keras_arrays, tmp_path):
    network, weights_hash = inception.load(64, 75, converted[0])
    assert weights_hash == converted[1]["sha256"]
    assert network.output.shape == (None, 64)
    source = write_h5(tmp_path / "inception.h5", keras_layout(keras_arrays))
    weights_hash = conversion.imagenet(source, tmp_path / imagenet.FILE)
    assert imagenet.load(768, tmp_path)[1] == weights_hash
    assert archive.array_names(tmp_path / imagenet.FILE) == set(keras_arrays)

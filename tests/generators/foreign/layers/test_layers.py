"""Rules compute the shapes and the weights that Keras has, and refuse anything unknown."""

import json

import foreign_files
import keras
import numpy as np
import pytest

from keras_gans import generators
from keras_gans.errors import UsageError
from keras_gans.generators.foreign import layers as rules

k = keras.layers
CASES = [
    (k.Dense(3, use_bias=False), (5,)),
    (k.Dense(3), (4, 5)),
    (k.Conv1D(3, 4, strides=2, padding="causal"), (9, 2)),
    (k.Conv2D(4, (3, 2), strides=2), (9, 8, 2)),
    (k.Conv2D(4, 3, dilation_rate=2, groups=2, padding="same"), (9, 8, 2)),
    (k.SeparableConv1D(3, 2), (9, 2)),
    (k.SeparableConv2D(3, 2, depth_multiplier=2), (9, 8, 2)),
    (k.DepthwiseConv1D(2), (9, 2)),
    (k.DepthwiseConv2D(2, depth_multiplier=3), (9, 8, 2)),
    (k.Conv1DTranspose(3, 4, strides=2), (5, 2)),
    (k.Conv2DTranspose(3, 4, strides=3, padding="same"), (5, 4, 2)),
    (k.Conv2DTranspose(3, 2, strides=3), (5, 4, 2)),
    (k.Conv2DTranspose(3, 5, strides=2, padding="same", output_padding=1), (5, 4, 2)),
    (k.MaxPooling1D(3, strides=2), (9, 2)),
    (k.AveragePooling2D(3, padding="same"), (9, 8, 2)),
    (k.GlobalMaxPooling2D(keepdims=True), (9, 8, 2)),
    (k.GlobalAveragePooling1D(), (9, 2)),
    (k.UpSampling1D(3), (9, 2)),
    (k.UpSampling2D((2, 3), interpolation="bilinear"), (9, 8, 2)),
    (k.ZeroPadding1D((1, 2)), (9, 2)),
    (k.ZeroPadding2D(((1, 2), (0, 3))), (9, 8, 2)),
    (k.Cropping1D(2), (9, 2)),
    (k.Cropping2D(((1, 2), (0, 3))), (9, 8, 2)),
    (k.BatchNormalization(axis=1, scale=False), (9, 8, 2)),
    (k.LayerNormalization(axis=[1, 2]), (9, 8, 2)),
    (k.Rescaling(2.0, 1.0), (3,)),
    (k.PReLU(shared_axes=[1]), (9, 8, 2)),
    (k.ELU(0.5), (3,)),
    (k.Softmax(axis=1), (3, 2)),
    (k.Reshape((4, -1)), (9, 8, 2)),
    (k.Flatten(), (9, 8, 2)),
    (k.Permute((3, 1, 2)), (9, 8, 2)),
    (k.RepeatVector(4), (3,)),
    (k.Embedding(7, 3), (2,)),
    (k.CategoryEncoding(5, output_mode="one_hot"), ()),
    (k.CategoryEncoding(5, output_mode="one_hot"), (1,)),
    (k.CategoryEncoding(5), (1,)),
    (k.LSTM(4), (9, 2)),
    (k.GRU(4, return_sequences=True, reset_after=False), (9, 2)),
    (k.GRU(4), (9, 2)),
    (k.SimpleRNN(4, use_bias=False), (9, 2)),
    (k.GaussianNoise(0.5), (3,)),
]


@pytest.mark.parametrize(
    ("layer", "shape"),
    CASES,
    ids=[f"{n}-{type(layer).__name__}" for n, (layer, _) in enumerate(CASES)],
)
def test_shape_and_weights_are_those_of_keras(layer, shape):
    model = keras.Sequential([k.Input(shape), layer])
    config = json.loads(json.dumps(layer.get_config()))
    step = rules.rule(type(layer).__name__, config, [shape], legacy=False)
    assert step.shape == tuple(model.output_shape[1:])
    weights = [(w.name, tuple(w.shape)) for w in layer.weights]
    assert list(step.weights) == weights
    trained = len(layer.trainable_weights)
    assert len(step.weights) - step.fixed == trained
    assert step.make is None or callable(step.make)


@pytest.mark.parametrize("kind", ["Add", "Multiply", "Maximum"])
def test_merged_shapes_are_broadcast(kind):
    assert rules.rule(kind, {}, [(3, 1), (1, 4)], False).shape == (3, 4)
    assert rules.rule(kind, {}, [(4,), (3, 4)], False).shape == (3, 4)
    with pytest.raises(UsageError, match="do not fit"):
        rules.rule(kind, {}, [(3,), (4,)], False)
    with pytest.raises(UsageError, match="at least two inputs"):
        rules.rule(kind, {}, [(3,)], False)


def test_concatenation():
    assert rules.rule("Concatenate", {"axis": 1}, [(3, 2), (4, 2)], False).shape == (7, 2)
    for shapes in ([(3, 2), (4, 3)], [(3, 2), (3,)]):
        with pytest.raises(UsageError, match=r"do not fit|numbers of dimensions"):
            rules.rule("Concatenate", {"axis": 1}, shapes, False)


@pytest.mark.parametrize(
    ("kind", "config", "shape", "message"),
    [
        ("Dense", {"units": "3"}, (5,), "units is '3'"),
        ("Dense", {"units": 3}, (), "at least one dimension"),
        ("Dense", {"units": 3, "activation": "os.system"}, (5,), "not one of Keras's own"),
        ("Dense", {"units": 3, "activation": {"class_name": "Lambda"}}, (5,), "not one of Keras's"),
        (
            "Conv2D",
            {"filters": 3, "kernel_size": 3},
            (2, 9, 1),
            "a window of 3 does not fit into 2",
        ),
        ("Conv2D", {"filters": 3, "kernel_size": 1, "groups": 2}, (9, 9, 1), "do not divide"),
        ("Conv2D", {"filters": 3, "kernel_size": 1}, (9, 9), "inputs of 3 dimensions"),
        ("Conv2D", {"filters": 3, "kernel_size": 1, "padding": "full"}, (9, 9, 1), "not one of"),
        ("Conv2DTranspose", {"filters": 3, "kernel_size": 1, "dilation_rate": 2}, (9, 9, 1), "dil"),
        ("BatchNormalization", {"renorm": True}, (3,), "renorm is True"),
        ("LayerNormalization", {"axis": [1, -1]}, (3,), "names an axis twice"),
        ("Cropping2D", {"cropping": 5}, (9, 9, 1), "leaves nothing"),
        ("Reshape", {"target_shape": [5, -1]}, (9,), "does not fit"),
        ("Permute", {"dims": [1, 1]}, (9, 9), "are not those of"),
        ("LSTM", {"units": 3, "stateful": True}, (9, 2), "stateful is True"),
        ("UpSampling2D", {"size": 4096}, (1 << 20, 1, 1), "makes an output of"),
    ],
)
def test_settings_that_are_refused(kind, config, shape, message):
    with pytest.raises(UsageError, match=message):
        rules.rule(kind, config, [shape], True)


def test_channels_first_is_computed_with_channels_last(tmp_path, outputs_of):
    last = keras.Sequential(
        [
            k.Input((4, 4, 3)), k.UpSampling2D(),
            k.Conv2DTranspose(5, 3, strides=2, padding="same"), k.MaxPooling2D(),
            k.ZeroPadding2D(1), k.Conv2D(1, 3, activation="tanh"),
        ]
    )  # fmt: skip
    foreign_files.randomize(last)

    def first(config):
        text = json.dumps(config).replace("channels_last", "channels_first")
        return json.loads(text.replace("[null, 4, 4, 3]", "[null, 3, 4, 4]"))

    foreign_files.save(last, tmp_path / "g.h5", "2.8.0", change=first)
    saved = generators.load(tmp_path / "g.h5")
    values = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    expected = np.moveaxis(outputs_of(last, [values]), -1, 1)
    found = outputs_of(saved.network, [np.moveaxis(values, -1, 1)])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_old_hard_sigmoid_is_the_old_function(simple, outputs_of):
    saved, model = simple(k.Dense(784), k.Activation("hard_sigmoid"))
    latents = saved.latents.sample(2)
    expected = np.clip(0.2 * outputs_of(model.layers[0], [latents]) + 0.5, 0, 1)
    np.testing.assert_allclose(outputs_of(saved.network, [latents]), expected, atol=1e-6)


def with_operator(function, number):
    """A change of a description: an operator of TensorFlow after the last layer."""

    def change(config):
        inner = config["config"]
        name = inner["output_layers"][0][0]
        inner["layers"].append(
            {
                "name": "op", "class_name": "TFOpLambda",
                "config": {"name": "op", "function": function},
                "inbound_nodes": [[name, 0, 0, {"y": number, "name": None}]],
            }
        )  # fmt: skip
        inner["output_layers"] = [["op", 0, 0]]

    return change


def with_operation(op, **constants):
    """A change of a description: an operation as TensorFlow 2.1 to 2.3 saved it."""

    def change(config):
        inner = config["config"]
        name = inner["output_layers"][0][0]
        node = {"name": "op", "op": op, "input": ["a", "b"], "attr": {"T": {"type": "DT_FLOAT"}}}
        inner["layers"].append(
            {
                "name": "tf_op_layer_op", "class_name": "TensorFlowOpLayer",
                "config": {
                    "name": "op", "node_def": node,
                    "constants": {key[1:]: value for key, value in constants.items()},
                },
                "inbound_nodes": [[[name, 0, 0, {}]] * (2 - len(constants))],
            }
        )  # fmt: skip
        inner["output_layers"] = [["tf_op_layer_op", 0, 0]]

    return change


@pytest.mark.parametrize(
    ("op", "constants", "function"),
    [
        ("Mul", {"_1": 0.5}, lambda x: 0.5 * x),
        ("AddV2", {"_0": 1}, lambda x: 1 + x),
        ("Sub", {"_0": 1.0}, lambda x: 1 - x),
        ("Sub", {"_1": 1.0}, lambda x: x - 1),
        ("RealDiv", {"_1": 4.0}, lambda x: x / 4),
        ("Mul", {}, lambda x: x * x),
    ],
)
def test_operations_of_tensorflow_2_1_to_2_3(tmp_path, outputs_of, op, constants, function):
    noise = k.Input((6,))
    model = foreign_files.randomize(keras.Model(noise, k.Dense(784, activation="tanh")(noise)))
    path = tmp_path / "g.h5"
    foreign_files.save(model, path, "2.2.4", change=with_operation(op, **constants))
    saved = generators.load(path)
    latents = saved.latents.sample(2)
    expected = function(outputs_of(model, [latents]))
    np.testing.assert_allclose(outputs_of(saved.network, [latents]), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("op", "constants", "message"),
    [
        ("WriteFile", {"_1": 1.0}, "the operation 'WriteFile'"),
        ("Mul", {"_1": [0.5, 0.6]}, "has the constants"),
        ("Mul", {"_7": 0.5}, "has the constants"),
        ("Mul", {"_1": 10**400}, "has the constants"),
        ("Mul", {"_0": 0.5, "_1": 0.5}, "is not connected"),
    ],
)
def test_other_operations_of_tensorflow_are_refused(tmp_path, op, constants, message):
    noise = k.Input((6,))
    model = keras.Model(noise, k.Dense(784)(noise))
    change = with_operation(op, **constants)
    foreign_files.save(model, tmp_path / "g.h5", "2.2.4", change=change)
    with pytest.raises(UsageError, match=message):
        generators.load(tmp_path / "g.h5")


def test_every_layer_of_keras_has_a_rule_or_is_known_to_have_none():
    classes = {
        name for name, layer in vars(k).items()
        if isinstance(layer, type) and issubclass(layer, k.Layer) and layer.__name__ == name
    }  # fmt: skip
    bases = {"Layer", "Wrapper", "InputLayer", "Lambda"}
    assert classes - bases <= rules.UNSUPPORTED | set(rules.RULES)
    assert not rules.UNSUPPORTED & set(rules.RULES)


def test_operators_are_computed_and_others_refused(tmp_path, outputs_of):
    noise = k.Input((6,))
    model = keras.Model(noise, k.Dense(784, activation="tanh")(noise))
    foreign_files.randomize(model)
    path = tmp_path / "g.h5"
    foreign_files.save(model, path, "2.8.0", change=with_operator("math.multiply", 127.5))
    saved = generators.load(path)
    assert saved.origin["output_range"] == [-127.5, 127.5]
    latents = saved.latents.sample(2)
    np.testing.assert_allclose(
        outputs_of(saved.network, [latents]), 127.5 * outputs_of(model, [latents]), rtol=1e-6
    )
    foreign_files.save(model, path, "2.8.0", change=with_operator("io.write_file", 1))
    with pytest.raises(UsageError, match=r"the operation 'io\.write_file'"):
        generators.load(path)
    change = with_operator("math.multiply", 10**400)
    foreign_files.save(model, path, "2.8.0", change=change)
    with pytest.raises(UsageError, match=r"'op' .* is called with 1000"):
        generators.load(path)


@pytest.mark.parametrize(
    ("kind", "numbers", "affine"),
    [
        ("add", (None, 3.0), (1.0, 3.0)),
        ("multiply", (2.0, None), (2.0, 0.0)),
        ("subtract", (None, 3.0), (1.0, -3.0)),
        ("subtract", (3.0, None), (-1.0, 3.0)),
        ("true_divide", (None, 4.0), (0.25, 0.0)),
        ("true_divide", (4.0, None), None),
        ("true_divide", (None, 0.0), None),
    ],
)
def test_operation_with_a_number_is_affine(kind, numbers, affine):
    assert rules.arithmetic(kind, numbers, [(3,)]).affine == affine


@pytest.mark.parametrize("numbers", [(None,), (1.0, 2.0), (None, None), (None, 1e7)])
def test_operations_that_are_refused(numbers):
    with pytest.raises(UsageError, match="add"):
        rules.arithmetic("add", numbers, [(3,)])

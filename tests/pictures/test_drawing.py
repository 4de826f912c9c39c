"""Drawings of networks: each layer in one box, no two boxes and no arrow over each other."""

from itertools import pairwise

import keras
import pytest
from keras import layers, ops

from keras_gans import networks
from keras_gans.pictures import drawing

SHAPES = {"transposed": (40, 40, 3), "points": (2,)}


def built(name, role):
    return networks.build(name, role, SHAPES.get(name, (28, 28, 1)), 100, classes=10)


def pair(name):
    generator = name if name in networks.names("generator") else "vanilla"
    discriminator = name if name in networks.names("discriminator") else "vanilla"
    return built(generator, "generator"), built(discriminator, "discriminator")


def conditional():
    latents, labels = keras.Input((16,), name="latents"), keras.Input((), name="labels")
    embedded = layers.Flatten()(layers.Embedding(10, 16)(labels))
    x = layers.Multiply()([latents, embedded])
    x = layers.Dense(64, activation="tanh")(x)
    x = layers.Reshape((8, 8, 1))(x)
    return keras.Model([latents, labels], x, name="generator")


def residual():
    images, labels = keras.Input((8, 8, 1), name="images"), keras.Input((), name="labels")
    x = layers.Conv2D(4, 3, strides=(2, 1), padding="same", name="first")(images)
    y = layers.Conv2D(4, 5, padding="same", name="second", activation="relu")(x)
    y = layers.BatchNormalization(name="third")(y)
    x = layers.Add(name="sum")([x, y])
    x = layers.Flatten(name="flat")(x)
    z = layers.Dense(8, name="side")(ops.one_hot(ops.cast(labels, "int32"), 10))
    x = layers.Concatenate(name="both")([x, z])
    return keras.Model([images, labels], layers.Dense(1, name="score")(x), name="discriminator")


def shortcut():
    """A convolution of its own on the short way, and labels that are used twice."""
    latents, labels = keras.Input((16,), name="latents"), keras.Input((1,), name="labels")
    x = layers.Reshape((4, 4, 1))(latents)
    y = layers.Conv2D(2, 3, padding="same")(x)
    y = layers.Conv2D(2, 3, padding="same")(y)
    y = layers.Add()([y, layers.Dense(2)(labels), layers.Conv2D(2, 1)(x)])
    x = layers.Concatenate()([layers.Flatten()(y), labels, latents])
    return keras.Model([latents, labels], layers.Dense(4)(x), name="generator")


def by_title(network):
    return {box.title: box for box in drawing.boxes(network)}


PAIRS = {name: lambda name=name: pair(name) for name in networks.names()}
PAIRS |= {"with branches": lambda: (conditional(), residual())}
PAIRS |= {"with a shortcut": lambda: (shortcut(), residual())}


@pytest.mark.parametrize("name", PAIRS)
def test_drawing_of_every_network_is_whole_and_small(tmp_path, pixels, name):
    drawing.networks(tmp_path / "model_plot.png", *PAIRS[name]())
    image = pixels(tmp_path / "model_plot.png")
    for border in (image[:5], image[-5:], image[:, :5], image[:, -5:]):
        assert (border == 255).all()  # nothing is cut off
    assert (image != 255).any()
    assert (tmp_path / "model_plot.png").stat().st_size < 60_000
    assert [path.name for path in tmp_path.iterdir()] == ["model_plot.png"]


@pytest.mark.parametrize("name", PAIRS)
def test_no_two_boxes_of_a_drawing_overlap(monkeypatch, name):
    figures = []
    monkeypatch.setattr(drawing, "save_figure", lambda figure, path: figures.append(figure))
    both = PAIRS[name]()
    drawing.networks("", *both)
    figure = figures[0]
    figure.canvas.draw()
    boxes = [t.get_bbox_patch().get_window_extent() for t in figure.axes[0].texts if t.get_text()]
    assert len(boxes) == sum(len(drawing.boxes(network)) for network in both)
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


@pytest.mark.parametrize("name", PAIRS)
def test_each_layer_has_one_box_below_its_sources(name):
    for network in PAIRS[name]():
        boxes = drawing.boxes(network)
        sequential = isinstance(network, keras.Sequential)
        assert len(boxes) == (1 + len(network.layers) if sequential else len(network.operations))
        places = [(box.row, box.lane) for box in boxes]
        assert len(set(places)) == len(places)
        for box in boxes:
            assert all(source.row < box.row for source in box.sources)
            assert box.sources or box.title.startswith(f"{network.name}: ")
        used = {id(source) for box in boxes for source in box.sources}
        assert {id(box) for box in boxes} - used == {id(boxes[-1])}  # all but the output


def test_boxes_say_layer_activation_shape_and_parameters():
    generator, discriminator = pair("dcgan")
    words = [(box.title, box.detail) for box in drawing.boxes(generator)]
    assert words[:5] == [
        ("generator: input", "100"),
        ("Dense (relu)", "6272   633,472 parameters"),
        ("Reshape", "7 x 7 x 128"),
        ("UpSampling2D 2 x 2", "14 x 14 x 128"),
        ("Conv2D 3 x 3, stride 1", "14 x 14 x 128   147,584 parameters"),
    ]
    assert words[-1] == ("Activation (tanh)", "28 x 28 x 1")
    assert len(words) == 1 + len(generator.layers)
    words = [(box.title, box.detail) for box in drawing.boxes(discriminator)]
    assert words[0] == ("discriminator: input", "28 x 28 x 1")
    assert words[1] == ("Conv2D 3 x 3, stride 2", "14 x 14 x 32   320 parameters")
    assert words[-1] == ("Activation (sigmoid)", "1")


def test_sequential_network_is_one_lane_without_gaps():
    boxes = drawing.boxes(pair("dcgan")[0])
    assert [(box.row, box.lane) for box in boxes] == [(row, 0) for row in range(len(boxes))]
    assert [box.sources for box in boxes] == [[]] + [[box] for box in boxes[:-1]]


def test_branch_of_the_labels_joins_the_way_of_the_latents():
    boxes = by_title(conditional())
    latents, labels = boxes["generator: latents"], boxes["generator: labels"]
    multiply = boxes["Multiply"]
    assert multiply.sources == [latents, boxes["Flatten"]]
    assert [latents.lane, multiply.lane, boxes["Dense (tanh)"].lane] == [0, 0, 0]
    assert [labels.lane, boxes["Embedding"].lane, boxes["Flatten"].lane] == [1, 1, 1]
    assert latents.row == boxes["Flatten"].row == multiply.row - 1
    assert labels.detail == "scalar"


def test_residual_branch_names_kernels_strides_and_operations():
    boxes = by_title(residual())
    first, second = boxes["Conv2D 3 x 3, stride 2 x 1"], boxes["Conv2D 5 x 5, stride 1 (relu)"]
    assert second.sources == [first]
    assert boxes["Add"].sources == [first, boxes["BatchNormalization 0.99"]]
    assert boxes["OneHot"].detail == "10"
    assert {box.lane for box in boxes.values()} == {0, 1}


@pytest.mark.parametrize("name", PAIRS)
def test_arrows_enter_at_the_top_and_cross_no_box(monkeypatch, name):
    routes, drawn = [], []
    boxes = drawing.boxes
    monkeypatch.setattr(drawing, "_draw", lambda axes, route, **_: routes.append(route))
    monkeypatch.setattr(drawing, "save_figure", lambda figure, path: None)
    monkeypatch.setattr(drawing, "boxes", lambda network: record(boxes(network)))

    def record(found):
        drawn.extend(found)
        return found

    drawing.networks("", *PAIRS[name]())
    assert len(routes) == sum(len(box.sources) for box in drawn) + 1
    for route in routes:
        for (x1, y1), (x2, y2) in pairwise(route):
            assert x1 == x2 or y1 == y2
            for box in drawn:
                half = 0.03 * max(len(box.title), len(box.detail))
                apart = max(x1, x2) < box.x - half or min(x1, x2) > box.x + half
                assert apart or max(y1, y2) <= -box.row - 0.27 or min(y1, y2) >= -box.row + 0.27
        ends = [box for box in drawn if route[-1][1] == -box.row + 0.27]
        assert any(abs(box.x - route[-1][0]) < 0.14 for box in ends)


def test_layers_of_another_model_over_the_same_layers_are_left_out():
    whole = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), layers.Dense(1), layers.Activation("sigmoid")],
        name="discriminator",
    )
    part = keras.Model(whole.inputs, whole.layers[-2].output, name="discriminator")
    assert [box.title for box in drawing.boxes(part)] == ["discriminator: input", "Dense", "Dense"]


def test_network_with_two_outputs_and_a_title_is_drawn(monkeypatch):
    figures = []
    monkeypatch.setattr(drawing, "save_figure", lambda figure, path: figures.append(figure))
    images = keras.Input((8, 8, 1))
    x = layers.Flatten()(images)
    outputs = [layers.Dense(1, name="score")(x), layers.Dense(10, name="classes")(x)]
    both = keras.Model(images, outputs, name="discriminator")
    drawing.networks("", conditional(), both, title="akel2022 1")
    assert figures[0].axes[0].get_title() == "akel2022 1"
    boxes = drawing.boxes(both)
    assert [box.lane for box in boxes] == [0, 0, 1, 0]  # the first output ends lane 0


def test_deep_networks_are_drawn(monkeypatch):
    monkeypatch.setattr(drawing, "save_figure", lambda figure, path: None)
    x = inputs = keras.Input((2,))
    for _ in range(400):
        x = layers.Identity()(x)
    assert len(drawing.boxes(keras.Model(inputs, x))) == 401


def test_boxes_say_settings_that_shapes_do_not_show():
    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.LeakyReLU(0.3),
            layers.Dropout(0.25),
            layers.UpSampling2D((2, 1)),
            layers.MaxPooling2D((2, 1)),
            layers.BatchNormalization(momentum=0.8),
            layers.Conv2DTranspose(1, 4, (1, 2)),
        ]
    )
    assert [box.title for box in drawing.boxes(network)[1:]] == [
        "LeakyReLU 0.3",
        "Dropout 0.25",
        "UpSampling2D 2 x 1",
        "MaxPooling2D 2 x 1, stride 2 x 1",
        "BatchNormalization 0.8",
        "Conv2DTranspose 4 x 4, stride 1 x 2",
    ]


def test_a_long_title_stays_within_the_drawing(tmp_path, pixels):
    title = "akel2022 4, seed 0: " + ", ".join(f"latents.size={n}" for n in range(20))
    drawing.networks(tmp_path / "a.png", *pair("vanilla"), title)
    image = pixels(tmp_path / "a.png")
    assert (image[:, :5] == 255).all() and (image[:, -5:] == 255).all()


def test_a_wrapped_layer_is_named_with_its_settings():
    network = networks.build("convolutional", "discriminator", (28, 28, 1), spectral=True)
    titles = [title for title in by_title(network) if title.startswith("Spectral")]
    assert titles == [
        "SpectralNormalization of Conv2D 5 x 5, stride 2", "SpectralNormalization of Dense"
    ]  # fmt: skip

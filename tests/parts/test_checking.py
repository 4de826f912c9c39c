"""Plain values against types, and choices of parts against what there is: without Keras."""

from dataclasses import FrozenInstanceError, dataclass, field
from typing import Annotated, Literal

import pytest
import yaml
from wording import says

from keras_gans.errors import UsageError
from keras_gans.parts import Count, Of, Part, Positive, Row, check, from_text, read, typed


def refusal(function, *arguments, **options):
    with pytest.raises(UsageError) as caught:
        function(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (3, int, 3),
        (3, float, 3.0),
        (0.5, float, 0.5),
        ("x", str, "x"),
        (True, bool, True),
        ({"a": 1}, dict, {"a": 1}),
        (None, int | None, None),
        (2, int | None, 2),
        (2, int | float | None, 2),
        (2.5, int | float | None, 2.5),
        ([8, 16], tuple[Count, ...], (8, 16)),
        ([], tuple[Count, ...], ()),
        ((0, 1), tuple[float, float], (0.0, 1.0)),
        (0.9, float | tuple[float, float], 0.9),
        ([0.8, 1], float | tuple[float, float], (0.8, 1.0)),
        (None, Literal["sigmoid", None], None),
        ("sigmoid", Literal["sigmoid", None], "sigmoid"),
    ],
)
def test_a_value_of_the_type_passes(value, annotation, expected):
    found = typed(value, annotation, "here")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "annotation", "message"),
    [
        ("many", int, "here: 'many' ... str ... int"),
        (10.0, int, "here: 10.0 ... float ... int"),
        (True, int, "here: True ... bool ... int"),
        (True, float, "here: True ... bool ... float"),
        (1, bool, "here: 1 ... int ... bool"),
        (None, int, "here: None ... null ... int"),
        (None, float | tuple[float, float], "here: None ... null ... float ... list of float"),
        ("1", float | None, "here: '1' ... str ... float ... null"),
        ([0.1], float, "here: [0.1] ... list ... float"),
        (3, tuple[Count, ...], "here: 3 ... int ... list of int"),
        ([1, "2"], tuple[Count, ...], "here[1]: '2' ... str ... int"),
        ([1, 0], tuple[Count, ...], "here[1]: 0 ... at least 1"),
        ([1], tuple[float, float], "here: [1] ... 1 values ... 2"),
        (0, Positive | None, "here: 0 ... positive"),
        (float("nan"), float, "here: nan ... finite"),
        (float("inf"), Positive, "here: inf ... finite"),
        (-float("inf"), float | None, "here: -inf ... finite"),
        ("a", Literal["all", "trainable"], "here: 'a' ... all, trainable"),
        ("al", Literal["all", "trainable"], "here: 'al' ... 'all'?"),
        ("None", Literal["sigmoid", None], "here: 'None' ... sigmoid, null"),
        (None, Literal["sigmoid"], "here: None ... sigmoid"),
        (1, Literal[True, "a"], "here: 1 ... True, a"),
    ],
)
def test_another_value_is_refused(value, annotation, message):
    assert says(refusal(typed, value, annotation, "here"), message)


@pytest.mark.parametrize("text", ["0.1", "2e-4", "nan", "inf", "fast", "one", "true", "e", ""])
def test_text_is_no_number(text):
    assert "of type str" in refusal(typed, text, float, "here")


def test_a_list_is_asked_for_by_what_it_may_hold():
    told = refusal(typed, 3, tuple[Row, ...], "rows")
    assert told == "rows: 3 is of type int, not a list of int or str or mapping"


def test_an_integer_of_any_length_is_refused_where_a_float_is_wanted():
    assert "finite" in refusal(typed, 10**400, float, "here")
    assert typed(10**400, int, "here") == 10**400


def test_a_value_of_any_length_makes_a_short_message():
    bomb = ["lol"]
    for _ in range(30):
        bomb = [bomb] * 10  # 10^30 words, were they ever written out
    for annotation in (int, float | None, Literal["a"], tuple[float, float], Annotated[Part, LOSS]):
        for value in (bomb, {"name": bomb}, {"a": bomb}, "x" * 10_000):
            assert len(refusal(typed, value, annotation, "here")) < 300


# --- parts -------------------------------------------------------------------------------------

LOSS = Of("losses")


def test_a_part_is_a_name_or_a_name_with_options():
    assert check("losses", "mse", "loss") == Part("losses", "mse", {})
    given = {"name": "mse", "real": [0.8, 1.1], "fake": 0}
    part = check("losses", given, "loss")
    assert part.options == {"real": (0.8, 1.1), "fake": 0.0}
    assert check("losses", part, "loss") == part
    assert given == {"name": "mse", "real": [0.8, 1.1], "fake": 0}
    with pytest.raises(FrozenInstanceError):
        part.name = "wasserstein"


@pytest.mark.parametrize(
    "value", ["mse", {"name": "mse", "real": [0.8, 1.1]}, {"name": "mse", "fake": 0.1}]
)
def test_plain_is_what_yaml_has_and_survives_it(value):
    part = check("losses", value, "loss")
    assert part.plain == value
    assert check("losses", yaml.safe_load(yaml.safe_dump(part.plain)), "loss") == part


@pytest.mark.parametrize(
    ("noun", "value", "message"),
    [
        ("losses", "mean", "here: ... loss 'mean' ... binary_crossentropy, mse, "),
        ("losses", "msee", "here: ... loss 'msee' ... 'mse'?"),
        ("losses", "constructor", "here: ... loss 'constructor'"),
        ("losses", None, "here: None: ... {name: NAME, option: value}"),
        ("losses", 3, "here: 3: ... {name: NAME, option: value}"),
        ("losses", ["mse"], "here: ['mse']: ... NAME"),
        ("losses", {"name": ["mse"]}, "here: {'name': ... NAME"),
        ("losses", {"real": 1.0}, "here: {'real': 1.0}: ... NAME"),
        ("losses", {"name": "mse", "reel": 1}, "here: ... 'reel' of 'mse' ... 'real'?"),
        (
            "losses",
            {"name": "wasserstein", "real": 1},
            "here: 'wasserstein' ... no options ... 'real'",
        ),
        ("losses", {"name": "mse", "real": "a"}, "here.real: 'a' ... str ... float"),
        ("losses", {"name": "mse", "real": [1.0]}, "here.real: [1.0] ... 1 values ... 2"),
        ("losses", {"name": "mse", 7: 1}, "here: ... 7 of 'mse'"),
        ("updates", "jont", "here: ... update 'jont' ... 'joint'?"),
        ("penalties", {"name": "r1", "weight": 0}, "here.weight: 0 ... positive"),
        ("constraints", {"name": "clip", "limit": 0}, "here.limit: 0 ... positive"),
        ("constraints", {"name": "clip", "weights": "al"}, "here.weights: 'al' ... 'all'?"),
        ("averages", {"name": "exponential", "decay": 1}, "here.decay: 1 ... in [0, 1)"),
        ("optimizers", "adm", "here: ... optimizer 'adm' ... 'adam'?"),
        ("optimizers", {"name": "adam", "beta_1": 1}, "here.beta_1: 1 ... in [0, 1)"),
        ("optimizers", {"name": "rmsprop", "beta_1": 0.5}, "here: ... 'beta_1' of 'rmsprop'"),
        (
            "optimizers",
            {"name": "adam", "learning_rate": "fast"},
            "here.learning_rate: 'fast' ... float",
        ),
        ("optimizers", {"name": "sgd", "nesterov": 1}, "here.nesterov: 1 ... int ... bool"),
        ("latents", "normal", "here: ... 'size' of 'normal' ... missing"),
        ("latents", {"name": "normal", "size": 0}, "here.size: 0 ... at least 1"),
        ("latents", {"name": "normal", "size": 9, "std": 0}, "here.std: 0 ... positive"),
        ("latents", {"name": "cauchy", "size": 9}, "here: ... latents 'cauchy'"),
        ("measures", "fdi", "here: ... metric 'fdi' ... 'fid'?"),
        ("measures", {"name": "fid", "k": 3}, "here: 'fid' ... no options ... 'k'"),
        ("datasets", {"name": "celeba", "size": 0}, "here.size: 0 ... at least 1"),
        ("datasets", {"name": "celeba", "sise": 40}, "here: ... 'sise' of 'celeba' ... 'size'?"),
        ("datasets", {"name": "digits", "size": 28}, "here: 'digits' ... no options ... 'size'"),
        ("datasets", {"name": "/faces", "size": 40}, "here: '/faces' ... no data set ... resize"),
        ("datasets", {"name": "/faces", "resize": 0}, "here.resize: 0 ... from 1 to 4096"),
        ("datasets", {"name": "/faces", "resize": 100_000}, "here.resize: 100000 ... 1 to 4096"),
        ("datasets", {"name": "/faces", "crop": "left"}, "here.crop: 'left' ... center"),
        ("datasets", {"name": "digits", "resize": 28}, "here: 'resize' ... instead of 'digits'"),
        ("datasets", 3, "here: 3: ... NAME"),
    ],
)
def test_a_wrong_part_is_refused_with_the_place(noun, value, message):
    assert says(refusal(check, noun, value, "here"), message)


@pytest.mark.parametrize(
    ("role", "value", "message"),
    [
        ("generator", "dcgna", "here: ... generator 'dcgna' ... 'dcgan'?"),
        ("generator", "../gan", "here: ... generator '../gan'"),
        ("generator", "shallow", "here: ... generator 'shallow' ... dcgan ... lsgan"),
        ("generator", "blocks", "here: ... generator 'blocks'"),
        ("generator", {"alpha": 1.0}, "here: {'alpha': 1.0}: ... NAME"),
        (
            "generator",
            {"name": "dcgan", "kernel": 3},
            "here: ... 'kernel' of 'dcgan' ... 'kernel_size'?",
        ),
        ("generator", {"name": "dcgan", "latent_size": 3}, "here: ... 'latent_size' of 'dcgan'"),
        ("generator", {"name": "dcgan", "shape": [1]}, "here: ... 'shape' of 'dcgan'"),
        (
            "generator",
            {"name": "dcgan", "kernel_size": 3.5},
            "here.kernel_size: 3.5 ... float ... int",
        ),
        ("generator", {"name": "dcgan", "kernel_size": 0}, "here.kernel_size: 0 ... at least 1"),
        ("generator", {"name": "points", "hidden": [8, 0]}, "here.hidden[1]: 0 ... at least 1"),
        (
            "discriminator",
            {"name": "dcgan", "last_activation": "sigmod"},
            "here.last_activation: 'sigmod' ... 'sigmoid'?",
        ),
        (
            "discriminator",
            {"name": "lsgan", "last_activation": "None"},
            "here.last_activation: 'None' ... sigmoid, null",
        ),
        ("discriminator", {"name": "dcgan", "dropout": 1}, "here.dropout: 1 ... in [0, 1)"),
    ],
)
def test_a_wrong_network_is_refused_with_its_role(role, value, message):
    assert says(refusal(check, "networks", value, "here", role), message)


def test_a_network_need_not_have_both_roles():
    assert check("networks", "shallow", "here", "discriminator").name == "shallow"
    kernel = {"name": "dcgan", "kernel_size": 4}
    assert check("networks", kernel, "here", "generator").options == {"kernel_size": 4}


def test_a_mapping_without_a_name_is_of_the_default():
    part = check("latents", {"size": 9}, "here", default="normal")
    assert part == Part("latents", "normal", {"size": 9})
    assert check("latents", {"name": "uniform", "size": 9}, "here", default="normal").name == (
        "uniform"
    )
    assert "write NAME" in refusal(check, "latents", {"size": 9}, "here")


def test_what_is_given_later_may_be_missing_now():
    assert check("latents", "uniform", "here", partial=True).options == {}
    assert "size: 0" in refusal(check, "latents", {"name": "uniform", "size": 0}, "a", partial=True)


def test_a_data_set_that_has_no_name_in_the_package_is_a_path():
    for path in ("/data/faces", "./mnist", "faces.zip", "celeb"):
        assert check("datasets", path, "here") == Part("datasets", path)
    assert check("datasets", {"name": "ring", "modes": 5}, "here").options == {"modes": 5}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("normal", {}),
        ("uniform", {}),
        ("normal:0.5,2", {"mean": 0.5, "std": 2.0}),
        ("uniform:0,1", {"low": 0.0, "high": 1.0}),
        ("uniform:-1e-3,1", {"low": -0.001, "high": 1.0}),
    ],
)
def test_a_part_in_the_text_of_a_command(text, expected):
    part = from_text("latents", text, "--latents")
    assert part == Part("latents", text.partition(":")[0], expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("norml", "--latents: ... 'norml' ... 'normal'?"),
        ("", "--latents: ... latents ''"),
        ("normal:", "--latents normal:: ... normal:MEAN,STD"),
        ("normal:1", "--latents normal:1: ... normal:MEAN,STD"),
        ("normal:1,2,3", "--latents normal:1,2,3: ... normal:MEAN,STD"),
        ("uniform:a,b", "--latents uniform:a,b: ... uniform:LOW,HIGH"),
        ("normal:0,0", "--latents.std: 0.0 ... positive"),
        ("normal:nan,1", "--latents.mean: nan ... finite"),
        ("uniform:0,inf", "--latents.high: inf ... finite"),
    ],
)
def test_a_wrong_text_of_a_command_is_refused(text, message):
    assert says(refusal(from_text, "latents", text, "--latents"), message)


# --- dataclasses -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Inner:
    factor: Positive = 2.0


@dataclass(frozen=True)
class Outer:
    count: Count
    loss: Annotated[Part, LOSS]
    penalty: Annotated[Part, Of("penalties")] | None = None
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self):
        if self.count == 13:
            raise UsageError("13 is not for us")


def test_a_mapping_becomes_a_dataclass():
    found = read(Outer, {"count": 3, "loss": "mse", "inner": {"factor": 1}}, "here")
    assert found == Outer(3, Part("losses", "mse"), None, Inner(1.0))
    assert read(Outer, {"count": 3, "loss": "mse", "inner": Inner(5.0)}, "here").inner.factor == 5
    with_penalty = read(Outer, {"count": 3, "loss": "mse", "penalty": "r1"}, "here")
    assert with_penalty.penalty == Part("penalties", "r1")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (None, "here: None ... mapping"),
        ([1], "here: [1] ... mapping"),
        ({"cuont": 3}, "here: ... field 'cuont' ... 'count'?"),
        ({7: 3}, "here: ... field 7 ... count, loss, penalty, inner"),
        ({"count": 3}, "here: ... field 'loss' ... missing"),
        ({"count": 0, "loss": "mse"}, "here: count: 0 ... at least 1"),
        ({"count": 3, "loss": None}, "here: loss: None: ... NAME"),
        (
            {"count": 3, "loss": "mse", "penalty": "r3"},
            "here: penalty: ... 'r3' ... gradient_penalty, dragan, r1, r2",
        ),
        ({"count": 3, "loss": "mse", "inner": "x"}, "here: inner: 'x' ... mapping"),
        (
            {"count": 3, "loss": "mse", "inner": {"factor": 0}},
            "here: inner: factor: 0 ... positive",
        ),
        (
            {"count": 3, "loss": "mse", "inner": {"fctor": 1}},
            "here: inner: ... field 'fctor' ... 'factor'?",
        ),
        ({"count": 13, "loss": "mse"}, "here: 13 is not for us"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_field(mapping, message):
    assert says(refusal(read, Outer, mapping, "here"), message)

"""The strict and bounded reader: what it refuses, and where it says the mistake is."""

import time

import pytest

from keras_gans.errors import UsageError
from keras_gans.rows import yaml_reader


@pytest.fixture
def read(tmp_path):
    def reading(content):
        path = tmp_path / "a.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return yaml_reader.read(path)

    return reading


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("just words", "just words"),
        ("a: 1\nb: [2, 0.5, null]", {"a": 1, "b": [2, 0.5, None]}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: 2e-4\nb: -1E+2\nc: 1e", {"a": 0.0002, "b": -100.0, "c": "1e"}),
        ("a: 1.0e5\nb: -2.5E3\nc: 1.e5\nd: .5e3", {"a": 1e5, "b": -2.5e3, "c": 1e5, "d": 500.0}),
        ("a: 12\nb: '2e-4'\nc: 1.e\nd: .e5", {"a": 12, "b": "2e-4", "c": "1.e", "d": ".e5"}),
    ],
)
def test_plain_values_come_through(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    "content",
    [
        "rows: {1: [",
        "rows: !!python/object/apply:os.system ['true']",
        "rows: {1: {dataset: 2022-02-30}}",
        "\x00",
        b"\xff\xfe\x00rows",
        "[" * 100_000,
        "a: *nowhere",
        "a: !!bool x",
        "a: !!int ''",
        "a: !!float ''",
        "a: !!timestamp abc",
        "a: {!!map x: 1}",
    ],
)
def test_what_is_no_yaml_of_plain_values_is_refused_in_one_line(read, content, tmp_path):
    with pytest.raises(UsageError, match="not valid YAML") as caught:
        read(content)
    assert str(caught.value).startswith(f"{tmp_path / 'a.yaml'} ")
    assert "\n" not in str(caught.value)
    assert "unicode string" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "a.yaml").mkdir()  # root may read whatever is a file
    with pytest.raises(UsageError, match=f"^{tmp_path / 'a.yaml'} cannot be read: Is a directory"):
        yaml_reader.read(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        ("source: x\nrows:\n  1: {a: 1, a: 2}", "a", "line 3, column 13"),
        ("rows: {1: {}, 2: {}, 1: {}}", "1", "line 1, column 22"),
        ("rows: {1: {}, 01: {}}", "01", "line 1, column 15"),
        ("rows: {1: {loss: mse, loss: wasserstein}}", "loss", "line 1, column 23"),
        ("a: 1\nb: 2\na: 3", "a", "line 3, column 1"),
    ],
)
def test_a_key_given_twice_is_found_where_it_stands(read, text, key, place):
    with pytest.raises(UsageError, match=f"'{key}' occurs twice.*{place}"):
        read(text)


def test_a_merged_mapping_may_be_overridden_and_merged_again(read):
    # Merging rewrites the merged mapping in place, which once looked like a key given twice.
    text = "a: &a {x: 1, y: 1}\nb: &b {<<: *a, x: 2}\nc: {<<: *b, x: 3, z: {<<: *a, y: 4}}"
    found = read(text)
    assert found["b"] == {"x": 2, "y": 1}
    assert found["c"] == {"x": 3, "y": 1, "z": {"x": 1, "y": 4}}


def test_a_file_of_over_200_kb_is_refused_unread(read):
    with pytest.raises(UsageError, match="200 kB"):
        read("#" * 200_001)
    assert read("#" * 199_999 + "\n") is None


def test_depth_is_bounded(read):
    assert read("[" * 50 + "]" * 50)
    with pytest.raises(UsageError, match="50 deep"):
        read("[" * 51 + "]" * 51)


@pytest.mark.parametrize("repeated", ["{{<<: [{}]}}", "[{}]", "{{k: [{}]}}"])
def test_aliases_that_stand_for_billions_of_values_take_no_time(repeated, read):
    lines = ["a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(10)) + "}"]
    for i in range(1, 31):
        lines.append(f"a{i}: &a{i} " + repeated.format(", ".join([f"*a{i - 1}"] * 10)))
    begun = time.monotonic()
    with pytest.raises(UsageError, match="aliases stand for more than 100,000 values"):
        read("\n".join(lines))
    assert time.monotonic() - begun < 5


def test_aliases_stand_for_a_bounded_number_of_values(read):
    def table(count):
        base = "base: &base {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}"
        return "\n".join([base, *(f"r{i}: {{<<: *base}}" for i in range(count))])

    assert len(read(table(40))) == 41
    with pytest.raises(UsageError, match="aliases stand for more than 100,000 values"):
        read(table(50))


def test_an_alias_of_what_it_is_part_of_is_refused(read):
    with pytest.raises(UsageError, match="an alias stands for what it is part of"):
        read("a: &a [1, *a]")


@pytest.mark.parametrize("value", ["1e5", "12e4", "1e-4", 1e5, 1e-4, "1", 1, "null", None, "a\nb"])
def test_what_is_written_is_read_back(read, value):
    content = {"b": value, "a": [value, {"name": value}]}
    assert read(yaml_reader.text(content)) == content
    line = yaml_reader.line(content)
    assert "\n" not in line and yaml_reader.value(line, "") == content
    assert yaml_reader.value(yaml_reader.line(value), "") == value


def test_a_value_of_the_command_line_is_read_the_same_way():
    assert yaml_reader.value("{name: clip, limit: 0.1}", "--set") == {"name": "clip", "limit": 0.1}
    assert yaml_reader.value("", "--set") is None
    for text in ("{a: 1, a: 2}", "[", "2022-02-30", "!!python/name:os.system", "!!int ''"):
        with pytest.raises(UsageError, match=r"^--set a: .*not valid YAML"):
            yaml_reader.value(text, "--set a")

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
        ("a: 12\nb: '2e-4'", {"a": 12, "b": "2e-4"}),
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
    ],
)
def test_what_is_no_yaml_of_plain_values_is_refused_in_one_line(read, content, tmp_path):
    with pytest.raises(UsageError, match="not valid YAML") as caught:
        read(content)
    assert str(caught.value).startswith(f"{tmp_path / 'a.yaml'} ")
    assert "\n" not in str(caught.value)
    assert "unicode string" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        ("source: x\nrows:\n  1: {a: 1, a: 2}", "a", "line 3, column 6"),
        ("rows: {1: {}, 2: {}, 1: {}}", "1", "line 1, column 7"),
        ("rows: {1: {loss: mse, loss: wasserstein}}", "loss", "line 1, column 11"),
        ("a: 1\nb: 2\na: 3", "a", "line 1, column 1"),
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


def test_merge_keys_that_stand_for_billions_of_fields_take_no_time(read):
    lines = ["a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(10)) + "}"]
    for i in range(1, 12):
        lines.append(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}")
    begun = time.monotonic()
    try:
        content = read("\n".join(lines))
    except UsageError as error:  # PyYAML before 6.0.4 keeps every field that a key stands for
        assert "merge keys stand for more than 100,000" in str(error)
    else:
        assert content["a11"] == {f"k{i}": 1 for i in range(10)}
    assert time.monotonic() - begun < 5


def test_merge_keys_stand_for_a_bounded_number_of_fields(read):
    def table(count):
        base = "base: &base {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}"
        return "\n".join([base, *(f"r{i}: {{<<: *base}}" for i in range(count))])

    assert len(read(table(40))) == 41
    with pytest.raises(UsageError, match="merge keys stand for more than 100,000"):
        read(table(110))


def test_aliases_are_read_once_however_often_they_stand(read):
    lines = ["a0: &a0 [lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 31)]
    assert len(read("\n".join(lines))) == 31


def test_a_value_of_the_command_line_is_read_the_same_way():
    assert yaml_reader.value("{name: clip, limit: 0.1}", "--set") == {"name": "clip", "limit": 0.1}
    assert yaml_reader.value("", "--set") is None
    for text in ("{a: 1, a: 2}", "[", "2022-02-30", "!!python/name:os.system"):
        with pytest.raises(UsageError, match=r"^--set a: .*not valid YAML"):
            yaml_reader.value(text, "--set a")

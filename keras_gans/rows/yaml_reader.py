"""A strict and bounded reader of YAML, which people write and pass around, and its writer."""

import re
from math import inf

import yaml

from keras_gans.errors import UsageError

MAX_BYTES = 200_000  # more takes seconds to read
MAX_DEPTH = 50
MAX_NODES = 100_000  # with what aliases stand for: a few lines may stand for billions
# PyYAML raises others where a text is not of its type, as in 2022-02-30, !!int '' or !!bool x.
_INVALID = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)


def read(path):
    """The content of a YAML file.

    Args:
        path: `Path`.

    Returns:
        Plain values.

    Raises:
        UsageError: It cannot be read, is not valid YAML, repeats a key, or is too large.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"{path}: a table has at most {MAX_BYTES // 1000} kB")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except _INVALID as error:
        said = " ".join(str(error).split()).replace('in "<unicode string>", ', "")
        raise UsageError(f"{path} is not valid YAML: {said}") from None


def value(text, where):
    """The plain value that a short text of YAML stands for.

    Raises:
        UsageError: It is not valid YAML.
    """
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except _INVALID:
        raise UsageError(f"{where}: the value is not valid YAML") from None


def text(value):
    """The YAML of a plain value, which `read` reads back."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False)


def line(value):
    """The YAML of a plain value on one line."""
    flow = yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=True, width=inf)
    return flow.split("\n")[0]


class _Dumper(yaml.SafeDumper):
    """PyYAML's, which would leave 1e5 without quotes, and write a line break as one."""

    def represent_str(self, value):
        style = '"' if "\n" in value else None
        return self.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which would let the last of two equal keys win unseen."""

    depth = 0

    def compose_node(self, parent, index):
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.YAMLError(f"it is nested more than {MAX_DEPTH} deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge" or not isinstance(key, yaml.ScalarNode):
                continue
            value = self.construct_object(key)  # 1 and 01 are one number
            if value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"'{key.value}' occurs twice", problem_mark=key.start_mark
                )
            seen.add(value)
        return node

    def get_single_node(self):
        node = super().get_single_node()
        if node is not None and _size(node, {}) > MAX_NODES:
            raise yaml.YAMLError(f"its aliases stand for more than {MAX_NODES:,} values")
        return node


def _size(node, known):
    """Values that a node stands for, with those that its aliases repeat.

    Args:
        node: Of PyYAML.
        known: Dict from the identity of a node to its size; None while it is being found.
    """
    if id(node) not in known:
        known[id(node)] = None
        children = () if isinstance(node, yaml.ScalarNode) else node.value
        flat = (n for child in children for n in (child if isinstance(child, tuple) else (child,)))
        known[id(node)] = 1 + sum(_size(child, known) for child in flat)
    if known[id(node)] is None:
        raise yaml.YAMLError("an alias stands for what it is part of")
    return known[id(node)]


# PyYAML follows YAML 1.1, where 2e-4, without a point, and 1.0e5, without a sign, are texts.
_EXPONENT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$")
for _kind in (_StrictLoader, _Dumper):
    _kind.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+.0123456789"))

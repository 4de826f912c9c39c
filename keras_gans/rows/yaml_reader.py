"""A strict and bounded reader of YAML, which people write and pass around."""

import re

import yaml

from keras_gans.errors import UsageError

MAX_BYTES = 200_000  # more takes seconds to read
MAX_DEPTH = 50
MAX_MERGED = 100_000  # fields that merge keys stand for: a few lines may stand for billions


def read(path):
    """The content of a YAML file.

    Args:
        path: `Path`.

    Returns:
        Plain values.

    Raises:
        UsageError: It is not valid YAML, repeats a key, or is too large.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"{path}: a table has at most {MAX_BYTES // 1000} kB")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: 2022-02-30
        said = " ".join(str(error).split()).replace('in "<unicode string>", ', "")
        raise UsageError(f"{path} is not valid YAML: {said}") from None


def value(text, where):
    """The plain value that a short text of YAML stands for.

    Raises:
        UsageError: It is not valid YAML.
    """
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise UsageError(f"{where}: the value is not valid YAML") from None


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which would let the last of two equal keys win unseen."""

    depth = merged = 0

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
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"'{key.value}' occurs twice", problem_mark=node.start_mark
                )
            seen.add(key.value)
        return node

    def flatten_mapping(self, node):
        super().flatten_mapping(node)
        self.merged += len(node.value)
        if self.merged > MAX_MERGED:
            raise yaml.YAMLError(f"its merge keys stand for more than {MAX_MERGED:,} fields")


# PyYAML follows YAML 1.1, where a number such as 2e-4 without a point is a text.
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789")
)

"""What a module offers, read from its text.

Importing Keras and its backend takes seconds; a misspelt name in a row should be answered at
once. So rows are checked against the source of the modules that they name, which stays the
one place where a network's options or a loss's name are written down.
"""

import ast
from functools import cache
from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).parent


@cache
def _tree(path):
    return ast.parse((_PACKAGE / path).read_text(encoding="utf-8"))


def modules(folder):
    """Names of the modules in a folder of the package, sorted."""
    return sorted(path.stem for path in (_PACKAGE / folder).glob("[a-z]*.py"))


def parameters(path, function):
    """Annotated parameters of a function, with their annotations.

    Args:
        path: Module relative to the package, such as "networks/dcgan.py".
        function: Name of a function that the module defines or imports from a sibling.

    Returns:
        Dict from name to the annotation (`float`, `int | None`, `Literal[...]`), or None where
        the module has no such function.
    """
    for node in _tree(path).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return {
                argument.arg: eval(ast.unparse(argument.annotation), {"Literal": Literal})
                for argument in node.args.args
                if argument.annotation is not None
            }
        if isinstance(node, ast.ImportFrom) and function in {n.name for n in node.names}:
            sibling = node.module.removeprefix("keras_gans.").replace(".", "/")
            return parameters(f"{sibling}.py", function)
    return None


def keys(path, table):
    """Keys of the dictionary that a module assigns to the name `table`."""
    for node in _tree(path).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == table:
            return [key.value for key in node.value.keys]
    raise KeyError(f"{path} has no table {table}")

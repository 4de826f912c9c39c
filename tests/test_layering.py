"""Imports point one way, and one module alone knows the backend's own arithmetic."""

import ast
from pathlib import Path

import pytest

from keras_gans import parts

PACKAGE = Path(__file__).parent.parent / "keras_gans"

# Bottom first. A part may import those of lower floors, and those of its own without a circle. One
# that is not listed, such as a new kind of part at the root, stands on NOUNS.
FLOORS = [
    {"errors"},
    {"files", "parts", "terminal"},
    {"turns", "autodiff", "pictures"},
    NOUNS := {"losses", "updates", "latents", "datasets", "metrics", "networks"},
    {"gan", "rows"},
    {"generators"},
    {"evaluation", "callbacks", "reports"},
    {"runs", "studies"},
    {"cli"},
    {"__init__", "__main__"},
]

BACKENDS = {"tensorflow", "jax", "torch"}
# autodiff: how a gradient is taken. batches: the resident tensor of TensorFlow's input pipeline.
# readers: files of TensorFlow and of torch, each in the function that needs it.
# fused: an operation of TensorFlow that has no name in keras.ops.
MAY_IMPORT_A_BACKEND = {"autodiff", "batches", "metrics/features/readers", "networks/fused"}
MOST_LINES = 400
MOST_AT_THE_ROOT = 16


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def part(path):
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imported(path):
    """Dotted names that a module imports, at its top or inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "keras_gans":
            names |= {f"keras_gans.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.add(node.module)
    return names


def ours(path):
    """Parts of the package that a module imports."""
    names = {n.split(".")[1] for n in imported(path) if n.startswith("keras_gans.")}
    return {n for n in names if (PACKAGE / n).is_dir() or (PACKAGE / f"{n}.py").is_file()}


def floor(name):
    return next((i for i, names in enumerate(FLOORS) if name in names), FLOORS.index(NOUNS))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    higher = {name for name in ours(path) if floor(name) > floor(part(path))}
    assert not higher


@pytest.mark.parametrize("noun", parts.NOUNS)
def test_what_a_row_names_stands_no_higher_than_rows(noun):
    """`parts.get` imports the module of a kind by its name, which no import statement shows."""
    assert floor(parts.NOUNS[noun].place.split("/")[0].removesuffix(".py")) <= floor("rows")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_one_place_knows_the_backends(path):
    backends = {name.split(".")[0] for name in imported(path)} & BACKENDS
    module = path.relative_to(PACKAGE).with_suffix("").as_posix()
    assert not backends or module in MAY_IMPORT_A_BACKEND


def test_readers_import_no_backend_until_they_read_a_file():
    tree = ast.parse((PACKAGE / "metrics" / "features" / "readers.py").read_text())
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in top for alias in node.names}
    assert not {name.split(".")[0] for name in names} & BACKENDS


def test_parts_of_one_floor_have_no_circle():
    left = {part(path): set() for path in modules()}
    for path in modules():
        left[part(path)] |= ours(path) - {part(path)}
    while left:
        free = [name for name, needs in left.items() if not needs & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


def test_floors_name_parts_that_exist():
    assert set().union(*FLOORS) <= {part(path) for path in modules()}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_is_too_long_to_read_in_one_go(path):
    assert len(path.read_text().splitlines()) <= MOST_LINES


def test_the_root_lists_the_game_and_little_else():
    root = [path for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")]
    assert len(root) <= MOST_AT_THE_ROOT


def test_a_switch_of_the_loop_has_one_place():
    """`turns.d_steps` goes from the row to `Turns`, and nothing else reads it."""
    readers = {
        path.name
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "d_steps"
    }
    assert readers == {"turns.py"}


def test_sources_speak_of_the_project_alone():
    """No module is called utils, and no text names a path of somebody's machine."""
    for path in modules():
        assert path.stem not in ("utils", "helpers", "misc")
        assert "/home/" not in path.read_text()

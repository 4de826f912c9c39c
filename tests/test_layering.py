"""Imports point one way, and one module alone knows the backend's own arithmetic."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "keras_gans"

# Each part, and the parts of the package that it may import. Order: leaves first.
MAY_IMPORT = {
    "errors": set(),
    "files": {"errors"},
    "signatures": set(),
    "autodiff": set(),
    "layers": set(),
    "quiet": set(),
    "signals": set(),
    "progress": set(),
    "plots": {"files"},
    "sampling": set(),
    "losses": {"errors"},
    "datasets": {"errors", "files"},
    "metrics": {"errors", "files"},
    "penalties": {"autodiff"},
    "gan": {"autodiff"},
    "networks": {"errors", "signatures", "layers"},
    "experiment": {"errors", "files", "signatures", "metrics"},
    "hdf5_index": set(),
    "hdf5": {"errors"},
    "foreign_layers": {"errors"},
    "foreign_graph": {"errors", "foreign_layers"},
    "foreign_files": {"errors", "hdf5"},
    "foreign_probe": {"errors"},
    "foreign": {"errors", "hdf5", "foreign_graph"},
    "generators": {
        "errors", "files", "datasets", "networks", "experiment", "hdf5", "foreign",
        "foreign_files", "foreign_probe",
    },
    "evaluation": {"errors", "datasets", "generators", "metrics"},
    "audit": {"errors", "files", "datasets", "experiment", "generators", "metrics", "plots"},
    "report": {"errors", "files", "experiment"},
    "checkpoints": {"files"},
    "callbacks": {"files", "checkpoints", "generators", "plots"},
    "runner": {
        "errors", "files", "losses", "datasets", "metrics", "networks", "gan", "sampling", "plots",
        "generators", "checkpoints", "callbacks",
    },
    "batch": {"signals", "quiet", "progress", "callbacks", "runner"},
    "cli": {
        "errors", "experiment", "datasets", "metrics", "generators", "plots", "quiet",
        "progress", "report", "batch", "evaluation", "audit",
    },
}  # fmt: skip

BACKENDS = {"tensorflow", "jax", "torch"}
# autodiff: how a gradient is taken. sampling: the resident array of TensorFlow's input pipeline.
# metrics/conversion: reads files of TensorFlow and of torch, each in the function that needs it.
MAY_IMPORT_A_BACKEND = {"autodiff", "sampling", "metrics/conversion"}


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


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    if part(path) == "__init__":
        assert not imported(path)
        return
    ours = {n.split(".")[1] for n in imported(path) if n.startswith("keras_gans.")}
    assert ours - {part(path)} <= MAY_IMPORT[part(path)]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_one_place_knows_the_backends(path):
    backends = {name.split(".")[0] for name in imported(path)} & BACKENDS
    module = path.relative_to(PACKAGE).with_suffix("").as_posix()
    assert not backends or module in MAY_IMPORT_A_BACKEND


def test_conversion_imports_no_backend_until_it_reads_a_file():
    tree = ast.parse((PACKAGE / "metrics" / "conversion.py").read_text())
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in top for alias in node.names}
    assert not {name.split(".")[0] for name in names} & BACKENDS


def test_the_map_names_every_part_and_has_no_circle():
    parts = {part(path) for path in modules()} - {"__init__"}
    assert parts == set(MAY_IMPORT)
    left = dict(MAY_IMPORT)
    while left:
        free = [name for name, needs in left.items() if not needs & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


def test_sources_speak_of_the_project_alone():
    """No module is called utils, and no text names a path of somebody's machine."""
    for path in modules():
        assert path.stem not in ("utils", "helpers", "misc")
        assert "/home/" not in path.read_text()

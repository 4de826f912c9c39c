"""Which parts there are and which options they take, read from source text without Keras."""

import ast
import importlib.util
from functools import cache
from pathlib import Path
from typing import NamedTuple

from keras_gans.parts.ranges import TYPES, NonNegative, Positive, Rate

_PACKAGE = Path(__file__).parents[1]


class Noun(NamedTuple):
    """A kind of part."""

    word: str
    """The singular, for messages."""
    place: str
    """The module with the table, or the folder of modules, relative to the package."""
    functions: tuple = ()
    """Of a folder: the functions of which a module has to define one."""

    @property
    def module(self):
        """The dotted name of the module, or of the folder's package."""
        place = self.place.removesuffix(".py").removesuffix("/__init__")
        return f"keras_gans.{place.replace('/', '.')}"


NOUNS = {
    "losses": Noun("loss", "losses/__init__.py"),
    "updates": Noun("update", "updates.py"),
    "penalties": Noun("penalty", "penalties.py"),
    "constraints": Noun("constraint", "constraints.py"),
    "optimizers": Noun("optimizer", "optimizers.py"),
    "latents": Noun("distribution of latents", "latents.py"),
    "averages": Noun("average", "averages.py"),
    "stops": Noun("stop rule", "rows/stops.py"),
    "augmentations": Noun("augmentation", "networks/augmentations.py"),
    "tests": Noun("test of a claim", "rows/tests.py"),
    "measures": Noun("metric", "metrics/measures.py"),
    "networks": Noun("network", "networks", ("generator", "discriminator")),
    "datasets": Noun("data set", "datasets", ("fetch",)),
}
# Keras does not annotate its options. Their types follow from the defaults, these ranges do not.
_KERAS_RANGES = {
    "learning_rate": Positive, "epsilon": Positive, "beta_1": Rate, "beta_2": Rate, "rho": Rate,
    "momentum": Rate, "weight_decay": NonNegative, "clipnorm": Positive, "clipvalue": Positive,
    "global_clipnorm": Positive,
}  # fmt: skip
# A part has a name of its own; a row has `average` and `batch_size`, and scales no losses.
_NOT_OF_ROWS = (
    "name", "use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor",
    "gradient_accumulation_steps",
)  # fmt: skip


def names(noun, role=None):
    """Names of all parts of a kind.

    Args:
        noun: A key of `NOUNS`.
        role: Of a network, "generator" or "discriminator"; None for either.
    """
    _, place, functions = NOUNS[noun]
    if place.endswith(".py"):
        return list(_table(noun))
    wanted = (role,) if role else functions
    paths = sorted((_PACKAGE / place).glob("[a-z]*.py"))
    return [p.stem for p in paths if any(_find(f"{place}/{p.name}", f) for f in wanted)]


def parameters(noun, name, role=None):
    """The options of a part, read from the source text.

    Returns:
        Dict from an option to the pair (annotated type, whether it has no default).
    """
    place = NOUNS[noun].place
    if not place.endswith(".py"):
        function = role or next(f for f in NOUNS[noun].functions if _find(f"{place}/{name}.py", f))
        return _annotated(_builder(noun, name, function))
    place, value = _table(noun)[name]
    if isinstance(value, ast.Attribute):
        return _keras_options(*ast.unparse(value).rsplit(".", 1))
    if not isinstance(value, ast.Name):  # an entry of `measures` takes no options
        return {}
    owner = _find(place, value.id)
    while owner is not None:
        for node in owner.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                return _annotated(node)
        base = owner.node.bases[0] if owner.node.bases else None
        owner = _find(owner.path, base.id) if isinstance(base, ast.Name) else None
    return {}


def takes_labels(name, role):
    """Whether a network is built for a number of classes, and so takes labels.

    Args:
        name: One of `names("networks", role)`.
        role: "generator" or "discriminator".
    """
    arguments = _builder("networks", name, role).args
    return "classes" in [argument.arg for argument in arguments.args + arguments.kwonlyargs]


def path_parameters():
    """The options of a data set that is a path, as `parameters` gives those of a name."""
    return _annotated(_find("datasets/own.py", "read").node)


def _builder(noun, name, function):
    return _find(f"{NOUNS[noun].place}/{name}.py", function).node


@cache
def _tree(path):
    return ast.parse(Path(path).read_text(encoding="utf-8"))


def _table(noun):
    """The table of a module: dict from name to where it stands, a pair (path, expression)."""
    path, name = NOUNS[noun].place, noun.upper()
    found = _find(path, name)
    if found is None:
        raise KeyError(f"{path} has no table {name}")
    return dict(_entries(*found))


def _entries(path, node):
    """The entries of a table and, where it says `**OTHER`, those of another one."""
    for key, value in zip(node.value.keys, node.value.values, strict=True):
        if key is None:
            yield from _entries(*_find(path, value.id))
        else:
            yield key.value, (path, value)


class _Found(NamedTuple):
    """A class, a function or the assignment of a table, and the module that defines it."""

    path: str
    node: ast.AST


@cache
def _find(path, name):
    """What a module calls by a name, or imports under it from another one; None for nothing."""
    for node in _tree(_PACKAGE / path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return _Found(path, node)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            return _Found(path, node)
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            if not node.module.startswith("keras_gans."):
                return None
            module = node.module.removeprefix("keras_gans.").replace(".", "/")
            is_folder = (_PACKAGE / module).is_dir()
            return _find(f"{module}/__init__.py" if is_folder else f"{module}.py", name)
    return None


def _annotated(function):
    arguments = function.args
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + arguments.defaults
    pairs = [*zip(arguments.args, defaults, strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {
        argument.arg: (eval(ast.unparse(argument.annotation), dict(TYPES)), default is None)
        for argument, default in pairs
        if argument.annotation is not None
    }


@cache
def _keras_options(module, name):
    """Options of a class of Keras: types from the defaults in Keras's own source text."""
    root = Path(importlib.util.find_spec("keras").origin).parent
    path = root / "src" / module.removeprefix("keras.") / f"{name.lower()}.py"
    owner = next(n for n in _tree(path).body if isinstance(n, ast.ClassDef) and n.name == name)
    init = next(n for n in owner.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
    options = {}
    first = len(init.args.args) - len(init.args.defaults)
    for argument, default in zip(init.args.args[first:], init.args.defaults, strict=True):
        if argument.arg in _NOT_OF_ROWS:
            continue
        value = ast.literal_eval(default)
        kind = _KERAS_RANGES.get(argument.arg, float if value is None else type(value))
        options[argument.arg] = (kind | None if value is None else kind, False)
    return options

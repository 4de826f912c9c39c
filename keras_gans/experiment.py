"""An experiment is one row of a table: typed, frozen, checked before anything runs.

A table is a YAML file in experiments/: a header (source, command, expected), `defaults`, and
numbered `rows` whose fields are those of `Experiment`. Reading one imports no Keras, so that a
misspelt field is answered at once.
"""

import json
import re
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from hashlib import sha256
from math import inf
from pathlib import Path
from types import UnionType
from typing import Literal, get_args, get_origin

import yaml

from keras_gans import files, signatures
from keras_gans.errors import UsageError, short, suggestion


def _count(at_least=1, **kwargs):
    return field(metadata={"valid": (lambda v: v >= at_least, f"at least {at_least}")}, **kwargs)


def _positive(**kwargs):
    return field(metadata={"valid": (lambda v: 0 < v < inf, "positive and finite")}, **kwargs)


@dataclass(frozen=True)
class Network:
    """A network of the package and the options of its builder.

    In YAML the options stand beside the name: `{network: dcgan, kernel_size: 4}`.
    """

    network: str
    options: dict


@dataclass(frozen=True)
class Optimizer:
    """A Keras optimizer. Everything not given here is Keras's default."""

    name: Literal["adam", "rmsprop", "sgd"]
    learning_rate: float = _positive()
    beta_1: float | None = field(
        default=None, metadata={"valid": (lambda v: 0 <= v < 1, "in [0, 1)")}
    )


@dataclass(frozen=True)
class Experiment:
    """One row: everything that determines a run but its seed."""

    derived_from: str
    """The model that the document names as this row's origin."""
    dataset: str
    """A data set of the package, or the path of a folder, .zip or .npz of images."""
    iterations: int = _count()
    """Iterations: each is `d_steps` discriminator turns and one generator turn."""
    latent_dim: int = _count()
    batch_size: int = _count()
    """Reals, and fakes, of one turn."""
    loss: str
    """A name in losses.OBJECTIVES."""
    optimizer: Optimizer
    """Of each network; the two have a state of their own."""
    generator: Network
    discriminator: Network
    save_every: int = _count()
    """Iterations between two saved generators, sample grids and checkpoints."""
    d_steps: int = _count(default=1)
    d_update: Literal["joint", "separate"] = "joint"
    fakes: Literal["training", "inference"] = "training"
    latents: Literal["fresh", "shared"] = "fresh"
    g_turn_batch_norm: Literal["batch", "frozen"] = "batch"
    clip: float | None = _positive(default=None)
    clip_weights: Literal["all", "trainable"] = "all"
    sampling: Literal["replacement", "epochs"] = "replacement"
    image_size: int | None = _count(default=None)
    """Height and width that the row asks of the data; None takes any."""
    metric: Literal[
        "fid", "kid", "precision", "recall", "density", "coverage", "inception_score",
        "fid_thesis", None,
    ] = "fid"  # fmt: skip
    """What is measured and chooses generator_model_best.h5; null for nothing."""
    fid_features: str | None = None
    """Feature extractor of the measure; None for the one that fits the images."""
    fid_every: int | None = _count(default=None)
    """Iterations between two measurements; None for `save_every`."""
    fid_samples: int = _count(at_least=2, default=5000)
    """Generated images, and at most as many real ones."""
    on_divergence: Literal["stop", "continue"] = "stop"
    """What to do when a loss or a weight is no longer finite. A run that continues trains to its
    last iteration and saves no generator that is not finite."""
    printed: dict = field(default_factory=dict)
    """Results as the document prints them, by the measures on whose scale they are."""

    def __post_init__(self):
        check_network(self.generator, "generator")
        check_network(self.discriminator, "discriminator")
        _check_name("loss", self.loss, signatures.keys("losses.py", "OBJECTIVES"))
        if self.fid_features is not None:
            from keras_gans.metrics import features

            _check_name("fid_features", self.fid_features, features.names())
        if self.optimizer.name != "adam" and self.optimizer.beta_1 is not None:
            raise UsageError("optimizer.beta_1 belongs to adam, not to " + self.optimizer.name)
        for name, value in self.printed.items():
            _typed(value, float, f"printed.{name}")

    @property
    def evaluate_every(self):
        """Iterations between two measurements of the Frechet distance."""
        return self.fid_every or self.save_every

    def check_data(self, data):
        """Raises a UsageError where the images have not the size that the row is about.

        Args:
            data: `datasets.Images`.
        """
        height, width, _ = data.shape
        if self.image_size and (height, width) != (self.image_size, self.image_size):
            raise UsageError(
                f"{data.source} has images of {height}x{width}, the experiment is about "
                f"{self.image_size}x{self.image_size}; prepare them at that size, or pass "
                "--set image_size=null"
            )

    def to_dict(self):
        """The row as nested plain values, in the form that YAML tables have."""
        row = asdict(self)
        for role in ("generator", "discriminator"):
            row[role] = {"network": row[role]["network"], **row[role]["options"]}
        return row

    @classmethod
    def from_dict(cls, row, where="row"):
        """Builds and checks an experiment.

        Args:
            row: Mapping as a table has it, defaults merged in.
            where: What to call it in error messages.

        Raises:
            UsageError: A field is unknown, missing, of the wrong type or out of range.
        """
        return _read(cls, row, where)


@dataclass(frozen=True)
class Table:
    """A file of numbered experiments.

    Attributes:
        name: The file's name without its suffix.
        path: The file.
        source: The document.
        command: What runs the table.
        expected: What the document claims or the table is for.
        rows: Dict from number to the row as a plain mapping, defaults merged in.
    """

    name: str
    path: Path
    source: str
    command: str
    expected: str
    rows: dict

    def experiment(self, number, overrides=None):
        """The experiment of a row.

        Args:
            number: Key in `rows`.
            overrides: Dict from field, with dots for nested ones, to another value. An
                override of `dataset` also drops the size that the row asks of its data.

        Raises:
            UsageError: The row is unknown, or it or an override is wrong.
        """
        if number not in self.rows:
            raise UsageError(
                f"table '{self.name}' has no experiment {number}; "
                f"it has {min(self.rows)} to {max(self.rows)}"
            )
        overrides = overrides or {}
        row = self.rows[number]
        if "dataset" in overrides:
            row = {**row, "image_size": None}
        for key, value in overrides.items():
            row = _set(row, key.split("."), value)
        return Experiment.from_dict(row, f"{self.name} {number}")


@dataclass(frozen=True)
class Run:
    """An experiment with a seed and a folder of its own: results/<table>/<number>/seed-<seed>.

    Where values of the row were overridden, the folder's name says which, so that a short
    trial never passes for the row.
    """

    table: str
    number: int
    experiment: Experiment
    seed: int
    changed: dict
    results: Path

    @property
    def folder(self):
        """The run's folder."""
        changes = sorted((key, str(value)) for key, value in self.changed.items())
        plain = [(key, re.sub(r"[^A-Za-z0-9_.-]+", "-", value)) for key, value in changes]
        name = "".join(f"+{key}={value}" for key, value in plain)
        # Paths and long lists of changes make no folder names; their hash still tells them apart.
        if len(name) > 80 or plain != changes:
            name = f"{name[:80]}-{sha256(repr(changes).encode()).hexdigest()[:8]}"
        return self.results / self.table / f"{self.number}{name}" / f"seed-{self.seed}"

    @property
    def title(self):
        """How the run is called on a screen."""
        return f"{self.table} {self.number}{' (changed)' if self.changed else ''} seed {self.seed}"

    def to_yaml(self):
        """The text of experiment.yaml: all that, with the code, determines the run."""
        about = {"table": self.table, "experiment": self.number, "seed": self.seed}
        about |= {"changed": self.changed, "row": self.experiment.to_dict()}
        return yaml.safe_dump(about, sort_keys=False)

    @property
    def state(self):
        """ "new", "interrupted" or "finished", from the files in the folder.

        Raises:
            UsageError: The folder holds a run of other settings.
        """
        path = self.folder / "experiment.yaml"
        if not path.is_file():
            return "new"
        difference = self._difference(path)
        if difference:
            raise UsageError(
                f"{self.folder} was run with other settings ({difference}); "
                "--restart trains it again from the start, or move the folder away to keep it"
            )
        return "interrupted" if self.result() is None else "finished"

    def result(self):
        """What metrics.json holds, if it and the files that it vouches for are whole, else None.

        Weights may be missing, since whoever publishes a run leaves them away; what is there
        has to be what the run wrote.
        """
        try:
            metrics = json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))
            complete = metrics["iterations"] == self.experiment.iterations
            for name, digest in metrics["sha256"].items():
                path = self.folder / name
                if path.is_file() or path.suffix != ".h5":
                    complete = complete and files.sha256(path) == digest
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return metrics if complete else None

    def _difference(self, path):
        """What a folder's experiment.yaml says otherwise than this run; the order is the same."""
        new = yaml.safe_load(self.to_yaml())
        try:
            old = yaml.safe_load(path.read_text(encoding="utf-8"))
            # A field that came later stands for its default, which is what was done before.
            defaults = {f.name: f.default for f in fields(Experiment) if f.default is not MISSING}
            later = {key: value for key, value in defaults.items() if key not in old["row"]}
            old["row"] = {**old["row"], **later}
            # What the document prints changes nothing of what is run.
            for about in (old, new):
                del about["row"]["printed"]
            if old == new:
                return ""
            old, new = {**old, **old["row"]}, {**new, **new["row"]}
        except (OSError, yaml.YAMLError, ValueError, KeyError, TypeError):
            return "experiment.yaml is damaged"
        return ", ".join(
            f"{key}: {short(old.get(key))} there, {short(new.get(key))} now"
            for key in {**old, **new}
            if key != "row" and old.get(key) != new.get(key)
        )


def read_table(name_or_path):
    """Reads a table and checks every row of it.

    Args:
        name_or_path: Name of a file in experiments/, without suffix, or a path.

    Returns:
        A `Table`.

    Raises:
        UsageError: There is no such table, or something in it is wrong.
    """
    path = _find_table(name_or_path)
    if path.stat().st_size > 200_000:  # which takes seconds to read
        raise UsageError(f"{path}: a table of over 200 kB is not one that people wrote")
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: 2022-02-30
        raise UsageError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or not isinstance(content.get("rows"), dict):
        raise UsageError(f"{path} is not a table: it has no mapping 'rows' of numbered rows")
    header = {"source", "command", "expected", "defaults", "rows"}
    for key in content:
        if key not in header:
            raise UsageError(f"{path}: unknown key '{key}'{suggestion(key, sorted(header))}")
    defaults = content.get("defaults") or {}
    if not isinstance(defaults, dict) or not content["rows"]:
        raise UsageError(f"{path}: 'defaults' has to be a mapping, and 'rows' to have one at least")
    rows = {}
    for number, row in content["rows"].items():
        if type(number) is not int or number < 0 or not isinstance(row, dict):
            raise UsageError(f"{path}: row '{number}' is not a number with a mapping of fields")
        rows[number] = {**defaults, **row}
    text = {key: " ".join(str(content.get(key, "")).split()) for key in header}
    table = Table(
        path.stem, path, text["source"], text["command"], str(content.get("expected", "")), rows
    )
    for number in rows:
        table.experiment(number)
    return table


def tables_folder():
    """The folder experiments/: of the checkout that the package lies in, else of the place."""
    beside = Path(__file__).parent.parent / "experiments"
    return beside if beside.is_dir() else Path("experiments")


def _find_table(name_or_path):
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        if path.is_file():
            return path
        raise UsageError(f"there is no table {path}")
    path = tables_folder() / f"{name_or_path}.yaml"
    if path.is_file():
        return path
    known = sorted(p.stem for p in tables_folder().glob("*.yaml"))
    raise UsageError(f"unknown table '{name_or_path}'{suggestion(name_or_path, known)}")


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which would let the last of two equal keys win unseen.

    A few lines of YAML can be nested without end, or stand for billions of words: bounds are for
    the depth, and for what merge keys copy.
    """

    depth = merged = 0

    def compose_node(self, parent, index):
        self.depth += 1
        if self.depth > 50:
            raise yaml.YAMLError("it is nested more than 50 deep")
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
        if self.merged > 100_000:
            raise yaml.YAMLError("its merge keys stand for more than 100,000 fields")


def _set(row, keys, value):
    key, *rest = keys
    if not rest:
        return {**row, key: value}
    inner = row.get(key)
    if not isinstance(inner, dict):
        raise UsageError(f"'{key}' has no fields of its own, so '{'.'.join(keys)}' is none")
    return {**row, key: _set(inner, rest, value)}


def _read(cls, row, where):
    """Builds the dataclass `cls` from a mapping, checking names, types and ranges."""
    if not isinstance(row, dict):
        raise UsageError(f"{where}: {short(row)} is not a mapping of fields")
    known = {f.name: f for f in fields(cls)}
    for key in row:
        if key not in known:
            raise UsageError(f"{where}: unknown field '{key}'{suggestion(key, known)}")
    for name, f in known.items():
        if name not in row and f.default is MISSING and f.default_factory is MISSING:
            raise UsageError(f"{where}: the field '{name}' is missing")
    values = {name: _value(known[name], value, f"{where}: {name}") for name, value in row.items()}
    try:
        return cls(**values)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _value(f, value, where):
    if f.type is Network:
        if not isinstance(value, dict) or "network" not in value:
            raise UsageError(f"{where}: write {{network: NAME, option: value, ...}}")
        return Network(value["network"], {k: v for k, v in value.items() if k != "network"})
    if is_dataclass(f.type):
        return _read(f.type, value, where)
    value = _typed(value, f.type, where)
    valid, wanted = f.metadata.get("valid", (None, None))
    if valid and value is not None and not valid(value):
        raise UsageError(f"{where}: {value} must be {wanted}")
    return value


def _typed(value, annotation, where):
    """The value if it has the annotated type; an int where a float is wanted becomes one."""
    if get_origin(annotation) is Literal:
        choices = get_args(annotation)
        if value not in choices:
            words = ["null" if choice is None else choice for choice in choices]
            raise UsageError(f"{where}: {short(value)} is not known{suggestion(value, words)}")
        return value
    types = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    if float in types and type(value) is int:
        return float(value)
    # type() and not isinstance(): True is an int to Python, but not to a reader of a table.
    if type(value) in types:
        return value
    wanted = " or ".join("null" if t is type(None) else t.__name__ for t in types)
    if isinstance(value, str) and float in types and _is_number(value):
        as_number = yaml.safe_dump(float(value)).split()[0]  # 5e-5 as 5.0e-05
        raise UsageError(f"{where}: YAML reads {value} as text; write {as_number}")
    raise UsageError(f"{where}: {short(value)} is of type {type(value).__name__}, not {wanted}")


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_name(what, name, choices):
    if name not in choices:
        raise UsageError(f"{what}: {short(name)} is not known{suggestion(name, choices)}")


def check_network(network, role):
    """Checks a network's name and options against its builder's signature."""
    _check_name(f"{role}.network", network.network, signatures.modules("networks"))
    known = signatures.parameters(f"networks/{network.network}.py", role)
    if known is None:
        raise UsageError(f"{role}: network '{network.network}' has no {role}")
    for option, value in network.options.items():
        if option not in known:
            raise UsageError(f"{role}: unknown option '{option}'{suggestion(option, known)}")
        _typed(value, known[option], f"{role}.{option}")

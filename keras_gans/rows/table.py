"""Tables: YAML files of numbered experiments, in experiments/ or anywhere.

A table has a header (source, command, expected, headings, claims), `defaults`, and numbered `rows`
whose fields are those of `Experiment`, or of the stage that it names.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from keras_gans.errors import UsageError, short, suggestion
from keras_gans.files import replacing
from keras_gans.rows import claims, stages, yaml_reader

_MOST = 10  # rows that a message names
_EITHER = ("optimizer", "d_optimizer", "g_optimizer")  # a row has the first or the others
_SUFFIXES = (".yaml", ".yml")
_HEADER = ("source", "command", "expected", "headings", "claims", "defaults", "rows")


@dataclass(frozen=True)
class Table:
    """A file of numbered experiments.

    Attributes:
        name: The file's name without its suffix.
        path: The file.
        source: The document.
        command: The command that runs the table.
        expected: What the table is for, where it is not to test claims.
        headings: Dict from the number of a row to what it and those up to the next heading are for.
        rows: Dict from number to the row as a plain mapping, defaults merged in; not checked yet.
        claims: Dict from number to `Claim`: what the document says, checked.
    """

    name: str
    path: Path
    source: str
    command: str
    expected: str
    headings: dict
    rows: dict
    claims: dict = field(default_factory=dict)

    def experiment(self, number, overrides=None):
        """The experiment of a row: `Experiment`, or a class of `stages.STAGES`.

        Args:
            number: Key of `rows`.
            overrides: Dict from field, with dots for nested ones, to another value.

        Raises:
            UsageError: The row is unknown, or it or an override is wrong.
        """
        if number not in self.rows:
            raise UsageError(
                f"table '{self.name}' has no experiment {number}; it has {_spans(self.rows)}"
            )
        row = self.rows[number]
        if not isinstance(row, dict):
            raise UsageError(f"{self.name} {number}: {short(row)} is not a mapping of fields")
        for key, value in (overrides or {}).items():
            if not isinstance(key, str):
                raise UsageError(f"{self.name} {number}: {short(key)} is not the name of a field")
            row = _set(row, key.split("."), value)
        experiment = stages.read(row, f"{self.name} {number}")
        if experiment.needs is not None:
            needed, here = self.rows.get(experiment.needs), f"{self.name} {number}"
            if not isinstance(needed, dict) or "stage" in needed:
                raise UsageError(f"{here}: the table has no GAN {experiment.needs}")
            if not self.experiment(experiment.needs).conditional:
                raise UsageError(
                    f"{here}: the generator of row {experiment.needs} takes no labels: give the "
                    "row of a conditional GAN"
                )
        return experiment

    def row(self, reference):
        """The experiment that a `parts.Reference` names, in this table or another one.

        Raises:
            UsageError: As `experiment`, or there is no such table.
        """
        name, number = reference.place
        table = self if name in (None, self.name) else self._other(name)
        return table.experiment(number, reference.set)

    def _other(self, name):
        """Another table, without its claims, which may be about this one."""
        beside = self.path.parent / f"{name}.yaml"
        if Path(name).suffix in _SUFFIXES:
            raise UsageError(f"{name}: give the name of a table, {Path(name).stem}, not its file")
        return _read(beside if beside.is_file() else _find(name))[0]

    def keep(self, results):
        """Copies a table of one's own to results/<table>/, and those that its claims name.

        Runs that are still to come and reports read the copies, whatever becomes of the files.

        Args:
            results: Folder of results.

        Returns:
            `Path` of the copy, or None for a table of the package.
        """
        if self.path.resolve().parent == tables_folder().resolve():
            return None
        folder = Path(results, self.name)
        folder.mkdir(parents=True, exist_ok=True)
        named = {row.place[0] for claim in self.claims.values() for row in claim.rows}
        others = [self.path.parent / f"{name}.yaml" for name in named - {None, self.name}]
        for path in (self.path, *(other for other in others if other.is_file())):
            content = path.read_bytes()
            with replacing(folder / f"{path.stem}.yaml") as partial:
                partial.write_bytes(content)
        return folder / f"{self.name}.yaml"

    def experiments(self, numbers=None, overrides=None):
        """The experiments of several rows.

        Args:
            numbers: Keys of `rows`; None for all.
            overrides: As for `experiment`.

        Returns:
            Dict from number to `Experiment`.

        Raises:
            UsageError: Some are wrong: the message names them all.
        """
        absent = [number for number in numbers or () if number not in self.rows]
        if len(absent) > 1:
            raise UsageError(
                f"table '{self.name}' has no experiments {_spans(absent)}; it has "
                f"{_spans(self.rows)}"
            )
        found, wrong = {}, []
        for number in sorted(self.rows) if numbers is None else numbers:
            try:
                found[number] = self.experiment(number, overrides)
            except UsageError as error:
                wrong.append(str(error))
        if wrong:
            more = f" | and {len(wrong) - _MOST} more" if len(wrong) > _MOST else ""
            said = " | ".join(wrong[:_MOST]) + more
            raise UsageError(said if len(wrong) == 1 else f"{len(wrong)} rows are wrong: {said}")
        return found


def table_of(folder):
    """The table of a folder of results: the copy in it, or the package's of this name, or None.

    Args:
        folder: results/<table>.

    Raises:
        UsageError: The copy is damaged.
    """
    folder = Path(folder)
    kept = folder / f"{folder.name}.yaml"
    if kept.is_file():
        return read_table(kept)
    return read_table(folder.name) if folder.name in tables() else None


def _spans(numbers):
    """Numbers as --exp takes them: "1-3,18"."""
    spans = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(f"{a}-{b}" if a < b else f"{a}" for a, b in spans)


def read_table(name_or_path):
    """Reads a table. Its rows are checked when they are asked for, its claims at once.

    Args:
        name_or_path: Name of a file in experiments/, without suffix, or a path.

    Returns:
        A `Table`.

    Raises:
        UsageError: There is no such table, it is not laid out as one, or a claim is wrong.
    """
    table, claimed = _read(_find(name_or_path))
    return replace(table, claims=claims.read(claimed, table))


def _read(path):
    """The pair (`Table` without claims, its claims as YAML has them)."""
    content = yaml_reader.read(path)
    if not isinstance(content, dict) or not isinstance(content.get("rows"), dict):
        raise UsageError(f"{path} is not a table: it has no mapping 'rows' of numbered rows")
    for key in content:
        if key not in _HEADER:
            raise UsageError(f"{path}: unknown key {short(key)}{suggestion(key, sorted(_HEADER))}")
    defaults = content.get("defaults") or {}
    if not isinstance(defaults, dict) or not content["rows"]:
        raise UsageError(f"{path}: 'defaults' must be a mapping, and 'rows' must not be empty")
    rows = {}
    for number, row in content["rows"].items():
        if type(number) is not int or number < 0:
            raise UsageError(f"{path}: row {short(number)}: its key must be a number of at least 0")
        mapping = isinstance(row, dict)
        rows[number] = stages.merged(defaults, row, f"{path.stem} {number}") if mapping else row
    source, command, expected = (" ".join(str(content.get(k) or "").split()) for k in _HEADER[:3])
    headings = _headings(content.get("headings") or {}, rows, path)
    table = Table(path.stem, path, source, command, expected, headings, rows)
    return table, content.get("claims")


def _headings(found, rows, path):
    if not isinstance(found, dict):
        raise UsageError(f"{path}: 'headings' must be a mapping from rows to texts")
    for number, text in found.items():
        if number not in rows or type(number) is not int:
            raise UsageError(f"{path}: headings: there is no row {short(number)}")
        if not isinstance(text, str) or not text.strip():
            raise UsageError(f"{path}: headings: {number}: {short(text)} is not a text")
    return {number: " ".join(text.split()) for number, text in found.items()}


def tables():
    """Names of the tables of the package, sorted."""
    return sorted(path.stem for path in tables_folder().glob("*.yaml"))


def documents():
    """Dict from the name of each of the package's tables to its source, or to what is wrong."""
    found = {}
    for name in tables():
        try:
            found[name] = _read(_find(name))[0].source
        except UsageError as error:
            found[name] = str(error)
    return found


def tables_folder():
    """The folder of the package's tables: inside an installed package, next to a checkout's."""
    package = Path(__file__).parents[1]
    installed = package / "experiments"
    return installed if installed.is_dir() else package.parent / "experiments"


def _find(name_or_path):
    path = Path(name_or_path)
    if path.suffix in _SUFFIXES:
        if path.is_file():
            return path
        raise UsageError(f"there is no table {path}")
    if path.exists() and name_or_path not in tables():
        raise UsageError(f"{path} is no table: a table of your own is a .yaml file")
    if name_or_path not in tables():
        raise UsageError(f"unknown table '{name_or_path}'{suggestion(name_or_path, tables())}")
    return tables_folder() / f"{name_or_path}.yaml"


def _set(row, keys, value):
    key, *rest = keys
    if not rest:
        return {**row, key: value}
    inner = row.get(key, {} if key == "turns" else None)
    if inner is None and key in _EITHER:
        others = [name for name in _EITHER if row.get(name) is not None]
        has = f"; it has {' and '.join(others)}" if others else ""
        raise UsageError(f"the row has no {key}, so no '{'.'.join(keys)}'{has}")
    if isinstance(inner, str):  # a part that has no options yet
        inner = {"name": inner}
    if not isinstance(inner, dict):
        raise UsageError(f"'{key}' has no fields of its own, so '{'.'.join(keys)}' is none")
    if rest == ["name"] and len(inner) > 1:
        raise UsageError(
            f"'{key}' has options of '{inner.get('name')}' too: write the whole part, like "
            f"{key}={{name: {value}, ...}} or {key}={value}"
        )
    return {**row, key: _set(inner, rest, value)}

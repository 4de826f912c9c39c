"""What the documents show has to work as it stands there, and to be complete."""

import inspect
import json
import re
import shlex
import subprocess
from collections import Counter
from dataclasses import MISSING, fields
from functools import cache
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from commands import ROOT
from running import package_table

from keras_gans import cli, parts
from keras_gans.cli.arguments import Parser
from keras_gans.files import PACKED_LOG, log, sha256
from keras_gans.rows import Claim, ClassifierExperiment, Experiment, PlannedRun, read_table
from keras_gans.turns import Turns

PAGES = sorted(
    p.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "benchmarks/*.md", "results/published/**/README.md")
    for p in ROOT.glob(pattern)
)


@cache
def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page, language=""):
    """The code blocks of a page in a language, "" for those that name none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", read(page), re.S | re.M)
    return [text for name, text in found if name == language]


# --- README ------------------------------------------------------------------------------------


def test_the_example_of_the_readme_runs_as_printed(tmp_path, monkeypatch):
    (example,) = blocks("README.md", "python")
    assert len(example.strip().splitlines()) <= 12
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(_shortened(example), "README.md", "exec"), names)
    assert names["gan"].iterations == 2
    assert (tmp_path / "digits.h5").is_file()


def test_the_first_result_comes_within_two_screens():
    lines = read("README.md").splitlines()
    assert lines.index("## Results so far") <= 100
    assert max(len(line) for line in lines if not line.startswith(("|", "<img"))) <= 110


def test_the_first_commands_stand_in_order():
    commands = ("make run", "make test", "run_experiment.py --exp 18", "keras-gans run --exp 18")
    places = [read("README.md").index(c) for c in commands]
    assert places == sorted(places)


# --- commands ----------------------------------------------------------------------------------


def _commands():
    """Pairs (page, words) of all commands in code blocks."""
    for page in PAGES:
        for line in "".join(blocks(page)).splitlines():
            if line.startswith(("keras-gans ", "python run_experiment.py ")):
                yield page, shlex.split(line.removeprefix("python "), comments=True)


COMMANDS = list(_commands())


def _named(pairs):
    return [pytest.param(words, id=f"{page}: {' '.join(words)}") for page, words in pairs]


RUNS = [(p, w) for p, w in COMMANDS if w[0] == "run_experiment.py" or w[1] == "run"]
OTHERS = [(p, w) for p, w in COMMANDS if (p, w) not in RUNS]


@pytest.mark.parametrize("words", _named(RUNS))
def test_every_run_can_be_planned(words, tmp_path, monkeypatch, capsys):
    """--dry-run checks tables, rows, names and values; other options train nothing either."""
    monkeypatch.chdir(tmp_path)
    for table in _tables():
        name = re.search(r"--table (\S+\.yaml)", table)[1]
        (tmp_path / name).write_text(table)
    command, *arguments = words
    main = cli.run_experiment if command == "run_experiment.py" else cli.main
    if "--ray" in arguments:  # which ends the command, and plans nothing
        arguments = arguments[: arguments.index("--ray")]
    dry = [] if {"--list", "--slurm-script"} & set(arguments) else ["--dry-run", "--verbose"]
    assert main([*arguments, *dry]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


@pytest.mark.parametrize("words", _named(OTHERS))
def test_every_other_command_has_options_that_exist(words):
    verb = {v.__name__.rpartition(".")[2]: v for v in cli.VERBS}[words[1]]
    parser = Parser(prog=verb.__name__)
    verb.describe(parser)
    parser.parse_args(words[2:])  # ends the process where an argument is wrong


def test_documents_show_every_verb():
    shown = {words[1] for _, words in COMMANDS if words[0] == "keras-gans"}
    assert shown >= {verb.__name__.rpartition(".")[2] for verb in cli.VERBS} - {"audit"}
    assert "`keras-gans audit`" in read("docs/results.md")
    assert len(RUNS) >= 15


# --- links -------------------------------------------------------------------------------------


def _anchors(page):
    """The anchors of the headings of a page, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", read(page), flags=re.S | re.M)
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", read(page))
    for link in filter(None, (a or b for a, b in links)):
        if "://" in link:
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), f"{page} names {link}"
        if anchor:
            assert anchor in _anchors(target.resolve().relative_to(ROOT).as_posix()), link


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "benchmarks/README.md"])
def test_files_in_the_text_exist(page):
    """Paths such as `tests/tools/fuzz.py`, from the root or within the package."""
    pattern = r"`(?:python )?((?:[\w-]+/)+[\w-]*(?:\.(?:py|json|yaml|md|npz))?)[^`]*`"
    for path in re.findall(pattern, read(page)):
        homes = [h for h in (ROOT, ROOT / "keras_gans") if (h / path.split("/")[0]).is_dir()]
        if homes and "<" not in path and not Path(path).stem.isupper():  # NAME.py
            assert any((home / path).exists() for home in homes), path


def test_the_map_names_every_module_at_the_root_and_every_folder():
    text = read("CONTRIBUTING.md")
    for path in (ROOT / "keras_gans").iterdir():
        if path.suffix == ".py" and not path.stem.startswith("__"):
            assert path.name in text
        elif path.is_dir() and (path / "__init__.py").is_file():
            assert f"{path.name}/" in text


# --- rows --------------------------------------------------------------------------------------

ROWS = "docs/rows.md"
SECTIONS = {
    "losses": "Losses", "updates": "Updates", "penalties": "Penalties",
    "constraints": "Constraints", "optimizers": "Optimizers", "latents": "Latents",
    "averages": "Averages", "augmentations": "Augmentations", "stops": "Stop rules",
    "measures": "Metrics", "networks": "Networks", "datasets": "Data sets", "tests": "Tests",
}  # fmt: skip
PARTS = [
    (noun, name, role)
    for noun in parts.NOUNS
    for role in (("generator", "discriminator") if noun == "networks" else (None,))
    for name in parts.names(noun, role)
]


def _section(title):
    return re.search(rf"^##+ {title}\n(.*?)(?=^##|\Z)", read(ROWS), re.S | re.M)[1]


def _line(title, name):
    """The cells of the line of a table whose first cell names something."""
    lines = [line for line in _section(title).splitlines() if line.startswith("| ")]
    (cells,) = (c for c in ([x.strip() for x in line.split("|")[1:-1]] for line in lines)
                if f"`{name}`" in c[0])  # fmt: skip
    return cells


def _options(text):
    """Options in a text, dict from name to default: `size` or `alpha: 0.2`."""
    found = {}
    for span in re.findall(r"`(\w+(?:: [^`]+)?)`", text):
        name, _, value = span.partition(": ")
        found[name] = _number(yaml.safe_load(value)) if value else MISSING
    return found


def _number(value):
    """As `parts.typed`: YAML reads 1e-7 as a text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _default(noun, name, role, option):
    home = parts.NOUNS[noun].module
    if noun in ("networks", "datasets"):
        built = getattr(import_module(f"{home}.{name}"), role or "fetch")
    else:
        built = getattr(import_module(home), noun.upper())[name]
    default = inspect.signature(built).parameters[option].default
    return list(default) if isinstance(default, tuple) else default


def test_every_noun_has_a_section():
    assert set(SECTIONS) == set(parts.NOUNS)


@pytest.mark.parametrize(("noun", "name", "role"), PARTS)
def test_rows_md_lists_every_part_with_its_options(noun, name, role):
    cells = _line(SECTIONS[noun], name)
    if noun == "measures":
        return
    shown = _options(cells[2 if role == "discriminator" else 1])
    if noun == "optimizers" and not shown.keys() >= parts.parameters(noun, name).keys():
        text = " ".join(_section("Optimizers").split())
        common = re.search("also take (.*?), with Keras's defaults", text)
        assert {*shown, *_options(common[1])} >= set(parts.parameters(noun, name))
    else:
        assert set(shown) == set(parts.parameters(noun, name, role))
    for option, (_, required) in parts.parameters(noun, name, role).items():
        if option in shown:
            expected = _default(noun, name, role, option)
            assert shown[option] == (MISSING if required else expected), option


@pytest.mark.parametrize(
    ("cls", "section"),
    [
        (Experiment, "Fields"),
        (Turns, "Turns"),
        (ClassifierExperiment, "Classifiers"),
        (Claim, "Claims"),
    ],
)
def test_rows_md_lists_every_field_with_its_default(cls, section):
    for field in fields(cls):
        cells = _line(section, field.name)
        default = field.default
        if isinstance(default, parts.Part):
            default = default.plain
        if default in (MISSING, None):
            assert default is MISSING or "default" in cells[1] or "optimizer" in field.name
            continue
        default = list(default) if isinstance(default, tuple) else default
        text = yaml.safe_dump(default, default_flow_style=True).split("\n")[0]
        assert re.search(rf"(default `?{re.escape(text)}`?)|(`{re.escape(text)}` \(default\))",
                         cells[1]), field.name  # fmt: skip


def _tables():
    return [t for page in PAGES for t in blocks(page, "yaml") if "\nrows:" in t]


@pytest.mark.parametrize("table", _tables())
def test_every_table_is_one(table, tmp_path):
    path = tmp_path / "table.yaml"
    path.write_text(table)
    found = read_table(str(path))
    assert found.source and found.command and len(found.experiments()) >= 2
    assert found.expected or found.claims


FRAGMENTS = [t for page in PAGES for t in blocks(page, "yaml") if "\nrows:" not in t]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_every_example_of_fields_makes_a_row(fragment):
    base = read_table("quickstart").rows[1]
    one = {"optimizer": "adam", "d_optimizer": None, "g_optimizer": None}
    row = Experiment.from_dict({**base, **one, **yaml.safe_load(fragment)})
    assert row != Experiment.from_dict({**base, **one})


def test_examples_show_every_field_that_chooses_a_part():
    shown = {field for fragment in FRAGMENTS for field in yaml.safe_load(fragment)}
    assert shown >= {
        "loss", "d_optimizer", "generator", "discriminator", "latents", "turns", "penalty",
        "constraint", "average", "augment", "dataset", "measure", "save_at", "stop",
    }  # fmt: skip


# --- Python ------------------------------------------------------------------------------------


def _shortened(code):
    return code.replace("epochs=20", "epochs=1, steps_per_epoch=2, verbose=0")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs the examples of a page in their order, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_GANS_DATA", str(tmp_path))

    def run(page):
        names = {}
        for number, example in enumerate(blocks(page, "python"), 1):
            exec(compile(_shortened(example), f"{page}, example {number}", "exec"), names)
        return names

    return run


def test_examples_of_data_run(run):
    names = run("docs/data.md")
    assert names["datasets"].load("points.npz").classes == 2


def test_examples_of_python_run(run):
    names = run("docs/python.md")
    assert names["images"].shape == (10, 28, 28, 1)
    assert names["gan"].iterations == 6


def test_examples_of_generators_run(run, tmp_path):
    from keras_gans import datasets, generators, latents, networks

    digits, drawn = datasets.load("digits"), latents.Normal(100)
    part = parts.check("networks", "lsgan", "network")
    network = networks.build(part, "generator", digits.shape, 100)
    saved = generators.Saved.of(network, part, drawn, digits, {"seed": 0})
    for name in ("generator_model_best.h5", "generator_model_030000.h5"):
        generators.save(saved, tmp_path / name)
    network = networks.build(part, "discriminator", digits.shape)
    path = tmp_path / "discriminator_model_030000.h5"
    about = {"loss": "binary_crossentropy", "scale": digits.scale.plain}
    generators.save_discriminator(network, part, digits.shape, None, path, {"seed": 0}, **about)
    names = run("docs/generators.md")
    assert names["values"].shape == (64, 28, 28, 1)
    assert names["images"].shape == (16, 28, 28, 1)
    assert names["accepted"].values.shape == (100, 28, 28, 1)
    assert names["about"]["role"] == "discriminator"


# --- published results -------------------------------------------------------------------------

PUBLISHED = ROOT / "results" / "published"


WITHOUT_LOG = {("sundar2018", 10, 0)}  # of 720,000 iterations


@pytest.mark.parametrize(
    "metrics", sorted(PUBLISHED.glob("*/*/seed-*/metrics.json")), ids=lambda p: p.parts[-3]
)
def test_a_published_run_is_small_and_whole(metrics):
    folder, content = metrics.parent, json.loads(metrics.read_text())
    assert not [*folder.rglob("*.h5"), *folder.rglob("*.npz")]
    assert not (folder / "samples" / "reals.png").exists()
    table, number = folder.parts[-3], int(re.match(r"\d+", folder.parts[-2])[0])
    row = package_table(table).experiment(number, content["changed"])
    seed = int(folder.name.removeprefix("seed-"))
    run = PlannedRun(table, number, row, seed, content["changed"], PUBLISHED)
    assert run.folder == folder
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert {"experiment.yaml", "environment.json"} <= there
    if seed == 0 and table.startswith(("akel2022", "modern")):
        assert "plot_loss.png" in there
        assert {"log.jsonl", PACKED_LOG} & there
    if {"log.jsonl", PACKED_LOG} & there:
        assert run.state == "finished", f"{metrics} does not vouch for what is there"
    else:  # of further seeds, the last picture and what vouches for the rest
        plain = [name for name in there if not name.startswith("evaluated")]
        checked = there & set(content["sha256"])
        assert len(checked) == 2
        assert len(plain) <= 5 or (table, number, seed) in WITHOUT_LOG
        assert all(sha256(folder / name) == content["sha256"][name] for name in checked)


def test_published_runs_name_no_folder_of_the_machine_that_ran_them():
    environments = sorted(PUBLISHED.glob("*/*/seed-*/environment.json"))
    commands = {path: json.loads(path.read_text())["command"] for path in environments}
    assert commands
    absolute = re.compile(r"(^|[\s=\"'])(/|~|[A-Za-z]:\\)")
    assert {p: c for p, c in commands.items() if absolute.search(c)} == {}


LOGS = [path for path in PUBLISHED.glob("*/*/seed-*/metrics.json") if log(path.parent) is not None]


@pytest.mark.parametrize("metrics", LOGS, ids=lambda p: "-".join(p.parts[-4:-1]))
def test_a_published_summary_says_what_the_log_says(metrics):
    records = [json.loads(line) for line in log(metrics.parent).splitlines()]
    content = json.loads(metrics.read_text())
    for name, said in content["measured"].items():
        values = {r["iteration"]: r[name] for r in records if r.get(name) is not None}
        trained = {at: value for at, value in values.items() if at}
        best = (min if said["better"] == "lower" else max)(trained.values(), default=None)
        assert said["first"] == next(iter(values.values()))
        assert said["best"] == best
        assert trained.get(said["best_iteration"]) == best
        last = None if content["diverged_at"] else list(trained.values())[-1]
        assert said["last"] == last


def test_every_page_of_results_is_that_of_the_runs():
    """`keras-gans report --results results/published` writes them."""
    from keras_gans import reports

    tables = {p.parts[-4] for p in PUBLISHED.glob("*/*/seed-*/metrics.json")}
    for table in tables:
        folder = PUBLISHED / table
        page = reports.markdown.render(reports.page.Page.read(folder))
        assert (folder / "README.md").read_text(encoding="utf-8") == page


def _measured(value):
    """All numbers of a JSON value."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _measured(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


@cache
def _published_numbers():
    """Every number of the published results as texts, rounded in the ways that pages have it."""
    found = set()
    logs = [log(folder) for folder in PUBLISHED.glob("*/*/seed-*")]
    texts = [line for content in logs if content for line in content.splitlines()]
    texts += [path.read_text() for path in PUBLISHED.glob("*/*/seed-*/*.json")]
    for text in texts:
        for number in _measured(json.loads(text)):
            found |= {f"{number:.{digits}f}" for digits in (1, 2, 3)}
            found |= {f"{number:.{digits}e}".replace("e-0", "e-") for digits in (0, 1)}
            found.add(f"{number:g}")
    return found


@pytest.mark.parametrize("page", ["README.md", "docs/old_code.md", "docs/results.md"])
def test_every_number_of_a_table_comes_from_a_published_run(page):
    rows = [line for line in read(page).splitlines() if line.startswith("|") and "](" not in line]
    numbers = {n for row in rows for n in re.findall(r"\d+\.\d+(?:e-?\d+)?", row)}
    numbers -= {"2.11", "0.5"}  # a version, and a setting
    assert numbers
    assert numbers <= _published_numbers(), numbers - _published_numbers()


WORDS = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    "twenty", "twenty-one", "twenty-two", "twenty-three", "twenty-four", "twenty-five",
]  # fmt: skip


def test_verdicts_of_the_readme_are_those_of_the_page():
    row = (
        r"^\| \[(\d+)\]\(results/published/akel2022/README\.md#.*?\) \| (.*?) \| (.*?) \| (.*) \|$"
    )
    told = re.findall(row, read("README.md"), re.MULTILINE)
    assert len(told) >= 5
    judged = {}
    for line in read("results/published/akel2022/README.md").partition("\n## ")[2].splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if cells[1:2] and cells[1].isdecimal():
            judged[cells[1]] = cells
    decided = {number for number, cells in judged.items() if re.match("holds|does not", cells[5])}
    assert decided == {number for number, _, verdict, _ in told if verdict != "not decided"}
    count = WORDS[len(decided)]
    said = f"Of the {len(judged)} claims of the thesis {count} are decided"
    assert said in read("README.md")
    for number, says, verdict, numbers in told:
        cells = judged[number]
        assert cells[2] == says
        assert re.split(r"[:;]", cells[5])[0] == verdict, number
        values = set(re.findall(r"\d+\.\d+(?:e-?\d+)?", numbers))
        of_page = f"{cells[6]} {cells[8]}"  # of its own measure, and of others
        assert values <= set(re.findall(r"\d+\.\d+(?:e-?\d+)?", of_page)), number


def test_the_verdicts_of_all_documents_are_counted():
    counts = Counter()
    for page in PUBLISHED.glob("*/README.md"):
        for line in re.findall(r"^Verdicts on (\d+ claims: .*)\.$", page.read_text(), re.M):
            total, _, words = line.partition(" claims: ")
            counts["claims"] += int(total)
            for word, count in re.findall(r"([a-z ]+) (\d+)", words):
                counts[word.strip()] += int(count)
    assert " ".join(read("docs/results.md").split()).count(
        f"The five tables have {counts['claims']} claims, five of them ours. So far "
        f"{counts['holds']} hold, {counts['does not hold']} do not, {counts['not decided']} are "
        "not decided, mostly because rows have not been run, and "
        f"{counts['not tested']} have no test."
    )


# --- the whole checkout ------------------------------------------------------------------------


def _listed():
    done = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_is_large():
    assert [p for p in _listed() if p.stat().st_size >= 1_000_000] == []

"""Pages of HTML: what they hold, and that nothing in results can harm them."""

import base64
import io
import json
import os
import re
import signal
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from commands import ROOT, finish, keras_gans
from PIL import Image
from reports.conftest import CLAIMS

from keras_gans.errors import UsageError
from keras_gans.files import PARTIAL
from keras_gans.reports import drawing, html, sections

PUBLISHED = ROOT / "results" / "published"
VOID = {"meta", "input", "img", "br", "link", "hr"}
EMBEDDED = ("data:image/png;base64,", "data:image/jpeg;base64,")
LINKS = ("href", "src", "srcset", "action", "data", "poster", "xlink:href")


class Reader(HTMLParser):
    """The elements of a page as (tag, attributes), its texts, and whether all tags are closed."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open = [], [], []
        self.feed(text.replace("<wbr>", "").replace("\xa0", " "))
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> in {self.open}"
        self.open.pop()

    def handle_data(self, text):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.texts.append(text)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    @property
    def sections(self):
        return [a["id"] for a in self.all("section")]

    def all(self, tag, **attributes):
        return [a for t, a in self.elements if t == tag and attributes.items() <= a.items()]


@pytest.fixture
def read(tmp_path):
    """A function that writes the only page; returns it as a `Reader`."""

    def written():
        (path,) = html.write(tmp_path)
        return Reader(path.read_text(encoding="utf-8"))

    return written


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The page of the published runs of akel2022, as text."""
    folder = tmp_path_factory.mktemp("published") / "akel2022"
    folder.symlink_to(PUBLISHED / "akel2022")
    page = html.Page.read(folder)
    return html.render(page, html.courses(folder, page.runs))


# --- what a page holds -------------------------------------------------------------------------


def test_published_runs_have_every_section(published):
    page = Reader(published)
    assert page.open == []
    assert page.sections == ["results", "claims", "curves", "samples", "runs"]
    runs = len(list((PUBLISHED / "akel2022").glob("*/seed-*")))
    assert len(page.all("figure")) == len(page.all("details")) == runs
    logs = len(list((PUBLISHED / "akel2022").glob("*/seed-*/log.jsonl*")))
    assert len(page.all("svg", role="img")) == logs  # one measure each
    for name in ("precision", "recall", "density", "coverage"):
        assert name in page.texts
    assert len(published.encode()) < 3_000_000


def test_published_values_are_those_of_the_page_of_markdown(published):
    cells = {text.strip() for text in Reader(published).texts}
    runs, _, _ = (PUBLISHED / "akel2022" / "README.md").read_text().partition("\n## ")
    table = [line.strip("| ").split(" | ") for line in runs.splitlines() if line.startswith("| ")]
    head, *lines = ([cell.strip() for cell in line] for line in table)
    names = ("measure", "start", "end", "best (at)", "time")
    places = [head.index(name) for name in names]
    for line in lines:
        measure, start, end, best, time_ = (line[place] for place in places)
        best, _, at = best.rstrip(")").partition(" (")
        assert {measure, start, end, best, time_, *([at] if at else [])} <= cells
    seeds = [len(list(row.glob("seed-*"))) for row in (PUBLISHED / "akel2022").glob("*/")]
    assert len(lines) == sum(seeds) + sum(n > 1 for n in seeds)  # a line over several seeds


def test_the_best_accuracy_of_a_classifier_is_marked(tmp_path):
    (tmp_path / "sundar2018").symlink_to(PUBLISHED / "sundar2018")
    page = html.Page.read(tmp_path / "sundar2018")
    runs = html.courses(page.folder, page.runs)
    ids = dict.fromkeys((run.stored.folder for run in runs), "")
    lines = sections.results(page, runs, ids)
    row = [line for line in lines if line["run"].experiment == 40 and not line["over_seeds"]]
    line = next(line for line in row if line["name"] == "test_accuracy")
    # From 0.115 to 0.9905, which is the last point.
    assert line["better"] == "higher"
    assert line["spark"]["points"].endswith("{:g},{:g}".format(*line["spark"]["best"]))
    labels = dict(sections.curves(runs, ids)["measures"])
    assert labels["test_accuracy"] == "test_accuracy (higher is better)"


def test_ids_are_unique_and_references_lead_somewhere(published):
    page = Reader(published)
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert attributes.get(name, ids[0]) in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids


def test_controls_and_pictures_have_names(published):
    page = Reader(published)
    assert all(a["alt"] for a in page.all("img"))
    assert all(a["aria-label"] for a in page.all("input", type="range"))
    assert all(a["aria-label"] for a in page.all("svg", role="img"))
    assert all("tabindex" in a and a["aria-label"] for a in page.all("div", role="region"))


def test_a_page_shows_command_environment_and_files(tmp_path, write_whole_run, read):
    write_whole_run("1+clip=0.5", changed={"clip": 0.5})
    page = read()
    for text in ("keras-gans run --exp 1", "0123abcd", "keras 3.15.1", "a processor", "ab12"):
        assert text in page.texts
    links = [unquote(a["href"]) for a in page.all("a") if not a["href"].startswith("#")]
    assert links == [f"1+clip=0.5/seed-0/{n}" for n in ("", "metrics.json", "log.jsonl")]
    assert all((tmp_path / "akel2022" / link).exists() for link in links)


def test_seeds_have_a_line_each_and_one_over_all(write_whole_run, read, fid):
    for seed, best in enumerate((8.0, 10.0, 15.0)):
        write_whole_run(seed=seed, measured=fid(800.0, 20.0, best))
    page = read()
    assert "3 seeds" in page.texts and "11 ± 3.6" in page.texts
    assert "deviation" in page.text


def test_only_some_of_many_pictures_are_embedded_and_the_page_says_so(write_whole_run, read):
    write_whole_run(pictures=range(100, 10_001, 100))
    page = read()
    texts = [a["data-text"].split(",", 1)[0] for a in page.all("img")]
    assert len(texts) == drawing.MOST_FRAMES
    assert (texts[0], texts[-1]) == ("iteration 100", "iteration 10")  # 10,000
    assert "24 of 100 pictures, at equal intervals" in page.texts


def test_a_photograph_keeps_its_colours_and_a_drawing_its_pixels(tmp_path):
    y, x = np.mgrid[:40, :40] / 39
    smooth = (np.stack([x, y, 1 - x * y], -1) * 255).astype("uint8")  # a palette misses it by 22
    for pixels, kind, largest in ((smooth, "jpeg", 10), (smooth // 128 * 255, "png", 0)):
        path = tmp_path / f"{kind}.png"
        Image.fromarray(pixels.repeat(2, 0).repeat(2, 1)).save(path)
        start, _, code = drawing.embedded(path).partition(",")
        assert start == f"data:image/{kind};base64"
        with Image.open(io.BytesIO(base64.b64decode(code))) as shown:
            assert shown.width == (40 if kind == "jpeg" else 80)
            found = np.asarray(shown.convert("RGB").resize((40, 40), Image.Resampling.NEAREST))
        assert np.abs(found.astype(int) - pixels).max() <= largest


def test_many_runs_share_the_room_for_pictures(write_whole_run, read, monkeypatch):
    monkeypatch.setattr(drawing, "ROOM", 5_000)
    for seed in range(2):
        write_whole_run(seed=seed, pictures=range(100, 2001, 100))
    assert len(read().all("img")) == 2 * drawing.LEAST_FRAMES


def test_photographs_are_coarser_where_there_is_little_room(tmp_path, random, monkeypatch):
    path = tmp_path / "000100.png"
    Image.fromarray(random.integers(0, 256, (40, 40, 3), "uint8")).save(path)
    fine = drawing.embedded(path)
    assert drawing.frames([{100: path}]) == [{100: fine}]
    monkeypatch.setattr(drawing, "ROOM", drawing.LEAST_FRAMES * len(fine) - 1)
    ((coarse,),) = (frames.values() for frames in drawing.frames([{100: path}]))
    assert len(coarse) < 0.8 * len(fine)


def test_a_long_log_becomes_means():
    pairs = [(i, float(i)) for i in range(1, 2501)]
    thin = drawing.thinned(pairs, 1000)
    assert len(thin) == 1000 and thin[-1] == (2500, 2499.0)
    assert thin[:2] == [(2, 1.5), (5, 4.0)]
    assert drawing.thinned(pairs[:1000]) == pairs[:1000]


def test_a_sparkline_marks_the_best_value():
    pairs = [(0, 800.0), (10, 20.0), (20, 40.0)]
    drawn = drawing.sparkline(pairs, lower=True)
    points = [tuple(map(float, point.split(","))) for point in drawn["points"].split()]
    assert drawn["log"] and drawn["best"] == points[1]
    assert points[1][1] == max(y for _, y in points)  # the lowest
    assert drawing.sparkline([(0, 1.0), (10, 2.0)], False)["best"][0] == points[2][0]
    untrained = drawing.sparkline([(0, 5.0), (10, 20.0), (20, 10.0)], lower=True)
    assert untrained["best"][0] == points[2][0]  # as the best value beside it
    assert drawing.sparkline(pairs[:1], True) is None


def test_values_that_are_no_numbers_are_left_out_of_curves(write_whole_run, read, fid):
    folder = write_whole_run(measured=fid(800.0, float("nan"), None))
    with (folder / "log.jsonl").open("a") as log:
        log.write('{"iteration": 30000, "fid5k_lenet": NaN, "d_loss": null, "g_loss": Infinity}\n')
    page = read()
    assert "nan" in page.texts and "null" in page.texts


def test_a_seed_without_a_finite_value_is_left_out_of_the_mean(write_whole_run, read, fid):
    for seed, last in enumerate((20.0, float("nan"), 22.0)):
        write_whole_run(seed=seed, measured=fid(800.0, last, None))
    assert "21 ± 1.4 (2 of 3)" in read().texts


def test_a_run_has_one_id_whatever_others_there_are(write_whole_run, read):
    write_whole_run("6", experiment=6)
    (own,) = [a["id"] for a in read().all("details")]
    write_whole_run("1", experiment=1)
    assert [a["id"] for a in read().all("details")][1] == own


def test_curves_have_different_looks_while_there_are_enough():
    folders = [Path(f"{row}/seed-{seed}") for row in range(1, 17) for seed in (0, 1)]
    looks = sections._looks(sections._places(folders))
    assert len(set(looks.values())) == 32
    assert [looks[folder] for folder in folders[:2]] == ["c0 d0", "c0 d1"]
    more = sections._looks(sections._places([*folders, Path("17/seed-0")]))
    assert more[Path("17/seed-0")] == "c0 d2"  # the look that it would have in any case


def test_iterations_at_equal_intervals_are_not_listed():
    assert sections._intervals((0, 50, 100)) == {"from": 0, "by": 50}
    assert sections._intervals((7,)) == {"from": 7, "by": 1}
    assert sections._intervals((0, 50, 120)) == (0, 50, 120)


def test_a_run_that_diverged_is_no_interrupted_one(write_whole_run, read):
    folder = write_whole_run(until=12_000)
    with (folder / "log.jsonl").open("a") as log:
        log.write('{"iteration": 12500, "not_finite": ["generator"]}\n')
    page = read()
    assert "diverged" in page.texts and "interrupted" not in page.texts
    assert "run diverged" in page.text and "run in progress" not in page.text


def test_runs_of_old_versions_without_logs_have_lines(write_run, read):
    path = write_run()
    for picture in path.parent.glob("samples/*"):
        picture.unlink()
    assert read().sections == ["results", "claims", "runs"]


# --- claims ------------------------------------------------------------------------------------


def test_claims_stand_with_their_verdicts(claimed):
    (path,) = html.write(claimed)
    page = Reader(path.read_text(encoding="utf-8"))
    found = [a["data-verdict"] for a in page.all("li") if "data-verdict" in a]
    assert found == [word for word, _ in CLAIMS.values()]
    assert "Claim <1> holds." in page.texts
    assert "No number <is> given." in page.texts
    assert any("ratio" in text for text in page.texts)


# --- unfinished runs ---------------------------------------------------------------------------


def test_an_unfinished_run_shows_its_progress(write_whole_run, read):
    folder = write_whole_run(until=12_000, pictures=(500,))
    page = read()
    assert page.sections == ["active", "claims", "curves", "samples", "runs"]
    assert page.all("progress") == [
        {"value": "0.4", "max": "1", "aria-label": "row 1, seed 0: 40%"}
    ]
    assert "interrupted" in page.texts and "12,000" in page.texts
    assert any("fid5k_lenet 61.54" in text for text in page.texts)
    (folder / ".lock").write_text(" 1\n")
    assert "running" in read().texts
    before = time.time() - 3600
    os.utime(folder / "log.jsonl", (before, before))
    assert any(text.startswith("running, or killed") for text in read().texts)


def test_a_line_that_is_being_written_is_left_out(write_whole_run, read):
    folder = write_whole_run(until=12_000)
    with (folder / "log.jsonl").open("a") as log:
        log.write('{"iteration": 12500, "fid5k')
    assert "12,000" in read().texts


# --- safety ------------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)<!--'\"&</style>]]>{{ 7*7 }}"


def test_whatever_comes_from_results_is_escaped(write_whole_run, read):
    name = HOSTILE.replace("/", "|")
    folder = write_whole_run(
        name,
        table="<img src=x onerror=alert(1)>",
        changed={HOSTILE: HOSTILE},
        derived_from=HOSTILE,
        data=HOSTILE,
        printed={HOSTILE: 1.0},
    )
    about = json.loads((folder / "environment.json").read_text())
    about |= {"command": HOSTILE, "packages": {HOSTILE: HOSTILE}, "processor": [HOSTILE]}
    (folder / "environment.json").write_text(json.dumps(about))
    evaluated = {"name": HOSTILE, "metric": "recall", "value": 0.5}
    (folder / "evaluated_last.json").write_text(json.dumps({"results": [evaluated]}))
    page = read()
    assert page.open == []
    assert [a for a in page.all("script") if a.get("type") != "application/json"] == [{}]
    assert not [a for a in page.all("img") if not a["src"].startswith(EMBEDDED)]
    assert not [key for _, a in page.elements for key in a if key.startswith("on")]
    assert HOSTILE in page.texts and "{{ 7*7 }}" in page.text
    links = [a["href"] for a in page.all("a")]
    assert f"{name}/seed-0/log.jsonl" in [unquote(link) for link in links]
    assert not [link for link in links if set(link) & set("<>\"' ")]


def test_hostile_names_stay_inside_the_data_of_curves(tmp_path, write_whole_run):
    write_whole_run("1+x", changed={"x": "</script><script>alert(1)</script>"})
    (path,) = html.write(tmp_path)
    text = path.read_text(encoding="utf-8")
    data = re.search(r'id="curves-data">(.*?)</script>', text, re.S)[1]
    assert "</script>" in json.loads(data)["runs"][0]["name"] and "<" not in data


def test_half_a_surrogate_is_no_reason_to_fail(write_whole_run, read):
    write_whole_run(derived_from="\ud800 GAN")
    assert "? GAN" in read().texts


def test_a_page_loads_nothing(published):
    page = Reader(published)
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in LINKS:
            link = attributes.get(name)
            if link is not None:
                inside = link.startswith(("#", *EMBEDDED))
                assert inside or not re.match(r"[a-z][a-z0-9+.-]*:|//|/", link, re.I), link
        assert "style" not in attributes  # which the policy forbids
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", published)
    assert not re.search(r"url\((?!#)|@import|fetch\(|XMLHttpRequest|import\(", published)
    (policy,) = [
        a["content"] for a in page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    ]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy


def test_our_scripts_are_short():
    scripts = [html.Path(html.__file__).parent / name for name in ("report.js", "chart.js")]
    assert sum(len(path.read_text().splitlines()) for path in scripts) < 300


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", "{"),
        ("metrics.json", "[" * 100_000),
        ("evaluated_best.json", '{"results": [{"name": "a", "metric": "recall", "value": "1"}]}'),
        ("log.jsonl", "{\n"),
        ("environment.json", "[]"),
        ("samples/000500.png", "no picture"),
    ],
)
def test_a_damaged_file_leaves_the_page_as_it_was(tmp_path, write_whole_run, name, content):
    folder = write_whole_run()
    (path,) = html.write(tmp_path)
    before = path.read_bytes()
    (folder / name).write_text(content)
    with pytest.raises(UsageError, match=re.escape(name)):
        html.write(tmp_path)
    assert path.read_bytes() == before
    assert not list(tmp_path.rglob(f"{PARTIAL}*"))


def test_a_damaged_run_is_left_out_and_named(tmp_path, write_whole_run):
    bad = [
        write_whole_run(str(n), experiment=n, table=table) / name
        for n, table, name in (
            (1, "akel2022", "metrics.json"),
            (2, "akel2022", "log.jsonl"),
            (3, "akel2022", "environment.json"),
            (1, "modern", "samples/000500.png"),
        )
    ]
    bad += [write_whole_run("5", experiment=5, until=12_000) / "log.jsonl"]
    (bad[0].parent / "experiment.yaml").write_text("{}")  # the run is not an unfinished one
    write_whole_run("4", experiment=4)
    write_whole_run(table="vedal2017")
    for path in bad:
        path.write_text("{\n")
    damaged = []
    first, second, third = html.write(tmp_path, damaged=damaged)
    names = [path.parent.name for path in (first, second, third)]
    assert names == ["akel2022", "modern", "vedal2017"]
    assert second.read_text(encoding="utf-8").count('src="data:image') == 2  # of three pictures
    page = Reader(first.read_text(encoding="utf-8"))
    names = [f"row {n}, seed 0" for n in range(1, 6)]
    assert [name in page.texts for name in names] == [False, True, True, True, False]
    assert len(page.all("svg", role="img")) == 2  # row 2 has no log
    assert len(damaged) == len(bad)
    assert all(any(str(path) in str(error) for error in damaged) for path in bad)


def test_a_folder_in_place_of_a_file_is_damage_too(tmp_path, write_whole_run):
    path = write_whole_run(experiment=4) / "environment.json"
    path.unlink()
    path.mkdir()
    damaged = []
    (page,) = html.write(tmp_path, damaged=damaged)
    assert list(map(str, damaged)) == [f"{path} cannot be read: Is a directory"]
    assert "row 4, seed 0" in Reader(page.read_text(encoding="utf-8")).texts


def test_damaged_runs_are_a_line_each_and_status_1(tmp_path, write_whole_run):
    paths = [write_whole_run(str(n), experiment=n) / "metrics.json" for n in (1, 2, 3)]
    for path in paths[:2]:
        os.truncate(path, 100)
    for options, name in (((), "README.md"), (("--html",), "report.html")):
        done = finish(keras_gans("report", *options, "--results", tmp_path))
        assert done.returncode == 1
        assert done.stdout == f"{paths[0].parents[2] / name}\n"
        assert sorted(line.partition(" is not ")[0] for line in done.stderr.splitlines()) == [
            f"keras-gans report: left out: {path}" for path in paths[:2]
        ]
        assert "the command of the run writes it again" in done.stderr
    os.truncate(paths[2], 100)
    done = finish(keras_gans("report", "--results", tmp_path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 3)


def test_without_runs_there_is_a_hint(tmp_path):
    with pytest.raises(UsageError, match=r"there are no runs under .*keras-gans run --table"):
        html.write(tmp_path)


def test_a_page_that_stays_the_same_is_not_written(tmp_path, write_whole_run):
    write_whole_run()
    (path,) = html.write(tmp_path)
    before = path.stat()
    html.write(tmp_path)
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


# --- watching ----------------------------------------------------------------------------------


@pytest.fixture
def watching(tmp_path):
    """`report --watch 1` as a process, ended with the test."""
    command = keras_gans("report", "--watch", "1", "--results", tmp_path)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=ROOT, text=True, **pipes)
    yield process
    process.kill()
    process.communicate()


def test_a_watched_page_follows_the_runs_until_ctrl_c(tmp_path, write_whole_run, watching):
    assert watching.stdout.readline().startswith(f"waiting for runs under {tmp_path}")
    folder = write_whole_run(until=12_000)
    path = tmp_path / "akel2022" / "report.html"
    assert watching.stdout.readline().startswith(f"{path}: open it in a browser")
    first = path.read_text()
    assert 'data-watch="1"' in first and "40%" in first
    written = path.stat()
    time.sleep(2.5)
    assert path.stat().st_mtime_ns == written.st_mtime_ns  # nothing has changed
    with (folder / "log.jsonl").open("a") as log:
        log.write('{"iteration": 15000, "d_loss": 0.5, "g_loss": 1.0}\n')
    end = time.monotonic() + 20
    while "50%" not in path.read_text() and time.monotonic() < end:
        time.sleep(0.2)
    assert "50%" in path.read_text()
    watching.send_signal(signal.SIGINT)
    assert watching.stdout.read() == f"stopped; {path} no longer changes\n"
    assert watching.wait(20) == 130
    last = path.read_text()
    assert "data-watch" not in last and 'http-equiv="refresh"' not in last and "50%" in last


def test_watching_ends_where_there_are_no_runs_too(watching):
    assert watching.stdout.readline().startswith("waiting for runs")
    watching.send_signal(signal.SIGINT)
    assert watching.stdout.read() == "stopped; there were no runs\n"
    assert watching.wait(20) == 130


def test_watching_names_a_file_that_stays_damaged_and_goes_on(tmp_path, write_whole_run, watching):
    assert watching.stdout.readline().startswith("waiting for runs")
    damaged = write_whole_run() / "metrics.json"
    damaged.write_text("{")
    assert watching.stderr.readline().startswith(f"keras-gans report: left out: {damaged} is not")
    write_whole_run("2", experiment=2)
    path = tmp_path / "akel2022" / "report.html"
    assert watching.stdout.readline().startswith(f"{path}: open it in a browser")
    watching.send_signal(signal.SIGINT)
    assert watching.communicate(timeout=20) == (f"stopped; {path} no longer changes\n", "")
    assert watching.returncode == 130

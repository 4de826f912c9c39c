"""results/<table>/report.html: a page of results to look through, in one file that loads nothing.

The template, the style and the scripts are files of this folder. The template escapes whatever
comes from results; a policy in the page lets nothing run but our scripts, and nothing be loaded.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

from keras_gans import __version__
from keras_gans.files import replacing, writing
from keras_gans.reports import sections
from keras_gans.reports.course import courses
from keras_gans.reports.page import Page, nothing_under, pages
from keras_gans.reports.results import leaving_out

FILE = "report.html"


def write(results, table=None, damaged=None):
    """Writes the page of each table that has runs, finished or not.

    Args:
        results: Folder of results.
        table: Name of one table, or None for all.
        damaged: As for `markdown.write`.

    Returns:
        List of the paths of the pages.

    Raises:
        UsageError: There are no runs, or a file is damaged.
        Failed: A page cannot be written.
    """
    written = update(results, table, damaged=damaged)
    if not written and not damaged:
        raise nothing_under(results, table, finished=False)
    return written


def update(results, table=None, refresh=None, damaged=None):
    """Writes the pages that differ from those that are there.

    Args:
        results, table: As for `write`.
        refresh: Seconds after which a page loads itself again, or None.
        damaged: As for `write`.

    Returns:
        List of the paths of all pages, those that were not written too.

    Raises:
        UsageError: A file is damaged.
        Failed: A page cannot be written.
    """
    found = []
    for folder in pages(results, table):
        with leaving_out(damaged):
            page = Page.read(folder, damaged)
            runs = courses(folder, page.runs, damaged)
            if runs:
                content = render(page, runs, refresh).encode("utf-8", "replace")
                path = folder / FILE
                if not path.is_file() or path.read_bytes() != content:
                    with writing(path), replacing(path) as partial:
                        partial.write_bytes(content)
                found.append(path)
    return found


def render(page, runs, refresh=None):
    """A page as text.

    Args:
        page: `Page`.
        runs: List of `course.Course` of the same folder.
        refresh: As for `update`.

    Raises:
        UsageError: A file of a run is damaged.
    """
    ids = {run.stored.folder: _id(page, run.stored.folder) for run in runs}
    style, script = _asset("report.css"), _asset("report.js", "chart.js")
    return _template().render(
        page=page,
        watch=refresh,
        version=__version__,
        style=style,
        script=script,
        policy=_policy(style, script),
        facts=sections.facts(runs),
        active=sections.in_progress(runs, ids),
        lines=sections.results(page, runs, ids),
        spreads=sections.spreads(runs, ids),
        claims=sections.claims(page),
        curves=sections.curves(runs, ids),
        players=sections.players(runs, ids),
        runs=sections.environments(page, runs, ids),
    )


def _id(page, folder):
    """The id of a run in its page, which stays the same whatever other runs there are."""
    place = folder.relative_to(page.folder).as_posix()
    return f"run-{hashlib.sha256(place.encode(errors='replace')).hexdigest()[:10]}"


# --- the template ------------------------------------------------------------------------------


@cache
def _template():
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")


@cache
def _asset(*names):
    """Files of this folder as one text that is put into the page as it is."""
    from markupsafe import Markup

    here = Path(__file__).parent
    return Markup("".join((here / name).read_text(encoding="utf-8") for name in names))


def _policy(style, script):
    """The policy of the page: our style and script by their sha256, pictures in the page."""
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style, script)
    ]
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        "style-src 'sha256-{}'; script-src 'sha256-{}'".format(*digests)
    )

"""results/<table>/README.md: a page of results as Markdown, with the claims of its document."""

from urllib.parse import quote

from keras_gans.files import replacing, writing
from keras_gans.reports import claimed
from keras_gans.reports.page import Page, nothing_under, number, pages
from keras_gans.reports.results import leaving_out
from keras_gans.terminal.line import clock


def write(results, table=None, damaged=None):
    """Writes the page of each table that has finished runs.

    Args:
        results: Folder of results.
        table: Name of one table, or None for all.
        damaged: List to which the errors of damaged files are added: those of a run, which is left
            out, and of a table, which gets no page. None raises them.

    Returns:
        List of the paths written.

    Raises:
        UsageError: There are no finished runs, or a file is damaged.
        Failed: A page cannot be written.
    """
    written = []
    for folder in pages(results, table):
        with leaving_out(damaged):
            page = Page.read(folder, damaged)
            if page.runs:
                path, content = folder / "README.md", render(page)
                with writing(path), replacing(path) as partial:
                    partial.write_text(content, encoding="utf-8", errors="replace")
                written.append(path)
    if not written and not damaged:
        raise nothing_under(results, table)
    return written


def render(page):
    """A page as text.

    Args:
        page: `Page`.
    """
    head = ["row", "changes", "from", "data", "iterations", "seed", "printed", "measure", "start"]
    head += ["end", "best (at)", "time", "last samples"]
    cells = [_cells(page, line) for line in page.lines]
    if not page.has_changes:
        head, *cells = ([*line[:1], *line[2:]] for line in [head, *cells])
    lines = [f"# {page.name}: measured against printed", ""]
    lines += [f"Source: {page.source}.", ""] if page.source else []
    lines += [" ".join(page.notes), ""]
    lines += [_row(head), "|" + "---|" * len(head), *map(_row, cells), ""]
    lines += claimed.lines(page.verdicts, page.orders, _row)
    return "\n".join(lines)


def _cells(page, line):
    """The cells of a line; the first one of a run has those that belong to the run."""
    run, value = line.run, line.measured
    before = [str(run.experiment), line.changes, run.derived_from, f"{run.data} ({run.samples:,})"]
    before += [line.iterations, line.seed]
    after = [clock(line.seconds), _samples(page.folder, line)]
    if not line.first:
        before, after = [""] * len(before), [""] * len(after)
    best = number(value.best)
    if value.best_iteration is not None:
        best += f" ({value.best_iteration:,})"
    values = [line.printed_text, line.name, number(value.first), number(value.last), best]
    return [*before, *values, *after]


def _samples(folder, line):
    # Folder names hold + and =, which a link would read otherwise.
    path = line.picture
    return f"[picture]({quote(path.relative_to(folder).as_posix())})" if path else ""


def _row(cells):
    """A line of a table; a line break in a cell would end it."""
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |"

"""The section of a table's page about the claims of its document, in Markdown."""

from keras_gans.reports.verdicts import WORDS

TITLE = "What the document claims"
ABOUT = (
    "A claim holds, or does not hold, where intervals over seeds say so, and is not decided "
    "otherwise. It is judged by the last and by the best generators, and claims about `fid` in the "
    "features of each network that the runs were evaluated in. Any of these may decide, unless "
    "another one decides the opposite; the verdict names those that do. All intervals of a claim "
    "are right together at 95 %. Three seeds of a row give its spread; rows of fewer share that of "
    "all unchanged rows with several. Distances and losses are compared by their ratio, and their "
    "means are geometric ones; other measures are compared by their difference. "
    "Claims about the order of many rows are decided by a permutation test."
)
ORDER = "Rank correlation (Spearman) of the rows as measured with the rows as printed:"


def lines(verdicts, orders, row):
    """The lines of the section.

    Args:
        verdicts: List of `verdicts.Verdict`.
        orders: List of `orders.Order`.
        row: Function that makes the line of a table of a list of cells.

    Returns:
        List of lines; empty without verdicts.
    """
    if not verdicts:
        return []
    head = ["claim", "", "where", "rows", "verdict", "numbers", "by"]
    cells = [_cells(verdict) for verdict in verdicts]
    if any(len(verdict.by) > 1 for verdict in verdicts):
        head.append("by other distances")
        cells = [[*line, _others(v)] for line, v in zip(cells, verdicts, strict=True)]
    found = [f"## {TITLE}", "", ABOUT, "", _counted(verdicts), "", *_table(head, cells, row)]
    if orders:
        head = ["data", "printed", "measured", "generator", "correlation", "rows", "p"]
        found += ["", ORDER, "", *_table(head, map(_order, orders), row)]
    return [*found, ""]


def _cells(verdict):
    said = f"{verdict.word}: {verdict.reason}" if verdict.reason else verdict.word
    first = verdict.by[0] if verdict.by else None
    numbers, measure = (first.numbers, first.measure) if first else ("", "")
    return [str(verdict.number), verdict.says, verdict.where, verdict.rows, said, numbers, measure]


def _others(verdict):
    return " ".join(f"{one.measure}: {one.word}; {one.numbers}." for one in verdict.by[1:])


def _order(order):
    rho, count, p = order.correlation
    name = [order.data, order.printed, order.measure, order.generator]
    return [*name, f"{rho:.2f}", str(count), f"{p:.2g}"]


def _counted(verdicts):
    words = [verdict.word for verdict in verdicts]
    counts = [f"{word} {words.count(word)}" for word in WORDS if word in words]
    claims = "1 claim" if len(verdicts) == 1 else f"{len(verdicts)} claims"
    return f"Verdicts on {claims}: {', '.join(counts)}."


def _table(head, cells, row):
    return [row(head), "|" + "---|" * len(head), *map(row, cells)]

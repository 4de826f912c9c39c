"""What `run --list` shows: rows, what they are for, the state of their runs, how long they take."""

import shutil
import textwrap
from collections import Counter
from contextlib import suppress
from dataclasses import replace

from keras_gans.cli import arguments
from keras_gans.errors import UsageError
from keras_gans.rows import Experiment, PlannedRun, documents, tables_folder
from keras_gans.terminal.line import clock

_COLUMNS = (
    "exp", "from", "data", "iterations", "latents", "batch", "loss", "networks", "printed",
    "state", "time",
)  # fmt: skip
# Left out in this order until the lines fit the terminal.
_LESS_IMPORTANT_FIRST = ("printed", "networks", "latents", "loss", "batch", "data", "iterations")


def show(table, seeds, options):
    """Prints the rows.

    Args:
        table: `rows.Table`.
        seeds: List of the seeds whose runs are looked for.
        options: Namespace of the verb `run`.
    """
    rows = {}
    for number in sorted(table.rows):
        with suppress(UsageError):  # the end names it
            rows[number] = table.experiment(number)
    runs = [
        [PlannedRun(table.name, number, row, seed, {}, options.results) for seed in seeds]
        for number, row in rows.items()
    ]
    states = {run: _state(run) for several in runs for run in several}
    times = _times(states, options)
    lines = [dict(zip(_COLUMNS, _COLUMNS, strict=True))]
    for several in runs:
        state = _counted([states[run] for run in several])
        cells = {"state": state, "time": _sum([times[run] for run in several])}
        lines.append({**_cells(several[0]), **cells})
    columns = shutil.get_terminal_size().columns
    print(textwrap.fill(f"{table.name}: {table.source}", columns) + "\n")
    if table.expected:
        print(textwrap.fill(f"Expected: {table.expected}", columns) + "\n")
    hidden = _print_fitting(lines, table.headings, columns)
    of = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds"
    legend = f"State and time: {of}. ~ is expected on this machine, other times are measured."
    print("\n" + textwrap.fill(legend, columns))
    changed = sorted(p.name for p in (options.results / table.name).glob("[0-9]*+*") if p.is_dir())
    if changed:
        told = f"Runs of changed rows: {len(changed)}, such as {changed[0]}"
        print(textwrap.fill(f"{told}; `keras-gans report` shows them.", columns))
    if hidden:
        print(f"A terminal of more columns shows also: {', '.join(hidden)}.")
    command = table.command
    if options.prog != "run_experiment.py":  # which an installed package does not have
        command = command.replace("python run_experiment.py", options.prog)
    print(f"{command}\n\nTables (--table NAME):")
    found = documents()
    width = max(map(len, found))
    for name, source in found.items():
        room = max(20, columns - width - 2)
        print(f"{name:{width}}  {textwrap.shorten(source, room, placeholder=' ...')}")
    table.experiments()  # names the rows that are wrong


def _cells(run):
    """The cells of a row that are about what is run."""
    row = run.experiment
    return {
        "exp": str(run.number),
        "from": row.derived_from,
        "data": row.dataset.name,
        "printed": ", ".join(f"{name} {value:g}" for name, value in row.printed.items()),
        **(_of_gan(row) if isinstance(row, Experiment) else _of_classifier(row)),
    }


def _of_gan(row):
    networks = dict.fromkeys([row.generator.name, row.discriminator.name])
    latents = [row.latents.name] if row.latents.name != "normal" else []
    return {
        "iterations": f"{row.iterations:,}",
        "latents": " ".join([*latents, str(row.latents.options["size"])]),
        "batch": str(row.batch_size),
        "loss": row.loss.name,
        "networks": " + ".join(networks),
    }


def _of_classifier(row):
    mixed = row.synthetic and f"lenet on {row.synthetic.share:.0%} of row {row.synthetic.row}"
    nothing = dict.fromkeys(("latents", "batch", "loss"), "")
    return {**nothing, "iterations": f"{row.iterations} epochs", "networks": mixed or "lenet"}


# --- state -------------------------------------------------------------------------------------


def _state(run):
    """The state of a run: as `PlannedRun.state`, or "published", or "other settings"."""
    try:
        state = run.glance
    except UsageError:
        return "other settings"
    try:
        published = state == "new" and _published(run).glance == "finished"
    except UsageError:  # the row of another table of that name
        published = False
    return "published" if published else state


def _published(run):
    """The same run among the published ones, which only a checkout has."""
    return replace(run, results=tables_folder().parent / "results" / "published")


def _counted(states):
    """The states of several seeds in words."""
    counts = Counter(states)
    if len(counts) == 1:
        return states[0]
    return ", ".join(f"{count} {state}" for state, count in counts.most_common())


# --- time --------------------------------------------------------------------------------------


def _times(states, options):
    """Dict from each run to the pair (seconds or None, whether they are expected ones)."""
    times = {}
    for run, state in states.items():
        of = {"finished": run, "published": _published(run)}.get(state)
        times[run] = (of.result(weights=False)["seconds"]["wall"] if of else None, False)
    for run, seconds in _expected(states, options).items():
        times[run] = (seconds, True)
    return times


def _expected(states, options):
    """Dict from each run that can be trained, and whose rate is kept, to the seconds left of it."""
    done = ("finished", "other settings")
    left = {run: state for run, state in states.items() if state not in done}
    if not left:
        return {}
    from keras_gans.runs.costs import Costs
    from keras_gans.runs.executors import Job

    jobs = [Job(run, options.table, options.data_dir, devices=options.devices) for run in left]
    states = [state.replace("published", "new") for state in left.values()]
    costs = Costs(jobs, states, 1)
    seconds = {job.planned: costs.seconds(job) for job in jobs}
    return {run: found for run, found in seconds.items() if found is not None}


def _sum(times):
    """The time of several seeds in words; "" where one is not known."""
    if any(seconds is None for seconds, _ in times):
        return ""
    about = "~" * any(expected for _, expected in times)
    return about + clock(sum(seconds for seconds, _ in times))


# --- the screen --------------------------------------------------------------------------------


def _print_fitting(lines, headings, room):
    """Prints rows under their headings, without the columns that have no room.

    Args:
        lines: Dicts from the name of a column to a cell; the first has the names of the columns.
        headings: As `Table.headings`.
        room: Columns of the terminal.

    Returns:
        The names of the columns left out.
    """
    shown, hidden = list(_COLUMNS), []
    for name in _LESS_IMPORTANT_FIRST:
        if sum(2 + max(len(line[n]) for line in lines) for n in shown) - 2 <= room:
            break
        shown.remove(name)
        hidden.append(name)
    names, *rows = arguments.aligned([tuple(line[name] for name in shown) for line in lines])
    print(names)
    before = None
    for line, row in zip(lines[1:], rows, strict=True):
        group = max((first for first in headings if first <= int(line["exp"])), default=None)
        if group != before:
            print("\n" + textwrap.fill(headings[group], room))
        before = group
        print(row)
    return hidden

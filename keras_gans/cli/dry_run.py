"""What `run --dry-run` shows: how long each run takes, and all of them."""

from keras_gans.cli import arguments
from keras_gans.errors import UsageError


def show(jobs, states, side_by_side):
    """Prints what each run takes; rows whose rate is not known are measured first.

    Args:
        jobs: List of `executors.Job`.
        states: The state of each: "new", "interrupted" or "finished".
        side_by_side: Runs at a time that are asked for.

    Returns:
        The exit status: 130 where Ctrl-C ended the measuring.
    """
    from keras_gans.runs.costs import Costs
    from keras_gans.terminal.line import clock

    costs = Costs(jobs, states, side_by_side)
    reasons, interrupted = _measure(jobs, costs)
    lines = [("exp", "seed", "state", "iterations", "time")]
    for job, state in zip(jobs, states, strict=True):
        seconds = costs.seconds(job)
        time = f"unknown: {reasons[costs.rate(job)]}" if seconds is None else clock(seconds)
        run, left = job.planned, f"{costs.iterations(job):,}"
        lines.append((str(run.number), str(run.seed), state, left, time))
    arguments.print_columns(lines)
    seconds, unknown = costs.together(costs.longest_first(jobs) if costs.side_by_side > 1 else jobs)
    runs = "1 run" if len(jobs) == 1 else f"{len(jobs)} runs"
    together = f", {costs.side_by_side} at a time" if costs.side_by_side > 1 else ""
    without = f", without {unknown} of unknown time" if unknown else ""
    print(f"\n{runs}{together}: {clock(seconds)}{without}")
    return 130 if interrupted else 0


def _measure(jobs, costs):
    """Measures the rates that are not known, each once.

    Returns:
        The pair (dict from the name of a rate that stays unknown to the reason, whether Ctrl-C
        ended it early).
    """
    unknown = {costs.rate(job): job for job in jobs if costs.seconds(job) is None}
    if not unknown:
        return {}, False
    from keras_gans.runs import trial
    from keras_gans.terminal.line import Line

    data = {str(job.planned.experiment.dataset): job for job in unknown.values()}
    with Line(jobs[0].planned.table, unit="rows") as line:
        line.status("reading the data")
        missing = {name: _why_missing(job) for name, job in data.items()}
        reasons = {n: missing[str(j.planned.experiment.dataset)] for n, j in unknown.items()}
        left = {name: job for name, job in unknown.items() if not reasons[name]}
        if not left:
            return reasons, False
        line.status(f"measuring {len(left)} {'rows' if len(left) > 1 else 'row'}, seconds of each")
        failed, interrupted = trial.measure(list(left.values()), costs, line)
    reasons |= {name: failed.get(job, "not measured") for name, job in left.items()}
    return reasons, interrupted


def _why_missing(job):
    """Why the data of a job cannot be read, in one line; "" where they can."""
    from keras_gans import datasets

    try:
        datasets.load(job.planned.experiment.dataset, job.data_dir, damaged=job.damaged)
    except UsageError as error:
        return " ".join(str(error).split())
    return ""

"""What `run --dry-run` shows: how long each run takes, and all of them."""

from keras_gans.cli import arguments
from keras_gans.errors import UsageError
from keras_gans.rows import Experiment


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
    missing = [job for job, state in zip(jobs, states, strict=True) if state != "finished"]
    reasons, interrupted = _measure(missing, costs)
    lines = [("exp", "seed", "state", "iterations", "time")]
    for job, state in zip(jobs, states, strict=True):
        time = f"unknown: {reasons[job]}" if job in reasons else clock(costs.seconds(job))
        run, left = job.planned, f"{costs.iterations(job):,}"
        lines.append((str(run.number), str(run.seed), state, left, time))
    arguments.print_columns(lines)
    known = [job for job in jobs if job not in reasons]
    seconds, _ = costs.together(costs.longest_first(known) if costs.side_by_side > 1 else known)
    runs = "1 run" if len(jobs) == 1 else f"{len(jobs)} runs"
    together = f", {costs.side_by_side} at a time" if costs.side_by_side > 1 else ""
    without = f", without {len(reasons)} of unknown time" if reasons else ""
    print(f"\n{runs}{together}: {clock(seconds) + without if known else 'unknown'}")
    return 130 if interrupted else 0


def _measure(jobs, costs):
    """Reads the data of jobs, and measures the rates that are not known, each once.

    Returns:
        The pair (dict from a job whose time stays unknown to the reason, whether Ctrl-C ended it
        early).
    """
    from keras_gans.terminal.line import Line

    if not jobs:
        return {}, False
    with Line(jobs[0].planned.table, unit="rows") as line:
        line.status("reading the data")
        data = {str(job.planned.experiment.dataset): job for job in jobs}
        missing = {name: _why_missing(job) for name, job in data.items()}
        reasons = {job: missing[str(job.planned.experiment.dataset)] for job in jobs}
        ready = [job for job in jobs if not reasons[job]]
        unknown = {
            costs.rate(job): job
            for job in ready
            if costs.seconds(job) is None and isinstance(job.planned.experiment, Experiment)
        }
        failed, interrupted = {}, False
        if unknown:
            rows = "row" if len(unknown) == 1 else "rows"
            line.status(f"measuring {len(unknown)} {rows}, seconds of each")
            from keras_gans.runs import trial

            failed, interrupted = trial.measure(list(unknown.values()), costs, line)
    for job in ready:
        if costs.seconds(job) is None:
            reasons[job] = failed.get(unknown.get(costs.rate(job)), "not measured")
    return {job: reason for job, reason in reasons.items() if reason}, interrupted


def _why_missing(job):
    """Why the data of a job cannot be read, in one line; "" where they can."""
    from keras_gans import datasets

    try:
        datasets.load(job.planned.experiment.dataset, job.data_dir, damaged=job.damaged)
    except UsageError as error:
        return " ".join(str(error).split())
    return ""

"""`keras-gans run`, which `python run_experiment.py` calls: trains rows of a table."""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from keras_gans import parts
from keras_gans.cli import arguments, dry_run, listing, slurm
from keras_gans.errors import UsageError
from keras_gans.rows import PlannedRun, StoredRun, read_table, yaml_reader
from keras_gans.rows.planned import effective

HELP = "train experiments, the numbered rows of a table"
_PLAN = (
    "exp", "all", "table", "seed", "iterations", "set", "dataset", "resize", "crop", "damaged",
    "data_dir", "measure_every", "precision", "devices", "results",
)  # fmt: skip
# What takes the place of training: the options that it uses, and why no others.
_WAYS = {
    "list": (("table", "seed", "data_dir", "devices", "results"), "shows all rows as they are"),
    "dry_run": ((*_PLAN, "jobs", "restart", "verbose"), "is about this machine"),
    "slurm_script": (_PLAN, "leaves to Slurm where, and how many at a time, runs are trained"),
}


def describe(parser):
    """Describes the verb to its parser."""
    parser.set_defaults(prog=parser.prog, given=parser.given)
    parser.description = (
        "Trains experiments, the numbered rows of a table. --list shows the rows of a table, and "
        "the names of the tables."
    )
    parser.epilog = (
        "Files go to RESULTS/TABLE/EXP/seed-SEED. Finished runs are skipped and interrupted ones "
        "resume. A changed row has a folder of its own, whose name shows the change, so that a "
        "short trial never passes for the row. A data set is looked for in the data folder as "
        "NAME.npz, and then downloaded. A first run without a download: "
        f"{parser.prog} --table quickstart --exp 1"
    )
    add = parser.add_argument
    rows = parser.add_mutually_exclusive_group()
    rows.add_argument("--exp", metavar="N", help="numbers of rows: 18, or 1-10,18")
    rows.add_argument("--all", action="store_true", help="every row of the table")
    add(
        "--table",
        default="akel2022",
        metavar="NAME|FILE",
        help="a table of the package or a YAML file of your own; default: akel2022",
    )
    add("--seed", "--seeds", default="0", metavar="N", help="seeds: 0, or 0-4; default: 0")
    add(
        "--jobs",
        type=arguments.positive,
        default=1,
        metavar="N",
        help="runs side by side; default: 1",
    )
    add(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="train on a Ray cluster, --jobs runs on each node; default: the cluster that Ray "
        "finds, or this machine",
    )
    add(
        "--slurm-script",
        type=Path,
        metavar="FILE",
        help="write a job array for Slurm that trains the missing runs, and train nothing",
    )
    add("--iterations", type=arguments.positive, metavar="N", help="instead of the row's")
    add(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="other values of the row, such as batch_size=64 optimizer.learning_rate=1e-4 "
        "turns.d_steps=5",
    )
    add(
        "--dataset",
        metavar="NAME|PATH",
        help=f"instead of the row's: {', '.join(parts.names('datasets'))}, or a folder, .zip, "
        ".npz or .npy of your own",
    )
    arguments.own_pictures(add)
    arguments.data_dir(add)
    add(
        "--measure-every",
        type=arguments.positive,
        metavar="N",
        help="iterations between two measurements, instead of the row's",
    )
    add(
        "--precision",
        metavar="TYPE",
        help="mixed_bfloat16: networks compute in bfloat16 while they are trained, faster on "
        "processors and GPUs that have it; default: the row's, float32",
    )
    add(
        "--devices",
        type=arguments.positive,
        default=1,
        metavar="N",
        help="with JAX: devices of this machine that share each batch; default: 1",
    )
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    add("--restart", action="store_true", help="train from the start, over the files of a run")
    add(
        "--dry-run",
        action="store_true",
        help="show what would run and how long it takes; rows whose rate is not known on this "
        "machine are tried for some seconds",
    )
    add("--verbose", action="store_true", help="with --dry-run: every value of the rows instead")
    add(
        "--list",
        action="store_true",
        help="show the rows of the table, how far their runs are and how long they take, and the "
        "other tables",
    )
    # For `executors.run_several`: this process trains one of several runs of a parent.
    add("--child", action="store_true", help=argparse.SUPPRESS)
    # For `trial.measure`: this process only measures how long it takes.
    add("--trial", action="store_true", help=argparse.SUPPRESS)


def act(options):
    """Trains the runs that are asked for; returns the exit status."""
    table = read_table(options.table)
    _check_together(options)
    if options.list:
        return listing.show(table, arguments.numbers(options.seed, "--seeds"), options)
    runs = _plan(table, options)
    asked = runs
    runs = _with_generators(runs, table, options)
    states = ["new" if options.restart and run in asked else run.state for run in runs]
    finished = [run for run, state in zip(runs, states, strict=True) if state == "finished"]
    sources = _check_own_data(finished, options)
    if options.dry_run and options.verbose:
        for run, state in zip(runs, states, strict=True):
            print(f"# {run.folder}: {state}\n{run.to_yaml()}")
        return 0
    jobs = _jobs(runs, asked, options)
    if options.dry_run:
        return dry_run.show(jobs, states, options.jobs)
    if options.slurm_script:
        return slurm.write(jobs, states, options.slurm_script)
    arguments.check_writable(options.results, "--results")
    if finished and len(runs) == 1:
        print(f"{runs[0].title}: finished already, see {runs[0].folder}; --restart trains it again")
        return 0
    if not options.child and not options.trial and (kept := table.keep(options.results)):
        jobs = [replace(job, table=str(kept)) for job in jobs]
    return _train(jobs, states, finished, sources, options)


def _check_together(options):
    """Refuses options that have no effect beside others, which would pass in silence."""
    given = options.given(options)
    ways = [name for name in _WAYS if name in given]
    if len(ways) > 1:
        one, other = (given[way] for way in ways[:2])
        raise UsageError(f"{one} and {other} are two requests: give one of them")
    if options.verbose and not options.dry_run:
        raise UsageError("--verbose shows what --dry-run would run: give both")
    if options.slurm_script and options.restart:
        raise UsageError(
            "a script that is submitted again resumes its runs: leave out --restart, and move away "
            "the folders of those to train from the start"
        )
    for way in ways:
        used, why = _WAYS[way]
        if ignored := [option for name, option in given.items() if name not in (way, *used)]:
            raise UsageError(f"{given[way]} {why}: leave out {ignored[0]}")
    if options.devices > 1 and options.jobs > 1 and options.ray is None:
        raise UsageError("--devices gives all of these to one run at a time: leave out --jobs")


def _jobs(runs, asked, options):
    from keras_gans.runs.executors import Job

    about = options.table, options.data_dir, options.damaged
    # Generators that a run needs are not trained again with it.
    return [Job(r, *about, options.restart and r in asked, options.devices) for r in runs]


def _train(jobs, states, finished, sources, options):
    from keras_gans.runs import executors, trial
    from keras_gans.runs.costs import Costs

    missing = [job for job in jobs if job.planned not in finished]
    if options.ray is not None and missing:
        return _train_on_cluster(jobs, missing, states, finished, sources, options)
    if len(jobs) == 1:
        train = trial.run if options.trial else partial(executors.run_one, child=options.child)
        return train(jobs[0])
    costs = Costs(jobs, states, options.jobs)
    _read_data([job.planned for job in missing], options, sources)
    sources.clear()  # each run reads its own, in a process of its own
    if costs.side_by_side > 1:
        missing = costs.longest_first(missing)
    return executors.run_several(missing, finished, executors.Processes(missing, costs))


def _train_on_cluster(jobs, missing, states, finished, sources, options):
    from keras_gans.runs import cluster, executors
    from keras_gans.runs.costs import Costs
    from keras_gans.terminal.line import Line

    sources = _read_data([job.planned for job in missing], options, sources)
    with Line("Ray") as line:
        line.status("connecting")
        cluster.connect(options.ray)
        processors, gpus, at_a_time = cluster.room(options.jobs, options.devices)
        share = "1 processor" if processors == 1 else f"{processors} processors"
        share += f" and {gpus:.3g} GPU" if gpus else ""
        line.note(f"{at_a_time} at a time, {share} for each run")
    costs = Costs(jobs, states, at_a_time, processors)
    missing = costs.longest_first(missing)
    with cluster.Cluster(missing, costs, sources, processors, gpus) as workers:
        return executors.run_several(missing, finished, workers)


def _read_data(runs, options, sources):
    """Reads the data of all runs before the first one starts, so that none fails for lack of them.

    One line says what each data set is.

    Args:
        runs: List of `PlannedRun`.
        options: Of the command.
        sources: Dict from the text of a data set's part to its `datasets.Source`; those that it
            has are not read again, and those that are read come to it.

    Returns:
        Such a dict of these runs alone.

    Raises:
        UsageError: A data set is missing or damaged.
    """
    from keras_gans import datasets
    from keras_gans.terminal.line import Line

    wanted = [run.experiment.dataset for run in runs]
    for part in wanted:
        if str(part) not in sources:
            with Line(part.name) as line:
                line.status("reading the data")
                source = datasets.load(part, options.data_dir, damaged=options.damaged)
                line.note(source.summary)
                sources[str(part)] = source
    return {str(part): sources[str(part)] for part in wanted}


def _check_own_data(finished, options):
    """Refuses finished runs on pictures of the user that have changed since.

    Returns:
        What was read for that, as `_read_data`.

    Raises:
        UsageError: They have, or cannot be read.
    """
    own = [r for r in finished if r.experiment.dataset.name not in parts.names("datasets")]
    if not own or options.child:
        return {}
    sources = _read_data(own, options, {})
    for run in own:
        difference = StoredRun.read(run.folder).other_data(sources[str(run.experiment.dataset)])
        if difference:
            raise UsageError(
                f"{run.folder} was trained on other data ({difference}): --restart trains it "
                "again from the start, or move the folder away to keep it"
            )
    return sources


# --- what is asked for -------------------------------------------------------------------------


def _plan(table, options):
    """The runs that the options ask for: a list of `PlannedRun`."""
    if not options.exp and not options.all:
        raise UsageError(
            "give the rows to train: --exp 18, --exp 1-10,18 or --all; --list shows them"
        )
    numbers = sorted(table.rows) if options.all else arguments.numbers(options.exp, "--exp")
    seeds = arguments.numbers(options.seed, "--seeds")
    if max(seeds) >= 2**32:
        raise UsageError(f"--seeds {options.seed}: a seed has 32 bits, so it is below {2**32:,}")
    changed = _changed(options)
    runs = []
    for number, experiment in table.experiments(numbers, changed).items():
        changes = effective(changed, partial(table.experiment, number))
        runs += [
            PlannedRun(table.name, number, experiment, seed, changes, options.results)
            for seed in seeds
        ]
    return runs


def _with_generators(runs, table, options):
    """The runs, and before them those that are not finished and whose generators they need.

    Raises:
        UsageError: Ray or Slurm would begin both at once, or elsewhere.
    """
    needed = {run.needs: run for run in runs if run.needs and not options.child}
    for run in needed.values():
        row = run.experiment.needs
        gan = PlannedRun(run.table, row, table.experiment(row), run.seed, {}, run.results)
        if options.ray is not None or (options.slurm_script and gan.state != "finished"):
            raise UsageError(
                f"row {run.number} uses the generator of row {row}: train it here, without --ray"
                if options.ray is not None
                else f"row {run.number} uses the generator of row {row}: train that row first"
            )
        if gan not in runs and gan.state != "finished":
            runs = [gan, *runs]
    return runs


def _changed(options):
    """The values that replace those of a row: dict from a field to a plain value."""
    changed = {}
    for name in ("iterations", "dataset", "measure_every", "precision"):
        if (value := getattr(options, name)) is not None:
            changed[name] = value
    changed |= {f"dataset.{name}": v for name, v in arguments.pictures(options).items()}
    for item in options.set:
        key, equals, text = item.partition("=")
        if not equals:
            raise UsageError(f"--set {item}: write KEY=VALUE")
        if key in changed:
            raise UsageError(f"--set {item}: {key} is given twice")
        changed[key] = yaml_reader.value(text, f"--set {item}")
    return changed

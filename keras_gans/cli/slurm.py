"""What `run --slurm-script` writes: a job array of Slurm, one element for each missing run."""

import os
import shlex
import sys

from keras_gans.errors import UsageError
from keras_gans.files import replacing

_SCRIPT = """\
#!/bin/bash
# {runs} of the table {table}, one an element: those of unknown time first, then the longest.
# Add what your cluster asks for (--time, --partition, --gres=gpu:1) here, or give it to sbatch.
# Submitted again, it resumes runs that were stopped and skips those that are finished.
#SBATCH --job-name={table}
#SBATCH --array=1-{count}
#SBATCH --output={table}-%a.out
#SBATCH --open-mode=append
# At the end of its time a run gets a minute to save where it is.
#SBATCH --signal=B:TERM@60

cd {folder} || exit
case $SLURM_ARRAY_TASK_ID in
{cases}
esac
exec {python} -m keras_gans run "$@"
"""


def write(jobs, states, path):
    """Writes the script.

    Args:
        jobs: List of `executors.Job`.
        states: The state of each: "new", "interrupted" or "finished".
        path: File to write.

    Raises:
        UsageError: Nothing is missing, or the file cannot be written.
    """
    from keras_gans.runs.costs import Costs

    pairs = zip(jobs, states, strict=True)
    missing = [job for job, state in pairs if state != "finished"]
    if not missing:
        raise UsageError("all of these runs are finished: there is nothing to write a script for")
    missing = Costs(jobs, states, len(jobs)).longest_first(missing)
    lines = [shlex.join(job.arguments()) for job in missing]
    text = _SCRIPT.format(
        runs="1 run" if len(missing) == 1 else f"{len(missing)} runs",
        table=missing[0].planned.table,
        count=len(missing),
        folder=shlex.quote(os.getcwd()),
        cases="\n".join(f"{i}) set -- {line} ;;" for i, line in enumerate(lines, start=1)),
        python=shlex.quote(sys.executable),
    )
    try:
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    print(f"{path}: a job array of {len(missing)}; submit it with: sbatch {shlex.quote(str(path))}")

"""What runs will cost: what is left of each, at the rate of its row, and packed side by side.

Nothing here imports Keras.
"""

import math
import os
import time
from dataclasses import dataclass
from heapq import heappop, heappush

from keras_gans.runs import machine, rates


@dataclass(frozen=True)
class Work:
    """What is left of a run.

    Attributes:
        iterations: Iterations; 0 where the run is finished.
        savings: How often the networks are saved.
        measurements: How often metrics are computed.
    """

    iterations: int
    savings: int
    measurements: int

    def seconds(self, rate):
        """The time that it takes.

        Args:
            rate: `rates.Rate`.
        """
        if not self.iterations:
            return 0.0
        training = self.iterations * rate.iteration
        beside = self.savings * rate.saving + self.measurements * rate.measuring
        return rate.start + training + beside


def work(planned, state):
    """What is left of a run, from the files in its folder.

    Args:
        planned: `rows.PlannedRun`.
        state: "new", "interrupted" or "finished".

    Returns:
        `Work`.
    """
    row, last = planned.experiment, planned.experiment.iterations
    done = {"new": 0, "interrupted": _checkpoint(planned.folder), "finished": last}[state]
    savings = _moments(row.save_every, (*row.save_at, last), done, last)
    every = row.measure_every
    measurements = _moments(every, (last,), done, last) if every else savings
    return Work(last - done, savings, measurements)


def _moments(every, also, done, last):
    """How many multiples of `every`, or numbers among `also`, lie in (done, last]."""
    others = sum(done < i <= last and i % every != 0 for i in set(also))
    return last // every - done // every + others


def _checkpoint(folder):
    """Iteration of the newest checkpoint; 0 for none. Whether it is whole is left to the run."""
    found = folder.glob("checkpoint/[0-9]*/manifest.json")
    return max((int(p.parent.name) for p in found if p.parent.name.isdecimal()), default=0)


class Costs:
    """What the runs of a request cost, and how long the rest of it takes.

    Args:
        jobs: List of `executors.Job`.
        states: The state of each: "new", "interrupted" or "finished".
        side_by_side: Runs at a time that are asked for.
        threads: Threads of each; None for the share of one of so many runs on this machine.

    Attributes:
        side_by_side: Runs at a time that there are.
        environ: Environment variables of a process that trains one of them. They have its number
            of threads, on which the rate depends.
    """

    def __init__(self, jobs, states, side_by_side, threads=None):
        self.side_by_side = max(1, min(side_by_side, len(jobs)))
        self.environ = {**os.environ, **machine.share(self.side_by_side, threads)}
        speeds = {n: machine.speed(self.environ, n) for n in {job.devices for job in jobs}}
        self._keys = {j: rates.key(j.planned.experiment, speeds[j.devices]) for j in jobs}
        self._names = {job: rates.name(key) for job, key in self._keys.items()}
        pairs = zip(jobs, states, strict=True)
        self._work = {job: work(job.planned, state) for job, state in pairs}
        self._known, self._begun, self._ended = {}, {}, set()

    def iterations(self, job):
        """Iterations that are left of a job."""
        return self._work[job].iterations

    def rate(self, job):
        """The name of the rate of a job, which others may share."""
        return self._names[job]

    def seconds(self, job):
        """The time that a job takes, or None where its rate is not known yet."""
        left, name = self._work[job], self.rate(job)
        if left.iterations and self._known.get(name) is None:
            self._known[name] = rates.read(self._keys[job], job.data_dir)
        if not left.iterations:
            return 0.0
        return None if self._known[name] is None else left.seconds(self._known[name])

    def longest_first(self, jobs):
        """The jobs in an order in which all of them end early; unknown ones come first."""
        seconds = {job: self.seconds(job) for job in jobs}
        return sorted(jobs, key=lambda job: -math.inf if (s := seconds[job]) is None else -s)

    def together(self, jobs):
        """The time until jobs have ended that begin in the order given.

        Returns:
            The pair (seconds of those whose rate is known, how many others there are).
        """
        seconds = [self._left(job) for job in jobs if job not in self._ended]
        known = [one for one in seconds if one is not None]
        return packed(known, self.side_by_side), len(seconds) - len(known)

    def begin(self, job):
        """Notes that a job begins."""
        self._begun[job] = time.monotonic()

    def end(self, job):
        """Notes that a job has ended, for whatever reason."""
        self._ended.add(job)

    def _left(self, job):
        seconds, begun = self.seconds(job), self._begun.get(job)
        if seconds is None or begun is None:
            return seconds
        return max(0.0, seconds - (time.monotonic() - begun))


def packed(seconds, side_by_side):
    """The time that several runs take, each begun in the order given as soon as there is room.

    Args:
        seconds: List of the time of each.
        side_by_side: Runs at a time.
    """
    ends = []
    for one in seconds:
        heappush(ends, one + (heappop(ends) if len(ends) == side_by_side else 0.0))
    return max(ends, default=0.0)

"""Runs on a Ray cluster: Ray decides where and when, and each run is a task of its own.

A node needs this version of the package, and nothing else: data come from the caller, once for
each node. Where a node sees the caller's results folder it trains there, so a run whose worker has
died goes on from its checkpoint. Elsewhere the files of a run travel to the node and come back
when it ends, and such a run begins again. Only this module and `nodes` know Ray, which is an extra.
"""

import os
import signal
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

from keras_gans import __version__, files
from keras_gans.errors import UsageError
from keras_gans.runs import machine, nodes
from keras_gans.runs.executors import Outcome, Workers

RETRIES = 3
"""How often a run whose worker has died is begun again."""
_STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM)


def connect(address):
    """Connects this process to a Ray cluster.

    Args:
        address: Address of a cluster; "" for the one that Ray finds (RAY_ADDRESS, or one of this
            machine), and if there is none, one of this machine alone.

    Raises:
        UsageError: Ray is not installed, or no cluster answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise UsageError("--ray needs Ray: pip install ray") from None
    _check_answer(address)
    try:
        ray.init(address or None, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(
            f"--ray {address}: no cluster of this Ray answers there ({reason})"
        ) from None


def _check_answer(address):
    """Refuses an address at which nobody listens; Ray itself would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except OSError as error:
            raise UsageError(f"--ray {address}: no cluster answers there ({error})") from None


def room(jobs_a_node, devices):
    """What each run asks the connected cluster for.

    Runs share the smallest node as they would share this machine. Where nodes have GPUs, each run
    gets one, or its share of one, and nodes without stay idle.

    Args:
        jobs_a_node: Runs side by side on a node, >= 1; as many as it has GPUs if that is more.
        devices: GPUs of a run that shares its batches among several.

    Returns:
        The triple (processors of a run, GPUs of a run, runs at a time).

    Raises:
        UsageError: No node has a processor, or none has so many GPUs.
    """
    import ray

    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    offered = [node for node in alive if node.get("CPU", 0) >= 1]
    if not offered:
        raise UsageError("--ray: no node of the cluster offers a processor")
    with_gpus = [node for node in offered if node.get("GPU", 0) >= 1]
    if not with_gpus:
        processors = max(1, int(min(node["CPU"] for node in offered)) // jobs_a_node)
        return processors, 0, sum(int(node["CPU"]) // processors for node in offered)
    fewest = int(min(node["GPU"] for node in with_gpus))
    if fewest < devices:
        raise UsageError(f"--devices {devices}: a node of the cluster has {fewest} GPUs")
    side_by_side = max(jobs_a_node, fewest // devices)
    processors = max(1, int(min(node["CPU"] for node in with_gpus)) // side_by_side)
    gpus = devices if devices > 1 else 1 / -(-side_by_side // fewest)
    fit = [min(int(n["CPU"]) // processors, int(n["GPU"] / gpus)) for n in with_gpus]
    return processors, gpus, sum(fit)


class Cluster(Workers):
    """The connected Ray cluster; a context manager that leaves it at the end.

    Args:
        jobs, costs: As of `Workers`.
        sources: Dict from the text of a data set's part to its `datasets.Source`.
        processors: Processors of a run, which are its threads too.
        gpus: GPUs of a run.
    """

    def __init__(self, jobs, costs, sources, processors, gpus):
        super().__init__(jobs, costs)
        import ray

        self.at_a_time = len(jobs)  # Ray decides how many of them begin
        self._results = Path(os.path.abspath(jobs[0].planned.results))
        self._signals, self._lines_lock = [], threading.Lock()
        self._begun, self._said = set(), {}
        on_head = {"node:__internal_head__": 0.001}
        self._board = ray.remote(num_cpus=0, resources=on_head)(nodes.Board).remote()
        threads = {"TF_NUM_INTRAOP_THREADS": str(processors), "OMP_NUM_THREADS": str(processors)}
        self._train = ray.remote(
            num_cpus=processors,
            num_gpus=gpus,
            max_calls=1,  # a process of its own, which ends with the run
            max_retries=0,  # `run` does that, and says so
            num_returns="streaming",
            runtime_env={"env_vars": {"KERAS_BACKEND": machine.backend(), **threads}},
        )(nodes.train)
        self._sources = {name: ray.put(source) for name, source in sources.items()}

    def __enter__(self):
        self._mark = self._results / f"{files.PARTIAL}{os.getpid()}-mark"
        self._results.mkdir(parents=True, exist_ok=True)
        self._mark.write_text(os.urandom(16).hex(), encoding="ascii")
        for job in self._jobs:
            if job.restart:
                _empty(self._there(job).planned.folder)
        self._tasks = {job: self._submit(job) for job in self._jobs}  # Ray keeps the order
        self._over = threading.Event()
        self._relay = threading.Thread(target=self._relay_lines, daemon=True)
        self._relay.start()
        return self

    def __exit__(self, *exception):
        import ray

        self._over.set()
        self._relay.join()
        self._mark.unlink(missing_ok=True)
        ray.shutdown()

    def forward(self, number):
        self._signals.append(number)  # the relay takes it to the runs

    def run(self, job):
        try:
            return self._until_it_ends(job)
        finally:
            self._costs.end(job)

    def _until_it_ends(self, job):
        import ray

        planned, died = job.planned, 0
        while True:
            try:
                status, reason = self._wait(job), "its node stops"
            except ray.exceptions.RayTaskError as error:
                print(error, file=sys.stderr, flush=True)  # with the traceback of the node
                return Outcome(planned, "failed", " ".join(str(error.cause).split()))
            except ray.exceptions.RayError as error:
                status, reason = None, f"its worker has died ({type(error).__name__})"
            self._exchange()  # its last lines
            if self.signal and job not in self._begun:
                return Outcome(planned, "not begun")
            if self.signal or status not in (None, *_STOPPED):
                break
            died += 1
            if died > RETRIES:
                return Outcome(planned, "failed", f"{reason}, for the {died}th time")
            print(f"{planned.title}: {reason}; it is begun again", flush=True)
            self._tasks[job] = self._submit(job, again=True)
        status = 128 + self.signal if status is None else status
        return self.outcome(job, status, self._said.get(job, ""))

    def _wait(self, job):
        """Waits for the end of a run and keeps its files; returns its status, None if unbegun."""
        import ray

        task, folder = self._tasks[job], self._there(job).planned.folder
        while True:
            if not ray.wait([task], timeout=nodes.EVERY)[0]:
                if self.signal and job not in self._begun:
                    return None
                continue
            name, content = ray.get(next(task))
            if name is None:
                return content
            nodes.write(folder, name, content)

    def _submit(self, job, again=False):
        import ray

        there = self._there(job)
        # In a list, so that only a node which needs the content fetches it.
        sent = [ray.put(nodes.resumable(there.planned.folder))]
        mark = self._mark, self._mark.read_text(encoding="ascii")
        about = self._jobs.index(job), __version__, mark, sent, again
        source = self._sources[str(job.planned.experiment.dataset)]
        return self._train.remote(there, source, self._board, *about)

    def _there(self, job):
        """A job as another working directory understands it."""
        planned = replace(job.planned, results=self._results)
        data_dir = job.data_dir and os.path.abspath(os.path.expanduser(job.data_dir))
        return replace(job, planned=planned, data_dir=data_dir, restart=False)

    def _relay_lines(self):
        import ray

        while not self._over.wait(nodes.EVERY):
            try:
                self._exchange()
            except ray.exceptions.RayError:
                return  # the cluster is gone, which the waiting threads will say

    def _exchange(self):
        """Takes signals to the runs, and prints the lines that they have said."""
        import ray

        with self._lines_lock:
            for number, stream, text in ray.get(self._board.caller.remote(list(self._signals))):
                job = self._jobs[number]
                if stream == "begun":
                    self._begun.add(job)
                    self._costs.begin(job)
                    continue
                print(text, file=getattr(sys, stream), flush=True)
                if stream == "stderr" and text.strip():
                    self._said[job] = text.strip()


def _empty(folder):
    from keras_gans.runs import folder as run_folder

    if folder.is_dir():
        with files.locked(folder):
            run_folder.empty(folder)

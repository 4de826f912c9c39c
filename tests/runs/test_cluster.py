"""Tables on a Ray cluster: two nodes of this machine, and the command as a user types it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from commands import ROOT, files, finish, keras_gans

ray = pytest.importorskip("ray", reason="needs keras_gans[ray]")
psutil = pytest.importorskip("psutil", reason="needs keras_gans[ray]")

pytestmark = pytest.mark.cluster
TABLE = """
source: a test
defaults:
  derived_from: GAN on points
  dataset: {name: ring, modes: 8, std: 0.02}
  iterations: 200
  save_every: 100
  batch_size: 8
  latents: {size: 4}
  loss: binary_crossentropy
  d_optimizer: {name: adam, learning_rate: 0.001}
  g_optimizer: {name: adam, learning_rate: 0.001}
  generator: points
  discriminator: points
  measure: [modes]
  measure_samples: 50
rows:
  1: {}
  2: {d_optimizer: &huge {name: sgd, learning_rate: 1.0e+38}, g_optimizer: *huge, measure: []}
  3: {iterations: 60000, save_every: 1000, measure: []}
"""
SAME = ("experiment.yaml", "log.jsonl", "generator_model_000200.h5", "samples/000200.png")


@pytest.fixture(scope="module")
def cluster():
    """A head without processors, and a node with one. No port is open to other machines."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # else Ray takes another address
    head = {"num_cpus": 0, "node_ip_address": "127.0.0.1", "include_dashboard": False}
    started = Cluster(initialize_head=True, head_node_args=head)
    started.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    yield started
    started.shutdown()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("KERAS_GANS_DATA", str(tmp_path / "data"))  # where rates are kept
    (tmp_path / "toys.yaml").write_text(TABLE)
    return tmp_path


def command(cluster, *arguments):
    return keras_gans("run", "--table", "toys.yaml", "--ray", cluster.address, *arguments)


def started(words, folder, **options):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(words, cwd=folder, start_new_session=True, **pipes, **options)


def wait_for(condition, process=None, seconds=90):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert process is None or process.poll() is None, process.stdout.read()
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def ended(process, seconds=120):
    said, _ = process.communicate(timeout=seconds)
    return said.splitlines()


def checkpoint_of(folder, row=3):
    return lambda: list((folder / f"results/toys/{row}/seed-0/checkpoint").glob("0*"))


def trains():
    """Processes that train a run."""
    return [p for p in psutil.process_iter(["cmdline"]) if "ray::train" in str(p.info["cmdline"])]


def test_runs_end_as_without_ray_and_a_failing_one_fails_alone(cluster, folder):
    done = finish(command(cluster, "--all", "--set", "iterations=200", "--seeds", "0"), folder)
    assert done.returncode == 1, done.stdout + done.stderr
    *_, first, second, third = done.stdout.splitlines()
    assert first == "toys 1 seed 0: done"
    assert second.startswith("toys 2 seed 0: failed: ")
    assert "finite" in second
    assert third == "toys 3 (changed) seed 0: done"
    assert any("it/s while training" in line for line in done.stdout.splitlines())
    lines = [line.partition(":")[0] for line in done.stdout.splitlines() if " seed 0: " in line]
    assert lines[:-3] == sorted(lines[:-3])  # a node with one processor has one run at a time
    one_thread = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"}
    words = keras_gans("run", "--table", "toys.yaml", "--exp", "1", "--results", "alone")
    assert finish(words, folder, env=one_thread).returncode == 0
    alone, there = (folder / name / "toys/1/seed-0" for name in ("alone", "results"))
    for name in SAME:
        assert (there / name).read_bytes() == (alone / name).read_bytes(), name
    assert files(there) == files(alone)
    again = finish(command(cluster, "--exp", "1"), folder)
    assert again.returncode == 0
    assert "skipped" in again.stdout or "finished already" in again.stdout


def test_a_run_whose_worker_is_killed_goes_on_from_its_checkpoint(cluster, folder):
    with started(command(cluster, "--exp", "3"), folder) as process:
        wait_for(checkpoint_of(folder), process)
        (worker,) = trains()
        worker.kill()
        said = ended(process)
    assert said[-1] == "toys 3 seed 0: done", said
    assert any("its worker has died" in line and "it is begun again" in line for line in said)
    assert any("resum" in line for line in said)
    assert process.returncode == 0


def test_a_run_whose_node_is_removed_goes_on_at_another(cluster, folder):
    with started(command(cluster, "--exp", "3"), folder) as process:
        wait_for(checkpoint_of(folder), process)
        (old,) = cluster.worker_nodes
        cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1")
        cluster.remove_node(old, allow_graceful=False)
        said = ended(process)
    assert said[-1] == "toys 3 seed 0: done", said
    assert any("it is begun again" in line for line in said)
    assert process.returncode == 0


def test_ctrl_c_stops_runs_with_checkpoints_and_the_same_command_resumes(cluster, folder):
    words = command(cluster, "--exp", "1,3", "--set", "iterations=60000")
    with started(words, folder) as process:
        trained = folder / "results/toys/1+iterations=60000/seed-0"
        wait_for(lambda: list((trained / "checkpoint").glob("0*")), process)
        process.send_signal(signal.SIGINT)
        said = ended(process)
    assert process.returncode == 130
    assert said[-2:] == [
        "toys 1 (changed) seed 0: stopped: the same command resumes it",
        "toys 3 seed 0: not begun",
    ], said
    assert json.loads((trained / "log.jsonl").read_text().splitlines()[-1])["iteration"] < 60000
    done = finish(words, folder)
    assert done.returncode == 0, done.stdout
    assert "resum" in done.stdout


DRIVER = """
import sys
from pathlib import Path
from keras_gans import cli
from keras_gans.runs import cluster
enter = cluster.Cluster.__enter__

def elsewhere(self):
    \"\"\"As if no node saw the caller's folder of results.\"\"\"
    train = self._train
    class Elsewhere:
        def remote(self, there, source, board, number, version, mark, *rest):
            return train.remote(there, source, board, number, version, (Path("/none"), ""), *rest)
    self._train = Elsewhere()
    return enter(self)

cluster.Cluster.__enter__ = elsewhere
sys.exit(cli.main(sys.argv[1:]))
"""


def test_files_come_back_from_a_node_that_does_not_see_the_results(cluster, folder):
    words = [sys.executable, "-c", DRIVER, *command(cluster, "--exp", "3")[3:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with started(words, folder, env=environment) as process:
        wait_for(trains, process)
        time.sleep(8)
        process.send_signal(signal.SIGINT)
        said = ended(process)
    assert process.returncode == 130, said
    assert checkpoint_of(folder)(), said  # stopped there, and brought back
    done = finish(words, folder, env=environment)
    assert done.returncode == 0, done.stdout
    assert "resum" in done.stdout
    here = folder / "results/toys/3/seed-0"
    assert json.loads((here / "metrics.json").read_text())["iterations"] == 60000
    alone = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"}
    plain = keras_gans("run", "--table", "toys.yaml", "--exp", "3", "--results", "alone")
    assert finish(plain, folder, env=alone).returncode == 0
    for name in ("log.jsonl", "generator_model_060000.h5"):
        assert (here / name).read_bytes() == (folder / "alone/toys/3/seed-0" / name).read_bytes()


def test_a_cluster_that_does_not_answer_is_one_line(folder):
    words = keras_gans("run", "--table", "toys.yaml", "--exp", "1", "--ray", "127.0.0.1:1")
    done = finish(words, folder)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("keras-gans run: --ray 127.0.0.1:1: no cluster")

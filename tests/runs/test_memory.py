"""The memory that a run needs, and what the system says of its own."""

import pytest
from running import quickstart, train
from wording import says

from keras_gans import datasets
from keras_gans.errors import UsageError
from keras_gans.runs import machine, memory
from keras_gans.runs.building import build

MEMINFO = "MemTotal:  9000 kB\nMemFree:  1000 kB\nMemAvailable:  4000 kB\nSwapFree:  500 kB\n"


@pytest.fixture
def system(tmp_path):
    """Function that writes the files of a system and returns the folder that stands for its /."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("limit", "free"),
    [
        (None, 4500 * 1024),
        ("max\n", 4500 * 1024),
        ("3000000\n", 2_000_000),
        ("900000\n", 0),
        ("9000000\n", 4500 * 1024),
    ],
)
@pytest.mark.parametrize(
    ("name", "stat", "used"),
    [
        ("memory_DOT_max", "memory_DOT_stat", "anon"),
        ("memory__memory_DOT_limit_in_bytes", "memory__memory_DOT_stat", "total_rss"),
    ],
)
def test_free_memory_is_that_of_the_system_or_of_its_container(
    system, name, stat, used, limit, free
):
    files = {"proc__meminfo": MEMINFO}
    if limit:
        files[f"sys__fs__cgroup__{name}"] = limit
        files[f"sys__fs__cgroup__{stat}"] = f"{used} 1000000\nfile 77777777\n"
    assert memory.available(system(**files)) == free


@pytest.mark.parametrize("text", [None, "", "MemTotal: 5 kB\n", "something else\n"])
def test_a_system_that_says_nothing_has_no_number(system, text):
    assert memory.available(system(**({"proc__meminfo": text} if text is not None else {}))) is None


def test_needs_of_perceptrons_are_those_of_their_layers(tmp_path):
    planned = quickstart(1, tmp_path)
    gan = build(planned.experiment, datasets.load("digits"), 0)
    fixed, sample = memory.needed(gan, planned.experiment)
    # Dense, activation and normalization of 256, 512 and 1024; Dense and Reshape of 784.
    generator = 3 * (256 + 512 + 1024) + 2 * 784
    # Flatten of 784, Dense and activation of 512 and 256, Dense and sigmoid of 1.
    discriminator = 784 + 2 * (512 + 256) + 2 * 1
    assert sample == 4 * (generator + discriminator)
    parameters = gan.generator.count_params() + gan.discriminator.count_params()
    # Weights, gradients and two moments, and less than 1 % of counters and moving statistics.
    assert 0.99 < fixed / (4 * 4 * parameters) < 1.01


def test_a_batch_that_cannot_fit_is_refused_with_one_that_does(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "gpus", list)
    monkeypatch.setattr(memory, "available", lambda: 300e6)
    planned = quickstart(1, tmp_path, {"batch_size": 100_000})
    with pytest.raises(UsageError) as caught:
        train(planned)
    message = str(caught.value)
    assert says(
        message, "a batch of 100,000 takes more than ... GB ... 0.3 GB are free: give --set"
    )
    assert not any(tmp_path.iterdir())
    advised = int(message.split("batch_size=")[1].split()[0])
    gan = build(planned.experiment, datasets.load("digits"), 0)
    fixed, sample = memory.needed(gan, planned.experiment)
    assert fixed + advised * sample <= 100e6 < fixed + (advised + 1) * sample


def test_networks_that_cannot_fit_have_no_batch_to_advise(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "gpus", list)
    monkeypatch.setattr(memory, "available", lambda: 1e6)
    with pytest.raises(UsageError, match="give smaller networks"):
        train(quickstart(1, tmp_path))


def test_so_many_iterations_that_their_batches_cannot_be_drawn_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "gpus", list)
    monkeypatch.setattr(memory, "available", lambda: 1e9)
    with pytest.raises(UsageError, match=r"batches of 1,000,000,000 iterations .* give fewer"):
        train(quickstart(1, tmp_path, {"iterations": 10**9}))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(("gpus", "free"), [(["a GPU"], 1.0), ([], None)])
def test_nothing_is_refused_where_the_memory_is_not_known(gpus, free, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "gpus", lambda: gpus)
    monkeypatch.setattr(memory, "available", lambda: free)
    planned = quickstart(1, tmp_path)
    memory.check(build(planned.experiment, datasets.load("digits"), 0), planned.experiment)
